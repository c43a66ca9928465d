// Package cosemutest gives a Go test an emulated COS of its own: one call, nothing to clean up.
//
//	func TestReport(t *testing.T) {
//		server := cosemutest.New(t)
//		client := server.HTTPClient() // or server.Setenv(), for a program that reads the environment
//		...
//		if server.Requests("PutObject") != 1 {
//			t.Error("it was uploaded more than once")
//		}
//	}
//
// Package cosemu says what is emulated; [Server] has all of it, so that a test may make requests
// fail ([cosemu.Server.AddFaults]), let time go by ([cosemu.Server.AdvanceClock]), or look at what
// was stored ([cosemu.Server.Inspect]).
//
// A server serves HTTPS on a free port of this machine, from memory unless the configuration names
// a directory. Tests with servers of their own may run in parallel.
package cosemutest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// DefaultBucket is there if the configuration names no bucket.
const DefaultBucket = "examplebucket-1250000000"

// Server is an emulator that ends with its test.
type Server struct {
	*cosemu.Server
	t          testing.TB
	bucket     string
	region     string
	credential cosemu.Credential
	caFile     string
	client     *http.Client
}

// New starts an emulator with DefaultBucket, and stops it when the test ends. Each of configure may
// change the configuration before. It ends the test if the configuration cannot be. If the test
// fails, its log has the requests that were served.
func New(t testing.TB, configure ...func(*cosemu.Config)) *Server {
	t.Helper()
	var config cosemu.Config
	for _, change := range configure {
		change(&config)
	}
	if len(config.Buckets)+len(config.VersionedBuckets) == 0 {
		config.Buckets = []string{DefaultBucket}
	}
	emulator, err := cosemu.Start(config)
	if err != nil {
		t.Fatalf("starting the emulator: %v", err)
	}
	s := &Server{Server: emulator, t: t, credential: cosemu.DocumentedCredential()}
	if len(config.Credentials) > 0 {
		s.credential = config.Credentials[0]
	}
	s.bucket, s.region = firstBucket(config)
	s.caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.caFile, emulator.CACertificate(), 0o600); err != nil {
		t.Fatalf("writing the CA certificate: %v", err)
	}
	s.client = newHTTPClient(emulator.CACertificate())
	t.Cleanup(s.end)
	return s
}

// firstBucket is the bucket that a configuration names first, and its region.
func firstBucket(config cosemu.Config) (bucket, region string) {
	text := append(append([]string{}, config.Buckets...), config.VersionedBuckets...)[0]
	bucket, region, found := strings.Cut(text, "@")
	if found {
		return bucket, region
	}
	if len(config.Regions) > 0 {
		return bucket, config.Regions[0]
	}
	return bucket, "ap-guangzhou"
}

// end stops the emulator, and tells a test that failed what was asked.
func (s *Server) end() {
	s.client.CloseIdleConnections()
	if err := s.Close(); err != nil {
		s.t.Errorf("stopping the emulator: %v", err)
	}
	if !s.t.Failed() {
		return
	}
	for _, entry := range s.Journal() {
		s.t.Logf("%s %s/%s: %d %s", entry.Op, entry.Bucket, entry.Key, entry.Status, entry.Code)
	}
}

// newHTTPClient trusts one CA, and finds names under .localhost on this machine whatever the
// resolver says of them.
func newHTTPClient(ca []byte) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err == nil && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DialContext: dial,
	}}
}

// Bucket is the first bucket of the configuration.
func (s *Server) Bucket() string { return s.bucket }

// Region is where that bucket is.
func (s *Server) Region() string { return s.region }

// BucketURL is the URL of that bucket, for clients that take one for each bucket.
func (s *Server) BucketURL() string {
	return strings.NewReplacer("{bucket}", s.bucket, "{region}", s.region).Replace(s.EndpointTemplate())
}

// Credential is a key pair that may sign requests.
func (s *Server) Credential() cosemu.Credential { return s.credential }

// CAFile is a file with the CA certificate that clients must trust, for clients that are programs.
// It is gone after the test.
func (s *Server) CAFile() string { return s.caFile }

// HTTPClient is a client that trusts the emulator and reaches it. Requests have to be signed: give
// its Transport to what signs them.
func (s *Server) HTTPClient() *http.Client { return s.client }

// Env is the environment that makes the Terraform provider use the emulator, as name=value like
// os.Environ.
func (s *Server) Env() []string {
	env := []string{
		"COS_ENDPOINT=" + s.EndpointTemplate(),
		"COS_CA_BUNDLE=" + s.caFile,
		"TENCENTCLOUD_REGION=" + s.region,
		"TENCENTCLOUD_SECRET_ID=" + s.credential.SecretID,
		"TENCENTCLOUD_SECRET_KEY=" + s.credential.SecretKey,
	}
	if token := s.credential.SecurityToken; token != "" {
		env = append(env, "TENCENTCLOUD_SECURITY_TOKEN="+token)
	}
	return env
}

// Setenv sets Env for the rest of the test, which then must not be parallel.
func (s *Server) Setenv() {
	s.t.Helper()
	for _, variable := range s.Env() {
		name, value, _ := strings.Cut(variable, "=")
		s.t.Setenv(name, value)
	}
}

// ProviderHCL is a provider block for the emulator, for configurations that a test writes.
func (s *Server) ProviderHCL() string {
	return fmt.Sprintf(`provider "cos" {
  region           = %q
  endpoint         = %q
  custom_ca_bundle = %q
  secret_id        = %q
  secret_key       = %q
}
`, s.region, s.EndpointTemplate(), s.caFile, s.credential.SecretID, s.credential.SecretKey)
}
