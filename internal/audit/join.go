package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

const (
	// An object written less than settling before a listing began may have been written again
	// since, within the second that Last-Modified has.
	settling = 60
	// A look within sameSecond of Last-Modified may have been at what was there before the write
	// that it shows, or at a first of two writes.
	sameSecond = 2
	// everyDays is how often each object is looked at again, whatever the listing says.
	everyDays = 90
)

// lastLedger is the cursor of the merge join in the last ledger.
type lastLedger struct {
	reader *ledgerReader
	source *ledgerSource
	header header
	// group are the rows of one key, versions of it; taken are those that were matched.
	group []row
	taken int64
	ahead *row // the first row behind the group
	ended bool
}

// unusableLedger is a last ledger that must not be used.
type unusableLedger struct {
	key   string
	cause error
}

func (e *unusableLedger) Error() string {
	return fmt.Sprintf("The ledger %s is ignored, and every object was looked at again: %v",
		e.key, e.cause)
}

func (e *unusableLedger) Unwrap() error { return e.cause }

// openLast opens the last ledger. One that is gone, or that may not be read, is unusable as well.
func (r *run) openLast(ctx context.Context) (*lastLedger, error) {
	reader, source, err := r.Evidence.open(ctx, *r.Last, r.Secret)
	if err != nil {
		return nil, r.unusable(err)
	}
	h, want := reader.header, r.header()
	if h.Bucket != want.Bucket || h.Region != want.Region || h.Prefix != want.Prefix ||
		h.Versions != want.Versions || !h.ListedAt.Equal(r.Last.ListedAt) {
		return nil, r.unusable(errForeign)
	}
	return &lastLedger{reader: reader, source: source, header: h}, nil
}

// unusable wraps any reason for which a ledger cannot be read, but for the end of the caller's time.
func (r *run) unusable(err error) error {
	if cosapi.Classify(err) == cosapi.ClassCanceled || errors.Is(err, context.Canceled) {
		return err
	}
	return &unusableLedger{key: r.Last.Key, cause: err}
}

// peek is the next row, nil at the end.
func (l *lastLedger) peek() (*row, error) {
	if l.ahead != nil || l.ended {
		return l.ahead, nil
	}
	next, err := l.reader.next()
	if errors.Is(err, io.EOF) {
		l.ended = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.ahead = &next
	return l.ahead, nil
}

// seek moves to the rows of a key and returns how many rows it left behind unmatched.
func (l *lastLedger) seek(key string) (int64, error) {
	if len(l.group) > 0 && l.group[0].key == key {
		return 0, nil
	}
	dropped := l.leave()
	for {
		next, err := l.peek()
		if err != nil || next == nil || next.key > key {
			return dropped, err
		}
		if next.key == key {
			l.group = append(l.group, *next)
		} else {
			dropped++
		}
		l.ahead = nil
	}
}

// leave gives the group up and returns how many of its rows were not matched.
func (l *lastLedger) leave() int64 {
	left := int64(len(l.group)) - l.taken
	l.group, l.taken = l.group[:0], 0
	return left
}

// match returns the row of a version of the group's key, nil if there is none.
func (l *lastLedger) match(version string) *row {
	for i := range l.group {
		if l.group[i].version == version {
			l.taken++
			found := l.group[i]
			return &found
		}
	}
	return nil
}

// rest hands over every row behind the group.
func (l *lastLedger) rest(keep func(row)) error {
	for {
		next, err := l.peek()
		if err != nil || next == nil {
			return err
		}
		keep(*next)
		l.ahead = nil
	}
}

// due chooses what is looked at again although its row stands: what was proven longest ago, as many
// objects as the days since the last audit ask for.
type due struct {
	before int64 // rows of earlier days are due
	left   int64 // rows of the day before that are due, too
	settle int64 // rows modified later than this were too young when they were listed
}

func newDue(last Ledger, now time.Time) due {
	d := due{settle: last.ListedAt.Unix() - settling}
	oldest := dayOf(now.Unix()) - everyDays
	allowed := int64(float64(last.Rows) * now.Sub(last.ListedAt).Hours() / 24 / everyDays)
	days, counts := last.sorted()
	for _, day := range days {
		n := counts[day]
		if day >= oldest && n > allowed {
			d.before, d.left = day, allowed
			return d
		}
		allowed = max(0, allowed-n)
		d.before = day + 1
	}
	return d
}

// trusts reports whether a row whose fingerprint stands is proof.
func (d *due) trusts(r *row) bool {
	if r.replica || r.modified > d.settle || r.looked-r.modified < sameSecond {
		return false
	}
	switch day := dayOf(r.looked); {
	case day < d.before:
		return false
	case day == d.before && d.left > 0:
		d.left--
		return false
	}
	return true
}
