package object

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

func TestParseImportID(t *testing.T) {
	t.Parallel()
	const bucket = "examplebucket-1250000000"
	ref := func(region, key string) cosapi.ObjectRef {
		return cosapi.ObjectRef{Region: region, Bucket: bucket, Key: key}
	}
	const host = "https://" + bucket + ".cos.ap-beijing.myqcloud.com/"
	tests := map[string]struct {
		id    string
		want  cosapi.ObjectRef
		fails string
	}{
		"bucket and key":    {id: bucket + "/a/b.csv", want: ref("", "a/b.csv")},
		"key like a URL":    {id: bucket + "/https://a", want: ref("", "https://a")},
		"key with a blank":  {id: bucket + "/a b", want: ref("", "a b")},
		"percent stays":     {id: bucket + "/a%20b", want: ref("", "a%20b")},
		"URL":               {id: host + "a/b.csv", want: ref("ap-beijing", "a/b.csv")},
		"URL, encoded":      {id: host + "a%20b", want: ref("ap-beijing", "a b")},
		"empty":             {id: "", fails: "<bucket>/<key>"},
		"bucket alone":      {id: bucket, fails: "<bucket>/<key>"},
		"no key":            {id: bucket + "/", fails: "<bucket>/<key>"},
		"no bucket":         {id: "/a", fails: "<bucket>/<key>"},
		"URL of a bucket":   {id: host, fails: "no object"},
		"URL of a version":  {id: host + "a?versionId=MTg", fails: "current version"},
		"URL with a secret": {id: host + "a?sign=abc", fails: `"sign"`},
		"URL elsewhere":     {id: "https://example.com/a", fails: "example.com"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseImportID(test.id)
			if (err != nil) != (test.fails != "") {
				t.Fatalf("error = %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error = %q, want it to say %q", err, test.fails)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompleteImportKeepsWhatIsConfigured(t *testing.T) {
	t.Parallel()
	state := emptyObjectModel()
	state.DeletionPolicy = types.StringValue(abandonObject)
	state.CopySource = types.ListNull(sse.CopySourceType)
	completeImport(&state, cosapi.EncryptionStatus{Mode: cosapi.ModeNone}, "")
	if state.DeletionPolicy.ValueString() != abandonObject {
		t.Errorf("deletion_policy = %s", state.DeletionPolicy)
	}
	if state.Overwrite.IsNull() || state.Overwrite.ValueBool() {
		t.Errorf("overwrite = %s, want its default", state.Overwrite)
	}
	if state.CopySource.IsNull() {
		t.Error("copy_source is null; core has absent blocks as empty lists")
	}
}
