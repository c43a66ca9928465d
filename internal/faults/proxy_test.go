package faults_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// proxy stands between provider and emulator and breaks one request.
type proxy struct {
	target string // the emulator's host and port
	port   string
	bundle string // file with the certificates of proxy and emulator
	client *http.Client

	mu    sync.Mutex
	count int
	nth   int // the request to break, from 1; 0 is none
	// writes: only requests that change something count.
	writes bool
	fault  func(*exchange)
}

// startProxy starts a proxy whose certificate is for the buckets' names, or for other names.
func startProxy(t testing.TB, cloud *pt.Cloud, names ...string) *proxy {
	t.Helper()
	if len(names) == 0 {
		names = []string{"*.cos." + pt.Region + ".localhost", "localhost"}
	}
	certificate, authority := certificateFor(t, names)
	endpoint := cloud.Endpoint()
	p := &proxy{target: "127.0.0.1" + endpoint[strings.LastIndex(endpoint, ":"):]}
	p.client = &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // On loopback.
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, p.target)
			},
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
	})
	pt.Must(t, err)
	server := &http.Server{
		Handler: p, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		p.client.CloseIdleConnections()
	})
	_, p.port, err = net.SplitHostPort(listener.Addr().String())
	pt.Must(t, err)
	p.bundle = filepath.Join(t.TempDir(), "bundle.pem")
	pt.Must(t, os.WriteFile(p.bundle, append(authority, cloud.CACertificate()...), 0o600))
	return p
}

// attrs is the provider configuration that leads through the proxy.
func (p *proxy) attrs() pt.Attrs {
	return pt.Attrs{
		"endpoint":         "https://{bucket}.cos.{region}.localhost:" + p.port,
		"custom_ca_bundle": p.bundle,
	}
}

// breakNth breaks the nth request from now on.
func (p *proxy) breakNth(nth int, fault func(*exchange)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count, p.nth, p.fault, p.writes = 0, nth, fault, false
}

// breakWrite breaks the nth request that changes something.
func (p *proxy) breakWrite(nth int, fault func(*exchange)) {
	p.breakNth(nth, fault)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes = true
}

// breakAll breaks every request; nil none.
func (p *proxy) breakAll(fault func(*exchange)) {
	p.breakNth(allRequests, fault)
}

// allRequests is in place of a number.
const allRequests = -1

// requests is how many requests came since the proxy was armed.
func (p *proxy) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	counted := !p.writes || !reads
	if counted {
		p.count++
	}
	fault, broken := p.fault, p.fault != nil && counted &&
		(p.count == p.nth || p.nth == allRequests)
	p.mu.Unlock()
	x := &exchange{proxy: p, w: w, r: r}
	if broken {
		fault(x)
		return
	}
	x.send(x.forward())
}

// exchange is one request and its answer on their way through the proxy.
type exchange struct {
	*proxy
	w http.ResponseWriter
	r *http.Request
}

// reply is an answer, held as a whole.
type reply struct {
	status int
	header http.Header
	body   []byte
	// length is the Content-Length that is sent, -1 for that of the body.
	length int64
}

// forward has the emulator carry the request out.
func (x *exchange) forward() reply {
	body, err := io.ReadAll(x.r.Body)
	if err != nil {
		return reply{status: http.StatusBadGateway, length: -1}
	}
	request := x.r.Clone(context.WithoutCancel(x.r.Context()))
	request.RequestURI, request.URL.Scheme, request.URL.Host = "", "https", x.r.Host
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.ContentLength = int64(len(body))
	if len(body) == 0 {
		request.Body = http.NoBody
	}
	answer, err := x.client.Do(request)
	if err != nil {
		return reply{status: http.StatusBadGateway, length: -1}
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return reply{status: http.StatusBadGateway, length: -1}
	}
	length := int64(len(content))
	if x.r.Method == http.MethodHead {
		length = answer.ContentLength
	}
	return reply{answer.StatusCode, answer.Header.Clone(), content, length}
}

// send answers. A body shorter than its length ends with the connection.
func (x *exchange) send(answer reply) {
	maps.Copy(x.w.Header(), answer.header)
	if answer.length < 0 {
		answer.length = int64(len(answer.body))
	}
	if answer.status != http.StatusNoContent {
		x.w.Header().Set("Content-Length", fmt.Sprint(answer.length))
	}
	x.w.WriteHeader(answer.status)
	if x.r.Method == http.MethodHead {
		return
	}
	_, _ = x.w.Write(answer.body)
	if int64(len(answer.body)) < answer.length {
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// raw hands the connection over to write, and closes it.
func (x *exchange) raw(write func(net.Conn)) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	write(conn)
	_ = conn.Close()
}

// reset ends the connection as a crash does.
func reset(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if wire, ok := conn.(*net.TCPConn); ok {
		_ = wire.SetLinger(0)
		_ = wire.Close()
	}
}

// certificateFor makes a certificate for names, and the authority that signed it as PEM.
func certificateFor(t testing.TB, names []string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	pt.Must(t, err)
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "proxy of a test"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), DNSNames: names,
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	pt.Must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// dribble writes text byte by byte until nobody listens.
func dribble(conn net.Conn, text string) {
	for i := 0; ; i++ {
		_, err := io.WriteString(conn, text[i%len(text):i%len(text)+1])
		if errors.Is(err, net.ErrClosed) || err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond) // The pace of the server; nothing is decided by it.
	}
}
