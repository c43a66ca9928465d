package describe

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ResourceAttributes are arguments as a managed resource has them.
func ResourceAttributes(arguments ...Argument) map[string]schema.Attribute {
	return attributes(arguments, resourceAttribute)
}

// ResourceBlocks are blocks as a managed resource has them.
func ResourceBlocks(described ...Block) map[string]schema.Block {
	return blocks(described, func(b Block) schema.Block {
		return schema.ListNestedBlock{
			MarkdownDescription: b.Text,
			NestedObject: schema.NestedBlockObject{
				Attributes: ResourceAttributes(b.Arguments...), Blocks: ResourceBlocks(b.Blocks...),
			},
		}
	})
}

func resourceAttribute(a Argument) schema.Attribute {
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
	case Object:
		return schema.SingleNestedAttribute{
			MarkdownDescription: a.Text, Computed: true,
			Attributes: ResourceAttributes(a.Members...),
		}
	}
	text := schema.StringAttribute{
		MarkdownDescription: a.Text,
		Required:            a.Required, Optional: a.optional(), Computed: a.computed(),
		Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Validators: a.validators(),
	}
	if a.Default != "" {
		text.Computed, text.Default = true, stringdefault.StaticString(a.Default)
	}
	if a.Replace != nil {
		text.PlanModifiers = []planmodifier.String{a.Replace}
	}
	return text
}
