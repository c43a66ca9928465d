package audit

import (
	"context"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Candidate is an object that may be rewritten, as it was when it was found in violation.
type Candidate struct {
	Ref          cosapi.ObjectRef
	ETag         string
	LastModified time.Time
	Size         int64
	StorageClass string
	Found        cosapi.EncryptionStatus
}

// State is what became of a candidate.
type State int

// The states.
const (
	// Rewritten: it is as wanted now; Outcome.Result says what it is.
	Rewritten State = iota
	// Changed: it is no longer the object that was found. Nothing was done.
	Changed
	// Blocked: it cannot be rewritten, for Outcome.Reason.
	Blocked
	// Deferred: an engine has taken it and will say later; the next audit looks at it.
	Deferred
)

// Outcome is what became of a candidate.
type Outcome struct {
	State  State
	Reason Reason
	Result cosapi.WriteResult
	Err    error // the cause, for Blocked
}

// Remote is an Engine whose requests COS makes itself: the audit's rate and bounds are not theirs.
type Remote interface {
	Engine
	// Remote does nothing.
	Remote()
}

// Engine rewrites objects. Rewrite is called from many goroutines, once per candidate, and only
// for candidates that it Takes. An error ends the run: it is one that every further candidate
// would meet.
type Engine interface {
	// Name is how the bill calls it.
	Name() string
	// Takes reports whether the engine may rewrite the object; another engine is asked where not.
	Takes(Candidate) bool
	// Cost is how many requests a candidate takes, for the bill.
	Cost(Candidate) int64
	// Rewrite rewrites the object if it still is the candidate.
	Rewrite(context.Context, Candidate) (Outcome, error)
}
