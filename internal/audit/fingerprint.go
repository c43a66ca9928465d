package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// fingerprint binds a row to one state of one object.
type fingerprint [16]byte

// fingerprinter makes fingerprints under one secret. It is for one goroutine.
type fingerprinter struct {
	mac     hash.Hash
	scratch []byte
	sum     [sha256.Size]byte
}

func newFingerprinter(secret Secret) *fingerprinter {
	return &fingerprinter{mac: hmac.New(sha256.New, secret.derive("row"))}
}

// of covers all that a listing says of an object's bytes. Every field has its length before it, so
// that no two objects give the same text.
func (f *fingerprinter) of(o cosapi.ListedObject) fingerprint {
	f.scratch = f.scratch[:0]
	for _, text := range []string{o.Key, o.VersionID, o.ETag} {
		f.scratch = binary.AppendUvarint(f.scratch, uint64(len(text)))
		f.scratch = append(f.scratch, text...)
	}
	// Whole seconds: a HEAD says no more, and the answer to a copy neither.
	f.scratch = binary.AppendVarint(f.scratch, o.LastModified.Unix())
	f.scratch = binary.AppendVarint(f.scratch, o.Size)
	f.mac.Reset()
	f.mac.Write(f.scratch)
	f.mac.Sum(f.sum[:0])
	return fingerprint(f.sum[:16])
}
