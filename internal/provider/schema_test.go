package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// schemaPart is one attribute or block of one of the provider's schemas.
type schemaPart struct {
	// path starts with the kind and name of the schema, as in "resource cos_x.sse.c.key".
	path                          string
	description                   string
	sensitive, writeOnly, isBlock bool
	computedOnly                  bool
}

// everySchemaPart walks all schemas that the provider answers with: GetProviderSchema, which also
// makes the framework check them, and the identities.
func everySchemaPart(t *testing.T) []schemaPart {
	t.Helper()
	server := pt.NewUnconfiguredServer(t)
	parts := blockParts("provider", server.Schemas.Provider.Block)
	for name, schema := range server.Schemas.ResourceSchemas {
		parts = append(parts, blockParts("resource "+name, schema.Block)...)
	}
	for name, schema := range server.Schemas.DataSourceSchemas {
		parts = append(parts, blockParts("data "+name, schema.Block)...)
	}
	for name, schema := range server.Schemas.EphemeralResourceSchemas {
		parts = append(parts, blockParts("ephemeral "+name, schema.Block)...)
	}
	for name, schema := range server.Schemas.ListResourceSchemas {
		parts = append(parts, blockParts("list "+name, schema.Block)...)
	}
	for name, schema := range server.Schemas.ActionSchemas {
		parts = append(parts, blockParts("action "+name, schema.Schema.Block)...)
	}
	for name, function := range server.Schemas.Functions {
		parts = append(parts, functionParts("function "+name, function)...)
	}
	return append(parts, identityParts(t, server)...)
}

func blockParts(path string, block *tfprotov6.SchemaBlock) []schemaPart {
	parts := []schemaPart{{path: path, description: block.Description, isBlock: true}}
	for _, attribute := range block.Attributes {
		parts = append(parts, attributeParts(path+"."+attribute.Name, attribute)...)
	}
	for _, nested := range block.BlockTypes {
		parts = append(parts, blockParts(path+"."+nested.TypeName, nested.Block)...)
	}
	return parts
}

func attributeParts(path string, attribute *tfprotov6.SchemaAttribute) []schemaPart {
	parts := []schemaPart{{
		path: path, description: attribute.Description,
		sensitive: attribute.Sensitive, writeOnly: attribute.WriteOnly,
		computedOnly: attribute.Computed && !attribute.Optional,
	}}
	if attribute.NestedType != nil {
		for _, child := range attribute.NestedType.Attributes {
			parts = append(parts, attributeParts(path+"."+child.Name, child)...)
		}
	}
	return parts
}

func functionParts(path string, function *tfprotov6.Function) []schemaPart {
	parts := []schemaPart{
		{path: path, description: function.Description, isBlock: true},
		{path: path + " summary", description: function.Summary, isBlock: true},
	}
	for _, parameter := range function.Parameters {
		parts = append(parts, schemaPart{
			path: path + "(" + parameter.Name + ")", description: parameter.Description, isBlock: true,
		})
	}
	return parts
}

func identityParts(t *testing.T, server *pt.Server) []schemaPart {
	t.Helper()
	response, err := server.Provider.GetResourceIdentitySchemas(t.Context(),
		&tfprotov6.GetResourceIdentitySchemasRequest{})
	pt.Must(t, err)
	if text := pt.ErrorText(response.Diagnostics); text != "" {
		t.Fatalf("identity schemas: %s", text)
	}
	var parts []schemaPart
	for name, schema := range response.IdentitySchemas {
		for _, attribute := range schema.IdentityAttributes {
			parts = append(parts, schemaPart{
				path: "identity " + name + "." + attribute.Name, description: attribute.Description,
			})
		}
	}
	return parts
}

func TestEverySchemaPartHasADescription(t *testing.T) {
	t.Parallel()
	parts := everySchemaPart(t)
	if len(parts) < 60 {
		t.Fatalf("only %d parts were found", len(parts))
	}
	for _, part := range parts {
		if len(strings.TrimSpace(part.description)) < 10 {
			t.Errorf("%s has no description worth the name: %q", part.path, part.description)
		}
	}
}

// secretNames are arguments that hold a secret wherever they stand. `key` holds one only inside a
// block c; elsewhere it is the key of an object.
var secretNames = []string{
	"secret_key", "security_token", "customer_keys", "token_code", "web_identity_token",
	"content", "content_base64", "content_wo", "key_wo",
}

// publicNames look like secrets and are none.
var publicNames = []string{
	"secret_id", "key_wo_version", "content_wo_version", "web_identity_token_file",
	"customer_key_md5", "customer_key_md5s", "key_name", "key_id", "kms_key_id",
}

func isSecret(part schemaPart) bool {
	steps := strings.Split(part.path, ".")
	name := steps[len(steps)-1]
	return slices.Contains(secretNames, name) ||
		name == "key" && len(steps) > 1 && steps[len(steps)-2] == "c"
}

func looksSecret(part schemaPart) bool {
	name := part.path[strings.LastIndex(part.path, ".")+1:]
	if slices.Contains(publicNames, name) {
		return false
	}
	for _, word := range []string{"secret", "token", "password", "customer_key", "private"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "_wo")
}

func TestEverySecretIsWriteOnlyOrSensitive(t *testing.T) {
	t.Parallel()
	found := 0
	for _, part := range everySchemaPart(t) {
		if part.isBlock || !isSecret(part) && !looksSecret(part) {
			continue
		}
		found++
		// Actions and ephemeral resources keep nothing, and actions know no sensitive values.
		if !part.sensitive && !part.writeOnly && !strings.HasPrefix(part.path, "ephemeral ") {
			t.Errorf("%s holds a secret and is neither write-only nor sensitive", part.path)
		}
		if strings.HasSuffix(part.path, "_wo") && !part.writeOnly {
			t.Errorf("%s is named as write-only and is not", part.path)
		}
	}
	if found < 9 {
		t.Errorf("only %d secrets were found", found)
	}
}
