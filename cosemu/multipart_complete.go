package cosemu

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"time"
)

type completeRequestXML struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Parts   []struct {
		Number int    `xml:"PartNumber"`
		ETag   string `xml:"ETag"`
	} `xml:"Part"`
}

type completeXML struct {
	XMLName  xml.Name `xml:"CompleteMultipartUploadResult"`
	Location string   `xml:"Location"`
	Bucket   string   `xml:"Bucket"`
	Key      string   `xml:"Key"`
	ETag     string   `xml:"ETag"`
}

// completeUpload makes the parts an object (7742). Encryption headers are tolerated: the official
// Go SDK sends those of Initiate again.
func completeUpload(x *exchange) *apiError {
	var request completeRequestXML
	if err := x.readXML(&request); err != nil {
		return err
	}
	v, err := x.finishUpload(request)
	if err != nil {
		return err
	}
	header := x.w.Header()
	set(header, headerCRC64, strconv.FormatUint(v.crc64, 10))
	if id := x.entry.VersionID; id != "" {
		set(header, headerVersionID, id)
	}
	v.sse.echo(header)
	x.answerSlowly(completeXML{
		Location: x.r.Host + "/" + v.key, Bucket: x.bucket.name, Key: v.key,
		ETag: `"` + v.etag + `"`,
	})
	return nil
}

// finishUpload turns an upload into an object, all under one lock.
func (x *exchange) finishUpload(request completeRequestXML) (*version, *apiError) {
	now := x.config.Now()
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	u, err := x.findUploadLocked()
	if err != nil {
		return nil, err
	}
	parts, err := chosenParts(u, request)
	if err != nil {
		return nil, err
	}
	if err := x.forbidOverwriteLocked(); err != nil {
		return nil, err
	}
	if err := x.refuseLocked(x.entry.Key, now); err != nil {
		return nil, err
	}
	u.assemble(parts)
	u.target.modified = now.UTC().Truncate(time.Second)
	x.bucket.lock(u.target, now)
	if err := notStored(x.store.finishUpload(x.bucket, u, now)); err != nil {
		return nil, err
	}
	x.entry.VersionID = u.target.shownID(x.bucket)
	return u.target, nil
}

// chosenParts checks the list of parts: ascending, known, and of the smallest size but the last.
func chosenParts(u *upload, request completeRequestXML) ([]*part, *apiError) {
	if len(request.Parts) == 0 {
		return nil, failure("MalformedXML", "There is no Part.")
	}
	var parts []*part
	for i, named := range request.Parts {
		if i > 0 && named.Number <= request.Parts[i-1].Number {
			return nil, failure("InvalidPartOrder", "The parts are not in ascending order.")
		}
		p := u.parts[named.Number]
		if p == nil || p.etag != trimETag(named.ETag) {
			return nil, failure("InvalidPart", "Part %d was not found.", named.Number)
		}
		if i > 0 && named.Number != request.Parts[i-1].Number+1 {
			return nil, failure("InvalidPart", "The part numbers are not consecutive.")
		}
		parts = append(parts, p)
	}
	for _, p := range parts[:len(parts)-1] {
		if p.body.size < minPartSize {
			return nil, failure("EntityTooSmall", "Part %d is smaller than 1 MB.", p.number)
		}
	}
	return parts, nil
}

// keepAlive is how often Complete sends a space while it merges.
const keepAlive = 20 * time.Millisecond

// answerSlowly answers 200 at once, then spaces for as long as merging takes, then the document,
// in chunks.
func (x *exchange) answerSlowly(document any) {
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.WriteHeader(http.StatusOK)
	x.w.Flush()
	for left := time.Duration(x.Settings().CompleteDelay); left > 0; left -= keepAlive {
		_, _ = x.w.Write([]byte(" "))
		x.w.Flush()
		x.pause(x.r, min(left, keepAlive))
	}
	_, _ = x.w.Write(marshalXML(document))
}
