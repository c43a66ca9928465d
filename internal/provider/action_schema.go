package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// actionObjectAttributes name the object of an action, and its key. Actions take no secrets:
// Terraform refuses ephemeral and write-only values in them.
func actionObjectAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"bucket": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{limit(cosapi.ValidateBucket)},
			MarkdownDescription: dataBucketText,
		},
		"key": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{limit(cosapi.ValidateKey)},
			MarkdownDescription: dataKeyText,
		},
		"region": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{limit(cosapi.ValidateRegion)},
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

// namedKey is the key of the keyring with that name, nil for no name; at is where the name is.
func namedKey(
	keyring cosapi.Keyring, at path.Path, name types.String,
) (*cosapi.CustomerKey, diag.Diagnostics) {
	if name.IsNull() {
		return nil, nil
	}
	key, ok := keyring.ByName(name.ValueString())
	if !ok {
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at,
			"SSE-C key is not in the keyring", fmt.Sprintf("There is no key %q in the provider's "+
				"customer_keys (%s). Add the key, or name another one.", name.ValueString(),
				quotedNames(keyring.Names())))}
	}
	return &key, nil
}

// sseActionBlock is sseBlock for actions: the same three modes, and keys by name only.
func sseActionBlock() schema.Block {
	return actionBlock(sseText+" Required.", nil, map[string]schema.Block{
		"cos": actionBlock(sseCOSText, map[string]schema.Attribute{
			"algorithm": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(sseAlgorithms...)},
				MarkdownDescription: sseAlgorithmText,
			},
		}, nil),
		"kms": actionBlock(sseKMSText, map[string]schema.Attribute{
			"key_id": schema.StringAttribute{
				Optional: true, MarkdownDescription: sseKMSKeyIDText,
			},
			"context": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Encryption context: names and values that KMS binds to the " +
					"data key and logs. COS never returns it, so with a context the object is " +
					"always encrypted again.",
			},
		}, nil),
		"c": actionBlock(sseCText, map[string]schema.Attribute{
			"key_name": schema.StringAttribute{
				Required: true, MarkdownDescription: sseCKeyNameText,
			},
		}, nil),
	})
}

// actionBlock is a list block, for the reason at sseBlock.
func actionBlock(
	text string, attributes map[string]schema.Attribute, blocks map[string]schema.Block,
) schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: text,
		NestedObject:        schema.NestedBlockObject{Attributes: attributes, Blocks: blocks},
	}
}

// describedActionTimeouts is describedTimeouts for actions.
func describedActionTimeouts(module schema.Block, text string) schema.Block {
	block, ok := module.(schema.SingleNestedBlock)
	if !ok {
		panic(fmt.Sprintf("the timeouts module returns a %T", module))
	}
	block.MarkdownDescription = text
	for name, argument := range block.Attributes {
		attribute, ok := argument.(schema.StringAttribute)
		if !ok {
			panic(fmt.Sprintf("the timeouts module has a %T", argument))
		}
		attribute.MarkdownDescription, attribute.Description = attribute.Description, ""
		block.Attributes[name] = attribute
	}
	return block
}
