package cosapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// watchedBody takes a place for every section that is being read. The first sections wait until all
// places are taken.
type watchedBody struct {
	Body
	places  chan struct{}
	crowded atomic.Bool
	full    chan struct{} // closed when all places were taken
	once    sync.Once
}

func newWatchedBody(content []byte, places int) *watchedBody {
	return &watchedBody{
		Body: BytesBody(content), places: make(chan struct{}, places), full: make(chan struct{}),
	}
}

func (b *watchedBody) Section(off, n int64) io.Reader {
	select {
	case b.places <- struct{}{}:
	default:
		b.crowded.Store(true)
	}
	if len(b.places) == cap(b.places) {
		b.once.Do(func() { close(b.full) })
	}
	<-b.full
	return &watchedSection{Reader: b.Body.Section(off, n), left: n, end: func() { <-b.places }}
}

type watchedSection struct {
	io.Reader
	left int64
	end  func()
}

func (s *watchedSection) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if s.left -= int64(n); n > 0 && s.left == 0 {
		s.end()
	}
	return n, err
}

func TestBodyThatIsNotThePlannedOneReplacesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size int
		ops  map[string]int
	}{
		"one request": {10, map[string]int{}},
		"parts": {2 * minPartSize, map[string]int{
			"InitiateMultipartUpload": 1, "UploadPart": 2, "AbortMultipartUpload": 1,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			ref, content := h.ref(t, "planned"), randomBytes(test.size)
			options := encrypted(SSECOS{})
			options.ExpectCRC64 = "1"
			_, err := h.Put(t.Context(), ref, BytesBody(content), options)
			var changed *ContentChangedError
			if !errors.As(err, &changed) || changed.Want != "1" || changed.Got != CRC64(content) {
				t.Errorf("error = %v, want a *ContentChangedError", err)
			}
			if diff := cmp.Diff(test.ops, counted(h.ops())); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			h.hasNoUploads(t)
		})
	}
}

// changedBody becomes another one when it is read for the second time.
type changedBody struct {
	Body
	reads atomic.Int64
	then  Body
}

func (b *changedBody) Section(off, n int64) io.Reader {
	if b.reads.Add(1) > 1 {
		return b.then.Section(off, n)
	}
	return b.Body.Section(off, n)
}

func TestBodyThatChangesAfterItWasHashedReplacesNothing(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 100, 500_000} {
		h := startEmulator(t, cosemu.Config{})
		ref := h.ref(t, "changed")
		h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
		body := &changedBody{Body: BytesBody(randomBytes(size)), then: BytesBody(make([]byte, size))}
		_, err := h.Put(t.Context(), ref, body, encrypted(SSECOS{}))
		if !errors.Is(err, errBodyChanged) {
			t.Errorf("%d bytes: error = %v, want that the body changed", size, err)
		}
		h.holds(t, ref, nil, []byte(sample))
	}
}

func TestFileThatChangesWhilePartsAreSentReplacesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"shorter": func(path string) error { return os.Truncate(path, minPartSize) },
		"longer":  func(path string) error { return os.Truncate(path, 5*minPartSize) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writtenFile(t, string(randomBytes(4*minPartSize)))
			var once sync.Once
			h := startEmulator(t, cosemu.Config{}, byParts, func(c *Config) {
				c.TransferConcurrency = 1
				c.Observe = func(_ context.Context, e Event) {
					if e.Op == "UploadPart" {
						once.Do(func() {
							if err := change(path); err != nil {
								t.Error(err)
							}
						})
					}
				}
			})
			ref := h.ref(t, "changed")
			h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
			body, err := OpenFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = body.Close() }()
			_, err = h.Put(t.Context(), ref, body, encrypted(SSECOS{}))
			if !errors.Is(err, errBodyChanged) {
				t.Errorf("error = %v, want that the file changed", err)
			}
			h.holds(t, ref, nil, []byte(sample))
			h.hasNoUploads(t)
		})
	}
}

func TestUploadThatFailsLeavesNoParts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault cosemu.Fault
		class Class
	}{
		"part":     {cosemu.Fault{Op: "UploadPart", Skip: 1, Status: 403}, ClassPermission},
		"retries":  {cosemu.Fault{Op: "UploadPart", Status: 503, Times: 100}, ClassServer},
		"complete": {cosemu.Fault{Op: "CompleteMultipartUpload", Status: 403}, ClassPermission},
		"gone meanwhile": {
			cosemu.Fault{Op: "CompleteMultipartUpload", Status: 404, Code: "NoSuchUpload"}, ClassNotFound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			h.emulator.AddFaults(test.fault)
			ref := h.ref(t, "failed")
			body := BytesBody(randomBytes(3 * minPartSize))
			_, err := h.Put(t.Context(), ref, body, encrypted(SSECOS{}))
			if err == nil || Classify(err) != test.class {
				t.Errorf("error = %v of class %v, want class %v", err, Classify(err), test.class)
			}
			h.emulator.ClearFaults()
			h.hasNoUploads(t)
			if _, err := h.Head(t.Context(), ref, nil); Classify(err) != ClassNotFound {
				t.Errorf("the object: %v, want none", err)
			}
		})
	}
}

func TestCancelledUploadEndsAtOnceAndLeavesNoParts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := startEmulator(t, cosemu.Config{}, byParts, func(c *Config) {
		c.Observe = func(_ context.Context, e Event) {
			if e.Op == "UploadPart" {
				cancel()
			}
		}
	})
	body := BytesBody(randomBytes(20 * minPartSize))
	_, err := h.Put(ctx, h.ref(t, "cancelled"), body, encrypted(SSECOS{}))
	if Classify(err) != ClassCanceled {
		t.Errorf("error = %v, want that it was cancelled", err)
	}
	if n := h.emulator.Requests("UploadPart"); n == 20 {
		t.Error("all parts were sent all the same")
	}
	h.hasNoUploads(t)
}

// TestForbiddenOverwriteRecognisesItsOwnObject: the answer was lost, and a HEAD did not show the
// object yet.
func TestForbiddenOverwriteRecognisesItsOwnObject(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		op   string
		size int
	}{
		"one request": {"PutObject", 1}, "parts": {"CompleteMultipartUpload", 2 * minPartSize},
	} {
		for _, ours := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, ours %t", name, ours), func(t *testing.T) {
				t.Parallel()
				h := startEmulator(t, cosemu.Config{}, byParts)
				ref := h.ref(t, "own")
				lost := cosemu.Fault{Op: test.op, DropAnswer: true, Times: 1}
				if !ours {
					h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
					lost = cosemu.Fault{Op: test.op, Status: 500, Code: "InternalError", Times: 1}
				}
				h.emulator.AddFaults(lost,
					cosemu.Fault{Op: "HeadObject", Status: 404, Code: "NoSuchKey", Times: 1})
				content := randomBytes(test.size)
				options := encrypted(SSECOS{})
				options.ForbidOverwrite = true
				_, err := h.Put(t.Context(), ref, BytesBody(content), options)
				switch {
				case ours && err != nil:
					t.Error(err)
				case !ours && Classify(err) != ClassExists:
					t.Errorf("error = %v, want that the object exists", err)
				case ours:
					h.holds(t, ref, nil, content)
				default:
					h.holds(t, ref, nil, []byte(sample))
				}
				h.hasNoUploads(t)
			})
		}
	}
}

func TestForbiddenOverwriteKeepsTheObject(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"one request": 1, "parts": 2 * minPartSize} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			ref := h.ref(t, "taken")
			h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
			options := encrypted(SSECOS{})
			options.ForbidOverwrite = true
			_, err := h.Put(t.Context(), ref, BytesBody(randomBytes(size)), options)
			if Classify(err) != ClassExists {
				t.Errorf("error = %v, want that the object exists", err)
			}
			h.holds(t, ref, nil, []byte(sample))
			h.hasNoUploads(t)
		})
	}
}

func TestObjectThatIsNotEncryptedAsAskedIsReported(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size int
		op   string
	}{
		"one request": {1, "PutObject"}, "parts": {2 * minPartSize, "InitiateMultipartUpload"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			h.emulator.AddFaults(cosemu.Fault{Op: test.op, DropEncryption: true})
			body := BytesBody(randomBytes(test.size))
			_, err := h.Put(t.Context(), h.ref(t, "plain"), body, encrypted(SSECOS{}))
			var mismatch *EncryptionMismatchError
			if !errors.As(err, &mismatch) || mismatch.Got.Mode != ModeNone || mismatch.Result.ETag == "" {
				t.Errorf("error = %v, want an *EncryptionMismatchError with a result", err)
			}
			if n := h.emulator.Requests("AbortMultipartUpload"); n != 0 {
				t.Errorf("%d aborts of an upload that was completed", n)
			}
			h.hasNoUploads(t)
		})
	}
}

func TestMissingEncryptionHeadersAreLookedUp(t *testing.T) {
	t.Parallel()
	for op, size := range map[string]int{"PutObject": 1, "CompleteMultipartUpload": 2 * minPartSize} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			h.emulator.AddFaults(cosemu.Fault{Op: op, NoEncryptionEcho: true})
			key := mustKey(t, canaryKey)
			body := BytesBody(randomBytes(size))
			result, err := h.Put(t.Context(), h.ref(t, "quiet"), body, encrypted(SSEC{Key: key}))
			if err != nil || result.Encryption.CustomerKeyMD5 != key.MD5() {
				t.Errorf("result = %+v, %v", result, err)
			}
			if n := h.emulator.Requests("HeadObject"); n != 1 {
				t.Errorf("%d HEADs, want 1", n)
			}
		})
	}
}

func TestDamagedBytesAreNoticed(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(answer{status: 200, header: map[string]string{
		"ETag": `"e"`, headerCRC64: "1",
	}}))
	_, err := w.Put(t.Context(), testRef("k"), BytesBody([]byte(sample)), encrypted(NoEncryption{}))
	var checksum *ChecksumError
	if !errors.As(err, &checksum) || checksum.COS != "1" || checksum.Local != CRC64([]byte(sample)) {
		t.Errorf("error = %v, want a *ChecksumError", err)
	}
}

func TestDamagedPartIsSentAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		damaged int32 // answers
		header  string
		ok      bool
	}{
		"other CRC64 twice":  {2, headerCRC64, true},
		"other CRC64 always": {1000, headerCRC64, false},
		"no ETag twice":      {2, "ETag", true},
		"no ETag always":     {1000, "ETag", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var parts atomic.Int32
			h := startEmulator(t, cosemu.Config{}, byParts)
			h.changeAnswers(func(resp *http.Response) {
				isPart := strings.Contains(resp.Request.URL.RawQuery, "partNumber")
				if isPart && parts.Add(1) <= test.damaged {
					resp.Header.Set(test.header, map[string]string{headerCRC64: "1"}[test.header])
				}
			})
			content := randomBytes(2 * minPartSize)
			ref := h.ref(t, "damaged")
			_, err := h.Put(t.Context(), ref, BytesBody(content), encrypted(SSECOS{}))
			var checksum *ChecksumError
			switch {
			case test.ok && err != nil:
				t.Error(err)
			case test.ok:
				h.holds(t, ref, nil, content)
			case test.header == "ETag":
				if Classify(err) != ClassConnection ||
					!strings.Contains(err.Error(), errDamagedAnswer.Error()) {
					t.Errorf("error = %v, want that the answer is incomplete", err)
				}
			case !errors.As(err, &checksum) || checksum.Part == 0:
				t.Errorf("error = %v, want a *ChecksumError that names the part", err)
			}
			h.hasNoUploads(t)
		})
	}
}
