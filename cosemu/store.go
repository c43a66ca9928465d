package cosemu

import (
	"bytes"
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
	lagging bool // listings lag, so buckets keep a history
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
	// history is what listings show while they lag behind; nil without Config.ListLag, because
	// it keeps every version ever stored.
	history map[string][]historyEntry
}

// historyEntry is the current version of a key from a moment on; nil means none.
type historyEntry struct {
	at      time.Time
	version *version
}

// version is one version of an object, or a delete marker. Once it is stored, body and encryption
// never change; the rest may, under the store's mutex, and only by being replaced as a whole, so
// that a shallow copy made under the mutex is safe to read without it.
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

// reader serves n bytes from off; of a discarded body, zero bytes.
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
		readers = append(readers, bytes.NewReader(part))
		n -= int64(len(part))
		off = 0
		if n <= 0 {
			break
		}
	}
	return io.MultiReader(readers...)
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func newStore(lagging bool) *store {
	return &store{buckets: map[string]*bucket{}, lagging: lagging}
}

func (s *store) addBucket(name, region, versioning string) {
	b := &bucket{
		name: name, region: region, versioning: versioning,
		objects: map[string][]*version{}, uploads: map[string]*upload{},
	}
	if s.lagging {
		b.history = map[string][]historyEntry{}
	}
	s.buckets[name+"@"+region] = b
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

// replaces is the version that a write or a plain DELETE takes away; nil with versioning enabled,
// because then nothing is taken away.
func (b *bucket) replaces(key string) *version {
	if b.versioning == versioningEnabled {
		return nil
	}
	return b.named(key, nullVersion)
}

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

// listed returns what a listing shows: the current version of each key that is no marker, in the
// byte order of the keys. Listings that lag show the state of the moment at.
func (b *bucket) listed(at time.Time) []*version {
	if b.history != nil {
		return shown(b.history, func(entries []historyEntry) *version {
			return currentAt(entries, at)
		})
	}
	return shown(b.objects, func(versions []*version) *version { return versions[0] })
}

// shown picks one version of each key and leaves out keys that have none, and delete markers.
func shown[T any](keys map[string]T, pick func(T) *version) []*version {
	var versions []*version
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if v := pick(keys[key]); v != nil && !v.marker {
			versions = append(versions, v)
		}
	}
	return versions
}

// currentAt is the version that was current at a moment; nil if there was none.
func currentAt(entries []historyEntry, at time.Time) *version {
	var current *version
	for _, entry := range entries {
		if entry.at.After(at) {
			break
		}
		current = entry.version
	}
	return current
}
