// Package objects is data.cos_encrypted_objects, the audit of the encryption of a bucket or prefix.
package objects

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

var _ datasource.DataSourceWithConfigure = (*dataSource)(nil)

const (
	// onlyViolations keeps objects that are as expected out of the state.
	onlyViolations = "violations"
	onlyAll        = "all"

	// maxObjects is how many objects the state holds where max_objects does not say otherwise.
	maxObjects       = 10_000
	defaultMaxErrors = 100
)

// dataSource is data.cos_encrypted_objects, an audit of a prefix.
type dataSource struct {
	data *providerdata.Data
}

// NewDataSource returns the data source.
func NewDataSource() datasource.DataSource { return &dataSource{} }

// dataModel is its configuration and state.
type dataModel struct {
	Bucket     types.String `tfsdk:"bucket"`
	Region     types.String `tfsdk:"region"`
	Prefix     types.String `tfsdk:"prefix"`
	Limit      types.Int64  `tfsdk:"limit"`
	Noncurrent types.Bool   `tfsdk:"include_noncurrent"`
	Only       types.String `tfsdk:"only"`
	Expect     types.List   `tfsdk:"expect"`

	ExcludePrefixes types.Set     `tfsdk:"exclude_prefixes"`
	MaxObjects      types.Int64   `tfsdk:"max_objects"`
	MaxErrors       types.Int64   `tfsdk:"max_errors"`
	MaxRequests     types.Int64   `tfsdk:"max_requests"`
	MaxDuration     types.String  `tfsdk:"max_duration"`
	Rate            types.Float64 `tfsdk:"rate"`
	Concurrency     types.Int64   `tfsdk:"concurrency"`
	ReportPath      types.String  `tfsdk:"report_path"`

	ID         types.String `tfsdk:"id"`
	Objects    types.List   `tfsdk:"objects"`
	Counts     types.Map    `tfsdk:"counts"`
	Total      types.Int64  `tfsdk:"total"`
	Violations types.Int64  `tfsdk:"violations"`
	Truncated  types.Bool   `tfsdk:"truncated"`
	Bytes      types.Int64  `tfsdk:"bytes"`
	Excluded   types.Int64  `tfsdk:"excluded"`
	Unknown    types.Int64  `tfsdk:"unknown"`
	Complete   types.Bool   `tfsdk:"complete"`
	Unnamable  types.Int64  `tfsdk:"not_addressable"`
}

// expectModel is the expect block.
type expectModel struct {
	Modes           types.Set `tfsdk:"modes"`
	KMSKeyIDs       types.Set `tfsdk:"kms_key_ids"`
	CustomerKeyMD5s types.Set `tfsdk:"customer_key_md5s"`
	KeyNames        types.Set `tfsdk:"key_names"`
}

// auditedObjectAttrTypes is the type of an element of objects.
var auditedObjectAttrTypes = map[string]attr.Type{
	"key":              types.StringType,
	"version_id":       types.StringType,
	"is_latest":        types.BoolType,
	"size":             types.Int64Type,
	"etag":             types.StringType,
	"last_modified":    types.StringType,
	"storage_class":    types.StringType,
	"mode":             types.StringType,
	"algorithm":        types.StringType,
	"kms_key_id":       types.StringType,
	"customer_key_md5": types.StringType,
	"key_name":         types.StringType,
	"readable":         types.BoolType,
	"violation":        types.StringType,
}

// Metadata names the data source.
func (d *dataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_objects"
}

// Configure takes over what the configured provider offers.
func (d *dataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.data = data
}

// Read lists the prefix and looks at each object.
func (d *dataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model dataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(d.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = d.data.MaskSecrets(ctx)
	ref, diags := address.Object{
		Bucket: model.Bucket, Region: model.Region,
	}.Resolve(d.data.Region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	expectation, diags := d.expectation(ctx, model.Expect)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	report, diags := d.audit(ctx, model, ref, expectation)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.setFrom(ctx, ref, report)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// expectation decodes the expect block.
func (d *dataSource) expectation(
	ctx context.Context, list types.List,
) (audit.Expectation, diag.Diagnostics) {
	var blocks []expectModel
	diags := list.ElementsAs(ctx, &blocks, false)
	if len(blocks) == 0 {
		return audit.Expectation{}, diags
	}
	var wanted audit.Expectation
	var modes []string
	var names []string
	diags.Append(blocks[0].Modes.ElementsAs(ctx, &modes, false)...)
	diags.Append(blocks[0].KMSKeyIDs.ElementsAs(ctx, &wanted.KMSKeyIDs, false)...)
	diags.Append(blocks[0].CustomerKeyMD5s.ElementsAs(ctx, &wanted.KeyMD5s, false)...)
	diags.Append(blocks[0].KeyNames.ElementsAs(ctx, &names, false)...)
	for _, mode := range modes {
		wanted.Modes = append(wanted.Modes, cosapi.Mode(mode))
	}
	for _, name := range names {
		key, ok := d.data.Keyring.ByName(name)
		if !ok {
			diags.Append(sse.MissingKey(sse.ResolvedKey{
				Name: name, Source: path.Root("expect").AtListIndex(0).AtName("key_names"),
			}, d.data.Keyring))
			continue
		}
		wanted.KeyMD5s = append(wanted.KeyMD5s, key.MD5())
	}
	return wanted, diags
}
