package cosapi

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCheckpointFileSurvivesAKillInAnyLine(t *testing.T) {
	t.Parallel()
	const head = `{"version":1,"upload_id":"id"}` + "\n"
	const part = `{"part":2,"etag":"\"e\"","crc64":"18446744073709551615"}` + "\n"
	older := strings.Replace(part, "1844", "1", 1)
	second := map[int]checkpointPart{2: {Number: 2, ETag: `"e"`, CRC64: 1<<64 - 1}}
	tests := map[string]struct {
		text  string
		whole int
		parts map[int]checkpointPart // nil: no upload
	}{
		"empty":                {"", 0, nil},
		"half a head":          {head[:10], 0, nil},
		"no upload id":         {"{}\n" + part, 0, nil},
		"no JSON":              {"hello\n" + part, 0, nil},
		"head only":            {head, len(head), map[int]checkpointPart{}},
		"half a part":          {head + part[:20], len(head), map[int]checkpointPart{}},
		"part without its end": {head + part[:len(part)-1], len(head), map[int]checkpointPart{}},
		"part":                 {head + part, len(head + part), second},
		"part, then garbage":   {head + part + "x\n" + part, len(head + part), second},
		"part sent again":      {head + older + part, len(head + older + part), second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saved, whole := readCheckpoint(strings.NewReader(test.text))
			if test.parts == nil {
				if saved != nil || whole != 0 {
					t.Errorf("read %+v of %d bytes, want nothing", saved, whole)
				}
				return
			}
			if saved == nil {
				t.Fatal("nothing read")
			}
			if diff := cmp.Diff(test.parts, saved.parts); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
			if whole != int64(test.whole) {
				t.Errorf("%d bytes are whole, want %d", whole, test.whole)
			}
		})
	}
}

func TestCheckpointIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "note")
	note, saved, err := openCheckpoint(path)
	if err != nil || saved != nil {
		t.Fatalf("opening a new one: %+v, %v", saved, err)
	}
	head := checkpointHead{
		Version: checkpointVersion, Object: "b/k", UploadID: "id", PartSize: 1,
		File: FileFact{Path: "/f", Size: 2},
	}
	part := checkpointPart{Number: 1, ETag: `"e"`, CRC64: 7}
	note.begin(checkpointHead{UploadID: "earlier, and a longer line than the next one will be"})
	note.begin(head).add(part)
	note.keep()
	// A kill in the middle of a line must not spoil what is added later.
	appendTo(t, path, `{"part":2,`)
	note, _, err = openCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	other := checkpointPart{Number: 3, ETag: `"f"`, CRC64: 8}
	note.add(other)
	note.keep()
	note, saved, err = openCheckpoint(path)
	if err != nil || saved == nil {
		t.Fatalf("reading back: %+v, %v", saved, err)
	}
	want := savedUpload{head: head, parts: map[int]checkpointPart{1: part, 3: other}}
	if diff := cmp.Diff(want, *saved, cmp.AllowUnexported(savedUpload{})); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	note.remove()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("after removal: %v", err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointIsLockedWhileItsUploadRuns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "note")
	first, _, err := openCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := openCheckpoint(path); err == nil {
		t.Error("a second upload got the lock")
	}
	first.remove()
	second, _, err := openCheckpoint(path)
	if err != nil {
		t.Fatalf("after the first one ended: %v", err)
	}
	second.remove()
}

func TestCheckpointContinuesOnlyTheSameUpload(t *testing.T) {
	t.Parallel()
	now := time.Now()
	saved := checkpointHead{
		Version: checkpointVersion, Object: "b/k", UploadID: "id", BeganNS: now.UnixNano(),
		Headers: "digest", CustomerKeyMD5: "md5", PartSize: 1 << 20,
		File: FileFact{Path: "/f", Size: 9, MTimeNS: now.Add(-time.Hour).UnixNano(), Inode: 3},
	}
	tests := map[string]struct {
		change func(*checkpointHead)
		want   bool
	}{
		"later":             {func(h *checkpointHead) { h.UploadID, h.BeganNS = "", h.BeganNS+1 }, true},
		"other form":        {func(h *checkpointHead) { h.Version++ }, false},
		"other headers":     {func(h *checkpointHead) { h.Headers = "other" }, false},
		"other key":         {func(h *checkpointHead) { h.CustomerKeyMD5 = "other" }, false},
		"other part size":   {func(h *checkpointHead) { h.PartSize *= 2 }, false},
		"other file":        {func(h *checkpointHead) { h.File.Inode++ }, false},
		"file written to":   {func(h *checkpointHead) { h.File.MTimeNS++ }, false},
		"file changed mode": {func(h *checkpointHead) { h.File.CTimeNS++ }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head := saved
			test.change(&head)
			if got := head.continues(saved); got != test.want {
				t.Errorf("continues = %t, want %t", got, test.want)
			}
		})
	}
	fresh := saved
	fresh.File.MTimeNS = now.Add(-settled / 2).UnixNano()
	if fresh.continues(fresh) {
		t.Error("an upload that began within seconds of a change of the file is continued")
	}
}

func TestHeadersDigestLeavesTheKeyOut(t *testing.T) {
	t.Parallel()
	digest := func(e Encryption, class string) string {
		header, err := WriteOptions{Encryption: e, StorageClass: class}.writeHeader()
		if err != nil {
			t.Fatal(err)
		}
		return headersDigest(header)
	}
	ours := SSEC{Key: mustKey(t, canaryKey)}
	header, err := WriteOptions{Encryption: ours}.writeHeader()
	if err != nil {
		t.Fatal(err)
	}
	with := headersDigest(header)
	header.Set(headerCustomerKey, base64.StdEncoding.EncodeToString([]byte(otherKey)))
	if headersDigest(header) != with {
		t.Error("the digest depends on the key itself")
	}
	if header.Get(headerCustomerKey) == "" {
		t.Error("the key was taken from the request")
	}
	different := []string{
		digest(ours, ""), digest(ours, "STANDARD_IA"), digest(NoEncryption{}, ""),
		digest(SSECOS{}, ""), digest(SSEKMS{KeyID: "a"}, ""), digest(SSEKMS{KeyID: "b"}, ""),
		digest(SSEKMS{KeyID: "b", Context: map[string]string{"a": "b"}}, ""),
		digest(SSEC{Key: mustKey(t, otherKey)}, ""),
	}
	for i, one := range different {
		for _, other := range different[:i] {
			if one == other {
				t.Errorf("digest %d is that of another request", i)
			}
		}
	}
}
