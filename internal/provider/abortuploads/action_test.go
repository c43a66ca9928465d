package abortuploads_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

const actionType = "cos_encrypted_object_abort_uploads"

// begin leaves an upload of somebody else unfinished.
func begin(t *testing.T, cloud *pt.Cloud, key string) {
	t.Helper()
	_, _, err := cloud.Owner(pt.Bucket).Object.InitiateMultipartUpload(t.Context(), key, nil)
	pt.Must(t, err)
}

// unfinished are the keys of the uploads that are there.
func unfinished(t *testing.T, cloud *pt.Cloud) string {
	t.Helper()
	uploads, err := cloud.SomebodyElse().ListUploads(t.Context(), pt.Region, pt.Bucket, "")
	pt.Must(t, err)
	var keys []string
	for _, upload := range uploads {
		keys = append(keys, upload.Key)
	}
	return strings.Join(keys, " ")
}

func config(prefix, age string) pt.Attrs {
	return pt.Attrs{"bucket": pt.Bucket, "prefix": prefix, "older_than": age}
}

func TestAbandonedUploadsAreRemoved(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	begin(t, cloud, "a/old")
	begin(t, cloud, "b/old")
	cloud.Upload("a/object", "stays", cosapi.SSECOS{Algorithm: "AES256"})
	begin(t, cloud, "a/young")
	server := pt.NewServer(t, cloud, nil)

	// Nothing is an hour old.
	if said := server.MustInvoke(actionType, config("", "1h")); !strings.Contains(said[0], "0 of 3") {
		t.Errorf("said %q", said)
	}
	cloud.ExpectOps("InitiateMultipartUpload", "InitiateMultipartUpload", "PutObject",
		"InitiateMultipartUpload", "ListMultipartUploads")

	cloud.AgeUploads(pt.Bucket, "a/old", 61*time.Minute)
	cloud.AgeUploads(pt.Bucket, "b/old", 61*time.Minute)
	said := server.MustInvoke(actionType, config("a/", "1h"))
	cloud.ExpectOps("ListMultipartUploads", "AbortMultipartUpload")
	if len(said) != 2 || !strings.Contains(said[0], "a/old") || !strings.Contains(said[1], "1 of 2") {
		t.Errorf("said %q", said)
	}
	if left := unfinished(t, cloud); left != "a/young b/old" {
		t.Errorf("unfinished = %q, want a/young and b/old", left)
	}
	if body, err := content(t, cloud, "a/object"); err != nil || body != "stays" {
		t.Errorf("the object is %q, %v", body, err)
	}
}

func content(t *testing.T, cloud *pt.Cloud, key string) (string, error) {
	t.Helper()
	response, err := cloud.Owner(pt.Bucket).Object.Get(t.Context(), key, nil)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(response.Body)
	return string(body), errors.Join(err, response.Body.Close())
}

func TestAbortOfUploadsThatIsDenied(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	begin(t, cloud, "a")
	cloud.AgeUploads(pt.Bucket, "a", 2*time.Hour)
	cloud.AddFaults(cosemu.Fault{Op: "AbortMultipartUpload", Status: 403, Code: "AccessDenied"})
	server := pt.NewServer(t, cloud, nil)
	_, diagnostics := server.Invoke(actionType, config("", "1h"))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "AccessDenied", "cos:AbortMultipartUpload")
	if left := unfinished(t, cloud); left != "a" {
		t.Errorf("unfinished = %q", left)
	}
}

func TestAgeOfAbandonedUploads(t *testing.T) {
	t.Parallel()
	server := pt.NewServer(t, pt.NewCloud(t, cosemu.Config{}), nil)
	for age, want := range map[string]string{
		"30m": "under way", "yesterday": "not a duration", "-72h": "under way",
	} {
		_, diagnostics := server.Invoke(actionType, config("", age))
		pt.ExpectError(t, pt.ErrorText(diagnostics), "older_than", want)
	}
}
