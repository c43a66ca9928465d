package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// ModifyPlan decides whether COS is to be asked for a restore, and with it which computed
// attributes are known.
func (r *objectRestoreResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan objectRestoreModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state *objectRestoreModel
	if !req.State.Raw.IsNull() {
		state = &objectRestoreModel{}
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
func (r *objectRestoreResource) planComputed(
	plan *objectRestoreModel, config objectRestoreModel, state *objectRestoreModel,
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
func (r *objectRestoreResource) plannedRegion(
	config objectRestoreModel, state *objectRestoreModel,
) types.String {
	switch {
	case !config.Region.IsNull():
		return config.Region
	case state != nil && !state.Region.IsNull():
		return state.Region
	case r.data == nil || r.data.regionUnknown || r.data.region == "":
		return types.StringUnknown()
	}
	return types.StringValue(r.data.region)
}

// needsRestore reports that COS has to be asked: for another object, for other days, or because
// the readable copy is to be kept and is gone. A restore that runs is not asked for again.
func needsRestore(plan, state objectRestoreModel) bool {
	other := !plan.Bucket.Equal(state.Bucket) || !plan.Key.Equal(state.Key) ||
		!plan.Region.Equal(state.Region) || !plan.VersionID.Equal(state.VersionID)
	expired := !state.Restored.ValueBool() && !state.Ongoing.ValueBool()
	return other || !plan.Days.Equal(state.Days) || plan.KeepRestored.ValueBool() && expired
}

func restoreID(model objectRestoreModel) types.String {
	return types.StringValue(cosapi.ObjectRef{
		Bucket: model.Bucket.ValueString(), Key: model.Key.ValueString(),
		VersionID: model.VersionID.ValueString(),
	}.String())
}

// checkTier refuses a tier that the object's storage class does not have. The class is looked up
// only for the one tier that not every class has; an object that cannot be looked at yet is left
// to COS.
func (r *objectRestoreResource) checkTier(
	ctx context.Context, config, plan objectRestoreModel, state *objectRestoreModel,
) diag.Diagnostics {
	if plan.Tier.ValueString() != "Expedited" || (state != nil && !needsRestore(plan, *state)) {
		return nil
	}
	class, diags := r.storageClass(ctx, config, plan)
	if err := cosapi.ValidateRestoreTier(plan.Tier.ValueString(), class); err != nil {
		diags.AddAttributeError(path.Root("tier"), "Tier is not possible", sentence(err))
	}
	return diags
}

// storageClass is the object's class, "" where it cannot be seen.
func (r *objectRestoreResource) storageClass(
	ctx context.Context, config, plan objectRestoreModel,
) (string, diag.Diagnostics) {
	if r.data == nil || r.data.client == nil || plan.ID.IsUnknown() || plan.Region.IsUnknown() {
		return "", nil
	}
	ref, diags := plan.address().resolve(r.data.region, path.Root("region"))
	choice, given := decodeOpeningSSE(path.Root("sse"), config.SSE)
	resolved, keyDiags := choice.resolveKey(r.data.keyring, r.data.keyringUnknown)
	if given && !resolved.ok || diags.HasError() || keyDiags.HasError() {
		return "", diags
	}
	var key *cosapi.CustomerKey
	if given {
		key = &resolved.key
	}
	found, err := r.data.lookOnly(r.data.maskSecrets(ctx, keyList(key)...), ref, key)
	if err != nil {
		return "", diags
	}
	return found.info.StorageClass, diags
}
