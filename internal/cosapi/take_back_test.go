package cosapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// TestFailedWriteTakesBackOnlyWhatItMade: the object under the key belongs to somebody else unless
// the answer to our own write said otherwise.
func TestFailedWriteTakesBackOnlyWhatItMade(t *testing.T) {
	t.Parallel()
	const head, deletion = "HeadObject", "DeleteObject"
	damagedOp := func(op string) func(*harness) {
		return func(h *harness) {
			h.changeAnswers(func(resp *http.Response) {
				if answers(resp.Request, op) && resp.Header.Get(headerCRC64) != "" {
					resp.Header.Set(headerCRC64, "1")
				}
			})
		}
	}
	plain := func(op string) func(*harness) {
		return func(h *harness) { h.emulator.AddFaults(cosemu.Fault{Op: op, DropEncryption: true}) }
	}
	for name, test := range map[string]struct {
		size    int
		harm    func(*harness)
		foreign bool // somebody replaces the object before it is taken back
		taken   bool
		ops     []string
	}{
		"plain":               {10, plain("PutObject"), false, true, []string{head, deletion}},
		"damaged":             {10, damagedOp("PUT"), false, true, []string{head, deletion}},
		"damaged-but-another": {10, damagedOp("PUT"), true, false, []string{head}},
		"damaged-part":        {2 * minPartSize, damagedOp("PUT"), false, false, nil},
		"damaged-whole":       {2 * minPartSize, damagedOp("POST"), false, true, []string{head, deletion}},
		"refused": {10, func(h *harness) {
			h.emulator.AddFaults(cosemu.Fault{Op: "PutObject", Status: 403})
		}, false, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			ref := h.ref(t, name)
			theirs := []byte("somebody else's")
			keep := !test.taken
			if keep {
				h.store(t, ref, "somebody else's", WriteOptions{Encryption: SSECOS{}})
			}
			intact := h.http.Transport
			test.harm(h)
			_, err := h.Put(t.Context(), ref, BytesBody(randomBytes(test.size)), encrypted(SSECOS{}))
			if err == nil {
				t.Fatal("the write succeeded")
			}
			h.http.Transport = intact
			if test.foreign {
				if _, err := h.Put(t.Context(), ref, BytesBody(theirs), encrypted(SSECOS{})); err != nil {
					t.Fatal(err)
				}
			}
			h.emulator.ResetJournal()
			taken, err := h.TakeBack(t.Context(), ref, SSECOS{}, err)
			if err != nil || taken != test.taken {
				t.Errorf("taken back: %t, %v; want %t", taken, err, test.taken)
			}
			if diff := cmp.Diff(test.ops, h.ops()); diff != "" {
				t.Error(diff)
			}
			if _, err := h.HeadOnly(t.Context(), ref, nil); (err == nil) != keep {
				t.Errorf("the object after that: %v", err)
			}
		})
	}
}

// answers reports an answer to an object's PUT, or to the POST that completes an upload.
func answers(req *http.Request, method string) bool {
	isComplete := req.Method == http.MethodPost && strings.Contains(req.URL.RawQuery, "uploadId")
	return req.Method == method && (method != http.MethodPost || isComplete)
}

// TestTakingBackNamesTheVersion: in a versioned bucket nothing but our version goes.
func TestTakingBackNamesTheVersion(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	ref := h.in(t, h.versioned, "k")
	h.store(t, ref, "before", WriteOptions{Encryption: SSECOS{}})
	h.emulator.AddFaults(cosemu.Fault{Op: "PutObject", DropEncryption: true})
	_, failure := h.Put(t.Context(), ref, BytesBody([]byte("ours")), encrypted(SSECOS{}))
	h.store(t, ref, "after", WriteOptions{Encryption: SSECOS{}})
	if taken, err := h.TakeBack(t.Context(), ref, SSECOS{}, failure); err != nil || !taken {
		t.Fatalf("taken back: %t, %v", taken, err)
	}
	versions, err := h.versionsOf(t.Context(), ref)
	if err != nil || len(versions) != 2 {
		t.Errorf("%d versions, want the two others: %v", len(versions), err)
	}
	h.holds(t, ref, nil, []byte("after"))
}

func TestDeleteBelievesNothingButNoContent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deletion, head answer
		ops            []string
		failed         bool
	}{
		"no-content": {answer{status: 204}, answer{status: 500}, []string{"DeleteObject"}, false},
		"ok-and-gone": {
			answer{status: 200, header: requestID},
			answer{status: 404, header: requestID},
			[]string{"DeleteObject", "HeadObject"},
			false,
		},
		"ok-and-there": {
			answer{status: 200, header: requestID},
			found(requestID),
			[]string{"DeleteObject", "HeadObject"},
			true,
		},
		"accepted-and-hidden": {
			answer{status: 202, header: requestID},
			answer{status: 403, header: requestID},
			[]string{"DeleteObject", "HeadObject"},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				if req.Method == http.MethodHead {
					test.head.ServeHTTP(rw, req)
					return
				}
				test.deletion.ServeHTTP(rw, req)
			})
			if _, err := w.Delete(t.Context(), testRef("k")); (err != nil) != test.failed {
				t.Errorf("error: %v, want one: %t", err, test.failed)
			}
			if diff := cmp.Diff(test.ops, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// requestID is what marks an answer as COS's.
var requestID = map[string]string{"x-cos-request-id": "request-1"}

// TestGuardIsAskedRightBeforeComplete: nothing is asked of COS between the guard and Complete, and
// nothing is replaced or left behind when it says no.
func TestGuardIsAskedRightBeforeComplete(t *testing.T) {
	t.Parallel()
	no := errors.New("changed meanwhile")
	writes := map[string]func(*testing.T, *harness, WriteOptions) error{
		"upload": func(t *testing.T, h *harness, options WriteOptions) error {
			_, err := h.Put(t.Context(), h.ref(t, "k"), BytesBody(randomBytes(2*minPartSize)),
				PutOptions{WriteOptions: options})
			return err
		},
		"copy": func(t *testing.T, h *harness, options WriteOptions) error {
			src, _ := h.largeSource(t, SSECOS{})
			_, err := h.Copy(t.Context(), src, h.ref(t, "k"), CopyOptions{WriteOptions: options})
			return err
		},
	}
	for name, write := range writes {
		for _, answer := range []error{nil, no} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h := startEmulator(t, cosemu.Config{}, byParts, copyingByParts)
				asked := 0
				err := write(t, h, WriteOptions{
					Encryption: SSECOS{},
					Guard: func(context.Context) error {
						asked++
						_ = h.ops()
						return answer
					},
				})
				if !errors.Is(err, answer) || answer == nil && err != nil {
					t.Errorf("error %v, want %v", err, answer)
				}
				want := []string{"CompleteMultipartUpload"}
				if answer != nil {
					want = []string{"AbortMultipartUpload"}
				}
				if diff := cmp.Diff(want, h.ops()); diff != "" || asked != 1 {
					t.Errorf("asked %d times, then: %s", asked, diff)
				}
				h.hasNoUploads(t)
			})
		}
	}
}

// TestCopyOntoItselfNamesNoVersion: its conditions would be judged on that version and always hold.
func TestCopyOntoItselfNamesNoVersion(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	ref := h.in(t, h.versioned, "k")
	h.store(t, ref, "first", WriteOptions{Encryption: SSECOS{}})
	first := h.head(t, ref, nil)
	h.store(t, ref, "second", WriteOptions{Encryption: SSECOS{}})
	h.emulator.ResetJournal()
	src := CopySource{Ref: first.Ref, IfMatch: first.ETag, Size: first.Size}
	src.Ref.VersionID = first.VersionID
	options := CopyOptions{WriteOptions: WriteOptions{Encryption: SSEKMS{}}}
	if _, err := h.Copy(t.Context(), src, ref, options); !errors.Is(err, errVersionOntoItself) {
		t.Errorf("error %v", err)
	}
	if len(h.ops()) != 0 {
		t.Errorf("requests %v", h.ops())
	}
	src.Rollback = true
	if _, err := h.Copy(t.Context(), src, ref, options); err != nil {
		t.Fatal(err)
	}
	h.holds(t, ref, nil, []byte("first"))
}
