package cosemu

import (
	"encoding/base64"
	"slices"
	"strconv"
	"sync"
	"time"
)

// store holds the account's buckets under one mutex. It knows nothing of HTTP. What is stored is
// changed by its methods only, because a store on disk has to write it down. Each of them leaves
// everything as it was if it fails.
type store struct {
	mu      sync.Mutex
	buckets map[string]*bucket // by name@region
	lastID  int64
	lag     time.Duration // of listings; with one, objects keep a history
	disk    *disk         // nil: everything is in memory
}

// The versioning states of a bucket; a bucket that never had versioning has neither.
const (
	versioningEnabled   = "Enabled"
	versioningSuspended = "Suspended"
	nullVersion         = "null"
)

// bucket is one bucket. Without versioning a key has at most one version, with the id null.
type bucket struct {
	name, region string
	created      time.Time
	// multiAZ is a bucket of several zones: its classes are those that begin with MAZ_.
	multiAZ    bool
	versioning string
	encryption *defaultEncryption
	acl        acl
	// lockDays is for how long new objects are locked; 0 without object lock, whose document is
	// among stored.
	lockDays int
	// stored are the documents of configurations that are kept and returned, by subresource, and
	// by subresource?id where a bucket has several. They are never changed, only replaced.
	stored  map[string][]byte
	objects index
	bulk    bulk
	uploads map[string]*upload
}

// historyEntry is the current version of a key from a moment on; nil means none.
type historyEntry struct {
	at      time.Time
	version *version
}

// version is one version of an object, or a delete marker. Once it is stored, body and encryption
// never change; the rest may, by store.update only, and a member only by being replaced as a whole,
// so that a shallow copy made under the store's mutex is safe to read without it.
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
	order    uint64 // on disk: a later version has a greater one
	upload   string // id of the multipart upload that it was made of
}

func newStore(lag time.Duration) *store {
	return &store{buckets: map[string]*bucket{}, lag: lag}
}

func newBucket(name, region, versioning string, now time.Time) *bucket {
	return &bucket{
		name: name, region: region, versioning: versioning, created: now,
		uploads: map[string]*upload{}, stored: map[string][]byte{},
	}
}

// find returns a bucket; nil if it does not exist in that region.
func (s *store) find(name, region string) *bucket { return s.buckets[name+"@"+region] }

// named is a bucket of that name, in whatever region: names are the account's. Only a configuration
// may have several.
func (s *store) named(name string) *bucket {
	for _, b := range s.buckets {
		if b.name == name {
			return b
		}
	}
	return nil
}

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

// empty reports a bucket that holds no version, no marker and no open upload. An object may be
// there that only a lagging listing still shows.
func (b *bucket) empty() bool {
	objects := b.from("")
	for o := objects.next(); o != nil; o = objects.next() {
		if len(o.versions) > 0 {
			return false
		}
	}
	return len(b.uploads) == 0
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

// versions are those of a key, the newest first, markers included. They are not to be changed: of
// an object by formula each call makes another one.
func (b *bucket) versions(key string) []*version {
	if number, ok := b.bulk.number(key); ok {
		return b.bulk.object(number).versions
	}
	if o := b.objects.get(key); o != nil {
		return o.versions
	}
	return nil
}

// current is the newest version of a key, markers included; nil if there is none.
func (b *bucket) current(key string) *version {
	versions := b.versions(key)
	if len(versions) == 0 {
		return nil
	}
	return versions[0]
}

// named is the version with that id; nil if there is none.
func (b *bucket) named(key, id string) *version {
	for _, v := range b.versions(key) {
		if v.id == id {
			return v
		}
	}
	return nil
}

// isCurrent reports the version that a plain GET of its key finds.
func (b *bucket) isCurrent(v *version) bool {
	current := b.current(v.key)
	return current != nil && current.id == v.id
}

// put stores a new current version: a further one with versioning enabled, else in place of the
// null version.
func (s *store) put(b *bucket, v *version, now time.Time) error {
	v.id = nullVersion
	if b.versioning == versioningEnabled {
		v.id = s.newVersionID(now)
	}
	v.headers, v.metadata = shared(v.headers), shared(v.metadata)
	byFormula := b.bulk.exists(v.key)
	o := s.own(b, v.key)
	rest := o.versions
	if v.id == nullVersion {
		rest = without(rest, nullVersion)
	}
	if byFormula && len(rest) > 0 {
		if err := s.disk.saveVersion(b, rest[0]); err != nil {
			return err
		}
	}
	if err := s.disk.saveVersion(b, v); err != nil {
		s.record(b, o, now)
		return err
	}
	o.versions = append([]*version{v}, rest...)
	s.record(b, o, now)
	return nil
}

// remove takes a version away.
func (s *store) remove(b *bucket, v *version, now time.Time) error {
	if err := s.disk.removeVersion(b, v); err != nil {
		return err
	}
	o := s.own(b, v.key)
	o.versions = without(o.versions, v.id)
	s.record(b, o, now)
	return nil
}

func without(versions []*version, id string) []*version {
	return slices.DeleteFunc(slices.Clone(versions), func(v *version) bool { return v.id == id })
}

// addBucket adds a bucket, whose name no other one has.
func (s *store) addBucket(b *bucket) error {
	if err := s.disk.saveBucket(b); err != nil {
		return err
	}
	s.buckets[b.name+"@"+b.region] = b
	return nil
}

// removeBucket takes a bucket away.
func (s *store) removeBucket(b *bucket) error {
	if err := s.disk.removeBucket(b); err != nil {
		return err
	}
	delete(s.buckets, b.name+"@"+b.region)
	return nil
}

// update changes a version in place. Nothing happens to one that is gone.
func (s *store) update(b *bucket, v *version, change func(*version)) error {
	found := b.named(v.key, v.id)
	if found == nil {
		return nil
	}
	changed := *found
	change(&changed)
	if err := s.disk.saveVersion(b, &changed); err != nil {
		return err
	}
	for _, stored := range s.own(b, v.key).versions {
		if stored.id == v.id {
			*stored = changed
		}
	}
	return nil
}

// updateBucket changes a bucket's configuration. A member is replaced as a whole.
func (s *store) updateBucket(b *bucket, change func(*bucket)) error {
	changed := *b
	change(&changed)
	if err := s.disk.saveBucket(&changed); err != nil {
		return err
	}
	*b = changed
	return nil
}

// addUpload begins a multipart upload.
func (s *store) addUpload(b *bucket, u *upload) error {
	if err := s.disk.saveUpload(b, u); err != nil {
		return err
	}
	b.uploads[u.id] = u
	return nil
}

// addPart stores a part, in place of one with the same number.
func (s *store) addPart(b *bucket, u *upload, p *part) error {
	if err := s.disk.savePart(b, u, p); err != nil {
		return err
	}
	u.parts[p.number] = p
	return nil
}

// endUpload forgets an upload and its parts.
func (s *store) endUpload(b *bucket, u *upload) error {
	if err := s.disk.removeUpload(b, u); err != nil {
		return err
	}
	delete(b.uploads, u.id)
	return nil
}

// finishUpload makes an upload whose body was assembled a version.
func (s *store) finishUpload(b *bucket, u *upload, now time.Time) error {
	u.target.upload = u.id
	if err := s.put(b, u.target, now); err != nil {
		return err
	}
	// The object is there, so the upload is over whatever becomes of its records: they are
	// forgotten at the next start.
	_ = s.endUpload(b, u)
	delete(b.uploads, u.id)
	return nil
}

// own is the object of a key to be changed; it is made if there is none, and one that existed by
// formula begins to take memory.
func (s *store) own(b *bucket, key string) *object {
	o := b.objects.get(key)
	if number, ok := b.bulk.number(key); ok {
		o = b.bulk.object(number)
		b.bulk.touch(key)
		b.objects.add(o)
	}
	if o == nil {
		o = &object{key: key}
		b.objects.add(o)
	}
	if v := o.current(); s.lag > 0 && v != nil && len(o.history) == 0 {
		o.history = []historyEntry{{at: v.modified, version: v}}
	}
	return o
}

// record notes the current version for listings that lag, and forgets an object of which nothing
// is left to show.
func (s *store) record(b *bucket, o *object, now time.Time) {
	if s.lag > 0 {
		o.record(now, now.Add(-s.lag))
	} else {
		o.history = nil
	}
	if len(o.versions) == 0 && !o.everShown() {
		b.objects.remove(o.key)
	}
}

// record notes the current version from now on. Of what ended before the moment that listings
// still show, nothing is kept.
func (o *object) record(now, shown time.Time) {
	entry := historyEntry{at: now}
	if len(o.versions) > 0 {
		entry.version = o.versions[0]
	}
	o.history = append(o.history, entry)
	for len(o.history) > 1 && !o.history[1].at.After(shown) {
		o.history = o.history[1:]
	}
}

// everShown reports an object that a listing may still show.
func (o *object) everShown() bool {
	return slices.ContainsFunc(o.history, func(e historyEntry) bool { return e.version != nil })
}

// listed is the version of an object that a listing at a moment shows; nil for none. Listings that
// do not lag show the current one.
func (o *object) listed(at time.Time) *version {
	v := o.current()
	if len(o.history) > 0 {
		v = currentAt(o.history, at)
	}
	if v == nil || v.marker {
		return nil
	}
	return v
}

func (o *object) current() *version {
	if len(o.versions) == 0 {
		return nil
	}
	return o.versions[0]
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
