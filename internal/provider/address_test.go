package provider

import (
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// badAddresses are values that cannot name anything, by the name of the argument.
var badAddresses = map[string]string{
	"bucket": "127.0.0.1:24002/x",
	"key":    "..",
	"region": "AP-Guangzhou",
	"prefix": strings.Repeat("p", 851),
}

// validate validates a configuration of anything that has a schema. kind is as in schemaKinds.
func (s *protocolServer) validate(
	kind, typeName string, block *tfprotov6.SchemaBlock, config attrs,
) []*tfprotov6.Diagnostic {
	s.t.Helper()
	ctx, value := s.t.Context(), s.dynamic(blockValue(s.t, block, config))
	var diagnostics []*tfprotov6.Diagnostic
	var err error
	switch kind {
	case "provider":
		var answer *tfprotov6.ValidateProviderConfigResponse
		answer, err = s.server.ValidateProviderConfig(ctx,
			&tfprotov6.ValidateProviderConfigRequest{Config: value})
		diagnostics = answer.Diagnostics
	case "resource":
		var answer *tfprotov6.ValidateResourceConfigResponse
		answer, err = s.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
			TypeName: typeName, Config: value,
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
				WriteOnlyAttributesAllowed: true,
			},
		})
		diagnostics = answer.Diagnostics
	case "data":
		var answer *tfprotov6.ValidateDataResourceConfigResponse
		answer, err = s.server.ValidateDataResourceConfig(ctx,
			&tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: value})
		diagnostics = answer.Diagnostics
	case "ephemeral":
		var answer *tfprotov6.ValidateEphemeralResourceConfigResponse
		answer, err = s.server.ValidateEphemeralResourceConfig(ctx,
			&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: typeName, Config: value})
		diagnostics = answer.Diagnostics
	case "list":
		var answer *tfprotov6.ValidateListResourceConfigResponse
		answer, err = s.server.(tfprotov6.ListResourceServer).ValidateListResourceConfig(ctx,
			&tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: value})
		diagnostics = answer.Diagnostics
	case "action":
		var answer *tfprotov6.ValidateActionConfigResponse
		answer, err = s.server.(tfprotov6.ActionServer).ValidateActionConfig(ctx,
			&tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: value})
		diagnostics = answer.Diagnostics
	default:
		s.t.Fatalf("no schema of kind %q", kind)
	}
	must(s.t, err)
	return diagnostics
}

// schemaBlock is the block of one schema.
type schemaBlock struct {
	kind, typeName string
	block          *tfprotov6.SchemaBlock
}

// everySchema are the schemas that take a configuration.
func (s *protocolServer) everySchema() []schemaBlock {
	all := []schemaBlock{{"provider", "", s.schemas.Provider.Block}}
	add := func(kind, name string, block *tfprotov6.SchemaBlock) {
		all = append(all, schemaBlock{kind, name, block})
	}
	for name, schema := range s.schemas.ResourceSchemas {
		add("resource", name, schema.Block)
	}
	for name, schema := range s.schemas.DataSourceSchemas {
		add("data", name, schema.Block)
	}
	for name, schema := range s.schemas.EphemeralResourceSchemas {
		add("ephemeral", name, schema.Block)
	}
	for name, schema := range s.schemas.ListResourceSchemas {
		add("list", name, schema.Block)
	}
	for name, schema := range s.schemas.ActionSchemas {
		add("action", name, schema.Schema.Block)
	}
	return all
}

// argumentPaths are the paths to the arguments called name that can be configured in a block, each
// a list of names. The key of a block c is an SSE-C key.
func argumentPaths(block *tfprotov6.SchemaBlock, name string, within ...string) [][]string {
	var paths [][]string
	for _, attribute := range block.Attributes {
		secret := name == "key" && len(within) > 0 && within[len(within)-1] == "c"
		if attribute.Name == name && (attribute.Optional || attribute.Required) && !secret {
			paths = append(paths, append(slices.Clone(within), name))
		}
	}
	for _, nested := range block.BlockTypes {
		deeper := append(slices.Clone(within), nested.TypeName)
		paths = append(paths, argumentPaths(nested.Block, name, deeper...)...)
	}
	return paths
}

// nestedAttrs is a configuration with one value at the end of a path.
func nestedAttrs(path []string, value any) attrs {
	if len(path) == 1 {
		return attrs{path[0]: value}
	}
	return attrs{path[0]: []attrs{nestedAttrs(path[1:], value)}}
}

// refusals are the details of the errors that blame the argument at the end of a path.
func refusals(diagnostics []*tfprotov6.Diagnostic, path []string) []string {
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

// A name without a check is a way to lead a signed request, and an SSE-C key, to another host.
func TestEveryAddressArgumentIsChecked(t *testing.T) {
	t.Parallel()
	server := newUnconfiguredServer(t)
	found := 0
	for name, bad := range badAddresses {
		for _, schema := range server.everySchema() {
			for _, path := range argumentPaths(schema.block, name) {
				found++
				diagnostics := server.validate(schema.kind, schema.typeName, schema.block,
					nestedAttrs(path, bad))
				if len(refusals(diagnostics, path)) == 0 {
					t.Errorf("%s %s takes %s = %.20q: %s", schema.kind, schema.typeName,
						strings.Join(path, "."), bad, errorText(diagnostics))
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d address arguments were found", found)
	}
}

// foreignHost is an address on which nobody must call. It fails the test if somebody does.
func foreignHost(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var calls atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
		if n := calls.Load(); n != 0 {
			t.Errorf("%d connections were made to a foreign host", n)
		}
	})
	return listener.Addr().String()
}

func TestCopySourceLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	host := foreignHost(t)
	server := newServer(t, newCloud(t, cosemu.Config{}), attrs{
		"endpoint": "https://{bucket}.cos.{region}.localhost:1", "max_retries": 0,
	})
	for _, source := range []attrs{
		{"bucket": host + "/x", "key": "k"},
		{"bucket": testBucket, "key": "k", "region": "x@" + host + "/"},
	} {
		source["sse"] = openingC(attrs{"key": testKeyA})
		config := attrs{
			"bucket": testBucket, "key": "copy", "sse": sseCOS(), "copy_source": []attrs{source},
		}
		_, diagnostics := server.readData("cos_encrypted_object_copy", config)
		if text := errorText(diagnostics); !strings.Contains(text, "Value is not usable") {
			t.Errorf("error = %q, want one that refuses the name", text)
		}
		// Whoever skips validation gets no further: the request is not made either.
		response, err := server.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: "cos_encrypted_object_copy",
			Config: server.dynamic(blockValue(t,
				server.schemas.DataSourceSchemas["cos_encrypted_object_copy"].Block, config)),
		})
		must(t, err)
		if text := errorText(response.Diagnostics); !strings.Contains(text, "lower-case letters") {
			t.Errorf("error = %q, want one that refuses the name", text)
		}
	}
}
