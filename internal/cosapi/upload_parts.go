package cosapi

import (
	"context"
	"errors"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
	"golang.org/x/sync/errgroup"
)

// multipart is a multipart upload under way.
type multipart struct {
	client   *Client
	ref      ObjectRef
	options  WriteOptions
	uploadID string
	// began is when the upload was initiated: COS may give the object that time.
	began time.Time
	// lostSince is when a process that is gone began to initiate one, zero if none did.
	lostSince time.Time
	parts     []sentPart
	note      *checkpoint
}

// sentPart is a part that is to be sent, or with an ETag, one that COS has.
type sentPart struct {
	section
	etag  string
	crc64 uint64
}

func (c *Client) newMultipart(
	ref ObjectRef, options WriteOptions, parts []section,
) *multipart {
	m := &multipart{client: c, ref: ref, options: options, parts: make([]sentPart, len(parts))}
	for i, part := range parts {
		m.parts[i].section = part
	}
	return m
}

// initiateHeader is everything that the upload stores beside the bytes. Whether an object may be
// replaced is judged at Complete.
func (m *multipart) initiateHeader() (http.Header, error) {
	withoutForbid := m.options
	withoutForbid.ForbidOverwrite = false
	return withoutForbid.writeHeader()
}

// initiate starts the multipart upload. A try whose answer was lost may have started one, too, which
// is then looked for.
func (m *multipart) initiate(ctx context.Context) error {
	header, err := m.initiateHeader()
	if err != nil {
		return &Error{Op: "InitiateMultipartUpload", Ref: m.ref, Err: err}
	}
	m.began = m.client.config.Now()
	req := request{op: "InitiateMultipartUpload", ref: m.ref, header: header}
	lost := false
	err = m.client.do(ctx, req, func(
		ctx context.Context, sdk *cos.Client,
	) (*cos.Response, error) {
		result, resp, err := sdk.Object.InitiateMultipartUpload(ctx, m.ref.Key, nil)
		if err == nil {
			m.uploadID = result.UploadID
		} else {
			lost = lost || judge(newError(req, resp, err, nil)) == verdictUnknown
		}
		return resp, err
	})
	switch {
	case err != nil:
		return err
	case !m.lostSince.IsZero():
		m.abortLost(ctx, m.lostSince)
	case lost:
		m.abortLost(ctx, m.began)
	}
	return nil
}

// abortLost removes the upload that a try of initiate began without our hearing of it. It must be
// the only one of this key that began since then, by the initiator of our own, and have no
// parts: any other may be somebody else's. Where that is not certain, or cannot be found out, it
// stays; uploads of a prefix that are old can be removed all at once.
func (m *multipart) abortLost(ctx context.Context, since time.Time) {
	uploads, err := m.client.ListUploads(ctx, m.ref.Region, m.ref.Bucket, m.ref.Key)
	if err != nil {
		return
	}
	own := slices.IndexFunc(uploads, func(u Upload) bool { return u.UploadID == m.uploadID })
	if own < 0 || uploads[own].Initiator == "" {
		return
	}
	began := m.client.serverTime(since).Add(-clockTolerance)
	others := slices.DeleteFunc(slices.Clone(uploads), func(u Upload) bool {
		return u.UploadID == m.uploadID || u.Key != m.ref.Key || u.Initiated.Before(began)
	})
	if len(others) != 1 || others[0].Initiator != uploads[own].Initiator {
		return
	}
	parts, err := m.client.listParts(ctx, m.ref, others[0].UploadID)
	if err == nil && len(parts) == 0 {
		_ = m.client.abort(ctx, m.ref, others[0].UploadID)
	}
}

// putByParts uploads a body by parts, side by side and straight from the body. The body is read
// once. Whether it changed is known before Complete replaces anything. An upload that a killed
// process left behind is continued.
func (c *Client) putByParts(
	ctx context.Context, ref ObjectRef, body Body, options PutOptions,
) (WriteResult, error) {
	parts, err := planParts(body.Size(), c.config.PartSize)
	if err != nil {
		return WriteResult{}, &Error{Op: "InitiateMultipartUpload", Ref: ref, Err: err}
	}
	m, err := c.begin(ctx, ref, body, options.WriteOptions, parts)
	if err != nil {
		return WriteResult{}, err
	}
	result, err := m.uploadBody(ctx, body, options)
	return result, errors.Join(err, m.end(ctx, err != nil && !m.finished(err)))
}

// finished reports an error that came after Complete: there is no upload left to abort.
func (m *multipart) finished(err error) bool {
	var mismatch *EncryptionMismatchError
	var checksum *ChecksumError
	return errors.As(err, &mismatch) || errors.As(err, &checksum) && checksum.Part == 0
}

func (m *multipart) uploadBody(
	ctx context.Context, body Body, options PutOptions,
) (WriteResult, error) {
	if err := m.uploadParts(ctx, body); err != nil {
		return WriteResult{}, err
	}
	if err := body.Check(); err != nil {
		return WriteResult{}, &Error{Op: "UploadPart", Ref: m.ref, Err: err}
	}
	local := formatCRC64(m.crc64())
	if options.ExpectCRC64 != "" && options.ExpectCRC64 != local {
		return WriteResult{}, &ContentChangedError{Want: options.ExpectCRC64, Got: local}
	}
	result := WriteResult{Size: body.Size()}
	if err := m.complete(ctx, options, local, &result); err != nil {
		return WriteResult{}, err
	}
	return m.client.verifyPut(ctx, m.ref, options, local, result)
}

// uploadParts sends all parts, as many at a time as the provider has places for.
func (m *multipart) uploadParts(ctx context.Context, body Body) error {
	progress := m.client.newProgress(ctx, "UploadPart", m.ref, body.Size())
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cap(m.client.transfers))
	for i := range m.parts {
		if m.parts[i].etag != "" {
			progress.add(m.parts[i].size)
			continue
		}
		group.Go(func() error {
			if err := m.client.acquireTransfer(ctx); err != nil {
				return canceledBy(ctx, request{op: "UploadPart", ref: m.ref}, err)
			}
			defer m.client.releaseTransfer()
			if err := m.uploadPart(ctx, i, body, progress.part()); err != nil {
				return err
			}
			m.sent(i)
			return nil
		})
	}
	return group.Wait()
}

// uploadPart sends one part straight from the body and compares CRC64s. A part that arrived damaged
// is sent again.
func (m *multipart) uploadPart(
	ctx context.Context, i int, body Body, progress *partProgress,
) error {
	part := &m.parts[i]
	header, err := encryptionHeaders(m.options.Encryption, rolePart)
	if err != nil {
		return &Error{Op: "UploadPart", Ref: m.ref, Err: err}
	}
	var damaged *ChecksumError
	req := request{op: "UploadPart", ref: m.ref, header: header, bytes: part.size}
	err = m.client.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		sum := crc64.New(crcTable)
		section := progress.reading(body.Section(part.offset, part.size))
		resp, err := sdk.Object.UploadPart(ctx, m.ref.Key, m.uploadID, i+1,
			io.TeeReader(section, sum), &cos.ObjectUploadPartOptions{ContentLength: part.size})
		damaged = nil
		if err != nil {
			return resp, err
		}
		local, remote := formatCRC64(sum.Sum64()), resp.Header.Get(headerCRC64)
		if remote != "" && remote != local {
			damaged = &ChecksumError{Ref: m.ref, Local: local, COS: remote, Part: i + 1}
			return resp, damaged
		}
		if resp.Header.Get("ETag") == "" {
			return resp, errDamagedAnswer
		}
		part.crc64, part.etag = sum.Sum64(), resp.Header.Get("ETag")
		return resp, nil
	})
	if damaged != nil && Classify(err) == ClassConnection {
		return damaged
	}
	return err
}

// crc64 is that of the whole body, combined from the parts.
func (m *multipart) crc64() uint64 {
	whole := uint64(0)
	for _, part := range m.parts {
		whole = combineCRC64(whole, part.crc64, part.size)
	}
	return whole
}

// complete makes the parts an object. An answer that got lost, and an upload that is gone because
// an earlier try succeeded, are resolved by a HEAD.
//
// A process that was killed may have had a part on its way, which arrives after the one that we sent
// in its place, with the same bytes and another ETag: then COS's list of parts is right, and the
// CRC64 of the whole decides as always.
func (m *multipart) complete(
	ctx context.Context, options PutOptions, local string, result *WriteResult,
) error {
	err := m.completeOnce(ctx, options, local, result)
	if CodeOf(err) == "InvalidPart" && m.relist(ctx) {
		return m.completeOnce(ctx, options, local, result)
	}
	return err
}

// relist takes over the ETags of parts that are as long as ours. It reports that some were others.
func (m *multipart) relist(ctx context.Context) bool {
	listed, err := m.client.listParts(ctx, m.ref, m.uploadID)
	if err != nil {
		return false
	}
	changed := false
	for i := range m.parts {
		there := listed[i+1]
		if there.size != m.parts[i].size {
			return false
		}
		changed = changed || there.etag != unquote(m.parts[i].etag)
		m.parts[i].etag = quote(there.etag)
	}
	return changed
}

func (m *multipart) completeOnce(
	ctx context.Context, options PutOptions, local string, result *WriteResult,
) error {
	if options.Guard != nil {
		if err := options.Guard(ctx); err != nil {
			return err
		}
	}
	header := http.Header{}
	if options.ForbidOverwrite {
		header.Set(headerForbidOverwrite, "true")
	}
	list := &cos.CompleteMultipartUploadOptions{}
	for i, part := range m.parts {
		list.Parts = append(list.Parts, cos.Object{PartNumber: i + 1, ETag: part.etag})
	}
	arrived := m.client.putArrived(m.ref, options, local, m.began, result)
	req := request{
		op: "CompleteMultipartUpload", ref: m.ref, header: header, once: true, arrived: arrived,
	}
	err := m.client.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		completed, resp, err := sdk.Object.CompleteMultipartUpload(ctx, m.ref.Key, m.uploadID, list)
		if err == nil && completed.ETag == "" {
			err = errDamagedAnswer
		}
		if err == nil {
			result.ETag = unquote(completed.ETag)
			result.takeAnswer(resp.Header)
		}
		return resp, err
	})
	if CodeOf(err) != "NoSuchUpload" {
		return err
	}
	if ours, headErr := arrived(ctx); headErr == nil && ours {
		return nil
	}
	return err
}
