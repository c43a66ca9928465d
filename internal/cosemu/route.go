package cosemu

import (
	"net"
	"net/http"
	"slices"
	"sort"
	"strings"
)

// identify finds out which bucket and key a request is about and which operation it is. Unknown
// operations are an error, never a silent success.
func (x *exchange) identify() (string, handler, *apiError) {
	bucketName, region, ok := splitHost(x.r.Host)
	x.entry.Key = strings.TrimPrefix(x.r.URL.Path, "/")
	x.entry.VersionID = x.query["versionid"]
	x.entry.UploadID = x.query["uploadid"]
	x.entry.HeaderNames = cosHeaderNames(x.r.Header)
	x.entry.SSEMode = string(modeNone)
	if !ok {
		return "Unknown", nil, failure("InvalidURI",
			"Host %s is not <bucket>.cos.<region>.<domain>.", x.r.Host)
	}
	x.entry.Bucket, x.entry.Region = bucketName, region
	x.store.mu.Lock()
	x.bucket = x.store.find(bucketName, region)
	x.store.mu.Unlock()
	op, handle := x.route()
	if handle == nil {
		return op, nil, failure("NotImplemented", "%s %s is not modelled by this emulator.",
			x.r.Method, x.r.URL.RequestURI())
	}
	return op, handle, nil
}

// hostSuffixes are the domains that a bucket's host may end with; a port is cut off before.
var hostSuffixes = []string{".myqcloud.com", ".tencentcos.cn", ".localhost"}

// splitHost takes <bucket>.cos.<region>.<domain>[:port] apart.
func splitHost(hostport string) (bucketName, region string, ok bool) {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	for _, suffix := range hostSuffixes {
		rest, found := strings.CutSuffix(host, suffix)
		if !found {
			continue
		}
		bucketName, region, found := strings.Cut(rest, ".cos.")
		return bucketName, region, found && bucketName != "" && region != ""
	}
	return "", "", false
}

func cosHeaderNames(header http.Header) []string {
	var names []string
	for name := range header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-cos-") {
			names = append(names, lower)
		}
	}
	sort.Strings(names)
	return names
}

// route is a method with a distinguishing query parameter or header.
type routeKey struct{ method, mark string }

type routeEntry struct {
	op     string
	handle handler
}

// objectRoutes and bucketRoutes are all operations. The mark is a query parameter; "copy" stands
// for the header x-cos-copy-source, "part copy" for both.
var (
	objectRoutes = map[routeKey]routeEntry{
		{"PUT", ""}:            {"PutObject", putObject},
		{"PUT", "copy"}:        {"PutObjectCopy", copyObject},
		{"GET", ""}:            {"GetObject", getObject},
		{"HEAD", ""}:           {"HeadObject", getObject},
		{"DELETE", ""}:         {"DeleteObject", deleteObject},
		{"PUT", "tagging"}:     {"PutObjectTagging", putTagging},
		{"GET", "tagging"}:     {"GetObjectTagging", getTagging},
		{"DELETE", "tagging"}:  {"DeleteObjectTagging", deleteTagging},
		{"PUT", "acl"}:         {"PutObjectACL", putACL},
		{"GET", "acl"}:         {"GetObjectACL", getACL},
		{"POST", "restore"}:    {"PostObjectRestore", restoreObject},
		{"PUT", "retention"}:   {"PutObjectRetention", putRetention},
		{"GET", "retention"}:   {"GetObjectRetention", getRetention},
		{"POST", "uploads"}:    {"InitiateMultipartUpload", initiateUpload},
		{"PUT", "uploadid"}:    {"UploadPart", uploadPart},
		{"PUT", "part copy"}:   {"UploadPartCopy", uploadPartCopy},
		{"POST", "uploadid"}:   {"CompleteMultipartUpload", completeUpload},
		{"DELETE", "uploadid"}: {"AbortMultipartUpload", abortUpload},
		{"GET", "uploadid"}:    {"ListParts", listParts},
	}
	bucketRoutes = map[routeKey]routeEntry{
		{"HEAD", ""}:             {"HeadBucket", headBucket},
		{"GET", ""}:              {"GetBucket", listObjects},
		{"GET", "versions"}:      {"GetBucketObjectVersions", listVersions},
		{"GET", "uploads"}:       {"ListMultipartUploads", listUploads},
		{"GET", "versioning"}:    {"GetBucketVersioning", getVersioning},
		{"PUT", "versioning"}:    {"PutBucketVersioning", putVersioning},
		{"GET", "encryption"}:    {"GetBucketEncryption", getEncryption},
		{"PUT", "encryption"}:    {"PutBucketEncryption", putEncryption},
		{"DELETE", "encryption"}: {"DeleteBucketEncryption", deleteEncryption},
	}
)

// plainParameters select no other operation than their absence does.
var plainParameters = []string{
	"versionid", "partnumber", "prefix", "delimiter", "marker", "max-keys", "encoding-type",
	"key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "part-number-marker",
	"max-parts", "sign", "x-cos-security-token", "response-content-type",
	"response-content-language", "response-expires", "response-cache-control",
	"response-content-disposition", "response-content-encoding",
}

// route finds the operation; the handler is nil for one that is not modelled.
func (x *exchange) route() (string, handler) {
	routes := objectRoutes
	if x.entry.Key == "" {
		routes = bucketRoutes
	}
	mark, known := x.mark()
	entry, ok := routes[routeKey{x.r.Method, mark}]
	if !known || !ok {
		return "NotImplemented", nil
	}
	return entry.op, entry.handle
}

// mark is what tells operations of one method apart. It reports false for a parameter that no
// operation here knows.
func (x *exchange) mark() (string, bool) {
	mark := ""
	for name := range x.query {
		if slices.Contains(plainParameters, name) || strings.HasPrefix(name, "q-") {
			continue
		}
		if mark != "" {
			return "", false
		}
		mark = name
	}
	if x.r.Header.Get("x-cos-copy-source") != "" {
		switch mark {
		case "":
			mark = "copy"
		case "uploadid":
			mark = "part copy"
		}
	}
	return mark, true
}
