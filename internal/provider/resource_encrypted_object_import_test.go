package provider

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
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

// importState imports without the Read that core lets follow.
func importState(
	t *testing.T, server *protocolServer, request *tfprotov6.ImportResourceStateRequest,
) (tftypes.Value, []*tfprotov6.Diagnostic) {
	t.Helper()
	request.TypeName = "cos_encrypted_object"
	response, err := server.server.ImportResourceState(t.Context(), request)
	must(t, err)
	if len(response.ImportedResources) == 0 {
		return tftypes.Value{}, response.Diagnostics
	}
	imported := response.ImportedResources[0]
	typ := server.schemas.ResourceSchemas[request.TypeName].Block.ValueType()
	state, err := imported.State.Unmarshal(typ)
	must(t, err)
	return state, response.Diagnostics
}

// expectValues fails the test unless a state has these values.
func expectValues(t *testing.T, state tftypes.Value, want attrs) {
	t.Helper()
	for attribute, value := range want {
		if got := lookup(t, state, attribute); got != value {
			t.Errorf("%s = %v, want %v", attribute, got, value)
		}
	}
}

// configuredServer is a provider with a default region and nothing to talk to.
func configuredServer(t *testing.T, region any) *protocolServer {
	t.Helper()
	server := newUnconfiguredServer(t)
	diagnostics := server.configure(attrs{
		"region": region, "secret_id": "id", "secret_key": "key",
	})
	if text := errorText(diagnostics); text != "" {
		t.Fatalf("configuring the provider: %s", text)
	}
	return server
}

func TestImportStateNamesTheObject(t *testing.T) {
	t.Parallel()
	const url = "https://" + testBucket + ".cos.ap-beijing.myqcloud.com/a/b"
	identity := func(region any) *tfprotov6.ResourceIdentityData {
		fields := map[string]tftypes.Value{
			"bucket": tfString(testBucket), "key": tfString("a/b"),
			"region": tftypes.NewValue(tftypes.String, region),
		}
		value := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{
			"bucket": tftypes.String, "key": tftypes.String, "region": tftypes.String,
		}}, fields)
		dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
		must(t, err)
		return &tfprotov6.ResourceIdentityData{IdentityData: &dynamic}
	}
	tests := map[string]struct {
		request tfprotov6.ImportResourceStateRequest
		region  string
	}{
		"id": {tfprotov6.ImportResourceStateRequest{ID: testBucket + "/a/b"}, testRegion},
		"URL, which names the region": {
			tfprotov6.ImportResourceStateRequest{ID: url}, "ap-beijing",
		},
		"identity": {
			tfprotov6.ImportResourceStateRequest{Identity: identity("ap-beijing")}, "ap-beijing",
		},
		"identity without a region": {
			tfprotov6.ImportResourceStateRequest{Identity: identity(nil)}, testRegion,
		},
	}
	server := configuredServer(t, testRegion)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, diagnostics := importState(t, server, &test.request)
			if text := errorText(diagnostics); text != "" {
				t.Fatal(text)
			}
			expectValues(t, state, attrs{
				"bucket": testBucket, "key": "a/b", "region": test.region,
				"etag": nil, "content": nil,
			})
			var blocks []tftypes.Value
			must(t, objectFields(t, state)["sse"].As(&blocks))
			if len(blocks) != 0 || objectFields(t, state)["sse"].IsNull() {
				t.Errorf("sse = %s, want no block", objectFields(t, state)["sse"])
			}
		})
	}
}

func TestImportStateRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ id, want, says string }{
		"no key":             {testBucket, "Import id is not usable", "examplebucket-1250000000/"},
		"impossible bucket":  {"Bucket/a", "Value is not usable", "bucket"},
		"key that starts so": {testBucket + "//a", "Value is not usable", "key"},
	}
	server := configuredServer(t, testRegion)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diagnostics := importState(t, server,
				&tfprotov6.ImportResourceStateRequest{ID: test.id})
			text := errorText(diagnostics)
			if !strings.Contains(text, test.want) || !strings.Contains(text, test.says) {
				t.Errorf("errors = %q, want %q and %q", text, test.want, test.says)
			}
		})
	}
}

func TestImportNeedsARegion(t *testing.T) {
	// Not parallel: the region must not come from the environment.
	for _, variable := range []string{"TENCENTCLOUD_REGION", "COS_REGION"} {
		t.Setenv(variable, "")
	}
	t.Setenv("HOME", t.TempDir())
	server := configuredServer(t, nil)
	_, diagnostics := importState(t, server,
		&tfprotov6.ImportResourceStateRequest{ID: testBucket + "/a"})
	if text := errorText(diagnostics); !strings.Contains(text, "Region is not known") {
		t.Errorf("errors = %q", text)
	}
}

func TestCompleteImportKeepsWhatIsConfigured(t *testing.T) {
	t.Parallel()
	state := emptyObjectModel()
	state.DeletionPolicy = types.StringValue(abandonObject)
	state.CopySource = types.ListNull(copySourceType)
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
