package objects_test

import (
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
		"bucket": pt.Bucket, "prefix": "p/",
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
	config := pt.Attrs{"bucket": pt.VersionedBucket}
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
	state := pt.NewServer(t, c, nil).MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket})
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
	state := pt.NewServer(t, c, nil).MustRead(pt.ObjectsType, pt.Attrs{"bucket": pt.Bucket})
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
