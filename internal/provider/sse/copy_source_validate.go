package sse

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// ValidateCopySource checks a copy_source block of a resource or data source; at is the list of
// blocks. Whether the block has to be there is for the caller to say. Forms of names are checked
// by the schema.
func ValidateCopySource(at path.Path, list types.List) diag.Diagnostics {
	if list.IsUnknown() || len(list.Elements()) == 0 {
		return nil
	}
	var diags diag.Diagnostics
	if n := len(list.Elements()); n > 1 {
		diags.AddAttributeError(at.AtListIndex(1).AtName("bucket"), "More than one copy_source",
			fmt.Sprintf("There are %d copy_source blocks; an object has one body. Keep one of "+
				"them.", n))
		return diags
	}
	block := value.OnlyBlock(list)
	at = at.AtListIndex(0)
	for _, name := range []string{"bucket", "key"} {
		if value.StringMember(block, name).IsNull() {
			diags.AddAttributeError(at.AtName(name), "Source of the copy is incomplete",
				fmt.Sprintf("copy_source has no %s. Set bucket and key of the object to copy.",
					name))
		}
	}
	diags.Append(ValidateSource(at.AtName("sse"), value.ListMember(block, "sse"))...)
	return diags
}
