// Package object is cos_encrypted_object in every kind: managed resource, list resource, data
// source and ephemeral resource.
package object

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

var (
	_ resource.ResourceWithConfigure      = (*managedResource)(nil)
	_ resource.ResourceWithIdentity       = (*managedResource)(nil)
	_ resource.ResourceWithValidateConfig = (*managedResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*managedResource)(nil)
	_ resource.ResourceWithImportState    = (*managedResource)(nil)
	_ resource.ResourceWithMoveState      = (*managedResource)(nil)
)

// NewResource is the constructor of cos_encrypted_object.
func NewResource() resource.Resource { return &managedResource{} }

// managedResource is cos_encrypted_object. One value serves one call.
type managedResource struct {
	// data is nil until the provider is configured: while Terraform only validates.
	data *providerdata.Data
}

// Metadata names the resource type.
func (r *managedResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object"
}

// Configure takes over what the configured provider offers.
func (r *managedResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.data = data
}

// ready reports an error while nothing can be asked of COS.
func (r *managedResource) ready() diag.Diagnostics {
	if r.data != nil && r.data.Client != nil {
		return nil
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("The provider is not configured yet",
		"Some of the provider's configuration is still unknown, so nothing was asked of COS and "+
			"nothing was changed. Apply what it depends on first, for example with -target.")}
}

// IdentitySchema describes what names an object for Terraform 1.12 and newer. None of it changes
// in the life of an object.
func (r *managedResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"bucket": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "Name of the bucket with its APPID, for example examplebucket-1250000000.",
		},
		"key": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "Key of the object within the bucket.",
		},
		"region": identityschema.StringAttribute{
			OptionalForImport: true,
			Description:       "Region of the bucket. Default: the region of the provider.",
		},
	}}
}
