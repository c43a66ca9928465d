package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// UpgradeResourceState hands a state of the current schema back as it came: core asks for every
// object at every plan, and the framework turns each into values and back only to find nothing to
// do. A state that lacks a member of the schema, or has one too many, goes to the framework, which
// fills it in: it was written by another version of this provider.
func (s *server) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	schema, err := s.resourceSchema(ctx, req.TypeName)
	if err != nil {
		return nil, err
	}
	current := schema != nil && req.RawState != nil && req.Version == schema.Version &&
		hasShape(req.RawState.JSON, schema.ValueType())
	if !current {
		return s.frameworkServer.UpgradeResourceState(ctx, req)
	}
	return &tfprotov6.UpgradeResourceStateResponse{
		UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON},
	}, nil
}

// resourceSchema is the schema of one resource, nil if there is none. All of them are made once.
func (s *server) resourceSchema(ctx context.Context, name string) (*tfprotov6.Schema, error) {
	s.schemas.Lock()
	defer s.schemas.Unlock()
	if s.schemas.resources == nil {
		response, err := s.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			return nil, err
		}
		s.schemas.resources = response.ResourceSchemas
	}
	return s.schemas.resources[name], nil
}

// hasShape reports whether a JSON value has exactly the members of a type, at every depth. What
// its texts and numbers say is for core to check.
func hasShape(value json.RawMessage, typ tftypes.Type) bool {
	switch typ := typ.(type) {
	case tftypes.Object:
		var members map[string]json.RawMessage
		if json.Unmarshal(value, &members) != nil {
			return false
		}
		return members == nil || hasMembers(members, typ.AttributeTypes)
	case tftypes.List:
		return haveShape(value, typ.ElementType)
	case tftypes.Set:
		return haveShape(value, typ.ElementType)
	case tftypes.Map:
		return isLeaf(typ.ElementType)
	}
	return true
}

func hasMembers(members map[string]json.RawMessage, types map[string]tftypes.Type) bool {
	if len(members) != len(types) {
		return false
	}
	for name, typ := range types {
		member, ok := members[name]
		if !ok || !hasShape(member, typ) {
			return false
		}
	}
	return true
}

func haveShape(value json.RawMessage, element tftypes.Type) bool {
	var elements []json.RawMessage
	if json.Unmarshal(value, &elements) != nil {
		return false
	}
	for _, value := range elements {
		if !hasShape(value, element) {
			return false
		}
	}
	return true
}

// isLeaf reports a type without members.
func isLeaf(typ tftypes.Type) bool {
	return typ.Is(tftypes.String) || typ.Is(tftypes.Number) || typ.Is(tftypes.Bool)
}
