package object

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Schema describes the resource. Computed attributes carry no plan modifiers: ModifyPlan decides
// all of them in one place.
func (r *managedResource) Schema(
	ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	attributes := map[string]schema.Attribute{}
	maps.Copy(attributes, placeAttributes())
	maps.Copy(attributes, bodyAttributes())
	maps.Copy(attributes, headerAttributes())
	maps.Copy(attributes, handlingAttributes())
	maps.Copy(attributes, reportedAttributes())
	resp.Schema = schema.Schema{
		MarkdownDescription: "An object in Tencent Cloud Object Storage (COS) whose encryption " +
			"at rest is declared, verified after every write, and corrected when somebody " +
			"changes it. A change of encryption is one server-side copy of the object onto " +
			"itself: no byte is uploaded.",
		Attributes: attributes,
		Blocks:     describe.ResourceBlocks(sse.ResourceBlock(), sse.ResourceCopySource()),
	}
	resp.Schema.Blocks["timeouts"] = timeoutsBlock(ctx)
}

// placeAttributes are bucket, key and region: what names the object.
func placeAttributes() map[string]schema.Attribute {
	const replaces = " Changing it replaces the object: the body is uploaded again."
	bucket, key := address.Bucket(replaces), address.NewKey(replaces)
	region := address.Region("the region of the provider when the object is created or imported; " +
		"later the region that is in the state stays, whatever the provider's becomes. Naming " +
		"another region replaces the object.")
	bucket.Replace = stringplanmodifier.RequiresReplace()
	key.Replace = stringplanmodifier.RequiresReplace()
	region.Replace = address.ReplaceIfRegionMoves()
	return describe.ResourceAttributes(bucket, key, region)
}

// bodyAttributes name the bytes of the object; copy_source, a block, is the fifth way.
func bodyAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"content": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "Body of the object as UTF-8 text. It is stored in the state; " +
				"use `content_wo` for secrets and `source` for files. " + sse.OneBodyText,
		},
		"content_base64": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "Body of the object as standard Base64, for small binary data. " +
				"It is stored in the state. " + sse.OneBodyText,
		},
		"content_wo": schema.StringAttribute{
			Optional: true, Sensitive: true, WriteOnly: true,
			MarkdownDescription: "Body of the object as UTF-8 text that is stored neither in the " +
				"plan nor in the state. Terraform cannot compare it, so it is uploaded again " +
				"when `content_wo_version` changes; `crc64ecma` and `size` (and `etag` with " +
				"SSE-COS) are null, because small secrets could be guessed from them. " +
				sse.OneBodyText,
		},
		"content_wo_version": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "Version of `content_wo`, required with it. Any other number " +
				"than before means that `content_wo` holds a new body and uploads it.",
		},
		"source": schema.StringAttribute{
			Optional: true, Validators: []validator.String{value.Limit(value.NotEmpty)},
			MarkdownDescription: "Path of a file that is the body of the object. Its CRC64 is " +
				"compared with the object's, so a change of the file, or of the object by " +
				"somebody else, is one upload; a file that is touched, moved or renamed without " +
				"a change of its bytes uploads nothing. Relative paths start at the working " +
				"directory: use `${path.module}/...` in modules. " + sse.OneBodyText,
		},
	}
}

// handlingAttributes say how the object is stored, protected and deleted.
func handlingAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"storage_class": schema.StringAttribute{
			Optional: true, Computed: true,
			Validators: []validator.String{value.Limit(cosapi.ValidateStorageClass)},
			MarkdownDescription: "Storage class: `STANDARD`, `STANDARD_IA`, " +
				"`INTELLIGENT_TIERING`, `ARCHIVE`, `DEEP_ARCHIVE`, or one of these with the " +
				"prefix `MAZ_` in a multi-AZ bucket. When set, another class is corrected by a " +
				"server-side copy (an archived object has to be restored first, or is uploaded " +
				"again). When not set, a new object is `STANDARD`, and the class that COS " +
				"reports is kept through every rewrite and never corrected, so that lifecycle " +
				"rules may move the object.",
		},
		"acl": schema.StringAttribute{
			Optional: true, Validators: []validator.String{value.Limit(cosapi.ValidateACL)},
			MarkdownDescription: "Canned access control list: `default` (the bucket's rules " +
				"apply), `private`, `public-read`, `authenticated-read`, `bucket-owner-read` or " +
				"`bucket-owner-full-control`. When not set, the ACL is not managed: it is not " +
				"read, and one that somebody else set survives every change. Setting it costs " +
				"one request per refresh; changing it alone is one request.",
		},
		"tags": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			Validators: []validator.Map{value.MapLimit(cosapi.ValidateTags)},
			MarkdownDescription: "Tags of the object, at most 10; keys up to 128 and values up " +
				"to 256 bytes of letters, digits, spaces and `+ - _ = . : /`. When not set, tags " +
				"are not managed and survive every change; `tags = {}` removes all. Setting them " +
				"costs one request per refresh; changing them alone is one request.",
		},
		"overwrite": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether creating this resource may replace an object that " +
				"exists already and that Terraform does not manage. Default: `false`, the " +
				"creation fails and shows how to import the object. Changing it changes only the " +
				"state.",
		},
		"deletion_policy": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(deleteObject),
			Validators: []validator.String{
				value.OneOf(deleteObject, deleteVersion, deleteAllVersions, abandonObject),
			},
			MarkdownDescription: "What destroying this resource does: `delete` (default) deletes " +
				"the object, which in a versioned bucket leaves a delete marker and all versions; " +
				"`delete_version` deletes the version in `version_id`; `delete_all_versions` " +
				"deletes every version and delete marker of exactly this key; `abandon` leaves " +
				"the object alone. Destroying reads it from the state: apply a change of it " +
				"first, which changes only the state.",
		},
	}
}
