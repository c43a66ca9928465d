package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// asJSON is a value as the documentation tool reads it.
func asJSON(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

func TestConversionKeepsEveryFact(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		got  any
		want string
	}{
		"attribute": {
			attributeJSON(&tfprotov6.SchemaAttribute{
				Name: "a", Type: tftypes.Map{ElementType: tftypes.String}, Optional: true,
				Computed: true, Sensitive: true, WriteOnly: true, Deprecated: true,
				Description: "It is `a`.", DescriptionKind: tfprotov6.StringKindMarkdown,
			}),
			`{"type": ["map", "string"], "optional": true, "computed": true, "sensitive": true,
			"write_only": true, "deprecated": true, "description": "It is ` + "`a`" + `.",
			"description_kind": "markdown"}`,
		},
		"nested attribute": {
			attributeJSON(&tfprotov6.SchemaAttribute{
				Required: true, NestedType: &tfprotov6.SchemaObject{
					Nesting: tfprotov6.SchemaObjectNestingModeSet,
					Attributes: []*tfprotov6.SchemaAttribute{
						{Name: "b", Type: tftypes.Bool, Computed: true},
					},
				},
			}),
			`{"required": true, "nested_type": {"nesting_mode": "set",
			"attributes": {"b": {"type": "bool", "computed": true}}}}`,
		},
		"block": {
			blockJSON(&tfprotov6.SchemaBlock{
				Description: "Plain.", Deprecated: true,
				BlockTypes: []*tfprotov6.SchemaNestedBlock{{
					TypeName: "c", Nesting: tfprotov6.SchemaNestedBlockNestingModeList,
					MinItems: 1, MaxItems: 2, Block: &tfprotov6.SchemaBlock{},
				}},
			}),
			`{"description": "Plain.", "description_kind": "plain", "deprecated": true,
			"block_types": {"c": {"nesting_mode": "list", "min_items": 1, "max_items": 2,
			"block": {}}}}`,
		},
		"identity": {
			identityJSON(&tfprotov6.ResourceIdentitySchema{
				Version: 3, IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
					{Name: "d", Type: tftypes.String, RequiredForImport: true, Description: "D."},
					{Name: "e", Type: tftypes.Number, OptionalForImport: true},
				},
			}),
			`{"version": 3, "attributes": {
			"d": {"type": "string", "required_for_import": true, "description": "D."},
			"e": {"type": "number", "optional_for_import": true}}}`,
		},
		"function": {
			functionJSON(&tfprotov6.Function{
				Summary: "S", Description: "D", Return: &tfprotov6.FunctionReturn{
					Type: tftypes.String,
				},
				Parameters: []*tfprotov6.FunctionParameter{
					{Name: "f", Type: tftypes.String, AllowNullValue: true, Description: "F."},
				},
				VariadicParameter: &tfprotov6.FunctionParameter{Name: "g", Type: tftypes.Bool},
			}),
			`{"summary": "S", "description": "D", "return_type": "string", "parameters":
			[{"name": "f", "type": "string", "is_nullable": true, "description": "F."}],
			"variadic_parameter": {"name": "g", "type": "bool", "description": ""}}`,
		},
		"action": {
			actionsJSON(map[string]*tfprotov6.ActionSchema{
				"h": {Schema: &tfprotov6.Schema{Version: 1, Block: &tfprotov6.SchemaBlock{}}},
			}),
			`{"h": {"block": {}}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(asJSON(t, json.RawMessage(tt.want)), asJSON(t, tt.got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDumpHasWhatOldCLIsLeaveOut(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var dump struct {
		Providers map[string]map[string]json.RawMessage `json:"provider_schemas"`
	}
	if err := json.Unmarshal(out.Bytes(), &dump); err != nil {
		t.Fatal(err)
	}
	var identities map[string]any
	err := json.Unmarshal(dump.Providers[documented]["resource_identity_schemas"], &identities)
	if err != nil {
		t.Fatal(err)
	}
	if identities["cos_encrypted_object"] == nil {
		t.Errorf("identities = %v, want that of cos_encrypted_object", identities)
	}
}
