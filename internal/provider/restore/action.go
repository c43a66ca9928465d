package restore

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var _ action.ActionWithConfigure = (*restoreAction)(nil)

// restoreAction is the action cos_encrypted_object_restore: a restore that nobody has to remember.
// The resource of that name remembers it and can keep the object restored.
type restoreAction struct {
	data *providerdata.Data
}

func NewAction() action.Action { return &restoreAction{} }

// actionModel is its configuration.
type actionModel struct {
	Bucket    types.String   `tfsdk:"bucket"`
	Key       types.String   `tfsdk:"key"`
	Region    types.String   `tfsdk:"region"`
	VersionID types.String   `tfsdk:"version_id"`
	Days      types.Int64    `tfsdk:"days"`
	Tier      types.String   `tfsdk:"tier"`
	Wait      types.Bool     `tfsdk:"wait"`
	KeyName   types.String   `tfsdk:"key_name"`
	Timeouts  timeouts.Value `tfsdk:"timeouts"`
}

// Metadata names the action.
func (a *restoreAction) Metadata(
	_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object_restore"
}

// Configure takes over what the configured provider offers.
func (a *restoreAction) Configure(
	_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	a.data = data
}

// Schema describes the action.
func (a *restoreAction) Schema(
	ctx context.Context, _ action.SchemaRequest, resp *action.SchemaResponse,
) {
	attributes := describe.ActionAttributes(
		address.Bucket(""), address.Key(""), address.Region(address.ProvidersRegion),
		sse.KeyName(), address.VersionID("Version to restore. Default: the current one."))
	attributes["days"] = schema.Int64Attribute{
		Required:   true,
		Validators: []validator.Int64{int64validator.AtLeast(1)},
		MarkdownDescription: "How many days COS keeps the readable copy. For a copy that exists, " +
			"they are counted anew.",
	}
	attributes["tier"] = schema.StringAttribute{
		Optional:   true,
		Validators: []validator.String{stringvalidator.OneOf(cosapi.RestoreTiers()...)},
		MarkdownDescription: "Speed: `Expedited` (1 to 5 minutes; not for `DEEP_ARCHIVE`), " +
			"`Standard` (default; 3 to 5 hours, `DEEP_ARCHIVE` 12 to 24) or `Bulk` (5 to 12 hours, " +
			"`DEEP_ARCHIVE` 24 to 48). Faster is dearer.",
	}
	attributes["wait"] = schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Whether to wait until the object can be read, which holds up the " +
			"apply. Default: `true`.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Restores an archived object: COS makes a readable copy of it for a " +
			"number of days. It remembers nothing; to keep an object restored use the resource of " +
			"the same name. Needs Terraform 1.14 or newer.",
		Attributes: attributes,
		Blocks: map[string]schema.Block{
			"timeouts": describedActionTimeouts(timeouts.BlockWithOpts(ctx, timeouts.Opts{
				InvokeDescription: "How long to wait for the restore, for example `6h`. " +
					"Default: `72h`.",
			}), "How long to wait. Restoring takes minutes to days, by tier and storage class."),
		},
	}
}

// Invoke asks for the restore and waits for it.
func (a *restoreAction) Invoke(
	ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse,
) {
	var config actionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(a.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := config.Timeouts.Invoke(ctx, restoreTimeout)
	resp.Diagnostics.Append(diags...)
	ref, diags := config.address().Resolve(a.data.Region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	key, diags := sse.NamedKey(a.data.Keyring, path.Root("key_name"), config.KeyName)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(a.data.MaskSecrets(ctx), timeout)
	defer cancel()
	request := restoreRequest{
		data: a.data, ref: ref, wait: config.Wait.IsNull() || config.Wait.ValueBool(),
		options: cosapi.RestoreOptions{
			Days: int(config.Days.ValueInt64()), Tier: config.tier(), Key: key,
		},
		report: func(elapsed time.Duration) {
			resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(
				"Waiting for the restore of %s (%s so far)", ref, elapsed.Round(time.Second))})
		},
	}
	info, asked, diags := request.run(ctx)
	resp.Diagnostics.Append(diags...)
	if asked && !diags.HasError() {
		resp.SendProgress(action.InvokeProgressEvent{Message: restoreOutcome(ref, info)})
	}
}

func (m actionModel) address() address.Object {
	return address.Object{Bucket: m.Bucket, Key: m.Key, Region: m.Region, VersionID: m.VersionID}
}

func (m actionModel) tier() string {
	if m.Tier.IsNull() {
		return "Standard"
	}
	return m.Tier.ValueString()
}

// restoreOutcome says how far the restore is.
func restoreOutcome(ref cosapi.ObjectRef, info cosapi.ObjectInfo) string {
	switch {
	case !info.Restore.Restored:
		return fmt.Sprintf("COS is restoring %s", ref)
	case info.Restore.ExpiresAt.IsZero():
		return fmt.Sprintf("%s can be read", ref)
	}
	return fmt.Sprintf("%s can be read until %s", ref, value.FormatTime(info.Restore.ExpiresAt))
}

// describedActionTimeouts is value.DescribedTimeouts for actions.
func describedActionTimeouts(module schema.Block, text string) schema.Block {
	block, ok := module.(schema.SingleNestedBlock)
	if !ok {
		panic(fmt.Sprintf("the timeouts module returns a %T", module))
	}
	block.MarkdownDescription = text
	for name, argument := range block.Attributes {
		attribute, ok := argument.(schema.StringAttribute)
		if !ok {
			panic(fmt.Sprintf("the timeouts module has a %T", argument))
		}
		attribute.MarkdownDescription, attribute.Description = attribute.Description, ""
		block.Attributes[name] = attribute
	}
	return block
}
