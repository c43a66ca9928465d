package cosapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzAnswer hands answers of any form to the layer that every answer passes. What it lets through
// has what the operation needs; nothing panics, and no secret comes back.
func FuzzAnswer(f *testing.F) {
	whole := "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
	for _, body := range []string{
		whole, "", page, "<?xml version='1.0'?>" + whole, whole[:20], "<ListBucketResult/>",
		"<Error><Code>NoSuchKey</Code><Message>m</Message></Error>", "<Error>", "<", "<!--", "  ",
		"<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>", canarySecretKey,
		"<Error><Code>" + canaryToken + "</Code></Error>",
	} {
		for _, op := range []string{"GetBucket", "PutObjectCopy", "PutObject", "HeadObject"} {
			f.Add(op, 200, "request-1", `"e"`, body)
			f.Add(op, 404, "", "", body)
		}
	}
	f.Fuzz(func(t *testing.T, op string, status int, id, etag, body string) {
		spec, known := operations[op]
		if !known {
			return
		}
		method := http.MethodPut
		if op == "HeadObject" {
			method = http.MethodHead
		}
		transport := &signingTransport{config: Config{}.withDefaults()}
		req := &http.Request{Method: method, Header: http.Header{
			"Authorization": {"q-sign-algorithm=sha1&q-signature=" + strings.Repeat("ab", 20)},
		}}
		call := &call{op: op, ref: testRef("k")}
		call.secrets = transport.spelled.secretsOf(req, canarySecretKey, canaryToken)
		resp, err := transport.receive(call, req, &http.Response{
			StatusCode: status, ContentLength: int64(len(body)), Request: req,
			Header: http.Header{
				"X-Cos-Request-Id": {id}, "Etag": {etag}, "Last-Modified": {"Fri, 10 Apr 2020 18:18:53 GMT"},
			},
			Body: io.NopCloser(strings.NewReader(body)),
		})
		if err != nil {
			failure := newError(request{op: op, ref: testRef("k")}, nil, err, call.secrets)
			if text := failure.Error(); strings.Contains(text, canarySecretKey) ||
				strings.Contains(text, canaryToken) {
				t.Errorf("a secret comes back: %q", text)
			}
			return
		}
		if resp.Header.Get(headerRequestID) == "" {
			t.Errorf("%s believes an answer of nobody", op)
		}
		if status/100 == 2 {
			checkLetThrough(t, spec, resp)
		}
	})
}

func checkLetThrough(t *testing.T, spec operation, resp *http.Response) {
	t.Helper()
	for _, name := range spec.headers {
		if resp.Header.Get(name) == "" {
			t.Errorf("let through without %s", name)
		}
	}
	content, err := io.ReadAll(resp.Body)
	if spec.root == "" {
		return
	}
	if err != nil || len(content) > maxXMLBody || xmlRoot(content) != spec.root {
		t.Errorf("let through: %v, %.100q", err, content)
	}
	for _, name := range spec.elements {
		if !bytes.Contains(content, []byte("<"+name+">")) {
			t.Errorf("let through without %s", name)
		}
	}
}

// FuzzCheckpoint reads notes that a kill or anybody else damaged.
func FuzzCheckpoint(f *testing.F) {
	head := `{"version":1,"upload_id":"U","began_ns":1,"part_size":2,"file":{}}` + "\n"
	for _, text := range []string{
		"", head, head + `{"part":1,"etag":"e","crc64":"7"}` + "\n", head + `{"part":1,"et`,
		"{}\n", head + "\n\n", `{"began_ns":5}` + "\n", "null\n", head + `{"part":-1,"crc64":"x"}` + "\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		saved, whole := readCheckpoint(strings.NewReader(text))
		if whole < 0 || whole > int64(len(text)) {
			t.Errorf("%d whole bytes of %d", whole, len(text))
		}
		if saved == nil && whole != 0 {
			t.Error("nothing is saved, in whole lines")
		}
		if saved != nil && whole > 0 && text[whole-1] != '\n' {
			t.Errorf("%d is not the end of a line", whole)
		}
	})
}
