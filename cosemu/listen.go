package cosemu

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// listeners are what Start and StartHTTP opened.
type listeners struct {
	certificates certificates
	address      string // host:port of HTTPS
	httpAddress  string
	closeMu      sync.Mutex
	servers      []*http.Server
}

// Start serves HTTPS on a free port of 127.0.0.1 until Close.
func Start(config Config) (*Server, error) { return StartAt(config, "127.0.0.1:0") }

// StartAt is Start on an address of the caller's choice. It must be on loopback, unless
// Config.AllowRemote.
func StartAt(config Config, address string) (*Server, error) {
	s, err := New(config)
	if err != nil {
		return nil, err
	}
	listener, err := s.listenHTTPS(address)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.address = listener.Addr().String()
	s.serve(tls.NewListener(listener, s.tlsConfig()), s)
	return s, nil
}

func (s *Server) tlsConfig() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{s.certificates.leaf},
		NextProtos:   []string{"http/1.1"},
		MinVersion:   tls.VersionTLS12,
	}
}

// listenHTTPS opens an address and finds the certificates for it: those of the last start, where
// there is a data directory.
func (s *Server) listenHTTPS(address string) (net.Listener, error) {
	made, found := s.store.disk.loadCertificates(s.config.Regions, s.config.Proxy)
	if !found {
		var err error
		if made, err = newCertificates(s.config.Regions, s.config.Proxy); err != nil {
			return nil, err
		}
		if err := s.store.disk.saveCertificates(made); err != nil {
			return nil, fmt.Errorf("keeping the certificates: %w", err)
		}
	}
	s.certificates = made
	return s.listen(address)
}

// StartHTTP serves plain HTTP as well, where SSE-C is refused.
func (s *Server) StartHTTP(address string) error {
	listener, err := s.listen(address)
	if err != nil {
		return err
	}
	s.httpAddress = listener.Addr().String()
	s.serve(listener, s)
	return nil
}

// StartAdmin serves AdminHandler on an address, by plain HTTP, and returns the address in use.
func (s *Server) StartAdmin(address string) (string, error) {
	if err := s.checkAddress(address); err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	s.serve(listener, s.AdminHandler())
	return listener.Addr().String(), nil
}

// listen opens an address; with a connection rate, its connections are limited.
func (s *Server) listen(address string) (net.Listener, error) {
	if err := s.checkAddress(address); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	if s.config.ConnectionRate > 0 {
		return rateListener{Listener: listener, rate: s.config.ConnectionRate}, nil
	}
	return listener, nil
}

// checkAddress refuses addresses that other machines could reach, unless they may.
func (s *Server) checkAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if !s.config.AllowRemote && !isLoopback(host) {
		return fmt.Errorf("address %q is not on loopback, and remote access is not allowed", address)
	}
	return nil
}

func (s *Server) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: time.Minute,
		// Clients that go away are part of what is tested.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.closeMu.Lock()
	s.servers = append(s.servers, server)
	s.closeMu.Unlock()
	go func() { _ = server.Serve(listener) }()
}

// Close stops serving, cuts all connections, and gives the data directory free.
func (s *Server) Close() error {
	s.closeMu.Lock()
	defer s.closeMu.Unlock()
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(append(errs, s.store.disk.close())...)
}

// CACertificate returns the CA certificate that HTTPS clients must trust, as PEM; nil without an
// HTTPS listener.
func (s *Server) CACertificate() []byte { return s.certificates.caPEM }

// EndpointTemplate returns the URL template of the HTTPS listener with {bucket} and {region} left
// to fill in; empty without that listener.
func (s *Server) EndpointTemplate() string { return endpoint("https", "{region}", s.address) }

// Endpoint is EndpointTemplate for the first region.
func (s *Server) Endpoint() string { return endpoint("https", s.config.Regions[0], s.address) }

// HTTPEndpointTemplate is EndpointTemplate for the listener of StartHTTP.
func (s *Server) HTTPEndpointTemplate() string {
	return endpoint("http", "{region}", s.httpAddress)
}

func endpoint(scheme, region, address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return scheme + "://{bucket}.cos." + region + ".localhost:" + port
}
