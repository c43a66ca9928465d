package audit

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// directly has the direct engine at hand.
func (r *rig) directly() {
	r.options.Engines = []Engine{Direct{
		Client: r.client, Encryption: cosapi.SSECOS{}, Keyring: r.options.Keyring,
	}}
}

// fix rewrites what an audit has found, as an apply of its plan does.
func (r *rig) fix(planned *Findings, change ...func(*Options)) *Findings {
	r.t.Helper()
	return r.after(planned, append([]func(*Options){func(o *Options) {
		o.Rewrite = &Rewrite{
			Max: planned.Pending.Objects, Planned: planned.Ledger != nil,
			PlannedAt: planned.ListedAt,
		}
	}}, change...)...)
}

func (r *rig) copies() []string {
	keys := []string{}
	for _, entry := range r.cloud.Journal() {
		if entry.Op == "PutObjectCopy" && entry.Bucket == testBucket {
			keys = append(keys, entry.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestRewriteFixesWhatWasPlanned(t *testing.T) {
	t.Parallel()
	for name, evidence := range map[string]bool{"with evidence": true, "without evidence": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, cosemu.Config{Objects: 1500})
			r.directly()
			if !evidence {
				r.options.Evidence = nil
			}
			planned := r.run()
			if planned.Pending.Objects != 15 || planned.Pending.Requests != 45 {
				t.Fatalf("pending %+v", planned.Pending)
			}
			// After the plan: one appears, one is rewritten in plain, one goes.
			r.later(time.Minute)
			r.putYoung("later", cosapi.NoEncryption{})
			r.putYoung("bulk/00000099", cosapi.NoEncryption{})
			r.remove("bulk/00000199")
			fixed := r.fix(planned)
			if got := r.copies(); len(got) != 13 || slices.Contains(got, "later") ||
				slices.Contains(got, "bulk/00000099") {
				t.Errorf("rewritten: %v", got)
			}
			if fixed.Rewritten.Objects != 13 || fixed.Violations.Objects != 2 ||
				fixed.Pending.Objects != 2 || fixed.Total.Objects != 1500 || !fixed.Complete {
				t.Errorf("rewritten %+v, violations %+v, pending %+v", fixed.Rewritten,
					fixed.Violations, fixed.Pending)
			}
			r.later(time.Hour)
			next := r.after(fixed)
			if next.Violations.Objects != 2 || next.Pending.Objects != 2 {
				t.Errorf("then: %+v", next.Violations)
			}
			if evidence {
				// What was fixed just now is looked at once, what came after the plan, too.
				if next.Heads != 13+2 {
					t.Errorf("then %d HEADs", next.Heads)
				}
				if again := r.after(next); again.Heads != 0 {
					t.Errorf("and then %d HEADs", again.Heads)
				}
			}
			if last := r.fix(next); last.Violations.Objects != 0 || !last.Compliant() {
				t.Errorf("at last: %+v", last.Violations)
			}
		})
	}
}

// A plan that was billed at 7 rewrites no eighth object, whatever became of the bucket.
func TestRewriteNeverMoreThanBilled(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*rig, *Findings){
		"more are in violation": func(*rig, *Findings) {},
		"the ledger is forged":  func(r *rig, f *Findings) { r.putEvidence(f.Ledger.Key, []byte("x")) },
		"the ledger is forged in its middle": func(r *rig, f *Findings) {
			file := r.evidence(f.Ledger.Key)
			file[len(file)-macSize-10] ^= 1
			r.putEvidence(f.Ledger.Key, file)
		},
		"without evidence": func(r *rig, f *Findings) {
			r.options.Evidence, f.Ledger = nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, cosemu.Config{Objects: 700})
			r.directly()
			planned := r.run()
			if planned.Pending.Objects != 7 {
				t.Fatalf("pending %+v", planned.Pending)
			}
			r.later(time.Minute)
			for _, key := range []string{"a", "b", "bulk/00000000", "bulk/00000001", "z"} {
				r.putYoung(key, cosapi.NoEncryption{})
			}
			spoil(r, planned)
			fixed := r.fix(planned)
			if got := r.copies(); len(got) != 7 || got[0] != "bulk/00000099" || got[6] != "bulk/00000699" {
				t.Errorf("rewritten: %v", got)
			}
			if fixed.Violations.Objects != 5 || fixed.Rewritten.Objects != 7 {
				t.Errorf("violations %+v, rewritten %+v", fixed.Violations, fixed.Rewritten)
			}
		})
	}
}

// Max bounds by itself, whatever the ledger would admit.
func TestRewriteStopsAtMax(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 700})
	r.directly()
	planned := r.run()
	fixed := r.fix(planned, func(o *Options) { o.Rewrite.Max = 3 })
	if n := len(r.copies()); n != 3 || fixed.Rewritten.Objects != 3 || fixed.Pending.Objects != 4 {
		t.Errorf("%d copies, rewritten %+v, pending %+v", n, fixed.Rewritten, fixed.Pending)
	}
}

// Whatever a colleague does between any two requests of the rewrite of an object, nothing of it is
// lost.
func TestRewriteLosesNoForeignChange(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"HeadObject", "GetObjectACL", "PutObjectCopy"} {
		for name, act := range map[string]func(*rig){
			"writes":  func(r *rig) { r.putYoung("k", cosapi.SSEKMS{KeyID: otherCMK}) },
			"deletes": func(r *rig) { r.remove("k") },
		} {
			t.Run(op+"/"+name, func(t *testing.T) {
				t.Parallel()
				var r *rig
				var once sync.Once
				armed := false
				r = newRig(t, cosemu.Config{Before: func(served string, req *http.Request) {
					if armed && served == op && strings.HasSuffix(req.URL.Path, "/k") {
						once.Do(func() { act(r) })
					}
				}})
				r.directly()
				r.put("k", cosapi.NoEncryption{})
				r.put("other", cosapi.NoEncryption{})
				planned := r.run()
				r.later(time.Minute)
				armed = true
				fixed := r.fix(planned)
				stored, there := r.cloud.Inspect(testBucket, "k")
				if name == "writes" && stored.SSEMode != "SSE-KMS" || name == "deletes" && there {
					t.Errorf("the change is gone: %+v", stored)
				}
				if fixed.Changed != 1 || fixed.Rewritten.Objects != 1 {
					t.Errorf("changed %d, rewritten %+v", fixed.Changed, fixed.Rewritten)
				}
			})
		}
	}
}

// What COS refuses is remembered as long as the object stands, or no plan would ever be empty. A
// retry is asked for.
func TestRewriteRemembersRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	r.directly()
	r.put("locked", cosapi.NoEncryption{})
	r.put("denied", cosapi.NoEncryption{})
	r.put("fine", cosapi.NoEncryption{})
	must(t, r.cloud.LockObject(testBucket, "locked", r.now().Add(48*time.Hour)))
	r.cloud.AddFaults(cosemu.Fault{
		Op: "PutObjectCopy", Key: "denied", Times: 1, Status: 403, Code: "AccessDenied",
	})
	planned := r.run()
	fixed := r.fix(planned)
	for _, f := range []*Findings{fixed, r.after(fixed)} {
		if f.Blocked[ReasonLocked].Objects != 1 || f.Blocked[ReasonDenied].Objects != 1 ||
			f.Pending.Objects != 0 || f.Violations.Objects != 2 {
			t.Fatalf("blocked %v, pending %+v", f.Blocked, f.Pending)
		}
	}
	if len(fixed.Failures) != 2 {
		t.Errorf("failures %q", fixed.Failures)
	}
	retried := r.fix(fixed, func(o *Options) { o.Rewrite.Retry, o.Rewrite.Max = true, 2 })
	if retried.Rewritten.Objects != 1 || retried.Blocked[ReasonLocked].Objects != 1 {
		t.Errorf("retried: %+v, blocked %v", retried.Rewritten, retried.Blocked)
	}
	// Somebody writes the locked object again when its lock has ended: it is another object.
	r.later(72 * time.Hour)
	r.putYoung("locked", cosapi.NoEncryption{})
	if next := r.after(retried); next.Pending.Objects != 1 {
		t.Errorf("then: pending %+v, blocked %v", next.Pending, next.Blocked)
	}
}

// What every object would meet ends the run; what was done until then is kept.
func TestRewriteEndsWhereNothingHelps(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 2000})
	r.options.Engines = []Engine{Direct{Client: r.client, Encryption: cosapi.SSEKMS{KeyID: testCMK}}}
	r.options.Expectation = Expectation{Wanted: &cosapi.EncryptionStatus{
		Mode: cosapi.ModeSSEKMS, KMSKeyID: testCMK,
	}, Modes: []cosapi.Mode{cosapi.ModeSSECOS}}
	r.options.Budget.Concurrency = 1
	planned := r.run()
	r.cloud.ResetJournal()
	r.cloud.AddFaults(cosemu.Fault{
		Op: "PutObjectCopy", Skip: 5, Times: 1000, Status: 400, Code: "KmsKeyDisabled",
	})
	options := r.options
	options.Last = planned.Ledger
	options.Rewrite = &Rewrite{Max: 20, Planned: true}
	fixed, err := Run(t.Context(), options)
	if cosapi.CodeOf(err) != "KmsKeyDisabled" || fixed.Rewritten.Objects != 5 || fixed.Complete {
		t.Errorf("rewritten %+v, complete %v, error %v", fixed.Rewritten, fixed.Complete, err)
	}
	if n := len(r.copies()); n != 6 {
		t.Errorf("%d copies were tried", n)
	}
	r.cloud.ClearFaults()
	r.later(time.Hour)
	next := r.after(fixed)
	if next.Pending.Objects != 15 || next.Heads != 5 {
		t.Errorf("then: pending %+v, %d HEADs", next.Pending, next.Heads)
	}
}

// An object that reports something else than it was asked for is not rewritten again and again.
func TestRewriteThatDoesNotShowIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	r.put("k", cosapi.NoEncryption{})
	r.options.Expectation = Expectation{Wanted: &cosapi.EncryptionStatus{
		Mode: cosapi.ModeSSECOS, Algorithm: "SM4",
	}}
	// The engine asks for another algorithm than the one that is expected: as a COS would look that
	// echoes another name.
	r.directly()
	planned := r.run()
	fixed := r.fix(planned)
	if fixed.Blocked[ReasonError] == nil || fixed.Pending.Objects != 0 || fixed.Compliant() {
		t.Errorf("blocked %v, pending %+v", fixed.Blocked, fixed.Pending)
	}
	r.later(time.Hour)
	if next := r.after(fixed); next.Pending.Objects != 0 {
		t.Errorf("then: pending %+v", next.Pending)
	}
}

// A cancelled run says so, keeps what it did, and the next one goes on.
func TestRewriteIsCancelled(t *testing.T) {
	t.Parallel()
	var cancel context.CancelFunc
	copied := 0
	r := newRig(t, cosemu.Config{Objects: 1000, Before: func(op string, req *http.Request) {
		if op == "PutObjectCopy" {
			if copied++; copied == 4 {
				cancel()
			}
		}
	}})
	r.directly()
	r.options.Budget.Concurrency = 1
	planned := r.run()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	cancel = stop
	options := r.options
	options.Last = planned.Ledger
	options.Rewrite = &Rewrite{Max: planned.Pending.Objects, Planned: true}
	fixed, err := Run(ctx, options)
	if err != nil || fixed.Stopped != StoppedCanceled || fixed.Complete || fixed.Ledger == nil {
		t.Fatalf("stopped %q, ledger %v, %v", fixed.Stopped, fixed.Ledger, err)
	}
	r.later(time.Hour)
	next := r.after(fixed)
	if next.Pending.Objects > 7 || next.Pending.Objects < 6 || next.Heads > 4 {
		t.Errorf("then: pending %+v, %d HEADs", next.Pending, next.Heads)
	}
	if last := r.fix(next); !last.Compliant() {
		t.Errorf("at last: %+v", last.Violations)
	}
}

// Nothing but the encryption changes.
func TestRewriteKeepsTheObject(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	r.options.Keyring = cosapi.NewKeyring(map[string]cosapi.CustomerKey{"a": key(t, keyA)})
	r.directly()
	odd := "sp ace/+%2F,\"é€.bin"
	for name, encryption := range map[string]cosapi.Encryption{
		odd: cosapi.NoEncryption{}, "ssec": cosapi.SSEC{Key: key(t, keyA)},
		"kms": cosapi.SSEKMS{KeyID: otherCMK, Context: map[string]string{"a": "b"}},
	} {
		_, err := r.client.Put(t.Context(), r.ref(name), cosapi.BytesBody([]byte("body of "+name)),
			cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{
				Encryption: encryption, StorageClass: "STANDARD_IA", Tags: map[string]string{"t": "v w"},
				ACL: &cosapi.ACL{Canned: "public-read"},
				Headers: cosapi.ObjectHeaders{
					ContentType: "text/x", CacheControl: "no-store", ContentLanguage: "de",
					Metadata: map[string]string{"m": "1"},
				},
			}})
		must(t, err)
		r.age(name, time.Hour)
	}
	before := map[string]cosemu.Stored{}
	for _, name := range []string{odd, "ssec", "kms"} {
		before[name], _ = r.cloud.Inspect(testBucket, name)
	}
	fixed := r.fix(r.run())
	if fixed.Rewritten.Objects != 3 || !fixed.Compliant() {
		t.Fatalf("rewritten %+v, failures %q", fixed.Rewritten, fixed.Failures)
	}
	for name, was := range before {
		is, _ := r.cloud.Inspect(testBucket, name)
		was.ETag, was.LastModified, was.SSEMode = is.ETag, is.LastModified, "SSE-COS"
		was.Algorithm, was.KMSKeyID, was.KeyMD5 = "AES256", "", ""
		was.VersionID = is.VersionID
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
