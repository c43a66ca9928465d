package cosapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

const (
	headOp = "HeadObject"
	getOp  = "GetObject"
	listOp = "GetBucket"
)

// foreignKeys are keys by name that open nothing here.
func foreignKeys(t testing.TB, n int) map[string]CustomerKey {
	t.Helper()
	keys := map[string]CustomerKey{}
	for i := range n {
		keys[fmt.Sprintf("foreign-%02d", i)] = mustKey(t, fmt.Sprintf("foreign key number %13d", i))
	}
	return keys
}

// ringWith is a keyring of foreign keys and one more, which sorts behind them.
func ringWith(t testing.TB, n int, key CustomerKey) Keyring {
	t.Helper()
	keys := foreignKeys(t, n)
	keys["ours"] = key
	return NewKeyring(keys)
}

func times(n int, op string) []string {
	ops := make([]string, n)
	for i := range ops {
		ops[i] = op
	}
	return ops
}

func join(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func TestLook(t *testing.T) {
	t.Parallel()
	key, other := mustKey(t, canaryKey), mustKey(t, otherKey)
	head, heads := []string{headOp}, func(n int) []string { return times(n, headOp) }
	get, list := []string{getOp}, []string{listOp}
	for name, test := range map[string]struct {
		stored Encryption // nil: nothing is there
		bucket string     // another than the usual one
		ask    Ask
		fault  []cosemu.Fault
		what   What
		mode   Mode
		name   string
		code   string
		listed bool
		ops    []string
	}{
		"plain": {stored: NoEncryption{}, what: Exists, mode: ModeNone, ops: head},
		"kms":   {stored: SSEKMS{}, what: Exists, mode: ModeSSEKMS, ops: head},
		"first key fits": {
			stored: SSEC{Key: key}, ask: Ask{Keys: []*CustomerKey{&key}},
			what: Exists, mode: ModeSSEC, ops: head,
		},
		"second key fits": {
			stored: SSEC{Key: key}, ask: Ask{Keys: []*CustomerKey{&other, &key}},
			what: Exists, mode: ModeSSEC, ops: heads(2),
		},
		"no key is asked for twice": {
			stored: SSEC{Key: key}, ask: Ask{Keys: []*CustomerKey{&other, &other, nil, nil, &key}},
			what: Exists, mode: ModeSSEC, ops: heads(3),
		},
		"key of the ring": {
			stored: SSEC{Key: key}, ask: Ask{Ring: ringWith(t, 0, key)},
			what: Exists, mode: ModeSSEC, name: "ours", ops: heads(2),
		},
		"key of the ring, named": {
			stored: SSEC{Key: key}, ask: Ask{Keys: []*CustomerKey{&key}, Ring: ringWith(t, 3, key)},
			what: Exists, mode: ModeSSEC, name: "ours", ops: head,
		},
		"third key of the ring, after the reason": {
			stored: SSEC{Key: key}, ask: Ask{Ring: ringWith(t, 2, key)}, what: Exists, mode: ModeSSEC,
			name: "ours", ops: join(heads(2), get, heads(2)),
		},
		"recorded key, then the ring": {
			stored: SSEC{Key: key}, what: Exists, mode: ModeSSEC, name: "ours", ops: heads(3),
			ask: Ask{Keys: []*CustomerKey{&other}, Ring: ringWith(t, 0, key)},
		},
		"not SSE-C any more": {
			stored: SSECOS{}, ask: Ask{Keys: []*CustomerKey{&other}, Ring: ringWith(t, 3, key)},
			what: Exists, mode: ModeSSECOS, ops: heads(2),
		},
		"ring too long": {
			stored: SSEC{Key: key}, ask: Ask{Ring: ringWith(t, 20, key)}, what: Refused,
			code: "SsecDecryptHeaderInvalid", ops: join(heads(2), get, heads(ringTries-1)),
		},
		"nobody's key": {
			stored: SSEC{Key: key}, ask: Ask{Keys: []*CustomerKey{&other}, Witness: true},
			what: Refused, listed: true, ops: join(heads(2), list),
		},
		"nobody's key, with a reason": {
			stored: SSEC{Key: key}, ask: Ask{Keys: []*CustomerKey{&other}, Reason: true},
			what: Refused, code: "SsecDecryptHeaderInvalid", ops: join(heads(2), get),
		},
		"absent":             {what: Absent, ops: head},
		"absent for certain": {ask: Ask{Reason: true}, what: Absent, code: "NoSuchKey", ops: join(head, get)},
		"no bucket": {
			bucket: "nobody-1250000000", ask: Ask{Reason: true}, what: NoBucket,
			code: "NoSuchBucket", ops: join(head, get),
		},
		"no bucket, not asked": {bucket: "nobody-1250000000", what: Absent, ops: head},
		"expired credentials": {
			stored: SSEC{Key: key}, ask: Ask{Keys: []*CustomerKey{&key}, Ring: ringWith(t, 9, other)},
			fault: []cosemu.Fault{{Op: "*", Times: 99, Status: 400, Code: "ExpiredToken"}},
			what:  Refused, code: "ExpiredToken", ops: join(heads(3), get),
		},
		"no permission": {
			stored: SSECOS{}, ask: Ask{Ring: ringWith(t, 9, other)}, what: Refused,
			fault: []cosemu.Fault{{Op: "*", Times: 99, Status: 403, Code: "AccessDenied"}},
			code:  "AccessDenied", ops: join(heads(2), get),
		},
		"wrong clock": {
			stored: SSECOS{}, ask: Ask{Ring: ringWith(t, 9, other)}, what: Refused,
			fault: []cosemu.Fault{{Op: "*", Times: 99, Status: 403, Code: "RequestTimeTooSkewed"}},
			code:  "RequestTimeTooSkewed", ops: join(heads(2), get),
		},
		"listing denied": {
			stored: SSEC{Key: key}, ask: Ask{Witness: true, Reason: true}, what: Refused,
			fault: []cosemu.Fault{{Op: listOp, Status: 403, Code: "AccessDenied"}},
			code:  "SsecDecryptHeaderInvalid", ops: join(head, get, list),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{})
			ref := h.in(t, orDefault(test.bucket, h.bucket), "k")
			if test.stored != nil {
				h.store(t, ref, sample, WriteOptions{Encryption: test.stored})
			}
			h.emulator.ResetJournal()
			h.emulator.AddFaults(test.fault...)
			found, err := h.Look(t.Context(), ref, test.ask)
			if err != nil {
				t.Fatal(err)
			}
			ops := h.ops()
			if diff := cmp.Diff(test.ops, ops); diff != "" || found.Requests != len(ops) {
				t.Errorf("%d requests: %s", found.Requests, diff)
			}
			if found.What != test.what || found.Info.Encryption.Mode != test.mode ||
				found.KeyName != test.name || CodeOf(found.Refusal) != test.code ||
				(found.Listed != nil) != test.listed {
				t.Errorf("found %+v", found)
			}
			confirmed := test.what == NoBucket || test.what == Absent && test.code != ""
			if found.Confirmed != confirmed {
				t.Errorf("confirmed: %t", found.Confirmed)
			}
			if opened := found.Key != nil; opened != (test.mode == ModeSSEC) ||
				opened && found.Key.MD5() != found.Info.Encryption.CustomerKeyMD5 {
				t.Errorf("the key is %v, the object's %s", found.Key, found.Info.Encryption)
			}
		})
	}
}

// TestLookRemembersTheKeyThatFitted: the objects of a prefix tend to have the same.
func TestLookRemembersTheKeyThatFitted(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	key := mustKey(t, canaryKey)
	ask := Ask{Ring: ringWith(t, 9, key)}
	for i, want := range []int{headsOfNine, 2} {
		ref := h.ref(t, fmt.Sprint(i))
		h.store(t, ref, sample, WriteOptions{Encryption: SSEC{Key: key}})
		h.emulator.ResetJournal()
		found, err := h.Look(t.Context(), ref, ask)
		if err != nil || found.What != Exists || found.Requests != want {
			t.Errorf("object %d: %d requests, want %d; %v", i, found.Requests, want, err)
		}
	}
}

// headsOfNine: without a key, nine that do not fit, the reason, the one that fits.
const headsOfNine = 1 + 9 + 1 + 1

// TestLookByListing: an object that no key opens costs one listing while it stays as it was.
func TestLookByListing(t *testing.T) {
	t.Parallel()
	key := mustKey(t, canaryKey)
	for name, test := range map[string]struct {
		change func(*testing.T, *harness, ObjectRef, *Seen)
		what   What
		ops    []string
	}{
		"unchanged": {nil, Unchanged, []string{listOp}},
		"etag hidden": {func(_ *testing.T, _ *harness, _ ObjectRef, seen *Seen) {
			seen.ETag, seen.Size = "", -1
		}, Unchanged, []string{listOp}},
		"nothing known": {func(_ *testing.T, _ *harness, _ ObjectRef, seen *Seen) {
			*seen = Seen{Size: -1}
		}, Refused, []string{listOp, headOp}},
		"written again": {func(t *testing.T, h *harness, ref ObjectRef, _ *Seen) {
			h.store(t, ref, "other", WriteOptions{Encryption: SSEC{Key: key}})
		}, Refused, []string{listOp, headOp}},
		"opened to all": {func(t *testing.T, h *harness, ref ObjectRef, _ *Seen) {
			h.store(t, ref, "other", WriteOptions{Encryption: SSECOS{}})
		}, Exists, []string{listOp, headOp}},
		"deleted": {func(t *testing.T, h *harness, ref ObjectRef, _ *Seen) {
			if _, err := h.Delete(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
		}, Absent, []string{listOp, headOp}},
		"older than it was": {func(t *testing.T, h *harness, ref ObjectRef, _ *Seen) {
			if err := h.emulator.AgeObject(ref.Bucket, ref.Key, clockAge); err != nil {
				t.Fatal(err)
			}
		}, Refused, []string{listOp, headOp}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{})
			ref := h.ref(t, "k")
			h.store(t, ref, sample, WriteOptions{Encryption: SSEC{Key: key}})
			seen := SeenOf(h.head(t, ref, &key))
			if test.change != nil {
				test.change(t, h, ref, &seen)
			}
			h.emulator.ResetJournal()
			found, err := h.Look(t.Context(), ref, Ask{Known: &seen})
			if err != nil || found.What != test.what {
				t.Errorf("found %+v, %v", found, err)
			}
			if diff := cmp.Diff(test.ops, h.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestKeyThatOpensProvesSSEC: a gateway that removes headers does not make an object plain.
func TestKeyThatOpensProvesSSEC(t *testing.T) {
	t.Parallel()
	key := mustKey(t, canaryKey)
	w := newWire(t, script(found(requestID)))
	got, err := w.Look(t.Context(), testRef("k"), Ask{Keys: []*CustomerKey{&key}})
	if err != nil || got.Info.Encryption != (SSEC{Key: key}).expected() {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLookBelievesNoImpossibleAnswer goes through every pair of answers that a HEAD and a GET may
// have: what is concluded must follow from them, and never from what a listing lacks.
func TestLookBelievesNoImpossibleAnswer(t *testing.T) {
	t.Parallel()
	mute := func(status int) answer { return answer{status: status, header: requestID} }
	one := found(requestID)
	one.status = http.StatusPartialContent
	one.header["Content-Range"] = "bytes 0-0/1"
	gets := map[string]answer{
		"byte": one, "NoSuchKey": refusal(404, "NoSuchKey"), "bare 404": mute(404),
		"NoSuchBucket": refusal(404, "NoSuchBucket"), "AccessDenied": refusal(403, "AccessDenied"),
		"ExpiredToken": refusal(403, "ExpiredToken"), "bare 403": mute(403),
		"SsecDecryptHeaderInvalid": refusal(400, "SsecDecryptHeaderInvalid"),
		"InvalidObjectState":       refusal(403, "InvalidObjectState"),
		"InternalError":            refusal(500, "InternalError"), "cut": {},
	}
	key := mustKey(t, canaryKey)
	for _, head := range []answer{
		found(requestID), mute(204), mute(301), mute(400), mute(401), mute(403), mute(404), mute(405),
		mute(409), mute(412), mute(416), mute(429), mute(500), mute(503),
		{},
	} {
		for name, get := range gets {
			w := newWire(t, lookServer(head, get), func(c *Config) { c.MaxRetries = 0 })
			for _, ask := range []Ask{
				{},
				{Reason: true},
				{Keys: []*CustomerKey{&key}, Ring: ringWith(t, 18, key)},
				{Keys: []*CustomerKey{&key, nil}, Ring: ringWith(t, 2, key), Reason: true, Witness: true},
				{Known: &Seen{ETag: "e0", Size: -1}, Reason: true, Witness: true},
			} {
				w.events = nil
				checkLook(t, w, head.status, name, ask)
			}
			w.http.CloseIdleConnections()
			w.server.Close()
		}
	}
}

// lookServer has nothing in its listing.
func lookServer(head, get answer) http.HandlerFunc {
	return func(rw http.ResponseWriter, req *http.Request) {
		switch {
		case req.Method == http.MethodHead:
			head.ServeHTTP(rw, req)
		case req.URL.Path == "/":
			answer{status: 200, header: requestID, body: emptyListing}.ServeHTTP(rw, req)
		default:
			get.ServeHTTP(rw, req)
		}
	}
}

func checkLook(t *testing.T, w *wire, head int, name string, ask Ask) {
	t.Helper()
	got, err := w.Look(t.Context(), testRef("k"), ask)
	what := "HEAD " + fmt.Sprint(head) + ", GET " + name
	text := fmt.Sprintf("%s: what %d, %v, refusal %v", what, got.What, err, got.Refusal)
	if (err != nil) != (got.What == 0) {
		t.Errorf("neither an answer nor an error, or both: %s", text)
	}
	if got.What == Exists && head != 200 {
		t.Errorf("existence without a HEAD that shows it: %s", text)
	}
	if (got.What == Absent || got.What == NoBucket) && head != 404 &&
		!strings.HasPrefix(name, "NoSuch") && name != "bare 404" {
		t.Errorf("absence without an answer that says so: %s", text)
	}
	if got.Confirmed && !strings.HasPrefix(name, "NoSuch") {
		t.Errorf("confirmed without a code: %s", text)
	}
	if got.What == Unchanged {
		t.Errorf("unchanged without a listing that shows it: %s", text)
	}
	if got.What == Refused && got.Refusal == nil {
		t.Errorf("refused by nobody: %s", text)
	}
	if most := 4 + ringTries + len(ask.Keys); len(w.ops()) > most {
		t.Errorf("%d requests: %s", len(w.ops()), text)
	}
}

const emptyListing = `<?xml version='1.0'?><ListBucketResult><Name>b</Name><Prefix>k</Prefix>` +
	`<MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>`
