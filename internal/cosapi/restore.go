package cosapi

import (
	"context"
	"net/http"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// RestoreOptions says how an archived object is restored (document 12633).
type RestoreOptions struct {
	Days int          // how long the readable copy is kept
	Tier string       // Expedited, Standard or Bulk; see ValidateRestoreTier
	Key  *CustomerKey // for SSE-C objects, else nil
}

// RestoreOutcome is what a restore request led to.
type RestoreOutcome int

// The outcomes.
const (
	// RestoreStarted: COS has begun. Poll Head until RestoreStatus.Restored.
	RestoreStarted RestoreOutcome = iota + 1
	// RestoreExtended: a readable copy exists already; it is kept for longer.
	RestoreExtended
	// RestoreInProgress: an earlier restore is still running. It keeps its own days and tier.
	RestoreInProgress
)

// Restore asks COS to make an archived object readable. It returns at once; the restore takes
// minutes to days, depending on tier and class. An object that is not archived is an error of
// ClassNotArchived. It takes the permission cos:PostObjectRestore.
//
// COS answers 202 (document 12633). A 200 says that there is a readable copy already; that is not
// documented, and believed after a HEAD only, or a wait for the copy would never end.
//
// SSE-C headers are sent for SSE-C objects: document 12633 leaves them out, Tencent's own samples
// send them.
func (c *Client) Restore(
	ctx context.Context, ref ObjectRef, options RestoreOptions,
) (RestoreOutcome, error) {
	header, err := keyHeaders(options.Key, roleRead)
	if err != nil {
		return 0, &Error{Op: "PostObjectRestore", Ref: ref, Err: err}
	}
	body := &cos.ObjectRestoreOptions{Days: options.Days}
	if options.Tier != "" {
		body.Tier = &cos.CASJobParameters{Tier: options.Tier}
	}
	var outcome RestoreOutcome
	req := request{op: "PostObjectRestore", ref: ref, header: header}
	err = c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		resp, err := sdk.Object.PostRestore(ctx, ref.Key, body, versionArgs(ref)...)
		outcome = RestoreStarted
		if err == nil && resp.StatusCode == http.StatusOK {
			outcome = RestoreExtended
			err = c.confirmCopy(ctx, ref, options.Key, resp.Response)
		}
		return resp, err
	})
	if Classify(err) == ClassRestoreInProgress {
		return RestoreInProgress, nil
	}
	if err != nil {
		return 0, err
	}
	return outcome, nil
}

// confirmCopy checks that there is a readable copy, or will be.
func (c *Client) confirmCopy(
	ctx context.Context, ref ObjectRef, key *CustomerKey, answer *http.Response,
) error {
	info, err := c.HeadOnly(ctx, ref, key)
	if err == nil && !info.Restore.Restored && !info.Restore.Ongoing {
		return damaged(answer, "it says that there is a readable copy, and there is none")
	}
	return nil
}
