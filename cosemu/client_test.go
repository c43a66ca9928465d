package cosemu

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// signer signs requests by document 7778, written apart from the emulator's own code.
type signer struct {
	id, key string
	token   string
	start   time.Time
	// bareHost signs the host without its port.
	bareHost bool
}

func documentedSigner() signer {
	return signer{
		id:  "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q",
		key: "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz", start: time.Now(),
	}
}

// sign adds the Authorization header; everything but User-Agent is signed.
func (s signer) sign(r *http.Request) {
	if s.token != "" {
		r.Header.Set("x-cos-security-token", s.token)
	}
	r.Header.Set("Authorization", s.authorization(r))
}

func (s signer) authorization(r *http.Request) string {
	host := r.Host
	if bare, _, err := net.SplitHostPort(host); err == nil && s.bareHost {
		host = bare
	}
	headers := map[string][]string{"host": {host}}
	for name, values := range r.Header {
		if name != "User-Agent" {
			headers[strings.ToLower(name)] = values
		}
	}
	headerList, headerText := signedList(headers)
	parameterList, parameterText := signedList(r.URL.Query())
	window := fmt.Sprintf("%d;%d", s.start.Unix(), s.start.Add(time.Hour).Unix())
	httpString := strings.Join([]string{
		strings.ToLower(r.Method), r.URL.Path, parameterText, headerText, "",
	}, "\n")
	digest := fmt.Sprintf("%x", sha1.Sum([]byte(httpString)))
	signKey := hexHMAC(s.key, window)
	return "q-sign-algorithm=sha1&q-ak=" + s.id + "&q-sign-time=" + window + "&q-key-time=" +
		window + "&q-header-list=" + headerList + "&q-url-param-list=" + parameterList +
		"&q-signature=" + hexHMAC(signKey, "sha1\n"+window+"\n"+digest+"\n")
}

// signedList is the list of names and the text "name=value&...", both in the order of the names.
func signedList(values map[string][]string) (names, text string) {
	encode := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	var fields [][2]string
	for name, all := range values {
		for _, value := range all {
			fields = append(fields, [2]string{strings.ToLower(encode(name)), encode(value)})
		}
	}
	slices.SortFunc(fields, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	var list, signed []string
	for _, field := range fields {
		list, signed = append(list, field[0]), append(signed, field[0]+"="+field[1])
	}
	return strings.Join(list, ";"), strings.Join(signed, "&")
}

func hexHMAC(key, message string) string {
	mac := hmac.New(sha1.New, []byte(key))
	_, _ = io.WriteString(mac, message)
	return fmt.Sprintf("%x", mac.Sum(nil))
}

// client calls a listening emulator over HTTPS with signatures.
type client struct {
	*Server
	t      *testing.T
	http   *http.Client
	signer signer
}

// newClient starts an emulator with the two test buckets, and trusts its CA only.
func newClient(t *testing.T, config Config) *client {
	t.Helper()
	config.Buckets = []string{plainBucket}
	config.VersionedBuckets = []string{versionedBucket}
	server, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(server.CACertificate()) {
		t.Fatal("CACertificate holds no certificate")
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, DialContext: dialLoopback,
		// A request on a connection that was used before may be sent again by net/http when
		// the connection breaks; the tests count requests.
		DisableKeepAlives: true,
	}
	follow := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{
		Server: server, t: t, http: &http.Client{Transport: transport, CheckRedirect: follow},
		signer: documentedSigner(),
	}
}

// dialLoopback leads every name to 127.0.0.1, as RFC 6761 has it for those under .localhost: not
// every resolver does.
func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// try sends a request to the plain bucket and returns the answer, or the error of a broken
// connection. Headers are written "name: value".
func (c *client) try(method, target, body string, headers ...string) (answer, error) {
	return c.send(method, target, strings.NewReader(body), headers...)
}

// chunked is do without Content-Length.
func (c *client) chunked(method, target, body string) answer {
	c.t.Helper()
	a, err := c.send(method, target, io.MultiReader(strings.NewReader(body)))
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, target, err)
	}
	return a
}

func (c *client) send(method, target string, body io.Reader, headers ...string) (answer, error) {
	base := strings.Replace(c.Endpoint(), "{bucket}", plainBucket, 1)
	request, err := http.NewRequest(method, base+target, body)
	if err != nil {
		return answer{}, err
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	c.signer.sign(request)
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header, body: string(got)}
	var document struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	if xml.Unmarshal(got, &document) == nil {
		a.code = document.Code
	}
	return a, err
}

// do is try for requests whose connection does not break.
func (c *client) do(method, target, body string, headers ...string) answer {
	c.t.Helper()
	a, err := c.try(method, target, body, headers...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, target, err)
	}
	return a
}

// expect compares status and code of an answer.
func (a answer) expect(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || a.code != code {
		t.Errorf("got %d %q, want %d %q: %s", a.status, a.code, status, code, a.body)
	}
}

// parse reads the answer's document. The text of the documents is checked elsewhere: here the
// package's own types are at hand.
func parse[T any](t *testing.T, a answer) T {
	t.Helper()
	var document T
	if err := xml.Unmarshal([]byte(a.body), &document); err != nil {
		t.Fatalf("parsing %s: %v", a.body, err)
	}
	return document
}
