package batch

import (
	"context"
	"slices"
	"strings"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Recover puts in order what an earlier process left: a job of a known intent that still fits is
// watched to its end, every other job of this engine that has not ended is cancelled, and lists and
// trials without a job are removed. It must come first, because what those jobs rewrite changes what
// an audit finds.
func (e *Engine) Recover(ctx context.Context) (Result, error) {
	intents, err := e.storedIntents(ctx)
	if err != nil {
		return Result{}, err
	}
	jobs, err := e.ownJobs(ctx)
	if err != nil {
		return Result{}, err
	}
	defaultErr := e.readDefault(ctx)
	if defaultErr != nil && !IsRefused(defaultErr) {
		return Result{}, defaultErr
	}
	for _, job := range jobs {
		if !job.Status.Final() && !slices.ContainsFunc(intents, func(in intent) bool {
			return e.isOf(job, in)
		}) {
			if err := e.cancel(ctx, job.ID); err != nil {
				return Result{}, err
			}
		}
	}
	total, err := e.each(ctx, intents, func(ctx context.Context, in intent) (Result, error) {
		return e.resume(ctx, in, jobs, defaultErr != nil)
	})
	if err != nil {
		return total, err
	}
	return total, e.sweep(ctx)
}

// ownJobs are the jobs of the last 90 days that carry this engine's name.
func (e *Engine) ownJobs(ctx context.Context) ([]cosapi.Job, error) {
	var own []cosapi.Job
	for job, err := range e.Jobs.Jobs(ctx) {
		if err != nil {
			return nil, err
		}
		if e.owns(job) {
			own = append(own, job)
		}
	}
	return own, nil
}

func (e *Engine) isOf(job cosapi.Job, in intent) bool {
	return job.Description == e.description(in)
}

// resume settles one intent. One without a job, or whose job has ended, is forgotten: what it was
// about is found by the next audit if it still is to be done.
func (e *Engine) resume(
	ctx context.Context, in intent, jobs []cosapi.Job, voided bool,
) (Result, error) {
	at := slices.IndexFunc(jobs, func(job cosapi.Job) bool { return e.isOf(job, in) })
	if at < 0 || jobs[at].Status.Final() {
		return Result{}, e.forget(ctx, in)
	}
	job, err := e.Jobs.Describe(ctx, jobs[at].ID)
	switch {
	case cosapi.Classify(err) == cosapi.ClassNotFound:
		return Result{}, e.forget(ctx, in)
	case err != nil:
		return Result{}, err
	case voided || !e.fits(job, in):
		if err := e.cancel(ctx, job.ID); err != nil {
			return Result{}, err
		}
		return Result{}, e.forget(ctx, in)
	}
	job, err = e.attend(ctx, in, job.ID, true)
	switch {
	case IsRefused(err):
		return Result{Adopted: 1}, e.forget(ctx, in) // It was cancelled, and is at rest.
	case err != nil:
		return Result{Adopted: 1}, err
	}
	result, err := e.conclude(ctx, in, job)
	result.Jobs, result.Adopted = 0, 1
	return result, err
}

// fits reports that a job does what its intent says and what is still wanted. A trial is never
// continued: its objects were made by a process that is gone.
func (e *Engine) fits(job cosapi.Job, in intent) bool {
	return !in.Trial && in.Operation == e.operation && (!e.known || in.Default == e.standing) &&
		(job.ManifestETag == "" || job.ManifestETag == in.ManifestETag) &&
		job.Copy != nil && sameCopy(*job.Copy, e.copyOf(in))
}

func sameCopy(a, b cosapi.BatchCopy) bool {
	return a.AES256 == b.AES256 && a.Metadata == b.Metadata && a.StorageClass == b.StorageClass &&
		a.UnmodifiedSince.Unix() == b.UnmodifiedSince.Unix()
}

// sweep removes lists without an intent, and what trials left.
func (e *Engine) sweep(ctx context.Context) error {
	lists, err := e.keysBelow(ctx, e.evidence(e.manifests()))
	if err != nil {
		return err
	}
	for _, key := range lists {
		if _, err := e.Client.Delete(ctx, e.evidence(key)); err != nil {
			return err
		}
	}
	return e.removeTrials(ctx)
}

// trials is the folder of this engine's trials in the audited bucket.
func (e *Engine) trials() string { return TrialPrefix + e.owner + "/" }

// removeTrials deletes the objects of trials with all their versions.
func (e *Engine) removeTrials(ctx context.Context) error {
	options := cosapi.ListVersionsOptions{
		Region: e.Bucket.Region, Bucket: e.Bucket.Bucket, Prefix: e.trials(),
	}
	page, err := e.Client.ListVersions(ctx, options)
	if err != nil {
		return err
	}
	var keys []string
	for _, version := range page.Versions {
		if strings.HasPrefix(version.Key, options.Prefix) && !slices.Contains(keys, version.Key) {
			keys = append(keys, version.Key)
		}
	}
	for _, key := range keys {
		if _, err := e.Client.DeleteAllVersions(ctx, e.object(key)); err != nil {
			return err
		}
	}
	return nil
}

// Cancel cancels all jobs of this engine that have not ended, and forgets them.
func (e *Engine) Cancel(ctx context.Context) error {
	jobs, err := e.ownJobs(ctx)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if job.Status.Final() {
			continue
		}
		if err := e.cancel(ctx, job.ID); err != nil {
			return err
		}
	}
	intents, err := e.storedIntents(ctx)
	if err != nil {
		return err
	}
	for _, in := range intents {
		if err := e.forget(ctx, in); err != nil {
			return err
		}
	}
	return e.sweep(ctx)
}
