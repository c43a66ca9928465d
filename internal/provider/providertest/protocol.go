package providertest

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
)

// Invoke validates, plans and invokes an action as core does. It returns the progress messages and
// the diagnostics.
func (s *Server) Invoke(
	typeName string, config Attrs,
) ([]string, []*tfprotov6.Diagnostic) {
	s.T.Helper()
	actions := s.Provider.(tfprotov6.ActionServer)
	block := s.Schemas.ActionSchemas[typeName].Schema.Block
	dynamic := s.Dynamic(BlockValue(s.T, block, config))
	validated, err := actions.ValidateActionConfig(s.T.Context(),
		&tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: dynamic})
	Must(s.T, err)
	if ErrorText(validated.Diagnostics) != "" {
		return nil, validated.Diagnostics
	}
	planned, err := actions.PlanAction(s.T.Context(),
		&tfprotov6.PlanActionRequest{ActionType: typeName, Config: dynamic})
	Must(s.T, err)
	if ErrorText(planned.Diagnostics) != "" {
		return nil, planned.Diagnostics
	}
	stream, err := actions.InvokeAction(s.T.Context(),
		&tfprotov6.InvokeActionRequest{ActionType: typeName, Config: dynamic})
	Must(s.T, err)
	var messages []string
	var diagnostics []*tfprotov6.Diagnostic
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			messages = append(messages, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			diagnostics = event.Diagnostics
		}
	}
	return messages, diagnostics
}

// MustInvoke is invoke without errors.
func (s *Server) MustInvoke(typeName string, config Attrs) []string {
	s.T.Helper()
	messages, diagnostics := s.Invoke(typeName, config)
	if text := ErrorText(diagnostics); text != "" {
		s.T.Fatal(text)
	}
	return messages
}

// Validate validates a configuration of anything that has a schema. kind is as in schemaKinds.
func (s *Server) Validate(
	kind, typeName string, block *tfprotov6.SchemaBlock, config Attrs,
) []*tfprotov6.Diagnostic {
	s.T.Helper()
	ctx, value := s.T.Context(), s.Dynamic(BlockValue(s.T, block, config))
	var diagnostics []*tfprotov6.Diagnostic
	var err error
	switch kind {
	case "provider":
		var answer *tfprotov6.ValidateProviderConfigResponse
		answer, err = s.Provider.ValidateProviderConfig(ctx,
			&tfprotov6.ValidateProviderConfigRequest{Config: value})
		diagnostics = answer.Diagnostics
	case "resource":
		var answer *tfprotov6.ValidateResourceConfigResponse
		answer, err = s.Provider.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
			TypeName: typeName, Config: value,
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
				WriteOnlyAttributesAllowed: true,
			},
		})
		diagnostics = answer.Diagnostics
	case "data":
		var answer *tfprotov6.ValidateDataResourceConfigResponse
		answer, err = s.Provider.ValidateDataResourceConfig(ctx,
			&tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: value})
		diagnostics = answer.Diagnostics
	case "ephemeral":
		var answer *tfprotov6.ValidateEphemeralResourceConfigResponse
		answer, err = s.Provider.ValidateEphemeralResourceConfig(ctx,
			&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: typeName, Config: value})
		diagnostics = answer.Diagnostics
	case "list":
		var answer *tfprotov6.ValidateListResourceConfigResponse
		answer, err = s.Provider.(tfprotov6.ListResourceServer).ValidateListResourceConfig(ctx,
			&tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: value})
		diagnostics = answer.Diagnostics
	case "action":
		var answer *tfprotov6.ValidateActionConfigResponse
		answer, err = s.Provider.(tfprotov6.ActionServer).ValidateActionConfig(ctx,
			&tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: value})
		diagnostics = answer.Diagnostics
	default:
		s.T.Fatalf("no schema of kind %q", kind)
	}
	Must(s.T, err)
	return diagnostics
}

// EverySchema are the schemas that take a configuration.
func (s *Server) EverySchema() []schemaBlock {
	all := []schemaBlock{{"provider", "", s.Schemas.Provider.Block}}
	add := func(kind, name string, block *tfprotov6.SchemaBlock) {
		all = append(all, schemaBlock{kind, name, block})
	}
	for name, schema := range s.Schemas.ResourceSchemas {
		add("resource", name, schema.Block)
	}
	for name, schema := range s.Schemas.DataSourceSchemas {
		add("data", name, schema.Block)
	}
	for name, schema := range s.Schemas.EphemeralResourceSchemas {
		add("ephemeral", name, schema.Block)
	}
	for name, schema := range s.Schemas.ListResourceSchemas {
		add("list", name, schema.Block)
	}
	for name, schema := range s.Schemas.ActionSchemas {
		add("action", name, schema.Schema.Block)
	}
	return all
}

// MustRead reads a data source that has to work.
func (s *Server) MustRead(typeName string, config Attrs) tftypes.Value {
	s.T.Helper()
	state, diagnostics := s.ReadData(typeName, config)
	if text := ErrorText(diagnostics); text != "" {
		s.T.Fatalf("reading %s: %s", typeName, text)
	}
	return state
}

// ValidateData validates a data source's configuration.
func (s *Server) ValidateData(typeName string, config Attrs) []*tfprotov6.Diagnostic {
	s.T.Helper()
	block := s.Schemas.DataSourceSchemas[typeName].Block
	response, err := s.Provider.ValidateDataResourceConfig(s.T.Context(),
		&tfprotov6.ValidateDataResourceConfigRequest{
			TypeName: typeName, Config: s.Dynamic(BlockValue(s.T, block, config)),
		})
	Must(s.T, err)
	return response.Diagnostics
}

// Open validates and opens the ephemeral resource as core does.
func (s *Server) Open(config Attrs) (tftypes.Value, []*tfprotov6.Diagnostic) {
	s.T.Helper()
	block := s.Schemas.EphemeralResourceSchemas[ObjectType].Block
	value := s.Dynamic(BlockValue(s.T, block, config))
	validated, err := s.Provider.ValidateEphemeralResourceConfig(s.T.Context(),
		&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: ObjectType, Config: value})
	Must(s.T, err)
	if ErrorText(validated.Diagnostics) != "" {
		return tftypes.Value{}, validated.Diagnostics
	}
	response, err := s.Provider.OpenEphemeralResource(s.T.Context(),
		&tfprotov6.OpenEphemeralResourceRequest{TypeName: ObjectType, Config: value})
	Must(s.T, err)
	if ErrorText(response.Diagnostics) != "" {
		return tftypes.Value{}, response.Diagnostics
	}
	result, err := response.Result.Unmarshal(block.ValueType())
	Must(s.T, err)
	return result, response.Diagnostics
}

// Server is the provider behind its protocol, without a CLI: milliseconds where a CLI
// step takes seconds. Use it for matrices; use the CLI harness for what a user sees.
type Server struct {
	T        testing.TB
	Provider tfprotov6.ProviderServer
	Schemas  *tfprotov6.GetProviderSchemaResponse
}

// NewServer configures the provider against a cloud. extra changes the provider's attributes; a
// nil value takes one away.
func NewServer(t testing.TB, c *Cloud, extra Attrs) *Server {
	t.Helper()
	s := NewUnconfiguredServer(t)
	diagnostics := s.Configure(c.ProviderAttrs().With(extra))
	if text := ErrorText(diagnostics); text != "" {
		t.Fatalf("configuring the provider: %s", text)
	}
	return s
}

// NewUnconfiguredServer starts the provider before Configure.
func NewUnconfiguredServer(t testing.TB) *Server {
	t.Helper()
	server := provider.NewServer("test")()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	Must(t, err)
	if text := ErrorText(schemas.Diagnostics); text != "" {
		t.Fatalf("provider schema: %s", text)
	}
	return &Server{T: t, Provider: server, Schemas: schemas}
}

func (s *Server) Configure(values Attrs) []*tfprotov6.Diagnostic {
	s.T.Helper()
	block := s.Schemas.Provider.Block
	response, err := s.Provider.ConfigureProvider(s.T.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4",
		Config:           s.Dynamic(BlockValue(s.T, block, values)),
	})
	Must(s.T, err)
	return response.Diagnostics
}

func (s *Server) Dynamic(value tftypes.Value) *tfprotov6.DynamicValue {
	s.T.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
	Must(s.T, err)
	return &dynamic
}

// ReadData reads a data source and returns its state and diagnostics.
func (s *Server) ReadData(
	typeName string, config Attrs,
) (tftypes.Value, []*tfprotov6.Diagnostic) {
	s.T.Helper()
	block := s.Schemas.DataSourceSchemas[typeName].Block
	value := s.Dynamic(BlockValue(s.T, block, config))
	validated, err := s.Provider.ValidateDataResourceConfig(s.T.Context(),
		&tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: value})
	Must(s.T, err)
	if ErrorText(validated.Diagnostics) != "" {
		return tftypes.NewValue(block.ValueType(), nil), validated.Diagnostics
	}
	response, err := s.Provider.ReadDataSource(s.T.Context(),
		&tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: value})
	Must(s.T, err)
	if response.State == nil {
		return tftypes.NewValue(block.ValueType(), nil), response.Diagnostics
	}
	state, err := response.State.Unmarshal(block.ValueType())
	Must(s.T, err)
	return state, append(validated.Diagnostics, response.Diagnostics...)
}

// Resource returns an instance that doesn't exist yet.
func (s *Server) Resource(typeName string) *Instance {
	s.T.Helper()
	schema, ok := s.Schemas.ResourceSchemas[typeName]
	if !ok {
		s.T.Fatalf("no resource %s", typeName)
	}
	return &Instance{
		Server: s, TypeName: typeName, Schema: schema,
		State: tftypes.NewValue(schema.Block.ValueType(), nil),
	}
}

// Object is resource("cos_encrypted_object").
func (s *Server) Object() *Instance { return s.Resource("cos_encrypted_object") }

// Query lists as `terraform query` does.
func (s *Server) Query(
	config Attrs, includeResource bool, limit int64,
) []tfprotov6.ListResourceResult {
	s.T.Helper()
	block := s.Schemas.ListResourceSchemas[ObjectType].Block
	lister := s.Provider.(tfprotov6.ListResourceServer)
	dynamic := s.Dynamic(BlockValue(s.T, block, config))
	validated, err := lister.ValidateListResourceConfig(s.T.Context(),
		&tfprotov6.ValidateListResourceConfigRequest{
			TypeName: ObjectType, Config: dynamic,
		})
	Must(s.T, err)
	if ErrorText(validated.Diagnostics) != "" {
		return []tfprotov6.ListResourceResult{{Diagnostics: validated.Diagnostics}}
	}
	stream, err := lister.ListResource(s.T.Context(), &tfprotov6.ListResourceRequest{
		TypeName: ObjectType, Config: dynamic,
		IncludeResource: includeResource, Limit: limit,
	})
	Must(s.T, err)
	return slices.Collect(stream.Results)
}

// ConfigureDeferrable configures as a CLI does that can defer.
func (s *Server) ConfigureDeferrable(values Attrs) *tfprotov6.ConfigureProviderResponse {
	s.T.Helper()
	response, err := s.Provider.ConfigureProvider(s.T.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4",
		Config:           s.Dynamic(BlockValue(s.T, s.Schemas.Provider.Block, values)),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{
			DeferralAllowed: true,
		},
	})
	Must(s.T, err)
	return response
}

// identitySchema is the identity of cos_encrypted_object.
func (s *Server) identitySchema() *tfprotov6.ResourceIdentitySchema {
	s.T.Helper()
	schemas, err := s.Provider.GetResourceIdentitySchemas(s.T.Context(),
		&tfprotov6.GetResourceIdentitySchemasRequest{})
	Must(s.T, err)
	return schemas.IdentitySchemas[ObjectType]
}

func (s *Server) ValidateObject(t *testing.T, config Attrs) []*tfprotov6.Diagnostic {
	t.Helper()
	block := s.Schemas.ResourceSchemas["cos_encrypted_object"].Block
	response, err := s.Provider.ValidateResourceConfig(t.Context(),
		&tfprotov6.ValidateResourceConfigRequest{
			TypeName: "cos_encrypted_object", Config: s.Dynamic(BlockValue(t, block, config)),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
				WriteOnlyAttributesAllowed: true,
			},
		})
	Must(t, err)
	return response.Diagnostics
}
