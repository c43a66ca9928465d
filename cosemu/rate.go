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
	return &rateConn{Conn: conn, in: pacer{rate: l.rate}, out: pacer{rate: l.rate}}, nil
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
	n, err := c.Conn.Read(p[:min(len(p), c.in.piece())])
	c.in.spend(n)
	return n, err
}

// Write implements io.Writer. It writes piece by piece: to send everything at once and wait then
// would be no limit for a small answer.
func (c *rateConn) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n, err := c.Conn.Write(p[written:min(len(p), written+c.out.piece())])
		written += n
		if err != nil {
			return written, err
		}
		c.out.spend(n)
	}
	return written, nil
}

// pacer spreads bytes over time.
type pacer struct {
	rate int64 // bytes a second
	due  time.Time
}

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
		time.Sleep(wait)
	}
}
