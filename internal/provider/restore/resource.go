// Package restore is cos_encrypted_object_restore, the resource and the action: an archived object
// becomes readable for some days.
package restore

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

var (
	_ resource.ResourceWithConfigure      = (*managedResource)(nil)
	_ resource.ResourceWithValidateConfig = (*managedResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*managedResource)(nil)
)

// managedResource is cos_encrypted_object_restore: a readable copy of an archived object for
// some days. COS ends it by itself; there is nothing to delete.
type managedResource struct {
	data *providerdata.Data
}

func NewResource() resource.Resource { return &managedResource{} }

// resourceModel is its configuration, plan and state. It may hold a key in clear.
type resourceModel struct {
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
func (r *managedResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object_restore"
}

// Configure takes over what the configured provider offers.
func (r *managedResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.data = data
}

// ValidateConfig checks what needs no request.
func (r *managedResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config resourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(sse.ValidateSource(path.Root("sse"), config.SSE)...)
}

// address names the object.
func (m resourceModel) address() address.Object {
	return address.Object{Bucket: m.Bucket, Key: m.Key, Region: m.Region, VersionID: m.VersionID}
}
