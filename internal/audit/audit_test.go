package audit

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

func TestAuditCounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	r.put("a/none", cosapi.NoEncryption{})
	r.put("a/cos", cosapi.SSECOS{})
	r.put("b/kms", cosapi.SSEKMS{KeyID: otherCMK})
	r.put("b/x/ssec", cosapi.SSEC{Key: key(t, keyA)})
	r.put("lost", cosapi.SSEC{Key: key(t, keyB)})
	r.put("skip/me", cosapi.NoEncryption{})
	r.options.Exclude = []string{"skip/"}
	r.options.Keyring = cosapi.NewKeyring(map[string]cosapi.CustomerKey{"a": key(t, keyA)})
	r.options.Engines = []Engine{countingEngine{}}
	f := r.run()
	if f.Total.Objects != 5 || f.Total.Bytes != 6+5+5+8+4 || f.Excluded != (Tally{1, 7}) {
		t.Errorf("total %+v, excluded %+v", f.Total, f.Excluded)
	}
	byMode := map[string]int64{}
	for facts, tally := range f.ByEncryption {
		byMode[facts.String()] = tally.Objects
	}
	want := map[string]int64{
		"NONE": 1, "SSE-COS AES256": 1, "SSE-KMS key " + otherCMK: 1, "SSE-C": 1,
		"SSE-C key MD5 " + key(t, keyA).MD5(): 1,
	}
	if diff := cmp.Diff(want, byMode); diff != "" {
		t.Errorf("by encryption (-want +got):\n%s", diff)
	}
	if f.Violations.Objects != 4 || f.Blocked[ReasonCustomerKey].Objects != 1 ||
		f.Pending.Objects != 3 || f.Pending.Requests != 9 || f.Pending.ByEngine["counting"] != 3 {
		t.Errorf("violations %+v, blocked %v, pending %+v", f.Violations, f.Blocked, f.Pending)
	}
	if f.ByFolder["a/"].Objects != 2 || f.ByFolder["b/"].Objects != 2 || f.ByFolder[""].Objects != 1 {
		t.Errorf("folders %v", f.ByFolder)
	}
	if f.ByClass["STANDARD"].Objects != 5 || !f.Complete || f.Compliant() || f.Unknown.Objects != 0 {
		t.Errorf("classes %v, complete %v, compliant %v", f.ByClass, f.Complete, f.Compliant())
	}
	if len(f.Samples) != 4 || f.Samples[0].Key != "a/none" ||
		f.Samples[0].Problem != "it is not encrypted" {
		t.Errorf("samples %+v", f.Samples)
	}
	if slices.Contains(r.heads(), "skip/me") {
		t.Error("an excluded object was looked at")
	}
}

// countingEngine takes every object and is never asked to rewrite one.
type countingEngine struct{}

func (countingEngine) Name() string         { return "counting" }
func (countingEngine) Takes(Candidate) bool { return true }
func (countingEngine) Cost(Candidate) int64 { return 3 }
func (countingEngine) Rewrite(context.Context, Candidate) (Outcome, error) {
	panic("an audit rewrote something")
}

// The second audit of a bucket in which nothing happened costs its listing and the ledger.
func TestAuditProvesByTheLedger(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 2500})
	first := r.run()
	if first.Heads != 2500 || first.Violations.Objects != 25 || first.Ledger.Rows != 2500 {
		t.Fatalf("first: %+v", first)
	}
	second := r.after(first)
	if second.Heads != 0 || second.Proven != 2500 || second.Violations.Objects != 25 {
		t.Errorf("second: %d HEADs, %d proven, %+v", second.Heads, second.Proven, second.Violations)
	}
	if n := r.cloud.Requests("HeadObject"); n != 0 {
		t.Errorf("%d HEADs", n)
	}
	if n := r.cloud.Requests("GetBucket"); n != 3 {
		t.Errorf("%d LISTs", n)
	}
	// Nothing is new, so there is nothing to write.
	if n := r.cloud.Requests("PutObject"); n != 0 || second.Ledger.SHA256 != first.Ledger.SHA256 {
		t.Errorf("%d PUTs", n)
	}
	if first.ListingSHA256 != second.ListingSHA256 {
		t.Error("equal findings have different digests")
	}
	// Another expectation is another verdict about the same facts: no HEAD either.
	third := r.after(first, func(o *Options) {
		o.Expectation = Expectation{Wanted: &cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS}}
	})
	if third.Heads != 0 || third.Violations.Objects != 2500 {
		t.Errorf("another expectation: %d HEADs, %+v", third.Heads, third.Violations)
	}
}

func TestAuditLooksAtWhatChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 1500})
	first := r.run()
	r.put("bulk/00000007", cosapi.NoEncryption{})
	r.put("bulk/00001200", cosapi.SSEKMS{KeyID: testCMK})
	r.put("a-first", cosapi.SSECOS{})
	r.put("z-last", cosapi.NoEncryption{})
	r.remove("bulk/00000099") // one in violation
	r.remove("bulk/00001499") // the last one, also in violation
	second := r.after(first)
	want := []string{"a-first", "bulk/00000007", "bulk/00001200", "z-last"}
	heads := r.heads()
	slices.Sort(heads)
	if diff := cmp.Diff(want, heads); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
	if second.Dropped != 2 || second.Total.Objects != 1500 || second.Violations.Objects != 13+3 {
		t.Errorf("dropped %d, total %d, violations %d", second.Dropped, second.Total.Objects,
			second.Violations.Objects)
	}
	if third := r.after(second); third.Heads != 0 || third.Total != second.Total {
		t.Errorf("then: %d HEADs, %+v", third.Heads, third.Total)
	}
}

// One test per rule of trust. Each begins with a ledger, changes what the rule is about, and says
// what is looked at again.
func TestLedgerTrust(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first func(*rig) // before the first audit
		then  func(*rig) // between the two
		keys  []string
	}{
		"nothing": {},
		"written less than 60 s before the listing": {
			first: func(r *rig) {
				r.putYoung("young", cosapi.SSECOS{})
				r.age("young", 50*time.Second)
				r.putYoung("settled", cosapi.SSECOS{})
				r.age("settled", 70*time.Second)
			},
			then: func(r *rig) { r.later(time.Hour) },
			keys: []string{"young"},
		},
		"another ETag under the same time": {
			then: func(r *rig) {
				r.putYoung("bulk/00000003", cosapi.SSEKMS{KeyID: testCMK})
				r.setTimeOf("bulk/00000003", "bulk/00000004")
			},
			keys: []string{"bulk/00000003"},
		},
		"another time under the same ETag": {
			then: func(r *rig) {
				r.touch("bulk/00000003")
			},
			keys: []string{"bulk/00000003"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, cosemu.Config{Objects: 10})
			if test.first != nil {
				test.first(r)
			}
			first := r.run()
			if test.then != nil {
				test.then(r)
			}
			r.after(first)
			heads := r.heads()
			slices.Sort(heads)
			if diff := cmp.Diff(append([]string{}, test.keys...), heads); diff != "" {
				t.Errorf("looked at (-want +got):\n%s", diff)
			}
		})
	}
}

// What replication made is looked at again, because a replica may get its time from elsewhere.
func TestLedgerTrustsNoReplica(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 3})
	first := r.run()
	reader, _, err := r.options.Evidence.open(t.Context(), *first.Ledger, r.options.Secret)
	must(t, err)
	again, err := r.options.Evidence.create(t.Context(), r.options.Secret, reader.header)
	must(t, err)
	for i := range 3 {
		next, err := reader.next()
		must(t, err)
		next.replica = i == 1
		must(t, again.add(next))
	}
	ledger, err := again.commit()
	must(t, err)
	r.after(&Findings{Ledger: &ledger})
	if diff := cmp.Diff([]string{"bulk/00000001"}, r.heads()); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
}

// A look within 2 s of Last-Modified proves nothing, also where the listing began much later: that
// is the look of an audit that took long, or a copy's own answer.
func TestLedgerTrustNeedsTwoSeconds(t *testing.T) {
	t.Parallel()
	d := due{settle: 1_000_000}
	for looked, want := range map[int64]bool{
		100_000: false, 100_001: false, 100_002: true, 200_000: true, 99_000: false,
	} {
		if got := d.trusts(&row{modified: 100_000, looked: looked}); got != want {
			t.Errorf("written at 100000, looked at %d: trusted %v", looked, got)
		}
	}
	for modified, want := range map[int64]bool{1_000_000: true, 1_000_001: false} {
		if got := d.trusts(&row{modified: modified, looked: 2_000_000}); got != want {
			t.Errorf("written at %d: trusted %v", modified, got)
		}
	}
	if d.trusts(&row{modified: 1, looked: 100, replica: true}) {
		t.Error("a replica is trusted")
	}
}

// A HEAD that is of another object than the listed one does not count: the object is listed again.
func TestAuditHeadHasToMatchTheListing(t *testing.T) {
	t.Parallel()
	var r *rig
	var done atomic.Bool
	r = newRig(t, cosemu.Config{Objects: 5, Before: func(op string, req *http.Request) {
		if op == "HeadObject" && strings.HasSuffix(req.URL.Path, "00000002") && done.CompareAndSwap(false, true) {
			r.putYoung("bulk/00000002", cosapi.NoEncryption{})
		}
	}})
	f := r.run()
	if f.Violations.Objects != 1 || f.Unknown.Objects != 0 || f.Total.Objects != 5 {
		t.Errorf("%+v", f)
	}
	var finds int
	for _, entry := range r.cloud.Journal() {
		if entry.Op == "GetBucket" {
			finds++
		}
	}
	if finds != 2 {
		t.Errorf("%d listings, want the page and one object", finds)
	}
}

// An object that keeps changing is unknown, and no row of it is kept.
func TestAuditOfAnObjectThatKeepsChanging(t *testing.T) {
	t.Parallel()
	var r *rig
	var inside atomic.Bool
	r = newRig(t, cosemu.Config{Objects: 5, Before: func(op string, req *http.Request) {
		if op == "HeadObject" && strings.HasSuffix(req.URL.Path, "00000002") && inside.CompareAndSwap(false, true) {
			r.putYoung("bulk/00000002", cosapi.SSECOS{})
			r.age("bulk/00000002", -time.Duration(time.Now().UnixNano()%1000)*time.Second)
			inside.Store(false)
		}
	}})
	f := r.run()
	if f.UnknownBy[reasonChanging] != 1 || f.Unknown.Objects != 1 || !f.Complete || f.Compliant() ||
		f.Ledger.Rows != 4 {
		t.Errorf("unknown %v, complete %v, rows %d", f.UnknownBy, f.Complete, f.Ledger.Rows)
	}
}

func TestAuditOfAnObjectThatVanishes(t *testing.T) {
	t.Parallel()
	var r *rig
	r = newRig(t, cosemu.Config{Objects: 5, Before: func(op string, req *http.Request) {
		if op == "HeadObject" && strings.HasSuffix(req.URL.Path, "00000002") {
			r.remove("bulk/00000002")
		}
	}})
	f := r.run()
	if f.Vanished != 1 || f.Total.Objects != 4 || f.Unknown.Objects != 0 || !f.Compliant() {
		t.Errorf("vanished %d, total %d, unknown %v", f.Vanished, f.Total.Objects, f.UnknownBy)
	}
}

// An object that the listing names twice and that nobody finds is not gone: it is unknown.
func TestAuditOfAGhost(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{ListLag: time.Hour})
	r.put("ghost", cosapi.SSECOS{})
	r.later(2 * time.Hour)
	r.remove("ghost")
	f := r.run()
	if f.UnknownBy[reasonVanished] != 1 || f.Total.Objects != 1 || f.Compliant() {
		t.Errorf("unknown %v, total %d", f.UnknownBy, f.Total.Objects)
	}
}

// One bad object among 3,000 costs itself, not the audit.
func TestAuditCountsWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 3000})
	r.options.Expectation = Expectation{Modes: []cosapi.Mode{cosapi.ModeNone, cosapi.ModeSSECOS}}
	r.cloud.AddFaults(cosemu.Fault{
		Op: "HeadObject", Key: "bulk/00001234", Times: 1000, Status: 500, Code: "InternalError",
	})
	f := r.run()
	if f.Unknown.Objects != 1 || f.UnknownBy[ReasonError] != 1 || f.Total.Objects != 3000 ||
		f.Violations.Objects != 0 || !f.Complete || f.Compliant() || f.Ledger.Rows != 2999 {
		t.Errorf("unknown %v, total %d, complete %v, compliant %v", f.UnknownBy, f.Total.Objects,
			f.Complete, f.Compliant())
	}
	r.cloud.ClearFaults()
	second := r.after(f)
	if diff := cmp.Diff([]string{"bulk/00001234"}, r.heads()); diff != "" || !second.Compliant() {
		t.Errorf("compliant %v, looked at (-want +got):\n%s", second.Compliant(), diff)
	}
}

// What must not be looked at is unknown and not in violation, and too many of them end the audit.
func TestAuditMaxErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 2000})
	for _, op := range []string{"HeadObject", "GetObject"} {
		r.cloud.AddFaults(cosemu.Fault{Op: op, Times: 100_000, Status: 403, Code: "AccessDenied"})
	}
	r.options.Evidence = nil
	r.options.Budget = Budget{MaxErrors: 20, Concurrency: 4}
	f := r.run()
	if f.Stopped != StoppedErrors || f.Complete || f.Violations.Objects != 0 {
		t.Errorf("stopped %q, complete %v", f.Stopped, f.Complete)
	}
	if n := f.UnknownBy[ReasonDenied]; n < 21 || n > 24 {
		t.Errorf("%d objects were denied", n)
	}
	if f.Unknown.Objects != f.Total.Objects {
		t.Errorf("%d of %d are unknown", f.Unknown.Objects, f.Total.Objects)
	}
}

func TestAuditFailsAsAWhole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault cosemu.Fault
		code  string
	}{
		"the credentials expire": {
			cosemu.Fault{Op: "HeadObject", Skip: 40, Times: 100_000, Status: 403, Code: "ExpiredToken"},
			"ExpiredToken",
		},
		"the listing is refused": {
			cosemu.Fault{Op: "GetBucket", Skip: 1, Times: 100_000, Status: 403, Code: "AccessDenied"},
			"AccessDenied",
		},
		"the listing fails": {
			cosemu.Fault{Op: "GetBucket", Skip: 1, Times: 100_000, Status: 500, Code: "InternalError"},
			"InternalError",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, cosemu.Config{Objects: 1500})
			faults := []cosemu.Fault{test.fault}
			if test.fault.Op == "HeadObject" {
				again := test.fault
				again.Op = "GetObject"
				again.Skip = 0
				faults = append(faults, again)
			}
			r.cloud.AddFaults(faults...)
			r.options.Evidence = nil
			f, err := Run(t.Context(), r.options)
			if cosapi.CodeOf(err) != test.code || f.Complete {
				t.Errorf("complete %v, error %v", f.Complete, err)
			}
		})
	}
}

// The budgets: none of them lets an audit claim more than it saw, and what it saw is kept.
func TestAuditWithinABudget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		budget Budget
		reason string
		least  int64
	}{
		"requests": {Budget{MaxRequests: 500}, StoppedRequests, 498},
		"duration": {Budget{MaxDuration: 500 * time.Second, Rate: 1}, StoppedDuration, 490},
		"objects":  {Budget{MaxObjects: 700}, StoppedObjects, 700},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, cosemu.Config{Objects: 3000})
			var clock atomic.Int64
			r.options.Now = func() time.Time { return time.Unix(0, clock.Load()) }
			r.options.Sleep = func(ctx context.Context, d time.Duration) error {
				clock.Add(int64(d))
				return ctx.Err()
			}
			r.options.Budget = test.budget
			r.options.Budget.Concurrency = 1
			f := r.run()
			if f.Stopped != test.reason || f.Complete || f.Compliant() {
				t.Errorf("stopped %q, complete %v", f.Stopped, f.Complete)
			}
			seen := f.Total.Objects - f.NotLooked
			if seen < test.least || seen > test.least+15 || f.Ledger.Rows != seen {
				t.Errorf("%d objects were seen, %d rows kept", seen, f.Ledger.Rows)
			}
			rest := r.after(f, func(o *Options) { o.Budget = Budget{} })
			if rest.Heads != 3000-seen || !rest.Complete || rest.Violations.Objects != 30 {
				t.Errorf("the rest took %d HEADs after %d", rest.Heads, seen)
			}
		})
	}
}

// A run that ends early keeps what the last ledger says of the keys that it did not reach.
func TestAuditCutShortKeepsTheLastLedger(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 3000})
	first := r.run()
	r.put("a-new", cosapi.NoEncryption{})
	second := r.after(first, func(o *Options) { o.Budget.MaxRequests = 3 })
	if second.Stopped != StoppedRequests || second.Ledger.Rows != 3001 {
		t.Fatalf("stopped %q with %d rows", second.Stopped, second.Ledger.Rows)
	}
	if third := r.after(second); third.Heads != 0 || third.Violations.Objects != 31 {
		t.Errorf("%d HEADs, %d violations", third.Heads, third.Violations.Objects)
	}
	// What was only to be looked at again, and was not, keeps its row.
	r.later(100 * 24 * time.Hour)
	fourth := r.after(second, func(o *Options) { o.Budget.MaxRequests = 700 })
	if fourth.Heads != 699 || fourth.Ledger.Rows != 3001 {
		t.Errorf("%d HEADs, %d rows", fourth.Heads, fourth.Ledger.Rows)
	}
}

func TestAuditRate(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 200})
	var clock atomic.Int64
	r.options.Now = func() time.Time { return time.Unix(0, clock.Load()) }
	r.options.Sleep = func(_ context.Context, d time.Duration) error {
		clock.Add(int64(d))
		return nil
	}
	r.options.Evidence = nil
	r.options.Budget = Budget{Rate: 10, Concurrency: 1}
	r.run()
	if took := time.Duration(clock.Load()); took < 19*time.Second || took > 21*time.Second {
		t.Errorf("201 requests at 10/s took %s", took)
	}
}

// Keys that no configuration can hold are audited, counted and named percent-encoded.
func TestAuditOfKeysThatTerraformCannotCarry(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	odd := "e\u0301/ +%2F,\"\u202e.txt"
	r.put(odd, cosapi.NoEncryption{})
	r.put("é", cosapi.SSECOS{})
	r.options.Namable = func(key string) bool { return !strings.Contains(key, "\u0301") }
	f := r.run()
	encoded := "e%CC%81/%20%2B%252F%2C%22%E2%80%AE.txt"
	if f.Unnamable != 1 || f.UnnamableKeys[0] != encoded || f.Samples[0].Key != encoded ||
		f.Unknown.Objects != 0 || f.Total.Objects != 2 || f.Violations.Objects != 1 {
		t.Errorf("%d unnamable %v, samples %v, unknown %v", f.Unnamable, f.UnnamableKeys, f.Samples,
			f.UnknownBy)
	}
}

func TestAuditOfVersions(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	r.options.Bucket.Bucket = versionedBucket
	put := func(key string, encryption cosapi.Encryption) {
		ref := r.ref(key)
		ref.Bucket = versionedBucket
		_, err := r.client.Put(t.Context(), ref, cosapi.BytesBody([]byte(key)),
			cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: encryption}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("a", cosapi.NoEncryption{})
	put("a", cosapi.SSECOS{})
	put("a", cosapi.SSEKMS{KeyID: testCMK})
	put("b", cosapi.SSECOS{})
	put("gone", cosapi.NoEncryption{})
	ref := r.ref("gone")
	ref.Bucket = versionedBucket
	if _, err := r.client.Delete(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	r.options.Engines = []Engine{countingEngine{}}
	r.options.Versions = true
	r.later(time.Hour)
	first := r.run()
	// Of a, the current version is of the wrong mode and pending; its oldest, and the one behind the
	// marker, can only be reported.
	if first.Total.Objects != 5 || first.Violations.Objects != 3 || first.Pending.Objects != 1 ||
		first.Pending.NewVersions != 1 || first.Blocked[ReasonNoncurrent].Objects != 2 {
		t.Errorf("total %+v, violations %+v, pending %+v, blocked %v", first.Total, first.Violations,
			first.Pending, first.Blocked)
	}
	put("a", cosapi.SSECOS{})
	r.later(time.Hour)
	second := r.after(first)
	if second.Heads != 1 || second.Total.Objects != 6 || second.Dropped != 0 {
		t.Errorf("%d HEADs, total %d, dropped %d", second.Heads, second.Total.Objects, second.Dropped)
	}
	current := r.after(first, func(o *Options) { o.Versions = false })
	if len(current.Warnings) == 0 || current.Total.Objects != 2 {
		t.Errorf("the ledger of another audit: %v, total %d", current.Warnings, current.Total.Objects)
	}
}

func TestAuditBlocks(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	r.options.Engines = []Engine{countingEngine{}}
	r.put("archived", cosapi.NoEncryption{})
	r.put("restored", cosapi.NoEncryption{})
	for _, key := range []string{"archived", "restored"} {
		if err := r.cloud.SetObjectStorageClass(testBucket, key, "ARCHIVE"); err != nil {
			t.Fatal(err)
		}
	}
	restore := func(key string) {
		_, err := r.client.Restore(t.Context(), r.ref(key), cosapi.RestoreOptions{Days: 3})
		if err != nil {
			t.Fatal(err)
		}
	}
	restore("restored")
	f := r.run()
	if f.Blocked[ReasonArchived].Objects != 1 || f.Pending.Objects != 1 || f.Pending.Early != 1 {
		t.Errorf("blocked %v, pending %+v", f.Blocked, f.Pending)
	}
	// A restore shows in a HEAD only. It is asked for again after a day.
	restore("archived")
	if f := r.after(f); f.Heads != 0 {
		t.Errorf("%d HEADs within a day", f.Heads)
	}
	r.later(25 * time.Hour)
	if f := r.after(f); f.Pending.Objects != 2 {
		t.Errorf("after a day: %+v, blocked %v", f.Pending, f.Blocked)
	}
}

// What was proven longest ago is looked at again: as much as the days since the last audit ask for,
// and all of what was not looked at for 90 days.
func TestAuditLooksAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 900})
	first := r.run()
	r.later(24 * time.Hour)
	second := r.after(first)
	if second.Heads != 10 {
		t.Errorf("after a day %d HEADs, want 900/90", second.Heads)
	}
	r.later(9 * 24 * time.Hour)
	third := r.after(second)
	if third.Heads != 90 {
		t.Errorf("after nine days %d HEADs, want 90", third.Heads)
	}
	if slices.Contains(r.heads(), "bulk/00000000") {
		t.Error("what was looked at yesterday is not what was proven longest ago")
	}
	r.later(81 * 24 * time.Hour)
	if f := r.after(third); f.Heads < 800 || f.Heads > 811 {
		t.Errorf("after 91 days %d HEADs", f.Heads)
	}
	var looked int
	r.cloud.ResetJournal()
	f := first
	for range 90 {
		r.later(24 * time.Hour)
		f = r.after(f)
		looked += int(f.Heads)
	}
	if looked < 900 || looked > 1900 {
		t.Errorf("in 90 audits %d HEADs", looked)
	}
}

// A ledger that cannot be trusted is ignored as a whole, with a warning.
func TestAuditIgnoresALedger(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*rig, *Findings){
		"forged": func(r *rig, f *Findings) {
			file := r.evidence(f.Ledger.Key)
			file[len(file)/2] ^= 1
			r.putEvidence(f.Ledger.Key, file)
		},
		"written by somebody with another secret": func(r *rig, f *Findings) {
			r.putEvidence(f.Ledger.Key, written(r.t, NewSecret(), header{
				Region: testRegion, Bucket: testBucket, ListedAt: f.ListedAt,
			}, someRows(10)))
		},
		"truncated": func(r *rig, f *Findings) {
			file := r.evidence(f.Ledger.Key)
			r.putEvidence(f.Ledger.Key, file[:len(file)-40])
		},
		"truncated, with zeros behind": func(r *rig, f *Findings) {
			file := r.evidence(f.Ledger.Key)
			clear(file[len(file)-40:])
			r.putEvidence(f.Ledger.Key, file)
		},
		"empty": func(r *rig, f *Findings) { r.putEvidence(f.Ledger.Key, nil) },
		"gone": func(r *rig, f *Findings) {
			must(r.t, r.options.Evidence.remove(r.t.Context(), f.Ledger.Key))
		},
		"denied": func(r *rig, _ *Findings) {
			r.cloud.AddFaults(cosemu.Fault{Op: "GetObject", Times: 1, Status: 403, Code: "AccessDenied"})
		},
		"swapped for an older one of ours": func(r *rig, f *Findings) {
			r.later(time.Hour)
			r.put("zz", cosapi.SSECOS{})
			older := r.evidence(f.Ledger.Key)
			*f = *r.after(f)
			r.putEvidence(f.Ledger.Key, older)
			f.Ledger.Size = int64(len(older)) // as if they were of one length
		},
		"of another bucket": func(r *rig, f *Findings) {
			*f = *r.run(func(o *Options) { o.Bucket.Bucket = versionedBucket })
		},
		"of another prefix": func(r *rig, f *Findings) {
			*f = *r.run(func(o *Options) { o.Prefix = "bulk/" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, cosemu.Config{Objects: 1200})
			first := r.run()
			spoil(r, first)
			second := r.after(first)
			if len(second.Warnings) != 1 || !strings.Contains(second.Warnings[0], "ignored") {
				t.Errorf("warnings: %v", second.Warnings)
			}
			if second.Heads != second.Total.Objects || second.Heads < 1200 {
				t.Errorf("%d HEADs for %d objects", second.Heads, second.Total.Objects)
			}
			if third := r.after(second); len(third.Warnings) != 0 || third.Heads > 1 {
				t.Errorf("then: %d HEADs, %v", third.Heads, third.Warnings)
			}
		})
	}
}

// Who may not write the ledger can audit all the same.
func TestAuditWithoutTheRightToWriteTheLedger(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 20})
	r.cloud.AddFaults(cosemu.Fault{Op: "PutObject", Times: 100, Status: 403, Code: "AccessDenied"})
	f := r.run()
	if f.Ledger != nil || len(f.Warnings) != 1 || !f.Complete {
		t.Errorf("ledger %v, warnings %v, complete %v", f.Ledger, f.Warnings, f.Complete)
	}
}

func TestTrimKeepsTheNewestAndTheStates(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{Objects: 5})
	var ledgers []Ledger
	for i := range 6 {
		r.put(fmt.Sprintf("k%d", i), cosapi.SSECOS{})
		r.later(time.Minute)
		ledgers = append(ledgers, *r.run().Ledger)
	}
	foreign := *r.run(func(o *Options) { o.Secret = NewSecret() }).Ledger
	must(t, r.options.Evidence.Trim(t.Context(), r.options.Secret, ledgers[1]))
	kept := map[int]bool{}
	for i, ledger := range append(ledgers, foreign) {
		_, kept[i] = r.cloud.Inspect(evidenceBucket, ledger.Key)
	}
	want := map[int]bool{0: false, 1: true, 2: false, 3: true, 4: true, 5: true, 6: true}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// A ledger of more than one part is sent in parts, gets the name of its content, and leaves nothing
// else behind.
func TestLedgerOfSeveralParts(t *testing.T) {
	t.Parallel()
	r := newRig(t, cosemu.Config{})
	next, err := r.options.Evidence.create(t.Context(), r.options.Secret, testHeader)
	must(t, err)
	rows := someRows(300_000)
	for i := range rows {
		// Real fingerprints do not compress.
		rows[i].print = newPrint(i)
		must(t, next.add(rows[i]))
	}
	ledger, err := next.commit()
	must(t, err)
	if ledger.Size < cosapi.DefaultStreamPart || ledger.Rows != int64(len(rows)) {
		t.Fatalf("%d bytes, %d rows", ledger.Size, ledger.Rows)
	}
	t.Logf("%.1f bytes a row", float64(ledger.Size)/float64(ledger.Rows))
	reader, _, err := r.options.Evidence.open(t.Context(), ledger, r.options.Secret)
	must(t, err)
	for i := range rows {
		got, err := reader.next()
		if err != nil || got != rows[i] {
			t.Fatalf("row %d: %+v, %v", i, got, err)
		}
	}
	listed, err := r.options.Evidence.list(t.Context(), "")
	must(t, err)
	if len(listed) != 1 || listed[0].Key != ledger.Key {
		t.Errorf("left behind: %v", listed)
	}
}
