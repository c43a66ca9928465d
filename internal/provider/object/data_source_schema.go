package object

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// Texts that data sources and ephemeral resources share.
const ()

// Schema describes the data source.
func (d *dataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	attributes := describe.DataSourceAttributes(readArguments()...)
	maps.Copy(attributes, map[string]schema.Attribute{
		"read_content": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether to read the object's bytes into `content` and " +
				"`content_base64`. **They are then stored in the state in clear**, whatever the " +
				"object's encryption; the ephemeral resource `cos_encrypted_object` reads without " +
				"storing. Default: `false`.",
		},
		"max_bytes": schema.Int64Attribute{
			Optional:            true,
			Validators:          []validator.Int64{int64validator.Between(1, maxMaxBytes)},
			MarkdownDescription: "For `read_content`. " + maxBytesText,
		},
		"output_path": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "File to write the decrypted object to, at every read: in ranges " +
				"side by side, into a temporary file that is checked against the object's CRC64 " +
				"and then renamed, readable by its owner only (mode 0600). A file that has the " +
				"object's bytes already keeps them. Only a regular file that was downloaded here " +
				"before is replaced, which a file `.<name>.cos-download` beside it tells; any " +
				"other one is an error. The file is not removed on destroy. Give each data source " +
				"a path of its own.",
		},
		"content": schema.StringAttribute{
			Computed: true, Sensitive: true,
			MarkdownDescription: contentText + " Null without `read_content`.",
		},
		"content_base64": schema.StringAttribute{
			Computed: true, Sensitive: true,
			MarkdownDescription: contentBase64Text + " Null without `read_content`.",
		},
	})
	maps.Copy(attributes, objectFactAttributes())
	resp.Schema = schema.Schema{
		MarkdownDescription: "Facts about one object, first of all how it is encrypted; and, if " +
			"asked for, its decrypted content or a file with it. One request for the facts, one " +
			"more for the content, none for a file that is right already.",
		Attributes: attributes,
		Blocks: describe.DataSourceBlocks(
			sse.OpeningBlock(sse.OpeningText, sse.StoredKey())),
	}
}

// readArguments name the object that a data source or ephemeral resource reads.
func readArguments() []describe.Argument {
	version := address.VersionID("Version to read. Default: the current one; then it is the " +
		"version that was read, null in a bucket without versioning.")
	version.Computed = true
	return []describe.Argument{
		address.Bucket(""), address.Key(""), address.Region(address.ProvidersRegion), version,
	}
}

// objectFactAttributes describes objectFacts.
func objectFactAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{
		"size": schema.Int64Attribute{
			Computed: true, MarkdownDescription: "Size of the object in bytes.",
		},
		"metadata": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "User metadata: the headers `x-cos-meta-<name>` without their " +
				"prefix.",
		},
		"restore_ongoing": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether a restore of the archived object runs.",
		},
	}
	maps.Copy(attributes, describe.DataSourceAttributes(
		sse.Encryption("How COS says the object is encrypted.")))
	for name, text := range objectFactTexts {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	return attributes
}

var objectFactTexts = map[string]string{
	"id": "`bucket/key`.",
	"etag": "ETag without quotes. It is opaque: only with SSE-COS and an upload in one part is " +
		"it the MD5 of the bytes.",
	"crc64ecma": "CRC64 (ECMA-182) of the bytes before encryption, as a decimal number; null " +
		"where COS has none.",
	"last_modified":       "When the object was last written, as RFC 3339 in UTC.",
	"url":                 "The object's URL, not signed.",
	"content_type":        "Header `Content-Type`.",
	"cache_control":       "Header `Cache-Control`, null if there is none.",
	"content_disposition": "Header `Content-Disposition`, null if there is none.",
	"content_encoding":    "Header `Content-Encoding`, null if there is none.",
	"content_language":    "Header `Content-Language`, null if there is none.",
	"expires":             "Header `Expires`, null if there is none.",
	"storage_class":       "Storage class, for example `STANDARD` or `ARCHIVE`.",
	"restored_until": "Until when the restored copy of an archived object can be read, as RFC " +
		"3339 in UTC; null without one.",
	"key_name": "Name in the provider's `customer_keys` of the SSE-C key that opens the object; " +
		"null for other objects, and for a key that is not there.",
}
