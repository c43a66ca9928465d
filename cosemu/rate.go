package cosemu

import (
	"net"
	"time"
)

// rateListener limits each connection that it accepts.
type rateListener struct {
	net.Listener
	rate int64
}

// Accept implements net.Listener.
func (l rateListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &rateConn{Conn: conn, in: newPacer(l.rate), out: newPacer(l.rate)}, nil
}

// rateConn passes so many bytes a second in each direction, like a link of that width. As with the
// connections of package net, one goroutine may read while another writes.
type rateConn struct {
	net.Conn
	in, out pacer
}

// NetConn returns the connection that is limited, as the method of tls.Conn does.
func (c *rateConn) NetConn() net.Conn { return c.Conn }

// Read implements io.Reader.
func (c *rateConn) Read(p []byte) (int, error) {
	return readPaced(c.Conn, p, &c.in)
}

// Write implements io.Writer.
func (c *rateConn) Write(p []byte) (int, error) { return writePaced(c.Conn, p, &c.out) }

// pacer spreads bytes over time.
type pacer struct {
	rate  int64 // bytes a second
	due   time.Time
	sleep func(time.Duration)
}

func newPacer(rate int64) pacer { return pacer{rate: rate, sleep: time.Sleep} }

// piece is how many bytes may pass between two waits: those of 20 ms.
func (p *pacer) piece() int { return int(max(1, p.rate/50)) }

// pacerCredit is how far a pacer may lag and still catch up. Timers wake late; without credit, what
// they oversleep would be lost, and a connection would pass far less than its rate.
const pacerCredit = 20 * time.Millisecond

// spend waits until n more bytes have had their time.
func (p *pacer) spend(n int) {
	now := time.Now()
	switch earliest := now.Add(-pacerCredit); {
	case p.due.IsZero():
		p.due = now
	case p.due.Before(earliest):
		p.due = earliest
	}
	p.due = p.due.Add(time.Duration(n) * time.Second / time.Duration(p.rate))
	// To sleep for less than the timer's precision would only add overhead.
	if wait := p.due.Sub(now); wait > time.Millisecond {
		p.sleep(wait)
	}
}
