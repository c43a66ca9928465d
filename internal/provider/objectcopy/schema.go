package objectcopy

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Schema describes the data source.
func (d *dataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	bucket, key := address.Bucket(""), address.NewKey("")
	bucket.Text, key.Text = "Bucket of the copy, with its APPID.", "Key of the copy within its bucket."
	attributes := describe.DataSourceAttributes(
		bucket, key, address.Region(address.ProvidersRegion))
	maps.Copy(attributes, map[string]schema.Attribute{
		"storage_class": schema.StringAttribute{
			Optional: true, Computed: true,
			Validators: []validator.String{value.Limit(cosapi.ValidateStorageClass)},
			MarkdownDescription: "Storage class of the copy. When it is set, another class is " +
				"corrected. Default: the source's; then a class that the copy is moved to later, " +
				"by a lifecycle rule for example, is reported and not corrected.",
		},
		"overwrite": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether to replace an object at the destination that this data " +
				"source did not make. Default: `false`, which is an error.",
		},
		"metadata": schema.MapAttribute{
			Optional: true, Computed: true, ElementType: types.StringType,
			Validators: []validator.Map{value.MapLimit(cosapi.ValidateMetadata)},
			MarkdownDescription: "User metadata of the copy. Default: the source's. The copy also " +
				"carries five entries `tf-cos-copy-*`, about 300 bytes, by which the data source " +
				"recognises its own copy; they are not shown here.",
		},
	})
	for name, header := range map[string]string{
		"content_type": "Content-Type", "cache_control": "Cache-Control",
		"content_disposition": "Content-Disposition", "content_encoding": "Content-Encoding",
		"content_language": "Content-Language", "expires": "Expires",
	} {
		attributes[name] = schema.StringAttribute{
			Optional: true, Computed: true,
			Validators:          []validator.String{value.Limit(cosapi.ValidateHeaderValue)},
			MarkdownDescription: "Header `" + header + "` of the copy. Default: the source's.",
		}
	}
	maps.Copy(attributes, copyResultAttributes())
	resp.Schema = schema.Schema{
		MarkdownDescription: copyDataSourceText,
		Attributes:          attributes,
		Blocks:              describe.DataSourceBlocks(sse.DataSourceCopySource(), sse.DataSourceBlock()),
	}
}

const copyDataSourceText = "**Copies** an object on the server, from any encryption to any " +
	"other, and describes the copy. Reading this data source makes the copy, unless it is there " +
	"already and as configured, and neither the source's bytes, headers, metadata and tags nor " +
	"the configuration have changed since; then it costs two requests, and one more where the " +
	"source has tags. It replaces only what this copy has made: a copy of another source counts " +
	"as somebody else's object. Give each destination one data source. " +
	"Terraform reads data sources during `plan`, also with `-refresh-only`, `-refresh=false` and " +
	"`-destroy`, and during `import`: the copy is made then. `destroy` leaves it where it is. Use " +
	"`copy_source {}` of the resource `cos_encrypted_object` for a copy that Terraform plans, " +
	"updates and destroys."

func copyResultAttributes() map[string]schema.Attribute {
	attributes := describe.DataSourceAttributes(
		sse.Encryption("How COS says the copy is encrypted."))
	attributes["size"] = schema.Int64Attribute{
		Computed: true, MarkdownDescription: "Size of the copy in bytes.",
	}
	for name, text := range map[string]string{
		"id": "`bucket/key` of the copy.",
		"copied_at": "When the copy was made, as RFC 3339 in UTC; the same at every read until " +
			"it is made again.",
		"etag": "ETag of the copy without quotes. It is opaque.",
		"crc64ecma": "CRC64 (ECMA-182) of the bytes before encryption, as a decimal number; the " +
			"source has the same. Null where COS has none.",
		"version_id":  "Version of the copy; null in a bucket without versioning.",
		"url":         "URL of the copy, not signed.",
		"source_etag": "ETag of the source that was copied, without quotes.",
		"source_version_id": "Version of the source that was copied; null in a bucket without " +
			"versioning.",
	} {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	return attributes
}
