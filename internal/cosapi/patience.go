package cosapi

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http/httptrace"
	"sync"
	"time"
)

// watch ends a try that takes too long, whatever it is doing: a server that sends a byte now and
// then is never idle. It has one timer.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc

	header time.Duration // for the header of the answer
	rate   int64         // bytes a second, 0 for none
	window time.Duration // over which the rate holds

	patient bool // only silence and the total count

	mu    sync.Mutex
	timer *time.Timer
	due   time.Time // when timer fires next
	phase phase
	err   error // why the watch ended the try
	conn  *idleConn
	moved int64 // bytes of the phase, when the window began
	got   int64 // bytes of the body, received
	// waited is how long the body was waited for in this window: a reader that takes its time is
	// not the server's fault. since is when the wait began, zero while nobody waits.
	waited time.Duration
	since  time.Time
}

// phase is what a try is doing.
type phase int

const (
	phaseSending phase = iota
	phaseWaiting
	phaseReceiving
	phaseOver
)

// patienceError says which limit a try has exceeded.
type patienceError struct{ text string }

// Error implements error.
func (e *patienceError) Error() string { return e.text }

// watch begins to watch a try of call.
func (t *signingTransport) watch(ctx context.Context, call *call) *watch {
	w := &watch{
		header: t.config.HeaderTimeout, rate: t.config.MinRate, window: t.config.RateWindow,
		patient: call.patient,
	}
	ctx, w.cancel = context.WithCancelCause(ctx)
	idle := t.config.IdleTimeout
	if call.patient {
		idle = t.config.CopyIdleTimeout
		total := t.config.CopyTimeout
		w.timer = time.AfterFunc(total, func() {
			w.fail("there was no answer within %s", total)
		})
	} else {
		w.due = time.Now().Add(w.window)
		w.timer = time.AfterFunc(w.window, w.tick)
	}
	w.ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(info httptrace.GotConnInfo) { w.connected(info, idle) },
		WroteRequest: func(httptrace.WroteRequestInfo) { w.sent() },
	})
	return w
}

// connected makes the connection that serves the request wait for idle without a byte.
func (w *watch) connected(info httptrace.GotConnInfo, idle time.Duration) {
	conn := info.Conn
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	watched, ok := conn.(*idleConn)
	if !ok {
		return
	}
	watched.allow(idle)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.moved = watched, watched.written.Load()
}

// sent begins the wait for the answer.
func (w *watch) sent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.phase != phaseSending || w.patient {
		return
	}
	w.phase = phaseWaiting
	if w.header > 0 {
		w.reset(w.header)
	} else {
		w.timer.Stop()
	}
}

// reset has the timer fire after d. One that fires just now is told so by due.
func (w *watch) reset(d time.Duration) {
	w.due = time.Now().Add(d)
	w.timer.Reset(d)
}

// receiving watches the body of an answer until it is read or closed.
func (w *watch) receiving(body io.ReadCloser) io.ReadCloser {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.phase == phaseOver {
		return body
	}
	w.phase, w.moved = phaseReceiving, 0
	if !w.patient {
		w.reset(w.window)
	}
	return &patientBody{ReadCloser: body, watch: w}
}

// tick judges the window that has passed.
func (w *watch) tick() {
	w.mu.Lock()
	if time.Now().Before(w.due) {
		w.mu.Unlock()
		return
	}
	phase, next := w.phase, w.window
	slow := false
	switch phase {
	case phaseSending:
		slow = w.isSlowToSend()
	case phaseReceiving:
		slow, next = w.isSlowToSendBack()
	}
	if phase != phaseOver && phase != phaseWaiting && !slow {
		w.reset(next)
	}
	w.mu.Unlock()
	switch {
	case phase == phaseWaiting:
		w.fail("the header of the answer did not come within %s", w.header)
	case slow:
		w.fail("fewer than %d bytes a second moved for %s", w.rate, w.window)
	}
}

// isSlowToSend judges how much of the request has gone out. Before there is a connection, dialling
// has limits of its own.
func (w *watch) isSlowToSend() bool {
	if w.conn == nil || w.rate <= 0 {
		return false
	}
	moved := w.conn.written.Load() - w.moved
	w.moved += moved
	return moved < w.least()
}

// isSlowToSendBack judges how much of the answer has come while it was waited for, once that was
// for a whole window; else it returns how much of one is missing.
func (w *watch) isSlowToSendBack() (bool, time.Duration) {
	if w.rate <= 0 {
		return false, w.window
	}
	if !w.since.IsZero() {
		now := time.Now()
		w.waited += now.Sub(w.since)
		w.since = now
	}
	if missing := w.window - w.waited; missing > 0 {
		return false, missing
	}
	moved := w.got - w.moved
	w.moved, w.waited = w.got, 0
	return moved < w.least(), w.window
}

// least is the number of bytes that a window must move.
func (w *watch) least() int64 { return int64(float64(w.rate) * w.window.Seconds()) }

// fail ends the try.
func (w *watch) fail(format string, args ...any) {
	w.mu.Lock()
	if w.phase == phaseOver {
		w.mu.Unlock()
		return
	}
	w.phase, w.err = phaseOver, &patienceError{fmt.Sprintf(format, args...)}
	w.mu.Unlock()
	w.cancel(w.err)
}

// end ends the watch of a try that failed, and returns why: err, or what the watch found.
func (w *watch) end(err error) error {
	w.over()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	return err
}

// over ends the watch.
func (w *watch) over() {
	w.mu.Lock()
	w.phase = phaseOver
	w.timer.Stop()
	w.mu.Unlock()
	w.cancel(nil)
}

// patientBody is the body of an answer under watch.
type patientBody struct {
	io.ReadCloser
	watch *watch
}

// Read implements io.Reader. Its error says what the watch found.
func (b *patientBody) Read(p []byte) (int, error) {
	b.watch.waiting()
	n, err := b.ReadCloser.Read(p)
	b.watch.received(n)
	if err == nil {
		return n, nil
	}
	if err == io.EOF { //nolint:errorlint // A reader returns it bare.
		b.watch.over()
		return n, err
	}
	return n, b.watch.end(err)
}

// Close implements io.Closer.
func (b *patientBody) Close() error {
	err := b.ReadCloser.Close()
	b.watch.over()
	return err
}

func (w *watch) waiting() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
}

func (w *watch) received(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got += int64(n)
	w.waited += time.Since(w.since)
	w.since = time.Time{}
}
