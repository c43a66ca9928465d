package restore

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// ModifyPlan decides whether COS is to be asked for a restore, and with it which computed
// attributes are known.
func (r *managedResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan resourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state *resourceModel
	if !req.State.Raw.IsNull() {
		state = &resourceModel{}
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	r.planComputed(&plan, config, state)
	resp.Diagnostics.Append(r.checkTier(ctx, config, plan, state)...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// planComputed sets what the plan knows of the computed attributes.
func (r *managedResource) planComputed(
	plan *resourceModel, config resourceModel, state *resourceModel,
) {
	plan.Region = r.plannedRegion(config, state)
	plan.ID = types.StringUnknown()
	if !plan.Bucket.IsUnknown() && !plan.Key.IsUnknown() && !plan.VersionID.IsUnknown() {
		plan.ID = restoreID(*plan)
	}
	if state != nil && !needsRestore(*plan, *state) {
		plan.Restored, plan.Ongoing = state.Restored, state.Ongoing
		plan.ExpiresAt, plan.StorageClass = state.ExpiresAt, state.StorageClass
		return
	}
	plan.Restored, plan.Ongoing = types.BoolUnknown(), types.BoolUnknown()
	plan.ExpiresAt, plan.StorageClass = types.StringUnknown(), types.StringUnknown()
}

// plannedRegion is the configured region, else the state's, else the provider's.
func (r *managedResource) plannedRegion(
	config resourceModel, state *resourceModel,
) types.String {
	switch {
	case !config.Region.IsNull():
		return config.Region
	case state != nil && !state.Region.IsNull():
		return state.Region
	case r.data == nil || r.data.RegionUnknown || r.data.Region == "":
		return types.StringUnknown()
	}
	return types.StringValue(r.data.Region)
}

// needsRestore reports that COS has to be asked: for another object, for other days, or because
// the readable copy is to be kept and is gone. A restore that runs is not asked for again.
func needsRestore(plan, state resourceModel) bool {
	other := !plan.Bucket.Equal(state.Bucket) || !plan.Key.Equal(state.Key) ||
		!plan.Region.Equal(state.Region) || !plan.VersionID.Equal(state.VersionID)
	expired := !state.Restored.ValueBool() && !state.Ongoing.ValueBool()
	return other || !plan.Days.Equal(state.Days) || plan.KeepRestored.ValueBool() && expired
}

func restoreID(model resourceModel) types.String {
	return types.StringValue(cosapi.ObjectRef{
		Bucket: model.Bucket.ValueString(), Key: model.Key.ValueString(),
		VersionID: model.VersionID.ValueString(),
	}.String())
}

// checkTier refuses a tier that the object's storage class does not have. The class is looked up
// only for the one tier that not every class has; an object that cannot be looked at yet is left
// to COS.
func (r *managedResource) checkTier(
	ctx context.Context, config, plan resourceModel, state *resourceModel,
) diag.Diagnostics {
	if plan.Tier.ValueString() != "Expedited" || (state != nil && !needsRestore(plan, *state)) {
		return nil
	}
	class, diags := r.storageClass(ctx, config, plan)
	if err := cosapi.ValidateRestoreTier(plan.Tier.ValueString(), class); err != nil {
		diags.AddAttributeError(path.Root("tier"), "Tier is not possible", diagnose.Sentence(err))
	}
	return diags
}

// storageClass is the object's class, "" where it cannot be seen.
func (r *managedResource) storageClass(
	ctx context.Context, config, plan resourceModel,
) (string, diag.Diagnostics) {
	if r.data == nil || r.data.Client == nil || plan.ID.IsUnknown() || plan.Region.IsUnknown() {
		return "", nil
	}
	ref, diags := plan.address().Resolve(r.data.Region, path.Root("region"))
	choice, given := sse.DecodeOpening(path.Root("sse"), config.SSE)
	resolved, keyDiags := choice.ResolveKey(r.data.Keyring, r.data.KeyringUnknown)
	if given && !resolved.OK || diags.HasError() || keyDiags.HasError() {
		return "", diags
	}
	var key *cosapi.CustomerKey
	if given {
		key = &resolved.Key
	}
	found, err := r.data.LookOnly(r.data.MaskSecrets(ctx, providerdata.KeyList(key)...), ref, key)
	if err != nil {
		return "", diags
	}
	return found.Info.StorageClass, diags
}
