package cosemu

import (
	"encoding/base64"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// store holds the account's buckets under one mutex. It knows nothing of HTTP.
type store struct {
	mu      sync.Mutex
	buckets map[string]*bucket // by name@region
	lastID  int64
}

// The versioning states of a bucket; a bucket that never had versioning has neither.
const (
	versioningEnabled   = "Enabled"
	versioningSuspended = "Suspended"
	nullVersion         = "null"
)

// bucket is one bucket. objects holds the versions of each key, the newest first; without
// versioning there is at most one, with the id null.
type bucket struct {
	name, region string
	versioning   string
	encryption   *defaultEncryption
	objects      map[string][]*version
	uploads      map[string]*upload
	// history is what listings show while they lag behind; kept only with Config.ListLag.
	history map[string][]historyEntry
}

// historyEntry is the current version of a key from a moment on; nil means none.
type historyEntry struct {
	at      time.Time
	version *version
}

// version is one version of an object, or a delete marker. It never changes once it is stored,
// but for tags, ACL, restore, class and lock.
type version struct {
	key, id  string
	marker   bool
	body     blob
	etag     string // without quotes
	crc64    uint64
	noCRC64  bool // a very old object
	modified time.Time
	headers  map[string]string
	metadata map[string]string
	class    string
	tags     []tag
	acl      acl
	sse      sseRecord
	restore  *restoreState
	locked   time.Time
}

// blob is a body in pieces, as it came. A blob without pieces but with a size was discarded.
type blob struct {
	pieces [][]byte
	size   int64
}

// reader serves n bytes from off.
func (b blob) reader(off, n int64) io.Reader {
	if len(b.pieces) == 0 {
		return io.LimitReader(zeroReader{}, n)
	}
	var readers []io.Reader
	for _, piece := range b.pieces {
		length := int64(len(piece))
		if off >= length {
			off -= length
			continue
		}
		part := piece[off:min(length, off+n)]
		readers = append(readers, &sliceReader{part})
		n -= int64(len(part))
		off = 0
		if n <= 0 {
			break
		}
	}
	return io.MultiReader(readers...)
}

type sliceReader struct{ rest []byte }

func (r *sliceReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func newStore() *store { return &store{buckets: map[string]*bucket{}} }

func (s *store) addBucket(name, region, versioning string) {
	s.buckets[name+"@"+region] = &bucket{
		name: name, region: region, versioning: versioning,
		objects: map[string][]*version{}, uploads: map[string]*upload{},
		history: map[string][]historyEntry{},
	}
}

// find returns a bucket; nil if it does not exist in that region.
func (s *store) find(name, region string) *bucket { return s.buckets[name+"@"+region] }

// newVersionID has COS's form: Base64 without padding of 2^64-1 minus the microseconds of now, so
// that newer versions sort lower. Ids never repeat.
func (s *store) newVersionID(now time.Time) string {
	micros := now.UnixMicro()
	if micros <= s.lastID {
		micros = s.lastID + 1
	}
	s.lastID = micros
	number := strconv.FormatUint(^uint64(0)-uint64(micros), 10)
	return base64.RawStdEncoding.EncodeToString([]byte(number))
}

// versioned reports a bucket whose versioning was ever enabled.
func (b *bucket) versioned() bool { return b.versioning != "" }

// current is the newest version of a key, markers included; nil if there is none.
func (b *bucket) current(key string) *version {
	versions := b.objects[key]
	if len(versions) == 0 {
		return nil
	}
	return versions[0]
}

// named is the version with that id; nil if there is none.
func (b *bucket) named(key, id string) *version {
	for _, v := range b.objects[key] {
		if v.id == id {
			return v
		}
	}
	return nil
}

// put stores a new current version: a further one with versioning enabled, else in place of the
// null version.
func (s *store) put(b *bucket, v *version, now time.Time) {
	v.id = nullVersion
	if b.versioning == versioningEnabled {
		v.id = s.newVersionID(now)
	}
	rest := b.objects[v.key]
	if v.id == nullVersion {
		rest = slices.DeleteFunc(slices.Clone(rest), func(old *version) bool {
			return old.id == nullVersion
		})
	}
	b.objects[v.key] = append([]*version{v}, rest...)
	b.record(v.key, now)
}

// remove takes a version away.
func (b *bucket) remove(v *version, now time.Time) {
	rest := slices.DeleteFunc(slices.Clone(b.objects[v.key]), func(old *version) bool {
		return old == v
	})
	if len(rest) == 0 {
		delete(b.objects, v.key)
	} else {
		b.objects[v.key] = rest
	}
	b.record(v.key, now)
}

// record notes the current version of a key for lagging listings.
func (b *bucket) record(key string, now time.Time) {
	if b.history == nil {
		return
	}
	b.history[key] = append(b.history[key], historyEntry{at: now, version: b.current(key)})
}

// listed returns what a listing at a moment shows: the current version of each key that is no
// marker, in the byte order of the keys.
func (b *bucket) listed(at time.Time, lagging bool) []*version {
	var versions []*version
	if !lagging {
		for _, key := range slices.Sorted(maps.Keys(b.objects)) {
			if v := b.current(key); v != nil && !v.marker {
				versions = append(versions, v)
			}
		}
		return versions
	}
	for _, key := range slices.Sorted(maps.Keys(b.history)) {
		var seen *version
		for _, entry := range b.history[key] {
			if !entry.at.After(at) {
				seen = entry.version
			}
		}
		if seen != nil && !seen.marker {
			versions = append(versions, seen)
		}
	}
	return versions
}
