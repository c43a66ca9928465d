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

// Validate checks that an sse block chooses exactly one way to encrypt, and its key where that
// is SSE-C. Whatever is unknown may still turn out right and is never an error. It serves
// resources and data sources: where the c block has no write-only arguments, they are not asked
// for.
//
// The paths end where Terraform shows the line that is wrong: at an argument or block inside the
// block to blame, because a path that ends at a top-level block shows the resource's first line.
func Validate(at path.Path, list types.List) diag.Diagnostics {
	if list.IsUnknown() {
		return nil
	}
	var diags diag.Diagnostics
	switch len(list.Elements()) {
	case 0:
		diags.AddAttributeError(at, "Encryption is not chosen",
			"There is no sse block. Add one with cos, kms or c: this provider stores no object "+
				"whose encryption is left to chance.")
		return diags
	case 1:
	default:
		diags.AddAttributeError(at.AtListIndex(1).AtName("cos"), "More than one sse block",
			fmt.Sprintf("There are %d sse blocks; COS encrypts an object in exactly one way. "+
				"Keep one of them.", len(list.Elements())))
		return diags
	}
	return validateModes(at.AtListIndex(0), value.OnlyBlock(list))
}

// validateModes checks the blocks cos, kms and c inside an sse block; at is that block.
func validateModes(at path.Path, sse types.Object) diag.Diagnostics {
	if sse.IsUnknown() {
		return nil
	}
	var diags diag.Diagnostics
	var chosen []string
	maybe := false
	for _, name := range []string{"cos", "kms", "c"} {
		mode := value.ListMember(sse, name)
		maybe = maybe || mode.IsUnknown()
		if !value.IsPresent(mode) {
			continue
		}
		chosen = append(chosen, name)
		diags.Append(validateSingle(at.AtName(name), name, mode)...)
	}
	switch {
	case len(chosen) == 0 && !maybe:
		diags.AddAttributeError(at.AtName("cos"), "Encryption is not chosen",
			"The sse block is empty. Put exactly one of cos, kms and c into it.")
	case len(chosen) > 1:
		diags.AddAttributeError(at.AtName(chosen[1]).AtListIndex(0),
			"More than one kind of encryption", fmt.Sprintf(
				"The sse block has %s; COS encrypts an object in exactly one way. Keep one of "+
					"them.", value.JoinWithAnd(chosen)))
	}
	if c := value.ListMember(sse, "c"); value.IsPresent(c) {
		diags.Append(validateCustomerKey(at.AtName("c").AtListIndex(0), value.OnlyBlock(c))...)
	}
	if kms := value.ListMember(sse, "kms"); value.IsPresent(kms) {
		diags.Append(validateContext(at.AtName("kms").AtListIndex(0).AtName("context"),
			value.MapMember(value.OnlyBlock(kms), "context"))...)
	}
	return diags
}

// validateSingle checks that a nested block occurs at most once; at is the list of blocks.
func validateSingle(at path.Path, name string, blocks types.List) diag.Diagnostics {
	if blocks.IsUnknown() || len(blocks.Elements()) <= 1 {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at.AtListIndex(1),
		"More than one "+name+" block", fmt.Sprintf(
			"There are %d %s blocks. Keep one of them.", len(blocks.Elements()), name))}
}

// validateContext refuses null values: they are neither a value nor the absence of a name.
func validateContext(at path.Path, context types.Map) diag.Diagnostics {
	var diags diag.Diagnostics
	elements := context.Elements()
	for _, name := range value.SortedNames(elements) {
		if elements[name].IsNull() {
			here := at.AtMapKey(name)
			diags.AddAttributeError(here, "Value is null", fmt.Sprintf(
				"%s is null. Leave the name out of the map, or give it a value.", here))
		}
	}
	return diags
}

// ValidateSource checks the sse block of something that is read: it is optional and has
// nothing but c, because COS reads everything else by itself.
func ValidateSource(at path.Path, list types.List) diag.Diagnostics {
	if list.IsUnknown() || len(list.Elements()) == 0 {
		return nil
	}
	var diags diag.Diagnostics
	if n := len(list.Elements()); n > 1 {
		diags.AddAttributeError(at.AtListIndex(1).AtName("c"), "More than one sse block",
			fmt.Sprintf("There are %d sse blocks. Keep one of them.", n))
		return diags
	}
	c := value.ListMember(value.OnlyBlock(list), "c")
	at = at.AtListIndex(0).AtName("c")
	switch {
	case c.IsUnknown():
	case !value.IsPresent(c):
		diags.AddAttributeError(at, "SSE-C key is missing",
			"The sse block is empty. Put a c block with the object's key into it, or leave the "+
				"sse block out: only SSE-C needs it.")
	default:
		diags.Append(validateSingle(at, "c", c)...)
		diags.Append(validateCustomerKey(at.AtListIndex(0), value.OnlyBlock(c))...)
	}
	return diags
}

// validateCustomerKey checks a c block: exactly one key, of the right length; at is the block.
func validateCustomerKey(at path.Path, block types.Object) diag.Diagnostics {
	if block.IsUnknown() {
		return nil
	}
	var diags diag.Diagnostics
	var given []string
	maybe := false
	for _, name := range keyArguments(block) {
		value := value.StringMember(block, name)
		maybe = maybe || value.IsUnknown()
		if !value.IsNull() && !value.IsUnknown() {
			given = append(given, name)
		}
	}
	versionDiags := validateKeyVersion(at, block)
	diags.Append(versionDiags...)
	switch {
	case len(given) == 0 && !maybe && !versionDiags.HasError():
		diags.AddAttributeError(at, "SSE-C key is missing", fmt.Sprintf(
			"The c block has no key. Set exactly one of %s.", value.JoinWithAnd(keyArguments(block))))
	case len(given) > 1:
		diags.AddAttributeError(at.AtName(given[1]), "More than one SSE-C key", fmt.Sprintf(
			"The c block has %s; COS encrypts an object with one key. Keep one of them.",
			value.JoinWithAnd(given)))
	}
	diags.Append(validateKeyText(at.AtName("key"), value.StringMember(block, "key"))...)
	diags.Append(validateKeyText(at.AtName("key_wo"), value.StringMember(block, "key_wo"))...)
	diags.Append(validateKeyName(at.AtName("key_name"), value.StringMember(block, "key_name"))...)
	return diags
}

// keyArguments are the ways to give a key that a c block has, in the order of messages.
func keyArguments(block types.Object) []string {
	var names []string
	for _, name := range []string{"key", "key_wo", "key_name"} {
		if _, ok := block.Attributes()[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// validateKeyVersion checks that key_wo and key_wo_version come together, where a block has both.
func validateKeyVersion(at path.Path, block types.Object) diag.Diagnostics {
	if _, versioned := block.Attributes()["key_wo_version"]; !versioned {
		return nil
	}
	return ValidateVersion(WriteOnlyPair{
		Value: value.StringMember(block, "key_wo"), Version: value.Int64Member(block, "key_wo_version"),
		ValueAt: at.AtName("key_wo"), VersionAt: at.AtName("key_wo_version"),
		Missing: "SSE-C key is missing",
		Without: "key_wo_version is set, but key_wo is null. A version without a key has no " +
			"meaning: set key_wo, or use key_name and remove key_wo_version.",
		Unversioned: "key_wo is set without key_wo_version. Terraform stores nothing of key_wo, " +
			"so only a new number tells that the key is another one. Add key_wo_version = 1.",
	})
}

// WriteOnlyPair is a write-only argument with its version.
type WriteOnlyPair struct {
	Value, Version                attr.Value
	ValueAt, VersionAt            path.Path
	Missing, Without, Unversioned string
}

func ValidateVersion(pair WriteOnlyPair) diag.Diagnostics {
	if pair.Value.IsUnknown() || pair.Version.IsUnknown() {
		return nil
	}
	switch {
	case pair.Value.IsNull() && !pair.Version.IsNull():
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(pair.VersionAt,
			pair.Missing, pair.Without)}
	case !pair.Value.IsNull() && pair.Version.IsNull():
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(pair.ValueAt,
			"Version is missing", pair.Unversioned)}
	}
	return nil
}

// validateKeyText checks a key that is known, and warns of one that its MD5 gives away.
func validateKeyText(at path.Path, text types.String) diag.Diagnostics {
	if text.IsNull() || text.IsUnknown() {
		return nil
	}
	key, err := cosapi.ParseCustomerKey(text.ValueString())
	switch {
	case err != nil:
		return diag.Diagnostics{unusableKey(at, err)}
	case key.LowEntropy():
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(at,
			"SSE-C key is easy to guess", fmt.Sprintf("%s has few different bytes. Its MD5 "+
				"identifies it in state and plans, so anybody who reads those can find the key "+
				"by trying. Use 32 random bytes.", at))}
	}
	return nil
}

func validateKeyName(at path.Path, name types.String) diag.Diagnostics {
	if name.IsNull() || name.IsUnknown() || name.ValueString() != "" {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "SSE-C key is missing",
		"key_name is empty. Name a key of the provider's customer_keys, or leave it out.")}
}

// unusableKey says why a value is no SSE-C key. The error never contains the value.
func unusableKey(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "SSE-C key is not usable",
		fmt.Sprintf("%s: %s.", at, err))
}

// MissingKey says that a key which is needed to write is not at hand, and how to go on without it.
// It is for plans and applies that must write; validation does not know the keyring.
func MissingKey(wanted ResolvedKey, keyring cosapi.Keyring) diag.Diagnostic {
	const destroy = "To destroy the object without it, run destroy with -refresh=false."
	if wanted.Name == "" {
		return diag.NewAttributeErrorDiagnostic(wanted.Source, "SSE-C key is missing",
			fmt.Sprintf("%s is null, and the object cannot be written without its key. %s",
				wanted.Source, destroy))
	}
	has := "is empty"
	if names := keyring.Names(); len(names) > 0 {
		has = "has " + value.QuotedNames(names)
	}
	return diag.NewAttributeErrorDiagnostic(wanted.Source, "SSE-C key is not in the keyring",
		fmt.Sprintf("There is no key %q in the provider's customer_keys, which %s. Add the key, "+
			"or name another one in key_name. %s", wanted.Name, has, destroy))
}
