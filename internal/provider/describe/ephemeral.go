package describe

import (
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// EphemeralAttributes are arguments as an ephemeral resource has them.
func EphemeralAttributes(arguments ...Argument) map[string]schema.Attribute {
	return attributes(arguments, ephemeralAttribute)
}

// EphemeralBlocks are blocks as an ephemeral resource has them.
func EphemeralBlocks(described ...Block) map[string]schema.Block {
	return blocks(described, func(b Block) schema.Block {
		return schema.ListNestedBlock{
			MarkdownDescription: b.Text,
			NestedObject: schema.NestedBlockObject{
				Attributes: EphemeralAttributes(b.Arguments...), Blocks: EphemeralBlocks(b.Blocks...),
			},
		}
	})
}

func ephemeralAttribute(a Argument) schema.Attribute {
	switch a.Kind {
	case Number:
		return schema.Int64Attribute{
			MarkdownDescription: a.Text,
			Required:            a.Required, Optional: a.optional(), Computed: a.computed(),
		}
	case TextMap:
		return schema.MapAttribute{
			MarkdownDescription: a.Text, ElementType: types.StringType,
			Required: a.Required, Optional: a.optional(), Computed: a.computed(),
		}
	}
	return schema.StringAttribute{
		MarkdownDescription: a.Text,
		Required:            a.Required, Optional: a.optional(), Computed: a.computed(),
		Sensitive: a.Sensitive, Validators: a.validators(),
	}
}
