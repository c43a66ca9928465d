package cosapi

import (
	"cmp"
	"context"
	"slices"
	"strings"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// ListVersionsOptions selects what ListVersions returns.
type ListVersionsOptions struct {
	Region, Bucket string
	Prefix         string
	Delimiter      string
	// KeyMarker and VersionIDMarker are those of the page before.
	KeyMarker, VersionIDMarker string
	Max                        int // at most MaxListPage, which is the default
}

// VersionPage is one page of versions and delete markers, by key and within a key newest first.
type VersionPage struct {
	Versions            []ListedObject
	Prefixes            []string
	NextKeyMarker       string
	NextVersionIDMarker string
	Truncated           bool
}

// ListVersions returns one page of the versions of a bucket, in one request. In a bucket that never
// had versioning every object has one version, called "null". A page that does not lead on is a
// *ListingError.
func (c *Client) ListVersions(
	ctx context.Context, options ListVersionsOptions,
) (VersionPage, error) {
	query := &cos.BucketGetObjectVersionsOptions{
		Prefix: options.Prefix, Delimiter: options.Delimiter, EncodingType: encodingURL,
		KeyMarker: options.KeyMarker, VersionIdMarker: options.VersionIDMarker, MaxKeys: options.Max,
	}
	var result *cos.BucketGetObjectVersionsResult
	req := request{
		op: "GetBucketObjectVersions", bucket: true,
		ref: ObjectRef{Region: options.Region, Bucket: options.Bucket},
	}
	err := c.do(ctx, req, func(
		ctx context.Context, sdk *cos.Client,
	) (resp *cos.Response, err error) {
		result, resp, err = sdk.Bucket.GetObjectVersions(ctx, query)
		return resp, err
	})
	if err != nil {
		return VersionPage{}, err
	}
	page := versionPage(result)
	if page.Truncated {
		from := place{options.KeyMarker, options.VersionIDMarker}
		if reason := leadsOn(from, page.next()); reason != "" {
			return VersionPage{}, &ListingError{Op: req.op, Ref: req.ref, Reason: reason}
		}
	}
	return page, nil
}

// next is where the page behind this one begins.
func (p VersionPage) next() place { return place{p.NextKeyMarker, p.NextVersionIDMarker} }

func versionPage(result *cos.BucketGetObjectVersionsResult) VersionPage {
	decode := keyDecoder(result.EncodingType)
	page := VersionPage{
		Truncated:           result.IsTruncated,
		NextKeyMarker:       decode(result.NextKeyMarker),
		NextVersionIDMarker: result.NextVersionIdMarker,
	}
	for _, version := range result.Version {
		page.Versions = append(page.Versions, ListedObject{
			Key: decode(version.Key), VersionID: version.VersionId, IsLatest: version.IsLatest,
			ETag: unquote(version.ETag), StorageClass: strings.ToUpper(version.StorageClass),
			Size: version.Size, LastModified: parseTime(version.LastModified),
		})
	}
	for _, marker := range result.DeleteMarker {
		page.Versions = append(page.Versions, ListedObject{
			Key: decode(marker.Key), VersionID: marker.VersionId, IsLatest: marker.IsLatest,
			DeleteMarker: true, LastModified: parseTime(marker.LastModified),
		})
	}
	for _, prefix := range result.CommonPrefixes {
		page.Prefixes = append(page.Prefixes, decode(prefix))
	}
	slices.SortStableFunc(page.Versions, byKeyAndAge)
	return page
}

// byKeyAndAge orders versions as COS does; the SDK returns versions and markers apart.
func byKeyAndAge(a, b ListedObject) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), latestFirst(a, b), b.LastModified.Compare(a.LastModified))
}

func latestFirst(a, b ListedObject) int {
	switch {
	case a.IsLatest == b.IsLatest:
		return 0
	case a.IsLatest:
		return -1
	}
	return 1
}
