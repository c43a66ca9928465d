package cosemu

import (
	"net"
	"net/http"
	"sort"
	"strings"
)

// identify finds out which bucket and key a request is about and which operation it is. Operations
// that COS documents and the emulator does not have are an error, never a silent success.
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
	if handle == nil {
		return op, nil, failure("NotImplemented", "%s %s is not modelled by this emulator.",
			x.r.Method, x.r.URL.RequestURI())
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	x.bucket = x.store.find(bucketName, region)
	if region == accelerateRegion {
		if x.bucket = x.store.accelerated(bucketName); x.bucket == nil {
			return op, nil, failure("BucketAccelerateNotEnabled",
				"Acceleration is not enabled for the bucket.")
		}
	}
	return op, handle, nil
}

// accelerateRegion stands in the place of the region in the hosts of global acceleration.
const accelerateRegion = "accelerate"

// identifyService is identify for hosts that name no bucket: those of the account's list of
// buckets, and those that COS does not have.
func (x *exchange) identifyService() (string, handler, *apiError) {
	region, ok := serviceHost(x.r.Host)
	if !ok {
		return "Unknown", nil, failure("InvalidURI", "Host %s is not <bucket>.cos.<region>.<domain>.",
			x.r.Host)
	}
	x.entry.Region = region
	entry, ok := serviceRoutes[routeKey{x.r.Method, ""}]
	if !ok || x.entry.Key != "" {
		return notImplemented, nil, failure("NotImplemented",
			"%s %s of the account is not modelled by this emulator.", x.r.Method, x.r.URL.Path)
	}
	return entry.op, entry.handle, nil
}

// hostSuffixes are the domains that a host may end with; a port is cut off before.
var hostSuffixes = []string{".myqcloud.com", ".tencentcos.cn", ".localhost"}

// hostInDomain cuts port and domain off a host.
func hostInDomain(hostport string) (rest string, ok bool) {
	host := strings.ToLower(hostport)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, suffix := range hostSuffixes {
		if rest, found := strings.CutSuffix(host, suffix); found {
			return rest, true
		}
	}
	return "", false
}

// hostMarks stand between bucket and region: the second is that of Tencent's own network.
var hostMarks = []string{".cos.", ".cos-internal."}

// splitHost takes <bucket>.cos.<region>.<domain>[:port] apart.
func splitHost(hostport string) (bucketName, region string, ok bool) {
	rest, ok := hostInDomain(hostport)
	if !ok {
		return "", "", false
	}
	for _, mark := range hostMarks {
		if bucketName, region, found := strings.Cut(rest, mark); found {
			return bucketName, region, bucketName != "" && region != ""
		}
	}
	return "", "", false
}

// serviceHost reads the hosts of the list of buckets: service.cos.<domain> for all regions, and
// cos.<region>.<domain> for one (8291).
func serviceHost(hostport string) (region string, ok bool) {
	rest, ok := hostInDomain(hostport)
	if !ok || rest == "service.cos" {
		return "", ok
	}
	for _, mark := range hostMarks {
		if region, found := strings.CutPrefix(rest, mark[1:]); found {
			return region, region != ""
		}
	}
	return "", false
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

// routeEntry is an operation.
type routeEntry struct {
	op     string
	handle handler
}

// objectRoutes, bucketRoutes and serviceRoutes are all operations.
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
	bucketRoutes = withStored(map[routeKey]routeEntry{
		{"PUT", ""}:              {opPutBucket, putBucket},
		{"HEAD", ""}:             {"HeadBucket", headBucket},
		{"DELETE", ""}:           {"DeleteBucket", deleteBucket},
		{"GET", ""}:              {"GetBucket", listObjects},
		{"GET", "location"}:      {"GetBucketLocation", getLocation},
		{"GET", "versions"}:      {"GetBucketObjectVersions", listVersions},
		{"GET", "uploads"}:       {"ListMultipartUploads", listUploads},
		{"POST", "delete"}:       {"DeleteMultipleObjects", deleteObjects},
		{"GET", "acl"}:           {"GetBucketACL", getBucketACL},
		{"PUT", "acl"}:           {"PutBucketACL", putBucketACL},
		{"GET", "versioning"}:    {"GetBucketVersioning", getVersioning},
		{"PUT", "versioning"}:    {"PutBucketVersioning", putVersioning},
		{"GET", "encryption"}:    {"GetBucketEncryption", getEncryption},
		{"PUT", "encryption"}:    {"PutBucketEncryption", putEncryption},
		{"DELETE", "encryption"}: {"DeleteBucketEncryption", deleteEncryption},
		{"GET", "object-lock"}:   {"GetBucketObjectLockConfiguration", getObjectLock},
		{"PUT", "object-lock"}:   {"PutBucketObjectLockConfiguration", putObjectLock},
	})
	serviceRoutes = map[routeKey]routeEntry{
		{"GET", ""}: {opGetService, getService},
	}
)

// The operations that need no bucket.
const (
	opPutBucket  = "PutBucket"
	opGetService = "GetService"
)

// notModelled are the query parameters that select what COS documents and the emulator does not
// have, each with the reason. Such a request answers 501; a parameter that nothing documents is
// ignored, as COS does.
var notModelled = map[string]string{
	"append":            "how an appendable object is encrypted is not documented",
	"asyncfetch":        "needs other servers",
	"ci-process":        "is data processing, another service",
	"domain":            "needs names of the user's own",
	"domaincertificate": "needs names of the user's own",
	"exif":              "is data processing, another service",
	"guetzli":           "is data processing, another service",
	"hotlink":           "is data processing, another service",
	"image-slim":        "is data processing, another service",
	"image_process":     "is data processing, another service",
	"imageave":          "is data processing, another service",
	"imageinfo":         "is data processing, another service",
	"imagemogr2":        "is data processing, another service",
	"imageview2":        "is data processing, another service",
	"list-type":         "belongs to S3; COS lists by marker",
	"origin":            "needs other servers",
	"origin-protect":    "is data processing, another service",
	"select":            "needs a database",
	"style":             "is data processing, another service",
	"symlink":           "how a link to an encrypted object is read is not documented",
	"watermark":         "is data processing, another service",
}

// subresources are the query parameters that select an operation.
var subresources = func() map[string]bool {
	names := map[string]bool{}
	for _, routes := range allRoutes() {
		for key := range routes {
			if key.mark != "" && !strings.Contains(key.mark, "copy") {
				names[key.mark] = true
			}
		}
	}
	for name := range notModelled {
		names[name] = true
	}
	return names
}()

func allRoutes() []map[routeKey]routeEntry {
	return []map[routeKey]routeEntry{objectRoutes, bucketRoutes, serviceRoutes}
}

// route finds the operation; the handler is nil for one that is not modelled. A version is never
// ignored: what would happen to another one than was named cannot be right.
func (x *exchange) route() (string, handler) {
	routes := objectRoutes
	if x.entry.Key == "" {
		routes = bucketRoutes
	}
	entry, ok := routes[routeKey{x.r.Method, x.mark()}]
	if !ok || x.entry.VersionID != "" && !versionOps[entry.op] {
		return notImplemented, nil
	}
	return entry.op, entry.handle
}

// versionOps are the operations that may name a version.
var versionOps = map[string]bool{
	"GetObject": true, "HeadObject": true, "DeleteObject": true, "PutObjectTagging": true,
	"GetObjectTagging": true, "DeleteObjectTagging": true, "PutObjectACL": true,
	"GetObjectACL": true, "PostObjectRestore": true, "PutObjectRetention": true,
	"GetObjectRetention": true,
}

const notImplemented = "NotImplemented"

// mark is what tells operations of one method apart. Two subresources at once are none. Image
// processing writes its arguments into the parameter's name, behind a slash.
func (x *exchange) mark() string {
	var marks []string
	for name := range x.query {
		if name, _, _ = strings.Cut(name, "/"); subresources[name] {
			marks = append(marks, name)
		}
	}
	sort.Strings(marks)
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
