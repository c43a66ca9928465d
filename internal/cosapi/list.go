package cosapi

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// ListedObject is one line of a listing. Listings say nothing about encryption (document 18145) and
// lag behind writes (document 7734): never take one for proof that an object does not exist.
type ListedObject struct {
	Key          string
	ETag         string // without quotes
	StorageClass string // "" for delete markers
	Size         int64  // bytes
	LastModified time.Time
	VersionID    string // only from ListVersions
	IsLatest     bool   // only from ListVersions
	DeleteMarker bool   // only from ListVersions
}

// ListOptions selects what List returns.
type ListOptions struct {
	Region, Bucket string
	Prefix         string
	Delimiter      string // usually "/"; groups keys into ListPage.Prefixes
	Marker         string // keys after this one; NextMarker of the page before
	Max            int    // at most MaxListPage, which is the default
}

// ListPage is one page of a listing, in the order of the keys' UTF-8 bytes.
type ListPage struct {
	Objects    []ListedObject
	Prefixes   []string // groups made by ListOptions.Delimiter
	NextMarker string   // "" on the last page
	Truncated  bool     // there is another page
}

// List returns one page of the current objects of a bucket, in one request. A page that does not
// lead on is a *ListingError, so that a loop over pages ends.
func (c *Client) List(ctx context.Context, options ListOptions) (ListPage, error) {
	query := &cos.BucketGetOptions{
		Prefix: options.Prefix, Delimiter: options.Delimiter, Marker: options.Marker,
		MaxKeys: options.Max, EncodingType: encodingURL,
	}
	var result *cos.BucketGetResult
	req := request{
		op: "GetBucket", ref: ObjectRef{Region: options.Region, Bucket: options.Bucket}, bucket: true,
	}
	err := c.do(ctx, req, func(
		ctx context.Context, sdk *cos.Client,
	) (resp *cos.Response, err error) {
		result, resp, err = sdk.Bucket.Get(ctx, query)
		return resp, err
	})
	if err != nil {
		return ListPage{}, err
	}
	page := listPage(result)
	if reason := page.fault(options.Marker); reason != "" {
		return ListPage{}, &ListingError{Op: req.op, Ref: req.ref, Reason: reason}
	}
	return page, nil
}

// fault says why a page behind marker cannot be part of a listing, "" if it can.
func (p ListPage) fault(marker string) string {
	if marker != "" && len(p.Objects) > 0 && p.Objects[0].Key <= marker {
		return fmt.Sprintf("the page behind %q begins with %q", marker, p.Objects[0].Key)
	}
	if p.Truncated {
		return leadsOn(place{key: marker}, place{key: p.NextMarker})
	}
	return ""
}

func listPage(result *cos.BucketGetResult) ListPage {
	decode := keyDecoder(result.EncodingType)
	page := ListPage{Truncated: result.IsTruncated, NextMarker: decode(result.NextMarker)}
	for _, object := range result.Contents {
		page.Objects = append(page.Objects, ListedObject{
			Key:          decode(object.Key),
			ETag:         unquote(object.ETag),
			StorageClass: strings.ToUpper(object.StorageClass),
			Size:         object.Size,
			LastModified: parseTime(object.LastModified),
		})
	}
	for _, prefix := range result.CommonPrefixes {
		page.Prefixes = append(page.Prefixes, decode(prefix))
	}
	if page.Truncated && page.NextMarker == "" {
		page.NextMarker = page.last()
	}
	return page
}

// last is the greatest key or prefix of a page, "" of an empty one.
func (p ListPage) last() string {
	last := ""
	if len(p.Objects) > 0 {
		last = p.Objects[len(p.Objects)-1].Key
	}
	if len(p.Prefixes) > 0 {
		last = max(last, p.Prefixes[len(p.Prefixes)-1])
	}
	return last
}

// Find looks exactly one object up in the listing, with ref.VersionID exactly that version. It
// needs no customer key. false proves nothing, see ListedObject.
func (c *Client) Find(ctx context.Context, ref ObjectRef) (ListedObject, bool, error) {
	if ref.VersionID != "" {
		return c.findVersion(ctx, ref)
	}
	// The key itself is the first with this prefix.
	page, err := c.List(ctx, ListOptions{
		Region: ref.Region, Bucket: ref.Bucket, Prefix: ref.Key, Max: 1,
	})
	if err != nil || len(page.Objects) == 0 || page.Objects[0].Key != ref.Key {
		return ListedObject{}, false, err
	}
	return page.Objects[0], true, nil
}

func (c *Client) findVersion(ctx context.Context, ref ObjectRef) (ListedObject, bool, error) {
	versions, err := c.versionsOf(ctx, ref)
	for _, version := range versions {
		if version.VersionID == ref.VersionID {
			return version, true, nil
		}
	}
	return ListedObject{}, false, err
}

// encodingURL asks for percent-encoded keys: XML cannot carry every character of a key.
const encodingURL = "url"

// keyDecoder returns the function that undoes the encoding which an answer says it uses.
func keyDecoder(encoding string) func(string) string {
	if !strings.EqualFold(encoding, encodingURL) {
		return func(key string) string { return key }
	}
	return func(key string) string {
		if decoded, err := url.PathUnescape(key); err == nil {
			return decoded
		}
		return key
	}
}
