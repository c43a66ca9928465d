package cosemu

import (
	"encoding/base64"
	"encoding/xml"
	"go/ast"
	"go/parser"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestErrorDocument shows the five members of an error, none of which is ever empty, and the two
// ids of the headers.
func TestErrorDocument(t *testing.T) {
	t.Parallel()
	a := newRig(t).do("GET", "/dir/a%20b", "")
	var document errorXML
	if err := xml.Unmarshal([]byte(a.body), &document); err != nil {
		t.Fatal(err)
	}
	want := errorXML{
		XMLName: xml.Name{Local: "Error"}, Code: "NoSuchKey",
		Message: "The specified key does not exist.", Resource: plainHost + "/dir/a b",
		RequestID: a.get(headerRequestID), TraceID: a.get(headerTraceID),
	}
	if document != want || want.RequestID == "" || want.TraceID == "" {
		t.Errorf("the document is %+v, want %+v", document, want)
	}
	if !strings.HasPrefix(a.body, "<?xml version='1.0' encoding='utf-8' ?>\n") {
		t.Errorf("the document begins with %.40q", a.body)
	}
	a.check(t, "GET", map[string]string{"Content-Type": "application/xml"})
	id, err := base64.StdEncoding.DecodeString(document.RequestID)
	if err != nil || !regexp.MustCompile(`^[0-9a-f]{8}(_[0-9a-f]+){3}$`).Match(id) {
		t.Errorf("the request id is %q: %v", id, err)
	}
}

// TestHeadErrorHasNoBody shows fact sheet 6: HEAD errors have ids, and neither body nor code.
func TestHeadErrorHasNoBody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run(t, step{method: "HEAD", target: "/a", status: 404, want: map[string]string{
		"Content-Length": "0", headerRequestID: "*", headerTraceID: "*", "Content-Type": "-",
	}})
	if entry := r.Journal()[0]; entry.Code != "NoSuchKey" {
		t.Errorf("the journal has the code %q", entry.Code)
	}
}

// TestEveryCodeHasAStatus looks through the package for codes that statusOf does not know.
func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	found := 0
	for name, file := range packageFiles(t, parser.SkipObjectResolution) {
		ast.Inspect(file, func(n ast.Node) bool {
			code, ok := failureCode(n)
			if ok {
				found++
			}
			if ok && statusOf[code] == 0 {
				t.Errorf("%s: the code %s has no status in statusOf", name, code)
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("only %d codes were found", found)
	}
}

// failureCode is the code of a call failure("Code", ...).
func failureCode(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", false
	}
	name, isName := call.Fun.(*ast.Ident)
	literal, isLiteral := call.Args[0].(*ast.BasicLit)
	if !isName || name.Name != "failure" || !isLiteral {
		return "", false
	}
	code, err := strconv.Unquote(literal.Value)
	return code, err == nil
}

// TestSpellingOnTheWire reads an answer's bytes: x-cos-* in lower case, ETag as written, and a
// Content-Length even with 304.
func TestSpellingOnTheWire(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", objectContent, "x-cos-meta-owner: Anna")
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	plain := wire(t, server, "HEAD", "")
	for _, line := range []string{
		"x-cos-hash-crc64ecma: " + objectContentCRC64, `ETag: "` + objectContentMD5 + `"`,
		"x-cos-meta-owner: Anna", "x-cos-request-id: ", "Server: tencent-cos",
	} {
		if !strings.Contains(plain, "\r\n"+line) {
			t.Errorf("%q is not in %s", line, plain)
		}
	}
	unchanged := wire(t, server, "GET", "If-None-Match: *\r\n")
	if !strings.HasPrefix(unchanged, "HTTP/1.1 304 ") ||
		!strings.Contains(unchanged, "\r\ncontent-length: 0\r\n") {
		t.Errorf("304 is %s", unchanged)
	}
	missing := wire(t, server, "HEAD", "If-Match: x\r\n")
	if !strings.Contains(missing, "\r\nx-cos-trace-id: ") {
		t.Errorf("an error has no x-cos-trace-id: %s", missing)
	}
}

// wire sends one request over a connection of its own and returns the answer's bytes.
func wire(t *testing.T, server *httptest.Server, method, headers string) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, method+" /a HTTP/1.1\r\nHost: "+plainHost+
		"\r\nConnection: close\r\n"+headers+"\r\n")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestRefusedBodyIsRead shows that a client that sends a large body before it looks at the answer
// gets to see the error.
func TestRefusedBodyIsRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	const size = 8 << 20
	request, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+"/a", &zeros{size})
	if err != nil {
		t.Fatal(err)
	}
	request.Host, request.ContentLength = plainHost, size
	request.Header.Set("x-cos-storage-class", "COLD")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != 400 {
		t.Errorf("the status is %d", response.StatusCode)
	}
	if entry := r.Journal()[0]; entry.BytesIn != size {
		t.Errorf("%d bytes were read", entry.BytesIn)
	}
}
