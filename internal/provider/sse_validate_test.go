package provider

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// validation is a configuration of cos_encrypted_object and what validating it has to say.
type validation struct {
	// config changes a valid configuration; a nil value takes an argument away.
	config attrs
	// want are "path: summary" of all errors, in any order; none means that it is valid.
	want []string
	// says is part of the text of an error or warning.
	says string
}

// validObject is a configuration without a mistake.
var validObject = attrs{
	"bucket": testBucket, "key": "reports/2026.csv", "content": "a", "sse": sseCOS(),
}

// runValidations validates each configuration as core does, without configuring the provider.
func runValidations(t *testing.T, tests map[string]validation) {
	t.Helper()
	server := newUnconfiguredServer(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnostics := server.validateObject(t, validObject.with(test.config))
			if diff := cmp.Diff(sorted(test.want), errorsAt(diagnostics)); diff != "" {
				t.Errorf("errors (-want +got):\n%s\n%s", diff, errorText(diagnostics))
			}
			text := errorText(diagnostics) + warningText(diagnostics)
			if !strings.Contains(text, test.says) {
				t.Errorf("text = %q, want it to say %q", text, test.says)
			}
		})
	}
}

func (s *protocolServer) validateObject(t *testing.T, config attrs) []*tfprotov6.Diagnostic {
	t.Helper()
	block := s.schemas.ResourceSchemas["cos_encrypted_object"].Block
	response, err := s.server.ValidateResourceConfig(t.Context(),
		&tfprotov6.ValidateResourceConfigRequest{
			TypeName: "cos_encrypted_object", Config: s.dynamic(blockValue(t, block, config)),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
				WriteOnlyAttributesAllowed: true,
			},
		})
	must(t, err)
	return response.Diagnostics
}

// errorsAt lists the errors as "path: summary", sorted.
func errorsAt(diagnostics []*tfprotov6.Diagnostic) []string {
	var list []string
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			list = append(list, shortPath(d.Attribute)+": "+d.Summary)
		}
	}
	return sorted(list)
}

func sorted(list []string) []string {
	if list == nil {
		return []string{}
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// shortPath writes a path as users do: sse[0].c[0].key.
func shortPath(p *tftypes.AttributePath) string {
	if p == nil {
		return ""
	}
	var text strings.Builder
	for _, step := range p.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if text.Len() > 0 {
				text.WriteString(".")
			}
			text.WriteString(string(s))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&text, "[%d]", int64(s))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&text, "[%q]", string(s))
		}
	}
	return text.String()
}

// Spellings of keys that are wrong in the ways in which keys are wrong.
var (
	key31       = testKeyA[:31]
	key33       = testKeyA + "\n"
	base64Of31  = base64.StdEncoding.EncodeToString([]byte(key31))
	base64OfKey = base64.StdEncoding.EncodeToString([]byte(testKeyA))
)

func TestSSEBlockMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	runValidations(t, map[string]validation{
		"no sse": {
			config: attrs{"sse": nil}, want: []string{"sse: Encryption is not chosen"},
			says: "There is no sse block",
		},
		"empty sse": {
			config: attrs{"sse": []attrs{{}}},
			want:   []string{"sse[0].cos: Encryption is not chosen"},
		},
		"two sse blocks": {
			config: attrs{"sse": []attrs{{"cos": []attrs{{}}}, {"kms": []attrs{{}}}}},
			want:   []string{"sse[1].cos: More than one sse block"},
		},
		"cos and kms": {
			config: attrs{"sse": []attrs{{"cos": []attrs{{}}, "kms": []attrs{{}}}}},
			want:   []string{"sse[0].kms[0]: More than one kind of encryption"},
			says:   "The sse block has cos and kms; COS encrypts an object in exactly one way.",
		},
		"all three": {
			config: attrs{"sse": []attrs{{
				"c": []attrs{{"key_name": "main"}}, "kms": []attrs{{}}, "cos": []attrs{{}},
			}}},
			want: []string{"sse[0].kms[0]: More than one kind of encryption"},
			says: "cos, kms and c",
		},
		"two of one kind": {
			config: attrs{"sse": []attrs{{"kms": []attrs{{}, {}}}}},
			want:   []string{"sse[0].kms[1]: More than one kms block"},
		},
		"unknown algorithm name": {
			config: attrs{"sse": []attrs{{"cos": []attrs{{"algorithm": "AES128"}}}}},
			want:   []string{"sse[0].cos[0].algorithm: Value is not usable"},
			says:   `"AES128" is not one of AES256, SM4`,
		},
		"empty KMS key": {
			config: attrs{"sse": sseKMS(attrs{"key_id": ""})},
			want:   []string{"sse[0].kms[0].key_id: Value is not usable"},
		},
		"null in the context": {
			config: attrs{"sse": sseKMS(attrs{"context": map[string]any{"team": nil}})},
			want:   []string{`sse[0].kms[0].context["team"]: Value is null`},
		},
	})
}

func TestSSECKeyMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	runValidations(t, map[string]validation{
		"no key": {
			config: attrs{"sse": sseC(attrs{})}, want: []string{"sse[0].c[0]: SSE-C key is missing"},
			says: "exactly one of key, key_wo and key_name",
		},
		"key and key_name": {
			config: attrs{"sse": sseC(attrs{"key": testKeyA, "key_name": "main"})},
			want:   []string{"sse[0].c[0].key_name: More than one SSE-C key"},
			says:   "has key and key_name",
		},
		"all three": {
			config: attrs{"sse": sseC(attrs{
				"key": testKeyA, "key_wo": testKeyA, "key_wo_version": 1, "key_name": "main",
			})},
			want: []string{"sse[0].c[0].key_wo: More than one SSE-C key"},
			says: "key, key_wo and key_name",
		},
		"31 bytes": {
			config: attrs{"sse": sseC(attrs{"key": key31})},
			want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
			says:   "this one has 31 bytes",
		},
		"33 bytes with a newline": {
			config: attrs{"sse": sseC(attrs{"key_wo": key33, "key_wo_version": 1})},
			want:   []string{"sse[0].c[0].key_wo: SSE-C key is not usable"},
			says:   "this one has 33 bytes (it has white space around it, probably a trailing newline",
		},
		"empty key": {
			config: attrs{"sse": sseC(attrs{"key": ""})},
			want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
			says:   "it is empty",
		},
		"bad Base64": {
			config: attrs{"sse": sseC(attrs{"key": "!" + base64OfKey[1:]})},
			want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
			says:   "does not encode 32 bytes",
		},
		"Base64 of 31 bytes": {
			config: attrs{"sse": sseC(attrs{"key": base64Of31})},
			want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
		},
		"version without a key": {
			config: attrs{"sse": sseC(attrs{"key_wo_version": 2})},
			want:   []string{"sse[0].c[0].key_wo_version: SSE-C key is missing"},
			says:   "key_wo_version is set, but key_wo is null.",
		},
		"version beside key_name": {
			config: attrs{"sse": sseC(attrs{"key_wo_version": 2, "key_name": "main"})},
			want:   []string{"sse[0].c[0].key_wo_version: SSE-C key is missing"},
		},
		"key without a version": {
			config: attrs{"sse": sseC(attrs{"key_wo": testKeyA})},
			want:   []string{"sse[0].c[0].key_wo: Version is missing"},
		},
		"empty key_name": {
			config: attrs{"sse": sseC(attrs{"key_name": ""})},
			want:   []string{"sse[0].c[0].key_name: SSE-C key is missing"},
		},
		"a key easy to guess": {
			config: attrs{"sse": sseC(attrs{"key": strings.Repeat("a", 32)})},
			says:   "SSE-C key is easy to guess",
		},
	})
}

func TestValidSSEBlocks(t *testing.T) {
	t.Parallel()
	runValidations(t, map[string]validation{
		"cos":      {},
		"cos, SM4": {config: attrs{"sse": []attrs{{"cos": []attrs{{"algorithm": "SM4"}}}}}},
		"kms":      {config: attrs{"sse": sseKMS(attrs{})}},
		"kms, key and context": {config: attrs{"sse": sseKMS(attrs{
			"key_id": testCMK, "context": map[string]string{"team": "finance"},
		})}},
		"empty context": {config: attrs{"sse": sseKMS(attrs{"context": map[string]string{}})}},
		"raw key":       {config: attrs{"sse": sseC(attrs{"key": testKeyA})}},
		"Base64 key":    {config: attrs{"sse": sseC(attrs{"key": base64OfKey})}},
		"key_wo":        {config: attrs{"sse": sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})}},
		"key_name":      {config: attrs{"sse": sseC(attrs{"key_name": "main"})}},
	})
}

func TestUnknownSSEValuesAreNoMistake(t *testing.T) {
	t.Parallel()
	sse := func(block any) validation { return validation{config: attrs{"sse": block}} }
	runValidations(t, map[string]validation{
		"the block":         sse(unknownValue),
		"one mode":          sse([]attrs{{"kms": unknownValue}}),
		"a mode beside cos": sse([]attrs{{"cos": []attrs{{}}, "c": unknownValue}}),
		"all modes": sse([]attrs{
			{"cos": unknownValue, "kms": unknownValue, "c": unknownValue},
		}),
		"key":             sse(sseC(attrs{"key": unknownValue})),
		"key_name":        sse(sseC(attrs{"key_name": unknownValue})),
		"one of two keys": sse(sseC(attrs{"key": testKeyA, "key_name": unknownValue})),
		"key_wo":          sse(sseC(attrs{"key_wo": unknownValue, "key_wo_version": 1})),
		"no version yet":  sse(sseC(attrs{"key_wo": unknownValue})),
		"key_wo_version":  sse(sseC(attrs{"key_wo": testKeyA, "key_wo_version": unknownValue})),
		"KMS arguments":   sse(sseKMS(attrs{"key_id": unknownValue, "context": unknownValue})),
		"a context's value": sse(sseKMS(attrs{
			"context": map[string]any{"team": unknownValue},
		})),
	})
}

func TestKeysNeverShowInErrors(t *testing.T) {
	t.Parallel()
	server := newUnconfiguredServer(t)
	for _, key := range []string{key31, key33, base64Of31, testKeyA + "x"} {
		diagnostics := server.validateObject(t, validObject.with(attrs{
			"sse": sseC(attrs{"key": key, "key_wo": key, "key_wo_version": 1}),
		}))
		if len(errorsAt(diagnostics)) != 3 {
			t.Errorf("errors = %v", errorsAt(diagnostics))
		}
		if text := errorText(diagnostics); strings.Contains(text, key[:16]) {
			t.Errorf("the key is in %q", text)
		}
	}
}

func TestSourceSSEIsOptionalAndOnlyC(t *testing.T) {
	t.Parallel()
	c := func(lists ...attr.Value) types.List {
		var elements []attr.Value
		for _, list := range lists {
			elements = append(elements, types.ObjectValueMust(copySourceSSEType.AttrTypes,
				map[string]attr.Value{"c": list}))
		}
		return types.ListValueMust(copySourceSSEType, elements)
	}
	key := func(key, name types.String) types.List {
		return types.ListValueMust(copySourceCType, []attr.Value{
			types.ObjectValueMust(copySourceCType.AttrTypes, map[string]attr.Value{
				"key": key, "key_name": name,
			}),
		})
	}
	null, main := types.StringNull(), types.StringValue("main")
	tests := map[string]struct {
		block types.List
		want  string
	}{
		"absent":          {c(), ""},
		"unknown":         {types.ListUnknown(copySourceSSEType), ""},
		"c unknown":       {c(types.ListUnknown(copySourceCType)), ""},
		"key_name":        {c(key(null, main)), ""},
		"key":             {c(key(types.StringValue(strings.Repeat("k", 32)), null)), ""},
		"empty":           {c(types.ListValueMust(copySourceCType, []attr.Value{})), "sse[0].c"},
		"two":             {c(key(null, main), key(null, main)), "sse[1].c"},
		"no key":          {c(key(null, null)), "sse[0].c[0]"},
		"two keys":        {c(key(types.StringValue(strings.Repeat("k", 32)), main)), "sse[0].c[0].key_name"},
		"a key too short": {c(key(types.StringValue(key31), null)), "sse[0].c[0].key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diags := validateSourceSSE(path.Root("sse"), test.block)
			var got []string
			for _, d := range diags.Errors() {
				at, _ := d.(interface{ Path() path.Path })
				got = append(got, at.Path().String())
				if strings.Contains(d.Detail(), "key_wo") {
					t.Errorf("a block without write-only arguments is asked for one: %q", d.Detail())
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("errors at %v, want %q", got, test.want)
			}
		})
	}
}
