package cosapi

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// countedBytes counts what is read of a file.
type countedBytes struct {
	io.ReaderAt
	n    atomic.Int64
	once func()
}

func (c *countedBytes) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n.Add(int64(n))
	if c.once != nil && n > 0 {
		c.once()
		c.once = nil
	}
	return n, err
}

// countedFile is a file with content as a body, and what counts its reads.
func countedFile(t *testing.T, content []byte) (Body, *countedBytes) {
	t.Helper()
	body, err := OpenFile(writtenFile(t, string(content)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = body.Close() })
	file := body.(*fileBody)
	counted := &countedBytes{ReaderAt: file.bytes}
	file.bytes = counted
	return body, counted
}

func TestFileIsReadOnceToSendIt(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		"empty": 0, "one request": 500_000, "parts": 3*minPartSize + 7,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			ref, content := h.ref(t, "once"), randomBytes(size)
			body, counted := countedFile(t, content)
			options := encrypted(SSECOS{})
			options.ExpectCRC64 = CRC64(content)
			if _, err := h.Put(t.Context(), ref, body, options); err != nil {
				t.Fatal(err)
			}
			if n := counted.n.Load(); n != int64(size) {
				t.Errorf("%d bytes were read of a file of %d", n, size)
			}
			h.holds(t, ref, nil, content)
		})
	}
}

// TestFileSentInOneRequestThatIsNotRightReplacesNothing: COS never gets the last bytes.
func TestFileSentInOneRequestThatIsNotRightReplacesNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		expect string
		change func(path string) error
		is     func(error) bool
	}{
		"not the planned one": {"1", nil, func(err error) bool {
			var changed *ContentChangedError
			return errors.As(err, &changed) && changed.Want == "1"
		}},
		"grows while it is sent": {
			"", func(path string) error { return os.Truncate(path, 900_000) },
			func(err error) bool { return errors.Is(err, errBodyChanged) },
		},
		"shrinks while it is sent": {
			"", func(path string) error { return os.Truncate(path, 10) },
			func(err error) bool { return errors.Is(err, errBodyChanged) },
		},
	}
	for name, test := range tests {
		for _, size := range []int{1, 500_000} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h := startEmulator(t, cosemu.Config{})
				ref := h.ref(t, "kept")
				h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
				body, counted := countedFile(t, randomBytes(size))
				if test.change != nil {
					path := body.(*fileBody).file.Name()
					counted.once = func() {
						if err := test.change(path); err != nil {
							t.Error(err)
						}
					}
				}
				options := encrypted(SSECOS{})
				options.ExpectCRC64 = test.expect
				if _, err := h.Put(t.Context(), ref, body, options); !test.is(err) {
					t.Errorf("%d bytes: error = %v", size, err)
				}
				h.holds(t, ref, nil, []byte(sample))
			})
		}
	}
}

// TestLostAnswerToAFile: the file is read again only where it is sent again.
func TestLostAnswerToAFile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault cosemu.Fault
		times int64
	}{
		"stored":     {cosemu.Fault{Op: "PutObject", DropAnswer: true}, 1},
		"not stored": {cosemu.Fault{Op: "PutObject", Status: 500, Code: "InternalError"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{})
			h.emulator.AddFaults(test.fault)
			ref, content := h.ref(t, "lost"), randomBytes(1000)
			body, counted := countedFile(t, content)
			if _, err := h.Put(t.Context(), ref, body, encrypted(SSECOS{})); err != nil {
				t.Fatal(err)
			}
			if n := counted.n.Load(); n != test.times*1000 {
				t.Errorf("%d bytes were read", n)
			}
			h.holds(t, ref, nil, content)
		})
	}
}
