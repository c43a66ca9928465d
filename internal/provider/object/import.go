package object

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// objectIdentityModel is the identity of an object.
type objectIdentityModel struct {
	Bucket types.String `tfsdk:"bucket"`
	Key    types.String `tfsdk:"key"`
	Region types.String `tfsdk:"region"`
}

// ImportState puts the object's name into the state; Read, which Terraform calls next, fills in
// the rest. It knows such a state by its lack of everything that COS reports.
func (r *managedResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	ref, diags := importedRef(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if ref.Region == "" && r.data != nil {
		ref.Region = r.data.Region
	}
	resp.Diagnostics.Append(validateRef(ref)...)
	if resp.Diagnostics.HasError() {
		return
	}
	state := importedObjectModel(ref)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, ref)...)
}

// importedRef names the object to import. Its region may be missing.
func importedRef(
	ctx context.Context, req resource.ImportStateRequest,
) (cosapi.ObjectRef, diag.Diagnostics) {
	if req.ID == "" && req.Identity != nil {
		var identity objectIdentityModel
		diags := req.Identity.Get(ctx, &identity)
		return cosapi.ObjectRef{
			Bucket: identity.Bucket.ValueString(),
			Key:    identity.Key.ValueString(),
			Region: identity.Region.ValueString(),
		}, diags
	}
	ref, err := parseImportID(req.ID)
	if err != nil {
		return ref, diag.Diagnostics{diag.NewErrorDiagnostic("Import id is not usable",
			fmt.Sprintf("%s. The id of an object is <bucket>/<key>, for example "+
				"examplebucket-1250000000/reports/2026.csv, or its URL, "+
				"https://<bucket>.cos.<region>.myqcloud.com/<key>.", err))}
	}
	return ref, nil
}

// parseImportID reads `bucket/key` or an object's URL. Only a URL with a host names the region.
func parseImportID(id string) (cosapi.ObjectRef, error) {
	if strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://") ||
		strings.HasPrefix(id, "cos://") {
		ref, err := cosapi.ParseObjectURL(id)
		if err != nil {
			return cosapi.ObjectRef{}, fmt.Errorf("the URL does not name an object: %w", err)
		}
		if ref.VersionID != "" {
			return cosapi.ObjectRef{}, errors.New("the URL names a version; an import takes the " +
				"current version, so leave ?versionId out")
		}
		return ref, nil
	}
	bucket, key, found := strings.Cut(id, "/")
	if !found || bucket == "" || key == "" {
		return cosapi.ObjectRef{}, errors.New("the id does not have the form <bucket>/<key>")
	}
	return cosapi.ObjectRef{Bucket: bucket, Key: key}, nil
}

// validateRef checks the name of an object to import as the schema checks a configured one.
func validateRef(ref cosapi.ObjectRef) diag.Diagnostics {
	var diags diag.Diagnostics
	if ref.Region == "" {
		diags.AddAttributeError(path.Root("region"), "Region is not known",
			"Neither the import nor the provider names the region of the object. Set region in "+
				"the provider block (or TENCENTCLOUD_REGION), or import by the object's URL, "+
				"which contains it.")
		return diags
	}
	for _, part := range []struct {
		name string
		err  error
	}{
		{"bucket", cosapi.ValidateBucket(ref.Bucket)},
		{"key", errors.Join(cosapi.ValidateNewKey(ref.Key), address.CheckNFC(ref.Key))},
		{"region", cosapi.ValidateRegion(ref.Region)},
	} {
		if part.err != nil {
			diags.AddAttributeError(path.Root(part.name), "Value is not usable",
				fmt.Sprintf("%s: %s.", part.name, part.err))
		}
	}
	return diags
}

// importedObjectModel is the state of an object of which nothing but the name is known.
func importedObjectModel(ref cosapi.ObjectRef) resourceModel {
	state := emptyObjectModel()
	state.Bucket = types.StringValue(ref.Bucket)
	state.Key = types.StringValue(ref.Key)
	state.Region = types.StringValue(ref.Region)
	return state
}

// emptyObjectModel is a state in which everything is null, and every block absent.
func emptyObjectModel() resourceModel {
	return resourceModel{
		CopySource: types.ListValueMust(sse.CopySourceType, []attr.Value{}),
		SSE:        types.ListValueMust(sse.Type, []attr.Value{}),
		Metadata:   types.MapNull(types.StringType),
		Tags:       types.MapNull(types.StringType),
		Timeouts: timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
			"create": types.StringType, "read": types.StringType,
			"update": types.StringType, "delete": types.StringType,
		})},
		Encryption: types.ObjectNull(sse.EncryptionAttrTypes),
	}
}

// completeImport fills in what a configuration would have said, so that the first plan after an
// import finds as little to do as COS's answers allow.
func (f *objectRefresh) completeImport(info cosapi.ObjectInfo) {
	completeImport(&f.state, info.Encryption, f.openedBy)
}

// completeImport sets the sse block that gives the encryption that COS reports, and the defaults
// that only the state knows. keyName is the entry of the keyring that opened an SSE-C object.
func completeImport(
	state *resourceModel, status cosapi.EncryptionStatus, keyName string,
) {
	state.SSE = sse.ImportedSSE(status, keyName)
	if state.CopySource.IsNull() {
		state.CopySource = types.ListValueMust(sse.CopySourceType, []attr.Value{})
	}
	if state.Overwrite.IsNull() {
		state.Overwrite = types.BoolValue(false)
	}
	if state.DeletionPolicy.IsNull() {
		state.DeletionPolicy = types.StringValue(deleteObject)
	}
}
