package cosapi

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

const (
	testRegion = "ap-guangzhou"
	testBucket = "examplebucket-1250000000"
)

func testRef(key string) ObjectRef {
	return ObjectRef{Region: testRegion, Bucket: testBucket, Key: key}
}

// wire is a server that answers as a test tells it, for answers that the emulator never gives, and
// a client of it. It records what the client did.
type wire struct {
	*Client
	server *httptest.Server

	mu     sync.Mutex
	events []Event
	sleeps []time.Duration
}

// newWire starts a server, whose answers have a request id. adjust changes the client's configuration.
func newWire(t testing.TB, handler http.HandlerFunc, adjust ...func(*Config)) *wire {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(
		func(rw http.ResponseWriter, req *http.Request) {
			rw.Header().Set(headerRequestID, "request-1")
			handler(rw, req)
		}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	w := &wire{server: server}
	config := Config{
		Endpoint: server.URL, EndpointBucket: testBucket, EndpointRegion: testRegion,
		Credentials: credential.Static("id", "key", ""),
		CABundle: pem.EncodeToMemory(&pem.Block{
			Type: "CERTIFICATE", Bytes: server.Certificate().Raw,
		}),
		Sleep:   w.sleep,
		Observe: w.observe,
	}
	for _, change := range adjust {
		change(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.http.CloseIdleConnections)
	w.Client = client
	return w
}

func (w *wire) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sleeps = append(w.sleeps, d)
	return ctx.Err()
}

func (w *wire) observe(_ context.Context, event Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event)
}

// ops returns the operations of the tries so far.
func (w *wire) ops() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ops []string
	for _, event := range w.events {
		ops = append(ops, event.Op)
	}
	return ops
}

// answer is one scripted answer of COS, with a Last-Modified. The zero status cuts the connection.
type answer struct {
	status int
	header map[string]string
	body   string
	// foreign: it is somebody else's answer, without a request id.
	foreign bool
	// without is a header that is left out, cut ends the connection in the middle of the body.
	without string
	cut     bool
}

func (a answer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	if a.foreign {
		w.Header().Del(headerRequestID)
	} else {
		w.Header().Set("Last-Modified", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
	}
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.without != "" && a.header[a.without] == "" {
		w.Header().Del(a.without)
	}
	if !a.cut {
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body[:len(a.body)/2])
	panic(http.ErrAbortHandler)
}

// script answers one request after the other, and the last answer for ever.
func script(answers ...answer) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		mu.Lock()
		current := answers[min(next, len(answers)-1)]
		next++
		mu.Unlock()
		current.ServeHTTP(w, req)
	}
}

// refusal is an error of COS as XML.
func refusal(status int, code string) answer {
	return answer{
		status: status,
		header: map[string]string{"x-cos-request-id": "request-1", "Content-Type": "application/xml"},
		body: "<?xml version='1.0' encoding='utf-8' ?><Error><Code>" + code + "</Code><Message>why " +
			code + "</Message><Resource>r</Resource><RequestId>request-1</RequestId>" +
			"<TraceId>t</TraceId></Error>",
	}
}

// found is the answer to a HEAD or GET of a small object. It is younger than whatever the test
// does, however slow the machine.
func found(header map[string]string) answer {
	all := map[string]string{
		"ETag": `"e1"`, "Content-Length": "0",
		"Last-Modified": time.Now().Add(time.Hour).UTC().Format(http.TimeFormat),
	}
	for name, value := range header {
		all[name] = value
	}
	return answer{status: http.StatusOK, header: all}
}
