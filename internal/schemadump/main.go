// Command schemadump prints the provider's schemas in the form of
// "terraform providers schema -json". It asks the provider in this process, so that the generated
// documentation is complete whatever CLI is installed: older ones leave out identities.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
)

// documented is the name under which the documentation tool looks the provider up.
const documented = "registry.terraform.io/hashicorp/cos"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	server := provider.NewServer("dev")()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return fmt.Errorf("asking for the schemas: %w", err)
	}
	for _, diagnostic := range schemas.Diagnostics {
		return fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx,
		&tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return fmt.Errorf("asking for the identities: %w", err)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{
		"format_version":   "1.0",
		"provider_schemas": map[string]any{documented: providerJSON(schemas, identities)},
	})
}

func providerJSON(
	schemas *tfprotov6.GetProviderSchemaResponse,
	identities *tfprotov6.GetResourceIdentitySchemasResponse,
) map[string]any {
	functions := map[string]any{}
	for name, function := range schemas.Functions {
		functions[name] = functionJSON(function)
	}
	identitySchemas := map[string]any{}
	for name, identity := range identities.IdentitySchemas {
		identitySchemas[name] = identityJSON(identity)
	}
	return map[string]any{
		"provider":                   schemaJSON(schemas.Provider),
		"resource_schemas":           schemasJSON(schemas.ResourceSchemas),
		"data_source_schemas":        schemasJSON(schemas.DataSourceSchemas),
		"ephemeral_resource_schemas": schemasJSON(schemas.EphemeralResourceSchemas),
		"list_resource_schemas":      schemasJSON(schemas.ListResourceSchemas),
		"action_schemas":             actionsJSON(schemas.ActionSchemas),
		"functions":                  functions,
		"resource_identity_schemas":  identitySchemas,
	}
}

func schemasJSON(schemas map[string]*tfprotov6.Schema) map[string]any {
	converted := map[string]any{}
	for name, schema := range schemas {
		converted[name] = schemaJSON(schema)
	}
	return converted
}

// actionsJSON leaves out the version: schemas of actions have none.
func actionsJSON(schemas map[string]*tfprotov6.ActionSchema) map[string]any {
	converted := map[string]any{}
	for name, action := range schemas {
		converted[name] = map[string]any{"block": blockJSON(action.Schema.Block)}
	}
	return converted
}

func schemaJSON(schema *tfprotov6.Schema) map[string]any {
	return map[string]any{"version": schema.Version, "block": blockJSON(schema.Block)}
}

// blockJSON is a block with its attributes and nested blocks.
func blockJSON(block *tfprotov6.SchemaBlock) map[string]any {
	converted := map[string]any{}
	describe(converted, block.Description, block.DescriptionKind)
	if block.Deprecated {
		converted["deprecated"] = true
	}
	attributes := map[string]any{}
	for _, attribute := range block.Attributes {
		attributes[attribute.Name] = attributeJSON(attribute)
	}
	if len(attributes) > 0 {
		converted["attributes"] = attributes
	}
	blocks := map[string]any{}
	for _, nested := range block.BlockTypes {
		blocks[nested.TypeName] = nestedBlockJSON(nested)
	}
	if len(blocks) > 0 {
		converted["block_types"] = blocks
	}
	return converted
}

func nestedBlockJSON(nested *tfprotov6.SchemaNestedBlock) map[string]any {
	modes := map[tfprotov6.SchemaNestedBlockNestingMode]string{
		tfprotov6.SchemaNestedBlockNestingModeSingle: "single",
		tfprotov6.SchemaNestedBlockNestingModeGroup:  "group",
		tfprotov6.SchemaNestedBlockNestingModeList:   "list",
		tfprotov6.SchemaNestedBlockNestingModeSet:    "set",
		tfprotov6.SchemaNestedBlockNestingModeMap:    "map",
	}
	converted := map[string]any{
		"nesting_mode": modes[nested.Nesting], "block": blockJSON(nested.Block),
	}
	if nested.MinItems > 0 {
		converted["min_items"] = nested.MinItems
	}
	if nested.MaxItems > 0 {
		converted["max_items"] = nested.MaxItems
	}
	return converted
}

func attributeJSON(attribute *tfprotov6.SchemaAttribute) map[string]any {
	converted := map[string]any{}
	if attribute.NestedType != nil {
		converted["nested_type"] = nestedTypeJSON(attribute.NestedType)
	} else {
		converted["type"] = attribute.Type
	}
	describe(converted, attribute.Description, attribute.DescriptionKind)
	for name, set := range map[string]bool{
		"required": attribute.Required, "optional": attribute.Optional,
		"computed": attribute.Computed, "sensitive": attribute.Sensitive,
		"deprecated": attribute.Deprecated, "write_only": attribute.WriteOnly,
	} {
		if set {
			converted[name] = true
		}
	}
	return converted
}

func nestedTypeJSON(object *tfprotov6.SchemaObject) map[string]any {
	modes := map[tfprotov6.SchemaObjectNestingMode]string{
		tfprotov6.SchemaObjectNestingModeSingle: "single",
		tfprotov6.SchemaObjectNestingModeList:   "list",
		tfprotov6.SchemaObjectNestingModeSet:    "set",
		tfprotov6.SchemaObjectNestingModeMap:    "map",
	}
	attributes := map[string]any{}
	for _, attribute := range object.Attributes {
		attributes[attribute.Name] = attributeJSON(attribute)
	}
	return map[string]any{"nesting_mode": modes[object.Nesting], "attributes": attributes}
}

func identityJSON(identity *tfprotov6.ResourceIdentitySchema) map[string]any {
	attributes := map[string]any{}
	for _, attribute := range identity.IdentityAttributes {
		converted := map[string]any{"type": attribute.Type}
		if attribute.Description != "" {
			converted["description"] = attribute.Description
		}
		if attribute.RequiredForImport {
			converted["required_for_import"] = true
		}
		if attribute.OptionalForImport {
			converted["optional_for_import"] = true
		}
		attributes[attribute.Name] = converted
	}
	return map[string]any{"version": identity.Version, "attributes": attributes}
}

func functionJSON(function *tfprotov6.Function) map[string]any {
	converted := map[string]any{
		"description": function.Description, "summary": function.Summary,
		"return_type": function.Return.Type,
	}
	var parameters []any
	for _, parameter := range function.Parameters {
		parameters = append(parameters, parameterJSON(parameter))
	}
	if parameters != nil {
		converted["parameters"] = parameters
	}
	if function.VariadicParameter != nil {
		converted["variadic_parameter"] = parameterJSON(function.VariadicParameter)
	}
	return converted
}

func parameterJSON(parameter *tfprotov6.FunctionParameter) map[string]any {
	converted := map[string]any{
		"name": parameter.Name, "description": parameter.Description, "type": parameter.Type,
	}
	if parameter.AllowNullValue {
		converted["is_nullable"] = true
	}
	return converted
}

// describe adds a description; Markdown is what the documentation tool renders as it is.
func describe(converted map[string]any, text string, kind tfprotov6.StringKind) {
	if text == "" {
		return
	}
	converted["description"] = text
	converted["description_kind"] = "plain"
	if kind == tfprotov6.StringKindMarkdown {
		converted["description_kind"] = "markdown"
	}
}
