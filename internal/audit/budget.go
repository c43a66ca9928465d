package audit

import (
	"context"
	"sync"
	"time"
)

// Budget bounds an audit. The zero value of a field is no bound, but for Concurrency.
type Budget struct {
	MaxDuration time.Duration
	MaxRequests int64   // requests to COS, repeated tries not counted
	MaxObjects  int64   // objects counted
	MaxErrors   int64   // objects that could not be looked at
	Rate        float64 // requests a second
	Concurrency int     // objects looked at side by side; 0 is 64
}

// DefaultConcurrency is Budget.Concurrency where it is not set.
const DefaultConcurrency = 64

// The reasons for which an audit stops before the end, as Findings.Stopped has them.
const (
	StoppedDuration = "max_duration"
	StoppedRequests = "max_requests"
	StoppedObjects  = "limit"
	StoppedErrors   = "max_errors"
	StoppedCanceled = "canceled"
)

// meter spends a budget.
type meter struct {
	budget Budget
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error

	mu      sync.Mutex
	ends    time.Time // zero: never
	spent   int64
	errors  int64
	free    time.Time // when the next request may go out
	stopped string
}

func newMeter(
	budget Budget, now func() time.Time, sleep func(context.Context, time.Duration) error,
) *meter {
	m := &meter{budget: budget, now: now, sleep: sleep}
	if budget.MaxDuration > 0 {
		m.ends = now().Add(budget.MaxDuration)
	}
	return m
}

// spend waits for n requests' turn. It reports false where the budget does not have them.
func (m *meter) spend(ctx context.Context, n int64) bool {
	pause, ok := m.reserve(n)
	if !ok {
		return false
	}
	if pause > 0 && m.sleep(ctx, pause) != nil {
		m.stop(StoppedCanceled)
		return false
	}
	return ctx.Err() == nil
}

func (m *meter) reserve(n int64) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	switch {
	case m.stopped != "":
		return 0, false
	case !m.ends.IsZero() && !now.Before(m.ends):
		m.stopped = StoppedDuration
		return 0, false
	case m.budget.MaxRequests > 0 && m.spent+n > m.budget.MaxRequests:
		m.stopped = StoppedRequests
		return 0, false
	}
	m.spent += n
	if m.budget.Rate <= 0 {
		return 0, true
	}
	// A tenth of a second may be caught up on, so that waking up late costs no requests.
	if late := now.Add(-100 * time.Millisecond); m.free.Before(late) {
		m.free = late
	}
	m.free = m.free.Add(time.Duration(float64(n) / m.budget.Rate * float64(time.Second)))
	return m.free.Sub(now), true
}

// failed counts an object that could not be looked at.
func (m *meter) failed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errors++
	if m.budget.MaxErrors > 0 && m.errors > m.budget.MaxErrors && m.stopped == "" {
		m.stopped = StoppedErrors
	}
}

// stop ends the audit; the first reason stays.
func (m *meter) stop(reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped == "" {
		m.stopped = reason
	}
}

func (m *meter) reason() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stopped
}

func (m *meter) requests() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.spent
}
