package cosemu

import (
	"bytes"
	"io"
)

// blob is a body in pieces, as it came. A blob without pieces but with a size was discarded.
type blob struct {
	pieces []piece
	size   int64
}

// piece is a part of a body. It never changes.
type piece interface {
	length() int64
	section(off, n int64) piece
	// reader needs no closing.
	reader() io.Reader
}

// memoryPiece is held in memory.
type memoryPiece []byte

func (p memoryPiece) length() int64              { return int64(len(p)) }
func (p memoryPiece) section(off, n int64) piece { return p[off : off+n] }
func (p memoryPiece) reader() io.Reader          { return bytes.NewReader(p) }

// discarded reports a body of which nothing but the size is kept.
func (b blob) discarded() bool { return len(b.pieces) == 0 && b.size > 0 }

// section is n bytes from off. It shares the bytes with the whole.
func (b blob) section(off, n int64) blob {
	part := blob{size: n}
	for _, p := range b.pieces {
		length := p.length()
		if off >= length {
			off -= length
			continue
		}
		if n <= 0 {
			break
		}
		count := min(length-off, n)
		part.pieces = append(part.pieces, p.section(off, count))
		n -= count
		off = 0
	}
	return part
}

// reader serves n bytes from off; of a discarded body, zero bytes.
func (b blob) reader(off, n int64) io.Reader {
	if b.discarded() {
		return io.LimitReader(zeroReader{}, n)
	}
	var readers []io.Reader
	for _, p := range b.section(off, n).pieces {
		readers = append(readers, p.reader())
	}
	return io.MultiReader(readers...)
}

// joined is bodies one after the other; nothing is kept of the whole if one was discarded.
func joined(bodies []blob) blob {
	var whole blob
	discarded := false
	for _, b := range bodies {
		whole.size += b.size
		whole.pieces = append(whole.pieces, b.pieces...)
		discarded = discarded || b.discarded()
	}
	if discarded {
		whole.pieces = nil
	}
	return whole
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
