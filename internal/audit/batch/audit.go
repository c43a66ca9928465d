package batch

import (
	"context"
	"errors"
	"fmt"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Strictness says what happens where jobs cannot do the work.
type Strictness bool

// The values of Strictness.
const (
	// Auto has the other engines do it, and says what COS did.
	Auto Strictness = false
	// Strict makes it an error. Single objects that jobs cannot have go to the other engines
	// all the same.
	Strict Strictness = true
)

// first are the classes that are tried before anything is rewritten: where jobs are demanded, a
// refusal should leave everything as it is.
func (s Strictness) first() []string {
	if s == Strict {
		return classes[:1]
	}
	return nil
}

// Audit rewrites what options.Rewrite allows, by jobs where they can be trusted and by
// options.Engines elsewhere, and returns what is true afterwards: the last thing that happens is an
// audit that looks at everything that changed. What jobs left in violation is rewritten by
// options.Engines in it, unless strict.
//
// If ctx ends, jobs go on; the findings are those from before, and a later Audit goes on from there.
// An error comes with findings where there are any.
func (e *Engine) Audit(
	ctx context.Context, options audit.Options, strict Strictness,
) (*audit.Findings, Result, error) {
	e.strictness = strict
	result, err := e.Recover(ctx)
	if err == nil && !e.Idle {
		err = e.Prove(ctx, strict.first()...)
	}
	switch {
	case err != nil && (strict == Strict || isEnd(ctx, err)):
		return nil, result, err
	case err != nil:
		// Also where COS Batch cannot be reached: jobs that an earlier run left spare what is rewritten
		// now, and are adopted later.
		result.Notes = append(result.Notes, fallback(err))
	case !e.Idle:
		return e.byBoth(ctx, options, result)
	}
	found, err := audit.Run(ctx, options)
	return found, result, err
}

// byBoth has jobs and the other engines work, one after the other.
func (e *Engine) byBoth(
	ctx context.Context, options audit.Options, result Result,
) (*audit.Findings, Result, error) {
	first := options
	first.Engines = append([]audit.Engine{e}, options.Engines...)
	found, err := audit.Run(ctx, first)
	for _, refusal := range e.refusals {
		result.Notes = append(result.Notes, fallback(refusal))
	}
	if err != nil || found.Deferred == 0 {
		e.Abandon()
		return found, result, err
	}
	ran, err := e.Run(ctx)
	result.add(ran)
	switch {
	case isEnd(ctx, err):
		result.Notes = append(result.Notes, "Jobs of COS Batch go on; the next apply adopts them.")
		found.Complete, found.Stopped = false, audit.StoppedCanceled
		return found, result, nil
	case err != nil && (!IsRefused(err) || e.strictness == Strict):
		return found, result, err
	case err != nil:
		result.Notes = append(result.Notes, fallback(err))
	}
	after, err := audit.Run(ctx, afterwards(options, found, e.strictness))
	return merged(found, after), result, err
}

// isEnd reports that the caller's time is over, and nothing else.
func isEnd(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() != nil && (cosapi.Classify(err) == cosapi.ClassCanceled ||
		errors.Is(err, ctx.Err()))
}

func fallback(err error) string {
	return fmt.Sprintf("COS Batch is not used, objects are rewritten one by one: %v", err)
}

// afterwards are the options of the audit that follows the jobs: it goes on from the ledger of the
// audit before, and may rewrite what that one was allowed to and has not.
func afterwards(options audit.Options, found *audit.Findings, strict Strictness) audit.Options {
	if found.Ledger != nil {
		options.Last = found.Ledger
	}
	if strict == Strict || options.Rewrite == nil {
		options.Rewrite = nil
		return options
	}
	rest := *options.Rewrite
	rest.Max -= found.Rewritten.Objects
	options.Rewrite = &rest
	return options
}

// merged adds what happened before the jobs to what is true after them.
func merged(before, after *audit.Findings) *audit.Findings {
	if after == nil {
		return before
	}
	after.Rewritten.Objects += before.Rewritten.Objects
	after.Rewritten.Bytes += before.Rewritten.Bytes
	after.Failures = append(before.Failures, after.Failures...)
	after.Warnings = append(before.Warnings, after.Warnings...)
	after.Lists, after.Heads = after.Lists+before.Lists, after.Heads+before.Heads
	return after
}

// String says what jobs did, "" if there were none.
func (r Result) String() string {
	if r.Jobs+r.Adopted == 0 {
		return ""
	}
	return fmt.Sprintf("COS Batch rewrote %d objects in %d jobs, %d of which an earlier run had begun; "+
		"%d objects failed.", r.Succeeded, r.Jobs+r.Adopted, r.Adopted, r.Failed)
}
