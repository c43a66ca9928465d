package object

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Delete removes the object as deletion_policy in the state says. It needs no SSE-C key.
func (r *managedResource) Delete(
	ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.DeletionPolicy.ValueString() == abandonObject {
		return
	}
	resp.Diagnostics.Append(r.ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = r.data.MaskSecrets(ctx)
	deadline, diags := state.Timeouts.Delete(ctx, 0)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := value.WithDeadline(ctx, deadline)
	defer cancel()

	ref := state.ref(r.data.Region)
	known, diags := readBaseline(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if known.Keep {
		resp.Diagnostics.Append(keptForOther(ref))
		return
	}
	unlock, err := r.data.Written.Lock(ctx, ref, nil)
	if err != nil {
		resp.Diagnostics.Append(r.deleteDiagnostics(ref, err)...)
		return
	}
	defer unlock()
	if r.data.Written.Contains(ref) {
		resp.Diagnostics.Append(keptBecauseWritten(ref))
		return
	}
	err = carryOutDeletion(ctx, r.data.Client, ref, state)
	resp.Diagnostics.Append(r.deleteDiagnostics(ref, err)...)
}

// carryOutDeletion does what a deletion policy says.
func carryOutDeletion(
	ctx context.Context, client *cosapi.Client, ref cosapi.ObjectRef, state resourceModel,
) error {
	switch state.DeletionPolicy.ValueString() {
	case deleteAllVersions:
		_, err := client.DeleteAllVersions(ctx, ref)
		return err
	case deleteVersion:
		ref.VersionID = state.VersionID.ValueString()
	}
	_, err := client.Delete(ctx, ref)
	return err
}

// deleteDiagnostics takes an object or a bucket that is not there for deleted.
func (r *managedResource) deleteDiagnostics(
	ref cosapi.ObjectRef, err error,
) diag.Diagnostics {
	tried := diagnose.Attempt{Doing: "delete the object", Ref: ref, Endpoint: r.data.Endpoint}
	switch {
	case err == nil, cosapi.Classify(err) == cosapi.ClassNotFound:
		return nil
	case cosapi.Classify(err) == cosapi.ClassNoSuchBucket:
		return diag.Diagnostics{diag.NewWarningDiagnostic("The bucket is gone",
			tried.Answer(err)+" The object counts as deleted.")}
	}
	return diag.Diagnostics{tried.Failed(err)}
}

// keptBecauseWritten is the warning of a deletion that would hit what this run has just written.
func keptBecauseWritten(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Object kept", fmt.Sprintf(
		"This run has written %s in region %s, so it is not deleted: with create_before_destroy, "+
			"or with two resources for one key, deleting the old object would delete the new one.",
		ref, ref.Region))
}

// keptForOther is the warning of a deletion of what another entry of the state holds as well.
func keptForOther(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Object kept", fmt.Sprintf(
		"Another entry of the state holds %s in region %s too, from a replacement that was not "+
			"finished. So the object is not deleted, and only this entry goes.", ref, ref.Region))
}

// mayBeDeleted is the plan's warning of the same. Whether Delete learns what the plan knows is for
// core to decide: Terraform 1.11 plans the destruction of an old entry once more while it applies.
func mayBeDeleted(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewWarningDiagnostic("This apply may delete the object", fmt.Sprintf(
		"Another entry of the state holds %s in region %s too, from a replacement that was not "+
			"finished. A CLI that plans the destruction of this entry again while it applies deletes "+
			"the object with it; the plan after that writes it again. To avoid it, plan and apply with "+
			"-target of this resource first.", ref, ref.Region))
}

// planDestroy looks at a plan that destroys an entry of the state. Core hands its private state to
// Delete, which is how Delete learns what only a plan can know.
func (r *managedResource) planDestroy(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := readBaseline(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || state.DeletionPolicy.ValueString() == abandonObject {
		return
	}
	ref := state.ref(r.data.Region)
	if r.data.Written.PlannedDestroy(ref) {
		known.Keep = true
		resp.Diagnostics.Append(mayBeDeleted(ref))
		resp.Diagnostics.Append(known.write(ctx, resp.Private)...)
		return
	}
	if known.Adopted {
		resp.Diagnostics.Append(diag.NewWarningDiagnostic("The object was adopted",
			fmt.Sprintf("%s in region %s was there when this resource was to create it, and was "+
				"not written from here since. Destroying the resource deletes it all the same. To "+
				"keep it, use `terraform state rm`, or deletion_policy = \"abandon\".",
				ref, ref.Region)))
	}
}
