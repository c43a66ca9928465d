package cosemu

import "net/http"

// cannedBucketACLs of buckets (7737).
var cannedBucketACLs = map[string]bool{
	"private": true, "public-read": true, "public-read-write": true, "authenticated-read": true,
}

// bucketHeaderACL reads the ACL headers of PUT Bucket and of PUT Bucket acl.
func bucketHeaderACL(header http.Header) (acl, *apiError) { return readACL(header, cannedBucketACLs) }

// putBucketACL replaces the ACL of a bucket, from headers or from a body (7737).
func putBucketACL(x *exchange) *apiError {
	permissions, err := x.requestACL(cannedBucketACLs)
	if err != nil {
		return err
	}
	if err := x.updateBucket(func(b *bucket) { b.acl = permissions }); err != nil {
		return err
	}
	x.answerEmpty(http.StatusOK)
	return nil
}

// getBucketACL answers the grants of a bucket (7733).
func getBucketACL(x *exchange) *apiError {
	x.store.mu.Lock()
	permissions := x.bucket.acl
	x.store.mu.Unlock()
	x.answerXML(x.aclDocument(permissions, everybody))
	return nil
}
