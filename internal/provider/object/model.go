package object

import (
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// resourceModel is cos_encrypted_object as configuration, plan and state hold it. It
// carries bodies and keys in clear: keep it no longer than a call and never format it.
type resourceModel struct {
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

// withClass is the state with the storage class that an import has left to private state.
func (m resourceModel) withClass(known baseline) resourceModel {
	if m.StorageClass.IsNull() {
		m.StorageClass = value.StringOrNull(known.Class)
	}
	return m
}

// equal compares every attribute.
func (m resourceModel) equal(other resourceModel) bool {
	mine, others := reflect.ValueOf(m), reflect.ValueOf(other)
	for i := range mine.NumField() {
		value, ok := mine.Field(i).Interface().(attr.Value)
		otherValue, otherOK := others.Field(i).Interface().(attr.Value)
		if !ok || !otherOK || !value.Equal(otherValue) {
			return false
		}
	}
	return true
}
