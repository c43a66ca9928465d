package cosapi

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
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
// because it does not name the region. Everything else that a URL can hold is refused, such as the
// parameters of a presigned URL, which are credentials.
//
// cos://<bucket>/<key>, as COSCLI writes it, is understood as well: its key is not encoded, and the
// region stays empty.
func ParseObjectURL(raw string) (ObjectRef, error) {
	if name, ok := strings.CutPrefix(raw, "cos://"); ok {
		return parseObjectName(name)
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The error of net/url repeats its input, which may hold a signature.
		return ObjectRef{}, errors.New("not a URL")
	}
	switch {
	case u.Scheme != "https":
		return ObjectRef{}, errors.New("an object's URL starts with https://")
	case u.User != nil:
		return ObjectRef{}, errors.New("an object's URL has no user")
	case u.Port() != "":
		return ObjectRef{}, errors.New("an object's URL has no port")
	case strings.Contains(raw, "#"):
		return ObjectRef{}, errors.New("an object's URL has no fragment; write # in a key as %23")
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
	if u.RawQuery != "" {
		if ref.VersionID, err = versionOf(u.RawQuery); err != nil {
			return ObjectRef{}, err
		}
	}
	if err := ref.validate(); err != nil {
		return ObjectRef{}, err
	}
	return ref, nil
}

// versionOf reads the query of an object's URL. Errors name parameters, never values.
func versionOf(query string) (string, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", errors.New("the query of the URL cannot be read")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != "versionId" {
			return "", fmt.Errorf("query parameter %q is not part of an object's URL", name)
		}
	}
	if len(values["versionId"]) > 1 {
		return "", errors.New("the URL names more than one version")
	}
	return values.Get("versionId"), ValidateVersionID(values.Get("versionId"))
}

// parseObjectName reads what follows cos://.
func parseObjectName(name string) (ObjectRef, error) {
	bucket, key, _ := strings.Cut(name, "/")
	if err := ValidateBucket(bucket); err != nil {
		return ObjectRef{}, err
	}
	if key == "" {
		return ObjectRef{}, errors.New("the URL names a bucket but no object")
	}
	if err := ValidateKey(key); err != nil {
		return ObjectRef{}, fmt.Errorf("key %q: %w", key, err)
	}
	return ObjectRef{Bucket: bucket, Key: key}, nil
}
