package cosemu

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// getObject serves GET and HEAD (7753 and 7745).
func getObject(x *exchange) *apiError {
	v, err := x.view(x.entry.Key)
	if err != nil {
		return err
	}
	if err := x.checkRead(v); err != nil {
		return err
	}
	if err := x.checkServable(v); err != nil {
		return err
	}
	if done, err := x.checkConditions(v); done || err != nil {
		return err
	}
	x.describe(v)
	return x.serveRange(v)
}

// checkServable refuses to serve what cannot be read: an archived object that is not restored,
// and one whose KMS key is disabled. HEAD reads neither.
func (x *exchange) checkServable(v *version) *apiError {
	if x.r.Method == http.MethodHead {
		return nil
	}
	if err := x.checkRestored(v); err != nil {
		return err
	}
	if v.sse.mode == modeKMS {
		return x.checkKMSKey(v.sse.kmsKeyID)
	}
	return nil
}

// checkRestored demands that an archived object is restored.
func (x *exchange) checkRestored(v *version) *apiError {
	if !archived(v.class) || v.restore.readable(x.config.Now()) {
		return nil
	}
	return failure("InvalidObjectState", "The object is archived and not restored.")
}

// checkConditions evaluates the four conditional headers. It reports true when it has answered.
func (x *exchange) checkConditions(v *version) (bool, *apiError) {
	header := x.r.Header
	conditions, err := parseConditions(header.Get("If-Match"), header.Get("If-None-Match"),
		header.Get("If-Modified-Since"), header.Get("If-Unmodified-Since"))
	switch {
	case err != nil:
		return false, err
	case conditions.matchFails(v):
		return false, failure("PreconditionFailed", "Precondition not match.")
	case conditions.noneMatchFails(v):
		set(x.w.Header(), headerETag, `"`+v.etag+`"`)
		set(x.w.Header(), headerTraceID, x.traceID())
		x.w.Header().Set("Content-Length", "0")
		x.w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	return false, nil
}

// describe writes the headers that an object is served with.
func (x *exchange) describe(v *version) {
	header := x.w.Header()
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	for name, value := range v.headers {
		header.Set(name, value)
	}
	for name, value := range v.metadata {
		set(header, metadataPrefix+name, value)
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/octet-stream")
	}
	set(header, headerETag, `"`+v.etag+`"`)
	header.Set("Last-Modified", v.modified.Format(http.TimeFormat))
	if !v.noCRC64 {
		set(header, headerCRC64, strconv.FormatUint(v.crc64, 10))
	}
	if v.class != standardClass {
		set(header, headerClass, v.class)
	}
	if strings.HasSuffix(v.class, "INTELLIGENT_TIERING") {
		set(header, "x-cos-storage-tier", "FREQUENT")
	}
	if id := v.shownID(x.bucket); id != "" {
		set(header, headerVersionID, id)
	}
	v.restore.describe(header, x.config.Now())
	v.sse.echo(header)
	x.overrideHeaders(header)
}

// overrideHeaders applies the response-* parameters (7753).
func (x *exchange) overrideHeaders(header http.Header) {
	for _, name := range systemHeaders {
		if value, ok := x.query["response-"+strings.ToLower(name)]; ok {
			header.Set(name, value)
		}
	}
}

// serveRange writes the body or the part of it that Range asks for. A malformed Range serves the
// whole object, one behind its end is an error.
func (x *exchange) serveRange(v *version) *apiError {
	off, n, status, err := parseRange(x.r.Header.Get("Range"), v.body.size)
	if err != nil {
		return err
	}
	header := x.w.Header()
	header.Set("Content-Length", strconv.FormatInt(n, 10))
	if status == http.StatusPartialContent {
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, v.body.size))
	}
	if x.r.Method == http.MethodHead {
		x.w.WriteHeader(status)
		return nil
	}
	header.Set("Accept-Ranges", "bytes")
	x.w.WriteHeader(status)
	_, _ = io.CopyBuffer(struct{ io.Writer }{x.w}, v.body.reader(off, n), make([]byte, 256<<10))
	return nil
}

// parseRange understands bytes=a-b, bytes=a- and bytes=-n.
func parseRange(text string, size int64) (off, n int64, status int, err *apiError) {
	whole := func() (int64, int64, int, *apiError) { return 0, size, http.StatusOK, nil }
	spec, ok := strings.CutPrefix(text, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash {
		return whole()
	}
	start, startErr := strconv.ParseInt(first, 10, 64)
	end, endErr := strconv.ParseInt(last, 10, 64)
	switch {
	case first == "" && endErr == nil && end > 0:
		start, end = max(0, size-end), size-1
	case startErr != nil || last != "" && (endErr != nil || end < start):
		return whole()
	case last == "" || end >= size:
		end = size - 1
	}
	if start >= size {
		return 0, 0, 0, failure("InvalidRange", "The range is behind the end of the object.")
	}
	return start, end - start + 1, http.StatusPartialContent, nil
}

// conditions are the four conditions on an object, of a request or of a copy's source.
type conditions struct {
	match, noneMatch     string
	modified, unmodified time.Time
}

func parseConditions(match, noneMatch, modified, unmodified string) (conditions, *apiError) {
	c := conditions{match: match, noneMatch: noneMatch}
	for _, field := range []struct {
		text string
		at   *time.Time
	}{{modified, &c.modified}, {unmodified, &c.unmodified}} {
		if field.text == "" {
			continue
		}
		t, err := http.ParseTime(field.text)
		if err != nil {
			return c, invalid("%q is not a date.", field.text)
		}
		*field.at = t
	}
	return c, nil
}

// matchFails reports a failed If-Match or If-Unmodified-Since.
func (c conditions) matchFails(v *version) bool {
	return c.match != "" && !sameETag(c.match, v.etag) ||
		!c.unmodified.IsZero() && v.modified.After(c.unmodified)
}

// noneMatchFails reports a failed If-None-Match or If-Modified-Since.
func (c conditions) noneMatchFails(v *version) bool {
	return c.noneMatch != "" && sameETag(c.noneMatch, v.etag) ||
		!c.modified.IsZero() && !v.modified.After(c.modified)
}

func sameETag(given, etag string) bool { return given == "*" || strings.Trim(given, `"`) == etag }
