package cosemu

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// kindCase is what one kind of fault does to one PUT of a body, or to a GET of it.
type kindCase struct {
	method string // default PUT
	status int    // 0: the connection breaks
	code   string
	stored bool // a PUT was carried out
	want   map[string]string
	check  func(*testing.T, answer, error)
}

const noIdentity = "-"

func kindCases() map[string]kindCase {
	gateway := map[string]string{
		headerRequestID: noIdentity, headerETag: noIdentity, "Content-Type": "text/html",
		"Server": "gateway",
	}
	whole := strings.Repeat("0123456789", 100)
	return map[string]kindCase{
		"500":            {status: 500, code: "InternalError"},
		"503":            {status: 503, code: "SlowDown"},
		"429":            {status: 429, code: "SlowDown"},
		"expired-token":  {status: 400, code: "ExpiredToken"},
		"clock-skew":     {status: 403, code: "RequestTimeTooSkewed"},
		"access-denied":  {status: 403, code: "AccessDenied"},
		"kms-refusal":    {status: 400, code: "KmsException"},
		"kms-overloaded": {status: 503, code: "KmsFreqControl"},
		"gateway-200":    {status: 200, want: gateway},
		"gateway-403":    {status: 403, want: gateway},
		"gateway-404":    {status: 404, want: gateway},
		"gateway-502":    {status: 502, want: gateway},
		"gateway-after":  {status: 504, want: gateway, stored: true},
		"redirect": {status: 307, want: map[string]string{
			"Location": "https://elsewhere.invalid/", headerRequestID: "-",
		}},
		"reset": {check: func(t *testing.T, _ answer, err error) {
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error = %v, want a reset", err)
			}
		}},
		"eof": {check: func(t *testing.T, _ answer, err error) {
			if !errors.Is(err, io.EOF) {
				t.Errorf("error = %v, want EOF", err)
			}
		}},
		"garbage": {check: func(t *testing.T, _ answer, err error) {
			if err == nil || !strings.Contains(err.Error(), "malformed HTTP") {
				t.Errorf("error = %v", err)
			}
		}},
		"drop-answer":  {stored: true},
		"error-after":  {status: 500, code: "InternalError", stored: true},
		"error-in-200": {status: 200, code: "InternalError"},
		"empty-200": {status: 200, want: map[string]string{
			headerRequestID: "*", headerETag: "-", headerCRC64: "-", headerSSE: "-",
		}},
		"cut": {method: "GET", status: 200, check: func(t *testing.T, a answer, err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) || a.body != whole[:len(whole)/2] {
				t.Errorf("%d bytes, error %v", len(a.body), err)
			}
		}},
		"cut-error": {status: 500, check: func(t *testing.T, a answer, err error) {
			if err == nil || !strings.HasPrefix(a.body, "<?xml") || strings.Contains(a.body, "</Error>") {
				t.Errorf("body %q, error %v", a.body, err)
			}
		}},
		"malformed-xml": {method: "LIST", status: 200, check: func(t *testing.T, a answer, err error) {
			if err != nil || xml.Unmarshal([]byte(a.body), &listXML{}) == nil {
				t.Errorf("body %q, error %v", a.body, err)
			}
		}},
		"flip-bit": {method: "GET", status: 200, check: func(t *testing.T, a answer, err error) {
			different := 0
			for i := range min(len(a.body), len(whole)) {
				if a.body[i] != whole[i] {
					different++
				}
			}
			if err != nil || len(a.body) != len(whole) || different != 1 {
				t.Errorf("%d bytes, %d of them wrong, error %v", len(a.body), different, err)
			}
		}},
		"echo": {status: 400, code: "InvalidRequest", check: func(t *testing.T, a answer, _ error) {
			for _, part := range []string{"PUT /key HTTP/1.1", "Authorization: q-sign-algorithm=sha1"} {
				if !strings.Contains(a.body, part) {
					t.Errorf("%q is not in %s", part, a.body)
				}
			}
		}},
		"bloat-headers": {stored: true, check: func(t *testing.T, _ answer, err error) {
			if err == nil || !strings.Contains(err.Error(), "server response headers exceeded") {
				t.Errorf("error = %v", err)
			}
		}},
		"no-etag":       {status: 200, stored: true, want: map[string]string{headerETag: "-", headerCRC64: "*"}},
		"no-crc64":      {status: 200, stored: true, want: map[string]string{headerETag: "*", headerCRC64: "-"}},
		"no-request-id": {status: 200, stored: true, want: map[string]string{headerRequestID: "-", headerETag: "*"}},
		"no-encryption": {status: 200, stored: true, want: map[string]string{headerSSE: "-", headerETag: "*"}},
		"not-encrypted": {status: 200, stored: true, want: map[string]string{headerSSE: "-", headerETag: "*"}},
		"slow":          {status: 200, stored: true, want: map[string]string{headerSSE: "AES256"}},
		"wrong-crc64": {status: 200, stored: true, check: func(t *testing.T, a answer, _ error) {
			if got := a.get(headerCRC64); got == crcText(whole) || len(got) != len(crcText(whole)) {
				t.Errorf("CRC64 = %s", got)
			}
		}},
		// These have tests of their own, because they take time or memory as they are.
		"stall": {}, "dribble": {}, "dribble-error": {}, "bloat-body": {},
	}
}

// TestFaultKinds shows each kind from outside.
func TestFaultKinds(t *testing.T) {
	t.Parallel()
	cases := kindCases()
	for _, kind := range FaultKinds() {
		test, ok := cases[kind]
		if !ok {
			t.Errorf("%s has no case", kind)
		}
		if test.status == 0 && test.check == nil && kind != "drop-answer" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test.run(t, kind)
		})
	}
}

func (test kindCase) run(t *testing.T, kind string) {
	c := newClient(t, Config{})
	method, target := "PUT", "/key"
	body := strings.Repeat("0123456789", 100)
	switch test.method {
	case "GET":
		c.do("PUT", target, body).expect(t, 200, "")
		method, body = "GET", ""
	case "LIST":
		method, target, body = "GET", "/", ""
	}
	fault, err := FaultOfKind(kind, "*")
	if err != nil {
		t.Fatal(err)
	}
	fault.DelayMS = min(fault.DelayMS, 1)
	c.AddFaults(fault)
	a, err := c.try(method, target, body, c.encryption(method)...)
	if test.check != nil {
		test.check(t, a, err)
	} else if (err != nil) != (test.status == 0) {
		t.Fatalf("error = %v, answer %d", err, a.status)
	}
	if a.status != test.status || a.code != test.code {
		t.Errorf("got %d %q, want %d %q: %s", a.status, a.code, test.status, test.code, a.body)
	}
	a.check(t, kind, test.want)
	if method == "PUT" {
		if stored := c.do("HEAD", target, "").status == 200; stored != test.stored {
			t.Errorf("stored = %t, want %t", stored, test.stored)
		}
	}
	if pending := c.PendingFaults(); len(pending) > 0 {
		t.Errorf("it is still to come: %+v", pending)
	}
}

func (c *client) encryption(method string) []string {
	if method == "PUT" {
		return []string{headerSSE + ": AES256"}
	}
	return nil
}

func TestFaultOfBloatIsAsLarge(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	c.AddFaults(Fault{Op: "*", Status: 500, BloatBody: 3 << 20})
	a, err := c.try("PUT", "/key", "x")
	if err != nil || a.status != 500 || a.code != "InternalError" || len(a.body) < 3<<20 {
		t.Errorf("%d %s, %d bytes, %v", a.status, a.code, len(a.body), err)
	}
}

func TestFaultOfDribbleGoesByteByByte(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	c.do("PUT", "/key", "0123456789").expect(t, 200, "")
	c.AddFaults(Fault{Op: "GetObject", DribbleMS: 1})
	start := time.Now()
	a := c.do("GET", "/key", "")
	if took := time.Since(start); a.body != "0123456789" || took < 9*time.Millisecond {
		t.Errorf("%q in %s", a.body, took)
	}
}

// TestFaultOfStallLeavesTheServerAlone shows that a client which is kept waiting gets half of the
// body, and that others are served meanwhile: a stalled DELETE answers under the store's mutex.
func TestFaultOfStallLeavesTheServerAlone(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	c.do("PUT", "/key", "0123456789").expect(t, 200, "")
	c.do("PUT", "/other", "x").expect(t, 200, "")
	c.AddFaults(Fault{Op: "GetObject", Stall: true}, Fault{Op: "DeleteObject", Stall: true})
	for _, method := range []string{"GET", "DELETE"} {
		want := map[string]string{"GET": "01234"}[method]
		ctx, cancel := context.WithCancel(t.Context())
		base := strings.Replace(c.Endpoint(), "{bucket}", plainBucket, 1)
		request, err := http.NewRequestWithContext(ctx, method, base+"/key", nil)
		if err != nil {
			t.Fatal(err)
		}
		c.signer.sign(request)
		ended := make(chan string, 1)
		go func() {
			var body []byte
			if response, err := c.http.Do(request); err == nil {
				body = make([]byte, 5)
				_, _ = io.ReadFull(response.Body, body)
				_ = response.Body.Close()
			}
			ended <- string(body)
		}()
		for c.Requests(map[string]string{"GET": "GetObject", "DELETE": "DeleteObject"}[method]) == 0 {
			time.Sleep(time.Millisecond)
		}
		c.do("HEAD", "/other", "").expect(t, 200, "")
		if method == "DELETE" {
			cancel()
		}
		if got := <-ended; got != want {
			t.Errorf("%s: %q, want %q", method, got, want)
		}
		cancel()
	}
	c.do("HEAD", "/key", "").expect(t, 404, "")
}

func TestFaultOfPercentHasNoEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.AddFaults(Fault{Op: "HeadBucket", Status: 503, Percent: 30})
	r.AddFaults(Fault{Op: "GetBucketVersioning", Status: 503, Percent: 100, Times: 2})
	if got := failures(r, "HEAD", "/", 1000); got < 250 || got > 350 {
		t.Errorf("%d of 1000 failed, want about 300", got)
	}
	if got := failures(r, "GET", "/?versioning", 5); got != 2 {
		t.Errorf("%d failed, want 2", got)
	}
}

func failures(r *rig, method, target string, times int) int {
	failed := 0
	for range times {
		if r.do(method, target, "").status >= 500 {
			failed++
		}
	}
	return failed
}

// TestChaosIsRepeatable shows that one seed gives one object the same fate in whatever order the
// objects are asked for, and that another seed gives it another one.
func TestChaosIsRepeatable(t *testing.T) {
	t.Parallel()
	run := func(seed uint64, backwards bool) map[string]string {
		r := newRig(t, func(c *Config) {
			c.Objects = 100
			c.Chaos = Chaos{Percent: 20, Seed: seed, Kinds: []string{"500", "503"}}
		})
		fate := map[string]string{}
		for i := range 500 {
			number := i % 100
			if backwards {
				number = 99 - number
			}
			fate[bulkKey(number)] += fmt.Sprint(r.do("HEAD", "/"+bulkKey(number), "").status)
		}
		return fate
	}
	first, again, other := run(1, false), run(1, true), run(2, false)
	count := map[string]int{}
	same := 0
	for key, fate := range first {
		if fate != again[key] {
			t.Errorf("%s: %s and %s", key, fate, again[key])
		}
		if fate == other[key] {
			same++
		}
		for i := 0; i < len(fate); i += 3 {
			count[fate[i:i+3]]++
		}
	}
	if same > 60 {
		t.Errorf("another seed changes the fate of %d objects of 100 only", 100-same)
	}
	if count["500"] < 30 || count["503"] < 30 || count["500"]+count["503"] > 140 {
		t.Errorf("of 500 requests with a share of 20%%: %v", count)
	}
}

func TestChaosRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, chaos := range map[string]Chaos{
		"kind": {Percent: 1, Kinds: []string{"weather"}}, "negative": {Percent: -1}, "much": {Percent: 101},
	} {
		if err := r.SetChaos(chaos); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := r.SetChaos(Chaos{}); err != nil || failures(r, "HEAD", "/", 100) != 0 {
		t.Errorf("no chaos: %v", err)
	}
	if err := r.SetChaos(Chaos{Percent: 100, Kinds: []string{"500"}}); err != nil || failures(r, "HEAD", "/", 10) != 10 {
		t.Errorf("all chaos: %v", err)
	}
}

func TestAdminKindsAndChaos(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	address, err := c.StartAdmin("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"POST", "/faults/503?op=PutObject&times=2&key=key", "", 204, ""},
		{"GET", "/faults", "", 200, `[{"op":"PutObject","key":"key","times":2,"status":503,"code":"SlowDown"}]`},
		{"POST", "/faults/echo?op=*&percent=0.5&skip=3", "", 204, ""},
		{"GET", "/faults/kinds", "", 200, `"bloat-body"`},
		{"POST", "/faults/weather?op=*", "", 400, "bloat-body"},
		{"POST", "/faults/503", "", 400, "operation"},
		{"POST", "/faults/503?op=*&times=x", "", 400, "x"},
		{"PUT", "/chaos", `{"percent": 100, "seed": 7, "kinds": ["500"]}`, 204, ""},
		{"PUT", "/chaos", `{"percent": 1000}`, 400, "percent"},
	} {
		status, text := admin(t, address, request.method, request.path, request.body)
		if status != request.status || !strings.Contains(text, request.answer) {
			t.Errorf("%s %s = %d %s", request.method, request.path, status, text)
		}
	}
	c.do("PUT", "/key", "x").expect(t, 503, "SlowDown")
	c.do("PUT", "/other", "x").expect(t, 500, "InternalError")
	admin(t, address, "DELETE", "/chaos", "")
	c.do("PUT", "/other", "x").expect(t, 200, "")
	c.do("PUT", "/key", "x").expect(t, 503, "SlowDown")
	c.do("PUT", "/key", "x").expect(t, 200, "")
}

// TestFaultsCombine refuses what would do nothing, and shows one combination.
func TestFaultsCombine(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{
		"two-answers": {Status: 500, Gateway: 502}, "act-alone": {Act: true}, "echo-alone": {Echo: true},
		"percent": {Reset: true, Percent: 101}, "gateway": {Gateway: 100},
		"negative": {Status: 500, BloatBody: -1},
	} {
		fault.Op = "*"
		if err := fault.check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c := newClient(t, Config{})
	c.AddFaults(Fault{Op: "*", Act: true, EOF: true, DelayMS: 1})
	var closed *net.OpError
	if _, err := c.try("PUT", "/key", "x"); err == nil || errors.As(err, &closed) {
		t.Errorf("error = %v", err)
	}
	c.do("HEAD", "/key", "").expect(t, 200, "")
	if journal := c.Journal(); journal[0].Status != 200 || journal[0].BytesOut != 0 {
		t.Errorf("journal = %+v", journal[0])
	}
}
