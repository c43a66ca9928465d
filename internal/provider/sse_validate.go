package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// unusableKey says why a value is no SSE-C key. The error never contains the value.
func unusableKey(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "SSE-C key is not usable",
		fmt.Sprintf("%s: %s.", at, err))
}
