package cosemu

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// newProxied starts an emulator with a proxy, and a client that knows nothing but the proxy and the
// CA.
func newProxied(t *testing.T) (*Server, *http.Client, string) {
	t.Helper()
	s, err := Start(Config{
		Buckets: []string{plainBucket}, Regions: []string{"ap-guangzhou", farRegion}, Proxy: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	address, err := s.StartProxy("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CACertificate())
	transport := &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: address}),
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return s, &http.Client{Transport: transport}, address
}

// TestProxyServesCOSsOwnDomains shows that a client which was told nothing of the emulator but a
// proxy and a CA reaches it under each of COS's hosts, by TLS and without.
func TestProxyServesCOSsOwnDomains(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"https://" + plainHost + "/a", "http://" + plainHost + "/a",
		"https://" + plainBucket + ".cos.ap-guangzhou.tencentcos.cn/a",
		"https://" + plainBucket + ".cos-internal.ap-guangzhou.tencentcos.cn/a",
		"https://" + plainBucket + ".cos." + farRegion + ".myqcloud.com/a",
		"https://" + plainBucket + ".cos.accelerate.myqcloud.com/a",
		"https://service.cos.myqcloud.com/", "http://cos.ap-guangzhou.myqcloud.com/",
		"https://100000000001.cos-control.ap-guangzhou.myqcloud.com/jobs",
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			s, client, _ := newProxied(t)
			for _, method := range []string{"PUT", "GET"} {
				request, err := http.NewRequest(method, target, strings.NewReader(""))
				if err != nil {
					t.Fatal(err)
				}
				documentedSigner().sign(request)
				response, err := client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				if response.Header.Get("Server") != "tencent-cos" {
					t.Errorf("somebody else answers: %d", response.StatusCode)
				}
			}
			if n := len(s.Journal()); n != 2 {
				t.Errorf("%d requests came through", n)
			}
		})
	}
}

func TestProxyRefusesOthers(t *testing.T) {
	t.Parallel()
	s, _, address := newProxied(t)
	for request, want := range map[string]string{
		"CONNECT example.com:443":                     "403",
		"CONNECT evilmyqcloud.com:443":                "403",
		"CONNECT " + plainHost + ".example.com:443":   "403",
		"CONNECT " + plainHost + ":22":                "403",
		"CONNECT " + plainHost + ":443":               "200",
		"GET http://example.com/":                     "403",
		"GET http://127.0.0.1:80/":                    "403",
		"GET http://" + plainHost + ":8080/":          "403",
		"GET /":                                       "400",
		"GET http://cos.ap-guangzhou.myqcloud.com/x/": "501",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", request)
		line, err := bufio.NewReader(conn).ReadString('\n')
		_ = conn.Close()
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+want) {
			t.Errorf("%s is answered with %q %v, want %s", request, line, err, want)
		}
	}
	for _, entry := range s.Journal() {
		if entry.Op != notImplemented {
			t.Errorf("%s was carried out", entry.Op)
		}
	}
}

func TestProxyNeedsPermission(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config  Config
		address string
	}{
		"not configured": {Config{}, "127.0.0.1:0"},
		"not loopback": {
			Config{
				Proxy: true, AllowRemote: true,
				Credentials: []Credential{{SecretID: "own", SecretKey: "0123456789abcdef"}},
			}, "0.0.0.0:0",
		},
		"no address": {Config{Proxy: true}, "here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Start(c.config)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.StartProxy(c.address); err == nil {
				t.Error("it is a proxy")
			}
		})
	}
}

// TestOnlyAProxysCAVouchesForCOS shows what a stolen key of the server's could pretend to be.
func TestOnlyAProxysCAVouchesForCOS(t *testing.T) {
	t.Parallel()
	for proxy, domains := range map[bool]string{
		false: "localhost", true: "localhost myqcloud.com tencentcos.cn",
	} {
		made, err := newCertificates([]string{"ap-guangzhou"}, proxy)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(made.caPEM)
		leaf, err := x509.ParseCertificate(made.leaf.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: plainHost})
		if (err == nil) != proxy {
			t.Errorf("with proxy %t the certificate for COS: %v", proxy, err)
		}
		block, _ := pem.Decode(made.caPEM)
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ca.PermittedDNSDomains, " "); got != domains {
			t.Errorf("with proxy %t the CA vouches for %s", proxy, got)
		}
	}
}

// TestClosedProxyCutsTunnels shows that nothing is left open behind Close.
func TestClosedProxyCutsTunnels(t *testing.T) {
	t.Parallel()
	s, _, address := newProxied(t)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "CONNECT %s:443 HTTP/1.1\r\nHost: x\r\n\r\n", plainHost)
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("%q %v", line, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(reader) // ends, or the test never does
}
