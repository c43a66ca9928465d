package cosemu

import (
	"net"
	"time"
)

// rateListener limits every connection it accepts.
type rateListener struct {
	net.Listener
	rate int64
}

func (l rateListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &rateConn{Conn: conn, rate: l.rate}, nil
}

// rateConn passes rate bytes a second in each direction, like a link of that width.
type rateConn struct {
	net.Conn
	rate        int64
	read, wrote pacer
}

// pacer sleeps off what was sent too fast.
type pacer struct{ due time.Time }

func (p *pacer) spend(n int, rate int64) {
	now := time.Now()
	if p.due.Before(now) {
		p.due = now
	}
	p.due = p.due.Add(time.Duration(n) * time.Second / time.Duration(rate))
	// Sleeping for less than the timer's precision would only add overhead.
	if wait := p.due.Sub(now); wait > time.Millisecond {
		time.Sleep(wait)
	}
}

func (c *rateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.spend(n, c.rate)
	return n, err
}

func (c *rateConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.wrote.spend(n, c.rate)
	return n, err
}

// NetConn is the connection that is limited.
func (c *rateConn) NetConn() net.Conn { return c.Conn }
