package sse

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// NamedKey is the key of the keyring with that name, nil for no name; at is where the name is.
func NamedKey(
	keyring cosapi.Keyring, at path.Path, name types.String,
) (*cosapi.CustomerKey, diag.Diagnostics) {
	if name.IsNull() {
		return nil, nil
	}
	key, ok := keyring.ByName(name.ValueString())
	if !ok {
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at,
			"SSE-C key is not in the keyring", fmt.Sprintf("There is no key %q in the provider's "+
				"customer_keys (%s). Add the key, or name another one.", name.ValueString(),
				value.QuotedNames(keyring.Names())))}
	}
	return &key, nil
}

// DecodeOpening reads an sse block that only names a key; false without one.
func DecodeOpening(at path.Path, list types.List) (KeyChoice, bool) {
	c := value.ListMember(value.OnlyBlock(list), "c")
	return decodeCustomerKey(at.AtListIndex(0).AtName("c").AtListIndex(0), c), value.IsPresent(c)
}

// OpeningKey is the key that an opening sse block names, nil without a block.
func OpeningKey(
	choice KeyChoice, given bool, keyring cosapi.Keyring,
) (*cosapi.CustomerKey, diag.Diagnostics) {
	if !given {
		return nil, nil
	}
	return presentKey(choice, keyring)
}

// presentKey resolves a c block whose key is needed now.
func presentKey(
	choice KeyChoice, keyring cosapi.Keyring,
) (*cosapi.CustomerKey, diag.Diagnostics) {
	resolved, diags := choice.ResolveKey(keyring, false)
	switch {
	case diags.HasError():
		return nil, diags
	case !resolved.OK:
		return nil, append(diags, MissingKey(resolved, keyring))
	}
	return &resolved.Key, diags
}

// ImportedSSE is the sse block that gives a reported encryption: an empty list for an object that
// is not encrypted. An SSE-KMS context is never reported, so it is null.
func ImportedSSE(status cosapi.EncryptionStatus, keyName string) types.List {
	choice := Choice{Mode: status.Mode}
	switch status.Mode {
	case cosapi.ModeSSECOS:
		choice.Algorithm = types.StringValue(status.Algorithm)
		if status.Algorithm == "" {
			choice.Algorithm = types.StringValue(DefaultAlgorithm)
		}
	case cosapi.ModeSSEKMS:
		choice.KMSKeyID = value.StringOrNull(status.KMSKeyID)
	case cosapi.ModeSSEC:
		choice.KeyName = value.StringOrNull(keyName)
	}
	return State(choice)
}

// EncryptionAttrTypes is the type of the computed attribute encryption.
var EncryptionAttrTypes = map[string]attr.Type{
	"mode":             types.StringType,
	"algorithm":        types.StringType,
	"kms_key_id":       types.StringType,
	"customer_key_md5": types.StringType,
}

// EncryptionObject is the attribute encryption for what COS reports; what COS does not report is
// null.
func EncryptionObject(status cosapi.EncryptionStatus) types.Object {
	return types.ObjectValueMust(EncryptionAttrTypes, map[string]attr.Value{
		"mode":             types.StringValue(string(status.Mode)),
		"algorithm":        value.StringOrNull(status.Algorithm),
		"kms_key_id":       value.StringOrNull(status.KMSKeyID),
		"customer_key_md5": value.StringOrNull(status.CustomerKeyMD5),
	})
}

// EncryptionStatus is the reverse of EncryptionObject. It reports false for a null object and
// where any member is unknown; the members that are known are filled in all the same.
func EncryptionStatus(object types.Object) (cosapi.EncryptionStatus, bool) {
	mode := value.StringMember(object, "mode")
	algorithm := value.StringMember(object, "algorithm")
	kmsKeyID := value.StringMember(object, "kms_key_id")
	keyMD5 := value.StringMember(object, "customer_key_md5")
	status := cosapi.EncryptionStatus{
		Mode:           cosapi.Mode(mode.ValueString()),
		Algorithm:      algorithm.ValueString(),
		KMSKeyID:       kmsKeyID.ValueString(),
		CustomerKeyMD5: keyMD5.ValueString(),
	}
	known := !mode.IsNull() && !mode.IsUnknown() && !algorithm.IsUnknown() &&
		!kmsKeyID.IsUnknown() && !keyMD5.IsUnknown()
	return status, known
}

// Encryption is the encryption that the sse block asks for, with the key of SSE-C looked up.
// unknown says that the keyring lacks keys that are not known yet; remembered is the KMS key to use
// where the block names none.
func (c Choice) Encryption(
	keyring cosapi.Keyring, unknown bool, remembered types.String,
) (cosapi.Encryption, diag.Diagnostics) {
	switch c.Mode {
	case cosapi.ModeSSECOS:
		algorithm := c.Algorithm.ValueString()
		if algorithm == "" {
			algorithm = "AES256"
		}
		return cosapi.SSECOS{Algorithm: algorithm}, nil
	case cosapi.ModeSSEKMS:
		keyID := c.KMSKeyID
		if keyID.IsNull() || keyID.IsUnknown() {
			keyID = remembered
		}
		return cosapi.SSEKMS{
			KeyID: keyID.ValueString(), Context: value.StringMap(c.KMSContext),
		}, nil
	case cosapi.ModeSSEC:
		resolved, diags := c.ResolveKey(keyring, unknown)
		if !resolved.OK && !diags.HasError() {
			diags.Append(MissingKey(resolved, keyring))
		}
		return cosapi.SSEC{Key: resolved.Key}, diags
	default:
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("sse"),
			"Encryption is not chosen", "The sse block has neither cos nor kms nor c.")}
	}
}
