package cosapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// BucketEncryption is a bucket's default encryption (document 40136): what a write without
// encryption headers gets. It changes no object that exists, and a header of a write overrules it.
// It is comparable; values are as COS writes them, so that what was read can be put back as it was.
type BucketEncryption struct {
	Algorithm    string // AES256 or SM4 for SSE-COS, KMS for SSE-KMS
	KMSKeyID     string // with KMS; "" is the key that COS made for the account
	KMSAlgorithm string // with KMS: AES256, SM4, or "" which is AES256
}

// bucketKMS is SSE-KMS in a bucket's configuration. Object headers say cos/kms.
const bucketKMS = "KMS"

// DefaultEncryption is the configuration that makes e a bucket's default. Neither SSE-C nor an
// encryption context can be one.
func DefaultEncryption(e Encryption) (BucketEncryption, error) {
	switch e := e.(type) {
	case SSECOS:
		return BucketEncryption{Algorithm: e.algorithm()}, nil
	case SSEKMS:
		if len(e.Context) > 0 {
			return BucketEncryption{}, errors.New("a bucket's default has no encryption context")
		}
		return BucketEncryption{Algorithm: bucketKMS, KMSKeyID: e.KeyID}, nil
	case nil:
		return BucketEncryption{}, errNilEncryption
	default:
		return BucketEncryption{}, fmt.Errorf("%s cannot be a bucket's default", e.Mode())
	}
}

// Status is what COS reports of an object that got the default. KMSKeyID is empty where COS chooses
// the key.
func (b BucketEncryption) Status() EncryptionStatus {
	switch b.Algorithm {
	case "":
		return EncryptionStatus{Mode: ModeNone}
	case bucketKMS:
		return EncryptionStatus{Mode: ModeSSEKMS, KMSKeyID: b.KMSKeyID}
	}
	return EncryptionStatus{Mode: ModeSSECOS, Algorithm: b.Algorithm}
}

// BucketEncryption returns the default encryption of ref's bucket; false where it has none. That a
// bucket has none is COS's own word, NoSuchEncryptionConfiguration: any other failure is an error.
func (c *Client) BucketEncryption(
	ctx context.Context, bucket ObjectRef,
) (BucketEncryption, bool, error) {
	var found BucketEncryption
	err := c.do(ctx, bucketRequest("GetBucketEncryption", bucket),
		func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
			result, resp, err := sdk.Bucket.GetEncryption(ctx)
			switch {
			case err != nil:
			case result.Rule == nil || result.Rule.SSEAlgorithm == "":
				err = errDamagedAnswer
			default:
				found = BucketEncryption{
					Algorithm: result.Rule.SSEAlgorithm, KMSKeyID: result.Rule.KMSMasterKeyID,
					KMSAlgorithm: result.Rule.KMSAlgorithm,
				}
			}
			return resp, err
		})
	if CodeOf(err) == "NoSuchEncryptionConfiguration" && StatusOf(err) == http.StatusNotFound {
		return BucketEncryption{}, false, nil
	}
	return found, err == nil, err
}

// PutBucketEncryption replaces the default encryption of ref's bucket. COS does not say how soon
// writes get it.
func (c *Client) PutBucketEncryption(
	ctx context.Context, bucket ObjectRef, encryption BucketEncryption,
) error {
	return c.do(ctx, bucketRequest("PutBucketEncryption", bucket),
		func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
			return sdk.Bucket.PutEncryption(ctx, &cos.BucketPutEncryptionOptions{
				Rule: &cos.BucketEncryptionConfiguration{
					SSEAlgorithm: encryption.Algorithm, KMSMasterKeyID: encryption.KMSKeyID,
					KMSAlgorithm: encryption.KMSAlgorithm,
				},
			})
		})
}

// DeleteBucketEncryption removes the default encryption of ref's bucket. Objects stay as they are.
func (c *Client) DeleteBucketEncryption(ctx context.Context, bucket ObjectRef) error {
	return c.do(ctx, bucketRequest("DeleteBucketEncryption", bucket),
		func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
			return sdk.Bucket.DeleteEncryption(ctx)
		})
}

// bucketRequest is a request on a bucket: a key or version in ref is left out.
func bucketRequest(op string, ref ObjectRef) request {
	return request{
		op: op, ref: ObjectRef{Region: ref.Region, Bucket: ref.Bucket}, bucket: true,
	}
}
