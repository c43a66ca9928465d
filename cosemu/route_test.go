package cosemu

import (
	"strings"
	"testing"
)

// TestRoutes shows which operation each request is: method, subresource and header. The operations
// are those of the journal; what is not modelled answers 501.
func TestRoutes(t *testing.T) {
	t.Parallel()
	source := []string{copyFrom(plainHost + "/a")}
	cases := []struct {
		method, target, op string
		headers            []string
	}{
		{"PUT", "/a", "PutObject", nil},
		{"PUT", "/a", "PutObjectCopy", source},
		{"GET", "/a", "GetObject", nil},
		{"GET", "/a?versionId=x&response-content-type=y", "GetObject", nil},
		{"GET", "/a?sign=x&x-cos-security-token=y", "GetObject", nil},
		{"GET", "/a?q-sign-time=1;2&q-ak=x", "GetObject", nil},
		{"HEAD", "/a", "HeadObject", nil},
		{"HEAD", "/a?VERSIONID=x", "HeadObject", nil},
		{"DELETE", "/a?VersionId=x", "DeleteObject", nil},
		{"PUT", "/a?tagging", "PutObjectTagging", nil},
		{"GET", "/a?tagging&versionId=x", "GetObjectTagging", nil},
		{"DELETE", "/a?tagging", "DeleteObjectTagging", nil},
		{"PUT", "/a?acl", "PutObjectACL", nil},
		{"GET", "/a?acl", "GetObjectACL", nil},
		{"POST", "/a?restore", "PostObjectRestore", nil},
		{"PUT", "/a?retention", "PutObjectRetention", nil},
		{"GET", "/a?retention", "GetObjectRetention", nil},
		{"POST", "/a?uploads", "InitiateMultipartUpload", nil},
		{"PUT", "/a?partNumber=1&uploadId=x", "UploadPart", nil},
		{"PUT", "/a?partNumber=1&uploadId=x", "UploadPartCopy", source},
		{"POST", "/a?uploadId=x", "CompleteMultipartUpload", nil},
		{"DELETE", "/a?uploadId=x", "AbortMultipartUpload", nil},
		{"GET", "/a?uploadId=x&max-parts=1", "ListParts", nil},
		{"HEAD", "/", "HeadBucket", nil},
		{"GET", "/", "GetBucket", nil},
		{"GET", "/?prefix=a&delimiter=/&marker=b&max-keys=1&encoding-type=url", "GetBucket", nil},
		{"GET", "/?versions&key-marker=a&version-id-marker=b", "GetBucketObjectVersions", nil},
		{"GET", "/?uploads&upload-id-marker=a&max-uploads=1", "ListMultipartUploads", nil},
		{"GET", "/?versioning", "GetBucketVersioning", nil},
		{"PUT", "/?versioning", "PutBucketVersioning", nil},
		{"GET", "/?encryption", "GetBucketEncryption", nil},
		{"PUT", "/?encryption", "PutBucketEncryption", nil},
		{"DELETE", "/?encryption", "DeleteBucketEncryption", nil},
		{"OPTIONS", "/a", notImplemented, nil},
		{"PATCH", "/a", notImplemented, nil},
		{"POST", "/", notImplemented, nil},
		{"POST", "/a", notImplemented, nil},
		{"POST", "/a?append&position=0", notImplemented, nil},
		{"POST", "/?delete", "DeleteMultipleObjects", nil},
		{"PUT", "/", "PutBucket", nil},
		{"DELETE", "/", "DeleteBucket", nil},
		{"GET", "/?acl", "GetBucketACL", nil},
		{"PUT", "/?acl", "PutBucketACL", nil},
		{"GET", "/?location", "GetBucketLocation", nil},
		{"GET", "/?location=", "GetBucketLocation", nil},
		{"GET", "/?lifecycle", "GetBucketLifecycle", nil},
		{"DELETE", "/?policy", "DeleteBucketPolicy", nil},
		{"PUT", "/?inventory&id=a", "PutBucketInventory", nil},
		{"PUT", "/?object-lock", "PutBucketObjectLockConfiguration", nil},
		{"DELETE", "/?accelerate", notImplemented, nil},
		{"GET", "/?domain", notImplemented, nil},
		{"GET", "/?list-type=2", notImplemented, nil},
		{"GET", "/a?ci-process=x", notImplemented, nil},
		{"GET", "/a?watermark/1/image/x", notImplemented, nil},
		{"GET", "/a?imageMogr2/thumbnail/1x1", notImplemented, nil},
		{"GET", "/a?tagging&acl", notImplemented, nil},
		{"GET", "/a?prefix=x", "GetObject", nil},
		{"GET", "/a?unknown&id=1", "GetObject", nil},
		{"PUT", "/a?unknown=1", "PutObject", nil},
		{"HEAD", "/a?uploadId=x", notImplemented, nil},
		{"PUT", "/a?versionId=x", notImplemented, nil},
		{"PUT", "/a?acl", "PutObjectACL", source},
	}
	for _, c := range cases {
		t.Run(c.method+" "+c.target+" "+c.op, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			a := r.do(c.method, c.target, "", c.headers...)
			if op := r.Journal()[0].Op; op != c.op {
				t.Errorf("the operation is %s, want %s", op, c.op)
			}
			if refused := a.status == 501; refused != (c.op == notImplemented) {
				t.Errorf("the status is %d %s", a.status, a.code)
			}
		})
	}
}

// TestHosts shows which hosts name a bucket.
func TestHosts(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status int
		code   string
	}{
		plainHost:                  {200, ""},
		strings.ToUpper(plainHost): {200, ""},
		plainHost + ":443":         {200, ""},
		farHost:                    {200, ""},
		plainBucket + ".cos.ap-guangzhou.tencentcos.cn":          {200, ""},
		plainBucket + ".cos.ap-guangzhou.localhost":              {200, ""},
		plainBucket + ".cos.ap-guangzhou.localhost:9443":         {200, ""},
		plainBucket + ".cos." + farRegion + ".localhost":         {404, "NoSuchBucket"},
		farBucket + ".cos.ap-guangzhou.localhost":                {404, "NoSuchBucket"},
		plainBucket + ".cos.ap-nowhere.myqcloud.com":             {404, "NoSuchBucket"},
		"other-1250000000.cos.ap-guangzhou.myqcloud.com":         {404, "NoSuchBucket"},
		plainBucket + ".cos.accelerate.myqcloud.com":             {400, "BucketAccelerateNotEnabled"},
		"service.cos.myqcloud.com":                               {200, ""},
		"service.cos.localhost:9443":                             {200, ""},
		"cos.ap-guangzhou.myqcloud.com":                          {200, ""},
		"cos.ap-guangzhou.localhost":                             {200, ""},
		"cos-internal.ap-guangzhou.tencentcos.cn":                {200, ""},
		plainBucket + ".cos-internal.ap-guangzhou.tencentcos.cn": {200, ""},
		"127.0.0.1:9443":                                         {400, "InvalidURI"},
		"cos..myqcloud.com":                                      {400, "InvalidURI"},
		plainBucket + ".cos.ap-guangzhou.example.com":            {400, "InvalidURI"},
		plainBucket + ".cos-website.ap-guangzhou.myqcloud.com":   {400, "InvalidURI"},
	}
	for host, c := range cases {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			newRig(t).run(t, step{method: "GET", target: host + "/", status: c.status, code: c.code})
		})
	}
}

// TestConfigIsChecked shows what New refuses.
func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for name, config := range map[string]Config{
		"bucket without appid":  {Buckets: []string{"examplebucket"}},
		"bucket with a dot":     {Buckets: []string{"example.bucket-1250000000"}},
		"bucket without region": {Buckets: []string{plainBucket + "@ap-beijing"}},
		"bucket twice": {
			Buckets: []string{plainBucket}, VersionedBuckets: []string{plainBucket},
		},
		"credential without key": {Credentials: []Credential{{SecretID: "x"}}},
		"wrong key status":       {WrongKeyStatus: 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := New(config); err == nil {
				t.Error("it is accepted")
			}
		})
	}
}
