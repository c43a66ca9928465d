package prefix

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Create audits. It rewrites nothing, because no plan has shown what that would be.
func (r *managedResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(r.data.Ready()...)
	timeout, diags := plan.Timeouts.Create(ctx, 0)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	memory := memory{LedgerKey: audit.NewSecret().Reveal()}
	ctx, cancel := value.WithDeadline(r.data.MaskSecrets(ctx), timeout)
	defer cancel()
	diags = r.work(ctx, &plan, &memory, nil, false)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.Append(plan.firstBill()...)
	resp.Diagnostics.Append(memory.write(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan)...)
}

// firstBill says after a creation what the next plan will show.
func (m model) firstBill() diag.Diagnostics {
	if m.Compliant.ValueBool() || m.Violations.ValueInt64() == 0 {
		return nil
	}
	text := fmt.Sprintf("Of %s, %d of %d objects are not encrypted as expected. Nothing was "+
		"rewritten.", m.scope(), m.Violations.ValueInt64(), m.Total.ValueInt64())
	switch {
	case !m.Enforce.ValueBool():
		text += " enforce is false, so nothing will be."
	case m.pendingObjects() > 0:
		text += fmt.Sprintf(" The next plan rewrites %d of them.", m.pendingObjects())
	}
	if blocked := m.blockedText(); blocked != "" {
		text += " Not to be rewritten: " + blocked + "."
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Objects are not encrypted as expected", text)}
}

// Update rewrites what the planned audit has found, or counts anew where something else is expected.
func (r *managedResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.data.Ready()...)
	timeout, diags := plan.Timeouts.Update(ctx, 0)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	memory := readMemory(ctx, req.Private)
	if memory.secret().IsZero() {
		memory.LedgerKey, memory.Ledger = audit.NewSecret().Reveal(), nil
	}
	ctx, cancel := value.WithDeadline(r.data.MaskSecrets(ctx), timeout)
	defer cancel()
	switch workOf(plan, state) {
	case workAudit:
		diags = r.work(ctx, &plan, &memory, nil, false)
		diags.Append(plan.firstBill()...)
	case workFix:
		diags = r.fix(ctx, &plan, state, &memory)
	case workNone:
		diags = nil
	}
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.Append(memory.write(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan)...)
}

// fix rewrites at most what the state's bill counts, of what the planned audit has found.
func (r *managedResource) fix(
	ctx context.Context, plan *model, state model, memory *memory,
) diag.Diagnostics {
	expectation, _, diags := r.expectation(ctx, *plan)
	if diags.HasError() {
		return diags
	}
	if now := wantedText(expectation); memory.Wanted != "" && memory.Wanted != now {
		diags.AddAttributeError(path.Root("sse"), "The SSE-C key is not the one that was planned",
			fmt.Sprintf("The plan was made for %s, and the key of that name is now %s. Nothing was "+
				"changed. Plan again.", memory.Wanted, now))
		return diags
	}
	rewrite := &audit.Rewrite{
		Max: state.pendingObjects(), PlannedAt: memory.ListedAt, Retry: plan.retries(state),
	}
	if rewrite.Retry {
		rewrite.Max += state.refused()
	}
	return r.work(ctx, plan, memory, rewrite, state.jobObjects() > 0)
}

// work audits, with rewrite also rewrites, and fills in state and memory. Once an object was
// rewritten, or anything was counted, no error is returned that would lose it. jobs says that the
// plan has shown objects that COS Batch rewrites.
func (r *managedResource) work(
	ctx context.Context, plan *model, memory *memory, rewrite *audit.Rewrite, jobs bool,
) diag.Diagnostics {
	options, diags := r.options(ctx, *plan, *memory)
	if diags.HasError() {
		return diags
	}
	*memory = memory.at(options.Evidence)
	options.Last = memory.Ledger
	options.Budget = decodeBounds(plan.Audit).working()
	if rewrite != nil {
		rewrite.Planned = memory.Ledger != nil
		options.Rewrite = rewrite
	}
	found, batchDiags, err := r.run(ctx, *plan, memory, options, jobs)
	diags.Append(batchDiags...)
	if err != nil && found.Rewritten.Objects == 0 {
		diags.Append(r.attempt(options, doing(rewrite)).Failed(err))
		return diags
	}
	if err != nil {
		diags.Append(r.attempt(options, doing(rewrite)).Warning(err))
	}
	plan.Region = types.StringValue(options.Bucket.Region)
	plan.ID = plannedID(*plan)
	plan.AuditedAt = types.StringNull()
	plan.setFrom(found)
	memory.learn(options, found)
	diags.Append(plan.outcome(found, rewrite)...)
	// What was done is written down also when the time is over.
	ctx = context.WithoutCancel(ctx)
	diags.Append(r.attest(ctx, options, found, plan)...)
	diags.Append(r.trim(ctx, options, *memory)...)
	return diags
}

func doing(rewrite *audit.Rewrite) string {
	if rewrite == nil {
		return "audit the objects"
	}
	return "rewrite the objects"
}

// outcome says what the counts do not.
func (m model) outcome(found *audit.Findings, rewrite *audit.Rewrite) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, text := range found.Warnings {
		diags.AddWarning("The ledger of the audit", text)
	}
	if !found.Complete {
		diags.AddWarning("The work is not complete", fmt.Sprintf("It ended (%s) after %d objects of "+
			"%s; %d were rewritten. status is incomplete: the next apply goes on.",
			orText(found.Stopped, "error"), found.Total.Objects, m.scope(), found.Rewritten.Objects))
	}
	if rewrite == nil {
		return diags
	}
	if found.Changed > 0 {
		diags.AddWarning("Objects changed meanwhile", fmt.Sprintf("%d objects of %s were changed or "+
			"deleted after the plan. They were left as they are, for the next plan.", found.Changed,
			m.scope()))
	}
	if len(found.Failures) > 0 {
		diags.AddWarning("Objects could not be rewritten", fmt.Sprintf("Of %s: %s. The first answers:"+
			"\n%s", m.scope(), m.blockedText(), strings.Join(found.Failures, "\n")))
	}
	return diags
}

func orText(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// attest writes the attestation and names it in the state.
func (r *managedResource) attest(
	ctx context.Context, options audit.Options, found *audit.Findings, m *model,
) diag.Diagnostics {
	m.Attestation = types.ObjectNull(attestationTypes)
	if options.Evidence == nil {
		return nil
	}
	var names []string
	for _, engine := range options.Engines {
		names = append(names, engine.Name())
	}
	document, err := audit.Attest(options, found, "terraform-provider-cos "+r.data.Version,
		strings.Join(names, ", ")).JSON()
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot write the attestation", err.Error())}
	}
	key, sum, err := options.Evidence.Store(ctx, "attestations", ".json", document)
	if err != nil {
		return diag.Diagnostics{diagnose.Attempt{
			Doing: "write the attestation", Ref: options.Evidence.Bucket, Endpoint: r.data.Endpoint,
		}.Warning(err)}
	}
	m.Attestation = types.ObjectValueMust(attestationTypes, map[string]attr.Value{
		"key": types.StringValue(key), "sha256": types.StringValue(sum),
	})
	return nil
}
