package describe

import (
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
)

// ListAttributes are arguments, all of them text, as a list resource has them.
func ListAttributes(arguments ...Argument) map[string]schema.Attribute {
	return attributes(arguments, func(a Argument) schema.Attribute {
		return schema.StringAttribute{
			MarkdownDescription: a.Text, Required: a.Required, Optional: a.optional(),
			Validators: a.validators(),
		}
	})
}
