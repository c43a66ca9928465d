package providertest

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func ErrorText(diagnostics []*tfprotov6.Diagnostic) string {
	return diagnosticText(diagnostics, tfprotov6.DiagnosticSeverityError)
}

func WarningText(diagnostics []*tfprotov6.Diagnostic) string {
	return diagnosticText(diagnostics, tfprotov6.DiagnosticSeverityWarning)
}

func diagnosticText(
	diagnostics []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity,
) string {
	var texts []string
	for _, d := range diagnostics {
		if d.Severity != severity {
			continue
		}
		where := ""
		if d.Attribute != nil {
			where = " [" + d.Attribute.String() + "]"
		}
		texts = append(texts, d.Summary+where+": "+d.Detail)
	}
	return strings.Join(texts, "\n")
}

// ExpectError fails the test unless an error text names everything that is wanted.
func ExpectError(t *testing.T, text string, wanted ...string) {
	t.Helper()
	if text == "" {
		t.Fatal("there was no error")
	}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("error does not name %q:\n%s", want, text)
		}
	}
}
