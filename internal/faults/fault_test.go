package faults_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
)

// fault is one thing that can go wrong with one request.
type fault struct {
	name string
	act  func(*exchange)
}

const page = "<html><head><title>Sign in</title></head><body><h1>Welcome</h1></body></html>"

// identity is what marks an answer as COS's.
var identity = http.Header{"X-Cos-Request-Id": {"NWU5MGI4NDBfNjFjODJhMDlfMzY2NjVfMjNi"}}

// faults are all of them. Those from wrong-crc64 on change the true answer; where it has nothing to
// change, it goes through as it is and the cell shows that the request is harmless.
var faults = []fault{
	{"500", refuse(500, "InternalError")},
	{"503", refuse(503, "SlowDown")},
	{"429", refuse(429, "TooManyRequests")},
	{"expired-token", refuse(400, "ExpiredToken")},
	{"skewed", refuse(403, "RequestTimeTooSkewed")},
	{"denied", refuse(403, "AccessDenied")},
	{"html-200", html(200)},
	{"html-403", html(403)},
	{"html-404", html(404)},
	{"html-502", html(502)},
	{"redirect", func(x *exchange) {
		x.send(reply{
			status: 307, length: -1, header: http.Header{"Location": {"https://elsewhere.localhost:1/"}},
		})
	}},
	{"reset-before", func(x *exchange) { x.raw(reset) }},
	{"reset-middle", func(x *exchange) {
		answer := x.forward()
		x.raw(func(conn net.Conn) {
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nX-Cos-Request-Id: 1\r\nETag: ", answer.status)
			reset(conn)
		})
	}},
	{"reset-after", func(x *exchange) {
		x.forward()
		x.raw(reset)
	}},
	{"eof", func(x *exchange) { x.raw(func(net.Conn) {}) }},
	{"dropped-answer", func(x *exchange) {
		x.forward()
		x.raw(func(net.Conn) {})
	}},
	{"garbage", func(x *exchange) {
		x.raw(func(conn net.Conn) { _, _ = conn.Write(bytes.Repeat([]byte{0x80, 7, '\n'}, 99)) })
	}},
	{"headers-20M", changed(func(r *reply) {
		r.header.Set("X-Padding", strings.Repeat("x", 20<<20))
	})},
	{"error-in-200", func(x *exchange) {
		x.send(reply{status: 200, length: -1, header: identity.Clone(), body: document("InternalError")})
	}},
	{"empty-200", func(x *exchange) {
		x.send(reply{status: 200, length: -1, header: identity.Clone()})
	}},
	{"cut-error", func(x *exchange) {
		body := document("NoSuchKey")
		x.send(reply{404, identity.Clone(), body[:len(body)/2], int64(len(body))})
	}},
	{"wrong-crc64", changed(func(r *reply) {
		if r.header.Get(crc64Header) != "" {
			r.header.Set(crc64Header, "17")
		}
		r.body = crc64Element.ReplaceAll(r.body, []byte("<CRC64>17</CRC64>"))
	})},
	{"no-crc64", changed(func(r *reply) {
		r.header.Del(crc64Header)
		r.body = crc64Element.ReplaceAll(r.body, nil)
	})},
	{"no-encryption", changed(func(r *reply) {
		for name := range r.header {
			if strings.Contains(strings.ToLower(name), "server-side-encryption") {
				delete(r.header, name)
			}
		}
	})},
	{"no-etag", changed(func(r *reply) {
		r.header.Del("ETag")
		r.body = etagElement.ReplaceAll(r.body, nil)
	})},
	{"malformed-xml", changedXML(func(body []byte) []byte {
		return bytes.Replace(body, []byte("</"), []byte("<<"), 1)
	})},
	{"truncated-xml", changedXML(func(body []byte) []byte { return body[:len(body)*2/3] })},
	{"flipped-bit", changed(func(r *reply) {
		if len(r.body) > 0 && !isXML(*r) {
			r.body[len(r.body)/2] ^= 4
		}
	})},
	{"cut-body", func(x *exchange) {
		answer := x.forward()
		answer.length = int64(len(answer.body))
		answer.body = answer.body[:len(answer.body)/2]
		if x.r.Method == http.MethodHead || answer.length == 0 {
			x.raw(func(net.Conn) {})
			return
		}
		x.send(answer)
	}},
	{"stall", func(x *exchange) {
		_, _ = io.Copy(io.Discard, x.r.Body)
		<-x.r.Context().Done()
	}},
	{"dribble", func(x *exchange) {
		_, _ = io.Copy(io.Discard, x.r.Body)
		x.raw(func(conn net.Conn) { dribble(conn, "HTTP/1.1 200 OK and so on ") })
	}},
}

const crc64Header = "X-Cos-Hash-Crc64ecma"

var (
	crc64Element = regexp.MustCompile(`<CRC64>[0-9]*</CRC64>`)
	etagElement  = regexp.MustCompile(`<ETag>[^<]*</ETag>`)
)

// refuse answers with an error of COS instead of carrying the request out.
func refuse(status int, code string) func(*exchange) {
	return func(x *exchange) {
		_, _ = io.Copy(io.Discard, x.r.Body)
		header := identity.Clone()
		header.Set("Content-Type", "application/xml")
		answer := reply{status: status, header: header, body: document(code), length: -1}
		if x.r.Method == http.MethodHead {
			answer.body = nil
		}
		x.send(answer)
	}
}

func document(code string) []byte {
	return []byte("<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>" + code +
		"</Code><Message>made up by a test</Message><Resource>r</Resource>" +
		"<RequestId>1</RequestId><TraceId>2</TraceId></Error>")
}

// html answers as whatever is in between.
func html(status int) func(*exchange) {
	return func(x *exchange) {
		_, _ = io.Copy(io.Discard, x.r.Body)
		x.send(reply{
			status: status, body: []byte(page), length: -1,
			header: http.Header{"Content-Type": {"text/html"}, "Server": {"gateway"}},
		})
	}
}

// changed carries the request out and changes the answer.
func changed(change func(*reply)) func(*exchange) {
	return func(x *exchange) {
		answer := x.forward()
		change(&answer)
		if x.r.Method != http.MethodHead {
			answer.length = int64(len(answer.body))
		}
		x.send(answer)
	}
}

func changedXML(change func([]byte) []byte) func(*exchange) {
	return changed(func(r *reply) {
		if isXML(*r) {
			r.body = change(r.body)
		}
	})
}

func isXML(r reply) bool {
	return strings.Contains(r.header.Get("Content-Type"), "xml") ||
		bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<?xml"))
}
