package cosapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// CopySource is the object that a copy reads.
type CopySource struct {
	Ref ObjectRef
	Key *CustomerKey // for SSE-C objects, else nil
	// IfMatch is the ETag that the source must have, IfUnmodifiedSince the moment after which it
	// must not have changed. Otherwise the copy fails with ClassPrecondition. Zero values are not
	// sent. The two may be combined (document 10881).
	IfMatch           string
	IfUnmodifiedSince time.Time
	// Size of the source in bytes, as Head reports it. It decides whether one request can do.
	Size int64
	// CRC64 of the source, as Head reports it. It verifies the copy; "" if unknown.
	CRC64 string
	// SeenVersion is the version of the object that a copy onto itself replaces, as Head reports
	// it; "" if unknown. It is never sent: should the answer get lost, it tells the object that was
	// there before from the copy.
	SeenVersion string
	// Rollback makes an earlier version of an object, which Ref names, its current one. Without it
	// a copy onto itself that names a version is refused: its conditions would be judged on that
	// version and always hold, whatever is current by then.
	Rollback bool
}

// CopyOptions is what a copy stores beside the bytes. Nothing is taken over from the source except,
// with KeepTags, its tags: a copy keeps neither encryption nor storage class nor ACL anyway, and
// headers are always replaced.
type CopyOptions struct {
	WriteOptions
	// KeepTags takes the source's tags over; Tags is then ignored.
	KeepTags bool
}

// The headers of a copy (document 10881).
const (
	headerCopySource        = "X-Cos-Copy-Source"
	headerMetadataDirective = "X-Cos-Metadata-Directive"
	headerTaggingDirective  = "X-Cos-Tagging-Directive"
	headerSourceIfMatch     = "X-Cos-Copy-Source-If-Match"
	headerSourceUnmodified  = "X-Cos-Copy-Source-If-Unmodified-Since"

	directiveCopy     = "Copy"
	directiveReplaced = "Replaced"
)

// Copy copies an object on the server; no byte of it passes through here. Sources above
// Config.CopyThreshold are copied by parts. dst may be the source itself, but for a Rollback
// without a version: that changes encryption, headers or storage class in place. Use Reencrypt for
// that, which keeps what a copy would lose.
//
// The copy is verified like an upload. A copy that fails after COS began to answer is an Error with
// status 200. If the answer is lost, a HEAD finds out whether the copy was made.
func (c *Client) Copy(
	ctx context.Context, src CopySource, dst ObjectRef, options CopyOptions,
) (WriteResult, error) {
	if src.isOnto(dst) && src.Ref.VersionID != "" && !src.Rollback {
		return WriteResult{}, &Error{Op: "PutObjectCopy", Ref: dst, Err: errVersionOntoItself}
	}
	if options.KeepTags {
		options.Tags = nil
	}
	if src.Size > c.config.CopyThreshold {
		return c.copyByParts(ctx, src, dst, options)
	}
	header, err := c.copyHeader(src, options)
	if err != nil {
		return WriteResult{}, &Error{Op: "PutObjectCopy", Ref: dst, Err: err}
	}
	result := WriteResult{Size: src.Size}
	if err := c.copyOnce(ctx, src, dst, options, header, &result); err != nil {
		return WriteResult{}, err
	}
	if src.CRC64 != "" && result.CRC64 != "" && src.CRC64 != result.CRC64 {
		return result, &ChecksumError{
			Ref: dst, Local: src.CRC64, COS: result.CRC64, Result: &result,
		}
	}
	err = c.verifyEncryption(ctx, dst, options.Encryption, &result)
	return result, err
}

// errVersionOntoItself is a mistake of the caller: see CopySource.Rollback.
var errVersionOntoItself = errors.New("a copy of an object onto itself must not name a version")

// isOnto reports a copy of an object onto itself.
func (s CopySource) isOnto(dst ObjectRef) bool { return s.Ref.Current() == dst.Current() }

// copyHeader returns the headers of a copy in one request.
func (c *Client) copyHeader(src CopySource, options CopyOptions) (http.Header, error) {
	header, err := options.writeHeader()
	if err != nil {
		return nil, err
	}
	if err := c.setCopySource(header, src); err != nil {
		return nil, err
	}
	// Always replaced: COS refuses to copy an object onto itself otherwise, and a copy with "Copy"
	// may not name headers.
	header.Set(headerMetadataDirective, directiveReplaced)
	header.Set(headerTaggingDirective, directiveReplaced)
	if options.KeepTags {
		header.Set(headerTaggingDirective, directiveCopy)
	}
	return header, nil
}

// setCopySource adds the source of a copy, of a whole object or of a part: its name, its key and
// its conditions.
func (c *Client) setCopySource(header http.Header, src CopySource) error {
	if err := src.Ref.validate(); err != nil {
		return fmt.Errorf("source of the copy: %w", err)
	}
	keys, err := keyHeaders(src.Key, roleCopySource)
	if err != nil {
		return err
	}
	for name, values := range keys {
		header[name] = values
	}
	header.Set(headerCopySource, c.copySource(src.Ref))
	if src.IfMatch != "" {
		header.Set(headerSourceIfMatch, quote(src.IfMatch))
	}
	if !src.IfUnmodifiedSince.IsZero() {
		header.Set(headerSourceUnmodified, src.IfUnmodifiedSince.UTC().Format(http.TimeFormat))
	}
	return nil
}

// copyOnce makes the request and fills in result.
func (c *Client) copyOnce(
	ctx context.Context, src CopySource, dst ObjectRef, options CopyOptions,
	header http.Header, result *WriteResult,
) error {
	started := c.config.Now()
	req := request{op: "PutObjectCopy", ref: dst, header: header, once: true}
	req.arrived = func(ctx context.Context) (bool, error) {
		want, err := c.copyArrival(ctx, src, dst, options, started)
		if err != nil {
			return false, err
		}
		info, arrived, err := c.hasArrived(ctx, want)
		if arrived {
			result.takeInfo(info)
		}
		return arrived, err
	}
	return c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		// The source named here is overwritten by the header above.
		copied, resp, err := sdk.Object.Copy(ctx, dst.Key, "source/key", nil)
		if err == nil {
			err = takeCopy(copied, resp, result)
		}
		return resp, err
	})
}

// takeCopy reads the answer to a copy. One without an ETag was cut off.
func takeCopy(copied *cos.ObjectCopyResult, resp *cos.Response, result *WriteResult) error {
	if copied.ETag == "" {
		return errDamagedAnswer
	}
	result.ETag, result.CRC64 = unquote(copied.ETag), copied.CRC64
	result.VersionID = copied.VersionId
	result.LastModified = parseTime(copied.LastModified)
	modified := result.LastModified
	result.takeAnswer(resp.Header)
	if !modified.IsZero() {
		result.LastModified = modified
	}
	return nil
}

// copyArrival describes the copy for hasArrived. Where the caller does not know the source's CRC64
// a HEAD of the source does.
func (c *Client) copyArrival(
	ctx context.Context, src CopySource, dst ObjectRef, options CopyOptions, started time.Time,
) (arrival, error) {
	want := arrival{
		ref: dst, options: options.WriteOptions, started: started, size: src.Size, crc64: src.CRC64,
	}
	onto := src.isOnto(dst)
	if onto {
		want.before, want.replaced = src.Key, src.SeenVersion
	}
	if src.CRC64 != "" {
		return want, nil
	}
	info, err := c.HeadOnly(ctx, src.Ref, src.Key)
	switch {
	case err == nil:
		want.size, want.crc64 = info.Size, info.CRC64
	case !onto:
		return arrival{}, err
	}
	return want, nil
}

// parseTime reads the times in COS's XML: with and without fractions of a second, and in the
// answer to a copied part without a zone (document 8287). The zero time stands for anything else.
func parseTime(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if parsed, err := time.Parse(layout, text); err == nil {
			return parsed.UTC()
		}
	}
	return time.Time{}
}
