package cosemu

import (
	"net/http"
	"strconv"
	"time"
)

// putObject stores an object (7749).
func putObject(x *exchange) *apiError {
	template, key, err := x.newVersion()
	if err != nil {
		return err
	}
	if err := x.forbidOverwrite(); err != nil {
		return err
	}
	body, err := x.receive(template.sse, key)
	if err != nil {
		return err
	}
	template.body, template.crc64, template.etag = body.blob, body.crc64, body.etag
	if err := x.commit(template); err != nil {
		return err
	}
	x.answerWrite(template)
	return nil
}

// newVersion is a version made of the request's headers, without a body.
func (x *exchange) newVersion() (*version, *customerKey, *apiError) {
	if err := x.checkKey(x.entry.Key); err != nil {
		return nil, nil, err
	}
	class, err := x.storageClass()
	if err != nil {
		return nil, nil, err
	}
	headers, metadata, err := objectHeaders(x.r.Header)
	if err != nil {
		return nil, nil, err
	}
	if headers["Content-Type"] == "" {
		headers["Content-Type"] = contentTypeOf(x.entry.Key)
	}
	tags, err := headerTags(x.r.Header)
	if err != nil {
		return nil, nil, err
	}
	permissions, err := headerACL(x.r.Header)
	if err != nil {
		return nil, nil, err
	}
	sse, key, err := x.writeEncryption()
	if err != nil {
		return nil, nil, err
	}
	return &version{
		key: x.entry.Key, headers: headers, metadata: metadata, class: class,
		tags: tags, acl: permissions, sse: sse,
	}, key, nil
}

// forbidOverwrite refuses to replace an object when asked to. It has no effect in a bucket whose
// versioning was ever enabled.
func (x *exchange) forbidOverwrite() *apiError {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	return x.forbidOverwriteLocked()
}

func (x *exchange) forbidOverwriteLocked() *apiError {
	if x.r.Header.Get("x-cos-forbid-overwrite") != "true" || x.bucket.versioned() ||
		x.bucket.current(x.entry.Key) == nil {
		return nil
	}
	return failure("FileAlreadyExists", "The object exists already.")
}

// commit makes a version current, unless object lock or forbid-overwrite stands against it. Both
// are judged under the same lock as the write.
func (x *exchange) commit(v *version) *apiError {
	now := x.config.Now()
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if err := x.forbidOverwriteLocked(); err != nil {
		return err
	}
	if err := x.refuseLocked(v.key, now); err != nil {
		return err
	}
	v.modified = now.UTC().Truncate(time.Second)
	x.bucket.lock(v, now)
	if err := notStored(x.store.put(x.bucket, v, now)); err != nil {
		return err
	}
	x.entry.VersionID = v.shownID(x.bucket)
	return nil
}

// refuseLocked refuses a write or a plain DELETE that would take a locked version away. The store
// must be locked.
func (x *exchange) refuseLocked(key string, now time.Time) *apiError {
	if v := x.bucket.replaces(key); v != nil && v.locked.After(now) {
		return errLocked()
	}
	return nil
}

func errLocked() *apiError {
	return failure("ObjectLocked", "The object is protected by object lock.")
}

// shownID is the version id as answers show it: none in a bucket without versioning.
func (v *version) shownID(b *bucket) string {
	if !b.versioned() {
		return ""
	}
	return v.id
}

// answerWrite answers a PUT. In a suspended bucket PUT shows no version id (7749).
func (x *exchange) answerWrite(v *version) {
	header := x.w.Header()
	set(header, headerETag, `"`+v.etag+`"`)
	set(header, headerCRC64, strconv.FormatUint(v.crc64, 10))
	if v.id != nullVersion {
		set(header, headerVersionID, v.id)
	}
	v.sse.echo(header)
	x.answerEmpty(http.StatusOK)
}
