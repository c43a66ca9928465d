package provider

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

const objectType = "cos_encrypted_object"

func objectConfig(extra attrs) attrs {
	return attrs{"bucket": testBucket, "key": "k"}.with(extra)
}

func TestObjectDataSourceTellsFactsInEveryMode(t *testing.T) {
	t.Parallel()
	md5 := mustKey(t, testKeyA).MD5()
	tests := map[cosapi.Mode]attrs{
		cosapi.ModeNone: {
			"encryption.algorithm": nil, "encryption.kms_key_id": nil, "key_name": nil,
		},
		cosapi.ModeSSECOS: {"encryption.algorithm": "AES256"},
		cosapi.ModeSSEKMS: {"encryption.kms_key_id": testOtherCMK},
		cosapi.ModeSSEC:   {"encryption.customer_key_md5": md5, "key_name": "a"},
	}
	for mode, want := range tests {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			c.place(testRef("k"), "content", cosapi.WriteOptions{
				Encryption: modeOptions(t)[mode], StorageClass: "STANDARD_IA",
				Headers: cosapi.ObjectHeaders{
					ContentType: "text/csv", ContentEncoding: "gzip",
					Metadata: map[string]string{"team": "x"},
				},
			})
			config := objectConfig(nil)
			if mode == cosapi.ModeSSEC {
				config["sse"] = openingC(attrs{"key_name": "a"})
			}
			state := newServer(t, c, keysAB()).mustRead(objectType, config)
			c.expectOps("HeadObject")
			expectState(t, state, want.with(attrs{
				"encryption.mode": string(mode), "id": testBucket + "/k", "region": testRegion,
				"size": len("content"), "crc64ecma": cosapi.CRC64([]byte("content")),
				"content_type": "text/csv", "content_encoding": "gzip", "metadata.team": "x",
				"storage_class": "STANDARD_IA", "restore_ongoing": false,
				"url": "https://" + testBucket + ".cos." + testRegion + ".myqcloud.com/k",
			}))
			for _, null := range []string{"content", "content_base64", "version_id", "restored_until"} {
				if got := lookup(t, state, null); got != nil {
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
			c := newCloud(t, cosemu.Config{})
			c.place(testRef("k"), tt.content, cosapi.WriteOptions{
				Encryption: cosapi.SSEC{Key: mustKey(t, testKeyA)},
			})
			state := newServer(t, c, keysAB()).mustRead(objectType, objectConfig(attrs{
				"read_content": true, "sse": openingC(attrs{"key_name": "a"}),
			}))
			c.expectOps("GetObject")
			expectState(t, state, attrs{
				"content": tt.text, "size": len(tt.content), "encryption.mode": "SSE-C",
				"content_base64": base64.StdEncoding.EncodeToString([]byte(tt.content)),
			})
		})
	}
}

func TestObjectDataSourceRefusesToReadTooMuch(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("k"), strings.Repeat("x", 101), cosapi.WriteOptions{})
	server := newServer(t, c, nil)
	_, diagnostics := server.readData(objectType, objectConfig(attrs{
		"read_content": true, "max_bytes": 100,
	}))
	text := errorText(diagnostics)
	for _, want := range []string{"max_bytes", "101 bytes", "output_path"} {
		if !strings.Contains(text, want) {
			t.Errorf("error = %q, want %q", text, want)
		}
	}
	server.mustRead(objectType, objectConfig(attrs{"read_content": true, "max_bytes": 101}))
}

func TestObjectDataSourceFindsTheKeyInTheKeyring(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("k"), "content", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: mustKey(t, testKeyB)},
	})
	server := newServer(t, c, keysAB())
	state := server.mustRead(objectType, objectConfig(nil))
	expectState(t, state, attrs{"key_name": "b", "encryption.mode": "SSE-C"})
	c.expectOps("HeadObject", "HeadObject", "HeadObject")
	state = server.mustRead(objectType, objectConfig(attrs{"read_content": true}))
	expectState(t, state, attrs{"key_name": "b", "content": "content"})
}

func TestObjectDataSourceReadsAVersion(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	ref := cosapi.ObjectRef{Region: testRegion, Bucket: testVersionedBucket, Key: "k"}
	c.place(ref, "first", cosapi.WriteOptions{})
	old := c.head(ref, nil).VersionID
	c.place(ref, "second", cosapi.WriteOptions{})
	server := newServer(t, c, nil)
	config := objectConfig(attrs{"bucket": testVersionedBucket, "read_content": true})
	expectState(t, server.mustRead(objectType, config.with(attrs{"version_id": old})),
		attrs{"content": "first", "version_id": old})
	expectState(t, server.mustRead(objectType, config), attrs{
		"content": "second", "version_id": c.head(ref, nil).VersionID,
	})
}

func TestObjectDataSourceDownloadsAndSkipsARightFile(t *testing.T) {
	t.Parallel()
	for mode, encryption := range modeOptions(t) {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			content := strings.Repeat("0123456789abcdef", 3<<16)
			c.place(testRef("k"), content, cosapi.WriteOptions{Encryption: encryption})
			server := newServer(t, c, keysAB().with(attrs{"part_size": 1 << 20}))
			file := filepath.Join(t.TempDir(), "out")
			config := objectConfig(attrs{"output_path": file})
			if mode == cosapi.ModeSSEC {
				config["sse"] = openingC(attrs{"key_name": "a"})
			}
			server.mustRead(objectType, config)
			expectFile(t, file, content)
			if got := c.Requests("GetObject"); got < 2 {
				t.Errorf("GETs = %d, want ranges side by side", got)
			}
			c.ResetJournal()
			server.mustRead(objectType, config)
			c.expectOps("HeadObject")

			must(t, os.WriteFile(file, []byte("spoilt"), 0o600))
			server.mustRead(objectType, config)
			expectFile(t, file, content)
		})
	}
}

func expectFile(t *testing.T, file, content string) {
	t.Helper()
	got, err := os.ReadFile(file)
	must(t, err)
	if string(got) != content {
		t.Errorf("file has %d bytes, and they are not the object's %d", len(got), len(content))
	}
	info, err := os.Stat(file)
	must(t, err)
	if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("file mode = %o, want 600", mode)
	}
}

func TestObjectDataSourceLeavesNoPartialFile(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("k"), strings.Repeat("x", 3<<20), cosapi.WriteOptions{})
	c.AddFaults(cosemu.Fault{Op: "GetObject", Times: 1000, Status: 403, Code: "AccessDenied", Skip: 1})
	dir := t.TempDir()
	server := newServer(t, c, attrs{"part_size": 1 << 20})
	_, diagnostics := server.readData(objectType, objectConfig(attrs{
		"output_path": filepath.Join(dir, "out"),
	}))
	if text := errorText(diagnostics); !strings.Contains(text, "output_path") ||
		!strings.Contains(text, "AccessDenied") {
		t.Errorf("error = %q, want output_path and AccessDenied", text)
	}
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestObjectDataSourceErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change attrs
		wants  []string
	}{
		"no object": {attrs{"key": "gone"}, []string{"NoSuchKey", "request id", "does not exist"}},
		"no bucket": {attrs{"bucket": "nobucket-1250000000"}, []string{"NoSuchBucket", testRegion}},
		"other key": {attrs{"sse": openingC(attrs{"key_name": "b"})}, []string{"customer key"}},
		"no key":    {nil, []string{"None of the provider's customer_keys (b) opens it"}},
		"not in the keyring": {
			attrs{"sse": openingC(attrs{"key_name": "gone"})}, []string{"gone", "key_name"},
		},
	}
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("k"), "content", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: mustKey(t, testKeyA)},
	})
	server := newServer(t, c, attrs{"customer_keys": map[string]string{"b": testKeyB}})
	for name, tt := range tests {
		for _, content := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				config := objectConfig(tt.change).with(attrs{"read_content": content})
				_, diagnostics := server.readData(objectType, config)
				text := errorText(diagnostics)
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
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("k"), "content", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
	server := newServer(t, c, nil)
	_, diagnostics := server.readData(objectType, objectConfig(attrs{"read_content": true}))
	if text := errorText(diagnostics); !strings.Contains(text, "cos_encrypted_object_restore") {
		t.Errorf("error = %q, want the way out", text)
	}
	_, err := c.somebodyElse().Restore(t.Context(), testRef("k"), cosapi.RestoreOptions{Days: 1})
	must(t, err)
	state := server.mustRead(objectType, objectConfig(attrs{"read_content": true}))
	expectState(t, state, attrs{"content": "content", "storage_class": "ARCHIVE"})
	if got := lookup(t, state, "restored_until"); got == nil {
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
		"key_name":       {openingC(attrs{"key_name": "a"}), ""},
		"key":            {openingC(attrs{"key": testKeyA}), ""},
		"unknown block":  {unknownValue, ""},
		"unknown c":      {[]attrs{{"c": unknownValue}}, ""},
		"unknown key":    {openingC(attrs{"key": unknownValue}), ""},
		"unknown of two": {openingC(attrs{"key": unknownValue, "key_name": "a"}), ""},
		"empty":          {[]attrs{{}}, "SSE-C key is missing"},
		"no key":         {openingC(attrs{}), "SSE-C key is missing"},
		"two keys":       {openingC(attrs{"key": testKeyA, "key_name": "a"}), "More than one SSE-C key"},
		"short key":      {openingC(attrs{"key": testKeyA[1:]}), "SSE-C key is not usable"},
		"two blocks":     {append(openingC(attrs{"key_name": "a"}), attrs{}), "More than one sse block"},
		"two c blocks": {
			[]attrs{{"c": []attrs{{"key_name": "a"}, {"key_name": "b"}}}}, "More than one c block",
		},
	}
	server := newUnconfiguredServer(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := errorText(server.validateData(objectType, objectConfig(attrs{"sse": tt.sse})))
			if (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
			if strings.Contains(text, testKeyA[1:]) {
				t.Errorf("error shows the key: %q", text)
			}
		})
	}
}
