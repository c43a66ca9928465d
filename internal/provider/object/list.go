package object

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

var _ list.ListResourceWithConfigure = (*listResource)(nil)

// listResource lists the objects of a bucket for `terraform query`, so that they can be
// imported. To look at the encryption of many objects use the data source cos_encrypted_objects.
type listResource struct {
	data *providerdata.Data
}

func NewList() list.ListResource { return &listResource{} }

// listModel is its configuration.
type listModel struct {
	Bucket types.String `tfsdk:"bucket"`
	Region types.String `tfsdk:"region"`
	Prefix types.String `tfsdk:"prefix"`
}

// Metadata names the resource type that is listed.
func (l *listResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object"
}

// Configure takes over what the configured provider offers.
func (l *listResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	l.data = data
}

// ListResourceConfigSchema describes the list block.
func (l *listResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the objects of a bucket for `terraform query`, to import them. " +
			"A listing costs one request per 1,000 objects and says nothing about encryption. With " +
			"`include_resource`, and with `-generate-config-out`, each object costs three more: " +
			"its headers, tags and ACL. Only current versions are listed. **Set `limit`**: without one " +
			"Terraform lists 100 objects; the last result of a listing that was cut off carries a " +
			"warning. Needs Terraform 1.14 or newer.",
		Attributes: describe.ListAttributes(
			address.Bucket(""), address.Region(address.ProvidersRegion),
			address.Prefix("Only objects whose key starts with this. Default: all objects of the "+
				"bucket."),
		),
	}
}

// List streams the objects in the order of their keys, up to the limit.
func (l *listResource) List(
	ctx context.Context, req list.ListRequest, stream *list.ListResultsStream,
) {
	var config listModel
	diags := req.Config.Get(ctx, &config)
	diags.Append(l.data.Ready()...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	bucket, diags := address.Object{
		Bucket: config.Bucket, Region: config.Region,
	}.Resolve(l.data.Region, path.Root("region"))
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	listing := objectListing{data: l.data, req: req, options: cosapi.ListOptions{
		Region: bucket.Region, Bucket: bucket.Bucket, Prefix: config.Prefix.ValueString(),
	}}
	stream.Results = func(push func(list.ListResult) bool) {
		listing.run(l.data.MaskSecrets(ctx), push)
	}
}

// objectListing is one listing under way. It holds one page.
type objectListing struct {
	data    *providerdata.Data
	req     list.ListRequest
	options cosapi.ListOptions
	// pushed counts the results.
	pushed int64
}

// run pushes page by page until the limit, the end, or a push that wants no more.
func (l *objectListing) run(ctx context.Context, push func(list.ListResult) bool) {
	for {
		if room := l.req.Limit - l.pushed; l.req.Limit > 0 {
			l.options.Max = int(min(room, cosapi.MaxListPage))
		}
		page, err := l.data.Client.List(ctx, l.options)
		if err != nil {
			push(list.ListResult{Diagnostics: diag.Diagnostics{l.failed(err)}})
			return
		}
		results := l.results(ctx, page.Objects)
		full := l.req.Limit > 0 && l.pushed+int64(len(results)) >= l.req.Limit
		if full && page.Truncated {
			last := &results[len(results)-1]
			last.Diagnostics.Append(l.cutOff())
		}
		for _, result := range results {
			if !push(result) {
				return
			}
			l.pushed++
		}
		if full || !page.Truncated || ctx.Err() != nil {
			return
		}
		l.options.Marker = page.NextMarker
	}
}

// cutOff goes with the last result, because Terraform asks for 100 where no limit is set, reads no
// further and says nothing.
func (l *objectListing) cutOff() diag.Diagnostic {
	return diag.NewWarningDiagnostic("Not all objects are listed", fmt.Sprintf(
		"The listing of %s ends after %d objects, which is its limit; there are more whose key starts "+
			"with %q. Set limit in the list block (Terraform's default is 100), or a longer prefix.",
		l.options.Bucket, l.req.Limit, l.options.Prefix))
}

func (l *objectListing) failed(err error) diag.Diagnostic {
	return diagnose.Attempt{
		Doing: "list the objects", Ref: l.ref(""), Endpoint: l.data.Endpoint,
	}.Failed(err)
}

func (l *objectListing) ref(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: l.options.Region, Bucket: l.options.Bucket, Key: key}
}

// results are those of one page, in its order. Objects that were deleted since they were listed
// are left out.
func (l *objectListing) results(
	ctx context.Context, objects []cosapi.ListedObject,
) []list.ListResult {
	found := make([]list.ListResult, len(objects))
	gone := make([]bool, len(objects))
	look := func(ctx context.Context, i int) error {
		found[i], gone[i] = l.result(ctx, objects[i])
		return nil
	}
	if err := providerdata.InParallel(ctx, l.data.AuditSlots, len(objects), look); err != nil {
		return []list.ListResult{{Diagnostics: diag.Diagnostics{l.failed(err)}}}
	}
	kept := found[:0]
	for i, result := range found {
		if !gone[i] {
			kept = append(kept, result)
		}
	}
	return kept
}

// result is one object; it makes no request unless the resource is wanted as well.
func (l *objectListing) result(
	ctx context.Context, object cosapi.ListedObject,
) (result list.ListResult, gone bool) {
	ref := l.ref(object.Key)
	if err := address.CheckNFC(object.Key); err != nil {
		result.Diagnostics.AddWarning("Object is not addressable", diagnose.Sentence(err))
		return result, false
	}
	result = l.req.NewListResult(ctx)
	result.DisplayName = object.Key
	result.Diagnostics.Append(setIdentity(ctx, result.Identity, ref)...)
	if !l.req.IncludeResource {
		return result, false
	}
	refresh := &objectRefresh{data: l.data, ref: ref, state: importedObjectModel(ref)}
	diags := refresh.run(ctx)
	if refresh.gone {
		return result, true
	}
	for _, problem := range diags {
		result.Diagnostics.Append(diag.NewWarningDiagnostic(
			fmt.Sprintf("%s: %s", object.Key, problem.Summary()), problem.Detail()))
	}
	if diags.HasError() {
		refresh.takeListed(&object)
	}
	result.Diagnostics.Append(result.Resource.Set(ctx, &refresh.state)...)
	return result, false
}
