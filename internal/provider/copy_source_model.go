package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The types of the copy_source block. Its c block has no write-only key: a copy is repeated
// whenever its source changes, so its key has to be at hand in every plan.
var (
	copySourceCType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"key":      types.StringType,
		"key_name": types.StringType,
	}}
	copySourceSSEType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"c": types.ListType{ElemType: copySourceCType},
	}}
	copySourceType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"bucket":     types.StringType,
		"key":        types.StringType,
		"region":     types.StringType,
		"version_id": types.StringType,
		"if_match":   types.StringType,
		"sse":        types.ListType{ElemType: copySourceSSEType},
	}}
)

// copySourceChoice is a decoded copy_source block. Whatever is unknown stays unknown.
type copySourceChoice struct {
	bucket, key, region types.String
	versionID, ifMatch  types.String
	// encrypted says that the block has sse { c {} }: the source needs the key in sseC. An
	// unknown block counts as one with an unknown key.
	encrypted bool
	sseC      customerKeyChoice
}

// decodeCopySource reads a copy_source block. It reports false for an absent one; of an unknown
// block everything is unknown.
func decodeCopySource(list types.List) (copySourceChoice, bool) {
	block := onlyBlock(list)
	if block.IsNull() {
		return copySourceChoice{}, false
	}
	at := path.Root("copy_source").AtListIndex(0).AtName("sse").AtListIndex(0).
		AtName("c").AtListIndex(0)
	c := listMember(onlyBlock(listMember(block, "sse")), "c")
	return copySourceChoice{
		bucket:    stringMember(block, "bucket"),
		key:       stringMember(block, "key"),
		region:    stringMember(block, "region"),
		versionID: stringMember(block, "version_id"),
		ifMatch:   stringMember(block, "if_match"),
		encrypted: isPresent(c) || c.IsUnknown(),
		sseC:      decodeCustomerKey(at, c),
	}, true
}
