package cosapi

import (
	"context"
	"errors"
	"net/http"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// DeleteResult is what a deletion did.
type DeleteResult struct {
	// DeleteMarker: a marker was made, which hides the object in a versioned bucket, or the
	// version that was deleted is one.
	DeleteMarker bool
	// VersionID of the marker that was made, or of the version that was deleted.
	VersionID string
}

// Delete deletes an object. Without ref.VersionID a versioned bucket gets a delete marker and
// keeps every version; with it that version is gone for good. Deleting what does not exist is no
// error (document 7743). No customer key is needed. To leave nothing use DeleteAllVersions.
//
// If the answer is lost, a HEAD finds out whether the object is gone, so that a retry does not put
// a second delete marker on top of the first. DeleteResult is then empty. COS answers 204; any other
// success is believed only after a HEAD that does not find the object.
func (c *Client) Delete(ctx context.Context, ref ObjectRef) (DeleteResult, error) {
	var result DeleteResult
	doubtful := false
	req := request{op: "DeleteObject", ref: ref, once: ref.VersionID == ""}
	req.arrived = func(ctx context.Context) (bool, error) { return c.gone(ctx, ref) }
	err := c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		options := &cos.ObjectDeleteOptions{VersionId: ref.VersionID}
		resp, err := sdk.Object.Delete(ctx, ref.Key, options)
		if err == nil {
			result = deleteResult(resp.Header)
			doubtful = resp.StatusCode != http.StatusNoContent
		}
		return resp, err
	})
	if err == nil && doubtful {
		return result, c.confirmGone(ctx, ref)
	}
	if ref.VersionID != "" && CodeOf(err) == "NoSuchVersion" {
		return DeleteResult{VersionID: ref.VersionID}, nil
	}
	return result, err
}

func deleteResult(header http.Header) DeleteResult {
	return DeleteResult{
		DeleteMarker: header.Get(headerDeleteMarker) == "true",
		VersionID:    header.Get(headerVersionID),
	}
}

// errNotDeleted is an answer that claims a success which a look at the object contradicts.
var errNotDeleted = errors.New("the answer says that the object was deleted, but it is there")

// confirmGone returns nil if ref is not there.
func (c *Client) confirmGone(ctx context.Context, ref ObjectRef) error {
	gone, err := c.gone(ctx, ref)
	if err == nil && !gone {
		err = &Error{Op: "DeleteObject", Ref: ref, Err: errNotDeleted}
	}
	return err
}

// gone reports whether there is no current version. A refusal that is not 404, as for an SSE-C
// object without its key, means that there is one.
func (c *Client) gone(ctx context.Context, ref ObjectRef) (bool, error) {
	_, err := c.HeadOnly(ctx, ref, nil)
	switch status := StatusOf(err); {
	case status == http.StatusNotFound:
		return true, nil
	case err == nil, status/100 == 4:
		return false, nil
	}
	return false, err
}

// DeleteAllVersions deletes every version and delete marker of exactly this key, and returns how
// many it deleted; ref.VersionID is ignored. Keys that merely begin with it stay. When it fails,
// the versions counted so far are gone and it can be called again.
//
// Listings lag behind writes (document 7734): if the listing shows nothing but the object exists,
// its current version is deleted.
func (c *Client) DeleteAllVersions(ctx context.Context, ref ObjectRef) (int, error) {
	versions, err := c.versionsOf(ctx, ref)
	if err != nil {
		return 0, err
	}
	for i, version := range versions {
		target := ref
		target.VersionID = version.VersionID
		if _, err := c.Delete(ctx, target); err != nil {
			return i, err
		}
	}
	if len(versions) > 0 {
		return len(versions), nil
	}
	gone, err := c.gone(ctx, ref.Current())
	if gone || err != nil {
		return 0, err
	}
	_, err = c.Delete(ctx, ref.Current())
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// versionsOf lists every version and delete marker of exactly this key.
func (c *Client) versionsOf(ctx context.Context, ref ObjectRef) ([]ListedObject, error) {
	options := ListVersionsOptions{Region: ref.Region, Bucket: ref.Bucket, Prefix: ref.Key}
	pages := pager[VersionPage]{
		op: "GetBucketObjectVersions", ref: ref,
		page: func(from place) (VersionPage, place, bool, error) {
			options.KeyMarker, options.VersionIDMarker = from.key, from.id
			page, err := c.ListVersions(ctx, options)
			return page, page.next(), page.Truncated, err
		},
	}
	var versions []ListedObject
	err := pages.each(func(page VersionPage) bool {
		for _, version := range page.Versions {
			if version.Key == ref.Key {
				versions = append(versions, version)
			}
		}
		// The key itself sorts before every longer key, so other keys mean that it is through.
		return len(page.Versions) == 0 || page.Versions[len(page.Versions)-1].Key == ref.Key
	})
	if err != nil {
		return nil, err
	}
	return versions, nil
}

// Made returns the object that a failed write has made all the same: COS holds it with other bytes
// or another encryption than asked for. It reports false for every other failure, also of a part:
// what is under the key then, if anything, is somebody else's.
func Made(failure error) (WriteResult, bool) {
	var mismatch *EncryptionMismatchError
	var damaged *ChecksumError
	switch {
	case errors.As(failure, &mismatch):
		return mismatch.Result, mismatch.Result.ETag != ""
	case errors.As(failure, &damaged) && damaged.Result != nil:
		return *damaged.Result, damaged.Result.ETag != ""
	}
	return WriteResult{}, false
}

// TakeBack deletes what a failed write has made, see Made, and nothing else: the version that COS
// named in its answer, and only while a HEAD shows the ETag of that answer. It reports whether it
// deleted something. encryption is that of the write. It works on when ctx is cancelled, for 30
// seconds: an object that is not stored as asked should not stay.
func (c *Client) TakeBack(
	ctx context.Context, ref ObjectRef, encryption Encryption, failure error,
) (bool, error) {
	made, ok := Made(failure)
	if !ok {
		return false, nil
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortPatience)
	defer cancel()
	ref.VersionID = made.VersionID
	info, err := c.headWritten(own, ref, encryption, made)
	switch {
	case Classify(err) == ClassNotFound, err == nil && info.ETag != made.ETag:
		return false, nil
	case err != nil:
		return false, err
	}
	_, err = c.Delete(own, ref)
	return err == nil, err
}
