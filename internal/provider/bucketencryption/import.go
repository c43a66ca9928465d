package bucketencryption

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// identityModel is the identity of a bucket's default.
type identityModel struct {
	Bucket types.String `tfsdk:"bucket"`
	Region types.String `tfsdk:"region"`
}

func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, m model) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, identityModel{Bucket: m.Bucket, Region: m.Region})
}

var (
	cosType = types.ObjectType{AttrTypes: map[string]attr.Type{"algorithm": types.StringType}}
	kmsType = types.ObjectType{AttrTypes: map[string]attr.Type{"key_id": types.StringType}}
	sseType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"cos": types.ListType{ElemType: cosType}, "kms": types.ListType{ElemType: kmsType},
	}}
)

// importedSSE is the block that gives a default, none where there is none.
func importedSSE(is cosapi.BucketEncryption, found bool) types.List {
	if !found {
		return types.ListValueMust(sseType, []attr.Value{})
	}
	cos, kms := []attr.Value{}, []attr.Value{}
	if status := is.Status(); status.Mode == cosapi.ModeSSEKMS {
		kms = append(kms, types.ObjectValueMust(kmsType.AttrTypes, map[string]attr.Value{
			"key_id": value.StringOrNull(status.KMSKeyID),
		}))
	} else {
		cos = append(cos, types.ObjectValueMust(cosType.AttrTypes, map[string]attr.Value{
			"algorithm": types.StringValue(status.Algorithm),
		}))
	}
	return types.ListValueMust(sseType, []attr.Value{
		types.ObjectValueMust(sseType.AttrTypes, map[string]attr.Value{
			"cos": types.ListValueMust(cosType, cos), "kms": types.ListValueMust(kmsType, kms),
		}),
	})
}

// ImportState takes the bucket's name; Read fills in the rest.
func (r *managedResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	id := identityModel{Bucket: types.StringValue(req.ID)}
	if req.ID == "" && req.Identity != nil {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
	}
	if id.Region.ValueString() == "" && r.data != nil {
		id.Region = types.StringValue(r.data.Region)
	}
	if err := cosapi.ValidateBucket(id.Bucket.ValueString()); err != nil {
		resp.Diagnostics.AddError("Cannot import the default encryption",
			"The id is the name of the bucket: "+err.Error()+".")
		return
	}
	state := model{
		Bucket: id.Bucket, Region: id.Region, SSE: types.ListValueMust(sseType, []attr.Value{}),
		Overwrite: types.BoolValue(false), Verify: types.BoolValue(true),
		DeletionPolicy: types.StringValue(policyDelete), Encryption: types.ObjectNull(encryptionTypes),
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state)...)
}
