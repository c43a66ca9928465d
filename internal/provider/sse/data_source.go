package sse

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// storedKeyText describes a key argument where nothing is write-only.
const storedKeyText = "The key itself: 32 bytes, or the Base64 (44 characters) of 32 bytes. " +
	"**It is stored in the state in clear**, and it cannot be ephemeral: data sources have no " +
	"write-only arguments. Prefer `key_name`."

// OpeningText describes the block that names the key of an object that is only read.
const OpeningText = "The object's SSE-C key. Not needed for objects with SSE-COS or SSE-KMS, " +
	"nor for SSE-C objects whose key is in the provider's `customer_keys`: those are tried in " +
	"alphabetical order, one request each."

// DataSourceBlock is Block for data sources: the same three modes, of which c has no
// write-only key. Decode reads both.
func DataSourceBlock() schema.Block {
	return dataSourceBlock(modesText+" Required.", nil, map[string]schema.Block{
		"cos": dataSourceBlock(cosText, map[string]schema.Attribute{
			"algorithm": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(algorithms...)},
				MarkdownDescription: algorithmText,
			},
		}, nil),
		"kms": dataSourceBlock(kmsText, map[string]schema.Attribute{
			"key_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: kmsKeyIDText + " Any key of SSE-KMS then satisfies.",
			},
			"context": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Encryption context: names and values that KMS binds to the " +
					"data key and logs. COS never returns it.",
			},
		}, nil),
		"c": keyDataSourceBlock(cText + " Exactly one of `key_name` and `key`."),
	})
}

// OpeningDataSourceBlock is the sse block of what is only read: it has a key, not a mode.
func OpeningDataSourceBlock(text string) schema.Block {
	return dataSourceBlock(text, nil, map[string]schema.Block{
		"c": keyDataSourceBlock("The SSE-C key. Exactly one of `key_name` and `key`."),
	})
}

// CopySourceDataSourceBlock is CopySourceBlock for data sources.
func CopySourceDataSourceBlock() schema.Block {
	return dataSourceBlock("The object to copy. Required.", map[string]schema.Attribute{
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
			MarkdownDescription: "ETag that the source must have. Give the `etag` of the resource " +
				"that writes the source: the data source is then read, and the copy made, after " +
				"the source is written in the same apply. Quotes are optional.",
		},
	}, map[string]schema.Block{"sse": OpeningDataSourceBlock(
		"The source's SSE-C key. Not needed with SSE-COS and SSE-KMS, nor for SSE-C sources whose " +
			"key is in the provider's `customer_keys`.")})
}

func keyDataSourceBlock(text string) schema.Block {
	return dataSourceBlock(text, map[string]schema.Attribute{
		"key_name": schema.StringAttribute{Optional: true, MarkdownDescription: KeyNameText},
		"key": schema.StringAttribute{
			Optional: true, Sensitive: true, MarkdownDescription: storedKeyText,
		},
	}, nil)
}

// dataSourceBlock is a list block, for the reason at Block.
func dataSourceBlock(
	text string, attributes map[string]schema.Attribute, blocks map[string]schema.Block,
) schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: text,
		NestedObject:        schema.NestedBlockObject{Attributes: attributes, Blocks: blocks},
	}
}

// EncryptionDataSourceAttribute is the computed attribute encryption.
func EncryptionDataSourceAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "How COS says the object is encrypted.",
		Attributes: map[string]schema.Attribute{
			"mode": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "`NONE`, `SSE-COS`, `SSE-KMS` or `SSE-C`.",
			},
			"algorithm": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Algorithm of SSE-COS or SSE-C, otherwise null.",
			},
			"kms_key_id": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Id of the KMS key of SSE-KMS, otherwise null.",
			},
			"customer_key_md5": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "Base64 of the MD5 of the SSE-C key, otherwise null. It names " +
					"the key; `provider::cos::customer_key_md5` computes it.",
			},
		},
	}
}
