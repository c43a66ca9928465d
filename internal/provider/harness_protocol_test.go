package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// protocolServer is the provider behind its protocol, without a CLI: milliseconds where a CLI
// step takes seconds. Use it for matrices; use the CLI harness for what a user sees.
type protocolServer struct {
	t       testing.TB
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// newServer configures the provider against a cloud. extra changes the provider's attributes; a
// nil value takes one away.
func newServer(t testing.TB, c *cloud, extra attrs) *protocolServer {
	t.Helper()
	s := newUnconfiguredServer(t)
	diagnostics := s.configure(c.providerAttrs().with(extra))
	if text := errorText(diagnostics); text != "" {
		t.Fatalf("configuring the provider: %s", text)
	}
	return s
}

// newUnconfiguredServer starts the provider before Configure.
func newUnconfiguredServer(t testing.TB) *protocolServer {
	t.Helper()
	server := NewServer("test")()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(t, err)
	if text := errorText(schemas.Diagnostics); text != "" {
		t.Fatalf("provider schema: %s", text)
	}
	return &protocolServer{t: t, server: server, schemas: schemas}
}

func (s *protocolServer) configure(values attrs) []*tfprotov6.Diagnostic {
	s.t.Helper()
	block := s.schemas.Provider.Block
	response, err := s.server.ConfigureProvider(s.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4",
		Config:           s.dynamic(blockValue(s.t, block, values)),
	})
	must(s.t, err)
	return response.Diagnostics
}

func (s *protocolServer) dynamic(value tftypes.Value) *tfprotov6.DynamicValue {
	s.t.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
	must(s.t, err)
	return &dynamic
}

// readData reads a data source and returns its state and diagnostics.
func (s *protocolServer) readData(
	typeName string, config attrs,
) (tftypes.Value, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	block := s.schemas.DataSourceSchemas[typeName].Block
	value := s.dynamic(blockValue(s.t, block, config))
	validated, err := s.server.ValidateDataResourceConfig(s.t.Context(),
		&tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: value})
	must(s.t, err)
	if errorText(validated.Diagnostics) != "" {
		return tftypes.NewValue(block.ValueType(), nil), validated.Diagnostics
	}
	response, err := s.server.ReadDataSource(s.t.Context(),
		&tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: value})
	must(s.t, err)
	if response.State == nil {
		return tftypes.NewValue(block.ValueType(), nil), response.Diagnostics
	}
	state, err := response.State.Unmarshal(block.ValueType())
	must(s.t, err)
	return state, append(validated.Diagnostics, response.Diagnostics...)
}

// coreResource plays Terraform core for one resource instance: it keeps state, private data and
// identity between calls, proposes new states and checks plans and results as core does.
type coreResource struct {
	*protocolServer
	typeName string
	schema   *tfprotov6.Schema
	state    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// resource returns an instance that doesn't exist yet.
func (s *protocolServer) resource(typeName string) *coreResource {
	s.t.Helper()
	schema, ok := s.schemas.ResourceSchemas[typeName]
	if !ok {
		s.t.Fatalf("no resource %s", typeName)
	}
	return &coreResource{
		protocolServer: s, typeName: typeName, schema: schema,
		state: tftypes.NewValue(schema.Block.ValueType(), nil),
	}
}

// object is resource("cos_encrypted_object").
func (s *protocolServer) object() *coreResource { return s.resource("cos_encrypted_object") }

// on moves the instance to another provider process: state, private data and identity go along,
// what the process remembered does not.
func (r *coreResource) on(s *protocolServer) *coreResource {
	return &coreResource{
		protocolServer: s, typeName: r.typeName, schema: r.schema,
		state: r.state, private: r.private, identity: r.identity,
	}
}

// plannedChange is the answer to a plan.
type plannedChange struct {
	config      tftypes.Value
	planned     tftypes.Value
	private     []byte
	identity    *tfprotov6.ResourceIdentityData
	replace     []string
	diagnostics []*tfprotov6.Diagnostic
	action      string // "create", "update", "replace", "destroy", "no-op", "error"
}

// errors and warnings are the texts of a plan's diagnostics, "" for none.
func (p plannedChange) errors() string   { return errorText(p.diagnostics) }
func (p plannedChange) warnings() string { return warningText(p.diagnostics) }

// plan validates and plans a configuration as core does: twice, and both answers must agree.
func (r *coreResource) plan(config attrs) plannedChange {
	r.t.Helper()
	value := blockValue(r.t, r.schema.Block, config)
	validated, err := r.server.ValidateResourceConfig(r.t.Context(),
		&tfprotov6.ValidateResourceConfigRequest{
			TypeName: r.typeName, Config: r.dynamic(value),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
				WriteOnlyAttributesAllowed: true,
			},
		})
	must(r.t, err)
	if errorText(validated.Diagnostics) != "" {
		return plannedChange{action: "error", diagnostics: validated.Diagnostics}
	}
	change := r.planOnce(r.state, value)
	if change.action == "replace" {
		change = r.planReplacement(change)
	}
	change.diagnostics = append(validated.Diagnostics, change.diagnostics...)
	return change
}

// planReplacement plans a replacement's creation: from no prior state and no private data.
func (r *coreResource) planReplacement(change plannedChange) plannedChange {
	r.t.Helper()
	creation := *r
	creation.private, creation.identity = nil, nil
	created := creation.planOnce(tftypes.NewValue(r.state.Type(), nil), change.config)
	created.replace = change.replace
	if created.action == "create" {
		created.action = "replace"
	}
	return created
}

func (r *coreResource) planOnce(prior, config tftypes.Value) plannedChange {
	r.t.Helper()
	change := plannedChange{config: config}
	response, err := r.server.PlanResourceChange(r.t.Context(),
		&tfprotov6.PlanResourceChangeRequest{
			TypeName:         r.typeName,
			PriorState:       r.dynamic(prior),
			ProposedNewState: r.dynamic(proposeNew(r.t, r.schema.Block, prior, config)),
			Config:           r.dynamic(config),
			PriorPrivate:     r.private,
			PriorIdentity:    r.identity,
		})
	must(r.t, err)
	change.diagnostics = response.Diagnostics
	if errorText(response.Diagnostics) != "" {
		change.action = "error"
		return change
	}
	change.planned, err = response.PlannedState.Unmarshal(r.schema.Block.ValueType())
	must(r.t, err)
	change.private, change.identity = response.PlannedPrivate, response.PlannedIdentity
	for _, path := range response.RequiresReplace {
		change.replace = append(change.replace, path.String())
	}
	change.action = actionName(prior, change)
	return change
}

func actionName(prior tftypes.Value, change plannedChange) string {
	switch {
	case prior.IsNull():
		return "create"
	case change.planned.IsNull():
		return "destroy"
	case len(change.replace) > 0:
		return "replace"
	case change.planned.Equal(prior):
		return "no-op"
	default:
		return "update"
	}
}

// apply plans and applies a configuration; errors are for the caller to judge.
func (r *coreResource) apply(config attrs) (plannedChange, []*tfprotov6.Diagnostic) {
	r.t.Helper()
	change := r.plan(config)
	if change.action == "error" {
		return change, change.diagnostics
	}
	return change, r.applyPlanned(change)
}

// applyPlanned carries out a plan: core's second plan, the comparison of both, the apply and the
// check of its result. Use it apart from plan when something happens between the two.
func (r *coreResource) applyPlanned(change plannedChange) []*tfprotov6.Diagnostic {
	r.t.Helper()
	if change.action == "no-op" {
		return change.diagnostics
	}
	if change.action == "replace" {
		if diagnostics := r.destroy(); errorText(diagnostics) != "" {
			return diagnostics
		}
		r.private = nil
	}
	again := r.planOnce(r.state, change.config)
	if again.action == "error" {
		return again.diagnostics
	}
	if change.action != "replace" {
		if diff := inconsistent(change.planned, again.planned); diff != "" {
			return []*tfprotov6.Diagnostic{{
				Severity: tfprotov6.DiagnosticSeverityError,
				Summary:  "Provider produced inconsistent final plan", Detail: diff,
			}}
		}
	}
	return append(again.diagnostics, r.applyChange(again)...)
}

func (r *coreResource) applyChange(change plannedChange) []*tfprotov6.Diagnostic {
	r.t.Helper()
	response, err := r.server.ApplyResourceChange(r.t.Context(),
		&tfprotov6.ApplyResourceChangeRequest{
			TypeName:        r.typeName,
			PriorState:      r.dynamic(r.state),
			PlannedState:    r.dynamic(change.planned),
			Config:          r.dynamic(change.config),
			PlannedPrivate:  change.private,
			PlannedIdentity: change.identity,
		})
	must(r.t, err)
	state, err := response.NewState.Unmarshal(r.schema.Block.ValueType())
	must(r.t, err)
	r.state, r.private, r.identity = state, response.Private, response.NewIdentity
	if errorText(response.Diagnostics) != "" {
		return response.Diagnostics
	}
	if diff := inconsistent(change.planned, state); diff != "" {
		r.t.Errorf("Provider produced inconsistent result after apply: %s", diff)
	}
	return response.Diagnostics
}

// mustApply applies a configuration that has to work, and checks that a refresh and a second
// plan find nothing to do.
func (r *coreResource) mustApply(config attrs) plannedChange {
	r.t.Helper()
	change, diagnostics := r.apply(config)
	if text := errorText(diagnostics); text != "" {
		r.t.Fatalf("apply: %s", text)
	}
	return change
}

// mustBeClean refreshes, plans again and fails the test unless nothing is to be done.
func (r *coreResource) mustBeClean(config attrs) {
	r.t.Helper()
	if text := errorText(r.refresh()); text != "" {
		r.t.Fatalf("refresh: %s", text)
	}
	change := r.plan(config)
	if change.action != "no-op" {
		r.t.Errorf("second plan = %s (%s), want no-op: %s",
			change.action, change.errors(), differences(r.state, change.planned))
	}
}

// refresh reads the instance; a state of null means that it is gone.
func (r *coreResource) refresh() []*tfprotov6.Diagnostic {
	r.t.Helper()
	response, err := r.server.ReadResource(r.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: r.typeName, CurrentState: r.dynamic(r.state), Private: r.private,
		CurrentIdentity: r.identity,
	})
	must(r.t, err)
	if errorText(response.Diagnostics) != "" {
		return response.Diagnostics
	}
	r.state, err = response.NewState.Unmarshal(r.schema.Block.ValueType())
	must(r.t, err)
	r.private, r.identity = response.Private, response.NewIdentity
	return response.Diagnostics
}

// destroy plans and applies the destruction.
func (r *coreResource) destroy() []*tfprotov6.Diagnostic {
	r.t.Helper()
	null := tftypes.NewValue(r.schema.Block.ValueType(), nil)
	change := r.planOnce(r.state, null)
	if change.action == "error" {
		return change.diagnostics
	}
	change.config = null
	return append(change.diagnostics, r.applyChange(change)...)
}

// importID imports by id and reads, as core does.
func (r *coreResource) importID(id string) []*tfprotov6.Diagnostic {
	r.t.Helper()
	return r.importRequest(&tfprotov6.ImportResourceStateRequest{TypeName: r.typeName, ID: id})
}

// importIdentity imports by identity and reads.
func (r *coreResource) importIdentity(identity map[string]string) []*tfprotov6.Diagnostic {
	r.t.Helper()
	types, fields := map[string]tftypes.Type{}, map[string]tftypes.Value{}
	for _, name := range []string{"bucket", "key", "region"} {
		types[name] = tftypes.String
		fields[name] = tftypes.NewValue(tftypes.String, nil)
		if value, ok := identity[name]; ok {
			fields[name] = tftypes.NewValue(tftypes.String, value)
		}
	}
	value := tftypes.NewValue(tftypes.Object{AttributeTypes: types}, fields)
	return r.importRequest(&tfprotov6.ImportResourceStateRequest{
		TypeName: r.typeName,
		Identity: &tfprotov6.ResourceIdentityData{IdentityData: r.dynamic(value)},
	})
}

func (r *coreResource) importRequest(
	request *tfprotov6.ImportResourceStateRequest,
) []*tfprotov6.Diagnostic {
	r.t.Helper()
	response, err := r.server.ImportResourceState(r.t.Context(), request)
	must(r.t, err)
	if errorText(response.Diagnostics) != "" {
		return response.Diagnostics
	}
	imported := response.ImportedResources[0]
	r.state, err = imported.State.Unmarshal(r.schema.Block.ValueType())
	must(r.t, err)
	r.private, r.identity = imported.Private, imported.Identity
	return append(response.Diagnostics, r.refresh()...)
}

// attr is the state's value at a dotted path, see lookup.
func (r *coreResource) attr(path string) any {
	r.t.Helper()
	return lookup(r.t, r.state, path)
}

// expect fails the test unless the state has these values.
func (r *coreResource) expect(want attrs) {
	r.t.Helper()
	for path, value := range want {
		if got := r.attr(path); fmt.Sprint(got) != fmt.Sprint(value) {
			r.t.Errorf("%s = %v, want %v", path, got, value)
		}
	}
}

// proposeNew is core's proposed new state: the configuration, with the prior value wherever an
// optional and computed or a computed attribute is not configured.
func proposeNew(
	t testing.TB, block *tfprotov6.SchemaBlock, prior, config tftypes.Value,
) tftypes.Value {
	t.Helper()
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	fields, before := objectFields(t, config), map[string]tftypes.Value{}
	if !prior.IsNull() {
		before = objectFields(t, prior)
	}
	for _, attribute := range block.Attributes {
		old, exists := before[attribute.Name]
		switch {
		case !attribute.Computed || !fields[attribute.Name].IsNull():
		case exists:
			fields[attribute.Name] = old
		default:
			fields[attribute.Name] = tftypes.NewValue(attribute.ValueType(), nil)
		}
	}
	for _, nested := range block.BlockTypes {
		fields[nested.TypeName] = proposeBlock(t, nested, before[nested.TypeName],
			fields[nested.TypeName])
	}
	return tftypes.NewValue(config.Type(), fields)
}

func proposeBlock(
	t testing.TB, nested *tfprotov6.SchemaNestedBlock, prior, config tftypes.Value,
) tftypes.Value {
	t.Helper()
	if config.IsNull() || !config.IsKnown() ||
		nested.Nesting != tfprotov6.SchemaNestedBlockNestingModeList {
		return config
	}
	var elements, before []tftypes.Value
	must(t, config.As(&elements))
	// As returns the slice that the configuration itself holds.
	elements = slices.Clone(elements)
	if prior.Type() != nil && !prior.IsNull() && prior.IsKnown() {
		must(t, prior.As(&before))
	}
	for i, element := range elements {
		old := tftypes.NewValue(element.Type(), nil)
		if i < len(before) {
			old = before[i]
		}
		elements[i] = proposeNew(t, nested.Block, old, element)
	}
	return tftypes.NewValue(config.Type(), elements)
}

// objectFields are the members of an object, in a map of its own: As returns the map that the
// value itself holds.
func objectFields(t testing.TB, value tftypes.Value) map[string]tftypes.Value {
	t.Helper()
	fields := map[string]tftypes.Value{}
	must(t, value.As(&fields))
	return maps.Clone(fields)
}

// inconsistent names the first place where a known planned value differs from what came.
func inconsistent(planned, actual tftypes.Value) string {
	diffs, err := planned.Diff(actual)
	if err != nil {
		return err.Error()
	}
	for _, diff := range diffs {
		if diff.Value1 == nil || diff.Value2 == nil || !diff.Value1.IsFullyKnown() {
			continue
		}
		if isLeaf(*diff.Value1) || diff.Value1.IsNull() != diff.Value2.IsNull() {
			return fmt.Sprintf("%s: was %s, but now %s", diff.Path, diff.Value1, diff.Value2)
		}
	}
	return ""
}

func isLeaf(value tftypes.Value) bool {
	return value.Type().Is(tftypes.String) || value.Type().Is(tftypes.Number) ||
		value.Type().Is(tftypes.Bool)
}

// differences lists the leaves that differ, for messages.
func differences(before, after tftypes.Value) string {
	diffs, err := before.Diff(after)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, diff := range diffs {
		if diff.Value1 != nil && isLeaf(*diff.Value1) {
			lines = append(lines, fmt.Sprintf("%s: %v -> %v", diff.Path, diff.Value1, diff.Value2))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func errorText(diagnostics []*tfprotov6.Diagnostic) string {
	return diagnosticText(diagnostics, tfprotov6.DiagnosticSeverityError)
}

func warningText(diagnostics []*tfprotov6.Diagnostic) string {
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

// canceled is a context that has ended.
func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
