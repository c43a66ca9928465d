package cosemu

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"hash"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"time"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// received is a body that has arrived.
type received struct {
	blob  blob
	crc64 uint64
	etag  string
	md5   []byte
}

// putObject stores an object (7749).
func putObject(x *exchange) *apiError {
	template, key, err := x.newVersion()
	if err != nil {
		return err
	}
	if err := x.forbidOverwrite(); err != nil {
		return err
	}
	if x.r.ContentLength > maxObjectSize {
		return failure("EntityTooLarge", "One request carries at most 5 GB.")
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
	if err := checkKey(x.entry.Key); err != nil {
		return nil, nil, err
	}
	class, err := storageClass(x.r.Header)
	if err != nil {
		return nil, nil, err
	}
	headers, metadata, err := objectHeaders(x.r.Header)
	if err != nil {
		return nil, nil, err
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
	if err := x.refuseLocked(x.bucket.current(v.key), now); err != nil {
		return err
	}
	v.modified = now.UTC().Truncate(time.Second)
	x.store.put(x.bucket, v, now)
	x.entry.VersionID = v.shownID(x.bucket)
	return nil
}

// refuseLocked refuses to replace or delete a locked version; with versioning enabled nothing is
// replaced.
func (x *exchange) refuseLocked(v *version, now time.Time) *apiError {
	if v == nil || !v.locked.After(now) || x.bucket.versioning == versioningEnabled {
		return nil
	}
	return failure("ObjectLocked", "The object is protected by object lock.")
}

// shownID is the version id as answers show it: none in a bucket without versioning.
func (v *version) shownID(b *bucket) string {
	if !b.versioned() {
		return ""
	}
	return v.id
}

// receive reads a body through its digests. A body that ends early stores nothing.
func (x *exchange) receive(sse sseRecord, key *customerKey) (received, *apiError) {
	digest, crc := newBodyDigest(sse, key), crc64.New(crcTable)
	plain := hash.Hash(nil)
	writers := []io.Writer{digest, crc}
	contentMD5 := x.r.Header.Get("Content-MD5")
	if contentMD5 != "" {
		plain = md5.New()
		writers = append(writers, plain)
	}
	keep := &bytes.Buffer{}
	if !x.config.Discard || x.r.ContentLength <= discardAbove {
		if x.r.ContentLength > 0 {
			keep.Grow(int(x.r.ContentLength))
		}
		writers = append(writers, keep)
	}
	size, err := io.CopyBuffer(io.MultiWriter(writers...), struct{ io.Reader }{x.r.Body},
		make([]byte, 256<<10))
	if err != nil || x.r.ContentLength >= 0 && size != x.r.ContentLength {
		return received{}, failure("IncompleteBody", "The body ended early: %v", orShort(err))
	}
	if plain != nil && base64.StdEncoding.EncodeToString(plain.Sum(nil)) != contentMD5 {
		return received{}, failure("BadDigest", "Content-MD5 does not match the body.")
	}
	body := received{crc64: crc.Sum64(), etag: digest.etag(), md5: digest.md5.Sum(nil)}
	body.blob = blob{size: size}
	if int64(keep.Len()) == size && size > 0 {
		body.blob.pieces = [][]byte{keep.Bytes()}
	}
	return body, nil
}

func orShort(err error) error {
	if err == nil {
		return errors.New("fewer bytes than Content-Length")
	}
	return err
}

// answerWrite answers a PUT. In a suspended bucket PUT shows no version id (7749).
func (x *exchange) answerWrite(v *version) {
	header := x.w.Header()
	set(header, headerETag, `"`+v.etag+`"`)
	set(header, headerCRC64, strconv.FormatUint(v.crc64, 10))
	if x.bucket.versioning == versioningEnabled {
		set(header, headerVersionID, v.id)
	}
	v.sse.echo(header)
	x.answerEmpty(http.StatusOK)
}
