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

// Audit rewrites what options.Rewrite allows, by jobs where they can be trusted and by
// options.Engines elsewhere, and returns what is true afterwards: the last thing that happens is an
// audit that looks at everything that changed. What jobs left in violation is rewritten by
// options.Engines in it, unless strict.
//
// The sentences say what a person should know. If ctx ends, jobs go on; the findings are those from
// before, and a later Audit goes on from there. An error comes with findings where there are any.
func (e *Engine) Audit(
	ctx context.Context, options audit.Options, strict Strictness,
) (*audit.Findings, []string, error) {
	e.strictness = strict
	result, err := e.Recover(ctx)
	if err == nil {
		err = e.Prove(ctx)
	}
	if IsRefused(err) && strict == Auto {
		found, err2 := audit.Run(ctx, options)
		return found, append(e.sentences(result), fallback(err)), err2
	}
	if err != nil {
		return nil, e.sentences(result), err
	}
	first := options
	first.Engines = append([]audit.Engine{e}, options.Engines...)
	found, err := audit.Run(ctx, first)
	if err != nil || found.Deferred == 0 {
		e.Abandon()
		return found, e.sentences(result), err
	}
	ran, err := e.Run(ctx)
	result.add(ran)
	switch {
	case isEnd(ctx, err):
		return found, append(e.sentences(result), "Jobs of COS Batch go on; the next apply adopts them."), nil
	case err != nil && (!IsRefused(err) || strict == Strict):
		return found, e.sentences(result), err
	case err != nil:
		result.Failures = append(result.Failures, fallback(err))
	}
	after, err := audit.Run(ctx, afterwards(options, found, strict))
	return merged(found, after), e.sentences(result), err
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

// sentences say what jobs did, and why what they did not.
func (e *Engine) sentences(result Result) []string {
	var texts []string
	for _, err := range e.refusals {
		texts = append(texts, fallback(err))
	}
	if n := result.Jobs + result.Adopted; n > 0 {
		texts = append(texts, fmt.Sprintf("COS Batch rewrote %d objects in %d jobs, %d of which an "+
			"earlier run had begun; %d objects failed.", result.Succeeded, n, result.Adopted,
			result.Failed))
	}
	return append(texts, result.Failures...)
}
