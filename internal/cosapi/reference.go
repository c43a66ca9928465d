package cosapi

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// ObjectRef names one object, or one version of it. The zero VersionID means the current version.
// It is comparable and may be a map key.
type ObjectRef struct {
	Region    string // for example ap-guangzhou
	Bucket    string // name-appid, for example examplebucket-1250000000
	Key       string // without a leading slash
	VersionID string // "" is the current version
}

// String returns bucket/key, or the bucket alone where there is no key, followed by ?versionId=...
// where a version is named. The region is left out because it is no part of the name that users
// write.
func (r ObjectRef) String() string {
	switch {
	case r.Key == "":
		return r.Bucket
	case r.VersionID == "":
		return r.Bucket + "/" + r.Key
	}
	return r.Bucket + "/" + r.Key + "?versionId=" + r.VersionID
}

// Current returns the reference without its version.
func (r ObjectRef) Current() ObjectRef {
	r.VersionID = ""
	return r
}

// objectHost is the host-style address of a bucket (document 6224).
var objectHost = regexp.MustCompile(
	`^([a-z0-9][a-z0-9-]*-[0-9]+)\.cos(?:-internal)?\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)$`)

// ParseObjectURL reads the URL of an object,
// https://<bucket>.cos.<region>.myqcloud.com/<key>[?versionId=<id>], as Client.URL writes it. The
// domains tencentcos.cn and cos-internal are understood as well; the acceleration domain is refused
// because it does not name the region. Other query parameters, such as
// those of a presigned URL, are refused because they can hold credentials.
func ParseObjectURL(raw string) (ObjectRef, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The error of net/url repeats its input, which may hold a signature.
		return ObjectRef{}, errors.New("not a URL")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return ObjectRef{}, errors.New("an object's URL starts with https://")
	}
	host := objectHost.FindStringSubmatch(strings.ToLower(u.Hostname()))
	if host == nil || host[2] == "accelerate" {
		return ObjectRef{}, fmt.Errorf(
			"host %q is not of the form <bucket>-<appid>.cos.<region>.myqcloud.com", u.Hostname())
	}
	ref := ObjectRef{Bucket: host[1], Region: host[2], Key: strings.TrimPrefix(u.Path, "/")}
	if ref.Key == "" {
		return ObjectRef{}, errors.New("the URL names a bucket but no object")
	}
	for name, values := range u.Query() {
		if !strings.EqualFold(name, "versionId") {
			return ObjectRef{}, fmt.Errorf("query parameter %q is not part of an object's URL", name)
		}
		ref.VersionID = values[0]
	}
	return ref, nil
}
