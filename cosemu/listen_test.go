package cosemu

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestSignedHTTPS(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	put := c.do("PUT", "/dir/a%20b%2Bc%28%E4%BA%91%29.txt", "body", withKey(keyOne)...)
	put.expect(t, 200, "")
	get := c.do("GET", "/dir/a%20b%2Bc%28%E4%BA%91%29.txt", "", withKey(keyOne)...)
	get.expect(t, 200, "")
	if get.body != "body" {
		t.Errorf("body = %q", get.body)
	}
	c.do("GET", "/dir/a%20b%2Bc%28%E4%BA%91%29.txt", "").expect(t, 400, "SsecDecryptHeaderInvalid")
	c.signer.bareHost = true
	c.do("GET", "/?prefix=dir%2F", "").expect(t, 200, "")
	c.signer.key = "wrong"
	c.do("GET", "/?prefix=dir%2F", "").expect(t, 403, "SignatureDoesNotMatch")
}

func TestCopyAnswersInChunks(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	c.do("PUT", "/key", "body").expect(t, 200, "")
	a := c.do("PUT", "/copy", "", "x-cos-copy-source: "+plainHost+"/key")
	a.expect(t, 200, "")
	a.check(t, "copy", map[string]string{"Content-Length": "-", "Content-Type": "application/xml"})
}

func TestHeadersAreSpelledAsCOSDoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.must(t, "PUT", "/key", "body", "x-cos-server-side-encryption: AES256")
	for _, name := range []string{
		"ETag", "x-cos-request-id", "x-cos-hash-crc64ecma", "x-cos-server-side-encryption",
	} {
		if len(a.header[name]) != 1 {
			t.Errorf("no header is spelled %s: %v", name, a.header)
		}
	}
}

func TestPlainHTTPRefusesCustomerKeys(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	if c.HTTPEndpointTemplate() != "" {
		t.Errorf("template without a listener = %q", c.HTTPEndpointTemplate())
	}
	if err := c.StartHTTP("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	base := strings.NewReplacer("{bucket}", plainBucket, "{region}", "ap-guangzhou").
		Replace(c.HTTPEndpointTemplate())
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no-encryption": {nil, 200},
		"customer-key":  {withKey(keyOne), 400},
	} {
		request, err := http.NewRequest("PUT", base+"/"+name, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		for _, header := range test.headers {
			key, value, _ := strings.Cut(header, ": ")
			request.Header.Set(key, value)
		}
		c.signer.sign(request)
		response, err := c.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s over http = %d, want %d", name, response.StatusCode, test.status)
		}
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	s, err := Start(Config{Regions: []string{"ap-beijing", "ap-guangzhou"}})
	if err != nil {
		t.Fatal(err)
	}
	port := s.Endpoint()[strings.LastIndex(s.Endpoint(), ":"):]
	for got, want := range map[string]string{
		s.Endpoint():         "https://{bucket}.cos.ap-beijing.localhost" + port,
		s.EndpointTemplate(): "https://{bucket}.cos.{region}.localhost" + port,
	} {
		if got != want {
			t.Errorf("endpoint = %s, want %s", got, want)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	if _, err := http.Get("http://127.0.0.1" + port); err == nil {
		t.Error("the port still answers after Close")
	}
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	t.Parallel()
	s := newRig(t).Server
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:0", "nonsense"} {
		if _, err := s.StartAdmin(address); err == nil {
			t.Errorf("StartAdmin(%q) serves", address)
		}
		if err := s.StartHTTP(address); err == nil {
			t.Errorf("StartHTTP(%q) serves", address)
		}
		if _, err := StartAt(Config{}, address); err == nil {
			t.Errorf("StartAt(%q) serves", address)
		}
	}
}

func TestCertificateCoversTheDocumentedNames(t *testing.T) {
	t.Parallel()
	made, err := newCertificates([]string{"ap-guangzhou", "ap-beijing"}, false)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(made.caPEM)
	leaf, err := x509.ParseCertificate(made.leaf.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, covered := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "[127.0.0.1]": true,
		"examplebucket-1250000000.cos.ap-guangzhou.localhost":     true,
		"examplebucket-1250000000.cos.ap-beijing.localhost":       true,
		"examplebucket-1250000000.cos.ap-tokyo.localhost":         false,
		"examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com":  false,
		"a.examplebucket-1250000000.cos.ap-guangzhou.example.com": false,
	} {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
		if (err == nil) != covered {
			t.Errorf("%s: covered = %t, want %t (%v)", name, err == nil, covered, err)
		}
	}
}

func TestCAIsWorthlessElsewhere(t *testing.T) {
	t.Parallel()
	made, err := newCertificates([]string{"ap-guangzhou"}, false)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(made.caPEM)
	if block == nil || len(rest) > 0 {
		t.Fatal("caPEM is not one PEM block")
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !ca.PermittedDNSDomainsCritical || len(ca.PermittedDNSDomains) != 1 ||
		ca.PermittedDNSDomains[0] != "localhost" || !ca.MaxPathLenZero {
		t.Errorf("the CA may vouch for more than localhost: %v", ca.PermittedDNSDomains)
	}
}
