package cosemu

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBeforeActsBetweenTwoRequests(t *testing.T) {
	t.Parallel()
	var seen []string
	var server *Server
	server, err := New(Config{
		Buckets: []string{"examplebucket-1250000000"},
		Before: func(op string, r *http.Request) {
			if r.UserAgent() == "colleague" {
				return
			}
			seen = append(seen, op)
			if op == "HeadObject" {
				sendAs(server, http.MethodPut, "colleague", "foreign")
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.trusting = true
	sendAs(server, http.MethodPut, "ours", "own")
	answer := sendAs(server, http.MethodHead, "ours", "")
	if got := answer.Header().Get("Content-Length"); got != "7" {
		t.Errorf("the HEAD saw %s bytes, want the 7 that were written right before it", got)
	}
	if want := "PutObject HeadObject"; strings.Join(seen, " ") != want {
		t.Errorf("called before %v, want %s", seen, want)
	}
}

func sendAs(server *Server, method, agent, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method,
		"https://examplebucket-1250000000.cos.ap-guangzhou.localhost/key", strings.NewReader(body))
	request.Header.Set("User-Agent", agent)
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	return recorder
}
