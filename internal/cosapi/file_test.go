package cosapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func writtenFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustStat(t *testing.T, path string) FileFact {
	t.Helper()
	fact, err := StatFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fact
}

func TestHashedFileIsTheFileThatIsSeen(t *testing.T) {
	t.Parallel()
	path := writtenFile(t, "123456789")
	hashed, err := HashFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if hashed.CRC64 != CRC64([]byte("123456789")) || hashed.Size != 9 || hashed.Path != path {
		t.Errorf("fact = %+v", hashed)
	}
	if seen := mustStat(t, path); !seen.SameFile(hashed) || seen.CRC64 != "" {
		t.Errorf("StatFile = %+v, want %+v without CRC64", seen, hashed)
	}
	text, err := json.Marshal(hashed)
	if err != nil {
		t.Fatal(err)
	}
	var back FileFact
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hashed, back); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
}

func TestChangedFileIsNotTheSame(t *testing.T) {
	t.Parallel()
	hour := time.Now().Add(-time.Hour)
	changes := map[string]func(path string) error{
		"longer": func(path string) error {
			return os.WriteFile(path, []byte("longer than it was"), 0o600)
		},
		"older": func(path string) error {
			return os.Chtimes(path, time.Time{}, hour.Add(-time.Minute))
		},
	}
	if runtime.GOOS != "windows" { // which has neither inode nor change time here
		changes["another file in its place"] = func(path string) error {
			err := os.WriteFile(path+".new", []byte("before"), 0o600)
			return errors.Join(err, os.Chtimes(path+".new", time.Time{}, hour),
				os.Rename(path+".new", path))
		}
		changes["rewritten, with its old time"] = func(path string) error {
			err := os.WriteFile(path, []byte("after!"), 0o600)
			return errors.Join(err, os.Chtimes(path, time.Time{}, hour))
		}
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writtenFile(t, "before")
			if err := os.Chtimes(path, time.Time{}, hour); err != nil {
				t.Fatal(err)
			}
			before := mustStat(t, path)
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if before.SameFile(mustStat(t, path)) {
				t.Error("the change is not seen")
			}
		})
	}
}

func TestFactOfAFreshFileIsNotTrusted(t *testing.T) {
	t.Parallel()
	modified := time.Now()
	fact := FileFact{CRC64: "1", MTimeNS: modified.UnixNano()}
	for age, want := range map[time.Duration]bool{
		-time.Hour: false, 0: false, settled: false, settled + 1: true, time.Hour: true,
	} {
		if got := fact.Trustworthy(modified.Add(age)); got != want {
			t.Errorf("hashed %v after the change: trustworthy = %t", age, got)
		}
	}
	fact.CRC64 = ""
	if fact.Trustworthy(modified.Add(time.Hour)) {
		t.Error("a fact without CRC64 is trusted")
	}
}

func TestOnlyRegularFilesAreBodies(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for name, try := range map[string]func(string) error{
		"StatFile": func(path string) error { _, err := StatFile(path); return err },
		"OpenFile": func(path string) error { _, err := OpenFile(path); return err },
		"HashFile": func(path string) error {
			_, err := HashFile(context.Background(), path)
			return err
		},
	} {
		if err := try(t.TempDir()); !errors.Is(err, errNoRegularFile) {
			t.Errorf("%s of a folder: %v", name, err)
		}
		if err := try(missing); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s of a missing file: %v", name, err)
		}
	}
}

func TestBodyThatChangesIsNoticed(t *testing.T) {
	t.Parallel()
	path := writtenFile(t, "123456789")
	body, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	got, err := io.ReadAll(body.Section(2, 3))
	if err != nil || string(got) != "345" {
		t.Errorf("section = %q, %v", got, err)
	}
	if err := body.Check(); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	if err := os.Truncate(path, 4); err != nil {
		t.Fatal(err)
	}
	if err := body.Check(); !errors.Is(err, errBodyChanged) {
		t.Errorf("after a change: %v", err)
	}
	if _, err := io.ReadAll(body.Section(2, 3)); !errors.Is(err, errBodyChanged) {
		t.Errorf("reading behind the new end: %v", err)
	}
}
