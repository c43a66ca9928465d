package cosemu

import (
	"crypto/hmac"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type initiateXML struct {
	XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
	Bucket   string   `xml:"Bucket"`
	Key      string   `xml:"Key"`
	UploadID string   `xml:"UploadId"`
}

// initiateUpload starts a multipart upload (7746). The encryption is chosen here.
func initiateUpload(x *exchange) *apiError {
	target, _, err := x.newVersion()
	if err != nil {
		return err
	}
	if err := x.forbidOverwrite(); err != nil {
		return err
	}
	now := x.config.Now()
	u := &upload{id: newUploadID(now), target: target, parts: map[int]*part{}, initiated: now}
	x.store.mu.Lock()
	err = notStored(x.store.addUpload(x.bucket, u))
	x.store.mu.Unlock()
	if err != nil {
		return err
	}
	x.entry.UploadID = u.id
	target.sse.echo(x.w.Header())
	x.answerXML(initiateXML{Bucket: x.bucket.name, Key: target.key, UploadID: u.id})
	return nil
}

// findUpload is the upload that a request names, if it belongs to the request's key.
func (x *exchange) findUpload() (*upload, *apiError) {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	return x.findUploadLocked()
}

func (x *exchange) findUploadLocked() (*upload, *apiError) {
	u := x.bucket.uploads[x.query["uploadid"]]
	if u == nil || u.target.key != x.entry.Key {
		return nil, failure("NoSuchUpload", "The specified multipart upload does not exist.")
	}
	x.entry.SSEMode = string(u.target.sse.mode)
	return u, nil
}

// partNumber reads and notes partNumber.
func (x *exchange) partNumber() (int, *apiError) {
	number, err := strconv.Atoi(x.query["partnumber"])
	if err != nil || number < 1 || number > maxPartNumber {
		return 0, invalid("partNumber must be from 1 to %d.", maxPartNumber)
	}
	x.entry.PartNumber = number
	return number, nil
}

// repeatsSSE reports headers of SSE-COS or SSE-KMS that say what Initiate said.
func (r sseRecord) repeatsSSE(header http.Header) bool {
	key := header.Get(headerKMSKey)
	return r.mode != modeC && header.Get(headerSSE) == r.algorithm &&
		(key == "" || key == r.kmsKeyID) && (r.mode == modeKMS || header.Get(headerKMSContext) == "")
}

// partKey checks the customer key of a part: all three headers with the key of Initiate, or none
// if Initiate had none. Other encryption headers must not be sent with parts (7750); the official
// JavaScript SDKs repeat those of Initiate, and others are refused.
func (x *exchange) partKey(u *upload) (*customerKey, *apiError) {
	if asksForSSE(x.r.Header) && !u.target.sse.repeatsSSE(x.r.Header) {
		return nil, invalid("%s of a part must be that of Initiate, or absent.", headerSSE)
	}
	key, err := x.customerKeyOf(customerPrefix)
	if err != nil {
		return nil, err
	}
	x.noteKey(key)
	sse := u.target.sse
	switch {
	case (sse.mode == modeC) != (key != nil):
		return nil, failure("InvalidRequest",
			"The customer key must be given with every part exactly if Initiate had one.")
	case key != nil && !hmac.Equal(sse.keyMAC, key.mac):
		return nil, x.wrongKey()
	}
	return key, nil
}

// uploadPart stores a part (7750).
func uploadPart(x *exchange) *apiError {
	u, err := x.findUpload()
	if err != nil {
		return err
	}
	number, err := x.partNumber()
	if err != nil {
		return err
	}
	key, err := x.partKey(u)
	switch {
	case err != nil:
		return err
	case x.r.ContentLength < 0:
		return failure("MissingContentLength", "A part needs Content-Length.")
	case x.r.ContentLength > maxObjectSize:
		return failure("EntityTooLarge", "A part has at most 5 GB.")
	}
	body, err := x.receive(u.target.sse, key)
	if err != nil {
		return err
	}
	p := &part{number: number, body: body.blob, crc64: body.crc64, etag: body.etag}
	if err := x.addPart(p); err != nil {
		return err
	}
	header := x.w.Header()
	set(header, headerETag, `"`+p.etag+`"`)
	set(header, headerCRC64, strconv.FormatUint(p.crc64, 10))
	u.target.sse.echo(header)
	x.answerEmpty(http.StatusOK)
	return nil
}

// addPart stores a part, unless its upload ended while the body came in.
func (x *exchange) addPart(p *part) *apiError {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	u, err := x.findUploadLocked()
	if err != nil {
		return err
	}
	p.modified = x.config.Now().UTC().Truncate(time.Second)
	return notStored(x.store.addPart(x.bucket, u, p))
}

type copyPartXML struct {
	XMLName      xml.Name `xml:"CopyPartResult"`
	ETag         string   `xml:"ETag"`
	LastModified string   `xml:"LastModified"`
}

// uploadPartCopy stores a part copied from an object (8287).
func uploadPartCopy(x *exchange) *apiError {
	u, err := x.findUpload()
	if err != nil {
		return err
	}
	number, err := x.partNumber()
	if err != nil {
		return err
	}
	key, err := x.partKey(u)
	if err != nil {
		return err
	}
	source, err := x.openCopySource()
	if err != nil {
		return err
	}
	off, n, err := copyRange(x.r.Header.Get("x-cos-copy-source-range"), source.v.body.size)
	if err != nil {
		return err
	}
	p := x.copiedPart(source.v, off, n, u, key)
	p.number, p.source, p.offset = number, source.v, off
	if err := x.addPart(p); err != nil {
		return err
	}
	u.target.sse.echo(x.w.Header())
	x.answerLiteral(copyPartXML{
		ETag: `"` + p.etag + `"`, LastModified: p.modified.Format("2006-01-02T15:04:05"),
	})
	return nil
}

// copyRange reads x-cos-copy-source-range: bytes=first-last, within the source.
func copyRange(text string, size int64) (off, n int64, err *apiError) {
	first, last := int64(0), size-1
	if text != "" {
		_, scanErr := fmt.Sscanf(text, "bytes=%d-%d", &first, &last)
		switch {
		case scanErr != nil || text != fmt.Sprintf("bytes=%d-%d", first, last) || last < first:
			return 0, 0, invalid("x-cos-copy-source-range is %q, not bytes=first-last.", text)
		case last >= size:
			return 0, 0, failure("InvalidRange", "%q is behind the end of the source.", text)
		}
	}
	if last-first >= maxObjectSize {
		return 0, 0, failure("EntityTooLarge", "A part has at most 5 GB.")
	}
	return first, last - first + 1, nil
}

// copiedPart digests a range of a source as if it had been sent. The bytes stay where they are.
func (x *exchange) copiedPart(source *version, off, n int64, u *upload, key *customerKey) *part {
	digest, crc := x.newBodyDigest(u.target.sse, key), newCRC64()
	_, _ = io.Copy(io.MultiWriter(digest, crc), source.body.reader(off, n))
	return &part{body: source.body.section(off, n), crc64: crc.Sum64(), etag: digest.etag()}
}

// abortUpload forgets an upload and its parts (7740).
func abortUpload(x *exchange) *apiError {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	u, err := x.findUploadLocked()
	if err != nil {
		return err
	}
	if err := notStored(x.store.endUpload(x.bucket, u)); err != nil {
		return err
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}

// trimETag takes the quotes off an ETag of a request body.
func trimETag(etag string) string { return strings.Trim(strings.TrimSpace(etag), `"`) }
