// Package bucketencryption is cos_bucket_encryption: a bucket's default encryption, proven by an
// object that is written for that.
package bucketencryption

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var (
	_ resource.ResourceWithConfigure      = (*managedResource)(nil)
	_ resource.ResourceWithValidateConfig = (*managedResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*managedResource)(nil)
	_ resource.ResourceWithImportState    = (*managedResource)(nil)
	_ resource.ResourceWithIdentity       = (*managedResource)(nil)
)

// managedResource is cos_bucket_encryption.
type managedResource struct {
	data *providerdata.Data
}

// NewResource returns the resource.
func NewResource() resource.Resource { return &managedResource{} }

// model is its configuration, plan and state.
type model struct {
	Bucket         types.String `tfsdk:"bucket"`
	Region         types.String `tfsdk:"region"`
	SSE            types.List   `tfsdk:"sse"`
	Overwrite      types.Bool   `tfsdk:"overwrite"`
	DeletionPolicy types.String `tfsdk:"deletion_policy"`
	Verify         types.Bool   `tfsdk:"verify"`
	ID             types.String `tfsdk:"id"`
	Encryption     types.Object `tfsdk:"encryption"`
}

// encryptionTypes is the type of encryption: what COS reports as the bucket's default.
var encryptionTypes = map[string]attr.Type{
	"mode": types.StringType, "algorithm": types.StringType, "kms_key_id": types.StringType,
}

// Metadata names the resource type.
func (r *managedResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_bucket_encryption"
}

// Configure takes over what the configured provider offers.
func (r *managedResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.data = data
}

// encryptionObject is the attribute encryption for a bucket's default; found is false where it has
// none.
func encryptionObject(encryption cosapi.BucketEncryption, found bool) types.Object {
	status := cosapi.EncryptionStatus{Mode: cosapi.ModeNone}
	if found {
		status = encryption.Status()
	}
	return types.ObjectValueMust(encryptionTypes, map[string]attr.Value{
		"mode":       types.StringValue(string(status.Mode)),
		"algorithm":  value.StringOrNull(status.Algorithm),
		"kms_key_id": value.StringOrNull(status.KMSKeyID),
	})
}

// wanted is what the sse block asks for.
func wanted(list types.List) cosapi.Encryption {
	choice := sse.Decode(list)
	if choice.Mode == cosapi.ModeSSEKMS {
		return cosapi.SSEKMS{KeyID: choice.KMSKeyID.ValueString()}
	}
	algorithm := choice.Algorithm.ValueString()
	if algorithm == "" {
		algorithm = sse.DefaultAlgorithm
	}
	return cosapi.SSECOS{Algorithm: algorithm}
}

// satisfies reports that a default gives what is wanted. A KMS key that is left to COS may be any,
// and so may the algorithm that is used with it.
func satisfies(is cosapi.BucketEncryption, found bool, want cosapi.Encryption) bool {
	if !found {
		return false
	}
	_, err := cosapi.VerifyEncryption(want, is.Status())
	if cos, ok := want.(cosapi.SSECOS); ok {
		return err == nil && is.Algorithm == cos.Algorithm
	}
	return err == nil
}
