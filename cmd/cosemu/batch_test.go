package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

const (
	sdkUIN  = "100000000077"
	sdkRole = "qcs::cam::uin/" + sdkUIN + ":roleName/COS_Batch_QcsRole"
)

// sdkClient is the official Go SDK on a running program.
func sdkClient(t *testing.T, args ...string) *cos.Client {
	t.Helper()
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	p := start(t, append([]string{"-ca-out", caFile, "-batch-uin", sdkUIN}, args...)...)
	bucketURL, found := strings.CutPrefix(line(t, p.ready), "cosemu ready ")
	pem, err := os.ReadFile(caFile)
	if err != nil || !found {
		t.Fatal(err, bucketURL)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	credential := cosemu.DocumentedCredential()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: dialLoopback,
	}
	t.Cleanup(transport.CloseIdleConnections)
	client := cos.NewClient(&cos.BaseURL{
		BucketURL: mustParse(t, strings.Replace(bucketURL, "{bucket}", exampleBucket, 1)),
		BatchURL: mustParse(t, strings.Replace(bucketURL, "{bucket}.cos.", sdkUIN+".cos-control.",
			1)),
	}, &http.Client{Transport: &cos.AuthorizationTransport{
		SecretID: credential.SecretID, SecretKey: credential.SecretKey, Transport: transport,
	}})
	client.Conf.RetryOpt.Count = 1
	return client
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// dialLoopback leads every name to 127.0.0.1, as RFC 6761 has it for those under .localhost.
func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// sdkJob is a copy of the objects of a manifest onto themselves, to be confirmed.
func sdkJob(token, etag string) *cos.BatchCreateJobOptions {
	const bucket = "qcs::cos:ap-guangzhou:uid/1250000000:" + exampleBucket
	return &cos.BatchCreateJobOptions{
		ClientRequestToken: token, ConfirmationRequired: "true", Description: "by the SDK",
		Manifest: &cos.BatchJobManifest{
			Location: &cos.BatchJobManifestLocation{ETag: etag, ObjectArn: bucket + "/manifest.csv"},
			Spec: &cos.BatchJobManifestSpec{
				Fields: []string{"Bucket", "Key"}, Format: "COSBatchOperations_CSV_V1",
			},
		},
		Operation: &cos.BatchJobOperation{PutObjectCopy: &cos.BatchJobOperationCopy{
			AccessControlDirective: "Copy", MetadataDirective: "Add", TaggingDirective: "Copy",
			NewObjectMetadata: &cos.BatchNewObjectMetadata{SSEAlgorithm: "AES256"},
			TargetResource:    bucket,
		}},
		Priority: 1, RoleArn: sdkRole,
		Report: &cos.BatchJobReport{
			Bucket: bucket, Enabled: "true", Format: "Report_CSV_V1", Prefix: "reports",
			ReportScope: "AllTasks",
		},
	}
}

// All Batch calls of the official Go SDK, against the program as it is started by its users.
func TestOfficialSDKRunsBatchJobs(t *testing.T) {
	t.Parallel()
	ctx, client := t.Context(), sdkClient(t, "-batch-role", "COS_Batch_QcsRole")
	headers := &cos.BatchRequestHeaders{XCosAppid: 1250000000}
	etag := sdkPut(t, client, "manifest.csv", exampleBucket+",a\n")
	sdkPut(t, client, "a", "plain")

	created, _, err := client.Batch.CreateJob(ctx, sdkJob("one", etag), headers)
	if err != nil || created.JobId == "" {
		t.Fatal(created, err)
	}
	if _, _, err := client.Batch.CreateJob(ctx, sdkJob("one", etag), headers); !isCode(err, "InvalidRequest") {
		t.Errorf("a repeated token: %v", err)
	}
	id := created.JobId
	pollFor(t, client, headers, id, "Suspended")
	if _, _, err := client.Batch.UpdateJobPriority(ctx, &cos.BatchUpdatePriorityOptions{
		JobId: id, Priority: 7,
	}, headers); err != nil {
		t.Error(err)
	}
	confirmed, _, err := client.Batch.UpdateJobStatus(ctx, &cos.BatchUpdateStatusOptions{
		JobId: id, RequestedJobStatus: "Ready", StatusUpdateReason: "counted",
	}, headers)
	if err != nil || confirmed.Status != "Ready" {
		t.Fatal(confirmed, err)
	}
	job := pollFor(t, client, headers, id, "Complete")
	if p := job.ProgressSummary; p.TotalNumberOfTasks != 1 || p.NumberOfTasksSucceeded != 1 ||
		job.Priority != 7 || job.Operation.PutObjectCopy.MetadataDirective != "Add" {
		t.Errorf("the job is %+v, %+v", job, p)
	}
	head, err := client.Object.Head(ctx, "a", nil)
	if err != nil || head.Header.Get("x-cos-server-side-encryption") != "AES256" {
		t.Errorf("the object is %v, %v", head, err)
	}
	listed, _, err := client.Batch.ListJobs(ctx, &cos.BatchListJobsOptions{
		JobStatuses: "Complete", MaxResults: 10,
	}, headers)
	if err != nil || len(listed.Jobs.Members) != 1 || listed.Jobs.Members[0].JobId != id {
		t.Errorf("listed %+v, %v", listed, err)
	}
	if _, err := client.Batch.DeleteJob(ctx, id, headers); err != nil {
		t.Error(err)
	}
	if _, _, err := client.Batch.DescribeJob(ctx, id, headers); !isCode(err, "NoSuchJob") {
		t.Errorf("a deleted job: %v", err)
	}
}

func sdkPut(t *testing.T, client *cos.Client, key, body string) string {
	t.Helper()
	response, err := client.Object.Put(t.Context(), key, strings.NewReader(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response.Header.Get("ETag")
}

func isCode(err error, code string) bool {
	failed, ok := cos.IsCOSError(err)
	return ok && failed.Code == code
}

// pollFor polls a job until it is in a state. Each poll moves it on by one.
func pollFor(t *testing.T, client *cos.Client, headers *cos.BatchRequestHeaders, id, status string) *cos.BatchDescribeJob {
	t.Helper()
	for range 20 {
		described, _, err := client.Batch.DescribeJob(t.Context(), id, headers)
		if err != nil {
			t.Fatal(err)
		}
		if described.Job.Status == status {
			return described.Job
		}
	}
	t.Fatalf("the job never is %s", status)
	return nil
}

func TestBatchFlags(t *testing.T) {
	t.Parallel()
	o, err := parseFlags([]string{
		"-batch-uin", "7", "-batch-role", "r", "-batch-step", "2s", "-batch-tasks", "3",
		"-batch-self-copy", "needs-add", "-batch-default-encryption", "false", "-batch-report", "flat",
		"-batch-manifest-decoding", "plus", "-batch-ignore-constraints",
		"-batch-ignore-confirmation", "-batch-loses", "acl",
		"-batch-loses", "tags", "-batch-fail-percent", "5",
	}, noEnv, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	got := o.config.Batch
	if got.UIN != "7" || got.Role != "r" || got.Step.Seconds() != 2 || got.TasksPerStep != 3 ||
		got.SelfCopy != cosemu.BatchSelfCopyNeedsAdd || !got.IgnoreDefaultEncryption ||
		got.Report != cosemu.BatchReportFlat || got.ManifestDecoding != cosemu.BatchDecodingPlus ||
		!got.IgnoreConstraints || !got.IgnoreConfirmation || len(got.Loses) != 2 || got.FailPercent != 5 {
		t.Errorf("parsed %+v", got)
	}
	var complaint bytes.Buffer
	if _, err := parseFlags([]string{"-batch-default-encryption", "maybe"}, noEnv, &complaint); err == nil {
		t.Error("a truth that is none is accepted")
	}
}
