package provider

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

const objectsType = "cos_encrypted_objects"

// auditCloud has one object of each mode below "p/", one SSE-C object more of a key that nobody
// knows, and one object elsewhere.
func auditCloud(t *testing.T) *cloud {
	t.Helper()
	c := newCloud(t, cosemu.Config{})
	for mode, encryption := range modeOptions(t) {
		c.place(testRef("p/"+strings.ToLower(string(mode))), "x",
			cosapi.WriteOptions{Encryption: encryption})
	}
	c.place(testRef("p/unknown-key"), "x", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: mustKey(t, testKeyC)},
	})
	c.place(testRef("elsewhere"), "x", cosapi.WriteOptions{})
	return c
}

// column is one member of each of the objects.
func column(t *testing.T, state tftypes.Value, name string) []any {
	t.Helper()
	var objects []tftypes.Value
	must(t, objectFields(t, state)["objects"].As(&objects))
	values := []any{}
	for _, object := range objects {
		values = append(values, lookup(t, object, name))
	}
	return values
}

func TestObjectsDataSourceAudits(t *testing.T) {
	t.Parallel()
	c := auditCloud(t)
	state := newServer(t, c, keysAB()).mustRead(objectsType, attrs{
		"bucket": testBucket, "prefix": "p/",
	})
	expectState(t, state, attrs{
		"id": testBucket + "/p/", "total": 5, "violations": 1, "truncated": false,
		"counts.NONE": 1, "counts.SSE-COS": 1, "counts.SSE-KMS": 1, "counts.SSE-C": 2,
		"counts.UNKNOWN": 0,
	})
	want := map[string][]any{
		"key":              {"p/none", "p/sse-c", "p/sse-cos", "p/sse-kms", "p/unknown-key"},
		"mode":             {"NONE", "SSE-C", "SSE-COS", "SSE-KMS", "SSE-C"},
		"readable":         {true, true, true, true, false},
		"key_name":         {nil, "a", nil, nil, nil},
		"kms_key_id":       {nil, nil, nil, testOtherCMK, nil},
		"customer_key_md5": {nil, mustKey(t, testKeyA).MD5(), nil, nil, nil},
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
	c := newCloud(t, cosemu.Config{})
	for _, key := range []string{"p/1", "p/2", "p/3"} {
		c.place(testRef(key), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	}
	server := newServer(t, c, keysAB())
	server.mustRead(objectsType, attrs{"bucket": testBucket})
	c.expectOps("GetBucket", "HeadObject", "HeadObject", "HeadObject")
}

func TestObjectsDataSourceKeepsOnlyViolations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		expect attrs
		want   []any
	}{
		"anything encrypted": {nil, []any{"p/none"}},
		"modes": {
			attrs{"modes": []any{"SSE-KMS", "SSE-COS"}},
			[]any{"p/none", "p/sse-c", "p/unknown-key"},
		},
		"KMS key":   {attrs{"kms_key_ids": []any{testCMK}}, []any{"p/none", "p/sse-kms"}},
		"key names": {attrs{"key_names": []any{"a"}}, []any{"p/none", "p/unknown-key"}},
		"key MD5s": {
			attrs{"customer_key_md5s": []any{mustKey(t, testKeyB).MD5()}},
			[]any{"p/none", "p/sse-c", "p/unknown-key"},
		},
		"nothing is wrong": {attrs{"modes": []any{"NONE", "SSE-COS", "SSE-KMS", "SSE-C"}}, []any{}},
	}
	c := auditCloud(t)
	server := newServer(t, c, keysAB())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := attrs{"bucket": testBucket, "prefix": "p/", "only": "violations"}
			if tt.expect != nil {
				config["expect"] = []attrs{tt.expect}
			}
			state := server.mustRead(objectsType, config)
			if diff := cmp.Diff(tt.want, column(t, state, "key")); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			expectState(t, state, attrs{"total": 5, "violations": len(tt.want)})
		})
	}
}

func TestObjectsDataSourceLooksAtNoncurrentVersions(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	ref := cosapi.ObjectRef{Region: testRegion, Bucket: testVersionedBucket, Key: "k"}
	c.place(ref, "plain", cosapi.WriteOptions{})
	old := c.head(ref, nil).VersionID
	c.place(ref, "encrypted", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	gone := ref
	gone.Key = "gone"
	c.place(gone, "plain", cosapi.WriteOptions{})
	_, err := c.somebodyElse().Delete(t.Context(), gone)
	must(t, err)
	server := newServer(t, c, nil)
	config := attrs{"bucket": testVersionedBucket}
	expectState(t, server.mustRead(objectsType, config), attrs{"total": 1, "violations": 0})

	state := server.mustRead(objectsType, config.with(attrs{
		"include_noncurrent": true, "only": "violations", "prefix": "k",
	}))
	expectState(t, state, attrs{
		"total": 2, "violations": 1, "objects.0.version_id": old, "objects.0.is_latest": false,
	})
	// A delete marker is no object, and nobody asks for it; what is behind it is one.
	c.ResetJournal()
	state = server.mustRead(objectsType, config.with(attrs{"include_noncurrent": true}))
	expectState(t, state, attrs{"total": 3, "violations": 2})
	c.expectOps("GetBucketObjectVersions", "HeadObject", "HeadObject", "HeadObject")
}

func TestObjectsDataSourceTellsArchivedFromReadable(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	for _, key := range []string{"archived", "restored"} {
		c.place(testRef(key), "x", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
	}
	_, err := c.somebodyElse().Restore(t.Context(), testRef("restored"),
		cosapi.RestoreOptions{Days: 1})
	must(t, err)
	state := newServer(t, c, nil).mustRead(objectsType, attrs{"bucket": testBucket})
	if diff := cmp.Diff([]any{false, true}, column(t, state, "readable")); diff != "" {
		t.Errorf("readable (-want +got):\n%s", diff)
	}
}

func TestObjectsDataSourceCountsWhatItMayNotSee(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("seen"), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	c.place(testRef("unseen"), "x", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
	for _, op := range []string{"HeadObject", "GetObject"} {
		c.AddFaults(cosemu.Fault{Op: op, Key: "unseen", Times: 100, Status: 403, Code: "AccessDenied"})
	}
	state := newServer(t, c, nil).mustRead(objectsType, attrs{"bucket": testBucket})
	expectState(t, state, attrs{
		"counts.UNKNOWN": 1, "violations": 1, "objects.1.mode": "UNKNOWN",
		"objects.1.readable": false, "objects.1.violation": "its encryption cannot be seen",
	})
}

func TestObjectsDataSourceIsTruncated(t *testing.T) {
	t.Parallel()
	c := auditCloud(t)
	server := newServer(t, c, keysAB())
	state := server.mustRead(objectsType, attrs{"bucket": testBucket, "prefix": "p/", "limit": 2})
	expectState(t, state, attrs{"total": 2, "truncated": true})
	state = server.mustRead(objectsType, attrs{"bucket": testBucket, "prefix": "p/", "limit": 5})
	expectState(t, state, attrs{"total": 5, "truncated": false})
}

func TestObjectsDataSourceErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change attrs
		want   string
	}{
		"no bucket":           {attrs{"bucket": "nobucket-1250000000"}, "NoSuchBucket"},
		"no key of that name": {attrs{"expect": []attrs{{"key_names": []any{"gone"}}}}, "gone"},
		"no such mode":        {attrs{"expect": []attrs{{"modes": []any{"SSE"}}}}, "modes"},
		"no such only":        {attrs{"only": "some"}, "only"},
		"no limit":            {attrs{"limit": 0}, "limit"},
		"two expectations":    {attrs{"expect": []attrs{{}, {}}}, "expect"},
	}
	c := newCloud(t, cosemu.Config{})
	server := newServer(t, c, keysAB())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diagnostics := server.readData(objectsType, attrs{"bucket": testBucket}.with(tt.change))
			if text := errorText(diagnostics); !strings.Contains(text, tt.want) || text == "" {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
		})
	}
}
