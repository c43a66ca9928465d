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

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// work is what an update has to do.
type work int

const (
	workNone  work = iota // state only
	workAudit             // what is expected changed: count anew, rewrite nothing
	workFix               // rewrite what the planned audit has found
)

// workOf compares plan and state. Both ModifyPlan and Update call it, which is why they agree.
func workOf(plan, state model) work {
	switch {
	case plan.expectsOther(state):
		return workAudit
	case plan.Enforce.ValueBool() && state.pendingObjects() > 0, plan.retries(state):
		return workFix
	}
	return workNone
}

// expectsOther reports that the findings in the state were compared with something else, or kept
// somewhere else.
func (m model) expectsOther(state model) bool {
	for _, pair := range [][2]attr.Value{
		{m.SSE, state.SSE},
		{m.Accept, state.Accept},
		{m.ExcludePrefixes, state.ExcludePrefixes},
		{m.Noncurrent, state.Noncurrent},
		{m.Evidence, state.Evidence},
	} {
		if !pair[0].Equal(pair[1]) {
			return true
		}
	}
	return false
}

// retries reports that what COS refused is to be tried again.
func (m model) retries(state model) bool {
	return m.Enforce.ValueBool() && !m.Triggers.Equal(state.Triggers) && state.refused() > 0
}

// ModifyPlan decides what an update does, and says what it costs.
func (r *managedResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.data != nil {
		if !value.IsSet(plan.Region) && r.data.Region != "" && req.State.Raw.IsNull() {
			plan.Region = types.StringValue(r.data.Region)
		}
		resp.Diagnostics.Append(r.claim(ctx, plan)...)
	}
	if req.State.Raw.IsNull() || len(resp.RequiresReplace) > 0 {
		plan.unknownOutputs()
		plan.ID = plannedID(plan)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.ID, plan.Region = plannedID(plan), state.Region
	switch workOf(plan, state) {
	case workNone:
		plan.keepOutputs(state)
	case workAudit:
		plan.unknownOutputs()
		resp.Diagnostics.AddWarning("What is expected changes", fmt.Sprintf("This apply audits %s "+
			"anew and rewrites nothing; the plan after it shows what it would rewrite.", plan.scope()))
	case workFix:
		plan.unknownOutputs()
		resp.Diagnostics.Append(state.bill(plan)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func plannedID(plan model) types.String {
	if plan.Bucket.IsUnknown() || plan.Prefix.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue(plan.Bucket.ValueString() + "/" + plan.Prefix.ValueString())
}

// bill says what the numbers of pending do not.
func (m model) bill(plan model) diag.Diagnostics {
	member := func(name string) int64 { return value.Int64Member(m.Pending, name).ValueInt64() }
	lines := []string{fmt.Sprintf("This apply rewrites %d objects (%d bytes) of %s, each by a "+
		"server-side copy onto itself, with about %d requests. No other object is touched; one that "+
		"changed since is left for the next plan.", member("objects"), member("bytes"), plan.scope(),
		member("requests"))}
	if n := m.jobObjects(); n > 0 {
		lines = append(lines, fmt.Sprintf("%d of them are given to COS Batch, after a trial where none "+
			"counts any more.", n))
	}
	if n := member("new_versions"); n > 0 {
		lines = append(lines, fmt.Sprintf("%d earlier versions stay, keep their encryption and are "+
			"paid for.", n))
	}
	if plan.retries(m) {
		lines = append(lines, fmt.Sprintf("%d that COS refused before are tried again.", m.refused()))
	}
	lines = append(lines, "Last-Modified moves: the clocks of lifecycle rules start again, and in "+
		"the classes STANDARD_IA, ARCHIVE and DEEP_ARCHIVE a rewrite before the least storage time is "+
		"billed as an early deletion. Replication and event notifications see each rewrite.")
	return diag.Diagnostics{diag.NewWarningDiagnostic("Objects are going to be rewritten",
		strings.Join(lines, "\n"))}
}

// claimed is what one resource guarantees.
type claimed struct {
	bucket, prefix, expectation string
	excluded                    []string
}

// claim refuses two guarantees of one configuration that demand different things of one object:
// each apply of the one would undo the other. An object that one of them excludes is the other's.
func (r *managedResource) claim(ctx context.Context, plan model) diag.Diagnostics {
	if !value.IsSet(plan.Bucket) || !value.IsSet(plan.Prefix) || !value.IsSet(plan.Region) ||
		plan.SSE.IsUnknown() || plan.ExcludePrefixes.IsUnknown() || !plan.Enforce.ValueBool() {
		return nil
	}
	excluded, diags := texts(ctx, plan.ExcludePrefixes)
	mine := claimed{
		bucket: plan.Region.ValueString() + "/" + plan.Bucket.ValueString(),
		prefix: plan.Prefix.ValueString(), excluded: excluded,
		expectation: plan.SSE.String() + plan.Accept.String(),
	}
	r.data.Prefixes.Range(func(_, other any) bool {
		theirs, ok := other.(claimed)
		if ok && mine.contradicts(theirs) {
			diags.AddAttributeError(path.Root("prefix"), "Two guarantees contradict each other",
				fmt.Sprintf("Another cos_encrypted_prefix of this configuration covers %q of the same "+
					"bucket and expects another encryption: each apply of the one would undo the "+
					"other. Add the prefix of the one to exclude_prefixes of the other.",
					theirs.prefix))
			return false
		}
		return true
	})
	r.data.Prefixes.Store(mine.bucket+"\x00"+mine.prefix+"\x00"+mine.expectation, mine)
	return diags
}

func (c claimed) contradicts(other claimed) bool {
	if c.bucket != other.bucket || c.expectation == other.expectation {
		return false
	}
	switch {
	case strings.HasPrefix(c.prefix, other.prefix):
		return !covers(other.excluded, c.prefix)
	case strings.HasPrefix(other.prefix, c.prefix):
		return !covers(c.excluded, other.prefix)
	}
	return false
}

func covers(excluded []string, prefix string) bool {
	for _, beginning := range excluded {
		if strings.HasPrefix(prefix, beginning) {
			return true
		}
	}
	return false
}
