package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// The types of the sse block of a resource. Data sources have no write-only arguments: their c
// block lacks key_wo and key_wo_version, and the decoder reads both shapes.
var (
	sseCOSType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"algorithm": types.StringType,
	}}
	sseKMSType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"key_id":  types.StringType,
		"context": types.MapType{ElemType: types.StringType},
	}}
	sseCType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"key":            types.StringType,
		"key_wo":         types.StringType,
		"key_wo_version": types.Int64Type,
		"key_name":       types.StringType,
	}}
	sseType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"cos": types.ListType{ElemType: sseCOSType},
		"kms": types.ListType{ElemType: sseKMSType},
		"c":   types.ListType{ElemType: sseCType},
	}}
)

// customerKeyChoice is a decoded c block: at most one of the three is set in a valid
// configuration. It holds keys in clear: keep it no longer than a call.
type customerKeyChoice struct {
	// at is the block, for diagnostics.
	at           path.Path
	key          types.String
	keyWO        types.String
	keyWOVersion types.Int64
	keyName      types.String
}

// sseChoice is a decoded sse block. Whatever is unknown stays unknown and is never an error; a
// choice that breaks the rules of validateSSE decodes to its first mode.
type sseChoice struct {
	// unknown says that the mode itself is not known yet.
	unknown bool
	// mode is "" for an absent or empty block.
	mode cosapi.Mode
	// algorithm belongs to SSE-COS.
	algorithm types.String
	// kmsKeyID and kmsContext belong to SSE-KMS.
	kmsKeyID   types.String
	kmsContext types.Map
	// The key belongs to SSE-C.
	customerKeyChoice
}

// resolvedKey is an SSE-C key together with where it came from, which matters to messages.
type resolvedKey struct {
	key cosapi.CustomerKey
	// source is the argument that gave the key, or that should have.
	source path.Path
	// ok says that key holds a key; unknown that it is not known yet. With neither there is no
	// key: an argument is null, or the keyring has no key of that name.
	ok, unknown bool
	// name is key_name, "" for the other two ways.
	name string
}

// decodeSSE reads an sse block of a resource, a data source or an ephemeral resource.
func decodeSSE(list types.List) sseChoice { return decodeSSEAt(path.Root("sse"), list) }

// decodeSSEAt is decodeSSE for an sse block at another place.
func decodeSSEAt(at path.Path, list types.List) sseChoice {
	block := onlyBlock(list)
	cos, kms, c := listMember(block, "cos"), listMember(block, "kms"), listMember(block, "c")
	choice := sseChoice{
		algorithm:         stringMember(onlyBlock(cos), "algorithm"),
		kmsKeyID:          stringMember(onlyBlock(kms), "key_id"),
		kmsContext:        mapMember(onlyBlock(kms), "context"),
		customerKeyChoice: decodeCustomerKey(at.AtListIndex(0).AtName("c").AtListIndex(0), c),
	}
	switch {
	case isPresent(cos):
		choice.mode = cosapi.ModeSSECOS
	case isPresent(kms):
		choice.mode = cosapi.ModeSSEKMS
	case isPresent(c):
		choice.mode = cosapi.ModeSSEC
	default:
		choice.unknown = cos.IsUnknown() || kms.IsUnknown() || c.IsUnknown()
	}
	return choice
}

// decodeCustomerKey reads a c block; at is the path of the block itself.
func decodeCustomerKey(at path.Path, list types.List) customerKeyChoice {
	block := onlyBlock(list)
	return customerKeyChoice{
		at:           at,
		key:          stringMember(block, "key"),
		keyWO:        stringMember(block, "key_wo"),
		keyWOVersion: int64Member(block, "key_wo_version"),
		keyName:      stringMember(block, "key_name"),
	}
}

// isPresent reports a block that is certainly there.
func isPresent(list types.List) bool {
	return !list.IsUnknown() && len(list.Elements()) > 0
}

// resolveKey finds the key that the block names. A name that the keyring lacks is no error here,
// because only a plan that must write needs the key; a value that is no key is one.
func (c customerKeyChoice) resolveKey(
	keyring cosapi.Keyring, keyringUnknown bool,
) (resolvedKey, diag.Diagnostics) {
	switch {
	case !c.key.IsNull():
		return resolveKeyText(c.at.AtName("key"), c.key)
	case !c.keyWO.IsNull():
		return resolveKeyText(c.at.AtName("key_wo"), c.keyWO)
	case !c.keyName.IsNull():
		return resolveKeyName(c.at.AtName("key_name"), c.keyName, keyring, keyringUnknown), nil
	case !c.keyWOVersion.IsNull():
		return resolvedKey{source: c.at.AtName("key_wo")}, nil
	default:
		return resolvedKey{source: c.at}, nil
	}
}

// resolveKey is customerKeyChoice.resolveKey for the mode SSE-C; other modes have no key.
func (c sseChoice) resolveKey(
	keyring cosapi.Keyring, keyringUnknown bool,
) (resolvedKey, diag.Diagnostics) {
	if c.mode != cosapi.ModeSSEC {
		return resolvedKey{unknown: c.unknown}, nil
	}
	return c.customerKeyChoice.resolveKey(keyring, keyringUnknown)
}

func resolveKeyText(at path.Path, text types.String) (resolvedKey, diag.Diagnostics) {
	if text.IsUnknown() {
		return resolvedKey{source: at, unknown: true}, nil
	}
	key, err := cosapi.ParseCustomerKey(text.ValueString())
	if err != nil {
		return resolvedKey{source: at}, diag.Diagnostics{unusableKey(at, err)}
	}
	return resolvedKey{source: at, key: key, ok: true}, nil
}

func resolveKeyName(
	at path.Path, name types.String, keyring cosapi.Keyring, keyringUnknown bool,
) resolvedKey {
	if name.IsUnknown() {
		return resolvedKey{source: at, unknown: true}
	}
	key, ok := keyring.ByName(name.ValueString())
	return resolvedKey{
		source: at, name: name.ValueString(), key: key, ok: ok, unknown: !ok && keyringUnknown,
	}
}

// sseState builds the value of an sse block from a choice, for import. An absent block is an
// empty list, as core has it, never null. Write-only values are null in every state.
func sseState(choice sseChoice) types.List {
	cos, kms, c := []attr.Value{}, []attr.Value{}, []attr.Value{}
	switch choice.mode {
	case cosapi.ModeSSECOS:
		cos = append(cos, types.ObjectValueMust(sseCOSType.AttrTypes, map[string]attr.Value{
			"algorithm": choice.algorithm,
		}))
	case cosapi.ModeSSEKMS:
		kms = append(kms, types.ObjectValueMust(sseKMSType.AttrTypes, map[string]attr.Value{
			"key_id": choice.kmsKeyID, "context": contextOrNull(choice.kmsContext),
		}))
	case cosapi.ModeSSEC:
		c = append(c, types.ObjectValueMust(sseCType.AttrTypes, map[string]attr.Value{
			"key": choice.key, "key_wo": types.StringNull(),
			"key_wo_version": choice.keyWOVersion, "key_name": choice.keyName,
		}))
	default:
		return types.ListValueMust(sseType, []attr.Value{})
	}
	return types.ListValueMust(sseType, []attr.Value{
		types.ObjectValueMust(sseType.AttrTypes, map[string]attr.Value{
			"cos": types.ListValueMust(sseCOSType, cos),
			"kms": types.ListValueMust(sseKMSType, kms),
			"c":   types.ListValueMust(sseCType, c),
		}),
	})
}

// contextOrNull gives the zero Map, which has no element type, one.
func contextOrNull(context types.Map) types.Map {
	if context.IsNull() {
		return types.MapNull(types.StringType)
	}
	return context
}

// withKMSKeyID returns the block with another sse.kms.key_id, and a block of another mode as it
// is. Plans and state use it to remember the key that COS chose.
func withKMSKeyID(list types.List, id types.String) types.List {
	sse := onlyBlock(list)
	kms := onlyBlock(listMember(sse, "kms"))
	if kms.IsNull() || kms.IsUnknown() {
		return list
	}
	return replaceOnly(list, "kms", replaceOnly(listMember(sse, "kms"), "key_id", id))
}

// replaceOnly returns the list with one member of its only block replaced.
func replaceOnly(list types.List, name string, value attr.Value) types.List {
	block := onlyBlock(list)
	members := maps.Clone(block.Attributes())
	members[name] = value
	return types.ListValueMust(list.ElementType(context.Background()), []attr.Value{
		types.ObjectValueMust(block.AttributeTypes(context.Background()), members),
	})
}

// int64Member is stringMember for a whole number.
func int64Member(object types.Object, name string) types.Int64 {
	if object.IsUnknown() {
		return types.Int64Unknown()
	}
	value, ok := object.Attributes()[name].(types.Int64)
	if !ok {
		return types.Int64Null()
	}
	return value
}

// mapMember is stringMember for a map of strings.
func mapMember(object types.Object, name string) types.Map {
	if object.IsUnknown() {
		return types.MapUnknown(types.StringType)
	}
	value, ok := object.Attributes()[name].(types.Map)
	if !ok {
		return types.MapNull(types.StringType)
	}
	return value
}
