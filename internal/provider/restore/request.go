package restore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// A running restore is looked at after firstLook, then after twice as long each time, up to
// longestPause, which is also how often the log says that Terraform is waiting.
const (
	firstLook    = time.Second
	longestPause = 30 * time.Second
)

// restoreRequest is one restore to ask COS for, and to wait for where that is wanted.
type restoreRequest struct {
	data    *providerdata.Data
	ref     cosapi.ObjectRef
	options cosapi.RestoreOptions
	wait    bool
	// report is told how long the wait has taken so far; nil reports to the log alone.
	report func(elapsed time.Duration)
}

// run returns the object as it was seen last. asked reports that COS has accepted, also with
// errors.
func (r restoreRequest) run(
	ctx context.Context,
) (info cosapi.ObjectInfo, asked bool, diags diag.Diagnostics) {
	if r.options.Key != nil {
		// COS takes a restore with any key, and the wrong one would be remembered.
		if _, err := r.data.Look(ctx, r.ref, r.options.Key); err != nil {
			return info, false, diag.Diagnostics{r.refused(err)}
		}
	}
	outcome, err := r.data.Client.Restore(ctx, r.ref, r.options)
	if err != nil {
		return info, false, diag.Diagnostics{r.refused(err)}
	}
	info, diags = r.follow(ctx, r.wait)
	if outcome == cosapi.RestoreInProgress && !diags.HasError() {
		info, diags = r.extend(ctx, info)
	}
	return info, true, diags
}

// extend gives a restore that somebody else had started the days that are asked for here. While it
// runs COS takes no other.
func (r restoreRequest) extend(
	ctx context.Context, info cosapi.ObjectInfo,
) (cosapi.ObjectInfo, diag.Diagnostics) {
	if !info.Restore.Restored {
		return info, diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("days"),
			"An earlier restore is running", fmt.Sprintf("COS is restoring %s already, for as many "+
				"days and as fast as was asked for then. Set wait = true to give it the days that "+
				"are configured here when it is done.", r.ref))}
	}
	if _, err := r.data.Client.Restore(ctx, r.ref, r.options); err != nil {
		return info, diag.Diagnostics{r.refused(err)}
	}
	return r.follow(ctx, false)
}

// follow looks at the object, and goes on looking until it can be read where that is wanted.
func (r restoreRequest) follow(
	ctx context.Context, wait bool,
) (cosapi.ObjectInfo, diag.Diagnostics) {
	info, err := followRestore(ctx, wait, r.report,
		func(ctx context.Context) (cosapi.ObjectInfo, error) {
			found, err := r.data.Look(ctx, r.ref, r.options.Key)
			return found.Info, err
		})
	if err != nil {
		return info, diag.Diagnostics{r.waitFailed(err)}
	}
	return info, nil
}

// followRestore is follow for any way of looking. With an error it returns what was seen last, and
// of a restore that was never seen that it runs: COS has accepted it.
func followRestore(
	ctx context.Context, wait bool, report func(elapsed time.Duration),
	look func(context.Context) (cosapi.ObjectInfo, error),
) (cosapi.ObjectInfo, error) {
	started, pause := time.Now(), firstLook
	last := cosapi.ObjectInfo{Restore: cosapi.RestoreStatus{Ongoing: true}}
	for idle := 0; ; {
		info, err := look(ctx)
		if err != nil {
			return last, err
		}
		last = info
		if !wait || info.Restore.Restored || !cosapi.Archived(info.StorageClass) {
			return info, nil
		}
		if !info.Restore.Ongoing {
			if idle++; idle == neverBegan {
				return last, errNeverBegan
			}
		}
		tflog.Info(providerdata.WithOwnFields(ctx), "waiting for a restore", map[string]any{
			"cos_bucket": info.Ref.Bucket, "cos_key": info.Ref.Key, "tier": info.Restore.Tier,
			"elapsed": time.Since(started).Round(time.Second).String(),
		})
		if report != nil {
			report(time.Since(started))
		}
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
}

// neverBegan is how many looks may show neither a restore under way nor a copy.
const neverBegan = 5

var errNeverBegan = errors.New("COS accepted the restore, and shows none under way")

// refused describes a restore that COS refused.
func (r restoreRequest) refused(err error) diag.Diagnostic {
	try := diagnose.Attempt{Doing: "restore the object", Ref: r.ref, Endpoint: r.data.Endpoint}
	if cosapi.Classify(err) != cosapi.ClassNotArchived {
		return diagnose.LookFailed(r.data.Keyring, try, r.options.Key, err)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("key"), "Object is not archived",
		diagnose.Paragraphs(try.Answer(err), "Only objects of the storage classes ARCHIVE and "+
			"DEEP_ARCHIVE are restored; all others can be read as they are. Remove the restore, or "+
			"name the archived version in version_id."))
}

// waitFailed describes a restore that runs on without Terraform.
func (r restoreRequest) waitFailed(err error) diag.Diagnostic {
	try := diagnose.Attempt{Doing: "wait for the restore", Ref: r.ref, Endpoint: r.data.Endpoint}
	failure := diagnose.LookFailed(r.data.Keyring, try, r.options.Key, err)
	return diag.NewErrorDiagnostic(failure.Summary(), diagnose.Paragraphs(failure.Detail(),
		"COS goes on restoring the object. Apply again to go on waiting; it does not start over."))
}
