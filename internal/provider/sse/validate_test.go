package sse_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// Spellings of keys that are wrong in the ways in which keys are wrong.
var (
	key31       = pt.KeyA[:31]
	key33       = pt.KeyA + "\n"
	base64Of31  = base64.StdEncoding.EncodeToString([]byte(key31))
	base64OfKey = base64.StdEncoding.EncodeToString([]byte(pt.KeyA))
)

func TestSSEBlockMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	pt.RunValidations(t, map[string]pt.Validation{
		"no sse": {
			Config: pt.Attrs{"sse": nil}, Want: []string{"sse: Encryption is not chosen"},
			Says: "There is no sse block",
		},
		"empty sse": {
			Config: pt.Attrs{"sse": []pt.Attrs{{}}},
			Want:   []string{"sse[0].cos: Encryption is not chosen"},
		},
		"two sse blocks": {
			Config: pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{}}}, {"kms": []pt.Attrs{{}}}}},
			Want:   []string{"sse[1].cos: More than one sse block"},
		},
		"cos and kms": {
			Config: pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{}}, "kms": []pt.Attrs{{}}}}},
			Want:   []string{"sse[0].kms[0]: More than one kind of encryption"},
			Says:   "The sse block has cos and kms; COS encrypts an object in exactly one way.",
		},
		"all three": {
			Config: pt.Attrs{"sse": []pt.Attrs{{
				"c": []pt.Attrs{{"key_name": "main"}}, "kms": []pt.Attrs{{}}, "cos": []pt.Attrs{{}},
			}}},
			Want: []string{"sse[0].kms[0]: More than one kind of encryption"},
			Says: "cos, kms and c",
		},
		"two of one kind": {
			Config: pt.Attrs{"sse": []pt.Attrs{{"kms": []pt.Attrs{{}, {}}}}},
			Want:   []string{"sse[0].kms[1]: More than one kms block"},
		},
		"unknown algorithm name": {
			Config: pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{"algorithm": "AES128"}}}}},
			Want:   []string{"sse[0].cos[0].algorithm: Value is not usable"},
			Says:   `"AES128" is not one of AES256, SM4`,
		},
		"empty KMS key": {
			Config: pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": ""})},
			Want:   []string{"sse[0].kms[0].key_id: Value is not usable"},
		},
		"null in the context": {
			Config: pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"context": map[string]any{"team": nil}})},
			Want:   []string{`sse[0].kms[0].context["team"]: Value is null`},
		},
	})
}

func TestSSECKeyMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	pt.RunValidations(t, map[string]pt.Validation{
		"no key": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{})}, Want: []string{"sse[0].c[0]: SSE-C key is missing"},
			Says: "exactly one of key, key_wo and key_name",
		},
		"key and key_name": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": pt.KeyA, "key_name": "main"})},
			Want:   []string{"sse[0].c[0].key_name: More than one SSE-C key"},
			Says:   "has key and key_name",
		},
		"all three": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{
				"key": pt.KeyA, "key_wo": pt.KeyA, "key_wo_version": 1, "key_name": "main",
			})},
			Want: []string{"sse[0].c[0].key_wo: More than one SSE-C key"},
			Says: "key, key_wo and key_name",
		},
		"31 bytes": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": key31})},
			Want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
			Says:   "this one has 31 bytes",
		},
		"33 bytes with a newline": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_wo": key33, "key_wo_version": 1})},
			Want:   []string{"sse[0].c[0].key_wo: SSE-C key is not usable"},
			Says:   "this one has 33 bytes (it has white space around it, probably a trailing newline",
		},
		"empty key": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": ""})},
			Want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
			Says:   "it is empty",
		},
		"bad Base64": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": "!" + base64OfKey[1:]})},
			Want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
			Says:   "does not encode 32 bytes",
		},
		"Base64 of 31 bytes": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": base64Of31})},
			Want:   []string{"sse[0].c[0].key: SSE-C key is not usable"},
		},
		"version without a key": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_wo_version": 2})},
			Want:   []string{"sse[0].c[0].key_wo_version: SSE-C key is missing"},
			Says:   "key_wo_version is set, but key_wo is null.",
		},
		"version beside key_name": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_wo_version": 2, "key_name": "main"})},
			Want:   []string{"sse[0].c[0].key_wo_version: SSE-C key is missing"},
		},
		"key without a version": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_wo": pt.KeyA})},
			Want:   []string{"sse[0].c[0].key_wo: Version is missing"},
		},
		"empty key_name": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": ""})},
			Want:   []string{"sse[0].c[0].key_name: SSE-C key is missing"},
		},
		"a key easy to guess": {
			Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": strings.Repeat("a", 32)})},
			Says:   "SSE-C key is easy to guess",
		},
	})
}

func TestValidSSEBlocks(t *testing.T) {
	t.Parallel()
	pt.RunValidations(t, map[string]pt.Validation{
		"cos":      {},
		"cos, SM4": {Config: pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{"algorithm": "SM4"}}}}}},
		"kms":      {Config: pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})}},
		"kms, key and context": {Config: pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{
			"key_id": pt.CMK, "context": map[string]string{"team": "finance"},
		})}},
		"empty context": {Config: pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"context": map[string]string{}})}},
		"raw key":       {Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": pt.KeyA})}},
		"Base64 key":    {Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": base64OfKey})}},
		"key_wo":        {Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})}},
		"key_name":      {Config: pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "main"})}},
	})
}

func TestUnknownSSEValuesAreNoMistake(t *testing.T) {
	t.Parallel()
	sse := func(block any) pt.Validation {
		return pt.Validation{Config: pt.Attrs{"sse": block}}
	}
	pt.RunValidations(t, map[string]pt.Validation{
		"the block":         sse(pt.Unknown),
		"one mode":          sse([]pt.Attrs{{"kms": pt.Unknown}}),
		"a mode beside cos": sse([]pt.Attrs{{"cos": []pt.Attrs{{}}, "c": pt.Unknown}}),
		"all modes": sse([]pt.Attrs{
			{"cos": pt.Unknown, "kms": pt.Unknown, "c": pt.Unknown},
		}),
		"key":             sse(pt.SSEC(pt.Attrs{"key": pt.Unknown})),
		"key_name":        sse(pt.SSEC(pt.Attrs{"key_name": pt.Unknown})),
		"one of two keys": sse(pt.SSEC(pt.Attrs{"key": pt.KeyA, "key_name": pt.Unknown})),
		"key_wo":          sse(pt.SSEC(pt.Attrs{"key_wo": pt.Unknown, "key_wo_version": 1})),
		"no version yet":  sse(pt.SSEC(pt.Attrs{"key_wo": pt.Unknown})),
		"key_wo_version":  sse(pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": pt.Unknown})),
		"KMS arguments":   sse(pt.SSEKMS(pt.Attrs{"key_id": pt.Unknown, "context": pt.Unknown})),
		"a context's value": sse(pt.SSEKMS(pt.Attrs{
			"context": map[string]any{"team": pt.Unknown},
		})),
	})
}

func TestKeysNeverShowInErrors(t *testing.T) {
	t.Parallel()
	server := pt.NewUnconfiguredServer(t)
	for _, key := range []string{key31, key33, base64Of31, pt.KeyA + "x"} {
		diagnostics := server.ValidateObject(t, pt.ValidObject.With(pt.Attrs{
			"sse": pt.SSEC(pt.Attrs{"key": key, "key_wo": key, "key_wo_version": 1}),
		}))
		if len(pt.ErrorsAt(diagnostics)) != 3 {
			t.Errorf("errors = %v", pt.ErrorsAt(diagnostics))
		}
		if text := pt.ErrorText(diagnostics); strings.Contains(text, key[:16]) {
			t.Errorf("the key is in %q", text)
		}
	}
}

func TestSourceSSEIsOptionalAndOnlyC(t *testing.T) {
	t.Parallel()
	c := func(lists ...attr.Value) types.List {
		var elements []attr.Value
		for _, list := range lists {
			elements = append(elements, types.ObjectValueMust(sse.CopySourceSSEType.AttrTypes,
				map[string]attr.Value{"c": list}))
		}
		return types.ListValueMust(sse.CopySourceSSEType, elements)
	}
	null, main := types.StringNull(), types.StringValue("main")
	key := func(key, name types.String) types.List {
		return types.ListValueMust(sse.CopySourceCType, []attr.Value{
			types.ObjectValueMust(sse.CopySourceCType.AttrTypes, map[string]attr.Value{
				"key": key, "key_name": name, "key_md5": null,
			}),
		})
	}
	tests := map[string]struct {
		block types.List
		want  string
	}{
		"absent":          {c(), ""},
		"unknown":         {types.ListUnknown(sse.CopySourceSSEType), ""},
		"c unknown":       {c(types.ListUnknown(sse.CopySourceCType)), ""},
		"key_name":        {c(key(null, main)), ""},
		"key":             {c(key(types.StringValue(strings.Repeat("k", 32)), null)), ""},
		"empty":           {c(types.ListValueMust(sse.CopySourceCType, []attr.Value{})), "sse[0].c"},
		"two":             {c(key(null, main), key(null, main)), "sse[1].c"},
		"no key":          {c(key(null, null)), "sse[0].c[0]"},
		"two keys":        {c(key(types.StringValue(strings.Repeat("k", 32)), main)), "sse[0].c[0].key_name"},
		"a key too short": {c(key(types.StringValue(key31), null)), "sse[0].c[0].key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diags := sse.ValidateSource(path.Root("sse"), test.block)
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
