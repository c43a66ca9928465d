package cosemu

import "time"

// The records are what the files of a data directory hold.

type accountRecord struct {
	Salt    []byte                 `json:"salt"`
	Offset  time.Duration          `json:"clock_offset"`
	Stopped time.Time              `json:"clock_stopped"`
	KMSKeys map[string]KMSKeyState `json:"kms_keys"`
}

type bucketRecord struct {
	Name       string            `json:"name"`
	Region     string            `json:"region"`
	Created    time.Time         `json:"created"`
	MultiAZ    bool              `json:"multi_az,omitempty"`
	Versioning string            `json:"versioning,omitempty"`
	Encryption *defaultRecord    `json:"encryption,omitempty"`
	ACL        aclRecord         `json:"acl"`
	LockDays   int               `json:"lock_days,omitempty"`
	Stored     map[string][]byte `json:"stored,omitempty"`
	BulkCount  int               `json:"bulk_count,omitempty"`
	BulkDate   time.Time         `json:"bulk_date"`
}

type defaultRecord struct {
	Algorithm    string `json:"algorithm"`
	KMSKeyID     string `json:"kms_key_id,omitempty"`
	KMSAlgorithm string `json:"kms_algorithm,omitempty"`
}

type aclRecord struct {
	Canned string        `json:"canned,omitempty"`
	Grants []grantRecord `json:"grants,omitempty"`
	Exact  bool          `json:"exact,omitempty"`
}

type grantRecord struct {
	Permission string `json:"permission"`
	Grantee    string `json:"grantee"`
}

// versionRecord is a version, a marker, or with Gone a key that no longer exists by formula.
type versionRecord struct {
	Key      string            `json:"key"`
	Gone     bool              `json:"gone,omitempty"`
	ID       string            `json:"id,omitempty"`
	Order    uint64            `json:"order,omitempty"`
	Upload   string            `json:"upload,omitempty"` // that it was made of
	Marker   bool              `json:"marker,omitempty"`
	Body     blobRecord        `json:"body"`
	ETag     string            `json:"etag,omitempty"`
	CRC64    uint64            `json:"crc64,omitempty"`
	NoCRC64  bool              `json:"no_crc64,omitempty"`
	Modified time.Time         `json:"modified"`
	Headers  map[string]string `json:"headers,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Class    string            `json:"class,omitempty"`
	Tags     []tag             `json:"tags,omitempty"`
	ACL      aclRecord         `json:"acl"`
	SSE      encryptionRecord  `json:"sse"`
	Restore  *restoreRecord    `json:"restore,omitempty"`
	Locked   time.Time         `json:"locked"`
}

type blobRecord struct {
	Size   int64         `json:"size"`
	Pieces []pieceRecord `json:"pieces,omitempty"`
}

// pieceRecord is a section of a file of bodies, or bytes that no file has.
type pieceRecord struct {
	Body   *bodyName `json:"body,omitempty"`
	Offset int64     `json:"offset,omitempty"`
	Length int64     `json:"length,omitempty"`
	Bytes  []byte    `json:"bytes,omitempty"`
}

// encryptionRecord has an HMAC of an SSE-C key under the account's salt, and its MD5.
type encryptionRecord struct {
	Mode      string `json:"mode"`
	Algorithm string `json:"algorithm,omitempty"`
	KMSKeyID  string `json:"kms_key_id,omitempty"`
	KeyMAC    []byte `json:"key_mac,omitempty"`
	KeyMD5    string `json:"key_md5,omitempty"`
}

type restoreRecord struct {
	Tier    string    `json:"tier"`
	Asked   time.Time `json:"asked"`
	Ready   time.Time `json:"ready"`
	Expires time.Time `json:"expires"`
}

type uploadRecord struct {
	ID        string        `json:"id"`
	Initiated time.Time     `json:"initiated"`
	Target    versionRecord `json:"target"`
}

type partRecord struct {
	Number   int        `json:"number"`
	Body     blobRecord `json:"body"`
	ETag     string     `json:"etag"`
	CRC64    uint64     `json:"crc64"`
	Modified time.Time  `json:"modified"`
	// Source is the size and CRC64 of the object that the part was copied from, and Offset where.
	Source      bool   `json:"source,omitempty"`
	SourceSize  int64  `json:"source_size,omitempty"`
	SourceCRC64 uint64 `json:"source_crc64,omitempty"`
	Offset      int64  `json:"offset,omitempty"`
}

func (b *bucket) toRecord() bucketRecord {
	r := bucketRecord{
		Name: b.name, Region: b.region, Created: b.created, MultiAZ: b.multiAZ,
		Versioning: b.versioning, ACL: b.acl.toRecord(), LockDays: b.lockDays, Stored: b.stored,
		BulkCount: b.bulk.count, BulkDate: b.bulk.modified,
	}
	if e := b.encryption; e != nil {
		r.Encryption = &defaultRecord{e.algorithm, e.kmsKeyID, e.kmsAlgorithm}
	}
	return r
}

func (r bucketRecord) bucket() *bucket {
	b := newBucket(r.Name, r.Region, r.Versioning, r.Created)
	b.multiAZ, b.acl, b.lockDays = r.MultiAZ, r.ACL.acl(), r.LockDays
	if r.Stored != nil {
		b.stored = r.Stored
	}
	if r.BulkCount > 0 {
		b.bulk = newBulk(r.BulkCount, r.BulkDate)
	}
	if e := r.Encryption; e != nil {
		b.encryption = &defaultEncryption{e.Algorithm, e.KMSKeyID, e.KMSAlgorithm}
	}
	return b
}

func (a acl) toRecord() aclRecord {
	r := aclRecord{Canned: a.canned, Exact: a.exact}
	for _, g := range a.grants {
		r.Grants = append(r.Grants, grantRecord{g.permission, g.grantee})
	}
	return r
}

func (r aclRecord) acl() acl {
	a := acl{canned: r.Canned, exact: r.Exact}
	for _, g := range r.Grants {
		a.grants = append(a.grants, grant{g.Permission, g.Grantee})
	}
	return a
}

func (v *version) toRecord() (versionRecord, error) {
	body, err := v.body.toRecord()
	r := versionRecord{
		Key: v.key, ID: v.id, Order: v.order, Upload: v.upload, Marker: v.marker, Body: body,
		ETag: v.etag, CRC64: v.crc64, NoCRC64: v.noCRC64, Modified: v.modified,
		Headers: v.headers, Metadata: v.metadata, Class: v.class, Tags: v.tags,
		ACL: v.acl.toRecord(), Locked: v.locked,
		SSE: encryptionRecord{
			string(v.sse.mode), v.sse.algorithm, v.sse.kmsKeyID, v.sse.keyMAC, v.sse.keyMD5,
		},
	}
	if o := v.restore; o != nil {
		r.Restore = &restoreRecord{o.tier, o.asked, o.ready, o.expires}
	}
	return r, err
}

func (r versionRecord) version(bodies *diskBodies) *version {
	v := &version{
		key: r.Key, id: intern(r.ID), order: r.Order, upload: r.Upload, marker: r.Marker,
		body: bodies.blob(r.Body), etag: r.ETag, crc64: r.CRC64, noCRC64: r.NoCRC64,
		modified: r.Modified, headers: shared(r.Headers), metadata: shared(r.Metadata),
		class: intern(r.Class), tags: r.Tags, acl: r.ACL.acl(), locked: r.Locked,
		sse: sseRecord{
			sseMode(intern(r.SSE.Mode)), intern(r.SSE.Algorithm), intern(r.SSE.KMSKeyID),
			r.SSE.KeyMAC, intern(r.SSE.KeyMD5),
		},
	}
	if o := r.Restore; o != nil {
		v.restore = &restoreState{o.Tier, o.Asked, o.Ready, o.Expires}
	}
	return v
}

func (b blob) toRecord() (blobRecord, error) {
	r := blobRecord{Size: b.size}
	for _, p := range b.pieces {
		if onDisk, ok := p.(diskPiece); ok {
			r.Pieces = append(r.Pieces, pieceRecord{
				Body: &onDisk.body.name, Offset: onDisk.off, Length: onDisk.n,
			})
			continue
		}
		text, err := readAll(p)
		if err != nil {
			return r, err
		}
		r.Pieces = append(r.Pieces, pieceRecord{Bytes: text})
	}
	return r, nil
}

// diskBodies are the bodies that records name, each with one reference.
type diskBodies struct {
	disk  *disk
	named map[bodyName]*diskBody
}

func (d *diskBodies) blob(r blobRecord) blob {
	b := blob{size: r.Size}
	for _, p := range r.Pieces {
		if p.Body == nil {
			b.pieces = append(b.pieces, memoryPiece(p.Bytes))
			continue
		}
		body := d.named[*p.Body]
		if body == nil {
			body = d.disk.body(*p.Body)
			d.named[*p.Body] = body
		}
		b.pieces = append(b.pieces, diskPiece{body: body, off: p.Offset, n: p.Length})
	}
	return b
}

func (u *upload) toRecord() (uploadRecord, error) {
	target, err := u.target.toRecord()
	return uploadRecord{ID: u.id, Initiated: u.initiated, Target: target}, err
}

func (p *part) toRecord() (partRecord, error) {
	body, err := p.body.toRecord()
	r := partRecord{
		Number: p.number, Body: body, ETag: p.etag, CRC64: p.crc64, Modified: p.modified,
		Offset: p.offset,
	}
	if p.source != nil {
		r.Source, r.SourceSize, r.SourceCRC64 = true, p.source.body.size, p.source.crc64
	}
	return r, err
}

func (r partRecord) part(bodies *diskBodies) *part {
	p := &part{
		number: r.Number, body: bodies.blob(r.Body), etag: r.ETag, crc64: r.CRC64,
		modified: r.Modified, offset: r.Offset,
	}
	if r.Source {
		p.source = &version{crc64: r.SourceCRC64, body: blob{size: r.SourceSize}}
	}
	return p
}
