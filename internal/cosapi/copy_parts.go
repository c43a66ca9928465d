package cosapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	cos "github.com/tencentyun/cos-go-sdk-v5"
	"golang.org/x/sync/errgroup"
)

// headerSourceRange names the bytes of the source that become a part (document 8287).
const headerSourceRange = "X-Cos-Copy-Source-Range"

// copyByParts copies a source that is too large for one request. That way carries nothing but the
// bytes over, so tags to keep are read and sent again. Every part names the ETag of the source: a
// source that changes meanwhile fails the copy.
func (c *Client) copyByParts(
	ctx context.Context, src CopySource, dst ObjectRef, options CopyOptions,
) (WriteResult, error) {
	src, err := c.pinSource(ctx, src)
	if err != nil {
		return WriteResult{}, err
	}
	if options.KeepTags {
		if options.Tags, err = c.Tags(ctx, src.Ref); err != nil {
			return WriteResult{}, err
		}
	}
	parts, err := planParts(src.Size, c.config.CopyPartSize)
	if err != nil {
		return WriteResult{}, &Error{Op: "InitiateMultipartUpload", Ref: dst, Err: err}
	}
	m, err := c.begin(ctx, dst, nil, options.WriteOptions, parts)
	if err != nil {
		return WriteResult{}, err
	}
	result, err := m.copyFrom(ctx, src)
	return result, errors.Join(err, m.end(ctx, err != nil && !m.finished(err)))
}

// pinSource makes sure that ETag and CRC64 of the source are known.
func (c *Client) pinSource(ctx context.Context, src CopySource) (CopySource, error) {
	if src.IfMatch != "" && src.CRC64 != "" {
		return src, nil
	}
	info, err := c.Head(ctx, src.Ref, src.Key)
	if err != nil {
		return src, err
	}
	src.IfMatch = orDefault(src.IfMatch, info.ETag)
	src.CRC64 = orDefault(src.CRC64, info.CRC64)
	return src, nil
}

func (m *multipart) copyFrom(ctx context.Context, src CopySource) (WriteResult, error) {
	progress := m.client.newProgress(ctx, "UploadPartCopy", m.ref, src.Size)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(cap(m.client.transfers))
	for i := range m.parts {
		group.Go(func() error {
			if err := m.client.acquireTransfer(groupCtx); err != nil {
				return canceledBy(groupCtx, request{op: "UploadPartCopy", ref: m.ref}, err)
			}
			defer m.client.releaseTransfer()
			if err := m.copyPart(groupCtx, i, src); err != nil {
				return err
			}
			progress.add(m.parts[i].size)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return WriteResult{}, err
	}
	result := WriteResult{Size: src.Size}
	put := PutOptions{WriteOptions: m.options}
	if err := m.complete(ctx, put, src.CRC64, &result); err != nil {
		return WriteResult{}, err
	}
	if src.CRC64 != "" && result.CRC64 != "" && result.CRC64 != src.CRC64 {
		return result, &ChecksumError{
			Ref: m.ref, Local: src.CRC64, COS: result.CRC64, Result: &result,
		}
	}
	err := m.client.verifyEncryption(ctx, m.ref, m.options.Encryption, &result)
	return result, err
}

// copyPart copies one part, with the keys of both sides.
func (m *multipart) copyPart(ctx context.Context, i int, src CopySource) error {
	part := &m.parts[i]
	header, err := encryptionHeaders(m.options.Encryption, rolePart)
	if err == nil {
		header = cloneHeader(header)
		err = m.client.setCopySource(header, src)
	}
	if err != nil {
		return &Error{Op: "UploadPartCopy", Ref: m.ref, Err: err}
	}
	header.Set(headerSourceRange,
		fmt.Sprintf("bytes=%d-%d", part.offset, part.offset+part.size-1))
	req := request{op: "UploadPartCopy", ref: m.ref, header: header}
	return m.client.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		// The source named here is overwritten by the header above.
		copied, resp, err := sdk.Object.CopyPart(ctx, m.ref.Key, m.uploadID, i+1, "source/key", nil)
		if err == nil && copied.ETag == "" {
			err = errDamagedAnswer
		}
		if err == nil {
			part.etag = copied.ETag
		}
		return resp, err
	})
}

// cloneHeader is a copy that may be changed; of nil it is empty.
func cloneHeader(header http.Header) http.Header {
	if header == nil {
		return http.Header{}
	}
	return header.Clone()
}
