package object_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// importState imports without the Read that core lets follow.
func importState(
	t *testing.T, server *pt.Server, request *tfprotov6.ImportResourceStateRequest,
) (tftypes.Value, []*tfprotov6.Diagnostic) {
	t.Helper()
	request.TypeName = "cos_encrypted_object"
	response, err := server.Provider.ImportResourceState(t.Context(), request)
	pt.Must(t, err)
	if len(response.ImportedResources) == 0 {
		return tftypes.Value{}, response.Diagnostics
	}
	imported := response.ImportedResources[0]
	typ := server.Schemas.ResourceSchemas[request.TypeName].Block.ValueType()
	state, err := imported.State.Unmarshal(typ)
	pt.Must(t, err)
	return state, response.Diagnostics
}

// expectValues fails the test unless a state has these values.
func expectValues(t *testing.T, state tftypes.Value, want pt.Attrs) {
	t.Helper()
	for attribute, value := range want {
		if got := pt.Lookup(t, state, attribute); got != value {
			t.Errorf("%s = %v, want %v", attribute, got, value)
		}
	}
}

// configuredServer is a provider with a default region and nothing to talk to.
func configuredServer(t *testing.T, region any) *pt.Server {
	t.Helper()
	server := pt.NewUnconfiguredServer(t)
	diagnostics := server.Configure(pt.Attrs{
		"region": region, "secret_id": "id", "secret_key": "key",
	})
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Fatalf("configuring the provider: %s", text)
	}
	return server
}

func TestImportStateNamesTheObject(t *testing.T) {
	t.Parallel()
	const url = "https://" + pt.Bucket + ".cos.ap-beijing.myqcloud.com/a/b"
	identity := func(region any) *tfprotov6.ResourceIdentityData {
		fields := map[string]tftypes.Value{
			"bucket": pt.TfString(pt.Bucket), "key": pt.TfString("a/b"),
			"region": tftypes.NewValue(tftypes.String, region),
		}
		value := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{
			"bucket": tftypes.String, "key": tftypes.String, "region": tftypes.String,
		}}, fields)
		dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
		pt.Must(t, err)
		return &tfprotov6.ResourceIdentityData{IdentityData: &dynamic}
	}
	tests := map[string]struct {
		request tfprotov6.ImportResourceStateRequest
		region  string
	}{
		"id": {tfprotov6.ImportResourceStateRequest{ID: pt.Bucket + "/a/b"}, pt.Region},
		"URL, which names the region": {
			tfprotov6.ImportResourceStateRequest{ID: url}, "ap-beijing",
		},
		"identity": {
			tfprotov6.ImportResourceStateRequest{Identity: identity("ap-beijing")}, "ap-beijing",
		},
		"identity without a region": {
			tfprotov6.ImportResourceStateRequest{Identity: identity(nil)}, pt.Region,
		},
	}
	server := configuredServer(t, pt.Region)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, diagnostics := importState(t, server, &test.request)
			if text := pt.ErrorText(diagnostics); text != "" {
				t.Fatal(text)
			}
			expectValues(t, state, pt.Attrs{
				"bucket": pt.Bucket, "key": "a/b", "region": test.region,
				"etag": nil, "content": nil,
			})
			var blocks []tftypes.Value
			pt.Must(t, pt.ObjectFields(t, state)["sse"].As(&blocks))
			if len(blocks) != 0 || pt.ObjectFields(t, state)["sse"].IsNull() {
				t.Errorf("sse = %s, want no block", pt.ObjectFields(t, state)["sse"])
			}
		})
	}
}

func TestImportStateRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ id, want, says string }{
		"no key":             {pt.Bucket, "Import id is not usable", "examplebucket-1250000000/"},
		"impossible bucket":  {"Bucket/a", "Value is not usable", "bucket"},
		"key that starts so": {pt.Bucket + "//a", "Value is not usable", "key"},
	}
	server := configuredServer(t, pt.Region)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diagnostics := importState(t, server,
				&tfprotov6.ImportResourceStateRequest{ID: test.id})
			text := pt.ErrorText(diagnostics)
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
		&tfprotov6.ImportResourceStateRequest{ID: pt.Bucket + "/a"})
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "Region is not known") {
		t.Errorf("errors = %q", text)
	}
}
