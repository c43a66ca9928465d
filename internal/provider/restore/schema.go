package restore

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Schema describes the resource. ModifyPlan decides the computed attributes.
func (r *managedResource) Schema(
	ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	attributes := restorePlaceAttributes()
	for name, attribute := range restoreHowAttributes() {
		attributes[name] = attribute
	}
	for name, attribute := range restoreResultAttributes() {
		attributes[name] = attribute
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A restore of an archived object: COS makes a readable copy of it " +
			"for a number of days and removes the copy by itself. `destroy` therefore does " +
			"nothing but forget the restore. Needed to read, download, copy or re-encrypt " +
			"objects of the classes `ARCHIVE` and `DEEP_ARCHIVE`.",
		Attributes: attributes,
		Blocks: describe.ResourceBlocks(sse.OpeningBlock(sse.OpeningText, sse.WriteOnlyKeys(
			" Stored neither in the plan nor in the state. A refresh does not have it and cannot "+
				"look at the object: it goes by `expires_at`. A change of the key alone starts "+
				"nothing, so there is no version to raise.")...)),
	}
	resp.Schema.Blocks["timeouts"] = value.DescribedTimeouts(timeouts.Block(ctx, timeouts.Opts{
		Create: true, Update: true,
		CreateDescription: "How long to wait for the restore, for example `6h`. " +
			"Default: `72h`.",
		UpdateDescription: "How long to wait for another restore. Default: `72h`.",
	}), "How long to wait. Restoring takes minutes to days, by tier and storage class.")
}

func restorePlaceAttributes() map[string]schema.Attribute {
	const another = " Changing it starts another restore."
	bucket, key := address.Bucket(another), address.Key(another)
	region := address.Region("the provider's region when the restore is created; later the region " +
		"in the state stays.")
	version := address.VersionID("Version to restore. Default: the current one." + another)
	region.Replace = address.ReplaceIfRegionMoves()
	for _, argument := range []*describe.Argument{&bucket, &key, &version} {
		argument.Replace = stringplanmodifier.RequiresReplace()
	}
	return describe.ResourceAttributes(bucket, key, region, version)
}

func restoreHowAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"days": schema.Int64Attribute{
			Required:   true,
			Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How many days COS keeps the readable copy. Changing it asks COS " +
				"again, which moves the end of a copy that exists.",
		},
		"tier": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("Standard"),
			Validators: []validator.String{stringvalidator.OneOf(cosapi.RestoreTiers()...)},
			MarkdownDescription: "Speed: `Expedited` (1 to 5 minutes; not for `DEEP_ARCHIVE`), " +
				"`Standard` (default; 3 to 5 hours, `DEEP_ARCHIVE` 12 to 24) or `Bulk` (5 to 12 " +
				"hours, `DEEP_ARCHIVE` 24 to 48). Faster is dearer. It counts for the next " +
				"restore; changing it alone starts none.",
		},
		"wait": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether to wait until the object can be read. Default: `true`.",
		},
		"keep_restored": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether to plan another restore when the readable copy has " +
				"expired. Each restore is charged. Default: `false`.",
		},
	}
}

func restoreResultAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, MarkdownDescription: "`bucket/key`, with the version if one is named.",
		},
		"restored": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the object can be read.",
		},
		"ongoing": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the restore is still running.",
		},
		"expires_at": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Until when the readable copy is kept, as RFC 3339 in UTC; null " +
				"without one.",
		},
		"storage_class": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Storage class of the object; a restore does not change it.",
		},
	}
}
