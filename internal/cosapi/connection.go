package cosapi

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// terraformParallelism is the number of objects that Terraform works on at once by default. The
// pool keeps connections for that many, each with all its parts under way.
const terraformParallelism = 10

// newTransport returns the one pool of connections of a client. HTTP/2 stays off: COS speaks
// HTTP/1.1, and with one connection per request an idle connection is an idle request.
func newTransport(config Config) (*http.Transport, error) {
	roots, err := credential.TrustedRoots(config.CABundle)
	if err != nil {
		return nil, err
	}
	connections := terraformParallelism * max(config.TransferConcurrency, 1)
	return &http.Transport{
		Proxy:               credential.ProxyFor,
		DialContext:         (&idleDialer{idle: config.IdleTimeout}).dial,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 15 * time.Second,
		MaxIdleConnsPerHost: connections,
		// Below IdleTimeout, so that a connection is not cut just when it is used again.
		IdleConnTimeout: config.IdleTimeout * 3 / 4,
		// Decompressing on the fly would change objects that are stored with a Content-Encoding.
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBlock,
		WriteBufferSize:        64 << 10,
		ReadBufferSize:         64 << 10,
	}, nil
}

// idleDialer opens connections that break when they move nothing.
type idleDialer struct {
	dialer net.Dialer
	idle   time.Duration
}

func (d *idleDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && credential.IsLocalhost(host) {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	dialer := d.dialer
	dialer.Timeout = min(d.idle, 30*time.Second)
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	watched := &idleConn{Conn: conn}
	watched.allow(d.idle)
	return watched, nil
}

// idleConn is a connection whose deadline moves on with every byte, in either direction: a long
// upload must not look idle because nothing is read meanwhile.
type idleConn struct {
	net.Conn
	idle    atomic.Int64 // time.Duration
	moved   atomic.Int64 // unix nanoseconds when the deadline was last moved
	written atomic.Int64 // bytes, since the connection was made
}

// allow sets how long the connection may be idle from here on.
func (c *idleConn) allow(idle time.Duration) {
	c.idle.Store(int64(idle))
	c.moved.Store(0)
	c.extend()
}

// extend moves the deadline. It does so at most 16 times per idle period, to spare the timers.
func (c *idleConn) extend() {
	now, idle := time.Now(), time.Duration(c.idle.Load())
	if now.UnixNano()-c.moved.Load() < int64(idle/16) {
		return
	}
	c.moved.Store(now.UnixNano())
	_ = c.SetDeadline(now.Add(idle))
}

// Read implements net.Conn.
func (c *idleConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.extend()
	}
	return n, err
}

// Write implements net.Conn. It writes piecemeal, because a single large write to a slow peer
// would look idle although bytes move.
func (c *idleConn) Write(p []byte) (int, error) {
	const piece = 16 << 10
	written := 0
	for {
		n, err := c.Conn.Write(p[written:min(len(p), written+piece)])
		written += n
		c.written.Add(int64(n))
		if n > 0 {
			c.extend()
		}
		if err != nil || written == len(p) {
			return written, err
		}
	}
}
