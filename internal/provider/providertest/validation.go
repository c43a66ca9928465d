package providertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// schemaBlock is the block of one schema.
type schemaBlock struct {
	Kind, TypeName string
	Block          *tfprotov6.SchemaBlock
}

// ArgumentPaths are the paths to the arguments called name that can be configured in a block, each
// a list of names. The key of a block c is an SSE-C key.
func ArgumentPaths(block *tfprotov6.SchemaBlock, name string, within ...string) [][]string {
	var paths [][]string
	for _, attribute := range block.Attributes {
		secret := name == "key" && len(within) > 0 && within[len(within)-1] == "c"
		if attribute.Name == name && (attribute.Optional || attribute.Required) && !secret {
			paths = append(paths, append(slices.Clone(within), name))
		}
	}
	for _, nested := range block.BlockTypes {
		deeper := append(slices.Clone(within), nested.TypeName)
		paths = append(paths, ArgumentPaths(nested.Block, name, deeper...)...)
	}
	return paths
}

// NestedAttrs is a configuration with one value at the end of a path.
func NestedAttrs(path []string, value any) Attrs {
	if len(path) == 1 {
		return Attrs{path[0]: value}
	}
	return Attrs{path[0]: []Attrs{NestedAttrs(path[1:], value)}}
}

// Refusals are the details of the errors that blame the argument at the end of a path.
func Refusals(diagnostics []*tfprotov6.Diagnostic, path []string) []string {
	var texts []string
	for _, d := range diagnostics {
		if d.Attribute == nil || d.Summary == "Missing Configuration for Required Attribute" {
			continue
		}
		where := d.Attribute.String()
		if strings.HasSuffix(where, `AttributeName("`+path[len(path)-1]+`")`) {
			texts = append(texts, d.Detail)
		}
	}
	return texts
}

// Validation is a configuration of cos_encrypted_object and what validating it has to say.
type Validation struct {
	// Config changes a valid configuration; a nil value takes an argument away.
	Config Attrs
	// Want are "path: summary" of all errors, in any order; none means that it is valid.
	Want []string
	// Says is part of the text of an error or warning.
	Says string
}

// ValidObject is a configuration without a mistake.
var ValidObject = Attrs{
	"bucket": Bucket, "key": "reports/2026.csv", "content": "a", "sse": SSECOS(),
}

// RunValidations validates each configuration as core does, without configuring the provider.
func RunValidations(t *testing.T, tests map[string]Validation) {
	t.Helper()
	server := NewUnconfiguredServer(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnostics := server.ValidateObject(t, ValidObject.With(test.Config))
			if diff := cmp.Diff(sorted(test.Want), ErrorsAt(diagnostics)); diff != "" {
				t.Errorf("errors (-want +got):\n%s\n%s", diff, ErrorText(diagnostics))
			}
			text := ErrorText(diagnostics) + WarningText(diagnostics)
			if !strings.Contains(text, test.Says) {
				t.Errorf("text = %q, want it to say %q", text, test.Says)
			}
		})
	}
}

// ErrorsAt lists the errors as "path: summary", sorted.
func ErrorsAt(diagnostics []*tfprotov6.Diagnostic) []string {
	var list []string
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			list = append(list, shortPath(d.Attribute)+": "+d.Summary)
		}
	}
	return sorted(list)
}

func sorted(list []string) []string {
	if list == nil {
		return []string{}
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// shortPath writes a path as users do: sse[0].c[0].key.
func shortPath(p *tftypes.AttributePath) string {
	if p == nil {
		return ""
	}
	var text strings.Builder
	for _, step := range p.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if text.Len() > 0 {
				text.WriteString(".")
			}
			text.WriteString(string(s))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&text, "[%d]", int64(s))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&text, "[%q]", string(s))
		}
	}
	return text.String()
}
