package function_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// callFunction calls a provider function as core does.
func callFunction(
	t *testing.T, name string, result tftypes.Type, argument tftypes.Value,
) (tftypes.Value, *tfprotov6.FunctionError) {
	t.Helper()
	server := pt.NewUnconfiguredServer(t)
	response, err := server.Provider.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
		Name: name, Arguments: []*tfprotov6.DynamicValue{server.Dynamic(argument)},
	})
	pt.Must(t, err)
	if response.Error != nil {
		return tftypes.Value{}, response.Error
	}
	value, err := response.Result.Unmarshal(result)
	pt.Must(t, err)
	return value, nil
}

func tfStrings(values map[string]any) tftypes.Value {
	elements := map[string]tftypes.Value{}
	for name, value := range values {
		elements[name] = tftypes.NewValue(tftypes.String, value)
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, elements)
}

// expectArgumentError fails the test unless the error points at the first argument.
func expectArgumentError(t *testing.T, err *tfprotov6.FunctionError, want string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if err.FunctionArgument == nil || *err.FunctionArgument != 0 {
		t.Errorf("error %q does not point at the argument", err.Text)
	}
	if !strings.Contains(err.Text, want) {
		t.Errorf("error = %q, want it to say %q", err.Text, want)
	}
}

func TestCustomerKeyMD5Function(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ key, want, fails string }{
		// Both spellings of the key of COS's own SDK sample (document 46482).
		"raw":       {"00000000000000000000000000000001", "5inxltxhJQnqmmHfVSQjoA==", ""},
		"Base64":    {"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDE=", "5inxltxhJQnqmmHfVSQjoA==", ""},
		"31 bytes":  {strings.Repeat("k", 31), "", "31 bytes"},
		"newline":   {strings.Repeat("k", 32) + "\n", "", "trailing newline"},
		"empty":     {"", "", "empty"},
		"hex":       {strings.Repeat("0f", 32), "", "hexadecimal"},
		"bad input": {strings.Repeat("=", 44), "", "does not encode 32 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callFunction(t, "customer_key_md5", tftypes.String, pt.TfString(tt.key))
			if tt.fails != "" {
				expectArgumentError(t, err, tt.fails)
				if tt.key != "" && strings.Contains(err.Text, tt.key) {
					t.Errorf("error shows the key: %q", err.Text)
				}
				return
			}
			if err != nil || pt.Plain(t, got) != tt.want {
				t.Errorf("customer_key_md5 = %v, error %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestKMSContextFunction(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		context     map[string]any
		want, fails string
	}{
		// {"test":"test"}, the context of COS's own SDK sample (document 46482).
		"sample":     {map[string]any{"test": "test"}, "eyJ0ZXN0IjoidGVzdCJ9", ""},
		"sorted":     {map[string]any{"b": "2", "a": "1"}, "eyJhIjoiMSIsImIiOiIyIn0=", ""},
		"no escapes": {map[string]any{"a": "<&>"}, "eyJhIjoiPCY+In0=", ""},
		"empty":      {map[string]any{}, "", ""},
		"null":       {map[string]any{"a": nil}, "", `"a" is null`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callFunction(t, "kms_context", tftypes.String, tfStrings(tt.context))
			if tt.fails != "" {
				expectArgumentError(t, err, tt.fails)
				return
			}
			if err != nil || pt.Plain(t, got) != tt.want {
				t.Errorf("kms_context = %v, error %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestParseObjectURLFunction(t *testing.T) {
	t.Parallel()
	result := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"bucket": tftypes.String, "key": tftypes.String, "region": tftypes.String,
		"version_id": tftypes.String,
	}}
	const host = "https://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"
	tests := map[string]struct {
		url   string
		want  []any // bucket, key, region, version_id
		fails string
	}{
		"plain": {
			host + "/a/b.csv",
			[]any{"examplebucket-1250000000", "a/b.csv", "ap-guangzhou", nil},
			"",
		},
		"encoded key": {
			host + "/a%20b%2Bc",
			[]any{"examplebucket-1250000000", "a b+c", "ap-guangzhou", nil},
			"",
		},
		"version": {
			host + "/a?versionId=MTg0",
			[]any{"examplebucket-1250000000", "a", "ap-guangzhou", "MTg0"},
			"",
		},
		"COSCLI's": {
			"cos://examplebucket-1250000000/a b/%20?c",
			[]any{"examplebucket-1250000000", "a b/%20?c", nil, nil},
			"",
		},
		"COSCLI's alias": {"cos://alias/a", nil, "appid"},
		"no key":         {host + "/", nil, "no object"},
		"other host":     {"https://example.com/a", nil, "Host"},
		"no URL":         {"examplebucket-1250000000/a", nil, "https://"},
		"presigned":      {host + "/a?q-signature=canary", nil, "q-signature"},
		"acceleration":   {"https://b-1.cos.accelerate.myqcloud.com.cn/a", nil, "Host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callFunction(t, "parse_object_url", result, pt.TfString(tt.url))
			if tt.fails != "" {
				expectArgumentError(t, err, tt.fails)
				if strings.Contains(err.Text, "canary") {
					t.Errorf("error shows the signature: %q", err.Text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			parts := []any{
				pt.Lookup(t, got, "bucket"), pt.Lookup(t, got, "key"), pt.Lookup(t, got, "region"),
				pt.Lookup(t, got, "version_id"),
			}
			if diff := cmp.Diff(tt.want, parts); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

// Terraform turns every text into NFC, which is the key of another object.
func TestParseObjectURLRefusesKeysThatAreNotNFC(t *testing.T) {
	t.Parallel()
	_, err := callFunction(t, "parse_object_url", tftypes.DynamicPseudoType, pt.TfString(
		"https://b-1250000000.cos.ap-guangzhou.myqcloud.com/e\u0301"))
	expectArgumentError(t, err, "e%CC%81")
}

func TestFunctionRefusesAnArgumentOfAnotherType(t *testing.T) {
	t.Parallel()
	list := tftypes.NewValue(tftypes.List{ElementType: tftypes.Number},
		[]tftypes.Value{tftypes.NewValue(tftypes.Number, big.NewFloat(1))})
	_, err := callFunction(t, "customer_key_md5", tftypes.String, list)
	expectArgumentError(t, err, "")
}
