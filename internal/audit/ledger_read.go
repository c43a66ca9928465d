package audit

import (
	"bytes"
	"compress/flate"
	"crypto/hmac"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
)

// ledgerReader reads a ledger from the first key to the last. Each block is verified before its
// first row is returned.
type ledgerReader struct {
	in     io.Reader
	chain  *chain
	header header
	rows   *rowDecoder
	block  bytes.Buffer
}

// newLedgerReader reads and verifies the header.
func newLedgerReader(in io.Reader, secret Secret) (*ledgerReader, error) {
	r := &ledgerReader{in: in, chain: newChain(secret)}
	magic := make([]byte, len(ledgerMagic))
	if _, err := io.ReadFull(in, magic); err != nil {
		return nil, forgedOr(err)
	}
	if string(magic) != ledgerMagic {
		return nil, errForged
	}
	text, err := r.frame(maxHeader)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &r.header); err != nil {
		return nil, errForged
	}
	return r, nil
}

// next returns the next row, and io.EOF only at the verified end.
func (r *ledgerReader) next() (row, error) {
	for r.rows == nil || r.rows.in.Len() == 0 {
		payload, err := r.frame(maxBlock)
		if err != nil {
			return row{}, err
		}
		if len(payload) == 0 {
			return row{}, io.EOF
		}
		if err := r.open(payload); err != nil {
			return row{}, err
		}
	}
	return r.rows.next()
}

// open decompresses a block.
func (r *ledgerReader) open(payload []byte) error {
	r.block.Reset()
	limited := io.LimitReader(flate.NewReader(bytes.NewReader(payload)), maxBlock)
	if _, err := r.block.ReadFrom(limited); err != nil {
		return errForged
	}
	r.rows = &rowDecoder{in: bytes.NewReader(r.block.Bytes())}
	return nil
}

// frame reads and verifies a length, a payload and their HMAC.
func (r *ledgerReader) frame(limit uint32) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r.in, length[:]); err != nil {
		return nil, forgedOr(err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > limit {
		return nil, errForged
	}
	payload := make([]byte, int(n)+macSize)
	if _, err := io.ReadFull(r.in, payload); err != nil {
		return nil, forgedOr(err)
	}
	mac := r.chain.next(length, payload[:n])
	if !hmac.Equal(mac[:], payload[n:]) {
		return nil, errForged
	}
	return payload[:n], nil
}

// forgedOr tells a file that ends too early from one that cannot be read.
func forgedOr(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errForged
	}
	return err
}
