package sse

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// ActionObjectAttributes name the object of an action, and its key. Actions take no secrets:
// Terraform refuses ephemeral and write-only values in them.
func ActionObjectAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"bucket": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{value.Limit(cosapi.ValidateBucket)},
			MarkdownDescription: address.BucketText,
		},
		"key": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{value.Limit(cosapi.ValidateKey)},
			MarkdownDescription: address.KeyText,
		},
		"region": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{value.Limit(cosapi.ValidateRegion)},
			MarkdownDescription: "Region of the bucket. Default: the provider's region.",
		},
		"key_name": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Name of the object's SSE-C key in the provider's " +
				"`customer_keys`. Not needed for objects with SSE-COS or SSE-KMS, nor where the " +
				"right key is found by trying all of them in alphabetical order, one request each.",
		},
	}
}

// ActionBlock is Block for actions: the same three modes, and keys by name only.
func ActionBlock() schema.Block {
	return actionBlock(modesText+" Required.", nil, map[string]schema.Block{
		"cos": actionBlock(cosText, map[string]schema.Attribute{
			"algorithm": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(algorithms...)},
				MarkdownDescription: algorithmText,
			},
		}, nil),
		"kms": actionBlock(kmsText, map[string]schema.Attribute{
			"key_id": schema.StringAttribute{
				Optional: true, MarkdownDescription: kmsKeyIDText,
			},
			"context": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Encryption context: names and values that KMS binds to the " +
					"data key and logs. COS never returns it, so with a context the object is " +
					"always encrypted again.",
			},
		}, nil),
		"c": actionBlock(cText, map[string]schema.Attribute{
			"key_name": schema.StringAttribute{
				Required: true, MarkdownDescription: KeyNameText,
			},
		}, nil),
	})
}

// actionBlock is a list block, for the reason at Block.
func actionBlock(
	text string, attributes map[string]schema.Attribute, blocks map[string]schema.Block,
) schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: text,
		NestedObject:        schema.NestedBlockObject{Attributes: attributes, Blocks: blocks},
	}
}
