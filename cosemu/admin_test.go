package cosemu

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// admin sends a request to an admin address.
func admin(t *testing.T, address, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestAdminJournal(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	address, err := c.StartAdmin("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if status, text := admin(t, address, "GET", "/journal", ""); status != 200 || text != "[]\n" {
		t.Errorf("empty journal = %d %q", status, text)
	}
	c.do("PUT", "/key", "four", "x-cos-server-side-encryption: cos/kms").expect(t, 200, "")
	_, text := admin(t, address, "GET", "/journal", "")
	var entries []map[string]any
	if err := json.Unmarshal([]byte(text), &entries); err != nil || len(entries) != 1 {
		t.Fatalf("journal = %s, %v", text, err)
	}
	for name, want := range map[string]any{
		"op": "PutObject", "bucket": plainBucket, "region": "ap-guangzhou", "key": "key",
		"status": 200.0, "sse_mode": "SSE-KMS", "key_fingerprint": "", "bytes_in": 4.0,
		"bytes_out": 0.0,
	} {
		if got, ok := entries[0][name]; !ok || got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if _, text := admin(t, address, "GET", "/requests", ""); text != `{"PutObject":1}`+"\n" {
		t.Errorf("requests = %s", text)
	}
	if status, _ := admin(t, address, "DELETE", "/journal", ""); status != 204 {
		t.Errorf("DELETE /journal = %d", status)
	}
	if got := c.Journal(); len(got) != 0 {
		t.Errorf("journal after DELETE = %+v", got)
	}
}

func TestAdminFaults(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	address, err := c.StartAdmin("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	faults := `[{"op": "PutObject", "times": 2, "status": 503, "code": "SlowDown"},
		{"op": "GetObject", "times": 1, "reset": true},
		{"op": "HeadObject", "skip": 1, "key": "key", "delay_ms": 1, "status": 500}]`
	if status, text := admin(t, address, "POST", "/faults", faults); status != 204 {
		t.Fatalf("POST /faults = %d %s", status, text)
	}
	c.do("PUT", "/key", "x").expect(t, 503, "SlowDown")
	c.do("PUT", "/key", "x").expect(t, 503, "SlowDown")
	c.do("PUT", "/key", "x").expect(t, 200, "")
	if _, err := c.try("GET", "/key", ""); err == nil {
		t.Error("GET was not reset")
	}
	c.do("HEAD", "/key", "").expect(t, 200, "")
	if status, _ := admin(t, address, "DELETE", "/faults", ""); status != 204 {
		t.Errorf("DELETE /faults = %d", status)
	}
	c.do("HEAD", "/key", "").expect(t, 200, "")
}

func TestAdminRefusals(t *testing.T) {
	t.Parallel()
	s := newRig(t).Server
	address, err := s.StartAdmin("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	good := `{"op": "PutObject", "status": 503}`
	for name, test := range map[string]struct {
		method, path, body string
		status             int
	}{
		"no-array":       {"POST", "/faults", good, 400},
		"no-json":        {"POST", "/faults", "now", 400},
		"unknown-field":  {"POST", "/faults", `[{"op": "PutObject", "status": 503, "count": 2}]`, 400},
		"unknown-op":     {"POST", "/faults", `[` + good + `, {"op": "Put", "status": 503}]`, 400},
		"unknown-path":   {"GET", "/state", "", 404},
		"unknown-method": {"PUT", "/journal", "", 405},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := admin(t, address, test.method, test.path, test.body)
			if status != test.status {
				t.Errorf("status = %d %s, want %d", status, text, test.status)
			}
		})
	}
	if fault := s.faults.take("PutObject", ""); fault != nil {
		t.Errorf("a refused request left %+v", fault)
	}
}
