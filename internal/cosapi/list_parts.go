package cosapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"

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
	pages := pager[*cos.ObjectListPartsResult]{
		op: "ListParts", ref: ref,
		page: func(from place) (*cos.ObjectListPartsResult, place, bool, error) {
			query.PartNumberMarker = strings.TrimLeft(from.key, "0")
			page, err := c.partPage(ctx, ref, uploadID, query)
			if err != nil {
				return nil, place{}, false, err
			}
			return page, partPlace(page.NextPartNumberMarker), page.IsTruncated, nil
		},
	}
	err := pages.each(func(page *cos.ObjectListPartsResult) bool {
		for _, part := range page.Parts {
			parts[part.PartNumber] = listedPart{etag: unquote(part.ETag), size: part.Size}
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return parts, nil
}

// partPlace is the place behind a part, written so that places are in the order of the numbers.
func partPlace(marker string) place {
	number, err := strconv.Atoi(marker)
	if err != nil || number <= 0 {
		return place{}
	}
	return place{key: fmt.Sprintf("%010d", number)}
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
