package cosapi

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// WriteOptions is what a write (Put or Copy) stores beside the bytes.
type WriteOptions struct {
	// Encryption is required; plain storage is NoEncryption.
	Encryption Encryption
	Headers    ObjectHeaders
	// StorageClass is one of StorageClasses; "" is STANDARD.
	StorageClass string
	// ACL is sent with the write; nil, and an ACL that IsDefault, send nothing: the object then
	// inherits from the bucket.
	ACL *ACL
	// Tags are the object's tags; nil and empty both mean none. See CopyOptions.KeepTags.
	Tags map[string]string
	// ForbidOverwrite makes the write fail with ClassExists if there is an object. COS ignores it
	// in a bucket whose versioning was ever enabled (document 7749).
	ForbidOverwrite bool
	// Guard is asked right before an upload or a copy by parts becomes the object, which may be
	// hours after it began: its error ends the write, and nothing is replaced. nil asks nobody. A
	// write in one request does not ask: the caller has just looked.
	Guard func(context.Context) error
}

// WriteResult is what COS reports about an object that was written.
type WriteResult struct {
	ETag         string // without quotes; opaque
	CRC64        string // of the plain bytes, decimal; "" if COS did not say
	VersionID    string // "" in a bucket without versioning
	Size         int64  // bytes
	LastModified time.Time
	Encryption   EncryptionStatus
	RequestID    string
	// Warnings are sentences about differences that are no error, see VerifyEncryption.
	Warnings []string
}

const (
	headerTagging         = "X-Cos-Tagging"
	headerForbidOverwrite = "X-Cos-Forbid-Overwrite"
)

// writeHeader returns the headers of a PUT Object, an Initiate or the destination of a copy. They
// may hold a raw key.
func (o WriteOptions) writeHeader() (http.Header, error) {
	header, err := encryptionHeaders(o.Encryption, roleWrite)
	if err != nil {
		return nil, err
	}
	o.Headers.set(header)
	if o.StorageClass != "" {
		header.Set(headerStorageClass, o.StorageClass)
	}
	if o.ACL != nil && !o.ACL.IsDefault() {
		o.ACL.set(header)
	}
	if len(o.Tags) > 0 {
		header.Set(headerTagging, encodeTags(o.Tags))
	}
	if o.ForbidOverwrite {
		header.Set(headerForbidOverwrite, "true")
	}
	return header, nil
}

// encodeTags is the form of x-cos-tagging (document 7749): URL-encoded pairs, in a fixed order.
func encodeTags(tags map[string]string) string {
	pairs := make([]string, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		pairs = append(pairs, percentEncode(key)+"="+percentEncode(tags[key]))
	}
	return strings.Join(pairs, "&")
}

// percentEncode encodes a space as %20; some decoders of COS leave a plus as it is.
func percentEncode(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// takeAnswer fills in what the headers of the answer to a write say.
func (r *WriteResult) takeAnswer(header http.Header) {
	r.ETag = orDefault(r.ETag, unquote(header.Get("ETag")))
	r.CRC64 = orDefault(r.CRC64, header.Get(headerCRC64))
	r.VersionID = orDefault(r.VersionID, header.Get(headerVersionID))
	r.RequestID = header.Get(headerRequestID)
	r.Encryption = encryptionStatus(header)
	if modified, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
		r.LastModified = modified
	}
}

// takeInfo fills in what a HEAD of the written object says.
func (r *WriteResult) takeInfo(info ObjectInfo) {
	r.ETag = orDefault(r.ETag, info.ETag)
	r.CRC64 = orDefault(r.CRC64, info.CRC64)
	r.VersionID = orDefault(r.VersionID, info.VersionID)
	r.Size, r.LastModified, r.Encryption = info.Size, info.LastModified, info.Encryption
	r.RequestID = orDefault(r.RequestID, info.RequestID)
}

// verifyEncryption checks that ref is stored as asked. result.Encryption is what the answer said;
// if it said nothing at all, one HEAD decides. The error is an *EncryptionMismatchError.
func (c *Client) verifyEncryption(
	ctx context.Context, ref ObjectRef, want Encryption, result *WriteResult,
) error {
	if want.Mode() != ModeNone && result.Encryption.Mode == ModeNone {
		info, err := c.headWritten(ctx, ref, want, *result)
		// Another ETag is that of another write, whose encryption says nothing about this one.
		if err == nil && (result.ETag == "" || info.ETag == result.ETag) {
			result.takeInfo(info)
		}
	}
	warning, err := VerifyEncryption(want, result.Encryption)
	if warning != "" {
		result.Warnings = append(result.Warnings, warning)
	}
	var mismatch *EncryptionMismatchError
	if errors.As(err, &mismatch) {
		mismatch.Ref, mismatch.Result = ref, *result
		return mismatch
	}
	return err
}

// headWritten looks at what was just written. An object that was to be SSE-C but is not can only be
// looked at without the key.
func (c *Client) headWritten(
	ctx context.Context, ref ObjectRef, want Encryption, result WriteResult,
) (ObjectInfo, error) {
	ref.VersionID = result.VersionID
	info, err := c.HeadOnly(ctx, ref, readKey(want))
	if readKey(want) != nil && StatusOf(err)/100 == 4 {
		return c.HeadOnly(ctx, ref, nil)
	}
	return info, err
}

// readKey returns the key that reading an object with that encryption takes, nil if none.
func readKey(encryption Encryption) *CustomerKey {
	if ssec, ok := encryption.(SSEC); ok {
		return &ssec.Key
	}
	return nil
}
