// Package provider is the Terraform side of terraform-provider-cos: schemas, plans, state and the
// words that users read. It translates between Terraform's values and package cosapi and knows
// nothing of COS's headers or signatures.
package provider

import (
	"context"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/abortuploads"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/bucketencryption"
	functionnoun "github.com/encrypted-cos/terraform-provider-cos/internal/provider/function"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/object"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/objectcopy"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/objects"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/prefix"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/reencrypt"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/restore"
)

var (
	_ provider.Provider                       = (*cosProvider)(nil)
	_ provider.ProviderWithValidateConfig     = (*cosProvider)(nil)
	_ provider.ProviderWithFunctions          = (*cosProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*cosProvider)(nil)
	_ provider.ProviderWithListResources      = (*cosProvider)(nil)
	_ provider.ProviderWithActions            = (*cosProvider)(nil)
)

// cosProvider is the provider "cos". One value serves one provider process.
type cosProvider struct {
	version string
	// env looks an environment variable up; "" is the same as unset.
	env func(string) string
	// data is what Configure made of the configuration, nil before.
	data atomic.Pointer[providerdata.Data]
}

// Metadata names the provider; the name is the prefix of every resource type.
func (p *cosProvider) Metadata(
	_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse,
) {
	resp.TypeName = "cos"
	resp.Version = p.version
}

// ValidateConfig reports what is wrong whatever the environment says, so that `terraform
// validate` finds it.
func (p *cosProvider) ValidateConfig(
	ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse,
) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.validate(ctx)...)
}

// Configure turns configuration and environment into the data that everything else works with.
// It makes no request: a plan that needs nothing from COS needs no working credentials.
func (p *cosProvider) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	setup := providerSetup{
		config: config, env: p.env, version: p.version, terraform: req.TerraformVersion,
	}
	data, diags := setup.data(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if data.AnyUnknown() && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	p.data.Store(data)
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data
	resp.ActionData = data
	resp.ListResourceData = data
}

// Resources lists the managed resources.
func (p *cosProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		object.NewResource,
		restore.NewResource,
		prefix.NewResource,
		bucketencryption.NewResource,
	}
}

// DataSources lists the data sources.
func (p *cosProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		object.NewDataSource,
		objects.NewDataSource,
		objectcopy.NewDataSource,
	}
}

// EphemeralResources lists the ephemeral resources.
func (p *cosProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		object.NewEphemeral,
	}
}

// ListResources lists the resource types that `terraform query` can list. Terraform before 1.14
// does not ask for them.
func (p *cosProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{object.NewList}
}

// Actions lists the actions. Terraform before 1.14 does not ask for them.
func (p *cosProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		abortuploads.NewAction, reencrypt.NewAction, restore.NewAction,
	}
}

// Functions lists the provider's functions.
func (p *cosProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		functionnoun.NewCustomerKeyMD5,
		functionnoun.NewKMSContext,
		functionnoun.NewParseObjectURL,
	}
}
