package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// A ledger is, in this order:
//
//	magic, header, block, block, ..., end
//
// The header is JSON; a block is rows, compressed; the end is a block of length zero. Each of them
// is preceded by its length in four bytes and followed by an HMAC of it and of the HMAC before it.
// So every row is verified before it is used, and nothing can be taken away, added, moved or cut
// off unnoticed. Within a block, keys share prefixes with the key before, and encryptions are
// numbered as they appear.
const ledgerMagic = "cos-encryption-ledger-1\n"

const (
	macSize   = sha256.Size
	maxHeader = 64 << 10
	// blockSize is how many bytes of rows are compressed at a time, before compression.
	blockSize = 256 << 10
	// maxBlock bounds what is read of a block: rows are at most a few kilobytes.
	maxBlock = 1 << 20
)

// row is what the ledger says of one object: facts, no verdict.
type row struct {
	key, version string
	print        fingerprint
	facts        cosapi.EncryptionStatus
	modified     int64 // unix seconds
	looked       int64 // unix seconds by COS's clock, of the HEAD or the copy
	replica      bool
	versioned    bool // the HEAD named a version: rewriting makes another one
	block        Reason
}

// Ledger names a ledger and what has to be known of it before it is read. It is kept with the
// secret, and holds no name of an object.
type Ledger struct {
	Key      string    `json:"key"`       // in the evidence bucket
	SHA256   string    `json:"sha256"`    // of the file, hexadecimal
	Size     int64     `json:"size"`      // bytes
	Rows     int64     `json:"rows"`      // objects
	ListedAt time.Time `json:"listed_at"` // when the listing began, by COS's clock
	// Days counts rows by the day (days since 1970) on which the object was looked at.
	Days map[string]int64 `json:"days,omitempty"`
}

// header is the first part of the file. It is what makes a ledger of another bucket foreign.
type header struct {
	ID       string    `json:"id"` // random: no two ledgers are equal
	Region   string    `json:"region"`
	Bucket   string    `json:"bucket"`
	Prefix   string    `json:"prefix"`
	Versions bool      `json:"versions"`
	ListedAt time.Time `json:"listed_at"`
}

var (
	errForged  = errors.New("it does not verify: it was changed, cut off, or written by somebody else")
	errForeign = errors.New("it is the ledger of another bucket, prefix or audit")
)

// chain is the running HMAC.
type chain struct {
	mac  hash.Hash
	last [macSize]byte
}

func newChain(secret Secret) *chain {
	return &chain{mac: hmac.New(sha256.New, secret.derive("file"))}
}

// next covers one length and payload.
func (c *chain) next(length [4]byte, payload []byte) [macSize]byte {
	c.mac.Reset()
	c.mac.Write(c.last[:])
	c.mac.Write(length[:])
	c.mac.Write(payload)
	c.mac.Sum(c.last[:0])
	return c.last
}

// days counts rows by day.
type days map[int64]int64

const secondsPerDay = 24 * 60 * 60

func dayOf(looked int64) int64 { return looked / secondsPerDay }

func (d days) text() map[string]int64 {
	texts := make(map[string]int64, len(d))
	for day, n := range d {
		texts[strconv.FormatInt(day, 10)] = n
	}
	return texts
}

// sorted returns the days of a ledger, the oldest first.
func (l Ledger) sorted() ([]int64, days) {
	counted := days{}
	for text, n := range l.Days {
		if day, err := strconv.ParseInt(text, 10, 64); err == nil {
			counted[day] = n
		}
	}
	return slices.Sorted(maps.Keys(counted)), counted
}

// The flags of a row.
const (
	flagReplica = 1 << iota
	flagVersioned
	flagBlocked
)

// rowEncoder writes the rows of one block.
type rowEncoder struct {
	out   bytes.Buffer
	last  row
	known map[cosapi.EncryptionStatus]uint64
	n     []byte
}

func (e *rowEncoder) reset() {
	e.out.Reset()
	e.last = row{}
	e.known = map[cosapi.EncryptionStatus]uint64{}
}

func (e *rowEncoder) add(r row) {
	shared := sharedPrefix(e.last.key, r.key)
	e.uint(uint64(shared))
	e.text(r.key[shared:])
	e.text(r.version)
	e.int(r.modified - e.last.modified)
	e.int(r.looked - e.last.looked)
	e.facts(r.facts)
	e.out.WriteByte(r.flags())
	if r.block != "" {
		e.text(string(r.block))
	}
	e.out.Write(r.print[:])
	e.last = r
}

func (r row) flags() byte {
	var flags byte
	if r.replica {
		flags |= flagReplica
	}
	if r.versioned {
		flags |= flagVersioned
	}
	if r.block != "" {
		flags |= flagBlocked
	}
	return flags
}

// facts writes the number of an encryption, and where it is new, zero and the encryption.
func (e *rowEncoder) facts(facts cosapi.EncryptionStatus) {
	if n, ok := e.known[facts]; ok {
		e.uint(n)
		return
	}
	e.known[facts] = uint64(len(e.known) + 1)
	e.uint(0)
	for _, text := range []string{
		string(facts.Mode), facts.Algorithm, facts.KMSKeyID, facts.CustomerKeyMD5,
	} {
		e.text(text)
	}
}

func (e *rowEncoder) uint(n uint64) {
	e.n = binary.AppendUvarint(e.n[:0], n)
	e.out.Write(e.n)
}

func (e *rowEncoder) int(n int64) {
	e.n = binary.AppendVarint(e.n[:0], n)
	e.out.Write(e.n)
}

func (e *rowEncoder) text(text string) {
	e.uint(uint64(len(text)))
	e.out.WriteString(text)
}

func sharedPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// rowDecoder reads the rows of one block. Its input is verified, so damage is a defect.
type rowDecoder struct {
	in    *bytes.Reader
	last  row
	known []cosapi.EncryptionStatus
}

func (d *rowDecoder) next() (row, error) {
	shared, err := d.uint()
	if err != nil || shared > uint64(len(d.last.key)) {
		return row{}, errForged
	}
	rest, err1 := d.text()
	version, err2 := d.text()
	modified, err3 := binary.ReadVarint(d.in)
	looked, err4 := binary.ReadVarint(d.in)
	facts, err5 := d.facts()
	flags, err6 := d.in.ReadByte()
	r := row{
		key: d.last.key[:shared] + rest, version: version, facts: facts,
		modified: d.last.modified + modified, looked: d.last.looked + looked,
		replica: flags&flagReplica != 0, versioned: flags&flagVersioned != 0,
	}
	var err7 error
	if flags&flagBlocked != 0 {
		var text string
		text, err7 = d.text()
		r.block = Reason(text)
	}
	_, err8 := d.in.Read(r.print[:])
	if errors.Join(err1, err2, err3, err4, err5, err6, err7, err8) != nil {
		return row{}, errForged
	}
	d.last = r
	return r, nil
}

func (d *rowDecoder) facts() (cosapi.EncryptionStatus, error) {
	n, err := d.uint()
	if err != nil || n > uint64(len(d.known)) {
		return cosapi.EncryptionStatus{}, errForged
	}
	if n > 0 {
		return d.known[n-1], nil
	}
	var texts [4]string
	for i := range texts {
		if texts[i], err = d.text(); err != nil {
			return cosapi.EncryptionStatus{}, err
		}
	}
	facts := cosapi.EncryptionStatus{
		Mode: cosapi.Mode(texts[0]), Algorithm: texts[1], KMSKeyID: texts[2],
		CustomerKeyMD5: texts[3],
	}
	d.known = append(d.known, facts)
	return facts, nil
}

func (d *rowDecoder) uint() (uint64, error) { return binary.ReadUvarint(d.in) }

func (d *rowDecoder) text() (string, error) {
	n, err := d.uint()
	if err != nil || n > uint64(d.in.Len()) {
		return "", errForged
	}
	text := make([]byte, n)
	_, _ = d.in.Read(text)
	return string(text), nil
}

func encodeHeader(h header) ([]byte, error) { return json.Marshal(h) }

func hexOf(sum []byte) string { return hex.EncodeToString(sum) }
