package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Instance plays Terraform core for one resource instance: it keeps state, private data and
// identity between calls, proposes new states and checks plans and results as core does.
type Instance struct {
	*Server
	TypeName string
	Schema   *tfprotov6.Schema
	State    tftypes.Value
	Private  []byte
	Identity *tfprotov6.ResourceIdentityData
}

// On moves the instance to another provider process: state, private data and identity go along,
// what the process remembered does not.
func (r *Instance) On(s *Server) *Instance {
	return &Instance{
		Server: s, TypeName: r.TypeName, Schema: r.Schema,
		State: r.State, Private: r.Private, Identity: r.Identity,
	}
}

// Change is the answer to a plan.
type Change struct {
	config      tftypes.Value
	Planned     tftypes.Value
	private     []byte
	identity    *tfprotov6.ResourceIdentityData
	replace     []string
	diagnostics []*tfprotov6.Diagnostic
	Action      string // "create", "update", "replace", "destroy", "no-op", "error"
}

// Errors and warnings are the texts of a plan's diagnostics, "" for none.
func (p Change) Errors() string   { return ErrorText(p.diagnostics) }
func (p Change) Warnings() string { return WarningText(p.diagnostics) }

// Plan validates and plans a configuration as core does: twice, and both answers must agree.
func (r *Instance) Plan(config Attrs) Change {
	r.T.Helper()
	value := BlockValue(r.T, r.Schema.Block, config)
	validated, err := r.Provider.ValidateResourceConfig(r.T.Context(),
		&tfprotov6.ValidateResourceConfigRequest{
			TypeName: r.TypeName, Config: r.Dynamic(value),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
				WriteOnlyAttributesAllowed: true,
			},
		})
	Must(r.T, err)
	if ErrorText(validated.Diagnostics) != "" {
		return Change{Action: "error", diagnostics: validated.Diagnostics}
	}
	change := r.planOnce(r.State, value)
	if change.Action == "replace" {
		change = r.planReplacement(change)
	}
	change.diagnostics = append(validated.Diagnostics, change.diagnostics...)
	return change
}

// planReplacement plans a replacement's creation: from no prior state and no private data.
func (r *Instance) planReplacement(change Change) Change {
	r.T.Helper()
	creation := *r
	creation.Private, creation.Identity = nil, nil
	created := creation.planOnce(tftypes.NewValue(r.State.Type(), nil), change.config)
	created.replace = change.replace
	if created.Action == "create" {
		created.Action = "replace"
		// Core shows what the second plan says only if that fails.
		created.diagnostics = change.diagnostics
	}
	return created
}

func (r *Instance) planOnce(prior, config tftypes.Value) Change {
	r.T.Helper()
	change := Change{config: config}
	response, err := r.Provider.PlanResourceChange(r.T.Context(),
		&tfprotov6.PlanResourceChangeRequest{
			TypeName:         r.TypeName,
			PriorState:       r.Dynamic(prior),
			ProposedNewState: r.Dynamic(proposeNew(r.T, r.Schema.Block, prior, config)),
			Config:           r.Dynamic(config),
			PriorPrivate:     r.Private,
			PriorIdentity:    r.Identity,
		})
	Must(r.T, err)
	change.diagnostics = response.Diagnostics
	if ErrorText(response.Diagnostics) != "" {
		change.Action = "error"
		return change
	}
	change.Planned, err = response.PlannedState.Unmarshal(r.Schema.Block.ValueType())
	Must(r.T, err)
	change.private, change.identity = response.PlannedPrivate, response.PlannedIdentity
	for _, path := range response.RequiresReplace {
		change.replace = append(change.replace, path.String())
	}
	change.Action = actionName(prior, change)
	return change
}

func actionName(prior tftypes.Value, change Change) string {
	switch {
	case prior.IsNull():
		return "create"
	case change.Planned.IsNull():
		return "destroy"
	case len(change.replace) > 0:
		return "replace"
	case change.Planned.Equal(prior):
		return "no-op"
	default:
		return "update"
	}
}

// Apply plans and applies a configuration; errors are for the caller to judge.
func (r *Instance) Apply(config Attrs) (Change, []*tfprotov6.Diagnostic) {
	r.T.Helper()
	change := r.Plan(config)
	if change.Action == "error" {
		return change, change.diagnostics
	}
	return change, r.ApplyPlanned(change)
}

// ApplyPlanned carries out a plan: core's second plan, the comparison of both, the apply and the
// check of its result. Use it apart from plan when something happens between the two.
func (r *Instance) ApplyPlanned(change Change) []*tfprotov6.Diagnostic {
	r.T.Helper()
	if change.Action == "no-op" {
		return change.diagnostics
	}
	if change.Action == "replace" {
		if diagnostics := r.Destroy(); ErrorText(diagnostics) != "" {
			return diagnostics
		}
		r.Private = nil
	}
	again := r.planOnce(r.State, change.config)
	if again.Action == "error" {
		return again.diagnostics
	}
	if change.Action != "replace" {
		if diff := inconsistent(change.Planned, again.Planned); diff != "" {
			return []*tfprotov6.Diagnostic{{
				Severity: tfprotov6.DiagnosticSeverityError,
				Summary:  "Provider produced inconsistent final plan", Detail: diff,
			}}
		}
	}
	return append(again.diagnostics, r.applyChange(again)...)
}

func (r *Instance) applyChange(change Change) []*tfprotov6.Diagnostic {
	r.T.Helper()
	response, err := r.Provider.ApplyResourceChange(r.T.Context(),
		&tfprotov6.ApplyResourceChangeRequest{
			TypeName:        r.TypeName,
			PriorState:      r.Dynamic(r.State),
			PlannedState:    r.Dynamic(change.Planned),
			Config:          r.Dynamic(change.config),
			PlannedPrivate:  change.private,
			PlannedIdentity: change.identity,
		})
	Must(r.T, err)
	state, err := response.NewState.Unmarshal(r.Schema.Block.ValueType())
	Must(r.T, err)
	r.State, r.Private, r.Identity = state, response.Private, response.NewIdentity
	if ErrorText(response.Diagnostics) != "" {
		return response.Diagnostics
	}
	if diff := inconsistent(change.Planned, state); diff != "" {
		r.T.Errorf("Provider produced inconsistent result after apply: %s", diff)
	}
	return response.Diagnostics
}

// MustApply applies a configuration that has to work, and checks that a refresh and a second
// plan find nothing to do.
func (r *Instance) MustApply(config Attrs) Change {
	r.T.Helper()
	change, diagnostics := r.Apply(config)
	if text := ErrorText(diagnostics); text != "" {
		r.T.Fatalf("apply: %s", text)
	}
	return change
}

// MustBeClean refreshes, plans again and fails the test unless nothing is to be done.
func (r *Instance) MustBeClean(config Attrs) {
	r.T.Helper()
	if text := ErrorText(r.Refresh()); text != "" {
		r.T.Fatalf("refresh: %s", text)
	}
	change := r.Plan(config)
	if change.Action != "no-op" {
		r.T.Errorf("second plan = %s (%s), want no-op: %s",
			change.Action, change.Errors(), Differences(r.State, change.Planned))
	}
}

// Refresh reads the instance; a state of null means that it is gone.
func (r *Instance) Refresh() []*tfprotov6.Diagnostic {
	r.T.Helper()
	response, err := r.Provider.ReadResource(r.T.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: r.TypeName, CurrentState: r.Dynamic(r.State), Private: r.Private,
		CurrentIdentity: r.Identity,
	})
	Must(r.T, err)
	if ErrorText(response.Diagnostics) != "" {
		return response.Diagnostics
	}
	r.State, err = response.NewState.Unmarshal(r.Schema.Block.ValueType())
	Must(r.T, err)
	r.Private, r.Identity = response.Private, response.NewIdentity
	return response.Diagnostics
}

// Destroy plans and applies the destruction.
func (r *Instance) Destroy() []*tfprotov6.Diagnostic {
	r.T.Helper()
	return r.DestroyPlanned(r.PlanDestroy())
}

// PlanDestroy plans the destruction.
func (r *Instance) PlanDestroy() Change {
	r.T.Helper()
	null := tftypes.NewValue(r.Schema.Block.ValueType(), nil)
	change := r.planOnce(r.State, null)
	change.config = null
	return change
}

// DestroyPlanned applies what PlanDestroy has planned, for example in another process.
func (r *Instance) DestroyPlanned(change Change) []*tfprotov6.Diagnostic {
	r.T.Helper()
	if change.Action == "error" {
		return change.diagnostics
	}
	return append(change.diagnostics, r.applyChange(change)...)
}

// ImportID imports by id and reads, as core does.
func (r *Instance) ImportID(id string) []*tfprotov6.Diagnostic {
	r.T.Helper()
	return r.importRequest(&tfprotov6.ImportResourceStateRequest{TypeName: r.TypeName, ID: id})
}

// ImportIdentity imports by identity and reads.
func (r *Instance) ImportIdentity(identity map[string]string) []*tfprotov6.Diagnostic {
	r.T.Helper()
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
		TypeName: r.TypeName,
		Identity: &tfprotov6.ResourceIdentityData{IdentityData: r.Dynamic(value)},
	})
}

func (r *Instance) importRequest(
	request *tfprotov6.ImportResourceStateRequest,
) []*tfprotov6.Diagnostic {
	r.T.Helper()
	response, err := r.Provider.ImportResourceState(r.T.Context(), request)
	Must(r.T, err)
	if ErrorText(response.Diagnostics) != "" {
		return response.Diagnostics
	}
	imported := response.ImportedResources[0]
	r.State, err = imported.State.Unmarshal(r.Schema.Block.ValueType())
	Must(r.T, err)
	r.Private, r.Identity = imported.Private, imported.Identity
	return append(response.Diagnostics, r.Refresh()...)
}

// Attr is the state's value at a dotted path, see lookup.
func (r *Instance) Attr(path string) any {
	r.T.Helper()
	return Lookup(r.T, r.State, path)
}

// Expect fails the test unless the state has these values.
func (r *Instance) Expect(want Attrs) {
	r.T.Helper()
	for path, value := range want {
		if got := r.Attr(path); fmt.Sprint(got) != fmt.Sprint(value) {
			r.T.Errorf("%s = %v, want %v", path, got, value)
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
	fields, before := ObjectFields(t, config), map[string]tftypes.Value{}
	if !prior.IsNull() {
		before = ObjectFields(t, prior)
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
	Must(t, config.As(&elements))
	// As returns the slice that the configuration itself holds.
	elements = slices.Clone(elements)
	if prior.Type() != nil && !prior.IsNull() && prior.IsKnown() {
		Must(t, prior.As(&before))
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

// ObjectFields are the members of an object, in a map of its own: As returns the map that the
// value itself holds.
func ObjectFields(t testing.TB, value tftypes.Value) map[string]tftypes.Value {
	t.Helper()
	fields := map[string]tftypes.Value{}
	Must(t, value.As(&fields))
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

// Differences lists the leaves that differ, for messages.
func Differences(before, after tftypes.Value) string {
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

// computedPaths are the attributes that only the provider sets, as a plan shows them.
var computedPaths = []string{
	"id", "region", "url", "etag", "version_id", "crc64ecma", "size", "content_type",
	"storage_class", "encryption.mode", "encryption.algorithm", "encryption.kms_key_id",
	"encryption.customer_key_md5",
}

// RememberedKey is the KMS key that COS chose, where the configuration names none.
const RememberedKey = "sse.0.kms.0.key_id"

// unknowns are the computed attributes that a plan shows as known after apply.
func (p Change) unknowns(t testing.TB) []string {
	t.Helper()
	var paths []string
	for _, path := range computedPaths {
		if strings.HasPrefix(path, "encryption.") && Lookup(t, p.Planned, "encryption") == Unknown {
			continue
		}
		if Lookup(t, p.Planned, path) == Unknown {
			paths = append(paths, path)
		}
	}
	switch {
	case Lookup(t, p.Planned, "encryption") == Unknown:
		paths = append(paths, "encryption")
	case Lookup(t, p.Planned, "encryption.mode") == "SSE-KMS" &&
		Lookup(t, p.Planned, RememberedKey) == Unknown:
		paths = append(paths, RememberedKey)
	}
	return paths
}

// ExpectUnknowns fails the test unless exactly these computed attributes are unknown.
func (p Change) ExpectUnknowns(t testing.TB, want ...string) {
	t.Helper()
	// The rows of a table share their slices.
	got, want := p.unknowns(t), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("known after apply (-want +got):\n%s", diff)
	}
}

// MustRefresh refreshes without an error.
func (r *Instance) MustRefresh() {
	r.T.Helper()
	if text := ErrorText(r.Refresh()); text != "" {
		r.T.Fatalf("refresh: %s", text)
	}
}

// Resolved is the plan as it is applied, once the values that were unknown are known: config is
// the whole configuration then.
func (r *Instance) Resolved(change Change, config Attrs) Change {
	r.T.Helper()
	change.config = BlockValue(r.T, r.Schema.Block, config)
	return change
}
