package cosapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// DefaultControlEndpoint is the URL template of COS Batch (document 33781). Whether it has other
// addresses, such as internal ones, is not documented.
const DefaultControlEndpoint = "https://{uin}.cos-control.{region}.myqcloud.com"

// BatchAccount says whose jobs are meant and where they run.
type BatchAccount struct {
	// UIN is the number of the root account. It is not the appid and cannot be derived from a
	// bucket's name.
	UIN string
	// Bucket is the bucket whose objects the jobs are about, and Region its region: a job must run
	// there (document 32956). Its name ends with the account's appid.
	Bucket, Region string
	// Endpoint is the URL template, with {uin} and {region}; "" is DefaultControlEndpoint.
	Endpoint string
}

// Batch makes requests to COS Batch, the distributed engine of COS (documents 33781 to 33785), with
// the client's credentials, retries and errors. It is safe for concurrent use.
type Batch struct {
	client  *Client
	sdk     *cos.Client
	ref     ObjectRef // Key is empty
	headers cos.BatchRequestHeaders
}

var uinForm = regexp.MustCompile(`^[0-9]{1,20}$`)

// Batch returns a client of an account's jobs. It makes no request.
func (c *Client) Batch(account BatchAccount) (*Batch, error) {
	template := orDefault(account.Endpoint, DefaultControlEndpoint)
	if err := ValidateControlEndpoint(template); err != nil {
		return nil, err
	}
	if err := (ObjectRef{Region: account.Region, Bucket: account.Bucket}).validateBucket(); err != nil {
		return nil, err
	}
	appID, err := appIDOf(account.Bucket)
	switch {
	case err != nil:
		return nil, err
	case !uinForm.MatchString(account.UIN):
		return nil, fmt.Errorf("%q is not the number of a root account", account.UIN)
	}
	u, err := url.Parse(expandControl(template, account.UIN, account.Region))
	if err != nil {
		return nil, fmt.Errorf("control endpoint %q is no URL", template)
	}
	sdk := cos.NewClient(&cos.BaseURL{BatchURL: u}, c.http)
	sdk.UserAgent = c.config.UserAgent
	sdk.Conf.RetryOpt.Count = 1
	return &Batch{
		client: c, sdk: sdk, ref: ObjectRef{Region: account.Region, Bucket: account.Bucket},
		headers: cos.BatchRequestHeaders{XCosAppid: appID},
	}, nil
}

// ValidateControlEndpoint checks a template of BatchAccount.Endpoint.
func ValidateControlEndpoint(template string) error {
	u, err := url.Parse(expandControl(template, "1", "region"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https":
		return fmt.Errorf("control endpoint %q is not a URL such as %s", template,
			DefaultControlEndpoint)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("control endpoint %q may have a host and a port only", template)
	case strings.ContainsAny(u.Host, "{}"):
		return fmt.Errorf("control endpoint %q has a placeholder other than {uin} and {region}",
			template)
	}
	return nil
}

func expandControl(template, uin, region string) string {
	return strings.NewReplacer("{uin}", uin, "{region}", region).Replace(template)
}

// appIDOf is the number that a bucket's name ends with.
func appIDOf(bucket string) (int, error) {
	appID, err := strconv.Atoi(bucket[strings.LastIndex(bucket, "-")+1:])
	if err != nil || appID <= 0 {
		return 0, fmt.Errorf("bucket %q does not end with an appid", bucket)
	}
	return appID, nil
}

// JobStatus is the state of a job (document 33782).
type JobStatus string

// The states that callers act on. There are more: New, Preparing, Ready, Active, Pausing, Paused,
// Completing, Cancelling, Failing.
const (
	JobSuspended JobStatus = "Suspended" // waits for Confirm
	JobComplete  JobStatus = "Complete"  // at its end; tasks may have failed: see Job.Failed
	JobCancelled JobStatus = "Cancelled"
	JobFailed    JobStatus = "Failed"
)

// Final reports a state that a job does not leave. The newer pages spell Canceled with one l.
func (s JobStatus) Final() bool {
	return s == JobComplete || s == JobCancelled || s == JobFailed || s == "Canceled"
}

// Job is a job as COS describes it.
type Job struct {
	ID          string
	Status      JobStatus
	Description string
	// Total is the number of the manifest's rows, once COS has read it. Succeeded and Failed count
	// tasks that were carried out.
	Total, Succeeded, Failed int
	Priority                 int
	Created, Ended           time.Time // zero where COS does not say
	// FailureCode and FailureReason say why the job as a whole failed; "" where it did not.
	FailureCode, FailureReason string
	// Manifest is the list that the job goes by, ManifestETag its ETag without quotes; empty from
	// Jobs, as is Copy.
	ManifestETag string
	// Copy is what the job does to each object; nil for other operations.
	Copy *BatchCopy
}

// BatchCopy is what a job does to each object of its list: it copies it onto itself, keeping ACL and
// tags. COS Batch knows no encryption but AES256 (document 33786) and has no field for KMS.
type BatchCopy struct {
	// AES256 asks for SSE-COS with AES256. Without it the bucket's default encryption may or may
	// not apply: COS does not say.
	AES256 bool
	// Metadata is the MetadataDirective: "Add" or "Copy". Whether a copy onto itself is carried out
	// with either is not documented. "Replaced" would give all objects the same headers, and is
	// refused here.
	Metadata string
	// StorageClass is STANDARD or STANDARD_IA. Without it COS stores STANDARD.
	StorageClass string
	// UnmodifiedSince spares objects that changed after that moment. The format that COS reads is not
	// documented; Unix seconds are sent, as the official SDK does.
	UnmodifiedSince time.Time
}

// The metadata directives of a BatchCopy.
const (
	MetadataAdd  = "Add"
	MetadataCopy = "Copy"
)

// NewJob is a job to be created.
type NewJob struct {
	// Token names the request, 1 to 64 bytes: COS takes a token once in 90 days. Description must
	// hold it, because descriptions are listed and tokens are not; at most 256 bytes.
	Token, Description string
	// Manifest is a list made by ManifestRow, in the region of the job, and ManifestETag its ETag.
	Manifest     ObjectRef
	ManifestETag string
	Copy         BatchCopy
	Priority     int    // 0 to 2147483647, larger first
	RoleARN      string // qcs::cam::uin/<uin>:roleName/<role>
	// Report is the bucket and, as Key, the prefix of the completion report.
	Report ObjectRef
}

var (
	errNoTokenInText = errors.New("the job's description does not hold its token")
	errMetadata      = errors.New("a job that copies objects onto themselves must add or copy metadata")
)

// Create creates a job that waits for Confirm once COS has counted its tasks, and returns its id.
// It is safe to repeat with the same Token: COS refuses the second (400 InvalidRequest), and the
// job of the first is found by its Description.
func (b *Batch) Create(ctx context.Context, job NewJob) (string, error) {
	const op = "CreateJob"
	switch {
	case job.Token == "" || !strings.Contains(job.Description, job.Token):
		return "", &Error{Op: op, Ref: b.ref, Err: errNoTokenInText}
	case job.Copy.Metadata != MetadataAdd && job.Copy.Metadata != MetadataCopy:
		return "", &Error{Op: op, Ref: b.ref, Err: errMetadata}
	}
	options := b.createOptions(job)
	var id string
	err := b.do(ctx, op, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		result, resp, err := sdk.Batch.CreateJob(ctx, options, &b.headers)
		if err == nil && result.JobId == "" {
			err = errDamagedAnswer
		}
		if err == nil {
			id = result.JobId
		}
		return resp, err
	})
	if CodeOf(err) != "InvalidRequest" {
		return id, err
	}
	found, lookErr := b.findByToken(ctx, job.Token)
	switch {
	case lookErr != nil:
		return "", errors.Join(err, lookErr)
	case found == "":
		return "", err
	}
	return found, nil
}

// findByToken returns the id of the job whose description holds a token; "" if there is none.
func (b *Batch) findByToken(ctx context.Context, token string) (string, error) {
	for job, err := range b.Jobs(ctx) {
		switch {
		case err != nil:
			return "", err
		case strings.Contains(job.Description, token):
			return job.ID, nil
		}
	}
	return "", nil
}

// createOptions is the request's body. ACL and tags are kept by directive: without one COS would
// give the copies the bucket's ACL.
func (b *Batch) createOptions(job NewJob) *cos.BatchCreateJobOptions {
	bucket := resourceName(b.ref)
	operation := &cos.BatchJobOperationCopy{
		AccessControlDirective: "Copy", TaggingDirective: "Copy",
		MetadataDirective: job.Copy.Metadata, StorageClass: job.Copy.StorageClass,
		TargetResource: bucket,
	}
	if job.Copy.AES256 {
		operation.NewObjectMetadata = &cos.BatchNewObjectMetadata{SSEAlgorithm: algorithmAES256}
	}
	if !job.Copy.UnmodifiedSince.IsZero() {
		operation.UnModifiedSinceConstraint = job.Copy.UnmodifiedSince.Unix()
	}
	return &cos.BatchCreateJobOptions{
		ClientRequestToken: job.Token, ConfirmationRequired: "true", Description: job.Description,
		Manifest: &cos.BatchJobManifest{
			Location: &cos.BatchJobManifestLocation{
				ETag: quote(job.ManifestETag), ObjectArn: resourceName(job.Manifest),
			},
			Spec: &cos.BatchJobManifestSpec{
				Fields: []string{"Bucket", "Key"}, Format: "COSBatchOperations_CSV_V1",
			},
		},
		Operation: &cos.BatchJobOperation{PutObjectCopy: operation},
		Priority:  job.Priority, RoleArn: job.RoleARN,
		Report: &cos.BatchJobReport{
			Bucket:  resourceName(ObjectRef{Region: job.Report.Region, Bucket: job.Report.Bucket}),
			Enabled: "true", Format: "Report_CSV_V1", Prefix: job.Report.Key,
			ReportScope: "FailedTasksOnly",
		},
	}
}

// resourceName is a bucket or object as roles and jobs name it.
func resourceName(ref ObjectRef) string {
	appID := ref.Bucket[strings.LastIndex(ref.Bucket, "-")+1:]
	name := "qcs::cos:" + ref.Region + ":uid/" + appID + ":" + ref.Bucket
	if ref.Key != "" {
		name += "/" + ref.Key
	}
	return name
}

// Describe returns a job. One of which COS knows nothing any more (after 90 days, document 32961) is
// ClassNotFound.
func (b *Batch) Describe(ctx context.Context, id string) (Job, error) {
	var job Job
	err := b.do(ctx, "DescribeJob", func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		result, resp, err := sdk.Batch.DescribeJob(ctx, url.PathEscape(id), &b.headers)
		switch {
		case err != nil:
		case result.Job == nil || result.Job.Status == "":
			err = errDamagedAnswer
		default:
			job = describedJob(result.Job)
		}
		return resp, err
	})
	return job, err
}

func describedJob(from *cos.BatchDescribeJob) Job {
	job := Job{
		ID: from.JobId, Status: JobStatus(from.Status), Description: from.Description,
		Priority: from.Priority, Created: parseTime(from.CreationTime),
		Ended: parseTime(from.TerminationDate),
	}
	job.count(from.ProgressSummary)
	if from.FailureReasons != nil {
		job.FailureCode = from.FailureReasons.FailureCode
		job.FailureReason = from.FailureReasons.FailureReason
	}
	if from.Manifest != nil && from.Manifest.Location != nil {
		job.ManifestETag = unquote(from.Manifest.Location.ETag)
	}
	if from.Operation != nil && from.Operation.PutObjectCopy != nil {
		job.Copy = describedCopy(from.Operation.PutObjectCopy)
	}
	return job
}

func describedCopy(from *cos.BatchJobOperationCopy) *BatchCopy {
	described := &BatchCopy{
		Metadata: from.MetadataDirective, StorageClass: from.StorageClass,
		AES256: from.NewObjectMetadata != nil &&
			from.NewObjectMetadata.SSEAlgorithm == algorithmAES256,
	}
	if from.UnModifiedSinceConstraint != 0 {
		described.UnmodifiedSince = time.Unix(from.UnModifiedSinceConstraint, 0).UTC()
	}
	return described
}

func (j *Job) count(progress *cos.BatchProgressSummary) {
	if progress != nil {
		j.Total = progress.TotalNumberOfTasks
		j.Succeeded, j.Failed = progress.NumberOfTasksSucceeded, progress.NumberOfTasksFailed
	}
}

// Confirm lets a job that is JobSuspended begin. One that has begun already is no error, one that
// is not suspended yet is.
func (b *Batch) Confirm(ctx context.Context, id, reason string) error {
	begun := []JobStatus{"Ready", "Active", "Pausing", "Paused", "Completing", JobComplete}
	return b.setStatus(ctx, id, "Ready", reason, func(s JobStatus) bool {
		return slices.Contains(begun, s)
	})
}

// Cancel ends a job before its time. What was copied stays copied, and tasks under way may still
// be carried out: wait until the job is Final. One that has ended is no error.
func (b *Batch) Cancel(ctx context.Context, id, reason string) error {
	return b.setStatus(ctx, id, string(JobCancelled), reason, func(s JobStatus) bool {
		return s.Final() || s == "Cancelling" || s == "Completing" || s == "Failing"
	})
}

// setStatus asks for another state. COS refuses what has happened already, which may have been a
// try of ours whose answer was lost.
func (b *Batch) setStatus(
	ctx context.Context, id, status, reason string, done func(JobStatus) bool,
) error {
	err := b.do(ctx, "UpdateJobStatus", func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		_, resp, err := sdk.Batch.UpdateJobStatus(ctx, &cos.BatchUpdateStatusOptions{
			JobId: url.PathEscape(id), RequestedJobStatus: status, StatusUpdateReason: reason,
		}, &b.headers)
		return resp, err
	})
	if CodeOf(err) != "InvalidRequest" {
		return err
	}
	if job, lookErr := b.Describe(ctx, id); lookErr == nil && done(job.Status) {
		return nil
	}
	return err
}

// SetPriority changes the priority of a job that has not ended.
func (b *Batch) SetPriority(ctx context.Context, id string, priority int) error {
	return b.do(ctx, "UpdateJobPriority",
		func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
			_, resp, err := sdk.Batch.UpdateJobPriority(ctx, &cos.BatchUpdatePriorityOptions{
				JobId: url.PathEscape(id), Priority: priority,
			}, &b.headers)
			return resp, err
		})
}

// do is Client.do at the control endpoint. All requests of it may be repeated: a token is taken
// once, and states and priorities are set, not counted.
func (b *Batch) do(ctx context.Context, op string, send sendFunc) error {
	return b.client.do(ctx, request{op: op, ref: b.ref, bucket: true, sdk: b.sdk}, send)
}
