package cosapi

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

func TestNewRefusesEndpoints(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ endpoint, bucket, want string }{
		"plain-http":      {"http://{bucket}.cos.{region}.myqcloud.com", "", "HTTPS"},
		"no-scheme":       {"{bucket}.cos.{region}.myqcloud.com", "", "URL"},
		"other-scheme":    {"ftp://{bucket}.example.com", "", "https://"},
		"no-bucket":       {"https://objects.example.com", "", "{bucket}"},
		"no-region":       {"https://{bucket}.example.com", "", "{region}"},
		"path":            {"https://{bucket}.example.com/path", "", "host"},
		"query":           {"https://{bucket}.example.com?a=b", "", "host"},
		"credentials":     {"https://user:pass@{bucket}.example.com", "", "host"},
		"placeholder":     {"https://{bucket}.{zone}.example.com", "", "URL"},
		"typo":            {"https://{buckets}.example.com", "b-1", "URL"},
		"upper-case-http": {"HTTP://{bucket}.example.com", "", "HTTPS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(Config{
				Endpoint: test.endpoint, EndpointBucket: test.bucket,
				Credentials: credential.Static("id", "key", ""),
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestNewAcceptsEndpoints(t *testing.T) {
	t.Parallel()
	for _, config := range []Config{
		{},
		{Endpoint: "https://{bucket}.cos-internal.{region}.tencentcos.cn"},
		{Endpoint: "https://{bucket}.cos.accelerate.myqcloud.com", EndpointRegion: testRegion},
		{Endpoint: "https://{bucket}.cos.{region}.localhost:9443"},
		{Endpoint: "https://{bucket}.cos.{region}.localhost:9443/"},
		{
			Endpoint: "https://objects.example.com", EndpointBucket: testBucket,
			EndpointRegion: testRegion,
		},
	} {
		config.Credentials = credential.Static("id", "key", "")
		if _, err := New(config); err != nil {
			t.Errorf("%s: %v", config.Endpoint, err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("New accepts no credentials")
	}
}

func TestCustomDomainServesOneBucketAndRegion(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(found(nil)))
	other := testRef("k")
	other.Bucket = "other-1250000000"
	_, err := w.HeadOnly(t.Context(), other, nil)
	if err == nil || !strings.Contains(err.Error(), testBucket) || len(w.ops()) != 0 {
		t.Errorf("error = %v after %d requests", err, len(w.ops()))
	}
	elsewhere := testRef("k")
	elsewhere.Region = "ap-beijing"
	_, err = w.HeadOnly(t.Context(), elsewhere, nil)
	if err == nil || !strings.Contains(err.Error(), testRegion) || len(w.ops()) != 0 {
		t.Errorf("error = %v after %d requests", err, len(w.ops()))
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 307, 308} {
		w := newWire(t, script(answer{
			status: status, header: map[string]string{"Location": "https://elsewhere.localhost:1/"},
		}))
		key := mustKey(t, canaryKey)
		_, err := w.HeadOnly(t.Context(), testRef("k"), &key)
		if StatusOf(err) != status || len(w.ops()) != 1 {
			t.Errorf("%d: %v after %d requests", status, err, len(w.ops()))
		}
	}
}

func TestLocalhostIsDialledOnLoopback(t *testing.T) {
	t.Parallel()
	var host string
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		host = req.Host
		found(nil).ServeHTTP(rw, req)
	})
	_, port, err := net.SplitHostPort(w.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	config := w.config
	config.Endpoint = "https://{bucket}.cos.{region}.localhost:" + port
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.HeadOnly(t.Context(), testRef("k"), nil)
	// The server's certificate is for example.com, so the handshake shows that it was reached.
	if err == nil || !strings.Contains(err.Error(), "certificate is valid for example.com") {
		t.Errorf("error = %v (host %q)", err, host)
	}
}

func TestProxiesAreNotUsedForThisMachine(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "b-1.cos.ap-x.localhost": true, "B-1.LOCALHOST.": true,
		"notlocalhost": false, "localhost.example.com": false, "cos.myqcloud.com": false,
	} {
		if got := credential.IsLocalhost(host); got != want {
			t.Errorf("credential.IsLocalhost(%q) = %t", host, got)
		}
	}
	address := &url.URL{Scheme: "https", Host: "b-1.cos.ap-x.localhost:9443"}
	if proxy, err := credential.ProxyFor(&http.Request{URL: address}); proxy != nil || err != nil {
		t.Errorf("proxy = %v, %v", proxy, err)
	}
}

func TestStoredEncodingIsNotUndone(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(answer{
		status: 200, body: "not really gzip",
		header: map[string]string{"Content-Encoding": "gzip", "ETag": `"e"`},
	}))
	content, info, err := w.Content(t.Context(), testRef("k"), nil, 100)
	if err != nil || string(content) != "not really gzip" || info.Headers.ContentEncoding != "gzip" {
		t.Errorf("content = %q, encoding %q, %v", content, info.Headers.ContentEncoding, err)
	}
}

func TestBusyConnectionIsNotIdle(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	conn := &idleConn{Conn: near}
	conn.allow(time.Hour)
	go func() { _, _ = far.Write([]byte("x")) }()
	buffer := make([]byte, 1)
	if _, err := conn.Read(buffer); err != nil {
		t.Fatal(err)
	}
	before := conn.moved.Load()
	conn.moved.Store(before - int64(time.Hour))
	conn.extend()
	if conn.moved.Load() < before {
		t.Error("the deadline did not move")
	}
	conn.allow(10 * time.Millisecond)
	if _, err := conn.Read(buffer); err == nil {
		t.Error("a silent connection is not cut")
	}
}

func TestSignedHeadersReplaceThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	var got http.Header
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		got = req.Header.Clone()
		answer{
			status: 200, body: "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>",
		}.ServeHTTP(rw, req)
	}, func(c *Config) { c.Credentials = credential.Static(" id ", "key", "token") })
	source := testRef("dir/what?+ (1)")
	source.VersionID = "V1"
	_, err := w.Copy(t.Context(), CopySource{Ref: source}, testRef("k"), CopyOptions{
		WriteOptions: WriteOptions{Encryption: NoEncryption{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := testBucket + ".cos." + testRegion + ".myqcloud.com/dir/what%3F%2B%20%281%29?versionId=V1"
	if diff := cmp.Diff([]string{want}, got.Values("x-cos-copy-source")); diff != "" {
		t.Error(diff)
	}
	authorization := got.Get("Authorization")
	for _, part := range []string{"q-ak=id&", "x-cos-copy-source;", "x-cos-security-token"} {
		if !strings.Contains(authorization, part) {
			t.Errorf("authorization %s lacks %s", authorization, part)
		}
	}
	if got.Get("x-cos-security-token") != "token" {
		t.Error("the token is not sent")
	}
}
