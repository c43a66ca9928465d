package cosapi

import (
	"context"
	"errors"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// PutOptions is what an upload stores and what it expects of the body.
type PutOptions struct {
	WriteOptions
	// ExpectCRC64 is the CRC64 that the body must have; "" takes whatever bytes there are. A body
	// with another one is a *ContentChangedError, and nothing is replaced.
	ExpectCRC64 string
}

// Put stores a body: in one request up to Config.PartSize, else by parts that are sent side by
// side. For an object that COS has already use Copy.
//
// The object is verified: COS's CRC64 against the body's (*ChecksumError) and the encryption
// against what was asked (*EncryptionMismatchError with Result). If an answer is lost, a HEAD finds
// out whether the object was stored before anything is sent again. Parts of an upload that fails
// are removed. With Config.CheckpointDir, an upload of a file that a kill ended is continued by the
// next Put of the same file with the same options, and removed by any other Put of the object.
func (c *Client) Put(
	ctx context.Context, ref ObjectRef, body Body, options PutOptions,
) (WriteResult, error) {
	if body.Size() > c.config.PartSize {
		return c.putByParts(ctx, ref, body, options)
	}
	return c.putAtOnce(ctx, ref, body, options)
}

// putAtOnce sends a body in one request. That it changed is known before COS replaces anything.
func (c *Client) putAtOnce(
	ctx context.Context, ref ObjectRef, body Body, options PutOptions,
) (WriteResult, error) {
	sent := &sentBody{Body: body, expect: options.ExpectCRC64}
	if err := sent.prepare(ctx); err != nil {
		return WriteResult{}, sent.failed(ref, err)
	}
	header, err := options.writeHeader()
	if err != nil {
		return WriteResult{}, &Error{Op: "PutObject", Ref: ref, Err: err}
	}
	if err := c.acquireTransfer(ctx); err != nil {
		return WriteResult{}, canceledBy(ctx, request{op: "PutObject", ref: ref}, err)
	}
	defer c.releaseTransfer()
	c.removeAbandoned(ctx, ref)
	result := WriteResult{Size: body.Size()}
	part := c.newProgress(ctx, "PutObject", ref, body.Size()).part()
	started := c.config.Now()
	req := request{op: "PutObject", ref: ref, header: header, bytes: body.Size(), once: true}
	req.sent = sent.out.Load
	req.arrived = func(ctx context.Context) (bool, error) {
		if !sent.whole() {
			return false, nil // COS cannot have stored what it was not sent.
		}
		return c.putArrived(ref, options, sent.crc64(), started, &result)(ctx)
	}
	err = c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		resp, err := sdk.Object.Put(ctx, ref.Key, sent.reader(part),
			&cos.ObjectPutOptions{ObjectPutHeaderOptions: &cos.ObjectPutHeaderOptions{
				ContentLength: body.Size(),
			}})
		if err == nil && !sent.whole() {
			err = errDamagedAnswer
		}
		if err == nil {
			result.takeAnswer(resp.Header)
		}
		return resp, err
	})
	if err != nil {
		return WriteResult{}, sent.failed(ref, err)
	}
	return c.verifyPut(ctx, ref, options, sent.crc64(), result)
}

// putArrived finds out whether an upload whose answer was lost was stored.
func (c *Client) putArrived(
	ref ObjectRef, options PutOptions, local string, started time.Time, result *WriteResult,
) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		info, arrived, err := c.hasArrived(ctx, arrival{
			ref: ref, options: options.WriteOptions, size: result.Size, crc64: local,
			started: started,
		})
		if arrived {
			result.takeInfo(info)
		}
		return arrived, err
	}
}

// verifyPut compares what COS stored with what was sent.
func (c *Client) verifyPut(
	ctx context.Context, ref ObjectRef, options PutOptions, local string, result WriteResult,
) (WriteResult, error) {
	if result.CRC64 != "" && result.CRC64 != local {
		return result, &ChecksumError{Ref: ref, Local: local, COS: result.CRC64, Result: &result}
	}
	if result.CRC64 == "" {
		if err := c.verifyByHead(ctx, ref, options.Encryption, local, &result); err != nil {
			return result, err
		}
	}
	result.CRC64 = local
	err := c.verifyEncryption(ctx, ref, options.Encryption, &result)
	return result, err
}

// verifyByHead looks at an object whose upload was answered without a CRC64: ETag and size must be
// ours, and the CRC64 where COS has one.
func (c *Client) verifyByHead(
	ctx context.Context, ref ObjectRef, encryption Encryption, local string, result *WriteResult,
) error {
	info, err := c.headWritten(ctx, ref, encryption, *result)
	switch {
	case err != nil:
	case info.CRC64 != "" && info.CRC64 != local && info.ETag == result.ETag:
		return &ChecksumError{Ref: ref, Local: local, COS: info.CRC64}
	case info.ETag != result.ETag || info.Size != result.Size:
		err = errOtherObject
	default:
		result.takeInfo(info)
		return nil
	}
	return &AmbiguousError{Op: "PutObject", Ref: ref, Err: err}
}

// errOtherObject: what is there is not what the answer to our write described.
var errOtherObject = errors.New("the answer has no CRC64, and another object is there now")

// acquireTransfer takes one of the provider-wide places for transfers.
func (c *Client) acquireTransfer(ctx context.Context) error {
	select {
	case c.transfers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) releaseTransfer() { <-c.transfers }

// abortPatience bounds the removal of an upload that failed.
const abortPatience = 30 * time.Second

// abort removes an upload and its parts, also when the caller has lost patience. An upload that is
// gone already is what is wanted.
func (c *Client) abort(ctx context.Context, ref ObjectRef, uploadID string) error {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortPatience)
	defer cancel()
	return c.AbortUpload(own, ref, uploadID)
}
