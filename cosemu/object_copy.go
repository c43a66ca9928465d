package cosemu

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
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
	v         *version // as it was when the request came
	versionID string   // that the request named
	self      bool     // it is the current version of the request's own key
}

// copyObject copies on the server (10881).
func copyObject(x *exchange) *apiError {
	replaced, err := directive(x.r.Header, "x-cos-metadata-directive")
	if err != nil {
		return err
	}
	replacedTags, err := directive(x.r.Header, "x-cos-tagging-directive")
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
	if err := x.checkCopy(source, target.class, replaced); err != nil {
		return err
	}
	target.fill(source.v, replaced, replacedTags)
	target.etag = x.copiedETag(target, source.v, key)
	if err := x.commit(target); err != nil {
		return err
	}
	x.answerCopy(target, source)
	return nil
}

// checkCopy refuses what COS refuses before a copy starts.
func (x *exchange) checkCopy(source copySource, class string, replaced bool) *apiError {
	switch {
	case strings.HasPrefix(source.v.class, multiAZPrefix) && class != source.v.class:
		return failure("NotSupportedStorageClass", "A copy of a %s object must be %s as well.",
			source.v.class, source.v.class)
	case source.v.body.size > x.Settings().CopyLimit:
		return failure("EntityTooLarge", "Objects above 5 GB are copied by parts.")
	case replaced:
		return nil
	case source.self:
		return failure("InvalidRequest",
			"Copying an object onto itself needs x-cos-metadata-directive: Replaced.")
	}
	return x.refuseHeadersWithoutReplaced()
}

// refuseHeadersWithoutReplaced refuses headers and metadata that the copy would not get (10881).
// Content-Type passes: HTTP libraries add it by themselves.
func (x *exchange) refuseHeadersWithoutReplaced() *apiError {
	for name := range x.r.Header {
		stored := slices.Contains(systemHeaders, name) ||
			strings.HasPrefix(strings.ToLower(name), metadataPrefix)
		if stored && name != "Content-Type" && x.r.Header.Get(name) != "" {
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

// fill gives a copy what it keeps: the bytes and, unless they are replaced, headers and tags.
// Class, ACL and encryption are the request's.
func (v *version) fill(source *version, replaced, replacedTags bool) {
	v.body, v.crc64, v.noCRC64 = source.body, source.crc64, source.noCRC64
	if !replaced {
		v.headers, v.metadata = source.headers, source.metadata
	}
	if !replacedTags {
		v.tags = source.tags
	}
}

// copiedETag is the ETag that the copy's bytes have under the copy's encryption. A copy is one
// piece, so a multipart ETag does not survive it. The bytes of a discarded body are gone: its
// ETag is made of its CRC64.
func (x *exchange) copiedETag(target, source *version, key *customerKey) string {
	digest := x.newBodyDigest(target.sse, key)
	if source.body.discarded() {
		_, _ = digest.Write([]byte(strconv.FormatUint(source.crc64, 10)))
		return digest.etag()
	}
	_, _ = io.Copy(digest, source.body.reader(0, source.body.size))
	return digest.etag()
}

// openCopySource finds the source, checks its key, its state and the request's conditions. Every
// error here comes before the copy begins, so it has a status of its own.
func (x *exchange) openCopySource() (copySource, *apiError) {
	source, err := x.findCopySource()
	if err != nil {
		return source, err
	}
	if x.Choices().PreconditionsFirst {
		if err := x.checkCopyConditions(source.v); err != nil {
			return source, err
		}
	}
	key, err := x.customerKeyOf(copySourcePrefix)
	if err != nil {
		return source, err
	}
	if err := x.opens(source.v.sse, key); err != nil {
		return source, err
	}
	if err := x.checkReadable(source.v); err != nil {
		return source, err
	}
	return source, x.checkCopyConditions(source.v)
}

// copyLocation is a parsed x-cos-copy-source.
type copyLocation struct{ bucket, region, key, versionID string }

// parseCopySource reads <bucket>.cos.<region>.myqcloud.com/<key>[?versionId=<id>]. The key is
// URL-encoded; clients differ in whether they encode slashes.
func parseCopySource(header string) (copyLocation, *apiError) {
	location, query, _ := strings.Cut(header, "?")
	host, encoded, _ := strings.Cut(location, "/")
	key, err := url.PathUnescape(encoded)
	name, region, isHost := splitHost(host)
	switch {
	case err != nil || !isHost || key == "":
		return copyLocation{}, invalid(
			"x-cos-copy-source must be <bucket>.cos.<region>.myqcloud.com/<key>, URL-encoded.")
	case region == accelerateRegion:
		return copyLocation{}, failure("InvalidCopySource",
			"An acceleration domain cannot be a copy source.")
	}
	return copyLocation{name, region, key, lowerQuery(query)["versionid"]}, nil
}

// findCopySource finds the source. A delete marker that the request names is a bad request, the
// current one is not found (8287).
func (x *exchange) findCopySource() (copySource, *apiError) {
	location, err := parseCopySource(x.r.Header.Get("x-cos-copy-source"))
	if err != nil {
		return copySource{}, err
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	b := x.store.find(location.bucket, location.region)
	if b == nil {
		return copySource{}, failure("NoSuchBucket", "The source bucket does not exist.")
	}
	named := b.named(location.key, location.versionID)
	if named != nil && named.marker {
		return copySource{}, failure("InvalidRequest", "The source version is a delete marker.")
	}
	v, err := findVersion(b, location.key, location.versionID, nil)
	if err != nil {
		return copySource{}, err
	}
	seen := *v
	return copySource{
		v: &seen, versionID: location.versionID,
		self: b == x.bucket && v.key == x.entry.Key && b.isCurrent(v),
	}, nil
}

func (x *exchange) answerCopy(v *version, source copySource) {
	header := x.w.Header()
	v.sse.echo(header)
	if source.versionID != "" {
		set(header, "x-cos-copy-source-version-id", source.versionID)
	}
	if v.id != nullVersion {
		set(header, headerVersionID, v.id)
	}
	result := copyResultXML{
		ETag: `"` + v.etag + `"`, LastModified: v.modified.Format(time.RFC3339),
		CRC64: strconv.FormatUint(v.crc64, 10), VersionID: x.entry.VersionID,
	}
	if v.noCRC64 {
		result.CRC64 = ""
	}
	x.answerLiteral(result)
}
