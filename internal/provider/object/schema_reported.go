package object

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// headerAttributes are HTTP headers and metadata that COS keeps with the object. All of them are
// sent with every rewrite, because a rewrite wipes what it does not name.
func headerAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{
		"content_type": schema.StringAttribute{
			Optional: true, Computed: true,
			Validators: []validator.String{value.Limit(cosapi.ValidateHeaderValue)},
			MarkdownDescription: "Header `Content-Type`. Default: guessed from the extension of " +
				"`key`, then of `source`, by a table inside the provider, the same on every " +
				"machine; `application/octet-stream` where both are unknown. An imported object " +
				"keeps the type that it has. " + headerCostText,
		},
		"metadata": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			Validators: []validator.Map{value.MapLimit(cosapi.ValidateMetadata)},
			MarkdownDescription: "User metadata: the headers `x-cos-meta-<name>` without their " +
				"prefix. Names are made of lower-case letters, digits and `-`; all names and " +
				"values together have at most 4096 bytes, those of one entry 2048. Metadata that " +
				"somebody else adds is removed. " + headerCostText,
		},
	}
	for name, meaning := range map[string]string{
		"cache_control": "Header `Cache-Control`, for example `max-age=3600`. ",
		"content_disposition": "Header `Content-Disposition`, for example " +
			"`attachment; filename=\"report.csv\"`. ",
		"content_encoding": "Header `Content-Encoding`, for example `gzip`; the body is stored " +
			"as it is given. ",
		"content_language": "Header `Content-Language`, for example `en`. ",
		"expires": "Header `Expires` for caches, for example `Wed, 21 Oct 2026 07:28:00 GMT`. " +
			"The object is not deleted then. ",
	} {
		attributes[name] = schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{value.Limit(cosapi.ValidateHeaderValue)},
			MarkdownDescription: meaning + "Default: none. " + headerCostText,
		}
	}
	return attributes
}

const headerCostText = "A change, also one made by somebody else, is one server-side copy; " +
	"nothing is uploaded."

// reportedAttributes are what COS says of the object.
func reportedAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "`bucket/key`, the id for `terraform import`.",
		},
		"etag": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "ETag of the object, without quotes. It is opaque: only with " +
				"SSE-COS and an upload in one part it is the MD5 of the bytes. Use `crc64ecma` " +
				"to compare bytes. Null for a `content_wo` body with SSE-COS.",
		},
		"crc64ecma": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "CRC64 (ECMA-182) of the object's bytes before encryption, as a " +
				"decimal number. It depends on the bytes alone, not on the encryption nor on the " +
				"way of uploading. Null for a `content_wo` body, and where COS has none.",
		},
		"size": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Size of the object in bytes. Null for a `content_wo` body.",
		},
		"version_id": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Version of the object in a versioned bucket, otherwise null. " +
				"Every rewrite, a change of encryption included, makes a new version; earlier " +
				"ones keep their encryption and their key.",
		},
		"url": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "URL of the object at the canonical host, " +
				"`https://<bucket>.cos.<region>.myqcloud.com/<key>`. It is also an id for " +
				"`terraform import`.",
		},
	}
	maps.Copy(attributes, describe.ResourceAttributes(sse.Encryption(
		"How COS reports that the object is encrypted. Refreshing stores what COS says, planning "+
			"compares it with `sse`, so encryption that somebody took off or changed shows as a "+
			"difference here. Refer to this attribute rather than to `sse[0]`.")))
	return attributes
}

// timeoutsBlock is the timeouts block of the object.
func timeoutsBlock(ctx context.Context) schema.Block {
	const duration = " A duration such as `30s`, `10m` or `2h`. Default: none; transfers take as " +
		"long as they move bytes."
	return value.DescribedTimeouts(timeouts.Block(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: "Deadline of creating the object, upload and retries included." + duration,
		ReadDescription:   "Deadline of refreshing the object." + duration,
		UpdateDescription: "Deadline of changing the object, upload, copy and retries included." +
			duration,
		DeleteDescription: "Deadline of deleting the object. It is read from the state." + duration,
	}), "Deadlines of operations. Without them only a connection that moves nothing for 60 "+
		"seconds is given up and tried again.")
}
