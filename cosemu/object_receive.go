package cosemu

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"hash"
	"hash/crc64"
	"io"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

func newCRC64() hash.Hash64 { return crc64.New(crcTable) }

// pieceSize is how much of a body is read at a time, and kept in one piece.
const pieceSize = 1 << 20

// received is a body that has arrived.
type received struct {
	blob  blob
	crc64 uint64
	etag  string
}

// receive reads the body of a PUT or a part through its digests. A body that ends early, or whose
// Content-MD5 differs, stores nothing.
func (x *exchange) receive(sse sseRecord, key *customerKey) (received, *apiError) {
	wantMD5, err := contentMD5(x.r.Header.Get("Content-MD5"))
	switch {
	case err != nil:
		return received{}, err
	case x.r.ContentLength > maxObjectSize:
		return received{}, failure("EntityTooLarge", "One request carries at most 5 GB.")
	}
	digest, crc := x.newBodyDigest(sse, key), newCRC64()
	body, err := x.keepBody(io.MultiWriter(digest, crc))
	if err != nil {
		return received{}, err
	}
	if wantMD5 != "" && wantMD5 != string(digest.md5.Sum(nil)) {
		return received{}, failure("BadDigest", "Content-MD5 does not match the body.")
	}
	return received{blob: body, crc64: crc.Sum64(), etag: digest.etag()}, nil
}

// contentMD5 decodes a Content-MD5 header; "" if there is none.
func contentMD5(header string) (string, *apiError) {
	if header == "" {
		return "", nil
	}
	sum, err := base64.StdEncoding.DecodeString(header)
	if err != nil || len(sum) != md5.Size {
		return "", failure("InvalidDigest", "Content-MD5 is not the Base64 of 16 bytes.")
	}
	return string(sum), nil
}

// keepBody reads the request's body to where bodies are kept and shows it to digest. With Config.Discard it
// reads a large body through one buffer and keeps nothing but the size.
func (x *exchange) keepBody(digest io.Writer) (blob, *apiError) {
	body := bodyWriter{disk: x.store.disk}
	defer body.abandon()
	var buffer []byte
	for {
		if buffer == nil {
			buffer = make([]byte, nextPiece(x.r.ContentLength-body.size))
		}
		n, err := fill(buffer, x.r.Body)
		_, _ = digest.Write(buffer[:n])
		body.size += int64(n)
		switch {
		case body.size > maxObjectSize:
			return blob{}, failure("EntityTooLarge", "One request carries at most 5 GB.")
		case x.config.Discard && max(body.size, x.r.ContentLength) > discardAbove:
			body.discard()
		case n > 0:
			if err := notStored(body.add(&buffer, n)); err != nil {
				return blob{}, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return x.wholeBody(&body)
		case err != nil:
			return blob{}, bodyFailure("IncompleteBody", err)
		}
	}
}

// clip frees a buffer that is mostly empty: that of a small body without Content-Length.
func clip(piece []byte) []byte {
	if len(piece) < cap(piece)/2 {
		return bytes.Clone(piece)
	}
	return piece
}

// fill reads until the buffer is full. Unlike io.ReadFull it leaves the reader's error alone: a
// body that was cut off ends with io.ErrUnexpectedEOF.
func fill(buffer []byte, r io.Reader) (int, error) {
	n := 0
	for n < len(buffer) {
		count, err := r.Read(buffer[n:])
		n += count
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// wholeBody refuses a body of another size than Content-Length announced.
func (x *exchange) wholeBody(body *bodyWriter) (blob, *apiError) {
	if announced := x.r.ContentLength; announced >= 0 && body.size != announced {
		return blob{}, failure("IncompleteBody", "The body has %d bytes, Content-Length is %d.",
			body.size, announced)
	}
	whole, err := body.close()
	return whole, notStored(err)
}

// nextPiece is the size of the next piece of a body of which rest bytes are left; negative if
// that is not known. One byte more than the rest makes the last read see the end.
func nextPiece(rest int64) int64 {
	if rest < 0 {
		return pieceSize
	}
	return min(rest+1, pieceSize)
}
