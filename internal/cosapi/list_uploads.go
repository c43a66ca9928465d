package cosapi

import (
	"context"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// Upload is a multipart upload that was begun and neither completed nor aborted. Its parts cost
// storage.
type Upload struct {
	Key       string
	UploadID  string
	Initiated time.Time
	Initiator string // who began it: an id such as qcs::cam::uin/1:uin/1, "" if COS does not say
}

// ListUploads returns every unfinished upload below a prefix, with as many requests as that takes.
func (c *Client) ListUploads(
	ctx context.Context, region, bucket, prefix string,
) ([]Upload, error) {
	query := cos.ListMultipartUploadsOptions{Prefix: prefix, EncodingType: encodingURL}
	// The answer says that it is encoded in an element with three spellings (document 7736), of
	// which the SDK knows one, so what was asked for is taken as given.
	decode := keyDecoder(encodingURL)
	var uploads []Upload
	ref := ObjectRef{Region: region, Bucket: bucket}
	pages := pager[*cos.ListMultipartUploadsResult]{
		op: "ListMultipartUploads", ref: ref,
		page: func(from place) (*cos.ListMultipartUploadsResult, place, bool, error) {
			query.KeyMarker, query.UploadIDMarker = from.key, from.id
			page, err := c.uploadPage(ctx, ref, query)
			if err != nil {
				return nil, place{}, false, err
			}
			return page, place{decode(page.NextKeyMarker), page.NextUploadIDMarker}, page.IsTruncated, nil
		},
	}
	err := pages.each(func(page *cos.ListMultipartUploadsResult) bool {
		for _, upload := range page.Uploads {
			begun := Upload{
				Key: decode(upload.Key), UploadID: upload.UploadID, Initiated: parseTime(upload.Initiated),
			}
			if upload.Initiator != nil {
				begun.Initiator = upload.Initiator.ID
			}
			uploads = append(uploads, begun)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return uploads, nil
}

func (c *Client) uploadPage(
	ctx context.Context, ref ObjectRef, query cos.ListMultipartUploadsOptions,
) (page *cos.ListMultipartUploadsResult, err error) {
	req := request{op: "ListMultipartUploads", ref: ref, bucket: true}
	err = c.do(ctx, req, func(
		ctx context.Context, sdk *cos.Client,
	) (resp *cos.Response, err error) {
		page, resp, err = sdk.Bucket.ListMultipartUploads(ctx, &query)
		return resp, err
	})
	return page, err
}

// Older are the uploads that were begun before a moment of COS's clock, see Now. One whose
// beginning COS did not say is not among them.
func Older(uploads []Upload, than time.Time) []Upload {
	var older []Upload
	for _, upload := range uploads {
		if !upload.Initiated.IsZero() && upload.Initiated.Before(than) {
			older = append(older, upload)
		}
	}
	return older
}
