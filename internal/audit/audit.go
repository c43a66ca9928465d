package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Options says what is audited.
type Options struct {
	Client *cosapi.Client
	Bucket cosapi.ObjectRef // bucket and region
	Prefix string
	// Exclude are beginnings of keys that are counted and not looked at.
	Exclude []string
	// Versions audits earlier versions, too.
	Versions    bool
	Expectation Expectation
	Keyring     cosapi.Keyring
	Budget      Budget
	// Slots bounds the objects looked at over all audits that share it; nil: Concurrency alone.
	Slots chan struct{}
	// Namable reports whether Terraform can carry a key; nil: every key.
	Namable func(key string) bool

	// Evidence and Secret keep the next ledger; a nil Evidence keeps none. Last is the ledger of
	// the audit before, nil where there is none.
	Evidence *Evidence
	Secret   Secret
	Last     *Ledger

	// Engines can rewrite what is in violation: the first that takes an object is its engine.
	// Without any nothing is pending.
	Engines []Engine
	// Rewrite has them do it; nil only counts what is pending.
	Rewrite *Rewrite

	// Visit is called with every object, in the order of the listing.
	Visit func(Object)
	// Progress is called after every page.
	Progress func(*Findings)

	// Now is this machine's clock, Sleep waits; tests replace them.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Rewrite bounds what is rewritten to what a plan has shown.
type Rewrite struct {
	// Max is how many objects at most.
	Max int64
	// Planned is the ledger of the planned audit: only objects whose row in it still stands and is
	// in violation are rewritten. nil: only objects that were last written before PlannedAt.
	Planned   bool
	PlannedAt time.Time
	// Retry rewrites also what COS refused to have rewritten before.
	Retry bool
}

// Object is one object as an audit found it.
type Object struct {
	Listed  cosapi.ListedObject
	Found   cosapi.EncryptionStatus // UnknownEncryption where it could not be seen
	KeyName string                  // of the key in the keyring that opened it
	// Opened: it was looked at, or is proven. Restored: it is archived and has a readable copy.
	Opened, Restored bool
	Excluded         bool
	Unknown          Reason // "" where the encryption is known
	Violation        string // "" where it is as expected
	Blocked          Reason
	Namable          bool
}

// errNoProgress is a listing that repeats itself. What was counted until then is no count.
var errNoProgress = errors.New("the listing does not go forward")

// run is an audit under way.
type run struct {
	Options
	meter    *meter
	found    *Findings
	prints   *fingerprinter
	last     *lastLedger
	next     *newLedger
	changed  bool // the next ledger differs from the last
	listing  hash.Hash
	due      due
	rewrites int64
	now      time.Time // by COS's clock, when the listing began
}

// Run audits. An error is one after which there is nothing to say: the listing failed, or the
// credentials are refused. Findings come with an error, too, and are then incomplete.
//
// A last ledger that does not verify is ignored, with a warning, and everything is looked at.
func Run(ctx context.Context, options Options) (*Findings, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Sleep == nil {
		options.Sleep = pause
	}
	meter := newMeter(options.Budget, options.Now, options.Sleep)
	found, err := newRun(options, meter).all(ctx)
	var unusable *unusableLedger
	if !errors.As(err, &unusable) {
		return found, err
	}
	options.Last = nil
	if options.Rewrite != nil {
		// Without rows the moment of the planned audit has to do.
		rest := *options.Rewrite
		rest.Planned = false
		rest.Max -= found.Rewritten.Objects
		options.Rewrite = &rest
	}
	again, err := newRun(options, meter).all(ctx)
	again.Rewritten.Objects += found.Rewritten.Objects
	again.Rewritten.Bytes += found.Rewritten.Bytes
	again.Warnings = append([]string{unusable.Error()}, again.Warnings...)
	return again, err
}

func newRun(options Options, meter *meter) *run {
	r := &run{
		Options: options, meter: meter, found: newFindings(), listing: sha256.New(),
	}
	if r.Evidence != nil {
		r.prints = newFingerprinter(r.Secret)
	}
	return r
}

// all runs the audit from the first page to the ledger.
func (r *run) all(ctx context.Context) (*Findings, error) {
	bounded, cancel := r.bounded(ctx)
	defer cancel()
	err := r.begin(ctx)
	if err == nil {
		err = r.pages(bounded)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		r.meter.stop(r.whyEnded(ctx))
		err = nil
	}
	r.found.Stopped, r.found.Requests = r.meter.reason(), r.meter.requests()
	r.found.EndedAt = r.Client.Now()
	r.found.ListingSHA256 = hexOf(r.listing.Sum(nil))
	r.found.Complete = err == nil && r.found.Stopped == ""
	if endErr := r.end(ctx, err); err == nil {
		err = endErr
	}
	return r.found, err
}

// bounded ends requests that are under way when the time is over.
func (r *run) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.Budget.MaxDuration <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, r.Budget.MaxDuration)
}

func (r *run) whyEnded(ctx context.Context) string {
	if ctx.Err() == nil {
		return StoppedDuration
	}
	return StoppedCanceled
}

// begin opens the last ledger and begins the next one.
func (r *run) begin(ctx context.Context) error {
	r.found.ListedAt = r.Client.Now().UTC().Truncate(time.Second)
	r.now = r.found.ListedAt
	if r.Evidence == nil {
		return nil
	}
	if r.Last != nil {
		last, err := r.openLast(ctx)
		if err != nil {
			return err
		}
		r.last, r.due = last, newDue(*r.Last, r.now)
	}
	next, err := r.Evidence.create(ctx, r.Secret, r.header())
	if err != nil {
		r.cannotKeep(err)
		return nil
	}
	r.next = next
	return nil
}

func (r *run) header() header {
	return header{
		Region: r.Bucket.Region, Bucket: r.Bucket.Bucket, Prefix: r.Prefix, Versions: r.Versions,
		ListedAt: r.found.ListedAt,
	}
}

// cannotKeep goes on without a next ledger: the findings stand without it.
func (r *run) cannotKeep(err error) {
	r.found.Warnings = append(r.found.Warnings, fmt.Sprintf(
		"The ledger could not be written to %s, so the next audit looks at all of this again: %v",
		r.Evidence.Bucket.Bucket, err))
	if r.next != nil {
		_ = r.next.abandon(nil)
	}
	r.next = nil
}

// keep writes a row of the next ledger.
func (r *run) keep(kept row) {
	if r.next == nil {
		return
	}
	if err := r.next.add(kept); err != nil {
		r.cannotKeep(err)
	}
}

// end keeps the rest of the last ledger where the audit did not get that far, and stores the next
// one if it says anything that the last does not. What was learned is kept also when the caller's
// time is over.
func (r *run) end(ctx context.Context, failure error) error {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepPatience)
	defer cancel()
	if r.next != nil {
		r.next.setContext(own)
	}
	if r.last != nil {
		r.last.source.ctx = own
		if err := r.endLast(failure != nil || r.found.Stopped != ""); err != nil {
			return r.abandoned(err)
		}
	}
	switch {
	case r.next == nil:
		return nil
	case r.last != nil && !r.changed:
		_ = r.next.abandon(nil)
		r.found.Ledger = r.Last
		return nil
	}
	ledger, err := r.next.commit()
	if err != nil {
		r.cannotKeep(err)
		return nil
	}
	r.found.Ledger = &ledger
	return nil
}

// endLast reads the last ledger to its end: of an audit that was cut short the rest stays, of one
// that was not the rest is gone from the bucket.
func (r *run) endLast(short bool) error {
	if short {
		return r.last.rest(r.keep)
	}
	err := r.last.rest(func(row) { r.drop(1) })
	r.drop(r.last.leave())
	return err
}

func (r *run) abandoned(err error) error {
	if r.next != nil {
		_ = r.next.abandon(nil)
		r.next = nil
	}
	return err
}

// keepPatience bounds how long storing the ledger may take once the audit is over.
const keepPatience = 2 * time.Minute

func (r *run) drop(n int64) {
	if n > 0 {
		r.found.Dropped += n
		r.changed = true
	}
}

// excluded reports a key that is counted and not looked at.
func (r *run) excluded(key string) bool {
	for _, beginning := range r.Exclude {
		if strings.HasPrefix(key, beginning) {
			return true
		}
	}
	return false
}

func (r *run) namable(key string) bool {
	return utf8.ValidString(key) && (r.Namable == nil || r.Namable(key))
}

// pause waits, or returns the context's error if that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
