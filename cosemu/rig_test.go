package cosemu

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"hash/crc64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	plainBucket     = "examplebucket-1250000000"
	versionedBucket = "versioned-1250000000"
	farBucket       = "far-1250000000"
	farRegion       = "ap-beijing"
	secondKMSKey    = "5a1f0c2e-0000-4000-8000-000000000002"

	plainHost     = plainBucket + ".cos.ap-guangzhou.myqcloud.com"
	versionedHost = versionedBucket + ".cos.ap-guangzhou.myqcloud.com"
	farHost       = farBucket + ".cos." + farRegion + ".myqcloud.com"

	keyOne = "0123456789ABCDEF0123456789ABCDEF"
	keyTwo = "another key of thirty-two bytes!"
)

// rig is a server that trusts unsigned requests, and its clock.
type rig struct {
	*Server
	clock *clock
}

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newRig(t *testing.T, configure ...func(*Config)) *rig {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	config := Config{
		Regions: []string{"ap-guangzhou", farRegion}, Now: c.read,
		Buckets:          []string{plainBucket, farBucket + "@" + farRegion},
		VersionedBuckets: []string{versionedBucket},
		KMSKeys:          []string{DefaultKMSKey, secondKMSKey},
	}
	for _, change := range configure {
		change(&config)
	}
	own := config.Data == "" && onDisk
	if own {
		config.Data = t.TempDir()
	}
	server, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	if own {
		survive(t, server)
	} else {
		t.Cleanup(func() { _ = server.Close() })
	}
	server.trusting = true
	return &rig{server, c}
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
	code   string // of an error document
}

// get is a header in whatever spelling it was written.
func (a answer) get(name string) string {
	for written, values := range a.header {
		if strings.EqualFold(written, name) {
			return values[0]
		}
	}
	return ""
}

// do sends a request over HTTPS. A target that begins with a slash is in the plain bucket, any
// other one names its host. Headers are written "name: value".
func (r *rig) do(method, target, body string, headers ...string) answer {
	if strings.HasPrefix(target, "/") {
		target = plainHost + target
	}
	return r.send("https://"+target, method, body, headers...)
}

func (r *rig) send(url, method, body string, headers ...string) answer {
	request := httptest.NewRequest(method, url, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, request)
	result := recorder.Result()
	var document struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	a := answer{status: result.StatusCode, header: result.Header, body: recorder.Body.String()}
	if xml.Unmarshal([]byte(a.body), &document) == nil {
		a.code = document.Code
	}
	return a
}

// must is do for preparations: anything but a success ends the test.
func (r *rig) must(t *testing.T, method, target, body string, headers ...string) answer {
	t.Helper()
	a := r.do(method, target, body, headers...)
	if a.status >= 300 {
		t.Fatalf("%s %s: %d %s: %s", method, target, a.status, a.code, a.body)
	}
	return a
}

// step is a request and what it must get. In want, "-" demands that a header is missing and "*"
// that it is there. A body of "=x" must be x exactly.
type step struct {
	method, target, body string
	headers              []string
	status               int
	code                 string
	want                 map[string]string
	answer               string
}

// run carries out steps in their order on one server.
func (r *rig) run(t *testing.T, steps ...step) {
	t.Helper()
	for i, s := range steps {
		name := strconv.Itoa(i) + ": " + s.method + " " + s.target
		a := r.do(s.method, s.target, s.body, s.headers...)
		if a.status != s.status || a.code != s.code {
			t.Errorf("%s: got %d %q, want %d %q: %s", name, a.status, a.code, s.status, s.code, a.body)
		}
		a.check(t, name, s.want)
		if s.answer != "" && !strings.Contains(a.body, s.answer) {
			t.Errorf("%s: the body is %q, want %q in it", name, a.body, s.answer)
		}
	}
}

func (a answer) check(t *testing.T, name string, want map[string]string) {
	t.Helper()
	for header, value := range want {
		got := a.get(header)
		switch {
		case value == "-" && got != "", value == "*" && got == "",
			value != "-" && value != "*" && got != value:
			t.Errorf("%s: %s is %q, want %q", name, header, got, value)
		}
	}
}

// scenarios runs each list of steps on a server of its own.
func scenarios(t *testing.T, all map[string][]step, configure ...func(*Config)) {
	t.Helper()
	for name, steps := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newRig(t, configure...).run(t, steps...)
		})
	}
}

// customerKeyHeaders are the three headers of a key, for the request's own object or, with the
// infix, for a copy's source.
func customerKeyHeaders(infix, key string) []string {
	sum := md5.Sum([]byte(key))
	prefix := "x-cos-" + infix + "server-side-encryption-customer-"
	return []string{
		prefix + "algorithm: AES256",
		prefix + "key: " + base64.StdEncoding.EncodeToString([]byte(key)),
		prefix + "key-MD5: " + base64.StdEncoding.EncodeToString(sum[:]),
	}
}

func withKey(key string) []string       { return customerKeyHeaders("", key) }
func withSourceKey(key string) []string { return customerKeyHeaders("copy-source-", key) }

func md5Hex(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

func crcText(body string) string {
	sum := crc64.Checksum([]byte(body), crc64.MakeTable(crc64.ECMA))
	return strconv.FormatUint(sum, 10)
}

func join(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
