package cosemu

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// proxyDomains are COS's own, which a proxy ends TLS for.
var proxyDomains = []string{"myqcloud.com", "tencentcos.cn"}

// StartProxy serves an HTTP proxy for clients that cannot be given another endpoint, and returns the
// address in use. It carries out requests to COS's own domains itself, those by CONNECT with the
// server's certificate, and refuses all others: nothing leaves the machine. The address must be on
// loopback, whatever Config.AllowRemote says, and Config.Proxy must be set.
func (s *Server) StartProxy(address string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	switch {
	case err != nil:
		return "", fmt.Errorf("address %q: %w", address, err)
	case !isLoopback(host):
		return "", fmt.Errorf("address %q is not on loopback", address)
	case !s.config.Proxy || s.certificates.caPEM == nil:
		return "", errors.New("a proxy needs Config.Proxy and an HTTPS listener")
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	tunnels := &tunnelListener{address: listener.Addr(), conns: make(chan net.Conn), done: make(chan struct{})}
	s.serve(tls.NewListener(tunnels, s.tlsConfig()), s)
	s.serve(listener, &proxy{server: s, tunnels: tunnels})
	return listener.Addr().String(), nil
}

// proxy serves requests that name another host than that of the proxy.
type proxy struct {
	server  *Server
	tunnels *tunnelListener
}

// ServeHTTP opens a tunnel, or carries out a request by plain HTTP.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	port := "80"
	if r.Method == http.MethodConnect {
		port = "443"
	}
	switch {
	case !r.URL.IsAbs() && r.Method != http.MethodConnect:
		http.Error(w, "cosemu is a proxy here; name it as one", http.StatusBadRequest)
	case !ownHost(r.Host, port):
		http.Error(w, "cosemu is a proxy for COS's own domains only, not for "+r.Host,
			http.StatusForbidden)
	case r.Method == http.MethodConnect:
		p.connect(w)
	default:
		p.server.ServeHTTP(w, r)
	}
}

// ownHost reports a host of COS's own domains, on the port of its protocol or without one.
func ownHost(hostport, port string) bool {
	host := strings.ToLower(hostport)
	if h, given, err := net.SplitHostPort(host); err == nil {
		if given != port {
			return false
		}
		host = h
	}
	for _, domain := range proxyDomains {
		if strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// connect hands the connection over to the listener of tunnels.
func (p *proxy) connect(w http.ResponseWriter) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	p.tunnels.open(&tunnel{Conn: conn, early: buffered.Reader})
}

// tunnel is a connection of which some bytes were read already.
type tunnel struct {
	net.Conn
	early io.Reader
}

// Read implements io.Reader. The buffered reader goes on with the connection.
func (t *tunnel) Read(p []byte) (int, error) { return t.early.Read(p) }

// tunnelListener accepts the connections that a proxy handed over.
type tunnelListener struct {
	address net.Addr
	conns   chan net.Conn
	done    chan struct{}
	once    sync.Once
}

func (l *tunnelListener) open(conn net.Conn) {
	select {
	case l.conns <- conn:
	case <-l.done:
		_ = conn.Close()
	}
}

// Accept implements net.Listener.
func (l *tunnelListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *tunnelListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *tunnelListener) Addr() net.Addr { return l.address }
