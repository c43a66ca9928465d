package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// options are those of an apply whose plan has shown everything.
func (w *world) options(e *Engine) audit.Options {
	var encryption cosapi.Encryption = cosapi.SSECOS{}
	if e.Wanted.Mode == cosapi.ModeSSEKMS {
		encryption = cosapi.SSEKMS{KeyID: e.Wanted.KMSKeyID}
	}
	return audit.Options{
		Client: w.client, Bucket: w.bucket(), Prefix: w.prefix, Now: w.clock, Sleep: w.sleep,
		Expectation: audit.Expectation{Wanted: &e.Wanted},
		Engines:     []audit.Engine{audit.Direct{Client: w.client, Encryption: encryption}},
		Rewrite:     &audit.Rewrite{Max: 1000, PlannedAt: w.clock()},
	}
}

// fillMixed makes objects for both engines: 12 that a job may have, and four that it may not.
func (w *world) fillMixed() {
	w.t.Helper()
	for i := range 12 {
		w.put(fmt.Sprintf("data/%02d", i), cosapi.NoEncryption{}, "STANDARD")
	}
	w.put("data/sm4", cosapi.SSECOS{Algorithm: "SM4"}, "STANDARD")
	w.put("data/kms", cosapi.SSEKMS{KeyID: cosemu.DefaultKMSKey}, "STANDARD")
	w.put("data/tab\there", cosapi.NoEncryption{}, "STANDARD")
	w.put("data/tiering", cosapi.NoEncryption{}, "INTELLIGENT_TIERING")
	w.advance(minute)
}

const mixed = 16

func TestAuditConvergesByBothEngines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		batch      cosemu.BatchConfig
		kms        bool
		strictness Strictness
		faults     []cosemu.Fault
		says       string
		direct     int // copies that this process makes
	}{
		"AES256":           {says: "rewrote 12 objects in 3 jobs", direct: 4},
		"AES256, strict":   {strictness: Strict, says: "rewrote 12 objects", direct: 4},
		"KMS":              {kms: true, says: "rewrote 12 objects", direct: 4},
		"copies refused":   {batch: cosemu.BatchConfig{SelfCopy: "refuse"}, says: "stayed NONE", direct: mixed},
		"default ignored":  {batch: cosemu.BatchConfig{IgnoreDefaultEncryption: true}, kms: true, says: "NONE", direct: mixed},
		"some tasks fail":  {batch: cosemu.BatchConfig{}, faults: []cosemu.Fault{{Op: "BatchTask", Key: "data/03", Code: "AccessDenied"}}, says: "1 of 4 objects failed", direct: 5},
		"default vanishes": {kms: true, faults: []cosemu.Fault{{Op: "BatchTask", Key: "data/05", BucketEncryption: "none"}}, says: "changed while job", direct: -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, wanted := newWorld(t, tt.batch), wantAES256
			w.fillMixed()
			if tt.kms {
				wanted = wantKMS
				w.setDefault(byTheKey)
			}
			facts, _ := w.snapshot()
			w.server.AddFaults(tt.faults...)
			e := w.engine(wanted)
			found, said, err := e.Audit(t.Context(), w.options(e), tt.strictness)
			if tt.direct < 0 && err == nil {
				// What the job had rewritten without the default changed after the plan, so that it is
				// for the next one.
				if left := found.Violations.Objects; left == 0 || left > 12 {
					t.Errorf("%d objects are left", left)
				}
				again := w.engine(wanted, func(c *Config) { c.Proofs = e.Proven() })
				w.advance(minute)
				found, _, err = again.Audit(t.Context(), w.options(again), tt.strictness)
			}
			if err != nil || !found.Compliant() || found.Total.Objects != mixed {
				t.Fatalf("%+v, %v, %v", found, err, said)
			}
			if text := said.String() + strings.Join(said.Notes, "\n"); !strings.Contains(text, tt.says) {
				t.Errorf("said %q, want %q", text, tt.says)
			}
			if n := w.server.Requests("PutObjectCopy"); tt.direct >= 0 && n != tt.direct {
				t.Errorf("%d copies from here, want %d", n, tt.direct)
			}
			now, encryption := w.snapshot()
			for key, was := range facts {
				if now[key] != was || !satisfies(encryption[key], wanted) {
					t.Errorf("%s was %+v and is %+v, %s", key, was, now[key], encryption[key])
				}
			}
			if err := w.engine(wanted).Cancel(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.checkAtRest()
		})
	}
}

func TestStrictRefusalRewritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{SelfCopy: "refuse"})
	w.fillMixed()
	e := w.engine(wantAES256)
	options := w.options(e)
	options.Engines = nil
	_, _, err := e.Audit(t.Context(), options, Strict)
	if !IsRefused(err) {
		t.Errorf("%v, want a refusal", err)
	}
	if n := w.server.Requests("PutObjectCopy"); n > 0 {
		t.Errorf("%d copies", n)
	}
	w.checkAtRest()
}

// Where COS Batch cannot be reached or used, auto does without it, with few objects and with many.
func TestAuditWithoutCOSBatch(t *testing.T) {
	t.Parallel()
	for _, idle := range []bool{true, false} {
		for name, fault := range map[string]cosemu.Fault{
			"denied":      {Op: "ListJobs", Status: 403, Code: "AccessDenied", Times: 100},
			"unreachable": {Op: "ListJobs", Reset: true, Times: 100},
		} {
			t.Run(fmt.Sprintf("%s idle=%v", name, idle), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, cosemu.BatchConfig{})
				w.fillMixed()
				w.server.AddFaults(fault)
				e := w.engine(wantAES256, func(c *Config) { c.Idle = idle })
				found, said, err := e.Audit(t.Context(), w.options(e), Auto)
				if err != nil || !found.Compliant() || len(said.Notes) != 1 {
					t.Errorf("%+v, %v, %v", found, said, err)
				}
				if _, _, err := e.Audit(t.Context(), w.options(e), Strict); err == nil {
					t.Error("strict does without it, too")
				}
			})
		}
	}
}

// Nothing that jobs could have is nothing to try.
func TestNoTrialWithoutWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{})
	w.put("data/kms", cosapi.SSEKMS{KeyID: cosemu.DefaultKMSKey}, "STANDARD")
	w.advance(minute)
	e := w.engine(wantAES256)
	found, said, err := e.Audit(t.Context(), w.options(e), Auto)
	if err != nil || !found.Compliant() || said.String() != "" || w.server.Requests("CreateJob") > 0 {
		t.Errorf("%+v, %v, %v", found, said, err)
	}
}

func TestAuditWhoseTimeEndsLeavesItsJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cosemu.BatchConfig{TasksPerStep: 1})
	w.fillMixed()
	ctx, cancel := context.WithCancelCause(t.Context())
	e := w.engine(wantAES256, func(c *Config) {
		c.MaxObjects = 100
		c.Progress = func(p Progress) {
			if !p.Trial && p.Succeeded == 2 {
				cancel(errors.New("timeout"))
			}
		}
	})
	found, said, err := e.Audit(ctx, w.options(e), Auto)
	if err != nil || found == nil || found.Compliant() || !strings.Contains(fmt.Sprint(said.Notes), "go on") {
		t.Fatalf("%+v, %v, %v", found, said, err)
	}
	again := w.engine(wantAES256, func(c *Config) { c.Proofs = e.Proven() })
	found, said, err = again.Audit(t.Context(), w.options(again), Auto)
	if err != nil || !found.Compliant() || !strings.Contains(said.String(), "1 of which an earlier run") {
		t.Errorf("%+v, %v, %v", found, said, err)
	}
	w.checkAtRest()
}
