package batch

import (
	"context"
	"errors"
	"fmt"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"golang.org/x/sync/errgroup"
)

// Result is what jobs did, as far as COS says. Only an audit tells what is true.
type Result struct {
	Jobs, Adopted     int
	Succeeded, Failed int
	// Notes say what a person should know: why tasks or jobs failed, as far as is known, and why jobs
	// were not used.
	Notes []string
}

func (r *Result) add(other Result) {
	r.Jobs += other.Jobs
	r.Adopted += other.Adopted
	r.Succeeded += other.Succeeded
	r.Failed += other.Failed
	r.Notes = append(r.Notes, other.Notes...)
}

// Run creates jobs of all that was collected, confirms each once COS has counted what we have, and
// waits until they have ended. If ctx ends first, the jobs go on, and Recover of a later run finds
// them. A *RefusedError says that jobs were stopped because they cannot be trusted any more.
func (e *Engine) Run(ctx context.Context) (Result, error) {
	e.mu.Lock()
	for class := range e.lists {
		if err := e.close(class); err != nil {
			e.mu.Unlock()
			return Result{}, err
		}
	}
	ready := e.ready
	e.ready = nil
	e.mu.Unlock()
	return e.each(ctx, ready, func(ctx context.Context, in intent) (Result, error) {
		return e.carryOut(ctx, in)
	})
}

// each works on intents side by side. An error stops what has not begun.
func (e *Engine) each(
	ctx context.Context, intents []intent, work func(context.Context, intent) (Result, error),
) (Result, error) {
	results := make([]Result, len(intents))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(openJobs)
	for i, in := range intents {
		group.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			results[i], err = work(ctx, in)
			return err
		})
	}
	err := group.Wait()
	var total Result
	for _, result := range results {
		total.add(result)
	}
	return total, err
}

// carryOut takes an intent from nothing to the end of its job.
func (e *Engine) carryOut(ctx context.Context, in intent) (Result, error) {
	job, err := e.runToEnd(ctx, in)
	if err != nil {
		return Result{}, err
	}
	return e.conclude(ctx, in, job)
}

// runToEnd creates a job and watches it. An intent whose job was refused, or cancelled and is at rest,
// is forgotten; after any other error it stays, and Recover finds it.
func (e *Engine) runToEnd(ctx context.Context, in intent) (cosapi.Job, error) {
	if err := e.keep(ctx, in); err != nil {
		return cosapi.Job{}, err
	}
	id, err := e.create(ctx, in)
	var job cosapi.Job
	if err == nil {
		job, err = e.attend(ctx, in, id, false)
	}
	if IsRefused(err) {
		err = errors.Join(err, e.forget(ctx, in))
	}
	return job, err
}

func (e *Engine) create(ctx context.Context, in intent) (string, error) {
	id, err := e.Jobs.Create(ctx, cosapi.NewJob{
		Token: e.token(in), Description: e.description(in), Manifest: e.evidence(in.Manifest),
		ManifestETag: in.ManifestETag, Priority: e.Priority, RoleARN: e.RoleARN,
		Copy: e.copyOf(in), Report: e.evidence(e.ReportPrefix),
	})
	switch cosapi.Classify(err) {
	case cosapi.ClassInvalid, cosapi.ClassPermission:
		return "", refused("COS refuses to create a job", err)
	}
	return id, err
}

func (e *Engine) copyOf(in intent) cosapi.BatchCopy {
	return cosapi.BatchCopy{
		AES256: in.Operation == operationAES256, Metadata: in.Metadata, StorageClass: in.Class,
		UnmodifiedSince: in.Cutoff,
	}
}

// conclude counts what a job that has ended did, and forgets its intent.
func (e *Engine) conclude(ctx context.Context, in intent, job cosapi.Job) (Result, error) {
	result := Result{Jobs: 1, Succeeded: job.Succeeded, Failed: job.Failed}
	if job.Status != cosapi.JobComplete {
		result.Notes = append(result.Notes, describeEnd(job))
	}
	if job.Failed > 0 {
		result.Notes = append(result.Notes, e.explain(ctx, job)...)
	}
	return result, e.forget(ctx, in)
}

func describeEnd(job cosapi.Job) string {
	text := fmt.Sprintf("job %s ended as %s after %d of %d objects", job.ID, job.Status,
		job.Succeeded+job.Failed, job.Total)
	if job.FailureReason != "" || job.FailureCode != "" {
		text += ": " + job.FailureCode + " " + job.FailureReason
	}
	return text
}

// begun are the states of a job that was confirmed, or did not wait for it.
var begun = map[cosapi.JobStatus]bool{
	"Ready": true, "Active": true, "Pausing": true, "Paused": true, "Completing": true,
	cosapi.JobComplete: true,
}

// attend watches a job until it has ended. adopted says that another process may have confirmed it.
func (e *Engine) attend(
	ctx context.Context, in intent, id string, adopted bool,
) (cosapi.Job, error) {
	confirmed := adopted || e.ManualConfirmation && !in.Trial
	for {
		job, err := e.Jobs.Describe(ctx, id)
		if err != nil {
			return job, err
		}
		e.Progress(Progress{
			JobID: id, Status: job.Status, Total: job.Total, Succeeded: job.Succeeded,
			Failed: job.Failed, Trial: in.Trial,
		})
		if err := e.mayGoOn(ctx, in, job, confirmed); err != nil {
			return job, e.stop(ctx, id, err)
		}
		switch {
		case job.Status.Final():
			return job, nil
		case job.Status == cosapi.JobSuspended && (in.Trial || !e.ManualConfirmation):
			err = e.Jobs.Confirm(ctx, id, fmt.Sprintf("%d objects, as listed", job.Total))
			if err != nil {
				return job, err
			}
			confirmed = true
		}
		if err := e.Sleep(ctx, e.PollInterval); err != nil {
			return job, err
		}
	}
}

// mayGoOn says why a job must be stopped.
func (e *Engine) mayGoOn(ctx context.Context, in intent, job cosapi.Job, confirmed bool) error {
	switch {
	case job.Status.Final() && job.Status != cosapi.JobComplete:
		return nil
	case begun[job.Status] && !confirmed:
		return refused("job "+job.ID+" did not wait to be confirmed", nil)
	case (job.Status == cosapi.JobSuspended || begun[job.Status]) && job.Total != in.Count:
		return refused(fmt.Sprintf("COS counts %d objects in job %s, its list has %d", job.Total,
			job.ID, in.Count), nil)
	}
	stands, err := e.defaultStands(ctx)
	switch {
	case err != nil:
		return err
	case !stands:
		e.voidProofs("")
		return refused("the bucket's default encryption changed while job "+job.ID+" was open", nil)
	}
	return nil
}

// stop cancels a job that must not go on, and waits until it is at rest. A failure to look is no
// reason to cancel: the job goes on, and is adopted later.
func (e *Engine) stop(ctx context.Context, id string, cause error) error {
	if !IsRefused(cause) {
		return cause
	}
	if err := e.cancel(ctx, id); err != nil {
		// No refusal: the job may be at work, and its intent must stay.
		return fmt.Errorf("%s, and cancelling the job failed: %w", cause.Error(), err)
	}
	return cause
}

// cancel ends a job and waits until it has ended.
func (e *Engine) cancel(ctx context.Context, id string) error {
	if err := e.Jobs.Cancel(ctx, id, "terraform-provider-cos"); err != nil {
		return err
	}
	for {
		job, err := e.Jobs.Describe(ctx, id)
		if err != nil || job.Status.Final() {
			return err
		}
		if err := e.Sleep(ctx, e.PollInterval); err != nil {
			return err
		}
	}
}
