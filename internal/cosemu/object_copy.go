package cosemu

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// copyResultXML answers a copy. Its quotes are literal, unlike those of listings (10881).
type copyResultXML struct {
	XMLName      xml.Name `xml:"CopyObjectResult"`
	ETag         string   `xml:"ETag"`
	CRC64        string   `xml:"CRC64,omitempty"`
	LastModified string   `xml:"LastModified"`
	VersionID    string   `xml:"VersionId,omitempty"`
}

// copySource is the object that x-cos-copy-source names.
type copySource struct {
	bucket *bucket
	v      *version
	key    *customerKey
}

// copyObject copies on the server (10881).
func copyObject(x *exchange) *apiError {
	replaced, err := directive(x.r.Header, "x-cos-metadata-directive")
	if err != nil {
		return err
	}
	target, key, err := x.newVersion()
	if err != nil {
		return err
	}
	source, err := x.openCopySource()
	if err != nil {
		return err
	}
	if err := x.checkCopy(source, replaced); err != nil {
		return err
	}
	if err := x.fillCopy(target, source, replaced); err != nil {
		return err
	}
	target.etag = copiedETag(target, source.v, key)
	if err := x.commit(target); err != nil {
		return err
	}
	x.answerCopy(target, source)
	return nil
}

// checkCopy refuses what COS refuses before a copy starts.
func (x *exchange) checkCopy(source copySource, replaced bool) *apiError {
	switch {
	case source.v.body.size > x.config.CopyLimit:
		return failure("EntityTooLarge", "Objects above 5 GB are copied by parts.")
	case !replaced && source.bucket == x.bucket && source.v.key == x.entry.Key &&
		x.query["versionid"] == "" && sourceVersionID(x.r.Header) == "":
		return failure("InvalidRequest",
			"Copying an object onto itself needs x-cos-metadata-directive: Replaced.")
	}
	if !replaced {
		return x.refuseHeadersWithoutReplaced()
	}
	return nil
}

// refuseHeadersWithoutReplaced refuses metadata that would be ignored. Content-Type passes:
// HTTP libraries add it by themselves.
func (x *exchange) refuseHeadersWithoutReplaced() *apiError {
	for name := range x.r.Header {
		if strings.HasPrefix(strings.ToLower(name), metadataPrefix) {
			return invalid("%s needs x-cos-metadata-directive: Replaced.", name)
		}
	}
	return nil
}

// directive reads a Copy/Replaced header; Copy is the default.
func directive(header http.Header, name string) (replaced bool, err *apiError) {
	switch value := header.Get(name); strings.ToLower(value) {
	case "", "copy":
		return false, nil
	case "replaced":
		return true, nil
	default:
		return false, invalid("%s must be Copy or Replaced, not %q.", name, value)
	}
}

// fillCopy gives the target what a copy keeps: bytes, and, unless replaced, headers and tags.
// Class, ACL and encryption are the request's.
func (x *exchange) fillCopy(target *version, source copySource, replaced bool) *apiError {
	replacedTags, err := directive(x.r.Header, "x-cos-tagging-directive")
	if err != nil {
		return err
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	target.body, target.crc64, target.noCRC64 = source.v.body, source.v.crc64, source.v.noCRC64
	if !replaced {
		target.headers, target.metadata = source.v.headers, source.v.metadata
	}
	if !replacedTags {
		target.tags = source.v.tags
	}
	return nil
}

// copiedETag is the ETag that the copy's bytes have under the copy's encryption. A copy is one
// piece, so a multipart ETag does not survive it. The bytes of a discarded body are gone: its
// ETag is made of its CRC64.
func copiedETag(target, source *version, key *customerKey) string {
	digest := newBodyDigest(target.sse, key)
	if len(source.body.pieces) == 0 && source.body.size > 0 {
		_, _ = digest.Write([]byte(strconv.FormatUint(source.crc64, 10)))
		return digest.etag()
	}
	for _, piece := range source.body.pieces {
		_, _ = digest.Write(piece)
	}
	return digest.etag()
}

// openCopySource finds the source, checks its key, its state and the request's conditions. Every
// error here comes before the copy begins, so it has a status of its own.
func (x *exchange) openCopySource() (copySource, *apiError) {
	source, err := x.findCopySource()
	if err != nil {
		return source, err
	}
	if source.key, err = x.customerKeyOf(copySourcePrefix); err != nil {
		return source, err
	}
	if err := x.opens(source.v.sse, source.key); err != nil {
		return source, err
	}
	if err := x.checkRestored(source.v); err != nil {
		return source, err
	}
	if source.v.sse.mode == modeKMS {
		if err := x.checkKMSKey(source.v.sse.kmsKeyID); err != nil {
			return source, err
		}
	}
	return source, x.checkCopyConditions(source.v)
}

func (x *exchange) findCopySource() (copySource, *apiError) {
	location := strings.TrimPrefix(x.r.Header.Get("x-cos-copy-source"), "/")
	location, _, _ = strings.Cut(location, "?")
	host, encoded, ok := strings.Cut(location, "/")
	key, err := url.PathUnescape(encoded)
	name, region, isHost := splitHost(host)
	if !ok || err != nil || !isHost || key == "" {
		return copySource{}, invalid(
			"x-cos-copy-source must be <bucket>.cos.<region>.myqcloud.com/<key>, URL-encoded.")
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	b := x.store.find(name, region)
	if b == nil {
		return copySource{}, failure("NoSuchBucket", "The source bucket does not exist.")
	}
	id := sourceVersionID(x.r.Header)
	if named := b.named(key, id); named != nil && named.marker {
		return copySource{}, failure("InvalidRequest", "The source version is a delete marker.")
	}
	v, apiErr := findVersion(b, key, id, nil)
	return copySource{bucket: b, v: v}, apiErr
}

// sourceVersionID is the versionId of x-cos-copy-source; names are compared without case.
func sourceVersionID(header http.Header) string {
	_, text, _ := strings.Cut(header.Get("x-cos-copy-source"), "?")
	values, err := url.ParseQuery(text)
	if err != nil {
		return ""
	}
	for name, value := range values {
		if strings.EqualFold(name, "versionId") {
			return value[0]
		}
	}
	return ""
}

// checkCopyConditions evaluates x-cos-copy-source-If-*: all four fail with 412. Only
// Modified-Since with None-Match, and Unmodified-Since with Match may be combined (8287).
func (x *exchange) checkCopyConditions(v *version) *apiError {
	get := func(name string) string { return x.r.Header.Get("x-cos-copy-source-If-" + name) }
	c, err := parseConditions(get("Match"), get("None-Match"), get("Modified-Since"),
		get("Unmodified-Since"))
	if err != nil {
		return err
	}
	positive := c.match != "" || !c.unmodified.IsZero()
	negative := c.noneMatch != "" || !c.modified.IsZero()
	switch {
	case positive && negative:
		return invalid("These x-cos-copy-source-If-* headers exclude each other.")
	case c.matchFails(v), c.noneMatchFails(v):
		return failure("PreconditionFailed", "Precondition not match.")
	}
	return nil
}

func (x *exchange) answerCopy(v *version, source copySource) {
	header := x.w.Header()
	v.sse.echo(header)
	if id := sourceVersionID(x.r.Header); id != "" {
		set(header, "x-cos-copy-source-version-id", id)
	}
	if v.id != nullVersion {
		set(header, headerVersionID, v.id)
	}
	result := copyResultXML{
		ETag: `"` + v.etag + `"`, LastModified: v.modified.Format(time.RFC3339),
		CRC64: strconv.FormatUint(v.crc64, 10), VersionID: x.entry.VersionID,
	}
	if source.v.noCRC64 {
		result.CRC64 = ""
	}
	x.answerLiteral(result)
}
