package cosemu

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"
)

// upload is a multipart upload under way: the object to be, without a body, and its parts.
type upload struct {
	id        string
	target    *version
	parts     map[int]*part
	initiated time.Time
}

// part is one part that has arrived.
type part struct {
	number   int
	body     blob
	crc64    uint64
	etag     string
	modified time.Time
	// source and offset are where a copied part came from.
	source *version
	offset int64
}

// newUploadID has COS's form: 10 digits of unix seconds and 64 hexadecimal digits.
func newUploadID(now time.Time) string {
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	return fmt.Sprintf("%010d%s", now.Unix(), hex.EncodeToString(random))
}

// sorted returns the parts in the order of their numbers.
func (u *upload) sorted() []*part {
	var parts []*part
	for _, number := range slices.Sorted(maps.Keys(u.parts)) {
		parts = append(parts, u.parts[number])
	}
	return parts
}

// assemble joins parts into the object's body, CRC64 and ETag. COS documents no formula for the
// ETag of a multipart object but its suffix: it is made of the upload id and the parts' ETags.
func (u *upload) assemble(parts []*part) {
	sum := sha256.New()
	sum.Write([]byte(u.id))
	v := u.target
	var bodies []blob
	for _, p := range parts {
		sum.Write([]byte(p.etag))
		bodies = append(bodies, p.body)
		v.crc64 = combineCRC64(v.crc64, p.crc64, p.body.size)
	}
	v.body = joined(bodies)
	if source := wholeSource(parts); source != nil {
		v.crc64 = source.crc64
	}
	v.etag = fmt.Sprintf("%s-%d", hex.EncodeToString(sum.Sum(nil))[:32], len(parts))
}

// wholeSource is the version that the parts are all of, in order; nil if there is none. The CRC64
// of a part of a discarded body cannot be known, that of all parts together is the body's. Size
// and CRC64 identify the source: each part saw a copy of the version.
func wholeSource(parts []*part) *version {
	source, size := parts[0].source, int64(0)
	for _, p := range parts {
		if source == nil || p.source == nil || p.offset != size ||
			p.source.crc64 != source.crc64 || p.source.body.size != source.body.size {
			return nil
		}
		size += p.body.size
	}
	if size != source.body.size {
		return nil
	}
	return source
}
