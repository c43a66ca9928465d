package cosapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// uploaded stores an object and returns its reference; the journal begins after it.
func (h *harness) uploaded(t *testing.T, key string, content []byte, e Encryption) ObjectRef {
	t.Helper()
	ref := h.ref(t, key)
	if _, err := h.Put(t.Context(), ref, BytesBody(content), encrypted(e)); err != nil {
		t.Fatal(err)
	}
	h.emulator.ResetJournal()
	return ref
}

// onlyFiles checks which files are in a folder.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func hasContent(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, %v, want %d others", path, len(got), err, len(want))
	}
}

func TestDownloadReadsEveryModeAndSize(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, byParts)
	for mode, encryption := range h.encryptions(t) {
		for size, ranges := range map[int]int{
			0: 0, 1: 1, minPartSize: 1, minPartSize + 1: 2, 3*minPartSize - 1: 3,
		} {
			t.Run(fmt.Sprintf("%s/%d", mode, size), func(t *testing.T) {
				content := randomBytes(size)
				ref := h.uploaded(t, fmt.Sprint(mode, size), content, encryption)
				dir := t.TempDir()
				options := DownloadOptions{Path: filepath.Join(dir, "f"), Key: readKey(encryption)}
				info, err := h.Download(t.Context(), ref, options)
				if err != nil {
					t.Fatal(err)
				}
				counts := counted(h.ops())
				if counts["HeadObject"] != 1 || counts["GetObject"] != ranges {
					t.Errorf("requests %v, want 1 HEAD and %d GETs", counts, ranges)
				}
				if info.CRC64 != CRC64(content) || info.Encryption.Mode != encryption.Mode() {
					t.Errorf("info = %+v", info)
				}
				hasContent(t, options.Path, content)
				onlyFiles(t, dir, ".f.cos-download", "f")
			})
		}
	}
}

// downloadedFile is a file that an earlier download has written.
func downloadedFile(t *testing.T, content string) string {
	t.Helper()
	path := writtenFile(t, content)
	if err := mark(path, CRC64([]byte(content))); err != nil {
		t.Fatal(err)
	}
	return path
}

// A process that was killed leaves decrypted bytes behind, or a mark for a file that is not there
// yet; the next download clears up after it.
func TestDownloadGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	ref := h.uploaded(t, "killed", []byte(sample), SSECOS{})
	path := downloadedFile(t, "old")
	if err := mark(path, CRC64([]byte("old")), CRC64([]byte("never renamed"))); err != nil {
		t.Fatal(err)
	}
	left := besides(path, ".part")
	if err := os.WriteFile(left, []byte("decrypted, and longer than the sample by far"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Download(t.Context(), ref, DownloadOptions{Path: path}); err != nil {
		t.Fatal(err)
	}
	hasContent(t, path, []byte(sample))
	onlyFiles(t, filepath.Dir(path), ".body.cos-download", "body")
}

func TestDownloadedFileIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	h := startEmulator(t, cosemu.Config{})
	ref := h.uploaded(t, "private", []byte(sample), SSECOS{})
	path := downloadedFile(t, "readable by all")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Download(t.Context(), ref, DownloadOptions{Path: path}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
}

func TestFileThatIsRightIsNotDownloaded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		gets int
	}{"right": {sample, 0}, "other bytes": {"x" + sample[1:], 1}, "longer": {sample + "x", 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{})
			ref := h.uploaded(t, "right", []byte(sample), SSECOS{})
			info := h.head(t, ref, nil)
			h.emulator.ResetJournal()
			path := downloadedFile(t, test.file)
			options := DownloadOptions{Path: path, Info: &info}
			if _, err := h.Download(t.Context(), ref, options); err != nil {
				t.Fatal(err)
			}
			hasContent(t, path, []byte(sample))
			if n := len(h.ops()); n != test.gets {
				t.Errorf("%d requests, want %d", n, test.gets)
			}
		})
	}
}

func TestObjectWithoutCRC64IsDownloadedEveryTime(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	ref := h.uploaded(t, "old", []byte(sample), SSECOS{})
	if err := h.emulator.ForgetCRC64(ref.Bucket, ref.Key); err != nil {
		t.Fatal(err)
	}
	path := downloadedFile(t, sample)
	if _, err := h.Download(t.Context(), ref, DownloadOptions{Path: path}); err != nil {
		t.Fatal(err)
	}
	hasContent(t, path, []byte(sample))
	if n := counted(h.ops())["GetObject"]; n != 1 {
		t.Errorf("%d GETs, want 1: nothing says that the file is right", n)
	}
}

func TestRangesThatBreakOffAreReadAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]cosemu.Fault{
		"truncated": {Op: "GetObject", Truncate: true, Times: 2},
		"reset":     {Op: "GetObject", Reset: true, Times: 2},
		"slow down": {Op: "GetObject", Status: 503, Code: "SlowDown", Times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			content := randomBytes(3 * minPartSize)
			ref := h.uploaded(t, "broken", content, SSECOS{})
			h.emulator.AddFaults(fault)
			path := filepath.Join(t.TempDir(), "f")
			if _, err := h.Download(t.Context(), ref, DownloadOptions{Path: path}); err != nil {
				t.Fatal(err)
			}
			hasContent(t, path, content)
			if n := counted(h.ops())["GetObject"]; n != 5 {
				t.Errorf("%d GETs, want 3 and 2 again", n)
			}
		})
	}
}

func TestRangeThatIsTooShortIsReadAgain(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, byParts)
	content := randomBytes(2 * minPartSize)
	ref := h.uploaded(t, "short", content, SSECOS{})
	info := h.head(t, ref, nil)
	info.CRC64 = "" // which would notice it, too
	var once sync.Once
	h.changeAnswers(func(resp *http.Response) {
		once.Do(func() {
			resp.Body = io.NopCloser(io.LimitReader(resp.Body, minPartSize-1))
		})
	})
	options := DownloadOptions{Path: filepath.Join(t.TempDir(), "f"), Info: &info}
	if _, err := h.Download(t.Context(), ref, options); err != nil {
		t.Fatal(err)
	}
	hasContent(t, options.Path, content)
}

func TestDownloadThatFailsLeavesTheFileAsItWas(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// prepare makes the download fail after its HEAD, which said info.
		prepare func(t *testing.T, h *harness, info *ObjectInfo, cancel func())
		failed  func(error) bool
	}{
		"refused": {func(_ *testing.T, h *harness, _ *ObjectInfo, _ func()) {
			h.emulator.AddFaults(cosemu.Fault{Op: "GetObject", Skip: 1, Status: 403})
		}, func(err error) bool { return Classify(err) == ClassPermission }},
		"rewritten meanwhile": {func(t *testing.T, h *harness, info *ObjectInfo, _ func()) {
			h.store(t, info.Ref, sample, WriteOptions{Encryption: SSECOS{}})
		}, func(err error) bool { return Classify(err) == ClassPrecondition }},
		"deleted meanwhile": {func(t *testing.T, h *harness, info *ObjectInfo, _ func()) {
			if _, err := h.Delete(t.Context(), info.Ref); err != nil {
				t.Fatal(err)
			}
		}, func(err error) bool { return Classify(err) == ClassNotFound }},
		"damaged": {func(_ *testing.T, _ *harness, info *ObjectInfo, _ func()) {
			info.CRC64 = "1"
		}, func(err error) bool {
			var checksum *ChecksumError
			return errors.As(err, &checksum) && checksum.Downloading && checksum.COS == "1"
		}},
		"cancelled": {func(_ *testing.T, _ *harness, _ *ObjectInfo, cancel func()) {
			cancel()
		}, func(err error) bool { return Classify(err) == ClassCanceled }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			ref := h.uploaded(t, "failed", randomBytes(3*minPartSize), SSECOS{})
			info := h.head(t, ref, nil)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			test.prepare(t, h, &info, cancel)
			path := downloadedFile(t, "as it was")
			_, err := h.Download(ctx, ref, DownloadOptions{Path: path, Info: &info})
			if !test.failed(err) {
				t.Errorf("error = %v of class %v", err, Classify(err))
			}
			hasContent(t, path, []byte("as it was"))
			onlyFiles(t, filepath.Dir(path), ".body.cos-download", "body")
		})
	}
}

func TestDownloadNeedsItsFolder(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	ref := h.uploaded(t, "f", []byte(sample), SSECOS{})
	path := filepath.Join(t.TempDir(), "missing", "f")
	_, err := h.Download(t.Context(), ref, DownloadOptions{Path: path})
	var failure *Error
	if !errors.As(err, &failure) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want an *Error that the folder does not exist", err)
	}
}
