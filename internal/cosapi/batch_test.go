package cosapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

const batchRole = "qcs::cam::uin/" + cosemu.DefaultUIN + ":roleName/COS_Batch_QcsRole"

// batchHarness is an emulator with a client of its jobs.
type batchHarness struct {
	*harness
	*Batch
	t *testing.T
}

func newBatchHarness(t *testing.T, config cosemu.BatchConfig) *batchHarness {
	t.Helper()
	h := startEmulator(t, cosemu.Config{Batch: config})
	batch, err := h.Client.Batch(BatchAccount{
		UIN: cosemu.DefaultUIN, Bucket: testBucket, Region: testRegion,
		Endpoint: h.emulator.ControlEndpointTemplate(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &batchHarness{h, batch, t}
}

var plainPut = PutOptions{WriteOptions: WriteOptions{Encryption: NoEncryption{}}}

// job stores objects and a list of them.
func (h *batchHarness) job(token string, keys ...string) NewJob {
	h.t.Helper()
	var rows strings.Builder
	for _, key := range keys {
		rows.WriteString(ManifestRow(testBucket, key))
		if _, err := h.Put(h.t.Context(), testRef(key), BytesBody([]byte(key)), plainPut); err != nil {
			h.t.Fatal(err)
		}
	}
	manifest := testRef("manifest-" + token)
	stored, err := h.Put(h.t.Context(), manifest, BytesBody([]byte(rows.String())), plainPut)
	if err != nil {
		h.t.Fatal(err)
	}
	return NewJob{
		Token: token, Description: "test " + token, Manifest: manifest, ManifestETag: stored.ETag,
		Copy: BatchCopy{AES256: true, Metadata: MetadataAdd}, Priority: 3, RoleARN: batchRole,
		Report: testRef("reports"),
	}
}

func (h *batchHarness) create(job NewJob) string {
	h.t.Helper()
	id, err := h.Create(h.t.Context(), job)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// until describes a job until it is in a state.
func (h *batchHarness) until(id string, state JobStatus) Job {
	h.t.Helper()
	for range 20 {
		job, err := h.Describe(h.t.Context(), id)
		if err != nil {
			h.t.Fatal(err)
		}
		if job.Status == state {
			return job
		}
	}
	h.t.Fatalf("the job never is %s", state)
	return Job{}
}

func TestBatchJobFromCreationToEnd(t *testing.T) {
	t.Parallel()
	h := newBatchHarness(t, cosemu.BatchConfig{})
	before := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	asked := h.job("one", "a b,c", "plain")
	asked.Copy.UnmodifiedSince = before
	id := h.create(asked)
	waiting := h.until(id, JobSuspended)
	if waiting.Total != 2 || waiting.Succeeded != 0 || waiting.ManifestETag != asked.ManifestETag {
		t.Errorf("suspended: %+v", waiting)
	}
	if want := asked.Copy; waiting.Copy == nil || *waiting.Copy != want {
		t.Errorf("copy is %+v, want %+v", waiting.Copy, want)
	}
	if err := h.SetPriority(t.Context(), id, 9); err != nil {
		t.Error(err)
	}
	if err := h.Confirm(t.Context(), id, "two objects"); err != nil {
		t.Fatal(err)
	}
	done := h.until(id, JobComplete)
	if done.Succeeded != 2 || done.Failed != 0 || done.Priority != 9 || done.Ended.IsZero() {
		t.Errorf("complete: %+v", done)
	}
	for _, key := range []string{"a b,c", "plain"} {
		info, err := h.HeadOnly(t.Context(), testRef(key), nil)
		if err != nil || info.Encryption.Mode != ModeSSECOS {
			t.Errorf("%q is %v, %v", key, info.Encryption, err)
		}
	}
	if err := h.Cancel(t.Context(), id, "late"); err != nil {
		t.Errorf("cancelling what has ended: %v", err)
	}
}

func TestBatchCreateWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	h := newBatchHarness(t, cosemu.BatchConfig{})
	job := h.job("one", "a")
	h.emulator.AddFaults(cosemu.Fault{Op: "CreateJob", DropAnswer: true})
	id := h.create(job)
	if again := h.create(job); again != id {
		t.Errorf("a repeated token made %s of %s", again, id)
	}
	if jobs := h.emulator.BatchJobs(); len(jobs) != 1 || jobs[0].ID != id {
		t.Errorf("jobs %+v, want one, %s", jobs, id)
	}
}

// A job may be refused with the code of a repeated token for another reason.
func TestBatchCreateThatIsRefused(t *testing.T) {
	t.Parallel()
	h := newBatchHarness(t, cosemu.BatchConfig{})
	h.create(h.job("another", "a"))
	h.emulator.AddFaults(cosemu.Fault{Op: "CreateJob", Status: 400, Code: "InvalidRequest"})
	if id, err := h.Create(t.Context(), h.job("one", "a")); CodeOf(err) != "InvalidRequest" || id != "" {
		t.Errorf("got %q, %v", id, err)
	}
	h.emulator.AddFaults(cosemu.Fault{Op: "CreateJob", Status: 500, Code: "TooManyJobs"})
	h.create(h.job("two", "a"))
}

func TestBatchConfirmAndCancelAreRepeated(t *testing.T) {
	t.Parallel()
	h := newBatchHarness(t, cosemu.BatchConfig{TasksPerStep: 1})
	id := h.create(h.job("one", "a", "b", "c", "d", "e", "f"))
	if err := h.Confirm(t.Context(), id, ""); CodeOf(err) != "InvalidRequest" {
		t.Errorf("confirming what is still prepared: %v", err)
	}
	h.until(id, JobSuspended)
	h.emulator.AddFaults(cosemu.Fault{Op: "UpdateJobStatus", DropAnswer: true})
	if err := h.Confirm(t.Context(), id, ""); err != nil {
		t.Errorf("confirming with a lost answer: %v", err)
	}
	h.emulator.AddFaults(cosemu.Fault{Op: "UpdateJobStatus", DropAnswer: true})
	if err := h.Cancel(t.Context(), id, ""); err != nil {
		t.Errorf("cancelling with a lost answer: %v", err)
	}
	h.until(id, JobCancelled)
	if _, err := h.Describe(t.Context(), "none"); Classify(err) != ClassNotFound {
		t.Errorf("no such job: %v", err)
	}
}

func TestBatchListsAllPages(t *testing.T) {
	t.Parallel()
	var pages []string
	w := newWire(t, func(out http.ResponseWriter, req *http.Request) {
		pages = append(pages, req.URL.Query().Get("nextToken"))
		out.Header().Set("X-Cos-Request-Id", "request-1")
		bodies := map[string]string{"": "b", "b": "c", "c": ""}
		id := bodies[req.URL.Query().Get("nextToken")]
		if id == "" {
			fmt.Fprint(out, "<ListJobsResult><Jobs></Jobs></ListJobsResult>")
			return
		}
		fmt.Fprintf(out, "<ListJobsResult><Jobs><member><JobId>%s</JobId><Status>New</Status></member>"+
			"</Jobs><NextToken>%s</NextToken></ListJobsResult>", id, id)
	})
	ids, err := listJobs(t.Context(), wireBatch(t, w))
	if err != nil || !slices.Equal(ids, []string{"b", "c"}) || len(pages) != 3 {
		t.Errorf("listed %v in pages %v: %v", ids, pages, err)
	}
}

func TestBatchListingThatRepeatsIsAnError(t *testing.T) {
	t.Parallel()
	w := newWire(t, func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("X-Cos-Request-Id", "request-1")
		fmt.Fprint(out, "<ListJobsResult><Jobs><member><JobId>a</JobId></member></Jobs>"+
			"<NextToken>a</NextToken></ListJobsResult>")
	})
	if ids, err := listJobs(t.Context(), wireBatch(t, w)); err == nil {
		t.Errorf("listed %v without an error", ids)
	}
}

func wireBatch(t *testing.T, w *wire) *Batch {
	t.Helper()
	batch, err := w.Batch(BatchAccount{
		UIN: "1", Bucket: testBucket, Region: testRegion, Endpoint: w.server.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func listJobs(ctx context.Context, batch *Batch) ([]string, error) {
	var ids []string
	for job, err := range batch.Jobs(ctx) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, job.ID)
	}
	return ids, nil
}

func TestBatchRefusesAccounts(t *testing.T) {
	t.Parallel()
	h := newBatchHarness(t, cosemu.BatchConfig{})
	good := BatchAccount{UIN: "1", Bucket: testBucket, Region: testRegion}
	for name, change := range map[string]func(*BatchAccount){
		"no UIN":      func(a *BatchAccount) { a.UIN = "" },
		"host as UIN": func(a *BatchAccount) { a.UIN = "127.0.0.1/" },
		"no appid":    func(a *BatchAccount) { a.Bucket = "bucket" },
		"no region":   func(a *BatchAccount) { a.Region = "" },
		"path":        func(a *BatchAccount) { a.Region = "a/b" },
		"plain HTTP":  func(a *BatchAccount) { a.Endpoint = "http://{uin}.example" },
		"user":        func(a *BatchAccount) { a.Endpoint = "https://me@{uin}.example" },
		"placeholder": func(a *BatchAccount) { a.Endpoint = "https://{bucket}.example" },
	} {
		account := good
		change(&account)
		if _, err := h.Client.Batch(account); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := h.Client.Batch(good); err != nil {
		t.Error(err)
	}
	if h.emulator.Requests("CreateJob") > 0 {
		t.Error("a request was made")
	}
}

func TestBatchRefusesJobs(t *testing.T) {
	t.Parallel()
	h := newBatchHarness(t, cosemu.BatchConfig{})
	for name, change := range map[string]func(*NewJob){
		"token not in text": func(j *NewJob) { j.Description = "test" },
		"replaced metadata": func(j *NewJob) { j.Copy.Metadata = "Replaced" },
	} {
		job := h.job("one", "a")
		change(&job)
		if _, err := h.Create(t.Context(), job); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if n := h.emulator.Requests("CreateJob"); n > 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestManifestRowsSurviveEveryDecoding(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"a", "a b", "a+b", "a%2Fb", `a,"b"`, "中文/x", "a\nb", "~._-/"} {
		row := ManifestRow(testBucket, key)
		encoded, found := strings.CutPrefix(strings.TrimSuffix(row, "\n"), testBucket+",")
		path, pathErr := url.PathUnescape(encoded)
		query, queryErr := url.QueryUnescape(encoded)
		if !found || path != key || query != key || pathErr != nil || queryErr != nil {
			t.Errorf("%q is decoded as %q and %q", row, path, query)
		}
		if IsPlainKey(key) != (encoded == key) || strings.ContainsAny(encoded, ",\"\n +") {
			t.Errorf("%q of %q", encoded, key)
		}
	}
}
