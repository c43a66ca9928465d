// Package sse is the blocks sse and copy_source and the attribute encryption: schemas, validation
// and decoding, the same for every kind of schema.
package sse

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// KeyChoice is a decoded c block: at most one of the three is set in a valid
// configuration. It holds keys in clear: keep it no longer than a call.
type KeyChoice struct {
	// At is the block, for diagnostics.
	At           path.Path
	Key          types.String
	KeyWO        types.String
	KeyWOVersion types.Int64
	KeyName      types.String
	// KeyMD5 is the MD5 that the key must have, null for any.
	KeyMD5 types.String
}

// Choice is a decoded sse block. Whatever is unknown stays unknown and is never an error; a
// choice that breaks the rules of Validate decodes to its first mode.
type Choice struct {
	// Unknown says that the mode itself is not known yet.
	Unknown bool
	// Mode is "" for an absent or empty block.
	Mode cosapi.Mode
	// Algorithm belongs to SSE-COS.
	Algorithm types.String
	// KMSKeyID and kmsContext belong to SSE-KMS.
	KMSKeyID   types.String
	KMSContext types.Map
	// The key belongs to SSE-C.
	KeyChoice
}

// ResolvedKey is an SSE-C key together with where it came from, which matters to messages.
type ResolvedKey struct {
	Key cosapi.CustomerKey
	// Source is the argument that gave the key, or that should have.
	Source path.Path
	// OK says that key holds a key; unknown that it is not known yet. With neither there is no
	// key: an argument is null, or the keyring has no key of that name.
	OK, Unknown bool
	// Name is key_name, "" for the other two ways.
	Name string
}

// Decode reads an sse block of a resource, a data source or an ephemeral resource.
func Decode(list types.List) Choice { return DecodeAt(path.Root("sse"), list) }

// DecodeAt is Decode for an sse block at another place.
func DecodeAt(at path.Path, list types.List) Choice {
	block := value.OnlyBlock(list)
	cos, kms, c := value.ListMember(block, "cos"), value.ListMember(block,
		"kms"), value.ListMember(block, "c")
	choice := Choice{
		Algorithm:  value.StringMember(value.OnlyBlock(cos), "algorithm"),
		KMSKeyID:   value.StringMember(value.OnlyBlock(kms), "key_id"),
		KMSContext: value.MapMember(value.OnlyBlock(kms), "context"),
		KeyChoice:  decodeCustomerKey(at.AtListIndex(0).AtName("c").AtListIndex(0), c),
	}
	switch {
	case value.IsPresent(cos):
		choice.Mode = cosapi.ModeSSECOS
	case value.IsPresent(kms):
		choice.Mode = cosapi.ModeSSEKMS
	case value.IsPresent(c):
		choice.Mode = cosapi.ModeSSEC
	default:
		choice.Unknown = cos.IsUnknown() || kms.IsUnknown() || c.IsUnknown()
	}
	return choice
}

// decodeCustomerKey reads a c block; at is the path of the block itself.
func decodeCustomerKey(at path.Path, list types.List) KeyChoice {
	block := value.OnlyBlock(list)
	return KeyChoice{
		At:           at,
		Key:          value.StringMember(block, "key"),
		KeyWO:        value.StringMember(block, "key_wo"),
		KeyWOVersion: value.Int64Member(block, "key_wo_version"),
		KeyName:      value.StringMember(block, "key_name"),
		KeyMD5:       value.StringMember(block, "key_md5"),
	}
}

// ResolveKey finds the key that the block names. A name that the keyring lacks is no error here,
// because only a plan that must write needs the key; a value that is no key is one, and so is a key
// that key_md5 does not mean.
func (c KeyChoice) ResolveKey(
	keyring cosapi.Keyring, keyringUnknown bool,
) (ResolvedKey, diag.Diagnostics) {
	resolved, diags := c.findKey(keyring, keyringUnknown)
	want := c.KeyMD5.ValueString()
	if !resolved.OK || want == "" || want == resolved.Key.MD5() {
		return resolved, diags
	}
	at := c.At.AtName("key_md5")
	diags.AddAttributeError(at, "The SSE-C key is another one", fmt.Sprintf("%s says %s, and the "+
		"MD5 of the key in %s is %s. COS was not asked. Give the key that is meant, or its MD5.",
		at, want, resolved.Source, resolved.Key.MD5()))
	return resolved, diags
}

func (c KeyChoice) findKey(
	keyring cosapi.Keyring, keyringUnknown bool,
) (ResolvedKey, diag.Diagnostics) {
	switch {
	case !c.Key.IsNull():
		return resolveKeyText(c.At.AtName("key"), c.Key)
	case !c.KeyWO.IsNull():
		return resolveKeyText(c.At.AtName("key_wo"), c.KeyWO)
	case !c.KeyName.IsNull():
		return resolveKeyName(c.At.AtName("key_name"), c.KeyName, keyring, keyringUnknown), nil
	case !c.KeyWOVersion.IsNull():
		return ResolvedKey{Source: c.At.AtName("key_wo")}, nil
	default:
		return ResolvedKey{Source: c.At}, nil
	}
}

// ResolveKey is KeyChoice.resolveKey for the mode SSE-C; other modes have no key.
func (c Choice) ResolveKey(
	keyring cosapi.Keyring, keyringUnknown bool,
) (ResolvedKey, diag.Diagnostics) {
	if c.Mode != cosapi.ModeSSEC {
		return ResolvedKey{Unknown: c.Unknown}, nil
	}
	return c.KeyChoice.ResolveKey(keyring, keyringUnknown)
}

func resolveKeyText(at path.Path, text types.String) (ResolvedKey, diag.Diagnostics) {
	if text.IsUnknown() {
		return ResolvedKey{Source: at, Unknown: true}, nil
	}
	key, err := cosapi.ParseCustomerKey(text.ValueString())
	if err != nil {
		return ResolvedKey{Source: at}, diag.Diagnostics{unusableKey(at, err)}
	}
	return ResolvedKey{Source: at, Key: key, OK: true}, nil
}

func resolveKeyName(
	at path.Path, name types.String, keyring cosapi.Keyring, keyringUnknown bool,
) ResolvedKey {
	if name.IsUnknown() {
		return ResolvedKey{Source: at, Unknown: true}
	}
	key, ok := keyring.ByName(name.ValueString())
	return ResolvedKey{
		Source: at, Name: name.ValueString(), Key: key, OK: ok, Unknown: !ok && keyringUnknown,
	}
}

// State builds the value of an sse block from a choice, for import. An absent block is an
// empty list, as core has it, never null. Write-only values are null in every state.
func State(choice Choice) types.List {
	cos, kms, c := []attr.Value{}, []attr.Value{}, []attr.Value{}
	switch choice.Mode {
	case cosapi.ModeSSECOS:
		cos = append(cos, types.ObjectValueMust(cosType.AttrTypes, map[string]attr.Value{
			"algorithm": choice.Algorithm,
		}))
	case cosapi.ModeSSEKMS:
		kms = append(kms, types.ObjectValueMust(kmsType.AttrTypes, map[string]attr.Value{
			"key_id": choice.KMSKeyID, "context": contextOrNull(choice.KMSContext),
		}))
	case cosapi.ModeSSEC:
		c = append(c, types.ObjectValueMust(cType.AttrTypes, map[string]attr.Value{
			"key": choice.Key, "key_wo": types.StringNull(),
			"key_wo_version": choice.KeyWOVersion, "key_name": choice.KeyName,
			"key_md5": choice.KeyMD5,
		}))
	default:
		return types.ListValueMust(Type, []attr.Value{})
	}
	return types.ListValueMust(Type, []attr.Value{
		types.ObjectValueMust(Type.AttrTypes, map[string]attr.Value{
			"cos": types.ListValueMust(cosType, cos),
			"kms": types.ListValueMust(kmsType, kms),
			"c":   types.ListValueMust(cType, c),
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

// WithKMSKeyID returns the block with another sse.kms.key_id, and a block of another mode as it
// is. Plans and state use it to remember the key that COS chose.
func WithKMSKeyID(list types.List, id types.String) types.List {
	sse := value.OnlyBlock(list)
	kms := value.OnlyBlock(value.ListMember(sse, "kms"))
	if kms.IsNull() || kms.IsUnknown() {
		return list
	}
	return replaceOnly(list, "kms", replaceOnly(value.ListMember(sse, "kms"), "key_id", id))
}

// replaceOnly returns the list with one member of its only block replaced.
func replaceOnly(list types.List, name string, member attr.Value) types.List {
	block := value.OnlyBlock(list)
	members := maps.Clone(block.Attributes())
	members[name] = member
	return types.ListValueMust(list.ElementType(context.Background()), []attr.Value{
		types.ObjectValueMust(block.AttributeTypes(context.Background()), members),
	})
}
