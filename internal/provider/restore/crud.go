package restore

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// restoreTimeout is how long to wait unless timeouts says otherwise: the slowest restore takes 48
// hours (document 12633).
const restoreTimeout = 72 * time.Hour

// Create asks for a restore and waits for it.
func (r *managedResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var config, plan resourceModel
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
func (r *managedResource) restore(
	ctx context.Context, config resourceModel, plan *resourceModel,
) (asked bool, diags diag.Diagnostics) {
	diags = r.data.Ready()
	if diags.HasError() {
		return false, diags
	}
	ref, refDiags := plan.address().Resolve(r.data.Region, path.Root("region"))
	diags.Append(refDiags...)
	choice, given := sse.DecodeOpening(path.Root("sse"), config.SSE)
	key, keyDiags := sse.OpeningKey(choice, given, r.data.Keyring)
	diags.Append(keyDiags...)
	if diags.HasError() {
		return false, diags
	}
	ctx = r.data.MaskSecrets(ctx, providerdata.KeyList(key)...)
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
func (r *managedResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	var config, plan, state resourceModel
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
func (r *managedResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := state.address().Resolve(r.data.Region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	choice, given := sse.DecodeOpening(path.Root("sse"), state.SSE)
	resolved, diags := choice.ResolveKey(r.data.Keyring, false)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if given && !resolved.OK {
		state.expire(time.Now())
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		return
	}
	var key *cosapi.CustomerKey
	if given {
		key = &resolved.Key
	}
	gone, diags := r.refresh(r.data.MaskSecrets(ctx, providerdata.KeyList(key)...), ref, key, &state)
	resp.Diagnostics.Append(diags...)
	switch {
	case gone:
		resp.State.RemoveResource(ctx)
	case !diags.HasError():
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// refresh fills in what COS says of the object; gone reports that there is none.
func (r *managedResource) refresh(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey, state *resourceModel,
) (gone bool, diags diag.Diagnostics) {
	try := diagnose.Attempt{Doing: "look at the restored object", Ref: ref, Endpoint: r.data.Endpoint}
	found, err := r.data.Look(ctx, ref, key)
	switch class := cosapi.Classify(err); {
	case err == nil:
		state.take(found.Info, time.Now())
		return false, nil
	case class == cosapi.ClassNotFound:
		return true, nil
	case class == cosapi.ClassNoSuchBucket:
		return true, diag.Diagnostics{try.Warning(err)}
	case cosapi.KeyMayHelp(err):
		state.expire(time.Now())
		return false, diag.Diagnostics{try.Warning(err)}
	}
	return false, diag.Diagnostics{try.Failed(err)}
}

// Delete forgets the restore. COS has no request that ends one.
func (r *managedResource) Delete(
	ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	var state resourceModel
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
func (m *resourceModel) take(info cosapi.ObjectInfo, now time.Time) {
	m.Restored = types.BoolValue(info.Restore.Restored || !cosapi.Archived(info.StorageClass))
	m.Ongoing = types.BoolValue(info.Restore.Ongoing)
	m.ExpiresAt = value.TimeOrNull(info.Restore.ExpiresAt)
	m.StorageClass = types.StringValue(info.StorageClass)
	m.expire(now)
}

// expire turns restored off when the readable copy's time is over: COS may still name it.
func (m *resourceModel) expire(now time.Time) {
	end, err := time.Parse(time.RFC3339, m.ExpiresAt.ValueString())
	if err == nil && !now.Before(end) {
		m.Restored, m.ExpiresAt = types.BoolValue(false), types.StringNull()
	}
}
