package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// restoreTimeout is how long to wait unless timeouts says otherwise: the slowest restore takes 48
// hours (document 12633).
const restoreTimeout = 72 * time.Hour

// Create asks for a restore and waits for it.
func (r *objectRestoreResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var config, plan objectRestoreModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Create(ctx, restoreTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	asked, diags := r.restore(ctx, config, &plan)
	resp.Diagnostics.Append(diags...)
	if asked {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// restore asks COS for a restore, waits for it where that is wanted, and fills in the result.
// asked reports that COS has accepted, so that there is something to remember, also with errors.
func (r *objectRestoreResource) restore(
	ctx context.Context, config objectRestoreModel, plan *objectRestoreModel,
) (asked bool, diags diag.Diagnostics) {
	diags = r.data.ready()
	if diags.HasError() {
		return false, diags
	}
	ref, refDiags := plan.address().resolve(r.data.region, path.Root("region"))
	diags.Append(refDiags...)
	choice, given := decodeOpeningSSE(path.Root("sse"), config.SSE)
	key, keyDiags := openingKey(choice, given, r.data.keyring)
	diags.Append(keyDiags...)
	if diags.HasError() {
		return false, diags
	}
	ctx = r.data.maskSecrets(ctx, keyList(key)...)
	plan.Region, plan.ID = types.StringValue(ref.Region), types.StringValue(ref.String())
	request := restoreRequest{
		data: r.data, ref: ref, wait: plan.Wait.ValueBool(),
		options: cosapi.RestoreOptions{
			Days: int(plan.Days.ValueInt64()), Tier: plan.Tier.ValueString(), Key: key,
		},
	}
	info, asked, restoreDiags := request.run(ctx)
	if asked {
		plan.take(info, time.Now())
	}
	return asked, append(diags, restoreDiags...)
}

// Update asks for another restore where the plan says so; everything else is only remembered.
func (r *objectRestoreResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	var config, plan, state objectRestoreModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Update(ctx, restoreTimeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if plan.Restored.IsUnknown() {
		asked, diags := r.restore(ctx, config, &plan)
		resp.Diagnostics.Append(diags...)
		if !asked {
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read looks at the object. Without its key, which key_wo does not leave behind, the clock alone
// tells whether the readable copy has expired.
func (r *objectRestoreResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	var state objectRestoreModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.data.ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := state.address().resolve(r.data.region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	choice, given := decodeOpeningSSE(path.Root("sse"), state.SSE)
	resolved, diags := choice.resolveKey(r.data.keyring, false)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if given && !resolved.ok {
		state.expire(time.Now())
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		return
	}
	var key *cosapi.CustomerKey
	if given {
		key = &resolved.key
	}
	gone, diags := r.refresh(r.data.maskSecrets(ctx, keyList(key)...), ref, key, &state)
	resp.Diagnostics.Append(diags...)
	switch {
	case gone:
		resp.State.RemoveResource(ctx)
	case !diags.HasError():
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// refresh fills in what COS says of the object; gone reports that there is none.
func (r *objectRestoreResource) refresh(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey, state *objectRestoreModel,
) (gone bool, diags diag.Diagnostics) {
	try := attempt{doing: "look at the restored object", ref: ref, endpoint: r.data.endpoint}
	found, err := r.data.look(ctx, ref, key)
	switch class := cosapi.Classify(err); {
	case err == nil:
		state.take(found.info, time.Now())
		return false, nil
	case class == cosapi.ClassNotFound:
		return true, nil
	case class == cosapi.ClassNoSuchBucket:
		return true, diag.Diagnostics{try.warning(err)}
	case cosapi.KeyMayHelp(err):
		state.expire(time.Now())
		return false, diag.Diagnostics{try.warning(err)}
	}
	return false, diag.Diagnostics{try.failed(err)}
}

// Delete forgets the restore. COS has no request that ends one.
func (r *objectRestoreResource) Delete(
	ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	var state objectRestoreModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	text := fmt.Sprintf("COS cannot end a restore early. Terraform forgets it; the readable copy "+
		"of %s ", state.ID.ValueString())
	switch {
	case state.Ongoing.ValueBool():
		text += fmt.Sprintf("will still be made, and stay for %d days.", state.Days.ValueInt64())
	case state.ExpiresAt.ValueString() != "":
		text += "stays until " + state.ExpiresAt.ValueString() + "."
	default:
		return
	}
	resp.Diagnostics.AddWarning("Restore is not ended", text)
}

// take fills in what COS says. An object that is no longer archived can be read without a restore.
func (m *objectRestoreModel) take(info cosapi.ObjectInfo, now time.Time) {
	m.Restored = types.BoolValue(info.Restore.Restored || !cosapi.Archived(info.StorageClass))
	m.Ongoing = types.BoolValue(info.Restore.Ongoing)
	m.ExpiresAt = timeOrNull(info.Restore.ExpiresAt)
	m.StorageClass = types.StringValue(info.StorageClass)
	m.expire(now)
}

// expire turns restored off when the readable copy's time is over: COS may still name it.
func (m *objectRestoreModel) expire(now time.Time) {
	end, err := time.Parse(time.RFC3339, m.ExpiresAt.ValueString())
	if err == nil && !now.Before(end) {
		m.Restored, m.ExpiresAt = types.BoolValue(false), types.StringNull()
	}
}
