package prefix_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

const (
	prefixType     = "cos_encrypted_prefix"
	evidenceBucket = "audit-1250000000"
)

// newCloud is a cloud with a bucket of n objects by formula, of which every hundredth is plain, and
// one for evidence.
func newCloud(t testing.TB, n int, change ...func(*cosemu.Config)) *pt.Cloud {
	t.Helper()
	config := cosemu.Config{
		Buckets: []string{pt.Bucket, evidenceBucket}, Objects: n, JournalLimit: -1,
	}
	for _, f := range change {
		f(&config)
	}
	return pt.NewCloud(t, config)
}

// whole is a configuration of the whole bucket with SSE-COS.
func whole() pt.Attrs {
	return pt.Attrs{
		"bucket": pt.Bucket, "prefix": "", "sse": pt.SSECOS(),
		"evidence": []pt.Attrs{{"bucket": evidenceBucket, "prefix": "encryption/"}},
		"audit":    []pt.Attrs{{"max_age": "0s", "rate": 0}},
	}
}

func without(config pt.Attrs, names ...string) pt.Attrs {
	change := pt.Attrs{}
	for _, name := range names {
		change[name] = nil
	}
	return config.With(change)
}

// fewTries keeps tests of failures short.
var fewTries = pt.Attrs{"max_retries": 1}

// process is the resource in a provider process of its own, as each run of the CLI has one.
func process(t testing.TB, c *pt.Cloud, r *pt.Instance) *pt.Instance {
	t.Helper()
	server := pt.NewServer(t, c, fewTries)
	if r == nil {
		return server.Resource(prefixType)
	}
	return r.On(server)
}

// created applies a configuration for the first time.
func created(t testing.TB, c *pt.Cloud, config pt.Attrs) *pt.Instance {
	t.Helper()
	r := process(t, c, nil)
	r.MustApply(config)
	return process(t, c, r)
}

// settle lets what was written a moment ago be old enough to be trusted.
func settle(t testing.TB, c *pt.Cloud, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := c.AgeObject(pt.Bucket, key, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
}

func requests(c *pt.Cloud, op, bucket string) []string {
	keys := []string{}
	for _, entry := range c.Journal() {
		if entry.Op == op && entry.Bucket == bucket {
			keys = append(keys, entry.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestCreateAuditsAndRewritesNothing(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 1200)
	r := process(t, c, nil)
	change := r.Plan(whole())
	if change.Action != "create" || len(c.Journal()) != 0 {
		t.Fatalf("plan: %s %s, %v", change.Action, change.Errors(), c.Ops())
	}
	diagnostics := r.ApplyPlanned(change)
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "12 of 1200 objects") ||
		!strings.Contains(text, "the whole bucket") || !strings.Contains(text, "rewrites 12 of them") {
		t.Errorf("warning: %s", text)
	}
	r.Expect(pt.Attrs{
		"id": pt.Bucket + "/", "total": 1200, "bytes": 1200 * 1024, "violations": 12, "excluded": 0,
		"unknown": 0, "compliant": false, "complete": true, "counts.NONE": 12,
		"counts.SSE-COS AES256": 1188, "pending.objects": 12, "pending.bytes": 12 * 1024,
		"pending.requests": 36, "pending.by_engine.direct": 12, "pending.new_versions": 0,
		"violation_samples.0.key": "bulk/00000099", "violation_samples.0.mode": "NONE",
		"violation_samples.0.violation": "it is not encrypted", "status": "violations",
		"region": pt.Region,
	})
	if copies := c.Requests("PutObjectCopy"); copies != 0 {
		t.Errorf("%d objects were rewritten", copies)
	}
	if writes := requests(c, "PutObject", pt.Bucket); len(writes) != 0 {
		t.Errorf("the audited bucket was written: %v", writes)
	}
	if size := stateSize(t, r); size > 8<<10 {
		t.Errorf("the state has %d bytes", size)
	}
}

// stateSize is how much Terraform stores of the resource.
func stateSize(t testing.TB, r *pt.Instance) int {
	t.Helper()
	text, err := json.Marshal(pt.Plain(t, r.State))
	pt.Must(t, err)
	return len(text) + len(r.Private)*4/3
}

func TestUpdateRewritesWhatThePlanShows(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]pt.Attrs{
		"with evidence": whole(), "without": without(whole(), "evidence"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, 700)
			r := created(t, c, config)
			r.MustRefresh()
			change := r.Plan(config)
			if change.Action != "update" || !strings.Contains(change.Warnings(), "rewrites 7 objects") {
				t.Fatalf("plan: %s, %s", change.Action, change.Warnings())
			}
			// After the plan was saved, more of them appear.
			c.Place(pt.Ref("a-eighth"), "plain", cosapi.WriteOptions{})
			c.Place(pt.Ref("bulk/00000000"), "plain now", cosapi.WriteOptions{})
			r = process(t, c, r)
			diagnostics := r.ApplyPlanned(change)
			if text := pt.ErrorText(diagnostics); text != "" {
				t.Fatal(text)
			}
			copies := requests(c, "PutObjectCopy", pt.Bucket)
			if len(copies) != 7 || slices.Contains(copies, "a-eighth") ||
				slices.Contains(copies, "bulk/00000000") {
				t.Errorf("rewritten: %v", copies)
			}
			r.Expect(pt.Attrs{
				"total": 701, "violations": 2, "pending.objects": 2, "compliant": false,
				"complete": true, "status": "violations",
			})
			settle(t, c, "a-eighth", "bulk/00000000")
			r = process(t, c, r)
			r.MustRefresh()
			r.MustApply(config)
			r.Expect(pt.Attrs{"violations": 0, "compliant": true, "status": "compliant"})
			process(t, c, r).MustBeClean(config)
		})
	}
}

// A later refresh costs the listing and the ledger; an unchanged bucket changes nothing in the state.
func TestRefreshIsTheListing(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 2500)
	config := whole().With(pt.Attrs{"enforce": false})
	r := created(t, c, config)
	before, at := r.State, r.Attr("audited_at")
	c.ResetJournal()
	r.MustRefresh()
	if !r.State.Equal(before) || r.Attr("audited_at") != at {
		t.Errorf("the state changed: %s", pt.Differences(before, r.State))
	}
	ops := map[string]int{}
	for _, op := range c.Ops() {
		ops[op]++
	}
	if ops["GetBucket"] != 3 || ops["HeadObject"] != 0 || ops["GetObject"] != 1 || len(ops) != 2 {
		t.Errorf("requests: %v", ops)
	}
	// Within max_age there are none.
	r = process(t, c, r)
	r.MustApply(config.With(pt.Attrs{"audit": []pt.Attrs{{"max_age": "1h"}}}))
	c.ResetJournal()
	r.MustRefresh()
	c.ExpectOps()
}

// Core shows no drift where nothing is planned: the warning does.
func TestEnforceFalseNeverPlansARewrite(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	config := whole().With(pt.Attrs{"enforce": false})
	r := created(t, c, config)
	diagnostics := r.Refresh()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "3 of 300") {
		t.Errorf("warning: %q", text)
	}
	if change := r.Plan(config); change.Action != "no-op" {
		t.Errorf("plan: %s", change.Action)
	}
	// Once it is enforced the bill that the state has shown is worked off.
	r = process(t, c, r)
	if change := r.MustApply(whole()); !strings.Contains(change.Warnings(), "rewrites 3 objects") {
		t.Errorf("plan: %s", change.Warnings())
	}
	r.Expect(pt.Attrs{"compliant": true})
}

// What is blocked is said and not planned, or no plan would ever be empty.
func TestBlockedIsNotPlanned(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 0)
	for _, key := range []string{"archived", "foreign", "locked", "plain"} {
		options := cosapi.WriteOptions{}
		if key == "foreign" {
			options.Encryption = cosapi.SSEC{Key: pt.MustKey(t, pt.KeyD)}
		}
		c.Place(pt.Ref(key), "x", options)
		settle(t, c, key)
	}
	pt.Must(t, c.SetObjectStorageClass(pt.Bucket, "archived", "ARCHIVE"))
	pt.Must(t, c.LockObject(pt.Bucket, "locked", time.Now().Add(time.Hour)))
	r := created(t, c, whole())
	r.Expect(pt.Attrs{
		"violations": 4, "pending.objects": 2, "blocked.archived": 1, "blocked.customer_key": 1,
	})
	r.MustRefresh()
	r.MustApply(whole())
	r.Expect(pt.Attrs{
		"violations": 3, "pending.objects": 0, "blocked.archived": 1, "blocked.customer_key": 1,
		"blocked.locked": 1, "compliant": false, "status": "violations",
	})
	r = process(t, c, r)
	diagnostics := r.Refresh()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "1 locked") {
		t.Errorf("warning: %q", text)
	}
	if change := r.Plan(whole()); change.Action != "no-op" {
		t.Errorf("plan: %s", change.Action)
	}
	// A trigger has what COS refused tried again.
	pt.Must(t, c.LockObject(pt.Bucket, "locked", time.Time{}))
	r = process(t, c, r)
	r.MustApply(whole().With(pt.Attrs{"triggers": map[string]string{"lock": "gone"}}))
	r.Expect(pt.Attrs{"violations": 2})
}

// A change of what is expected is counted and not rewritten: no plan has shown what that would be.
func TestExpectationChanges(t *testing.T) {
	t.Parallel()
	kms := pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})
	for name, test := range map[string]struct {
		change pt.Attrs
		want   pt.Attrs
	}{
		"sse": {
			pt.Attrs{"sse": kms},
			pt.Attrs{"violations": 300, "pending.objects": 300, "compliant": false},
		},
		"accept": {
			pt.Attrs{"sse": kms, "accept": []pt.Attrs{{"modes": []any{"SSE-COS"}}}},
			pt.Attrs{"violations": 3, "pending.objects": 3},
		},
		"exclude_prefixes": {
			pt.Attrs{"exclude_prefixes": []any{"bulk/0000009", "bulk/00000199"}},
			pt.Attrs{"violations": 1, "excluded": 11, "total": 289},
		},
		"evidence": {
			pt.Attrs{"evidence": []pt.Attrs{{"bucket": evidenceBucket, "prefix": "elsewhere/"}}},
			pt.Attrs{"violations": 3, "pending.objects": 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, 300)
			r := created(t, c, whole())
			c.ResetJournal()
			change := r.MustApply(whole().With(test.change))
			if !strings.Contains(change.Warnings(), "rewrites nothing") {
				t.Errorf("plan: %s", change.Warnings())
			}
			r.Expect(test.want)
			if n := c.Requests("PutObjectCopy"); n != 0 {
				t.Errorf("%d objects were rewritten", n)
			}
			heads := c.Requests("HeadObject")
			if name == "evidence" && heads != 300 || name != "evidence" && heads != 0 {
				t.Errorf("%d HEADs", heads)
			}
		})
	}
}

func TestStateOnlyChangesMakeNoRequest(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 100)
	config := whole().With(pt.Attrs{"enforce": false})
	r := created(t, c, config)
	for name, change := range map[string]pt.Attrs{
		"audit":    {"audit": []pt.Attrs{{"max_duration": "1m", "concurrency": 3}}},
		"timeouts": {"timeouts": pt.Attrs{"update": "1h"}},
		"triggers": {"triggers": map[string]string{"a": "b"}},
	} {
		c.ResetJournal()
		r = process(t, c, r)
		r.MustApply(config.With(change))
		if len(c.Journal()) != 0 {
			t.Errorf("%s: %v", name, c.Ops())
		}
	}
}

// Past its bounds a refresh claims nothing: the counts of the audit before stay.
func TestRefreshPastItsBounds(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 2000)
	config := without(whole(), "evidence").With(pt.Attrs{
		"enforce": false, "audit": []pt.Attrs{{"max_age": "0s", "max_requests": 50, "rate": 0}},
	})
	r := created(t, c, config)
	r.Expect(pt.Attrs{"complete": true, "violations": 20})
	diagnostics := r.Refresh()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "max_requests") {
		t.Errorf("warning: %q", text)
	}
	r.Expect(pt.Attrs{
		"complete": false, "compliant": false, "status": "incomplete", "total": 2000,
		"violations": 20, "pending.objects": 20,
	})
	if change := r.Plan(config); change.Action != "no-op" {
		t.Errorf("plan: %s", change.Action)
	}
}

func TestUnknownObjectsAreCounted(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 3000)
	config := whole().With(pt.Attrs{"accept": []pt.Attrs{{"modes": []any{"NONE"}}}})
	c.AddFaults(cosemu.Fault{
		Op: "HeadObject", Key: "bulk/00001234", Times: 1000, Status: 500, Code: "InternalError",
	})
	r := created(t, c, config)
	r.Expect(pt.Attrs{
		"total": 3000, "violations": 0, "unknown": 1, "compliant": false, "complete": true,
		"counts.UNKNOWN": 1, "blocked.error": 1, "status": "violations",
	})
	c.ClearFaults()
	r.MustRefresh()
	r.Expect(pt.Attrs{"unknown": 0, "compliant": true})
}

// A forged ledger is ignored with a warning, and nothing is proven by it.
func TestForgedLedger(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	r := created(t, c, whole())
	for _, key := range evidence(t, c, "encryption/ledgers/") {
		ref := cosapi.ObjectRef{Region: pt.Region, Bucket: evidenceBucket, Key: key}
		content, _, err := c.SomebodyElse().Content(t.Context(), ref, nil, 1<<20)
		pt.Must(t, err)
		content[len(content)-50] ^= 1
		c.Place(ref, string(content), cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	}
	c.ResetJournal()
	diagnostics := r.Refresh()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "is ignored") {
		t.Errorf("warning: %q", text)
	}
	if n := len(requests(c, "HeadObject", pt.Bucket)); n != 300 {
		t.Errorf("%d HEADs", n)
	}
}

// evidence are the keys of the evidence bucket.
func evidence(t testing.TB, c *pt.Cloud, prefix string) []string {
	t.Helper()
	page, err := c.SomebodyElse().List(t.Context(), cosapi.ListOptions{
		Region: pt.Region, Bucket: evidenceBucket, Prefix: prefix,
	})
	pt.Must(t, err)
	var keys []string
	for _, object := range page.Objects {
		keys = append(keys, object.Key)
	}
	c.ResetJournal()
	return keys
}

// Create and update attest, a refresh never.
func TestAttestation(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	r := created(t, c, whole())
	first := fmt.Sprint(r.Attr("attestation.key"))
	r.MustRefresh()
	if got := fmt.Sprint(r.Attr("attestation.key")); got != first {
		t.Errorf("a refresh changed the attestation from %s to %s", first, got)
	}
	r.MustApply(whole())
	second := fmt.Sprint(r.Attr("attestation.key"))
	if keys := evidence(t, c, "encryption/attestations/"); len(keys) != 2 || second == first {
		t.Errorf("attestations: %v", keys)
	}
	content, _, err := c.SomebodyElse().Content(t.Context(), cosapi.ObjectRef{
		Region: pt.Region, Bucket: evidenceBucket, Key: second,
	}, nil, 1<<20)
	pt.Must(t, err)
	var document struct {
		Compliant        bool
		Provider, Engine string
		Rewritten        struct{ Objects int }
		Ledger           struct{ Rows int }
	}
	pt.Must(t, json.Unmarshal(content, &document))
	if !document.Compliant || document.Rewritten.Objects != 3 || document.Ledger.Rows != 300 ||
		document.Engine != "direct" || document.Provider != "terraform-provider-cos test" {
		t.Errorf("attestation: %s", content)
	}
	if !strings.Contains(second, fmt.Sprint(r.Attr("attestation.sha256"))) {
		t.Error("the digest is not that of the document")
	}
	for _, key := range evidence(t, c, "") {
		if stored, _ := c.Inspect(evidenceBucket, key); stored.SSEMode != "SSE-COS" {
			t.Errorf("%s is stored with %s", key, stored.SSEMode)
		}
	}
}

// Who may not write evidence can audit; who may not trim is warned.
func TestReadOnlyEvidence(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	r := created(t, c, whole().With(pt.Attrs{"enforce": false}))
	c.Place(pt.Ref("new"), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	for _, op := range []string{"PutObject", "DeleteObject"} {
		c.AddFaults(cosemu.Fault{Op: op, Times: 1000, Status: 403, Code: "AccessDenied"})
	}
	diagnostics := r.Refresh()
	if pt.ErrorText(diagnostics) != "" ||
		!strings.Contains(pt.WarningText(diagnostics), "could not be written") {
		t.Errorf("errors %q, warnings %q", pt.ErrorText(diagnostics), pt.WarningText(diagnostics))
	}
	r.Expect(pt.Attrs{"total": 301, "complete": true})
}

func TestImport(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	for id, prefix := range map[string]string{
		pt.Bucket + "/bulk/": "bulk/", pt.Bucket: "", pt.Bucket + "/": "",
	} {
		r := process(t, c, nil)
		if text := pt.ErrorText(r.ImportID(id)); text != "" {
			t.Fatal(text)
		}
		r.Expect(pt.Attrs{
			"bucket": pt.Bucket, "prefix": prefix, "region": pt.Region, "total": 300,
			"counts.NONE": 3, "violations": 0, "pending.objects": 0,
		})
		config := whole().With(pt.Attrs{"prefix": prefix})
		c.ResetJournal()
		change := process(t, c, r).MustApply(config)
		if change.Action != "update" || c.Requests("PutObjectCopy") != 0 {
			t.Errorf("after the import: %s, %v", change.Action, c.Ops())
		}
	}
	r := process(t, c, nil)
	if text := pt.ErrorText(r.ImportID("nobucket")); !strings.Contains(text, "<bucket>/<prefix>") {
		t.Errorf("error: %q", text)
	}
}

func TestDestroyForgets(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	r := created(t, c, whole())
	c.ResetJournal()
	if text := pt.ErrorText(r.Destroy()); text != "" {
		t.Fatal(text)
	}
	c.ExpectOps()
}

func TestReplaceIsACreation(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	r := created(t, c, whole())
	change := r.Plan(whole().With(pt.Attrs{"prefix": "bulk/0000009"}))
	if change.Action != "replace" {
		t.Fatalf("plan: %s %s", change.Action, change.Errors())
	}
	r.ApplyPlanned(change)
	r.Expect(pt.Attrs{"total": 10, "violations": 1})
	if c.Requests("PutObjectCopy") != 0 {
		t.Error("a replacement rewrote objects")
	}
}

// Two guarantees that demand different things of one object would undo each other.
func TestOverlappingGuarantees(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 0)
	kms := pt.Attrs{"prefix": "finance/", "sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})}
	for name, test := range map[string]struct {
		first, second pt.Attrs
		fails         bool
	}{
		"different":           {pt.Attrs{}, kms, true},
		"the other way":       {kms, pt.Attrs{}, true},
		"equal":               {pt.Attrs{}, pt.Attrs{"prefix": "finance/"}, false},
		"excluded":            {pt.Attrs{"exclude_prefixes": []any{"finance/"}}, kms, false},
		"excluded, later":     {kms, pt.Attrs{"exclude_prefixes": []any{"finance/"}}, false},
		"apart":               {pt.Attrs{"prefix": "a/"}, kms, false},
		"another bucket":      {pt.Attrs{"bucket": pt.VersionedBucket}, kms, false},
		"one is not enforced": {pt.Attrs{"enforce": false}, kms, false},
	} {
		server := pt.NewServer(t, c, nil)
		first := server.Resource(prefixType).Plan(whole().With(test.first))
		second := server.Resource(prefixType).Plan(whole().With(test.second))
		if first.Errors() != "" || strings.Contains(second.Errors(), "contradict") != test.fails {
			t.Errorf("%s: %s %s", name, first.Errors(), second.Errors())
		}
	}
}

func TestMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 0)
	for name, test := range map[string]struct {
		change pt.Attrs
		want   string
	}{
		"no key_id":           {pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})}, "KMS key is missing"},
		"no key_name":         {pt.Attrs{"sse": pt.SSEC(pt.Attrs{})}, "key"},
		"no sse":              {pt.Attrs{"sse": nil}, "Encryption is not chosen"},
		"no bucket":           {pt.Attrs{"evidence": []pt.Attrs{{}}}, "Evidence bucket is missing"},
		"evidence is audited": {pt.Attrs{"evidence": []pt.Attrs{{"bucket": pt.Bucket, "prefix": "e/"}}}, "Evidence lies under"},
		"a bad duration":      {pt.Attrs{"audit": []pt.Attrs{{"max_age": "1"}}}, "duration"},
		"a bad mode":          {pt.Attrs{"accept": []pt.Attrs{{"modes": []any{"SSE"}}}}, "modes"},
		"two audits":          {pt.Attrs{"audit": []pt.Attrs{{}, {}}}, "audit"},
		"a bad bucket":        {pt.Attrs{"bucket": "x"}, "bucket"},
	} {
		r := process(t, c, nil)
		if text := r.Plan(whole().With(test.change)).Errors(); !strings.Contains(text, test.want) {
			t.Errorf("%s: %q", name, text)
		}
	}
	fine := whole().With(pt.Attrs{
		"evidence":         []pt.Attrs{{"bucket": pt.Bucket, "prefix": "e/"}},
		"exclude_prefixes": []any{"e/"},
	})
	if text := process(t, c, nil).Plan(fine).Errors(); text != "" {
		t.Errorf("evidence that is excluded: %s", text)
	}
}

// SSE-C by the keyring: a key whose value changes between plan and apply changes nothing.
func TestCustomerKeyChangesAfterThePlan(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 100)
	config := whole().With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "k"})})
	with := func(r *pt.Instance, key string) *pt.Instance {
		server := pt.NewServer(t, c, pt.Keyring(map[string]string{"k": key}))
		if r == nil {
			return server.Resource(prefixType)
		}
		return r.On(server)
	}
	r := with(nil, pt.KeyA)
	r.MustApply(config)
	r.MustRefresh()
	change := with(r, pt.KeyA).Plan(config)
	c.ResetJournal()
	other := with(r, pt.KeyB)
	if text := pt.ErrorText(other.ApplyPlanned(change)); !strings.Contains(text, "not the one that was planned") {
		t.Errorf("error: %q", text)
	}
	if len(c.Journal()) != 0 {
		t.Errorf("requests: %v", c.Ops())
	}
	r = with(r, pt.KeyA)
	r.MustApply(config)
	r.Expect(pt.Attrs{"compliant": true, "counts.SSE-C key MD5 " + pt.MustKey(t, pt.KeyA).MD5(): 100})
	// Without the key nothing can be compared: what is known stays, with a warning.
	diagnostics := process(t, c, r).Refresh()
	if pt.ErrorText(diagnostics) != "" || !strings.Contains(pt.WarningText(diagnostics), "keyring") {
		t.Errorf("errors %q, warnings %q", pt.ErrorText(diagnostics), pt.WarningText(diagnostics))
	}
}

// A KMS key that COS may not use fails at the first object, and the state stays what it was.
func TestKMSKeyThatMayNotBeUsed(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	config := whole().With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})})
	r := created(t, c, config)
	c.DisableKMSKey(pt.CMK)
	r.MustRefresh()
	before := r.State
	_, diagnostics := r.Apply(config)
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "KmsKeyDisabled") {
		t.Errorf("error: %q", text)
	}
	if !r.State.Equal(before) {
		t.Errorf("the state changed: %s", pt.Differences(before, r.State))
	}
	c.EnableKMSKey(pt.CMK)
	process(t, c, r).MustApply(config)
}

// A rewrite that ends early keeps its counts, says incomplete, and the next apply goes on.
func TestUpdateGoesOn(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 2500)
	r := created(t, c, whole())
	r.MustRefresh()
	c.AddFaults(cosemu.Fault{
		Op: "PutObjectCopy", Skip: 5, Times: 1000, Status: 403, Code: "ExpiredToken",
	})
	_, diagnostics := r.Apply(whole())
	if pt.ErrorText(diagnostics) != "" ||
		!strings.Contains(pt.WarningText(diagnostics), "ExpiredToken") {
		t.Errorf("errors %q, warnings %q", pt.ErrorText(diagnostics), pt.WarningText(diagnostics))
	}
	r.Expect(pt.Attrs{"status": "incomplete", "compliant": false, "complete": false})
	c.ClearFaults()
	r = process(t, c, r)
	r.MustRefresh()
	r.Expect(pt.Attrs{"complete": true, "pending.objects": 20})
	r.MustApply(whole())
	r.Expect(pt.Attrs{"status": "compliant", "compliant": true})
}

// With -refresh=false an apply works from the state.
func TestUpdateWithoutARefresh(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 300)
	r := created(t, c, whole())
	c.ResetJournal()
	r.MustApply(whole())
	if n := c.Requests("PutObjectCopy"); n != 3 {
		t.Errorf("%d objects were rewritten", n)
	}
	r.Expect(pt.Attrs{"compliant": true})
}

// What a colleague does during the audit and during the rewrite is not lost.
func TestColleaguesInBetween(t *testing.T) {
	t.Parallel()
	var c *pt.Cloud
	var acting, inside atomic.Bool
	var n atomic.Int64
	c = newCloud(t, 600, func(config *cosemu.Config) {
		config.Before = func(op string, req *http.Request) {
			if !acting.Load() || !inside.CompareAndSwap(false, true) {
				return
			}
			defer inside.Store(false)
			if i := n.Add(1); i%7 == 0 && i < 400 {
				ref := pt.Ref(fmt.Sprintf("bulk/%08d", i/7*100+99))
				if i%2 == 0 {
					_, _ = c.SomebodyElse().Delete(t.Context(), ref)
					return
				}
				_, _ = c.SomebodyElse().Put(t.Context(), ref, cosapi.BytesBody([]byte("theirs")),
					cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{
						Encryption: cosapi.SSEKMS{KeyID: pt.OtherCMK},
					}})
			}
		}
	})
	config := whole().With(pt.Attrs{
		"audit":  []pt.Attrs{{"max_age": "0s", "rate": 0, "concurrency": 1}},
		"accept": []pt.Attrs{{"modes": []any{"SSE-KMS"}}},
	})
	r := created(t, c, config)
	r.MustRefresh()
	acting.Store(true)
	r.MustApply(config)
	acting.Store(false)
	theirs, gone := 0, 0
	for i := range 6 {
		stored, there := c.Inspect(pt.Bucket, fmt.Sprintf("bulk/%08d", i*100+99))
		switch {
		case !there:
			gone++
		case stored.SSEMode == "SSE-KMS":
			theirs++
		case stored.SSEMode == "NONE":
			t.Errorf("object %d is still plain", i)
		}
	}
	if theirs+gone == 0 {
		t.Error("nobody acted")
	}
	for i := range 2 {
		r = process(t, c, r)
		r.MustRefresh()
		if r.Plan(config).Action == "no-op" {
			break
		}
		if i == 1 {
			t.Error("it does not converge")
		}
		r.MustApply(config)
	}
	r.Expect(pt.Attrs{"compliant": true, "total": 600 - gone})
}

func TestVersionedBucket(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 0)
	ref := pt.Ref("k")
	ref.Bucket = pt.VersionedBucket
	c.Place(ref, "old", cosapi.WriteOptions{})
	c.Place(ref, "new", cosapi.WriteOptions{})
	pt.Must(t, c.AgeObject(pt.VersionedBucket, "k", time.Hour))
	config := whole().With(pt.Attrs{"bucket": pt.VersionedBucket, "include_noncurrent": true})
	r := created(t, c, config)
	r.Expect(pt.Attrs{
		"violations": 2, "pending.objects": 1, "pending.new_versions": 1, "blocked.noncurrent": 1,
	})
	if change := r.MustApply(config); !strings.Contains(change.Warnings(), "earlier versions stay") {
		t.Errorf("plan: %s", change.Warnings())
	}
	content, _, err := c.SomebodyElse().Content(t.Context(), ref, nil, 100)
	if err != nil || string(content) != "new" {
		t.Errorf("the current version is %q, %v", content, err)
	}
	r.Expect(pt.Attrs{"violations": 2, "blocked.noncurrent": 2, "total": 3})
}
