package object

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// rememberedFile is a baseline that knows a file since a while, under a CRC64 that reading the
// file would not give: who returns that CRC64 has not read it.
func helloFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(name, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func rememberedFile(t *testing.T, name string) baseline {
	t.Helper()
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, long, long); err != nil {
		t.Fatal(err)
	}
	fact, err := cosapi.StatFile(name)
	if err != nil {
		t.Fatal(err)
	}
	fact.CRC64 = "remembered"
	return baseline{File: &fact, FileHashedAt: value.FormatTime(time.Now())}
}

func TestFileIsReadOnlyWhenItChanged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*testing.T, string, *baseline)
		read   bool
	}{
		"as it was": {func(*testing.T, string, *baseline) {}, false},
		"another size": {func(t *testing.T, name string, _ *baseline) {
			if err := os.WriteFile(name, []byte("longer than before"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, true},
		"another time": {func(t *testing.T, name string, _ *baseline) {
			if err := os.Chtimes(name, time.Now(), time.Now().Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
		}, true},
		"another file at the path": {func(t *testing.T, name string, b *baseline) {
			other := name + ".new"
			if err := os.WriteFile(other, []byte("hello"), 0o600); err != nil {
				t.Fatal(err)
			}
			long := time.Now().Add(-time.Hour)
			if err := os.Chtimes(other, long, long); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(other, name); err != nil {
				t.Fatal(err)
			}
		}, true},
		"hashed right after it was written": {func(_ *testing.T, _ string, b *baseline) {
			b.FileHashedAt = value.FormatTime(time.Now().Add(-time.Hour).Add(time.Second))
		}, true},
		"another path": {func(_ *testing.T, _ string, b *baseline) {
			b.File.Path = "elsewhere"
		}, true},
		"nothing remembered": {func(_ *testing.T, _ string, b *baseline) {
			b.File = nil
		}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := helloFile(t)
			known := rememberedFile(t, file)
			test.change(t, file, &known)
			got, read := currentFile(t.Context(), known, file)
			if read != test.read {
				t.Errorf("the file was read: %t, want %t", read, test.read)
			}
			if (got.File.CRC64 == "remembered") == test.read {
				t.Errorf("CRC64 = %s", got.File.CRC64)
			}
		})
	}
}

// TestFileCacheCanBeTurnedOff changes the environment, so it cannot run in parallel.
func TestFileCacheCanBeTurnedOff(t *testing.T) {
	t.Setenv("TF_COS_NO_FILE_CACHE", "1")
	file := helloFile(t)
	got, read := currentFile(t.Context(), rememberedFile(t, file), file)
	if want := cosapi.CRC64([]byte("hello")); !read || got.File.CRC64 != want {
		t.Errorf("read = %t, CRC64 = %s, want %s", read, got.File.CRC64, want)
	}
}
