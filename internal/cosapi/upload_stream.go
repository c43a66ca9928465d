package cosapi

import (
	"context"
	"errors"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// DefaultStreamPart is the size in bytes of a stream's parts: what a Stream holds in memory.
const DefaultStreamPart = 4 << 20

// Stream is an object that is written while it is made, of a size that nobody knows before. It
// holds one part in memory. Up to that size it is stored by one PUT, beyond that by parts, one
// after the other; nothing is visible before Close. Use Put for a body that can be read again: it
// sends parts side by side and continues after a kill. A Stream is for one goroutine.
type Stream struct {
	ctx     context.Context
	client  *Client
	ref     ObjectRef
	options WriteOptions
	part    int
	buffer  []byte
	upload  *multipart
	size    int64
	err     error
}

// NewStream begins a stream; it makes no request. ctx governs all of its requests. partSize is in
// bytes, at least MinPartSize; 0 is DefaultStreamPart.
func (c *Client) NewStream(
	ctx context.Context, ref ObjectRef, options WriteOptions, partSize int,
) *Stream {
	return &Stream{
		ctx: ctx, client: c, ref: ref, options: options,
		part: max(orDefault(partSize, DefaultStreamPart), MinPartSize),
	}
}

// Write implements io.Writer. An error of it ends the stream: Abort removes what was sent.
func (s *Stream) Write(p []byte) (int, error) {
	written := 0
	for s.err == nil && written < len(p) {
		if len(s.buffer) == s.part {
			if s.err = s.flush(); s.err != nil {
				break
			}
		}
		n := min(len(p)-written, s.part-len(s.buffer))
		s.buffer = append(s.buffer, p[written:written+n]...)
		written += n
	}
	s.size += int64(written)
	return written, s.err
}

// Rename gives the object another name. It reports false, and does nothing, once a part was sent:
// COS can rename neither an upload nor an object.
func (s *Stream) Rename(ref ObjectRef) bool {
	if s.upload != nil {
		return false
	}
	s.ref = ref
	return true
}

// Size is the number of bytes written so far.
func (s *Stream) Size() int64 { return s.size }

// flush sends the buffer as a part.
func (s *Stream) flush() error {
	if s.upload == nil {
		upload := s.client.newMultipart(s.ref, s.options, nil)
		if err := upload.initiate(s.ctx); err != nil {
			return err
		}
		s.upload = upload
	}
	m := s.upload
	if len(m.parts) == MaxParts {
		return &Error{Op: "UploadPart", Ref: s.ref, Err: errors.New("more than 10,000 parts")}
	}
	m.parts = append(m.parts, sentPart{section: section{size: int64(len(s.buffer))}})
	progress := s.client.newProgress(s.ctx, "UploadPart", s.ref, int64(len(s.buffer)))
	if err := m.uploadPart(s.ctx, len(m.parts)-1, BytesBody(s.buffer), progress.part()); err != nil {
		return err
	}
	s.buffer = s.buffer[:0]
	return nil
}

// Close stores the object. It is verified like that of Put, and an upload that fails is removed.
func (s *Stream) Close() (WriteResult, error) {
	if s.err != nil {
		return WriteResult{}, errors.Join(s.err, s.Abort())
	}
	if s.upload == nil {
		return s.client.Put(s.ctx, s.ref, BytesBody(s.buffer), PutOptions{WriteOptions: s.options})
	}
	if err := s.flush(); err != nil {
		return WriteResult{}, errors.Join(err, s.Abort())
	}
	result := WriteResult{Size: s.size}
	local := formatCRC64(s.upload.crc64())
	options := PutOptions{WriteOptions: s.options}
	if err := s.upload.complete(s.ctx, options, local, &result); err != nil {
		return WriteResult{}, errors.Join(err, s.Abort())
	}
	s.upload.uploadID = ""
	return s.client.verifyPut(s.ctx, s.ref, options, local, result)
}

// Abort removes what was sent; nothing is stored. It is harmless after Close.
func (s *Stream) Abort() error {
	if s.upload == nil || s.upload.uploadID == "" {
		return nil
	}
	id := s.upload.uploadID
	s.upload.uploadID = ""
	return s.client.abort(s.ctx, s.ref, id)
}

// AbortUpload removes an unfinished upload that ListUploads named, and its parts. An upload that is
// gone already is no error.
func (c *Client) AbortUpload(ctx context.Context, ref ObjectRef, uploadID string) error {
	err := c.do(ctx, request{op: "AbortMultipartUpload", ref: ref},
		func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
			return sdk.Object.AbortMultipartUpload(ctx, ref.Key, uploadID)
		})
	if CodeOf(err) == "NoSuchUpload" {
		return nil
	}
	return err
}

// SetContext lets what is still to be done be governed by another context: by one of its own where
// the one that the stream began with is over.
func (s *Stream) SetContext(ctx context.Context) { s.ctx = ctx }
