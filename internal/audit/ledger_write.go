package audit

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
)

// ledgerWriter writes a ledger from the first key to the last.
type ledgerWriter struct {
	out        io.Writer
	sum        hash.Hash
	chain      *chain
	rows       rowEncoder
	compressed bytes.Buffer
	flate      *flate.Writer
	count      int64
	size       int64
	days       days
}

// newLedgerWriter writes the header.
func newLedgerWriter(out io.Writer, secret Secret, h header) (*ledgerWriter, error) {
	h.ID = rand.Text()
	w := &ledgerWriter{sum: sha256.New(), chain: newChain(secret), days: days{}}
	w.out = io.MultiWriter(out, w.sum)
	w.rows.reset()
	var err error
	if w.flate, err = flate.NewWriter(&w.compressed, flate.BestSpeed); err != nil {
		return nil, err
	}
	text, err := encodeHeader(h)
	if err != nil {
		return nil, err
	}
	if err := w.write([]byte(ledgerMagic)); err != nil {
		return nil, err
	}
	return w, w.frame(text)
}

// add writes a row. Rows come in the order of their keys.
func (w *ledgerWriter) add(r row) error {
	w.rows.add(r)
	w.count++
	w.days[dayOf(r.looked)]++
	if w.rows.out.Len() < blockSize {
		return nil
	}
	return w.flush()
}

// flush writes a block.
func (w *ledgerWriter) flush() error {
	if w.rows.out.Len() == 0 {
		return nil
	}
	w.compressed.Reset()
	w.flate.Reset(&w.compressed)
	if _, err := w.flate.Write(w.rows.out.Bytes()); err != nil {
		return err
	}
	if err := w.flate.Close(); err != nil {
		return err
	}
	w.rows.reset()
	return w.frame(w.compressed.Bytes())
}

// frame writes a length, a payload and their HMAC.
func (w *ledgerWriter) frame(payload []byte) error {
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(payload)))
	mac := w.chain.next(length, payload)
	for _, part := range [][]byte{length[:], payload, mac[:]} {
		if err := w.write(part); err != nil {
			return err
		}
	}
	return nil
}

func (w *ledgerWriter) write(p []byte) error {
	n, err := w.out.Write(p)
	w.size += int64(n)
	return err
}

// close writes the last block and the end.
func (w *ledgerWriter) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.frame(nil)
}
