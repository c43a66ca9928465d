package sse

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// CopySource is a decoded copy_source block. Whatever is unknown stays unknown.
type CopySource struct {
	Bucket, Key, Region types.String
	VersionID, IfMatch  types.String
	// Encrypted says that the block has sse { c {} }: the source needs the key in SSEC. An
	// unknown block counts as one with an unknown key.
	Encrypted bool
	SSEC      KeyChoice
}

// DecodeCopySource reads a copy_source block. It reports false for an absent one; of an unknown
// block everything is unknown.
func DecodeCopySource(list types.List) (CopySource, bool) {
	block := value.OnlyBlock(list)
	if block.IsNull() {
		return CopySource{}, false
	}
	at := path.Root("copy_source").AtListIndex(0).AtName("sse").AtListIndex(0).
		AtName("c").AtListIndex(0)
	c := value.ListMember(value.OnlyBlock(value.ListMember(block, "sse")), "c")
	return CopySource{
		Bucket:    value.StringMember(block, "bucket"),
		Key:       value.StringMember(block, "key"),
		Region:    value.StringMember(block, "region"),
		VersionID: value.StringMember(block, "version_id"),
		IfMatch:   value.StringMember(block, "if_match"),
		Encrypted: value.IsPresent(c) || c.IsUnknown(),
		SSEC:      decodeCustomerKey(at, c),
	}, true
}

// Source is the object that copy_source names, with its key. It is in region, the copy's, unless it
// names another. unknown says that the keyring lacks keys that are not known yet.
func (c CopySource) Source(
	keyring cosapi.Keyring, unknown bool, region string,
) (cosapi.CopySource, diag.Diagnostics) {
	source := cosapi.CopySource{
		Ref: cosapi.ObjectRef{
			Region: c.Region.ValueString(), Bucket: c.Bucket.ValueString(),
			Key: c.Key.ValueString(), VersionID: c.VersionID.ValueString(),
		},
		IfMatch: c.IfMatch.ValueString(),
	}
	if source.Ref.Region == "" {
		source.Ref.Region = region
	}
	if !c.Encrypted {
		return source, nil
	}
	resolved, diags := c.SSEC.ResolveKey(keyring, unknown)
	switch {
	case diags.HasError():
	case !resolved.OK:
		diags.Append(MissingKey(resolved, keyring))
	default:
		source.Key = &resolved.Key
	}
	return source, diags
}

// AnyUnknown reports that the source of a copy is not known in full.
func (c CopySource) AnyUnknown() bool {
	return c.Bucket.IsUnknown() || c.Key.IsUnknown() || c.Region.IsUnknown() ||
		c.VersionID.IsUnknown() || c.IfMatch.IsUnknown() || c.SSEC.Key.IsUnknown() ||
		c.SSEC.KeyName.IsUnknown()
}
