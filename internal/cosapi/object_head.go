package cosapi

import (
	"context"
	"errors"
	"io"
	"net/http"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// Head returns what COS reports about an object. key is needed for SSE-C objects and must be nil
// for all others (document 7745).
//
// The answer to a HEAD that failed has no body and so no code. Head then asks for one byte of the
// object, which says why: the error has the code, message and request id of that answer. It costs
// one request when it succeeds and two when it fails. Where the status is enough use HeadOnly.
func (c *Client) Head(ctx context.Context, ref ObjectRef, key *CustomerKey) (ObjectInfo, error) {
	info, err := c.HeadOnly(ctx, ref, key)
	var failure *Error
	if !errors.As(err, &failure) || failure.Status/100 != 4 || failure.Code != "" {
		return info, err
	}
	if reason := c.reason(ctx, ref, key); reason != nil {
		return ObjectInfo{}, c.explained(failure, reason)
	}
	// The object can be read after all: it appeared between the two requests.
	return c.HeadOnly(ctx, ref, key)
}

// explained gives a failed HEAD the answer of the GET that followed it.
func (c *Client) explained(failure *Error, reason error) error {
	var answer *Error
	if !errors.As(reason, &answer) || answer.Code == "" {
		return failure
	}
	explained := *answer
	explained.Op, explained.Ref = failure.Op, failure.Ref
	return &explained
}

// reason reads one byte of an object and returns the error, nil if it can be read.
func (c *Client) reason(ctx context.Context, ref ObjectRef, key *CustomerKey) error {
	body, _, err := c.Open(ctx, ref, GetOptions{Key: key, Length: 1})
	if err == nil {
		// Read to the end, so that the connection can be used again.
		_, _ = io.CopyN(io.Discard, body, 1)
		return body.Close()
	}
	if StatusOf(err) == http.StatusRequestedRangeNotSatisfiable {
		return nil // It is empty.
	}
	return err
}

// HeadOnly is Head without the request that explains a failure: an Error of it has a status but no
// code, so that a missing object and a missing bucket look alike.
func (c *Client) HeadOnly(
	ctx context.Context, ref ObjectRef, key *CustomerKey,
) (ObjectInfo, error) {
	header, err := keyHeaders(key, roleRead)
	if err != nil {
		return ObjectInfo{}, &Error{Op: "HeadObject", Ref: ref, Err: err}
	}
	var info ObjectInfo
	req := request{op: "HeadObject", ref: ref, header: header}
	err = c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		resp, err := sdk.Object.Head(ctx, ref.Key, nil, versionArgs(ref)...)
		if err == nil {
			info = objectInfo(ref, resp.Response)
		}
		return resp, err
	})
	return info, err
}
