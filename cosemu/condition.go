package cosemu

import (
	"net/http"
	"strings"
	"time"
)

// conditions are the four conditions on an object, of a request or of a copy's source.
type conditions struct {
	match, noneMatch     string
	modified, unmodified time.Time
}

// parseConditions reads the four headers, whose names begin with prefix. A date that is none is an
// error, not a condition to be ignored.
func parseConditions(header http.Header, prefix string) (conditions, *apiError) {
	c := conditions{
		match: header.Get(prefix + "If-Match"), noneMatch: header.Get(prefix + "If-None-Match"),
	}
	var err *apiError
	if c.modified, err = dateHeader(header, prefix+"If-Modified-Since"); err != nil {
		return c, err
	}
	c.unmodified, err = dateHeader(header, prefix+"If-Unmodified-Since")
	return c, err
}

// dateHeader reads a date; the zero time if the header is not there.
func dateHeader(header http.Header, name string) (time.Time, *apiError) {
	text := header.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}, invalid("%s: %q is not a date.", name, text)
	}
	return t, nil
}

func (c conditions) wrongMatch(v *version) bool { return c.match != "" && !lists(c.match, v.etag) }

func (c conditions) changed(v *version) bool {
	return !c.unmodified.IsZero() && v.modified.After(c.unmodified)
}

func (c conditions) excluded(v *version) bool {
	return c.noneMatch != "" && lists(c.noneMatch, v.etag)
}

func (c conditions) unchanged(v *version) bool {
	return !c.modified.IsZero() && !v.modified.After(c.modified)
}

// lists reports an ETag that an If-Match or If-None-Match header names.
func lists(header, etag string) bool {
	for given := range strings.SplitSeq(header, ",") {
		given = strings.TrimSpace(given)
		if given == "*" || strings.Trim(given, `"`) == etag {
			return true
		}
	}
	return false
}

// checkConditions evaluates the conditions of GET and HEAD. It reports true when it has answered
// 304. With an ETag condition the date of the same direction is ignored (RFC 9110, 13.2.2).
func (x *exchange) checkConditions(v *version) (bool, *apiError) {
	c, err := parseConditions(x.r.Header, "")
	switch {
	case err != nil:
		return false, err
	case c.wrongMatch(v), c.match == "" && c.changed(v):
		return false, errPrecondition()
	case c.excluded(v), c.noneMatch == "" && c.unchanged(v):
		x.answerNotModified(v)
		return true, nil
	}
	return false, nil
}

// answerNotModified has a Content-Length although no answer 304 has a body: the official Python
// SDK fails without one. net/http removes the header in its usual spelling from every 304.
func (x *exchange) answerNotModified(v *version) {
	header := x.w.Header()
	set(header, headerETag, `"`+v.etag+`"`)
	set(header, headerTraceID, x.traceID())
	set(header, "content-length", "0")
	x.w.WriteHeader(http.StatusNotModified)
}

// checkCopyConditions evaluates x-cos-copy-source-If-*: all four fail with 412. Only
// Modified-Since with None-Match, and Unmodified-Since with Match may be combined (8287), and then
// both must hold, unless Choices.CopyDateYields.
func (x *exchange) checkCopyConditions(v *version) *apiError {
	c, err := parseConditions(x.r.Header, "x-cos-copy-source-")
	if err != nil {
		return err
	}
	positive := c.match != "" || !c.unmodified.IsZero()
	negative := c.noneMatch != "" || !c.modified.IsZero()
	switch {
	case positive && negative:
		return invalid("These x-cos-copy-source-If-* headers exclude each other.")
	case c.match != "" && !c.wrongMatch(v) && x.Choices().CopyDateYields:
		return nil
	case c.wrongMatch(v), c.changed(v), c.excluded(v), c.unchanged(v):
		return errPrecondition()
	}
	return nil
}

func errPrecondition() *apiError {
	return failure("PreconditionFailed", "Precondition not match.")
}
