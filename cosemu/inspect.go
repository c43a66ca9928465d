package cosemu

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Stored is what the emulator holds of an object, told without a request: a test compares it with
// what a client reports. It has no body and no key.
type Stored struct {
	VersionID    string // null in a bucket without versioning
	ETag         string // without quotes
	CRC64        string // decimal, of the plain bytes, whatever the object's answers say of it
	Size         int64  // bytes
	LastModified time.Time
	SSEMode      string // NONE, SSE-COS, SSE-KMS or SSE-C
	Algorithm    string
	KMSKeyID     string
	KeyMD5       string            // Base64, of an SSE-C key
	Headers      map[string]string // Content-Type and the like, by canonical name
	Metadata     map[string]string
	StorageClass string // STANDARD included
	Tags         map[string]string
	ACL          string   // the canned ACL; "" if there are grants
	Grants       []string // "PERMISSION grantee", sorted
}

// Inspect returns the current version of an object. It reports false where there is none, or a
// delete marker. The journal does not show it.
func (s *Server) Inspect(bucketName, key string) (Stored, bool) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, b := range s.store.buckets {
		if v := b.current(key); b.name == bucketName && v != nil && !v.marker {
			return v.stored(), true
		}
	}
	return Stored{}, false
}

func (v *version) stored() Stored {
	stored := Stored{
		VersionID: v.id, ETag: v.etag, CRC64: strconv.FormatUint(v.crc64, 10), Size: v.body.size,
		LastModified: v.modified, SSEMode: string(v.sse.mode), Algorithm: v.sse.algorithm,
		KMSKeyID: v.sse.kmsKeyID, KeyMD5: v.sse.keyMD5, Headers: maps.Clone(v.headers),
		Metadata: maps.Clone(v.metadata), StorageClass: v.class, ACL: v.acl.canned,
		Tags: map[string]string{},
	}
	for _, tag := range v.tags {
		stored.Tags[tag.Key] = tag.Value
	}
	for _, grant := range v.acl.grants {
		stored.Grants = append(stored.Grants, grant.permission+" "+grant.grantee)
	}
	slices.Sort(stored.Grants)
	return stored
}
