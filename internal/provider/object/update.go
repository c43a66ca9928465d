package object

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Update does what decide says, with everything known that was not known to the plan. Whatever
// fails, the state written is what COS then holds.
func (r *managedResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	u := &objectUpdate{}
	u.data, u.applying = r.data, true
	resp.Diagnostics.Append(req.Plan.Get(ctx, &u.plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &u.config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &u.state)...)
	known, diags := readBaseline(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.ready()...)
	u.known = known
	if resp.Diagnostics.HasError() {
		return
	}
	deadline, diags := u.plan.Timeouts.Update(ctx, 0)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := value.WithDeadline(r.data.MaskSecrets(ctx, clearKeys(u.state.SSE)...), deadline)
	defer cancel()

	prior := u.state
	u.planned = prior.seen(u.known)
	u.state = u.state.withClass(u.known)
	resp.Diagnostics.Append(u.runAlone(ctx, r)...)
	state := u.result
	if resp.Diagnostics.HasError() && !u.done {
		// Nothing was written: the state stays as it was.
		state = prior
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, prior.ref(r.data.Region))...)
	resp.Diagnostics.Append(u.known.write(ctx, resp.Private)...)
}

// objectUpdate is one update under way.
type objectUpdate struct {
	assessor
	write *objectWrite
	found assessment
	// planned is the object that was planned against. Nothing that is looked up later replaces it.
	planned cosapi.Seen
	// result is the state to store, once done says that something was written or nothing had to be.
	result resourceModel
	done   bool
}

// runAlone is run while nobody else in this process is at work on the object.
func (u *objectUpdate) runAlone(ctx context.Context, r *managedResource) diag.Diagnostics {
	ref := u.state.ref(u.data.Region)
	unlock, err := u.data.Written.Lock(ctx, ref, nil)
	if err != nil {
		tried := diagnose.Attempt{Doing: "update the object", Ref: ref, Endpoint: u.data.Endpoint}
		return diag.Diagnostics{tried.Failed(err)}
	}
	defer unlock()
	return u.run(ctx, r)
}

// run compares, decides and acts.
func (u *objectUpdate) run(ctx context.Context, r *managedResource) diag.Diagnostics {
	// The deep check of the plan is repeated: its result does not reach the apply.
	deep := &objectPlan{assessor: u.assessor}
	diags := deep.verifyWithConfiguredKey(ctx)
	u.state, u.known = deep.state, deep.known
	found, assessDiags := u.assess(ctx)
	diags.Append(assessDiags...)
	if diags.HasError() {
		return diags
	}
	u.found = found
	d := decide(found.input)
	diags.Append((&objectPlan{assessor: u.assessor, prior: u.state}).judgeApply(found, d)...)
	if diags.HasError() {
		return diags
	}
	diags.Append(u.checkPlannedKey(d)...)
	if diags.HasError() {
		return diags
	}
	if d.action == actionNone {
		diags.Append(u.updateParts(ctx, d)...)
		return diags
	}
	diags.Append(u.rewriteObject(ctx, r, d)...)
	return diags
}

// judgeApply repeats the errors of the plan. Its warnings have been read.
func (p *objectPlan) judgeApply(found assessment, d decision) diag.Diagnostics {
	var errs diag.Diagnostics
	for _, one := range p.judge(found, d) {
		if one.Severity() == diag.SeverityError {
			errs.Append(one)
		}
	}
	return errs
}

// checkPlannedKey refuses to write with another SSE-C key than the plan showed, or than the
// refresh of that plan found in the keyring. Terraform would blame the provider.
func (u *objectUpdate) checkPlannedKey(d decision) diag.Diagnostics {
	if !u.found.sse.key.OK || d.action == actionNone {
		return nil
	}
	got := u.found.sse.key.Key.MD5()
	planned := value.StringMember(u.plan.Encryption, "customer_key_md5")
	want := planned.ValueString()
	if planned.IsUnknown() {
		want = u.known.KeyringMD5s[u.found.sse.key.Name]
		if u.found.sse.key.Name == "" {
			want = ""
		}
	}
	if want == "" || want == got {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(u.found.sse.key.Source,
		"The SSE-C key is not the one that was planned", fmt.Sprintf("planned MD5 %s, got %s. "+
			"Nothing was changed. Plan again, with refresh.", want, got))}
}

// updateParts changes tags and ACL where they are all that differs.
func (u *objectUpdate) updateParts(ctx context.Context, d decision) diag.Diagnostics {
	ref := u.state.ref(u.data.Region)
	tried := diagnose.Attempt{Ref: ref, Endpoint: u.data.Endpoint}
	u.result, u.done = u.unwrittenState(), true
	if d.tags {
		if err := u.data.Client.PutTags(ctx, ref, value.StringMap(u.plan.Tags)); err != nil {
			u.done = false
			tried.Doing, tried.At = "change the tags of the object", path.Root("tags")
			return diag.Diagnostics{tried.Failed(err)}
		}
	}
	if d.acl {
		acl := cosapi.ACL{Canned: u.plan.ACL.ValueString()}
		if err := u.data.Client.PutACL(ctx, ref, acl); err != nil {
			// The tags, if any, are changed: only the ACL is as it was.
			u.result.ACL = u.state.ACL
			tried.Doing, tried.At = "change the ACL of the object", path.Root("acl")
			return diag.Diagnostics{tried.Failed(err)}
		}
	}
	return nil
}

// unwrittenState is the plan with the facts of an object that is not written: what was unknown
// turns out to be as it was. What the plan knew stays, even where the deep check has seen something
// newer: Terraform takes any other value for a defect, and the next refresh brings it.
func (u *objectUpdate) unwrittenState() resourceModel {
	state := u.plan
	if state.ETag.IsUnknown() {
		state.ETag = u.state.ETag
	}
	if state.VersionID.IsUnknown() {
		state.VersionID = u.state.VersionID
	}
	if state.CRC64ECMA.IsUnknown() {
		state.CRC64ECMA = u.state.CRC64ECMA
	}
	if state.Size.IsUnknown() {
		state.Size = u.state.Size
	}
	if _, known := sse.EncryptionStatus(state.Encryption); !known {
		state.Encryption = u.state.Encryption
	}
	observed, _ := sse.EncryptionStatus(u.state.Encryption)
	if u.found.choice.Mode == cosapi.ModeSSEKMS {
		state.SSE = sse.WithKMSKeyID(state.SSE, value.StringOrNull(observed.KMSKeyID))
	}
	if state.ContentType.IsUnknown() {
		state.ContentType = u.state.ContentType
	}
	if state.StorageClass.IsUnknown() {
		state.StorageClass = u.state.StorageClass
	}
	u.known.KeyMD5 = observed.CustomerKeyMD5
	hideSecretBody(&state, observed.Mode)
	return state
}

// rewriteObject uploads or copies the object.
func (u *objectUpdate) rewriteObject(
	ctx context.Context, r *managedResource, d decision,
) diag.Diagnostics {
	if u.plan.StorageClass.IsUnknown() || u.plan.StorageClass.IsNull() {
		u.plan.StorageClass = u.state.StorageClass
	}
	write, diags := r.newWrite(u.plan, u.config, u.found.sse.kmsKeyID)
	if diags.HasError() {
		return diags
	}
	write.choice, write.replacing = u.found.choice, true
	u.write = write
	ctx = write.masked(ctx)
	var done written
	var err error
	if d.action == actionRewrite {
		done, err = u.copyOntoItself(ctx)
	} else {
		done, err = u.replaceBytes(ctx, d)
	}
	var same *sameBytesError
	if errors.As(err, &same) {
		u.takeSame(same.info)
		return u.updateParts(ctx, decision{
			tags: u.found.input.tags != unchanged, acl: u.found.input.acl != unchanged,
		})
	}
	return u.finish(done, err)
}

// finish takes over the outcome of a write. What was stored with other encryption than asked is
// in the state as what it is, and an error.
func (u *objectUpdate) finish(done written, err error) diag.Diagnostics {
	var mismatch *cosapi.EncryptionMismatchError
	if errors.As(err, &mismatch) {
		done.WriteResult = mismatch.Result
	}
	if err == nil || mismatch != nil {
		u.data.Written.Claim(u.write.ref)
		u.result, u.done = u.write.stateAfter(done), true
		u.known = u.carry(u.write.baselineAfter(done))
	}
	if err == nil {
		return diagnose.WarningsOf(u.write.ref, done.WriteResult)
	}
	return diag.Diagnostics{u.explain(err)}
}

// carry keeps of the baseline what a write does not change.
func (u *objectUpdate) carry(b baseline) baseline {
	if b.File == nil && u.write.body.kind == bodySource {
		b.File, b.FileHashedAt = u.known.File, u.known.FileHashedAt
	}
	if b.CopySourceETag == "" && u.write.body.kind == bodyCopySource {
		b.CopySourceETag = u.known.CopySourceETag
		b.CopySourceVersionID = u.known.CopySourceVersionID
	}
	if u.known.ContentType == "" && u.config.ContentType.IsNull() &&
		u.plan.ContentType.Equal(u.state.ContentType) {
		// It came with the object and was not chosen from here: later plans keep it as well.
		b.ContentType = ""
	}
	return b
}

// explain turns the error of an update into a diagnostic.
func (u *objectUpdate) explain(err error) diag.Diagnostic {
	var content *cosapi.ContentChangedError
	changed := sinceRead(u.write.ref, err)
	switch {
	case changed != nil:
		return changed
	case errors.As(err, &content):
		return diag.NewAttributeErrorDiagnostic(u.write.body.argument(),
			"The file changed after the plan", fmt.Sprintf("%s had CRC64 %s when it was planned "+
				"and has %s now. Nothing was changed in COS. Plan again.", u.write.body.path,
				content.Want, content.Got))
	}
	return u.write.explain("update the object", err)
}

// takeSame stores what the HEAD before an upload showed: the object has the bytes already.
func (u *objectUpdate) takeSame(info cosapi.ObjectInfo) {
	refresh := &objectRefresh{
		data: u.data, ref: u.state.ref(u.data.Region), state: u.state, known: u.known,
	}
	refresh.take(info)
	u.state, u.known = refresh.state, refresh.known
	u.known.Rewritten = false
	if u.plan.ContentWOVersion.IsNull() {
		u.state.CRC64ECMA = value.StringOrNull(info.CRC64)
		u.state.Size = types.Int64Value(info.Size)
		u.state.ETag = types.StringValue(info.ETag)
	}
}
