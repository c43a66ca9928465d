package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// A running restore is looked at after firstLook, then after twice as long each time, up to
// longestPause, which is also how often the log says that Terraform is waiting.
const (
	firstLook    = time.Second
	longestPause = 30 * time.Second
)

// restore asks COS for a restore, waits for it where that is wanted, and fills in the result.
// asked reports that COS has accepted, so that there is something to remember, also with errors.
func (r *objectRestoreResource) restore(
	ctx context.Context, config objectRestoreModel, plan *objectRestoreModel,
) (asked bool, diags diag.Diagnostics) {
	diags = r.data.ready()
	if diags.HasError() {
		return false, diags
	}
	ref, refDiags := r.data.resolve(plan.address(), path.Root("region"))
	diags.Append(refDiags...)
	choice, given := decodeOpeningSSE(path.Root("sse"), config.SSE)
	key, keyDiags := openingKey(choice, given, r.data.keyring)
	diags.Append(keyDiags...)
	if diags.HasError() {
		return false, diags
	}
	ctx = r.data.maskSecrets(ctx, keyList(key)...)
	plan.Region, plan.ID = types.StringValue(ref.Region), types.StringValue(ref.String())
	options := cosapi.RestoreOptions{
		Days: int(plan.Days.ValueInt64()), Tier: plan.Tier.ValueString(), Key: key,
	}
	outcome, err := r.data.client.Restore(ctx, ref, options)
	if err != nil {
		return false, append(diags, r.restoreFailed(ref, key, err))
	}
	info, waitDiags := r.follow(ctx, ref, key, plan.Wait.ValueBool())
	if outcome == cosapi.RestoreInProgress && !waitDiags.HasError() {
		info, waitDiags = r.extend(ctx, ref, options, info)
	}
	plan.take(info, time.Now())
	return true, append(diags, waitDiags...)
}

// extend gives a restore that somebody else had started the days that are asked for here. While it
// runs COS takes no other.
func (r *objectRestoreResource) extend(
	ctx context.Context, ref cosapi.ObjectRef, options cosapi.RestoreOptions, info cosapi.ObjectInfo,
) (cosapi.ObjectInfo, diag.Diagnostics) {
	if !info.Restore.Restored {
		return info, diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("days"),
			"An earlier restore is running", fmt.Sprintf("COS is restoring %s already, for as many "+
				"days and as fast as was asked for then. Set wait = true to give it the days that "+
				"are configured here when it is done.", ref))}
	}
	if _, err := r.data.client.Restore(ctx, ref, options); err != nil {
		return info, diag.Diagnostics{r.restoreFailed(ref, options.Key, err)}
	}
	return r.follow(ctx, ref, options.Key, false)
}

// follow looks at the object, and goes on looking until it can be read where that is wanted.
func (r *objectRestoreResource) follow(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey, wait bool,
) (cosapi.ObjectInfo, diag.Diagnostics) {
	info, err := followRestore(ctx, wait, func(ctx context.Context) (cosapi.ObjectInfo, error) {
		found, err := r.data.look(ctx, ref, key)
		return found.info, err
	})
	if err != nil {
		return info, diag.Diagnostics{r.waitFailed(ref, key, err)}
	}
	return info, nil
}

// followRestore is follow for any way of looking. With an error it returns what was seen last, and
// of a restore that was never seen that it runs: COS has accepted it.
func followRestore(
	ctx context.Context, wait bool, look func(context.Context) (cosapi.ObjectInfo, error),
) (cosapi.ObjectInfo, error) {
	started, pause := time.Now(), firstLook
	last := cosapi.ObjectInfo{Restore: cosapi.RestoreStatus{Ongoing: true}}
	for {
		info, err := look(ctx)
		if err != nil {
			return last, err
		}
		last = info
		if !wait || info.Restore.Restored || !cosapi.Archived(info.StorageClass) {
			return info, nil
		}
		tflog.Info(withOwnFields(ctx), "waiting for a restore", map[string]any{
			"cos_bucket": info.Ref.Bucket, "cos_key": info.Ref.Key, "tier": info.Restore.Tier,
			"elapsed": time.Since(started).Round(time.Second).String(),
		})
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
}

// restoreFailed describes a restore that COS refused.
func (r *objectRestoreResource) restoreFailed(
	ref cosapi.ObjectRef, key *cosapi.CustomerKey, err error,
) diag.Diagnostic {
	try := attempt{doing: "restore the object", ref: ref, endpoint: r.data.endpoint}
	if cosapi.Classify(err) != cosapi.ClassNotArchived {
		return r.data.lookFailed(try, key, err)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("key"), "Object is not archived",
		joinParagraphs(try.answer(err), "Only objects of the storage classes ARCHIVE and "+
			"DEEP_ARCHIVE are restored; all others can be read as they are. Remove the restore, or "+
			"name the archived version in version_id."))
}

// waitFailed describes a restore that runs on without Terraform.
func (r *objectRestoreResource) waitFailed(
	ref cosapi.ObjectRef, key *cosapi.CustomerKey, err error,
) diag.Diagnostic {
	try := attempt{doing: "wait for the restore", ref: ref, endpoint: r.data.endpoint}
	failure := r.data.lookFailed(try, key, err)
	return diag.NewErrorDiagnostic(failure.Summary(), joinParagraphs(failure.Detail(),
		"COS goes on restoring the object. Apply again to go on waiting; it does not start over."))
}
