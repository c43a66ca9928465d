package bucketencryption

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

const (
	policyDelete  = "delete"
	policyAbandon = "abandon"
)

// Schema describes the resource. ModifyPlan decides the computed attributes.
func (r *managedResource) Schema(
	_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The default encryption of a bucket: how objects are stored whose upload " +
			"does not say how. It changes no object that exists, and **a header of an upload " +
			"overrules it**, also with a weaker mode or another key: to find and rewrite such objects " +
			"is what `cos_encrypted_prefix` is for.\n\nA KMS key that COS may not use would make every " +
			"later upload fail. So an object is written with that key first; only then the default is " +
			"set, and an object without any header is written until it gets the default. If that does " +
			"not happen within a minute, the former default is put back. The objects have one byte, " +
			"are below `.cos-encryption-canary/`, and are deleted.\n\n~> `tencentcloud_cos_bucket` " +
			"removes this default if its own `encryption_algorithm` is not set. Give that resource " +
			"`lifecycle { ignore_changes = [encryption_algorithm, kms_id] }`.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:    []validator.String{value.Limit(cosapi.ValidateBucket)},
				MarkdownDescription: "Name of the bucket with its APPID, for example " +
					"`examplebucket-1250000000`.",
			},
			"region": schema.StringAttribute{
				Optional: true, Computed: true,
				PlanModifiers:       []planmodifier.String{address.ReplaceIfRegionMoves()},
				Validators:          []validator.String{value.Limit(cosapi.ValidateRegion)},
				MarkdownDescription: "Region of the bucket. Default: the provider's region at creation.",
			},
			"overwrite": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether creation may replace another default that the bucket has " +
					"already. Default: `false`; import it instead.",
			},
			"deletion_policy": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(policyDelete),
				Validators: []validator.String{stringvalidator.OneOf(policyDelete, policyAbandon)},
				MarkdownDescription: "What destroying does: `delete` (default) removes the default, so " +
					"that later uploads without a header are stored in plain; `abandon` leaves it. A " +
					"default that somebody else has set meanwhile stays either way.",
			},
			"verify": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether to prove the default by writing objects, for which " +
					"`cos:PutObject`, `cos:HeadObject` and `cos:DeleteObject` are needed. Default: `true`.",
			},
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the bucket."},
			"encryption": schema.SingleNestedAttribute{
				Computed: true, MarkdownDescription: "What COS reports as the bucket's default.",
				Attributes: map[string]schema.Attribute{
					"mode": schema.StringAttribute{
						Computed: true, MarkdownDescription: "`NONE`, `SSE-COS` or `SSE-KMS`.",
					},
					"algorithm": schema.StringAttribute{
						Computed: true, MarkdownDescription: "Algorithm of SSE-COS, otherwise null.",
					},
					"kms_key_id": schema.StringAttribute{
						Computed: true, MarkdownDescription: "KMS key of SSE-KMS; null where it is left " +
							"to COS.",
					},
				},
			},
		},
		Blocks: map[string]schema.Block{"sse": sseBlock()},
	}
}

func sseBlock() schema.Block {
	one := func(
		text string, attributes map[string]schema.Attribute, blocks map[string]schema.Block,
	) schema.Block {
		return schema.ListNestedBlock{
			MarkdownDescription: text, Validators: []validator.List{listvalidator.SizeAtMost(1)},
			NestedObject: schema.NestedBlockObject{Attributes: attributes, Blocks: blocks},
		}
	}
	return one("How objects are stored by default. Exactly one of `cos` and `kms`: a key of your own "+
		"(SSE-C) cannot be a default.", nil, map[string]schema.Block{
		"cos": one("With a key that COS keeps (SSE-COS).", map[string]schema.Attribute{
			"algorithm": schema.StringAttribute{
				Optional: true, Computed: true,
				Default:             stringdefault.StaticString(sse.DefaultAlgorithm),
				Validators:          []validator.String{value.Limit(value.IsOneOf(sse.DefaultAlgorithm, "SM4"))},
				MarkdownDescription: "`AES256` (default) or `SM4`.",
			},
		}, nil),
		"kms": one("With a key in Tencent Cloud KMS (SSE-KMS).", map[string]schema.Attribute{
			"key_id": schema.StringAttribute{
				Optional: true, Validators: []validator.String{value.Limit(cosapi.ValidateHeaderValue)},
				MarkdownDescription: "The key (CMK), in the bucket's region. Default: the key that COS " +
					"made for the account.",
			},
		}, nil),
	})
}

// ValidateConfig checks what needs no request.
func (r *managedResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(sse.Validate(path.Root("sse"), config.SSE)...)
}

// IdentitySchema names what identifies the resource, for Terraform 1.12 and newer.
func (r *managedResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"bucket": identityschema.StringAttribute{
			RequiredForImport: true, Description: "Name of the bucket.",
		},
		"region": identityschema.StringAttribute{
			OptionalForImport: true, Description: "Region of the bucket.",
		},
	}}
}
