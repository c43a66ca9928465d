package cosemu

import (
	"net/http"
	"sync"
	"time"
)

// emulatedClock is the time in the emulator: that of another clock, moved or stopped.
type emulatedClock struct {
	mu      sync.Mutex
	base    func() time.Time
	offset  time.Duration
	stopped time.Time // zero: it runs
}

func (c *emulatedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return c.base().Add(c.offset)
}

// ClockState is the emulator's clock: what time it is there, and whether it stands still.
type ClockState struct {
	Now     time.Time `json:"now"`
	Stopped bool      `json:"stopped"`
}

// Clock returns the time in the emulator. Dates of objects, restores, locks, listings that lag and
// the expiry of tokens follow it; the times of signatures do not, because clients have clocks of
// their own. [FaultOfKind] has clock-skew for a client whose clock is wrong.
func (s *Server) Clock() ClockState {
	now := s.clock.now()
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	return ClockState{Now: now, Stopped: !s.clock.stopped.IsZero()}
}

// SetClock sets the emulator's clock, to run on from there or to stand still. Objects may be dated
// in its future when it is set back.
func (s *Server) SetClock(to ClockState) error {
	s.clock.mu.Lock()
	s.clock.offset, s.clock.stopped = to.Now.Sub(s.clock.base()), time.Time{}
	if to.Stopped {
		s.clock.stopped = to.Now
	}
	s.clock.mu.Unlock()
	return s.saveAccount()
}

// AdvanceClock moves the emulator's clock: days go by. A clock that stands still stands later.
func (s *Server) AdvanceClock(by time.Duration) error {
	s.clock.mu.Lock()
	s.clock.offset += by
	if !s.clock.stopped.IsZero() {
		s.clock.stopped = s.clock.stopped.Add(by)
	}
	s.clock.mu.Unlock()
	return s.saveAccount()
}

// putClock sets the clock, or advances it.
func (s *Server) putClock(w http.ResponseWriter, r *http.Request) {
	var request struct {
		ClockState
		Advance Duration `json:"advance"`
	}
	err := readJSON(w, r, &request)
	switch {
	case err != nil:
	case request.Now.IsZero() && request.Stopped:
		err = s.SetClock(ClockState{Now: s.clock.now(), Stopped: true})
	case !request.Now.IsZero():
		err = s.SetClock(request.ClockState)
	}
	if err == nil && request.Advance != 0 {
		err = s.AdvanceClock(time.Duration(request.Advance))
	}
	answerError(w, err)
}
