package cosapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// GetOptions selects what Open reads. The zero value is the whole object.
type GetOptions struct {
	Key     *CustomerKey // for SSE-C objects, else nil
	Offset  int64        // first byte
	Length  int64        // number of bytes; 0 is up to the end
	IfMatch string       // ETag that the object must have, else the error is ClassPrecondition
}

// Open starts reading an object. The request is repeated like any other; once the body flows it is
// not: reading it may fail, and the caller asks for the rest with Offset and IfMatch. The caller
// closes the body. ObjectInfo.Size is the size of the whole object, also for a range. Nothing is
// verified; use Content or Download to have the CRC64 checked.
func (c *Client) Open(
	ctx context.Context, ref ObjectRef, options GetOptions,
) (io.ReadCloser, ObjectInfo, error) {
	var body io.ReadCloser
	var info ObjectInfo
	err := c.get(ctx, ref, options, func(resp *http.Response) error {
		body, info = resp.Body, rangeInfo(ref, resp)
		return nil
	})
	return body, info, err
}

// Content reads a whole object into memory and checks its CRC64, where COS has one. An object
// larger than maxSize bytes is a *TooLargeError, found before the body is read.
func (c *Client) Content(
	ctx context.Context, ref ObjectRef, key *CustomerKey, maxSize int64,
) ([]byte, ObjectInfo, error) {
	var content []byte
	var info ObjectInfo
	err := c.get(ctx, ref, GetOptions{Key: key}, func(resp *http.Response) (err error) {
		defer resp.Body.Close()
		info = rangeInfo(ref, resp)
		if info.Size > maxSize {
			return &bodyError{err: &TooLargeError{Ref: ref, Size: info.Size, Max: maxSize}}
		}
		content, err = io.ReadAll(io.LimitReader(resp.Body, maxSize+1))
		return err
	})
	if err != nil {
		return nil, info, unwrapBodyError(err)
	}
	if int64(len(content)) > maxSize {
		return nil, info, &TooLargeError{Ref: ref, Size: int64(len(content)), Max: maxSize}
	}
	if local := CRC64(content); info.CRC64 != "" && info.CRC64 != local {
		return nil, info, &ChecksumError{Ref: ref, Local: local, COS: info.CRC64, Downloading: true}
	}
	return content, info, nil
}

// unwrapBodyError returns the package's own error that get carried through the retry loop.
func unwrapBodyError(err error) error {
	var local *bodyError
	if errors.As(err, &local) {
		return local.err
	}
	return err
}

// get makes a GET and hands a successful answer to receive, whose error makes it try again.
func (c *Client) get(
	ctx context.Context, ref ObjectRef, options GetOptions, receive func(*http.Response) error,
) error {
	header, err := keyHeaders(options.Key, roleRead)
	if err != nil {
		return &Error{Op: "GetObject", Ref: ref, Err: err}
	}
	if byteRange := options.byteRange(); byteRange != "" {
		header.Set("Range", byteRange)
	}
	if options.IfMatch != "" {
		header.Set("If-Match", quote(options.IfMatch))
	}
	req := request{op: "GetObject", ref: ref, header: header}
	return c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		resp, err := sdk.Object.Get(ctx, ref.Key, nil, versionArgs(ref)...)
		if err == nil {
			err = receive(resp.Response)
		}
		return resp, err
	})
}

// byteRange is the value of the Range header, "" for the whole object.
func (o GetOptions) byteRange() string {
	switch {
	case o.Length > 0:
		return fmt.Sprintf("bytes=%d-%d", o.Offset, o.Offset+o.Length-1)
	case o.Offset > 0:
		return fmt.Sprintf("bytes=%d-", o.Offset)
	}
	return ""
}

// rangeInfo is objectInfo for an answer that may hold a part: the whole size is in Content-Range.
func rangeInfo(ref ObjectRef, resp *http.Response) ObjectInfo {
	info := objectInfo(ref, resp)
	_, total, found := strings.Cut(resp.Header.Get("Content-Range"), "/")
	if size, err := strconv.ParseInt(total, 10, 64); found && err == nil {
		info.Size = size
	}
	return info
}

// quote puts an ETag into the quotes that it has on the wire.
func quote(etag string) string { return `"` + unquote(etag) + `"` }
