package diagnose

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// LookFailed is the diagnostic for an object that could not be looked at; without a key it says
// what the keyring has to do with it.
func LookFailed(
	keyring cosapi.Keyring, try Attempt, key *cosapi.CustomerKey, err error,
) diag.Diagnostic {
	if key != nil {
		try.Mode = cosapi.ModeSSEC
	}
	failure := try.Failed(err)
	if key != nil || !cosapi.KeyMayHelp(err) {
		return failure
	}
	return diag.NewErrorDiagnostic(failure.Summary(), Paragraphs(failure.Detail(),
		"If the object is encrypted with a customer key (SSE-C): "+keyringText(keyring)))
}

// keyringText lists the names in the keyring for messages.
func keyringText(keyring cosapi.Keyring) string {
	if keyring.Len() == 0 {
		return "The provider's customer_keys are empty."
	}
	return fmt.Sprintf("None of the provider's customer_keys (%s) opens it.",
		strings.Join(keyring.Names(), ", "))
}

// Sentence makes an error's text a sentence for a diagnostic's detail.
func Sentence(err error) string {
	text := strings.TrimSuffix(err.Error(), ".")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// EarlierVersions warns that history is not re-encrypted. before is the mode that it was written
// with.
func EarlierVersions(before cosapi.Mode) diag.Diagnostic {
	text := "The bucket keeps versions. Earlier versions of the object keep the encryption that " +
		"they were written with."
	if before == cosapi.ModeSSEC {
		text += " Keep the old key for as long as they are needed."
	}
	return diag.NewAttributeWarningDiagnostic(path.Root("sse"),
		"Earlier versions keep their encryption", text)
}

// WarningsOf turns the warnings of a write into diagnostics.
func WarningsOf(ref cosapi.ObjectRef, result cosapi.WriteResult) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, warning := range result.Warnings {
		diags.AddAttributeWarning(path.Root("sse"), "COS reports another encryption name",
			ref.String()+": "+warning)
	}
	return diags
}
