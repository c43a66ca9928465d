package cosapi

import (
	"bytes"
	"context"
	"errors"
	"hash/crc64"
	"io"
	"sync/atomic"
)

// sentBody is a body that goes out in one request. A file is read once, and checked before its last
// bytes go out; a body in memory is hashed before any request is made.
type sentBody struct {
	Body
	// expect is the CRC64 that the body must have, "" for any.
	expect string
	// hashed is the CRC64 that was found beforehand, "" for a file.
	hashed string
	// sum is that of the last try which read the whole body. The transport reads in a goroutine of
	// its own.
	sum atomic.Pointer[string]
	// out: the try that is under way has read the whole body.
	out atomic.Bool
}

// prepare finds out beforehand what can be known without reading a file.
func (b *sentBody) prepare(ctx context.Context) error {
	if _, isFile := b.Body.(*fileBody); isFile && b.Size() > 0 {
		return nil
	}
	sum, err := hashBody(ctx, b.Body)
	if err != nil {
		return err
	}
	if err := b.check(sum); err != nil {
		return err
	}
	b.hashed = b.crc64()
	return nil
}

// check compares the bytes that were read with what they should be.
func (b *sentBody) check(sum uint64) error {
	if err := b.Check(); err != nil {
		return err
	}
	local := formatCRC64(sum)
	switch {
	case b.hashed != "" && b.hashed != local:
		return errBodyChanged
	case b.expect != "" && b.expect != local:
		return &ContentChangedError{Want: b.expect, Got: local}
	}
	b.sum.Store(&local)
	return nil
}

// whole reports that some try has read the whole body.
func (b *sentBody) whole() bool { return b.sum.Load() != nil }

// crc64 is that of a body of which whole is true, decimal.
func (b *sentBody) crc64() string { return *b.sum.Load() }

// failed is the error of the upload: one about the content stands for itself.
func (b *sentBody) failed(ref ObjectRef, err error) error {
	var changed *ContentChangedError
	var failure *Error
	switch {
	case errors.As(err, &changed):
		return changed
	case errors.As(err, &failure):
		return err
	}
	return &Error{Op: "PutObject", Ref: ref, Err: err}
}

// reader is for one try. That of an empty body has to be one that the SDK knows to be empty: any
// other is sent in chunks, without a Content-Length.
func (b *sentBody) reader(progress *partProgress) io.Reader {
	b.out.Store(b.Size() == 0)
	if b.Size() == 0 {
		return bytes.NewReader(nil)
	}
	return progress.reading(&checkedReader{
		r: b.Section(0, b.Size()), left: b.Size(), sum: crc64.New(crcTable),
		check: func(sum uint64) error {
			err := b.check(sum)
			b.out.Store(err == nil)
			return err
		},
	})
}
