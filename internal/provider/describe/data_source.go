package describe

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// DataSourceAttributes are arguments as a data source has them.
func DataSourceAttributes(arguments ...Argument) map[string]schema.Attribute {
	return attributes(arguments, dataSourceAttribute)
}

// DataSourceBlocks are blocks as a data source has them.
func DataSourceBlocks(described ...Block) map[string]schema.Block {
	return blocks(described, func(b Block) schema.Block {
		return schema.ListNestedBlock{
			MarkdownDescription: b.Text,
			NestedObject: schema.NestedBlockObject{
				Attributes: DataSourceAttributes(b.Arguments...), Blocks: DataSourceBlocks(b.Blocks...),
			},
		}
	})
}

func dataSourceAttribute(a Argument) schema.Attribute {
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
			Attributes: DataSourceAttributes(a.Members...),
		}
	}
	return schema.StringAttribute{
		MarkdownDescription: a.Text,
		Required:            a.Required, Optional: a.optional(), Computed: a.computed(),
		Sensitive: a.Sensitive, Validators: a.validators(),
	}
}
