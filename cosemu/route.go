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
		return x.identifyControl()
	}
	x.entry.Bucket, x.entry.Region = bucketName, region
	op, handle := x.route()
	switch {
	case handle == nil:
		return op, nil, failure("NotImplemented", "%s %s is not modelled by this emulator.",
			x.r.Method, x.r.URL.RequestURI())
	case region == accelerateRegion:
		return op, nil, failure("BucketAccelerateNotEnabled",
			"Acceleration is not enabled for the bucket.")
	}
	x.store.mu.Lock()
	x.bucket = x.store.find(bucketName, region)
	x.store.mu.Unlock()
	return op, handle, nil
}

// accelerateRegion stands in the place of the region in the hosts of global acceleration.
const accelerateRegion = "accelerate"

// hostError is the answer to a host that names no bucket: that of the account's bucket list, or
// one that COS does not have.
func hostError(host string) *apiError {
	if strings.HasPrefix(host, "service.cos.") {
		return failure("NotImplemented", "The list of buckets is not modelled by this emulator.")
	}
	return failure("InvalidURI", "Host %s is not <bucket>.cos.<region>.<domain>.", host)
}

// hostSuffixes are the domains that a bucket's host may end with; a port is cut off before.
var hostSuffixes = []string{".myqcloud.com", ".tencentcos.cn", ".localhost"}

// splitHost takes <bucket>.cos.<region>.<domain>[:port] apart.
func splitHost(hostport string) (bucketName, region string, ok bool) {
	host := strings.ToLower(hostport)
	if h, _, err := net.SplitHostPort(host); err == nil {
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

// routeKey is a method with the subresource that tells operations of one method apart; "copy"
// stands for the header x-cos-copy-source, "part copy" for uploadId and that header.
type routeKey struct{ method, mark string }

// routeEntry is an operation with the query parameters that it knows besides its subresource, in
// lower case.
type routeEntry struct {
	op     string
	handle handler
	params []string
}

var (
	versionParams  = []string{"versionid"}
	responseParams = []string{
		"versionid", "response-content-type", "response-content-language", "response-expires",
		"response-cache-control", "response-content-disposition", "response-content-encoding",
	}
	listParams    = []string{"prefix", "delimiter", "marker", "max-keys", "encoding-type"}
	versionsParam = []string{
		"prefix", "delimiter", "key-marker", "version-id-marker", "max-keys", "encoding-type",
	}
	uploadsParams = []string{
		"prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type",
	}
	partsParams = []string{"part-number-marker", "max-parts", "encoding-type"}
)

// objectRoutes and bucketRoutes are all operations.
var (
	objectRoutes = map[routeKey]routeEntry{
		{"PUT", ""}:            {"PutObject", putObject, nil},
		{"PUT", "copy"}:        {"PutObjectCopy", copyObject, nil},
		{"GET", ""}:            {"GetObject", getObject, responseParams},
		{"HEAD", ""}:           {"HeadObject", getObject, responseParams},
		{"DELETE", ""}:         {"DeleteObject", deleteObject, versionParams},
		{"PUT", "tagging"}:     {"PutObjectTagging", putTagging, versionParams},
		{"GET", "tagging"}:     {"GetObjectTagging", getTagging, versionParams},
		{"DELETE", "tagging"}:  {"DeleteObjectTagging", deleteTagging, versionParams},
		{"PUT", "acl"}:         {"PutObjectACL", putACL, versionParams},
		{"GET", "acl"}:         {"GetObjectACL", getACL, versionParams},
		{"POST", "restore"}:    {"PostObjectRestore", restoreObject, versionParams},
		{"PUT", "retention"}:   {"PutObjectRetention", putRetention, versionParams},
		{"GET", "retention"}:   {"GetObjectRetention", getRetention, versionParams},
		{"POST", "uploads"}:    {"InitiateMultipartUpload", initiateUpload, nil},
		{"PUT", "uploadid"}:    {"UploadPart", uploadPart, []string{"partnumber"}},
		{"PUT", "part copy"}:   {"UploadPartCopy", uploadPartCopy, []string{"partnumber"}},
		{"POST", "uploadid"}:   {"CompleteMultipartUpload", completeUpload, nil},
		{"DELETE", "uploadid"}: {"AbortMultipartUpload", abortUpload, nil},
		{"GET", "uploadid"}:    {"ListParts", listParts, partsParams},
	}
	bucketRoutes = map[routeKey]routeEntry{
		{"HEAD", ""}:             {"HeadBucket", headBucket, nil},
		{"GET", ""}:              {"GetBucket", listObjects, listParams},
		{"GET", "versions"}:      {"GetBucketObjectVersions", listVersions, versionsParam},
		{"GET", "uploads"}:       {"ListMultipartUploads", listUploads, uploadsParams},
		{"GET", "versioning"}:    {"GetBucketVersioning", getVersioning, nil},
		{"PUT", "versioning"}:    {"PutBucketVersioning", putVersioning, nil},
		{"GET", "encryption"}:    {"GetBucketEncryption", getEncryption, nil},
		{"PUT", "encryption"}:    {"PutBucketEncryption", putEncryption, nil},
		{"DELETE", "encryption"}: {"DeleteBucketEncryption", deleteEncryption, nil},
	}
)

// subresources are the query parameters that select an operation.
var subresources = []string{
	"acl", "encryption", "restore", "retention", "tagging", "uploadid", "uploads", "versioning",
	"versions",
}

// route finds the operation; the handler is nil for one that is not modelled, which is also what a
// known operation with an unknown parameter is.
func (x *exchange) route() (string, handler) {
	routes := objectRoutes
	if x.entry.Key == "" {
		routes = bucketRoutes
	}
	entry, ok := routes[routeKey{x.r.Method, x.mark()}]
	if !ok {
		return notImplemented, nil
	}
	for name := range x.query {
		if !signatureParam(name) && !slices.Contains(entry.params, name) &&
			!slices.Contains(subresources, name) {
			return notImplemented, nil
		}
	}
	return entry.op, entry.handle
}

const notImplemented = "NotImplemented"

// mark is what tells operations of one method apart. Two subresources at once are none.
func (x *exchange) mark() string {
	var marks []string
	for _, name := range subresources {
		if _, ok := x.query[name]; ok {
			marks = append(marks, name)
		}
	}
	mark := strings.Join(marks, " ")
	if x.r.Header.Get("x-cos-copy-source") == "" {
		return mark
	}
	switch mark {
	case "":
		return "copy"
	case "uploadid":
		return "part copy"
	}
	return mark
}

// signatureParam reports a parameter of a presigned URL.
func signatureParam(name string) bool {
	return name == "sign" || name == "x-cos-security-token" || strings.HasPrefix(name, "q-")
}
