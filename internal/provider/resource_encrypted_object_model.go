package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// encryptedObjectModel is cos_encrypted_object as configuration, plan and state hold it. It
// carries bodies and keys in clear: keep it no longer than a call and never format it.
type encryptedObjectModel struct {
	ID     types.String `tfsdk:"id"`
	Bucket types.String `tfsdk:"bucket"`
	Key    types.String `tfsdk:"key"`
	Region types.String `tfsdk:"region"`

	Content          types.String `tfsdk:"content"`
	ContentBase64    types.String `tfsdk:"content_base64"`
	ContentWO        types.String `tfsdk:"content_wo"`
	ContentWOVersion types.Int64  `tfsdk:"content_wo_version"`
	Source           types.String `tfsdk:"source"`
	CopySource       types.List   `tfsdk:"copy_source"`

	SSE types.List `tfsdk:"sse"`

	ContentType        types.String `tfsdk:"content_type"`
	CacheControl       types.String `tfsdk:"cache_control"`
	ContentDisposition types.String `tfsdk:"content_disposition"`
	ContentEncoding    types.String `tfsdk:"content_encoding"`
	ContentLanguage    types.String `tfsdk:"content_language"`
	Expires            types.String `tfsdk:"expires"`
	Metadata           types.Map    `tfsdk:"metadata"`

	StorageClass   types.String   `tfsdk:"storage_class"`
	ACL            types.String   `tfsdk:"acl"`
	Tags           types.Map      `tfsdk:"tags"`
	Overwrite      types.Bool     `tfsdk:"overwrite"`
	DeletionPolicy types.String   `tfsdk:"deletion_policy"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`

	ETag       types.String `tfsdk:"etag"`
	CRC64ECMA  types.String `tfsdk:"crc64ecma"`
	Size       types.Int64  `tfsdk:"size"`
	VersionID  types.String `tfsdk:"version_id"`
	URL        types.String `tfsdk:"url"`
	Encryption types.Object `tfsdk:"encryption"`
}

// The values of deletion_policy.
const (
	deleteObject      = "delete"
	deleteVersion     = "delete_version"
	deleteAllVersions = "delete_all_versions"
	abandonObject     = "abandon"
)

// encryptionAttrTypes is the type of the computed attribute encryption.
var encryptionAttrTypes = map[string]attr.Type{
	"mode":             types.StringType,
	"algorithm":        types.StringType,
	"kms_key_id":       types.StringType,
	"customer_key_md5": types.StringType,
}

// encryptionObject is the attribute encryption for what COS reports; what COS does not report is
// null.
func encryptionObject(status cosapi.EncryptionStatus) types.Object {
	return types.ObjectValueMust(encryptionAttrTypes, map[string]attr.Value{
		"mode":             types.StringValue(string(status.Mode)),
		"algorithm":        stringOrNull(status.Algorithm),
		"kms_key_id":       stringOrNull(status.KMSKeyID),
		"customer_key_md5": stringOrNull(status.CustomerKeyMD5),
	})
}

// encryptionStatus is the reverse of encryptionObject. It reports false for a null object and
// where any member is unknown; the members that are known are filled in all the same.
func encryptionStatus(object types.Object) (cosapi.EncryptionStatus, bool) {
	mode := stringMember(object, "mode")
	algorithm := stringMember(object, "algorithm")
	kmsKeyID := stringMember(object, "kms_key_id")
	keyMD5 := stringMember(object, "customer_key_md5")
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

// stringOrNull is text, or null for "".
func stringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// stringMember is one string of an object: null of a null object and where the object's type has
// no such member, unknown of an unknown object.
func stringMember(object types.Object, name string) types.String {
	if object.IsUnknown() {
		return types.StringUnknown()
	}
	value, ok := object.Attributes()[name].(types.String)
	if !ok {
		return types.StringNull()
	}
	return value
}

// listMember is one nested block of an object, under the rules of stringMember.
func listMember(object types.Object, name string) types.List {
	if object.IsUnknown() {
		return types.ListUnknown(types.ObjectType{})
	}
	value, ok := object.Attributes()[name].(types.List)
	if !ok {
		return types.ListNull(types.ObjectType{})
	}
	return value
}

// onlyBlock is the first block of a list that holds at most one: unknown for an unknown list,
// null for an absent block. How many there are is for the validation to check.
func onlyBlock(list types.List) types.Object {
	if list.IsUnknown() {
		return types.ObjectUnknown(map[string]attr.Type{})
	}
	elements := list.Elements()
	if len(elements) == 0 {
		return types.ObjectNull(map[string]attr.Type{})
	}
	block, ok := elements[0].(types.Object)
	if !ok {
		return types.ObjectNull(map[string]attr.Type{})
	}
	return block
}
