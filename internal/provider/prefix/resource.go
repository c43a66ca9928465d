// Package prefix is cos_encrypted_prefix: all objects under a prefix are encrypted as its sse block
// says. The state holds counts and evidence, never objects.
package prefix

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

var (
	_ resource.ResourceWithConfigure      = (*managedResource)(nil)
	_ resource.ResourceWithValidateConfig = (*managedResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*managedResource)(nil)
	_ resource.ResourceWithImportState    = (*managedResource)(nil)
	_ resource.ResourceWithIdentity       = (*managedResource)(nil)
)

// managedResource is cos_encrypted_prefix.
type managedResource struct {
	data *providerdata.Data
}

// NewResource returns the resource.
func NewResource() resource.Resource { return &managedResource{} }

// model is its configuration, plan and state.
type model struct {
	Bucket          types.String   `tfsdk:"bucket"`
	Prefix          types.String   `tfsdk:"prefix"`
	Region          types.String   `tfsdk:"region"`
	SSE             types.List     `tfsdk:"sse"`
	Accept          types.List     `tfsdk:"accept"`
	ExcludePrefixes types.Set      `tfsdk:"exclude_prefixes"`
	Enforce         types.Bool     `tfsdk:"enforce"`
	Noncurrent      types.Bool     `tfsdk:"include_noncurrent"`
	Audit           types.List     `tfsdk:"audit"`
	Evidence        types.List     `tfsdk:"evidence"`
	Engine          types.String   `tfsdk:"engine"`
	Batch           types.List     `tfsdk:"batch"`
	DeletionPolicy  types.String   `tfsdk:"deletion_policy"`
	Triggers        types.Map      `tfsdk:"triggers"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`

	ID          types.String `tfsdk:"id"`
	Total       types.Int64  `tfsdk:"total"`
	Bytes       types.Int64  `tfsdk:"bytes"`
	Violations  types.Int64  `tfsdk:"violations"`
	Excluded    types.Int64  `tfsdk:"excluded"`
	Unknown     types.Int64  `tfsdk:"unknown"`
	Compliant   types.Bool   `tfsdk:"compliant"`
	Complete    types.Bool   `tfsdk:"complete"`
	Counts      types.Map    `tfsdk:"counts"`
	Blocked     types.Map    `tfsdk:"blocked"`
	Pending     types.Object `tfsdk:"pending"`
	Samples     types.List   `tfsdk:"violation_samples"`
	AuditedAt   types.String `tfsdk:"audited_at"`
	Status      types.String `tfsdk:"status"`
	Attestation types.Object `tfsdk:"attestation"`
}

// Metadata names the resource type.
func (r *managedResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_prefix"
}

// Configure takes over what the configured provider offers.
func (r *managedResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.data = data
}

// Delete forgets the guarantee. Objects stay as they are, and evidence is not taken away; jobs of
// COS Batch end if deletion_policy says so.
func (r *managedResource) Delete(
	ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || r.data == nil || r.data.Client == nil {
		return
	}
	memory := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(r.cancelJobs(r.data.MaskSecrets(ctx), state, memory)...)
}
