package sse

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// The words that describe copy_source are shared by resource and data source.
const (
	copySourceBucketText = "Name of the source's bucket with its APPID. Required."
	copySourceKeyText    = "Key of the source within its bucket. Required."
	copySourceRegionText = "Region of the source's bucket. Default: the region of the copy."
	copySourceIDText     = "Version of the source. Default: the current one at the time of the " +
		"copy."
	copySourceSSEText = "How the source is encrypted. Needed only with SSE-C; COS reads sources " +
		"with SSE-COS and SSE-KMS by itself."
)

// CopySourceBlock is the copy_source block of the resource, a list for the reason at Block.
func CopySourceBlock() schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: "Another object whose bytes are the body of this one, copied on the " +
			"server: nothing is downloaded or uploaded. Encryption, headers, metadata, tags, " +
			"ACL and storage class are this resource's own, never the source's. Copied again " +
			"when the source's version or ETag changes. " + OneBodyText,
		NestedObject: schema.NestedBlockObject{
			Attributes: map[string]schema.Attribute{
				"bucket": schema.StringAttribute{
					Optional: true, MarkdownDescription: copySourceBucketText,
					Validators: []validator.String{value.Limit(cosapi.ValidateBucket)},
				},
				"key": schema.StringAttribute{
					Optional: true, MarkdownDescription: copySourceKeyText,
					Validators: []validator.String{value.Limit(cosapi.ValidateKey)},
				},
				"region": schema.StringAttribute{
					Optional: true, MarkdownDescription: copySourceRegionText,
					Validators: []validator.String{value.Limit(cosapi.ValidateRegion)},
				},
				"version_id": schema.StringAttribute{
					Optional: true, MarkdownDescription: copySourceIDText,
					Validators: []validator.String{value.Limit(value.NotEmpty)},
				},
				"if_match": schema.StringAttribute{
					Optional: true, Validators: []validator.String{value.Limit(value.NotEmpty)},
					MarkdownDescription: "ETag that the source must have, usually the `etag` of " +
						"the resource that writes it: the copy then waits until the source is " +
						"written, and fails if it has changed since. Quotes are optional.",
				},
			},
			Blocks: map[string]schema.Block{"sse": copySourceSSEBlock()},
		},
	}
}

func copySourceSSEBlock() schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: copySourceSSEText,
		NestedObject: schema.NestedBlockObject{Blocks: map[string]schema.Block{
			"c": schema.ListNestedBlock{
				MarkdownDescription: "The source's SSE-C key. Exactly one of `key_name` and `key`.",
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"key_name": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: KeyNameText,
					},
					"key": schema.StringAttribute{
						Optional: true, Sensitive: true,
						MarkdownDescription: "The key itself: 32 bytes, or the Base64 (44 " +
							"characters) of 32 bytes. **It is stored in the state in clear**; " +
							"prefer `key_name`.",
					},
				}},
			},
		}},
	}
}

const OneBodyText = "At most one of `content`, `content_base64`, `content_wo`, `source` and " +
	"`copy_source` may be set; none of them only for an imported object, whose bytes then stay " +
	"as they are."
