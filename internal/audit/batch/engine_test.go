package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

func TestWhatBatchHasNoWayTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	tests := map[string]func(*Config){
		"SM4":                  func(c *Config) { c.Wanted.Algorithm = "SM4" },
		"SSE-C":                func(c *Config) { c.Wanted = cosapi.EncryptionStatus{Mode: cosapi.ModeSSEC} },
		"none":                 func(c *Config) { c.Wanted = cosapi.EncryptionStatus{Mode: cosapi.ModeNone} },
		"KMS without a key":    func(c *Config) { c.Wanted = cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS} },
		"KMS with a context":   func(c *Config) { c.Wanted, c.Context = wantKMS, true },
		"evidence of a region": func(c *Config) { c.Evidence.Region = "ap-beijing" },
	}
	for name, change := range tests {
		config := w.config(wantAES256)
		change(&config)
		if _, err := New(config); !IsRefused(err) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if n := len(w.server.Journal()); n > 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestKMSNeedsTheDefaultOfThatKey(t *testing.T) {
	t.Parallel()
	for name, standing := range map[string]cosapi.BucketEncryption{
		"none": {}, "AES256": {Algorithm: "AES256"}, "another": {
			Algorithm: "KMS", KMSKeyID: cosemu.DefaultKMSKey,
		}, "the account's": {Algorithm: "KMS"},
	} {
		w := newWorld(t, cosemu.BatchConfig{})
		if standing.Algorithm != "" {
			w.setDefault(standing)
		}
		if _, err := w.apply(t.Context(), w.engine(wantKMS)); !IsRefused(err) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
		if n := w.server.Requests("CreateJob") + w.server.Requests("PutObject"); n > 0 {
			t.Errorf("%s: %d jobs and objects were made", name, n)
		}
	}
}

// In a bucket whose default is AES256 no plain object can be made for a trial.
func TestAES256WhereItIsTheDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{IgnoreDefaultEncryption: true})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	w.setDefault(cosapi.BucketEncryption{Algorithm: "AES256"})
	if _, err := w.apply(t.Context(), w.engine(wantAES256)); err != nil {
		t.Fatal(err)
	}
	if _, info := w.look("data/a"); !satisfies(info.Encryption, wantAES256) {
		t.Errorf("it is %s", info.Encryption)
	}
}

func TestTakesOnlyWhatJobsMayHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	e := w.engine(wantAES256)
	good := audit.Candidate{
		Ref: w.ref("a b"), StorageClass: "STANDARD", Size: 1,
		Found: cosapi.EncryptionStatus{Mode: cosapi.ModeNone},
	}
	for name, change := range map[string]func(*audit.Candidate){
		"encrypted":       func(c *audit.Candidate) { c.Found.Mode = cosapi.ModeSSEKMS },
		"unknown":         func(c *audit.Candidate) { c.Found.Mode = "UNKNOWN" },
		"large":           func(c *audit.Candidate) { c.Size = cosapi.MaxCopySize + 1 },
		"archived":        func(c *audit.Candidate) { c.StorageClass = "ARCHIVE" },
		"other class":     func(c *audit.Candidate) { c.StorageClass = "INTELLIGENT_TIERING" },
		"control bytes":   func(c *audit.Candidate) { c.Ref.Key = "a\nb" },
		"not UTF-8":       func(c *audit.Candidate) { c.Ref.Key = "a\xff" },
		"kind not proven": func(c *audit.Candidate) { c.Ref.Key = "a+b" },
	} {
		c := good
		change(&c)
		e.proofs = nil
		if name == "kind not proven" {
			e.proofs = []Proof{{
				Class: "STANDARD", Operation: "AES256", Kinds: []Kind{KindPlain, KindSpace},
				At: e.Client.Now(),
			}}
			if !e.Takes(good) {
				t.Error("a proven kind is not taken")
			}
		}
		if e.Takes(c) {
			t.Errorf("%s is taken", name)
		}
	}
	if !e.Takes(good) {
		t.Error("nothing is taken")
	}
}

func TestProofsAreRememberedForAMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	first := w.engine(wantAES256)
	if _, err := w.applyOnce(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	created := func(e *Engine) int {
		t.Helper()
		before := len(w.server.BatchJobs())
		if _, err := w.applyOnce(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		return len(w.server.BatchJobs()) - before
	}
	again := func() *Engine { return w.engine(wantAES256, func(c *Config) { c.Proofs = first.Proven() }) }
	if n := created(again()); n != 0 {
		t.Errorf("%d jobs although all is proven and done", n)
	}
	w.advance(proofLife)
	if n := created(again()); n != 1 {
		t.Errorf("%d jobs after a month, want a trial", n)
	}
	w.setDefault(cosapi.BucketEncryption{Algorithm: "SM4"})
	if n := created(again()); n != 1 {
		t.Errorf("%d jobs under another default, want a trial", n)
	}
}

// A colleague writes an object after it was collected.
func TestForeignWriteBeforeTheJobIsSpared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.put("data/b", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	e := w.engine(wantAES256)
	ctx := t.Context()
	if err := e.Prove(ctx, "STANDARD"); err != nil {
		t.Fatal(err)
	}
	for _, candidate := range w.candidates(wantAES256) {
		if taken, err := e.collect(candidate); err != nil || !taken {
			t.Fatal(taken, err)
		}
	}
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	_, foreign := w.look("data/a")
	result, err := e.Run(ctx)
	if err != nil || result.Succeeded != 1 || result.Failed != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	if _, now := w.look("data/a"); now.ETag != foreign.ETag || now.Encryption.Mode != cosapi.ModeNone ||
		!now.LastModified.Equal(foreign.LastModified) {
		t.Errorf("the colleague's object was rewritten: %+v", now)
	}
	if text := strings.Join(result.Notes, ""); !strings.Contains(text, "412 PreconditionFailed") {
		t.Errorf("failures %q", text)
	}
}

// An object that was written after Prove is not given to a job: its Last-Modified is too young to
// tell it from a later write.
func TestYoungObjectsAreNotCollected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	e := w.engine(wantAES256)
	if err := e.Prove(t.Context(), "STANDARD"); err != nil {
		t.Fatal(err)
	}
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	for _, candidate := range w.candidates(wantAES256) {
		if taken, err := e.collect(candidate); err != nil || taken {
			t.Errorf("taken %v, %v", taken, err)
		}
	}
}

func TestDefaultThatChangesUnderAJobStopsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{TasksPerStep: 1})
	for i := range 8 {
		w.put(fmt.Sprintf("data/%d", i), cosapi.NoEncryption{}, "STANDARD")
	}
	w.put("data/right", cosapi.SSECOS{}, "STANDARD")
	w.advance(minute)
	w.setDefault(byTheKey)
	e := w.engine(wantKMS, func(c *Config) { c.MaxObjects = 100 })
	ctx := t.Context()
	if err := e.Prove(ctx, "STANDARD"); err != nil {
		t.Fatal(err)
	}
	facts, encryption := w.snapshot()
	for _, candidate := range w.candidates(wantKMS) {
		if _, err := e.collect(candidate); err != nil {
			t.Fatal(err)
		}
	}
	w.server.AddFaults(cosemu.Fault{Op: "BatchTask", Skip: 3, BucketEncryption: "none"})
	_, err := e.Run(ctx)
	if !IsRefused(err) || !strings.Contains(err.Error(), "default encryption changed") {
		t.Errorf("%v, want a refusal", err)
	}
	if e.proof("STANDARD") != nil {
		t.Error("the proof stands")
	}
	converted := w.checkUntouched(facts, encryption, wantKMS)
	if jobs := w.server.BatchJobs(); jobs[len(jobs)-1].Status != "Cancelled" || converted > 5 {
		t.Errorf("%+v, %d converted", jobs[len(jobs)-1], converted)
	}
	if _, err := w.engine(wantKMS).Recover(ctx); err != nil {
		t.Fatal(err)
	}
	w.checkAtRest()
}

// What COS counts has to be what was listed, or nothing runs.
func TestCountThatDiffersStopsAJobBeforeItRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	e := w.engine(wantAES256)
	ctx := t.Context()
	if err := e.Prove(ctx, "STANDARD"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.collect(w.candidates(wantAES256)[0]); err != nil {
		t.Fatal(err)
	}
	e.lists["STANDARD"].rows++
	if _, err := e.Run(ctx); !IsRefused(err) || !strings.Contains(err.Error(), "counts 1") {
		t.Errorf("%v, want a refusal", err)
	}
	jobs := w.server.BatchJobs()
	if last := jobs[len(jobs)-1]; last.Status != "Cancelled" || last.Succeeded+last.Failed > 0 {
		t.Errorf("the job ran: %+v", last)
	}
}

// One job is left to go on when the caller's time is over, and adopted by the next run.
func TestJobThatOutlivesItsRunIsAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{TasksPerStep: 1})
	for i := range 8 {
		w.put(fmt.Sprintf("data/%d", i), cosapi.NoEncryption{}, "STANDARD")
	}
	w.advance(minute)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := w.engine(wantAES256, func(c *Config) {
		c.MaxObjects = 100
		c.Progress = func(p Progress) {
			if !p.Trial && p.Succeeded == 3 {
				cancel()
			}
		}
	})
	if _, err := w.applyOnce(ctx, e); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want the context's end", err)
	}
	jobs := len(w.server.BatchJobs())
	result, err := w.applyOnce(t.Context(), w.engine(wantAES256, func(c *Config) { c.Proofs = e.Proven() }))
	if err != nil || result.Adopted != 1 || result.Succeeded != 8 {
		t.Errorf("%+v, %v", result, err)
	}
	if now := len(w.server.BatchJobs()); now != jobs {
		t.Errorf("%d jobs more", now-jobs)
	}
	w.checkAtRest()
}

func TestRecoverCancelsWhatNoIntentKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	// Another guarantee's job, with another evidence folder, is none of ours.
	other := w.engine(wantAES256, func(c *Config) { c.Evidence.Key = "another/" })
	foreign := leaveJob(t, w, other, true)
	own := leaveJob(t, w, w.engine(wantAES256), false)
	if _, err := w.engine(wantAES256).Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, job := range w.server.BatchJobs() {
		switch job.ID {
		case own:
			if job.Status != "Cancelled" {
				t.Errorf("our own is %+v", job)
			}
		case foreign:
			if cosapi.JobStatus(job.Status).Final() {
				t.Errorf("the other's is %+v", job)
			}
		}
	}
	if err := other.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.checkAtRest()
}

// leaveJob creates a job and leaves it suspended, with or without its intent.
func leaveJob(t *testing.T, w *world, e *Engine, withIntent bool) string {
	t.Helper()
	ctx := t.Context()
	id := newID()
	in := intent{
		ID: id, Owner: e.owner, Operation: e.operation, Class: "STANDARD", Metadata: "Add",
		Manifest: e.manifests() + id + ".csv", Count: 1, Cutoff: w.clock(),
	}
	result, err := w.client.Put(ctx, e.evidence(in.Manifest),
		cosapi.BytesBody([]byte(cosapi.ManifestRow(dataBucket, "data/a"))),
		cosapi.PutOptions{WriteOptions: stored})
	if err != nil {
		t.Fatal(err)
	}
	in.ManifestETag = result.ETag
	if withIntent {
		if err := e.keep(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	job, err := e.create(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func TestIntentThatDoesNotFitIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	id := leaveJob(t, w, w.engine(wantAES256), true)
	w.setDefault(byTheKey)
	if _, err := w.engine(wantKMS).Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if job := w.server.BatchJobs()[0]; job.ID != id || job.Status != "Cancelled" || job.Succeeded > 0 {
		t.Errorf("%+v", job)
	}
	w.checkAtRest()
}

func TestManualConfirmationWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	jobs := w.jobs()
	waited := atomic.Int64{}
	var person sync.Once
	e := w.engine(wantAES256, func(c *Config) {
		c.ManualConfirmation = true
		c.Progress = func(p Progress) {
			if p.Trial || p.Status != cosapi.JobSuspended {
				return
			}
			if waited.Add(1) == 5 {
				person.Do(func() {
					if err := jobs.Confirm(t.Context(), p.JobID, "by hand"); err != nil {
						t.Error(err)
					}
				})
			}
		}
	})
	if _, err := w.applyOnce(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if waited.Load() != 5 {
		t.Errorf("suspended at %d looks, want 5", waited.Load())
	}
}

func TestFailuresAreExplainedByEveryLayout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		batch  cosemu.BatchConfig
		faults []cosemu.Fault
		want   string
	}{
		"s3like":  {cosemu.BatchConfig{Report: "s3like"}, nil, "2 with 403 AccessDenied"},
		"flat":    {cosemu.BatchConfig{Report: "flat"}, nil, "2 with 403 AccessDenied"},
		"none":    {cosemu.BatchConfig{Report: "none"}, nil, "no report"},
		"late":    {cosemu.BatchConfig{}, []cosemu.Fault{{Op: "BatchReport", DelayMS: 1500}}, "2 with 403"},
		"missing": {cosemu.BatchConfig{}, []cosemu.Fault{{Op: "BatchReport", Code: "InternalError"}}, "no report"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.batch)
			for _, key := range []string{"data/a", "data/b", "data/c"} {
				w.put(key, cosapi.NoEncryption{}, "STANDARD")
			}
			w.advance(minute)
			e := w.engine(wantAES256)
			if err := e.Prove(t.Context(), "STANDARD"); err != nil {
				t.Fatal(err)
			}
			for _, candidate := range w.candidates(wantAES256) {
				if _, err := e.collect(candidate); err != nil {
					t.Fatal(err)
				}
			}
			w.server.AddFaults(append(tt.faults,
				cosemu.Fault{Op: "BatchTask", Key: "data/a", Code: "AccessDenied"},
				cosemu.Fault{Op: "BatchTask", Key: "data/b", Code: "AccessDenied"})...)
			result, err := e.Run(t.Context())
			if err != nil || result.Failed != 2 || len(result.Notes) != 1 ||
				!strings.Contains(result.Notes[0], tt.want) {
				t.Errorf("%+v, %v, want %q", result, err, tt.want)
			}
		})
	}
}

// A control endpoint that fails now and then is asked again.
func TestDescribeThatFailsIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/a", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
	w.server.AddFaults(cosemu.Fault{Op: "DescribeJob", Status: 500, Times: 3},
		cosemu.Fault{Op: "CreateJob", DropAnswer: true},
		cosemu.Fault{Op: "CreateJob", Status: 500, Code: "TooManyJobs", Times: 2},
		cosemu.Fault{Op: "UpdateJobStatus", DropAnswer: true})
	if _, err := w.applyOnce(t.Context(), w.engine(wantAES256)); err != nil {
		t.Fatal(err)
	}
	w.checkAtRest()
}

func TestTokensAreUUIDsOfTheirNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	e, again := w.engine(wantAES256), w.engine(wantAES256)
	one, two := intent{ID: "one", Owner: e.owner}, intent{ID: "two", Owner: e.owner}
	token := e.token(one)
	if len(token) != 36 || token[14] != '5' || !strings.ContainsRune("89ab", rune(token[19])) {
		t.Errorf("%s is no UUID of version 5", token)
	}
	if again.token(one) != token || e.token(two) == token {
		t.Error("tokens are not those of their intents")
	}
}

func TestEveryKindOfKeyHasASpecimen(t *testing.T) {
	t.Parallel()
	for _, s := range specimens {
		if !slices.Contains(kindsOf(s.key), s.kind) {
			t.Errorf("%q is of %v, not of %s", s.key, kindsOf(s.key), s.kind)
		}
	}
	// Each byte of ASCII is of a kind that has a specimen with it, or is never taken.
	for c := range rune(0x80) {
		kind := kindOf(c)
		if kind == KindPlain || kind == KindOther {
			continue
		}
		if !slices.ContainsFunc(specimens, func(s specimen) bool {
			return s.kind == kind && strings.ContainsRune(s.key, c)
		}) {
			t.Errorf("%q is %s, and no specimen has it", c, kind)
		}
	}
}
