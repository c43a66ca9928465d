package objects_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// auditCloud has one object of each mode below "p/", one SSE-C object more of a key that nobody
// knows, and one object elsewhere.
func auditCloud(t *testing.T) *pt.Cloud {
	t.Helper()
	c := pt.NewCloud(t, cosemu.Config{})
	for mode, encryption := range pt.ModeOptions(t) {
		c.Place(pt.Ref("p/"+strings.ToLower(string(mode))), "x",
			cosapi.WriteOptions{Encryption: encryption})
	}
	c.Place(pt.Ref("p/unknown-key"), "x", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyC)},
	})
	c.Place(pt.Ref("elsewhere"), "x", cosapi.WriteOptions{})
	return c
}

// column is one member of each of the objects.
func column(t *testing.T, state tftypes.Value, name string) []any {
	t.Helper()
	var objects []tftypes.Value
	pt.Must(t, pt.ObjectFields(t, state)["objects"].As(&objects))
	values := []any{}
	for _, object := range objects {
		values = append(values, pt.Lookup(t, object, name))
	}
	return values
}

func TestObjectsDataSourceAudits(t *testing.T) {
	t.Parallel()
	c := auditCloud(t)
	state := pt.NewServer(t, c, pt.KeysAB()).MustRead(pt.ObjectsType, pt.Attrs{
		"bucket": pt.Bucket, "prefix": "p/", "only": "all",
	})
	pt.ExpectState(t, state, pt.Attrs{
		"id": pt.Bucket + "/p/", "total": 5, "violations": 1, "truncated": false,
		"counts.NONE": 1, "counts.SSE-COS": 1, "counts.SSE-KMS": 1, "counts.SSE-C": 2,
		"counts.UNKNOWN": 0,
	})
	want := map[string][]any{
		"key":              {"p/none", "p/sse-c", "p/sse-cos", "p/sse-kms", "p/unknown-key"},
		"mode":             {"NONE", "SSE-C", "SSE-COS", "SSE-KMS", "SSE-C"},
		"readable":         {true, true, true, true, false},
		"key_name":         {nil, "a", nil, nil, nil},
		"kms_key_id":       {nil, nil, nil, pt.OtherCMK, nil},
		"customer_key_md5": {nil, pt.MustKey(t, pt.KeyA).MD5(), nil, nil, nil},
		"violation":        {"it is not encrypted", nil, nil, nil, nil},
		"is_latest":        {true, true, true, true, true},
	}
	for name, values := range want {
		if diff := cmp.Diff(values, column(t, state, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestObjectsDataSourceRequests(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	for _, key := range []string{"p/1", "p/2", "p/3"} {
		c.Place(pt.Ref(key), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	}
	server := pt.NewServer(t, c, pt.KeysAB())
	server.MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket})
	c.ExpectOps("GetBucket", "HeadObject", "HeadObject", "HeadObject")
}

func TestObjectsDataSourceKeepsOnlyViolations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		expect pt.Attrs
		want   []any
	}{
		"anything encrypted": {nil, []any{"p/none"}},
		"modes": {
			pt.Attrs{"modes": []any{"SSE-KMS", "SSE-COS"}},
			[]any{"p/none", "p/sse-c", "p/unknown-key"},
		},
		"KMS key":   {pt.Attrs{"kms_key_ids": []any{pt.CMK}}, []any{"p/none", "p/sse-kms"}},
		"key names": {pt.Attrs{"key_names": []any{"a"}}, []any{"p/none", "p/unknown-key"}},
		"key MD5s": {
			pt.Attrs{"customer_key_md5s": []any{pt.MustKey(t, pt.KeyB).MD5()}},
			[]any{"p/none", "p/sse-c", "p/unknown-key"},
		},
		"nothing is wrong": {pt.Attrs{"modes": []any{"NONE", "SSE-COS", "SSE-KMS", "SSE-C"}}, []any{}},
	}
	c := auditCloud(t)
	server := pt.NewServer(t, c, pt.KeysAB())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := pt.Attrs{"bucket": pt.Bucket, "prefix": "p/", "only": "violations"}
			if tt.expect != nil {
				config["expect"] = []pt.Attrs{tt.expect}
			}
			state := server.MustRead(pt.ObjectsType, config)
			if diff := cmp.Diff(tt.want, column(t, state, "key")); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			pt.ExpectState(t, state, pt.Attrs{"total": 5, "violations": len(tt.want)})
		})
	}
}

func TestObjectsDataSourceLooksAtNoncurrentVersions(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	ref := cosapi.ObjectRef{Region: pt.Region, Bucket: pt.VersionedBucket, Key: "k"}
	c.Place(ref, "plain", cosapi.WriteOptions{})
	old := c.Head(ref, nil).VersionID
	c.Place(ref, "encrypted", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	gone := ref
	gone.Key = "gone"
	c.Place(gone, "plain", cosapi.WriteOptions{})
	_, err := c.SomebodyElse().Delete(t.Context(), gone)
	pt.Must(t, err)
	server := pt.NewServer(t, c, nil)
	config := pt.Attrs{"bucket": pt.VersionedBucket, "only": "all"}
	pt.ExpectState(t, server.MustRead(pt.ObjectsType, config), pt.Attrs{"total": 1, "violations": 0})

	state := server.MustRead(pt.ObjectsType, config.With(pt.Attrs{
		"include_noncurrent": true, "only": "violations", "prefix": "k",
	}))
	pt.ExpectState(t, state, pt.Attrs{
		"total": 2, "violations": 1, "objects.0.version_id": old, "objects.0.is_latest": false,
	})
	// A delete marker is no object, and nobody asks for it; what is behind it is one.
	c.ResetJournal()
	state = server.MustRead(pt.ObjectsType, config.With(pt.Attrs{"include_noncurrent": true}))
	pt.ExpectState(t, state, pt.Attrs{"total": 3, "violations": 2})
	c.ExpectOps("GetBucketObjectVersions", "HeadObject", "HeadObject", "HeadObject")
}

func TestObjectsDataSourceTellsArchivedFromReadable(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	for _, key := range []string{"archived", "restored"} {
		c.Place(pt.Ref(key), "x", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
	}
	_, err := c.SomebodyElse().Restore(t.Context(), pt.Ref("restored"),
		cosapi.RestoreOptions{Days: 1})
	pt.Must(t, err)
	state := pt.NewServer(t, c, nil).MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket, "only": "all"})
	if diff := cmp.Diff([]any{false, true}, column(t, state, "readable")); diff != "" {
		t.Errorf("readable (-want +got):\n%s", diff)
	}
}

func TestObjectsDataSourceCountsWhatItMayNotSee(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("seen"), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	c.Place(pt.Ref("unseen"), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	for _, op := range []string{"HeadObject", "GetObject"} {
		c.AddFaults(cosemu.Fault{Op: op, Key: "unseen", Times: 100, Status: 403, Code: "AccessDenied"})
	}
	state := pt.NewServer(t, c, nil).MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket, "only": "all"})
	pt.ExpectState(t, state, pt.Attrs{
		"counts.UNKNOWN": 1, "violations": 1, "objects.1.mode": "UNKNOWN",
		"objects.1.readable": false, "objects.1.violation": "its encryption cannot be seen",
	})
}

func TestObjectsDataSourceIsTruncated(t *testing.T) {
	t.Parallel()
	c := auditCloud(t)
	server := pt.NewServer(t, c, pt.KeysAB())
	state := server.MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket, "prefix": "p/", "limit": 2})
	pt.ExpectState(t, state, pt.Attrs{"total": 2, "truncated": true})
	state = server.MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket, "prefix": "p/", "limit": 5})
	pt.ExpectState(t, state, pt.Attrs{"total": 5, "truncated": false})
}

func TestObjectsDataSourceErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change pt.Attrs
		want   string
	}{
		"no bucket":           {pt.Attrs{"bucket": "nobucket-1250000000"}, "NoSuchBucket"},
		"no key of that name": {pt.Attrs{"expect": []pt.Attrs{{"key_names": []any{"gone"}}}}, "gone"},
		"no such mode":        {pt.Attrs{"expect": []pt.Attrs{{"modes": []any{"SSE"}}}}, "modes"},
		"no such only":        {pt.Attrs{"only": "some"}, "only"},
		"no limit":            {pt.Attrs{"limit": 0}, "limit"},
		"two expectations":    {pt.Attrs{"expect": []pt.Attrs{{}, {}}}, "expect"},
	}
	c := pt.NewCloud(t, cosemu.Config{})
	server := pt.NewServer(t, c, pt.KeysAB())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diagnostics := server.ReadData(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket}.With(tt.change))
			if text := pt.ErrorText(diagnostics); !strings.Contains(text, tt.want) || text == "" {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
		})
	}
}

// Without a word about it the state holds violations only, and there is no limit.
func TestObjectsDataSourceDefaults(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{Objects: 12_000})
	state := pt.NewServer(t, c, nil).MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket})
	pt.ExpectState(t, state, pt.Attrs{
		"total": 12_000, "violations": 120, "unknown": 0, "complete": true, "truncated": false,
		"bytes": 12_000 * 1024, "excluded": 0, "not_addressable": 0,
	})
	if keys := column(t, state, "key"); len(keys) != 120 || keys[0] != "bulk/00000099" {
		t.Errorf("%d objects, the first is %v", len(keys), keys[0])
	}
}

func TestObjectsDataSourceBounds(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{Objects: 1500})
	server := pt.NewServer(t, c, nil)
	config := pt.Attrs{"bucket": pt.Bucket}
	for name, test := range map[string]struct {
		change, want pt.Attrs
		objects      int
	}{
		"max_requests": {
			pt.Attrs{"max_requests": 500},
			pt.Attrs{"complete": false, "truncated": true, "total": 1000, "unknown": 501},
			505,
		},
		"max_objects": {
			pt.Attrs{"max_objects": 3}, pt.Attrs{"complete": true, "violations": 15, "unknown": 0}, 3,
		},
		"limit": {
			pt.Attrs{"limit": 300},
			pt.Attrs{"complete": false, "truncated": true, "total": 300, "violations": 3},
			3,
		},
		"exclude_prefixes": {
			pt.Attrs{"exclude_prefixes": []any{"bulk/00000"}},
			pt.Attrs{"complete": true, "excluded": 1000, "total": 500, "violations": 5},
			5,
		},
	} {
		state := server.MustRead(pt.ObjectsType, config.With(test.change))
		pt.ExpectState(t, state, test.want)
		if got := len(column(t, state, "key")); got < test.objects-5 || got > test.objects {
			t.Errorf("%s: %d objects", name, got)
		}
	}
}

// One HEAD that keeps failing costs one object, not the audit.
func TestObjectsDataSourceCountsTheUnknown(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{Objects: 3000})
	c.AddFaults(cosemu.Fault{
		Op: "HeadObject", Key: "bulk/00001234", Times: 1000, Status: 500, Code: "InternalError",
	})
	state := pt.NewServer(t, c, pt.Attrs{"max_retries": 1}).MustRead(pt.ObjectsType, pt.Attrs{
		"bucket": pt.Bucket, "expect": []pt.Attrs{{"modes": []any{"NONE", "SSE-COS"}}},
	})
	pt.ExpectState(t, state, pt.Attrs{
		"total": 3000, "unknown": 1, "violations": 1, "complete": true, "counts.UNKNOWN": 1,
		"objects.0.key": "bulk/00001234", "objects.0.violation": "its encryption cannot be seen",
	})
}

// A key that is no Unicode NFC is looked at and named by its bytes: as a text it would become the
// name of another object.
func TestObjectsDataSourceNamesWhatTerraformCannotCarry(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("e\u0301"), "x", cosapi.WriteOptions{})
	c.Place(pt.Ref("\u00e9"), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	state := pt.NewServer(t, c, nil).MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket})
	pt.ExpectState(t, state, pt.Attrs{
		"total": 2, "violations": 1, "not_addressable": 1, "objects.0.key": "e%CC%81",
	})
}

func TestObjectsDataSourceWritesAReport(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{Objects: 300})
	c.Place(pt.Ref("<script>alert(1)</script>"), "x", cosapi.WriteOptions{})
	dir := t.TempDir()
	server := pt.NewServer(t, c, nil)
	report := filepath.Join(dir, "report.html")
	for range 2 {
		server.MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket, "report_path": report})
	}
	page, err := os.ReadFile(report)
	pt.Must(t, err)
	for _, want := range []string{
		"4 of 301 objects are not encrypted as expected", "&lt;script&gt;", "bulk/00000299",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if info, err := os.Stat(report); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	link, own := filepath.Join(dir, "link"), filepath.Join(dir, "own.html")
	pt.Must(t, os.Symlink(report, link))
	pt.Must(t, os.WriteFile(own, []byte("<html>mine</html>"), 0o600))
	for _, path := range []string{own, link, dir, filepath.Join(dir, "missing", "x")} {
		_, diagnostics := server.ReadData(pt.ObjectsType,
			pt.Attrs{"bucket": pt.Bucket, "report_path": path})
		if text := pt.ErrorText(diagnostics); !strings.Contains(text, "Cannot write the report") {
			t.Errorf("%s: %q", path, text)
		}
	}
	if text, _ := os.ReadFile(own); string(text) != "<html>mine</html>" {
		t.Error("a user's file was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
