package cosapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// livePrefix begins the keys of every run on a real bucket; the time of the run, in nanoseconds,
// and a slash follow.
const livePrefix = "conformance-"

// sweepAge is how old a run has to be to be swept: no run takes that long.
const sweepAge = time.Hour

// TestSweepOfARealBucket takes away what runs that were killed have left (make test-live).
func TestSweepOfARealBucket(t *testing.T) {
	h := realBucket(t)
	for _, bucket := range []string{h.bucket, h.versioned} {
		if bucket == "" {
			continue
		}
		swept, err := h.sweep(t.Context(), bucket, time.Now().Add(-sweepAge))
		t.Logf("%s: %d versions and uploads swept", bucket, swept)
		if err != nil {
			t.Error(err)
		}
	}
}

func TestSweepTakesOldRunsOnly(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	before := time.Now()
	old, young := runKey(before.Add(-time.Minute)), runKey(before.Add(time.Minute))
	for _, bucket := range []string{h.bucket, h.versioned} {
		for _, key := range []string{old, young, "conformance-of-somebody/x", "data/x"} {
			for range 2 { // versions, where they are kept
				h.store(t, h.in(t, bucket, key), "x", WriteOptions{Encryption: SSECOS{Algorithm: "AES256"}})
			}
		}
		for _, key := range []string{old + "-parts", young + "-parts"} {
			upload := h.newMultipart(h.in(t, bucket, key), WriteOptions{Encryption: SSECOS{Algorithm: "AES256"}}, nil)
			if err := upload.initiate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.sweep(t.Context(), bucket, before); err != nil {
			t.Fatal(err)
		}
		page, err := h.ListVersions(t.Context(), ListVersionsOptions{Region: h.region, Bucket: bucket})
		if err != nil {
			t.Fatal(err)
		}
		left := map[string]bool{}
		for _, version := range page.Versions {
			left[version.Key] = true
		}
		if left[old] || !left[young] || !left["data/x"] || !left["conformance-of-somebody/x"] {
			t.Errorf("%s: left are %v", bucket, left)
		}
		unfinished, err := h.ListUploads(t.Context(), h.region, bucket, "")
		if err != nil || len(unfinished) != 1 || unfinished[0].Key != young+"-parts" {
			t.Errorf("%s: unfinished uploads are %v, error %v", bucket, unfinished, err)
		}
	}
}

func runKey(at time.Time) string { return fmt.Sprintf("%s%d/object", livePrefix, at.UnixNano()) }

// sweep deletes all versions of, and aborts all uploads to, keys of runs that began before a time.
// Everything else in the bucket is somebody's.
func (h *harness) sweep(ctx context.Context, bucket string, before time.Time) (int, error) {
	swept := 0
	var failures []error
	uploads, err := h.ListUploads(ctx, h.region, bucket, livePrefix)
	failures = append(failures, err)
	for _, upload := range uploads {
		if !isOldRun(upload.Key, before) {
			continue
		}
		ref := ObjectRef{Region: h.region, Bucket: bucket, Key: upload.Key}
		failures = append(failures, h.AbortUpload(ctx, ref, upload.UploadID))
		swept++
	}
	options := ListVersionsOptions{Region: h.region, Bucket: bucket, Prefix: livePrefix}
	for {
		page, err := h.ListVersions(ctx, options)
		if err != nil {
			return swept, errors.Join(append(failures, err)...)
		}
		for _, version := range page.Versions {
			if !isOldRun(version.Key, before) {
				continue
			}
			_, err := h.Delete(ctx, ObjectRef{
				Region: h.region, Bucket: bucket, Key: version.Key, VersionID: version.VersionID,
			})
			failures = append(failures, err)
			swept++
		}
		if !page.Truncated {
			return swept, errors.Join(failures...)
		}
		options.KeyMarker, options.VersionIDMarker = page.NextKeyMarker, page.NextVersionIDMarker
	}
}

func isOldRun(key string, before time.Time) bool {
	rest, ok := strings.CutPrefix(key, livePrefix)
	run, _, found := strings.Cut(rest, "/")
	began, err := strconv.ParseInt(run, 10, 64)
	return ok && found && err == nil && time.Unix(0, began).Before(before)
}

// TestLivePrefixIsSwept: the harness of a real bucket writes only what the sweeper knows.
func TestLivePrefixIsSwept(t *testing.T) {
	for name, value := range map[string]string{
		"COS_TEST_BUCKET": testBucket, "COS_TEST_REGION": testRegion,
		"COS_TEST_SECRET_ID": "id", "COS_TEST_SECRET_KEY": "key",
	} {
		if os.Getenv(name) == "" {
			t.Setenv(name, value)
		}
	}
	if key := realBucket(t).prefix + "object"; !isOldRun(key, time.Now().Add(time.Minute)) {
		t.Errorf("%s is not swept", key)
	}
}
