package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ resource.ResourceWithConfigure      = (*objectRestoreResource)(nil)
	_ resource.ResourceWithValidateConfig = (*objectRestoreResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*objectRestoreResource)(nil)
)

// objectRestoreResource is cos_encrypted_object_restore: a readable copy of an archived object for
// some days. COS ends it by itself; there is nothing to delete.
type objectRestoreResource struct {
	data *providerData
}

func newObjectRestoreResource() resource.Resource { return &objectRestoreResource{} }

// objectRestoreModel is its configuration, plan and state. It may hold a key in clear.
type objectRestoreModel struct {
	Bucket       types.String   `tfsdk:"bucket"`
	Key          types.String   `tfsdk:"key"`
	Region       types.String   `tfsdk:"region"`
	VersionID    types.String   `tfsdk:"version_id"`
	Days         types.Int64    `tfsdk:"days"`
	Tier         types.String   `tfsdk:"tier"`
	SSE          types.List     `tfsdk:"sse"`
	Wait         types.Bool     `tfsdk:"wait"`
	KeepRestored types.Bool     `tfsdk:"keep_restored"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`

	ID           types.String `tfsdk:"id"`
	Restored     types.Bool   `tfsdk:"restored"`
	Ongoing      types.Bool   `tfsdk:"ongoing"`
	ExpiresAt    types.String `tfsdk:"expires_at"`
	StorageClass types.String `tfsdk:"storage_class"`
}

// Metadata names the resource type.
func (r *objectRestoreResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object_restore"
}

// Configure takes over what the configured provider offers.
func (r *objectRestoreResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerDataFrom(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.data = data
}

// ValidateConfig checks what needs no request.
func (r *objectRestoreResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config objectRestoreModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(validateSourceSSE(path.Root("sse"), config.SSE)...)
}

// address names the object.
func (m objectRestoreModel) address() objectAddress {
	return objectAddress{bucket: m.Bucket, key: m.Key, region: m.Region, versionID: m.VersionID}
}
