package prefix

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
)

// Read audits within the bounds of the audit block. It never writes an attestation and never
// rewrites anything.
func (r *managedResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state)...)
	resp.Diagnostics.Append(r.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = r.data.MaskSecrets(ctx)
	memory := readMemory(ctx, req.Private)
	bounds := decodeBounds(state.Audit)
	options, diags := r.options(ctx, state, memory)
	if diags.HasError() {
		// Without the key of the sse block there is nothing to compare with; what is known stays.
		resp.Diagnostics.Append(asWarnings(diags)...)
		return
	}
	if r.fresh(memory, bounds.maxAge, options) {
		return
	}
	options.Budget = bounds.budget
	options, err := checkDefault(ctx, options)
	var found *audit.Findings
	if err == nil {
		found, err = audit.Run(ctx, options)
		state.settleBill(found)
	}
	switch {
	case cosapi.Classify(err) == cosapi.ClassNoSuchBucket:
		resp.Diagnostics.Append(r.attempt(options, "audit the objects").Warning(err))
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.Append(r.attempt(options, "audit the objects").Failed(err))
		return
	}
	memory.learn(options, found)
	resp.Diagnostics.Append(state.takeRead(found)...)
	resp.Diagnostics.Append(r.trim(ctx, options, memory)...)
	resp.Diagnostics.Append(state.warnings(found)...)
	resp.Diagnostics.Append(memory.write(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// fresh reports an audit that is young enough, and compared with what is wanted now.
func (r *managedResource) fresh(m memory, maxAge time.Duration, options audit.Options) bool {
	age := r.data.Client.Now().Sub(m.CheckedAt)
	return !m.CheckedAt.IsZero() && age >= 0 && age < maxAge &&
		m.Wanted == wantedText(options.Expectation)
}

// takeRead takes over the findings of a refresh. One that was cut short says nothing of what it did
// not see, so the counts of the audit before stay.
func (m *model) takeRead(found *audit.Findings) diag.Diagnostics {
	if found.Complete || m.Total.IsNull() {
		attestation := m.Attestation
		m.setFrom(found)
		m.Attestation = attestation
		if attestation.IsNull() || attestation.IsUnknown() {
			m.Attestation = types.ObjectNull(attestationTypes)
		}
		m.ID = types.StringValue(m.Bucket.ValueString() + "/" + m.Prefix.ValueString())
		return nil
	}
	m.Complete, m.Compliant = types.BoolValue(false), types.BoolValue(false)
	m.Status = types.StringValue(statusIncomplete)
	return diag.Diagnostics{diag.NewWarningDiagnostic("The audit is not complete", fmt.Sprintf(
		"The audit of %s ended at its bounds (%s) after %d objects; of those, %d were not looked "+
			"at. The counts are those of the audit before, and compliant is false. %s",
		m.scope(), found.Stopped, found.Total.Objects, found.NotLooked, remedyOf(found.Stopped)))}
}

func remedyOf(stopped string) string {
	if stopped == audit.StoppedErrors {
		return "More objects than audit.max_errors could not be looked at: is a permission missing?"
	}
	return "Raise the bounds in the audit block. With evidence, each apply goes on where the last " +
		"one ended."
}

// warnings say what Terraform itself does not show: core hides drift where nothing is planned.
func (m model) warnings(found *audit.Findings) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, text := range found.Warnings {
		diags.AddWarning("The ledger of the audit", text)
	}
	if m.SSE.IsNull() || len(m.SSE.Elements()) == 0 || m.Compliant.ValueBool() {
		return diags
	}
	switch blocked := m.blockedText(); {
	case !m.Enforce.ValueBool() && m.Violations.ValueInt64() > 0:
		diags.AddWarning("Objects are not encrypted as expected", fmt.Sprintf(
			"Of %s, %d of %d objects are not encrypted as the sse block says. enforce is false, so "+
				"nothing is planned.", m.scope(), m.Violations.ValueInt64(), m.Total.ValueInt64()))
	case blocked != "":
		diags.AddWarning("Objects are not encrypted as expected and will not be rewritten",
			fmt.Sprintf("Of %s: %s. The page of cos_encrypted_prefix says what each reason means and "+
				"what helps.", m.scope(), blocked))
	}
	return diags
}

func asWarnings(diags diag.Diagnostics) diag.Diagnostics {
	var warnings diag.Diagnostics
	for _, d := range diags {
		warnings.AddWarning(d.Summary(), d.Detail()+" The objects were not audited; the counts are "+
			"those of the audit before.")
	}
	return warnings
}

func (r *managedResource) attempt(options audit.Options, doing string) diagnose.Attempt {
	return diagnose.Attempt{Doing: doing, Ref: options.Bucket, Endpoint: r.data.Endpoint}
}

// trim removes old ledgers. That it may not is worth a warning only where a new one was written.
func (r *managedResource) trim(
	ctx context.Context, options audit.Options, memory memory,
) diag.Diagnostics {
	if options.Evidence == nil || memory.Ledger == nil || options.Last == memory.Ledger {
		return nil
	}
	keep := []audit.Ledger{*memory.Ledger}
	if options.Last != nil {
		keep = append(keep, *options.Last)
	}
	if err := options.Evidence.Trim(ctx, options.Secret, keep...); err != nil {
		return diag.Diagnostics{diagnose.Attempt{
			Doing: "remove old ledgers", Ref: options.Evidence.Bucket, Endpoint: r.data.Endpoint,
		}.Warning(err)}
	}
	return nil
}
