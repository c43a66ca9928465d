package cosapi

import (
	"context"
	"maps"
	"slices"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// Tags returns an object's tags; an object without tags has an empty map. No customer key is
// needed. It takes the permission cos:GetObjectTagging.
func (c *Client) Tags(ctx context.Context, ref ObjectRef) (map[string]string, error) {
	tags := map[string]string{}
	req := request{op: "GetObjectTagging", ref: ref}
	err := c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		result, resp, err := sdk.Object.GetTagging(ctx, ref.Key, versionOptions(ref)...)
		if err == nil {
			for _, tag := range result.TagSet {
				tags[tag.Key] = tag.Value
			}
		}
		return resp, err
	})
	if CodeOf(err) == "NoSuchTagSet" {
		return tags, nil
	}
	return tags, err
}

// PutTags replaces all tags of an object; an empty map deletes them. Nothing else of the object
// changes, not even its Last-Modified. It takes the permission cos:PutObjectTagging, for an empty
// map cos:DeleteObjectTagging.
func (c *Client) PutTags(ctx context.Context, ref ObjectRef, tags map[string]string) error {
	if len(tags) == 0 {
		return c.deleteTags(ctx, ref)
	}
	body := &cos.ObjectPutTaggingOptions{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		body.TagSet = append(body.TagSet, cos.ObjectTaggingTag{Key: key, Value: tags[key]})
	}
	req := request{op: "PutObjectTagging", ref: ref}
	return c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		return sdk.Object.PutTagging(ctx, ref.Key, body, versionArgs(ref)...)
	})
}

func (c *Client) deleteTags(ctx context.Context, ref ObjectRef) error {
	req := request{op: "DeleteObjectTagging", ref: ref}
	return c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		return sdk.Object.DeleteTagging(ctx, ref.Key, versionOptions(ref)...)
	})
}

// versionOptions is versionArgs for the calls of the SDK that take options of any type.
func versionOptions(ref ObjectRef) []any {
	var options []any
	for _, id := range versionArgs(ref) {
		options = append(options, id)
	}
	return options
}
