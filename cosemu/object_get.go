package cosemu

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// getObject serves GET and HEAD (7753 and 7745).
func getObject(x *exchange) *apiError {
	v, err := x.view(x.entry.Key)
	if err != nil {
		return err
	}
	if done, err := x.admitRead(v); done || err != nil {
		return err
	}
	x.describe(v)
	return x.serveRange(v)
}

// admitRead judges a GET or HEAD by key, state and conditions. It reports true when it has answered
// 304.
func (x *exchange) admitRead(v *version) (bool, *apiError) {
	if x.Choices().PreconditionsFirst {
		if done, err := x.checkConditions(v); done || err != nil {
			return done, err
		}
	}
	if err := x.checkRead(v); err != nil {
		return false, err
	}
	if x.r.Method == http.MethodGet {
		if err := x.checkReadable(v); err != nil {
			return false, err
		}
	}
	return x.checkConditions(v)
}

// checkReadable refuses to read the bytes of an archived object that is not restored, and of one
// whose KMS key is disabled.
func (x *exchange) checkReadable(v *version) *apiError {
	switch {
	case archived(v.class) && !v.restore.readable(x.config.Now()):
		return failure("InvalidObjectState", "The object is archived and not restored.")
	case v.sse.mode == modeKMS:
		return x.checkKMSKey(v.sse.kmsKeyID)
	}
	return nil
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
		header.Set("Content-Type", contentTypeOf(v.key))
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
	if len(v.tags) > 0 && !x.Choices().NoTaggingCount {
		set(header, "x-cos-tagging-count", strconv.Itoa(len(v.tags)))
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
	_, _ = io.CopyBuffer(struct{ io.Writer }{x.w}, v.body.reader(off, n), make([]byte, max(1, min(n, 256<<10))))
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
