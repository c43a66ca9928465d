package sse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// unknownSSE is the block as core sends it for a dynamic block whose for_each is not known yet.
func unknownSSE() types.List { return types.ListUnknown(Type) }

// sseValue builds an sse block from its three lists; a nil list is an absent block.
func sseValue(cos, kms, c attr.Value) types.List {
	members := map[string]attr.Value{
		"cos": types.ListValueMust(cosType, []attr.Value{}),
		"kms": types.ListValueMust(kmsType, []attr.Value{}),
		"c":   types.ListValueMust(cType, []attr.Value{}),
	}
	for name, value := range map[string]attr.Value{"cos": cos, "kms": kms, "c": c} {
		if value != nil {
			members[name] = value
		}
	}
	return types.ListValueMust(Type, []attr.Value{
		types.ObjectValueMust(Type.AttrTypes, members),
	})
}

// cValue is a c block with the given arguments.
func cValue(arguments map[string]attr.Value) types.List {
	members := map[string]attr.Value{
		"key": types.StringNull(), "key_wo": types.StringNull(),
		"key_wo_version": types.Int64Null(), "key_name": types.StringNull(),
		"key_md5": types.StringNull(),
	}
	for name, value := range arguments {
		members[name] = value
	}
	return types.ListValueMust(cType, []attr.Value{
		types.ObjectValueMust(cType.AttrTypes, members),
	})
}

func kmsValue(keyID types.String) types.List {
	return types.ListValueMust(kmsType, []attr.Value{
		types.ObjectValueMust(kmsType.AttrTypes, map[string]attr.Value{
			"key_id": keyID, "context": types.MapNull(types.StringType),
		}),
	})
}

func cosValue(algorithm types.String) types.List {
	return types.ListValueMust(cosType, []attr.Value{
		types.ObjectValueMust(cosType.AttrTypes, map[string]attr.Value{"algorithm": algorithm}),
	})
}

func TestDecodeSSEFindsTheMode(t *testing.T) {
	t.Parallel()
	unknownKMS := types.ListUnknown(kmsType)
	cos, kms := cosValue(types.StringNull()), kmsValue(types.StringNull())
	tests := map[string]struct {
		block   types.List
		mode    cosapi.Mode
		unknown bool
	}{
		"null":                {types.ListNull(Type), "", false},
		"absent":              {types.ListValueMust(Type, []attr.Value{}), "", false},
		"unknown":             {unknownSSE(), "", true},
		"empty":               {sseValue(nil, nil, nil), "", false},
		"cos":                 {sseValue(cos, nil, nil), cosapi.ModeSSECOS, false},
		"kms":                 {sseValue(nil, kms, nil), cosapi.ModeSSEKMS, false},
		"c":                   {sseValue(nil, nil, cValue(nil)), cosapi.ModeSSEC, false},
		"kms may come":        {sseValue(nil, unknownKMS, nil), "", true},
		"cos beside unknown":  {sseValue(cos, unknownKMS, nil), cosapi.ModeSSECOS, false},
		"two, first one wins": {sseValue(nil, kms, cValue(nil)), cosapi.ModeSSEKMS, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			choice := Decode(test.block)
			if choice.Mode != test.mode || choice.Unknown != test.unknown {
				t.Errorf("mode = %q, unknown %v, want %q, %v",
					choice.Mode, choice.Unknown, test.mode, test.unknown)
			}
		})
	}
}

func TestDecodeSSEKeepsUnknownArguments(t *testing.T) {
	t.Parallel()
	choice := Decode(sseValue(nil, kmsValue(types.StringUnknown()), nil))
	if !choice.KMSKeyID.IsUnknown() || !choice.KMSContext.IsNull() {
		t.Errorf("kms = %s, %s", choice.KMSKeyID, choice.KMSContext)
	}
	choice = Decode(unknownSSE())
	if !choice.KeyName.IsUnknown() || !choice.KeyWOVersion.IsUnknown() ||
		!choice.KMSContext.IsUnknown() {
		t.Errorf("members of an unknown block are known: %v", choice.KeyName)
	}
}

func TestDecodeSSEReadsBlocksOfDataSources(t *testing.T) {
	t.Parallel()
	// Data sources have no write-only arguments: the c block's type lacks them.
	c := types.ObjectType{AttrTypes: map[string]attr.Type{"key_name": types.StringType}}
	block := types.ObjectType{AttrTypes: map[string]attr.Type{"c": types.ListType{ElemType: c}}}
	choice := Decode(types.ListValueMust(block, []attr.Value{
		types.ObjectValueMust(block.AttrTypes, map[string]attr.Value{
			"c": types.ListValueMust(c, []attr.Value{
				types.ObjectValueMust(c.AttrTypes, map[string]attr.Value{
					"key_name": types.StringValue("main"),
				}),
			}),
		}),
	}))
	if choice.Mode != cosapi.ModeSSEC || choice.KeyName.ValueString() != "main" {
		t.Errorf("mode = %q, key_name = %s", choice.Mode, choice.KeyName)
	}
	if !choice.KeyWO.IsNull() || !choice.KeyWOVersion.IsNull() {
		t.Errorf("arguments that do not exist are not null: %s, %s",
			choice.KeyWO, choice.KeyWOVersion)
	}
}

func TestResolveKey(t *testing.T) {
	t.Parallel()
	a, err := cosapi.ParseCustomerKey("0123456789ABCDEF0123456789ABCDEF")
	if err != nil {
		t.Fatal(err)
	}
	keyring := cosapi.NewKeyring(map[string]cosapi.CustomerKey{"main": a})
	at := path.Root("sse").AtListIndex(0).AtName("c").AtListIndex(0)
	tests := map[string]struct {
		arguments      map[string]attr.Value
		keyringUnknown bool
		ok, unknown    bool
		source         path.Path
		fails          string
	}{
		"key":           {arguments: m("key", "0123456789ABCDEF0123456789ABCDEF"), ok: true, source: at.AtName("key")},
		"key_wo":        {arguments: m("key_wo", "0123456789ABCDEF0123456789ABCDEF"), ok: true, source: at.AtName("key_wo")},
		"key_name":      {arguments: m("key_name", "main"), ok: true, source: at.AtName("key_name")},
		"missing name":  {arguments: m("key_name", "old"), source: at.AtName("key_name")},
		"nothing":       {source: at},
		"short key":     {arguments: m("key", "short"), source: at.AtName("key"), fails: "5 bytes"},
		"key not known": {arguments: m("key", nil), unknown: true, source: at.AtName("key")},
		"write-only key not known": {
			arguments: m("key_wo", nil), unknown: true, source: at.AtName("key_wo"),
		},
		"name not known": {arguments: m("key_name", nil), unknown: true, source: at.AtName("key_name")},
		"name in a keyring that is not known": {
			arguments: m("key_name", "old"), keyringUnknown: true, unknown: true,
			source: at.AtName("key_name"),
		},
		"name in the known part of a keyring": {
			arguments: m("key_name", "main"), keyringUnknown: true, ok: true,
			source: at.AtName("key_name"),
		},
		"version without its key": {
			arguments: map[string]attr.Value{"key_wo_version": types.Int64Value(2)},
			source:    at.AtName("key_wo"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			choice := Decode(sseValue(nil, nil, cValue(test.arguments)))
			got, diags := choice.ResolveKey(keyring, test.keyringUnknown)
			if (test.fails != "") != diags.HasError() {
				t.Fatalf("diagnostics = %v", diags)
			}
			if test.fails != "" && !strings.Contains(diags[0].Detail(), test.fails) {
				t.Errorf("error = %q, want it to say %q", diags[0].Detail(), test.fails)
			}
			if got.OK != test.ok || got.Unknown != test.unknown || !got.Source.Equal(test.source) {
				t.Errorf("ok %v, unknown %v, source %s; want %v, %v, %s",
					got.OK, got.Unknown, got.Source, test.ok, test.unknown, test.source)
			}
			if test.ok && got.Key.MD5() != a.MD5() {
				t.Errorf("key MD5 = %s, want %s", got.Key.MD5(), a.MD5())
			}
		})
	}
}

// m is one string argument; nil is an unknown one.
func m(name string, value any) map[string]attr.Value {
	text, ok := value.(string)
	if !ok {
		return map[string]attr.Value{name: types.StringUnknown()}
	}
	return map[string]attr.Value{name: types.StringValue(text)}
}

func TestOtherModesHaveNoKey(t *testing.T) {
	t.Parallel()
	choice := Decode(sseValue(cosValue(types.StringNull()), nil, nil))
	got, diags := choice.ResolveKey(cosapi.Keyring{}, true)
	if got.OK || got.Unknown || diags.HasError() {
		t.Errorf("SSE-COS resolves to ok %v, unknown %v, %v", got.OK, got.Unknown, diags)
	}
}

func TestWithKMSKeyID(t *testing.T) {
	t.Parallel()
	id := types.StringValue("48ba38aa-26c5-11ea-855c-52540085dead")
	cos := sseValue(cosValue(types.StringValue("SM4")), nil, nil)
	unknown := sseValue(nil, types.ListUnknown(kmsType), nil)
	want := sseValue(nil, kmsValue(id), nil)
	tests := map[string]struct{ block, want types.List }{
		"null":        {sseValue(nil, kmsValue(types.StringNull()), nil), want},
		"unknown":     {sseValue(nil, kmsValue(types.StringUnknown()), nil), want},
		"other mode":  {cos, cos},
		"kms unknown": {unknown, unknown},
		"all unknown": {unknownSSE(), unknownSSE()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, WithKMSKeyID(test.block, id)); diff != "" {
				t.Errorf("block (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncryptionRoundTrip(t *testing.T) {
	t.Parallel()
	for _, want := range []cosapi.EncryptionStatus{
		{Mode: cosapi.ModeNone},
		{Mode: cosapi.ModeSSECOS, Algorithm: "AES256"},
		{Mode: cosapi.ModeSSEKMS, KMSKeyID: "48ba38aa-26c5-11ea-855c-52540085dead"},
		{Mode: cosapi.ModeSSEC, Algorithm: "AES256", CustomerKeyMD5: "5inxltxhJQnqmmHfVSQjoA=="},
	} {
		got, known := EncryptionStatus(EncryptionObject(want))
		if diff := cmp.Diff(want, got); diff != "" || !known {
			t.Errorf("%s: known %v (-want +got):\n%s", want.Mode, known, diff)
		}
	}
}

func TestEncryptionIsKnownOnlyAsAWhole(t *testing.T) {
	t.Parallel()
	partly := types.ObjectValueMust(EncryptionAttrTypes, map[string]attr.Value{
		"mode": types.StringValue("SSE-C"), "algorithm": types.StringValue("AES256"),
		"kms_key_id": types.StringNull(), "customer_key_md5": types.StringUnknown(),
	})
	tests := map[string]struct {
		object types.Object
		mode   cosapi.Mode
	}{
		"null":    {types.ObjectNull(EncryptionAttrTypes), ""},
		"unknown": {types.ObjectUnknown(EncryptionAttrTypes), ""},
		"partly":  {partly, cosapi.ModeSSEC},
	}
	for name, test := range tests {
		status, known := EncryptionStatus(test.object)
		if known || status.Mode != test.mode {
			t.Errorf("%s: known %v, mode %q, want false, %q", name, known, status.Mode, test.mode)
		}
	}
}

func TestDecodeCopySource(t *testing.T) {
	t.Parallel()
	block := types.ObjectValueMust(CopySourceType.AttrTypes, map[string]attr.Value{
		"bucket": types.StringValue("examplebucket-1250000000"), "key": types.StringValue("a"),
		"region": types.StringNull(), "version_id": types.StringNull(),
		"if_match": types.StringUnknown(),
		"sse": types.ListValueMust(copySourceSSEType, []attr.Value{
			types.ObjectValueMust(copySourceSSEType.AttrTypes, map[string]attr.Value{
				"c": types.ListValueMust(copySourceCType, []attr.Value{
					types.ObjectValueMust(copySourceCType.AttrTypes, map[string]attr.Value{
						"key": types.StringNull(), "key_name": types.StringValue("main"),
						"key_md5": types.StringNull(),
					}),
				}),
			}),
		}),
	})
	source, ok := DecodeCopySource(types.ListValueMust(CopySourceType, []attr.Value{block}))
	if !ok || source.Key.ValueString() != "a" || !source.IfMatch.IsUnknown() ||
		!source.Region.IsNull() {
		t.Errorf("copy_source = %v, %v", ok, source.Key)
	}
	if !source.Encrypted || source.SSEC.KeyName.ValueString() != "main" ||
		source.SSEC.At.String() != "copy_source[0].sse[0].c[0]" {
		t.Errorf("key = %s at %s", source.SSEC.KeyName, source.SSEC.At)
	}
	if _, ok := DecodeCopySource(types.ListNull(CopySourceType)); ok {
		t.Error("an absent block is present")
	}
	unknown, ok := DecodeCopySource(types.ListUnknown(CopySourceType))
	if !ok || !unknown.Bucket.IsUnknown() || !unknown.SSEC.Key.IsUnknown() || !unknown.Encrypted {
		t.Error("an unknown block has known members")
	}
}

func TestImportedSSEGivesTheReportedEncryption(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  cosapi.EncryptionStatus
		keyName string
		want    types.List
	}{
		"none": {
			status: cosapi.EncryptionStatus{Mode: cosapi.ModeNone},
			want:   types.ListValueMust(Type, []attr.Value{}),
		},
		"cos": {
			status: cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS, Algorithm: "SM4"},
			want:   sseValue(cosValue(types.StringValue("SM4")), nil, nil),
		},
		"cos without a name": {
			status: cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS},
			want:   sseValue(cosValue(types.StringValue("AES256")), nil, nil),
		},
		"kms": {
			status: cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS, KMSKeyID: "48ba38aa-26c5-11ea-855c-52540085dead"},
			want:   sseValue(nil, kmsValue(types.StringValue("48ba38aa-26c5-11ea-855c-52540085dead")), nil),
		},
		"c": {
			status:  cosapi.EncryptionStatus{Mode: cosapi.ModeSSEC, CustomerKeyMD5: "x"},
			keyName: "main",
			want:    sseValue(nil, nil, cValue(m("key_name", "main"))),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ImportedSSE(test.status, test.keyName)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sse (-want +got):\n%s", diff)
			}
			if diags := Validate(path.Root("sse"), got); diags.HasError() && name != "none" {
				t.Errorf("an imported block is not valid: %v", diags)
			}
		})
	}
}
