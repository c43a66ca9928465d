package object_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func objectConfig(extra pt.Attrs) pt.Attrs {
	return pt.Attrs{"bucket": pt.Bucket, "key": "k"}.With(extra)
}

func TestObjectDataSourceTellsFactsInEveryMode(t *testing.T) {
	t.Parallel()
	md5 := pt.MustKey(t, pt.KeyA).MD5()
	tests := map[cosapi.Mode]pt.Attrs{
		cosapi.ModeNone: {
			"encryption.algorithm": nil, "encryption.kms_key_id": nil, "key_name": nil,
		},
		cosapi.ModeSSECOS: {"encryption.algorithm": "AES256"},
		cosapi.ModeSSEKMS: {"encryption.kms_key_id": pt.OtherCMK},
		cosapi.ModeSSEC:   {"encryption.customer_key_md5": md5, "key_name": "a"},
	}
	for mode, want := range tests {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{
				Encryption: pt.ModeOptions(t)[mode], StorageClass: "STANDARD_IA",
				Headers: cosapi.ObjectHeaders{
					ContentType: "text/csv", ContentEncoding: "gzip",
					Metadata: map[string]string{"team": "x"},
				},
			})
			config := objectConfig(nil)
			if mode == cosapi.ModeSSEC {
				config["sse"] = pt.OpeningC(pt.Attrs{"key_name": "a"})
			}
			state := pt.NewServer(t, c, pt.KeysAB()).MustRead(pt.ObjectType, config)
			c.ExpectOps("HeadObject")
			pt.ExpectState(t, state, want.With(pt.Attrs{
				"encryption.mode": string(mode), "id": pt.Bucket + "/k", "region": pt.Region,
				"size": len("content"), "crc64ecma": cosapi.CRC64([]byte("content")),
				"content_type": "text/csv", "content_encoding": "gzip", "metadata.team": "x",
				"storage_class": "STANDARD_IA", "restore_ongoing": false,
				"url": "https://" + pt.Bucket + ".cos." + pt.Region + ".myqcloud.com/k",
			}))
			for _, null := range []string{"content", "content_base64", "version_id", "restored_until"} {
				if got := pt.Lookup(t, state, null); got != nil {
					t.Errorf("%s = %v, want null", null, got)
				}
			}
		})
	}
}

func TestObjectDataSourceReadsContentWithOneRequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		text    any
	}{
		"text":      {"contenü", "contenü"},
		"not UTF-8": {"\xff\xfe", nil},
		"empty":     {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			c.Place(pt.Ref("k"), tt.content, cosapi.WriteOptions{
				Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)},
			})
			state := pt.NewServer(t, c, pt.KeysAB()).MustRead(pt.ObjectType, objectConfig(pt.Attrs{
				"read_content": true, "sse": pt.OpeningC(pt.Attrs{"key_name": "a"}),
			}))
			c.ExpectOps("GetObject")
			pt.ExpectState(t, state, pt.Attrs{
				"content": tt.text, "size": len(tt.content), "encryption.mode": "SSE-C",
				"content_base64": base64.StdEncoding.EncodeToString([]byte(tt.content)),
			})
		})
	}
}

func TestObjectDataSourceRefusesToReadTooMuch(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), strings.Repeat("x", 101), cosapi.WriteOptions{})
	server := pt.NewServer(t, c, nil)
	_, diagnostics := server.ReadData(pt.ObjectType, objectConfig(pt.Attrs{
		"read_content": true, "max_bytes": 100,
	}))
	text := pt.ErrorText(diagnostics)
	for _, want := range []string{"max_bytes", "101 bytes", "output_path"} {
		if !strings.Contains(text, want) {
			t.Errorf("error = %q, want %q", text, want)
		}
	}
	server.MustRead(pt.ObjectType, objectConfig(pt.Attrs{"read_content": true, "max_bytes": 101}))
}

func TestObjectDataSourceFindsTheKeyInTheKeyring(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)},
	})
	server := pt.NewServer(t, c, pt.KeysAB())
	state := server.MustRead(pt.ObjectType, objectConfig(nil))
	pt.ExpectState(t, state, pt.Attrs{"key_name": "b", "encryption.mode": "SSE-C"})
	// Before a second key of the ring is tried, a GET says whether a key may help at all.
	c.ExpectOps("HeadObject", "HeadObject", "GetObject", "HeadObject")
	state = server.MustRead(pt.ObjectType, objectConfig(pt.Attrs{"read_content": true}))
	pt.ExpectState(t, state, pt.Attrs{"key_name": "b", "content": "content"})
}

func TestObjectDataSourceReadsAVersion(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	ref := cosapi.ObjectRef{Region: pt.Region, Bucket: pt.VersionedBucket, Key: "k"}
	c.Place(ref, "first", cosapi.WriteOptions{})
	old := c.Head(ref, nil).VersionID
	c.Place(ref, "second", cosapi.WriteOptions{})
	server := pt.NewServer(t, c, nil)
	config := objectConfig(pt.Attrs{"bucket": pt.VersionedBucket, "read_content": true})
	pt.ExpectState(t, server.MustRead(pt.ObjectType, config.With(pt.Attrs{"version_id": old})),
		pt.Attrs{"content": "first", "version_id": old})
	pt.ExpectState(t, server.MustRead(pt.ObjectType, config), pt.Attrs{
		"content": "second", "version_id": c.Head(ref, nil).VersionID,
	})
}

func TestObjectDataSourceDownloadsAndSkipsARightFile(t *testing.T) {
	t.Parallel()
	for mode, encryption := range pt.ModeOptions(t) {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			content := strings.Repeat("0123456789abcdef", 3<<16)
			c.Place(pt.Ref("k"), content, cosapi.WriteOptions{Encryption: encryption})
			server := pt.NewServer(t, c, pt.KeysAB().With(pt.Attrs{"part_size": 1 << 20}))
			file := filepath.Join(t.TempDir(), "out")
			config := objectConfig(pt.Attrs{"output_path": file})
			if mode == cosapi.ModeSSEC {
				config["sse"] = pt.OpeningC(pt.Attrs{"key_name": "a"})
			}
			server.MustRead(pt.ObjectType, config)
			pt.ExpectFile(t, file, content)
			if got := c.Requests("GetObject"); got < 2 {
				t.Errorf("GETs = %d, want ranges side by side", got)
			}
			c.ResetJournal()
			server.MustRead(pt.ObjectType, config)
			c.ExpectOps("HeadObject")

			c.Place(pt.Ref("k"), "newer", cosapi.WriteOptions{Encryption: encryption})
			server.MustRead(pt.ObjectType, config)
			pt.ExpectFile(t, file, "newer")
			c.ResetJournal()

			pt.Must(t, os.WriteFile(file, []byte("a user's"), 0o600))
			_, diagnostics := server.ReadData(pt.ObjectType, config)
			pt.ExpectError(t, pt.ErrorText(diagnostics), "output_path", "no download has written them")
			pt.ExpectFile(t, file, "a user's")
			c.ExpectOps("HeadObject")
		})
	}
}

func TestObjectDataSourceReplacesNothingOfOthers(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{})
	server := pt.NewServer(t, c, nil)
	tests := map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"directory": {func(t *testing.T, path string) {
			pt.Must(t, os.Mkdir(path, 0o700))
		}, "no regular file"},
		"link": {func(t *testing.T, path string) {
			pt.Must(t, os.WriteFile(path+".target", []byte("theirs"), 0o600))
			pt.Must(t, os.Symlink(path+".target", path))
		}, "no regular file"},
		"file": {func(t *testing.T, path string) {
			pt.Must(t, os.WriteFile(path, []byte("theirs"), 0o600))
		}, "other bytes"},
		"file with a mark for other bytes": {func(t *testing.T, path string) {
			server.MustRead(pt.ObjectType, objectConfig(pt.Attrs{"output_path": path}))
			pt.Must(t, os.WriteFile(path, []byte("theirs"), 0o600))
		}, "other bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "out")
			tt.make(t, file)
			before, err := os.Lstat(file)
			pt.Must(t, err)
			_, diagnostics := server.ReadData(pt.ObjectType, objectConfig(pt.Attrs{"output_path": file}))
			pt.ExpectError(t, pt.ErrorText(diagnostics), "output_path", tt.want, "not replaced")
			after, err := os.Lstat(file)
			pt.Must(t, err)
			if !os.SameFile(before, after) {
				t.Error("it was replaced")
			}
		})
	}
}

func TestObjectDataSourceKeepsRightBytesToTheirOwner(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{})
	c.Place(pt.Ref("other"), "content 2", cosapi.WriteOptions{})
	file := filepath.Join(t.TempDir(), "out")
	pt.Must(t, os.WriteFile(file, []byte("content"), 0o600))
	pt.Must(t, os.Chmod(file, 0o666))
	server := pt.NewServer(t, c, nil)
	server.MustRead(pt.ObjectType, objectConfig(pt.Attrs{"output_path": file}))
	stat, err := os.Stat(file)
	pt.Must(t, err)
	if stat.Mode().Perm() != 0o600 {
		t.Errorf("mode = %o, want 600", stat.Mode().Perm())
	}
	if c.Requests("GetObject") != 0 {
		t.Errorf("requests = %v, want no download", c.Ops())
	}
	_, diagnostics := server.ReadData(pt.ObjectType,
		objectConfig(pt.Attrs{"key": "other", "output_path": file}))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "Two data sources write one file")
}

func TestObjectDataSourceLeavesNoPartialFile(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), strings.Repeat("x", 3<<20), cosapi.WriteOptions{})
	c.AddFaults(cosemu.Fault{Op: "GetObject", Times: 1000, Status: 403, Code: "AccessDenied", Skip: 1})
	dir := t.TempDir()
	server := pt.NewServer(t, c, pt.Attrs{"part_size": 1 << 20})
	_, diagnostics := server.ReadData(pt.ObjectType, objectConfig(pt.Attrs{
		"output_path": filepath.Join(dir, "out"),
	}))
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "output_path") ||
		!strings.Contains(text, "AccessDenied") {
		t.Errorf("error = %q, want output_path and AccessDenied", text)
	}
	left, err := os.ReadDir(dir)
	pt.Must(t, err)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestObjectDataSourceErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change pt.Attrs
		wants  []string
	}{
		"no object": {pt.Attrs{"key": "gone"}, []string{"NoSuchKey", "request id", "does not exist"}},
		"no bucket": {pt.Attrs{"bucket": "nobucket-1250000000"}, []string{"NoSuchBucket", pt.Region}},
		"other key": {pt.Attrs{"sse": pt.OpeningC(pt.Attrs{"key_name": "b"})}, []string{"customer key"}},
		"no key":    {nil, []string{"None of the provider's customer_keys (b) opens it"}},
		"not in the keyring": {
			pt.Attrs{"sse": pt.OpeningC(pt.Attrs{"key_name": "gone"})}, []string{"gone", "key_name"},
		},
	}
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)},
	})
	server := pt.NewServer(t, c, pt.Attrs{"customer_keys": map[string]string{"b": pt.KeyB}})
	for name, tt := range tests {
		for _, content := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				config := objectConfig(tt.change).With(pt.Attrs{"read_content": content})
				_, diagnostics := server.ReadData(pt.ObjectType, config)
				text := pt.ErrorText(diagnostics)
				for _, want := range tt.wants {
					if !strings.Contains(text, want) {
						t.Errorf("error = %q, want %q", text, want)
					}
				}
			})
		}
	}
}

func TestObjectDataSourceTellsOfARestore(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
	server := pt.NewServer(t, c, nil)
	_, diagnostics := server.ReadData(pt.ObjectType, objectConfig(pt.Attrs{"read_content": true}))
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "cos_encrypted_object_restore") {
		t.Errorf("error = %q, want the way out", text)
	}
	_, err := c.SomebodyElse().Restore(t.Context(), pt.Ref("k"), cosapi.RestoreOptions{Days: 1})
	pt.Must(t, err)
	state := server.MustRead(pt.ObjectType, objectConfig(pt.Attrs{"read_content": true}))
	pt.ExpectState(t, state, pt.Attrs{"content": "content", "storage_class": "ARCHIVE"})
	if got := pt.Lookup(t, state, "restored_until"); got == nil {
		t.Error("restored_until is null")
	}
}

func TestOpeningSSEValidation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sse  any
		want string
	}{
		"absent":         {nil, ""},
		"key_name":       {pt.OpeningC(pt.Attrs{"key_name": "a"}), ""},
		"key":            {pt.OpeningC(pt.Attrs{"key": pt.KeyA}), ""},
		"unknown block":  {pt.Unknown, ""},
		"unknown c":      {[]pt.Attrs{{"c": pt.Unknown}}, ""},
		"unknown key":    {pt.OpeningC(pt.Attrs{"key": pt.Unknown}), ""},
		"unknown of two": {pt.OpeningC(pt.Attrs{"key": pt.Unknown, "key_name": "a"}), ""},
		"empty":          {[]pt.Attrs{{}}, "SSE-C key is missing"},
		"no key":         {pt.OpeningC(pt.Attrs{}), "SSE-C key is missing"},
		"two keys":       {pt.OpeningC(pt.Attrs{"key": pt.KeyA, "key_name": "a"}), "More than one SSE-C key"},
		"short key":      {pt.OpeningC(pt.Attrs{"key": pt.KeyA[1:]}), "SSE-C key is not usable"},
		"two blocks":     {append(pt.OpeningC(pt.Attrs{"key_name": "a"}), pt.Attrs{}), "More than one sse block"},
		"two c blocks": {
			[]pt.Attrs{{"c": []pt.Attrs{{"key_name": "a"}, {"key_name": "b"}}}}, "More than one c block",
		},
	}
	server := pt.NewUnconfiguredServer(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := pt.ErrorText(server.ValidateData(pt.ObjectType, objectConfig(pt.Attrs{"sse": tt.sse})))
			if (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
			if strings.Contains(text, pt.KeyA[1:]) {
				t.Errorf("error shows the key: %q", text)
			}
		})
	}
}
