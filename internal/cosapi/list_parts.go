package cosapi

import (
	"context"
	"strconv"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// listedPart is what COS says of a part of an unfinished upload.
type listedPart struct {
	etag string // without quotes
	size int64
}

// listParts returns the parts that COS has of an upload, by number, with a request per 1,000. It
// needs no customer key (document 7747).
func (c *Client) listParts(
	ctx context.Context, ref ObjectRef, uploadID string,
) (map[int]listedPart, error) {
	parts := map[int]listedPart{}
	query := cos.ObjectListPartsOptions{EncodingType: encodingURL}
	for {
		page, err := c.partPage(ctx, ref, uploadID, query)
		if err != nil {
			return nil, err
		}
		for _, part := range page.Parts {
			parts[part.PartNumber] = listedPart{etag: unquote(part.ETag), size: part.Size}
		}
		next, _ := strconv.Atoi(page.NextPartNumberMarker)
		if !page.IsTruncated || next == 0 {
			return parts, nil
		}
		query.PartNumberMarker = strconv.Itoa(next)
	}
}

func (c *Client) partPage(
	ctx context.Context, ref ObjectRef, uploadID string, query cos.ObjectListPartsOptions,
) (page *cos.ObjectListPartsResult, err error) {
	req := request{op: "ListParts", ref: ref}
	err = c.do(ctx, req, func(
		ctx context.Context, sdk *cos.Client,
	) (resp *cos.Response, err error) {
		page, resp, err = sdk.Object.ListParts(ctx, ref.Key, uploadID, &query)
		return resp, err
	})
	return page, err
}
