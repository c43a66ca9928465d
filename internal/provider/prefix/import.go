package prefix

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// identityModel is the identity of a guarantee.
type identityModel struct {
	Bucket types.String `tfsdk:"bucket"`
	Prefix types.String `tfsdk:"prefix"`
	Region types.String `tfsdk:"region"`
}

func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, m model) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, identityModel{Bucket: m.Bucket, Prefix: m.Prefix, Region: m.Region})
}

// ImportState takes "bucket/prefix", or "bucket" for the whole bucket. Read counts modes; what is
// expected is known from the configuration only, so the first apply audits anew.
func (r *managedResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	var id identityModel
	if req.ID != "" {
		bucket, prefix, _ := strings.Cut(req.ID, "/")
		id = identityModel{Bucket: types.StringValue(bucket), Prefix: types.StringValue(prefix)}
	} else {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
	}
	if id.Region.ValueString() == "" && r.data != nil {
		id.Region = types.StringValue(r.data.Region)
	}
	if err := cosapi.ValidateBucket(id.Bucket.ValueString()); err != nil {
		resp.Diagnostics.AddError("Cannot import the prefix", "The id is <bucket>/<prefix>, or "+
			"<bucket> alone for the whole bucket: "+err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, imported(id))...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, imported(id))...)
}

// imported is a state without findings, by which Read knows it.
func imported(id identityModel) model {
	empty := func(block map[string]attr.Type) types.List {
		return types.ListValueMust(types.ObjectType{AttrTypes: block}, []attr.Value{})
	}
	text, number := attr.Type(types.StringType), attr.Type(types.Int64Type)
	set, list := types.SetType{ElemType: text}, func(of map[string]attr.Type) attr.Type {
		return types.ListType{ElemType: types.ObjectType{AttrTypes: of}}
	}
	return model{
		Bucket: id.Bucket, Prefix: id.Prefix, Region: id.Region,
		SSE: empty(map[string]attr.Type{
			"cos": list(map[string]attr.Type{"algorithm": text}),
			"kms": list(map[string]attr.Type{
				"key_id": text, "context": types.MapType{ElemType: text},
			}),
			"c": list(map[string]attr.Type{"key_name": text}),
		}),
		Accept: empty(map[string]attr.Type{
			"modes": set, "kms_key_ids": set, "customer_key_md5s": set,
		}),
		Audit: empty(map[string]attr.Type{
			"max_age": text, "max_duration": text, "max_requests": number, "rate": types.Float64Type,
			"concurrency": number, "max_errors": number,
		}),
		Engine: types.StringValue(engineAuto), DeletionPolicy: types.StringValue(policyAbandon),
		Batch: empty(map[string]attr.Type{
			"role_arn": text, "uin": text, "priority": number, "min_objects": number,
			"max_objects_per_job": number, "confirmation": text, "report_prefix": text,
			"poll_interval": text, "control_endpoint": text,
		}),
		Evidence:        empty(map[string]attr.Type{"bucket": text, "prefix": text}),
		ExcludePrefixes: types.SetNull(text), Triggers: types.MapNull(text),
		Enforce: types.BoolValue(true), Noncurrent: types.BoolValue(false),
		Timeouts: timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
			"create": text, "update": text,
		})},
		Counts: types.MapNull(number), Blocked: types.MapNull(number),
		Pending:     types.ObjectNull(pendingTypes),
		Samples:     types.ListNull(types.ObjectType{AttrTypes: sampleTypes}),
		Attestation: types.ObjectNull(attestationTypes),
	}
}
