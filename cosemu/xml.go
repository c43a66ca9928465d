package cosemu

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Response headers that are spelled in lower case on the wire. net/http would write X-Cos-..., and
// clients with case-sensitive headers would not find them.
const (
	headerRequestID    = "x-cos-request-id"
	headerTraceID      = "x-cos-trace-id"
	headerVersionID    = "x-cos-version-id"
	headerDeleteMarker = "x-cos-delete-marker"
	headerCRC64        = "x-cos-hash-crc64ecma"
	headerClass        = "x-cos-storage-class"
	headerETag         = "ETag"
)

// set writes a header in exactly this spelling.
func set(header http.Header, name, value string) { header[name] = []string{value} }

// marshalXML is a document with COS's declaration. Quotes are written as &quot;.
func marshalXML(document any) []byte {
	body, err := xml.Marshal(document)
	if err != nil {
		// Every document is one of this package's own types.
		panic(err)
	}
	body = bytes.ReplaceAll(body, []byte("&#34;"), []byte("&quot;"))
	return append([]byte("<?xml version='1.0' encoding='utf-8' ?>\n"), body...)
}

// answerXML answers 200 with a document.
func (x *exchange) answerXML(document any) {
	body := marshalXML(document)
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body)
}

// answerLiteral is answerXML with literal quotes, as copies answer (10881).
func (x *exchange) answerLiteral(document any) {
	body := bytes.ReplaceAll(marshalXML(document), []byte("&quot;"), []byte(`"`))
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.WriteHeader(http.StatusOK)
	x.w.Flush()
	_, _ = x.w.Write(body)
}

// answerEmpty answers with a status and no body.
func (x *exchange) answerEmpty(status int) {
	if status != http.StatusNoContent {
		x.w.Header().Set("Content-Length", "0")
	}
	x.w.WriteHeader(status)
}

// maxXMLBytes is the largest document that a request may carry: 10 000 parts fit well.
const maxXMLBytes = 4 << 20

// readXML parses a request's body, after checking its Content-MD5 if there is one.
func (x *exchange) readXML(document any) *apiError {
	body, apiErr := x.readBody()
	if apiErr != nil {
		return apiErr
	}
	if err := xml.Unmarshal(body, document); err != nil {
		return malformed(err)
	}
	return nil
}

func malformed(err error) *apiError {
	return failure("MalformedXML", "The XML you provided was not well-formed: %s", err)
}

// readBody reads a request's document, after checking its Content-MD5 if there is one.
func (x *exchange) readBody() ([]byte, *apiError) {
	wantMD5, apiErr := contentMD5(x.r.Header.Get("Content-MD5"))
	if apiErr != nil {
		return nil, apiErr
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, x.r.Body, maxXMLBytes))
	if err != nil {
		return nil, bodyFailure("XMLSizeLimit", err)
	}
	if sum := md5.Sum(body); wantMD5 != "" && wantMD5 != string(sum[:]) {
		return nil, failure("BadDigest", "Content-MD5 does not match the body.")
	}
	return body, nil
}

// newRequestID has COS's form: Base64 of hex(unix seconds)_hex_hex_hex.
func (s *Server) newRequestID() string {
	n := s.sequence.Add(1)
	text := fmt.Sprintf("%x_%x_%x_%x", s.config.Now().Unix(), uint32(n)*2654435761,
		n%0xffff, n)
	return base64.StdEncoding.EncodeToString([]byte(text))
}

// traceID goes with errors only.
func (x *exchange) traceID() string {
	return base64.StdEncoding.EncodeToString([]byte("trace_" + x.requestID))
}
