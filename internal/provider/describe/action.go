package describe

import (
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ActionAttributes are arguments as an action has them.
func ActionAttributes(arguments ...Argument) map[string]schema.Attribute {
	return attributes(arguments, actionAttribute)
}

// ActionBlocks are blocks as an action has them.
func ActionBlocks(described ...Block) map[string]schema.Block {
	return blocks(described, func(b Block) schema.Block {
		return schema.ListNestedBlock{
			MarkdownDescription: b.Text,
			NestedObject: schema.NestedBlockObject{
				Attributes: ActionAttributes(b.Arguments...), Blocks: ActionBlocks(b.Blocks...),
			},
		}
	})
}

func actionAttribute(a Argument) schema.Attribute {
	switch a.Kind {
	case Number:
		return schema.Int64Attribute{
			MarkdownDescription: a.Text,
			Required:            a.Required, Optional: a.optional(),
		}
	case TextMap:
		return schema.MapAttribute{
			MarkdownDescription: a.Text, ElementType: types.StringType,
			Required: a.Required, Optional: a.optional(),
		}
	}
	return schema.StringAttribute{
		MarkdownDescription: a.Text,
		Required:            a.Required, Optional: a.optional(),
		Validators: a.validators(),
	}
}
