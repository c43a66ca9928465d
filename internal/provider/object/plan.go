package object

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// ModifyPlan sets every computed attribute and says what an update will cost. Terraform calls it
// in the plan and again in the apply; both calls must agree, so nothing is predicted that may be
// another value by then.
func (r *managedResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if r.data == nil {
		return
	}
	if req.Plan.Raw.IsNull() {
		r.planDestroy(ctx, req, resp)
		return
	}
	p := &objectPlan{}
	p.data, p.creating = r.data, req.State.Raw.IsNull()
	resp.Diagnostics.Append(req.Config.Get(ctx, &p.config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &p.plan)...)
	p.state = emptyObjectModel()
	if !p.creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &p.state)...)
		known, diags := readBaseline(ctx, req.Private)
		resp.Diagnostics.Append(diags...)
		p.known = known
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(p.run(r.data.MaskSecrets(ctx, clearKeys(p.state.SSE)...))...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &p.plan)...)
}

// objectPlan is one plan under way: run turns plan into what is proposed to the user.
type objectPlan struct {
	assessor
	// prior is the state as it was, where the deep check has seen something newer.
	prior resourceModel
}

func (p *objectPlan) run(ctx context.Context) diag.Diagnostics {
	p.prior = p.state
	p.state = p.state.withClass(p.known)
	p.planPlace()
	if p.plan.Region.IsNull() {
		return diag.Diagnostics{address.NoRegion()}
	}
	p.creating = p.creating || p.moves()
	var diags diag.Diagnostics
	if p.creating {
		p.known = baseline{}
	} else if ref := p.state.ref(p.data.Region); p.data.Written.PlannedCurrent(ref) {
		diags.Append(deletedByThisApply(ref))
	}
	if !p.creating && p.neverRead() {
		return diag.Diagnostics{notReadYet(p.state.ref(p.data.Region))}
	}
	diags.Append(p.verifyWithConfiguredKey(ctx)...)
	p.planHeaders()
	found, assessDiags := p.assess(ctx)
	diags.Append(assessDiags...)
	if diags.HasError() {
		return diags
	}
	d := decide(found.input)
	diags.Append(p.judge(found, d)...)
	if p.replaces() && !diags.HasError() {
		diags.Append(p.proveSuccessor(ctx, found)...)
	}
	p.planComputed(found, d)
	return diags
}

// moves reports a change of bucket, key or region, which replaces the object. Terraform plans the
// new one again without a prior state.
func (p *objectPlan) moves() bool {
	if p.state.Bucket.IsNull() {
		return false
	}
	region := !p.config.Region.IsNull() && !p.state.Region.IsNull() &&
		!p.config.Region.Equal(p.state.Region)
	return region || !p.plan.Bucket.Equal(p.state.Bucket) || !p.plan.Key.Equal(p.state.Key)
}

// neverRead reports an object that a moved block or an import has put into the state and that no
// refresh has looked at since.
func (p *objectPlan) neverRead() bool {
	return p.state.ETag.IsNull() && p.state.Encryption.IsNull()
}

// planPlace sets id, region and url.
func (p *objectPlan) planPlace() {
	if p.config.Region.IsNull() {
		p.plan.Region = p.defaultRegion()
	}
	p.plan.ID, p.plan.URL = types.StringUnknown(), types.StringUnknown()
	if p.plan.Bucket.IsUnknown() || p.plan.Key.IsUnknown() {
		return
	}
	p.plan.ID = types.StringValue(p.plan.Bucket.ValueString() + "/" + p.plan.Key.ValueString())
	switch {
	case p.plan.Region.IsUnknown():
	case p.data.Client != nil:
		p.plan.URL = types.StringValue(p.data.Client.URL(p.plan.ref(p.data.Region)))
	case !p.creating && !p.moves() && !p.state.URL.IsNull():
		p.plan.URL = p.state.URL
	}
}

// defaultRegion is the state's, else the provider's.
func (p *objectPlan) defaultRegion() types.String {
	switch {
	case !p.state.Region.IsNull() && p.plan.Bucket.Equal(p.state.Bucket) &&
		p.plan.Key.Equal(p.state.Key):
		return p.state.Region
	case p.data.RegionUnknown || p.data.Region == "" && p.data.Unknown:
		return types.StringUnknown()
	}
	return value.StringOrNull(p.data.Region)
}

// planHeaders guesses the content type where none is configured. An object that was not written
// from here keeps the type that it has.
func (p *objectPlan) planHeaders() {
	if !p.config.ContentType.IsNull() {
		return
	}
	guess := guessContentType(p.plan.Key, p.config.Source)
	keeps := !p.creating && p.known.ContentType == "" && !p.state.ContentType.IsNull()
	noBody := p.config.Source.IsNull() && p.config.Content.IsNull() &&
		p.config.ContentBase64.IsNull() && p.config.ContentWO.IsNull() &&
		!value.IsPresent(p.config.CopySource)
	if keeps || noBody && !p.creating {
		guess = p.state.ContentType
	}
	p.plan.ContentType = guess
}

// verifyWithConfiguredKey looks at an SSE-C object whose key Read did not have, now that the
// configuration with key_wo is at hand. What it finds is compared with the configuration as the
// state is. It has to be the object that Read saw: nothing that is found here may be planned against
// in its place.
func (p *objectPlan) verifyWithConfiguredKey(ctx context.Context) diag.Diagnostics {
	if p.creating || p.data.Client == nil {
		return nil
	}
	observed, _ := sse.EncryptionStatus(p.state.Encryption)
	choice := sse.Decode(p.config.SSE)
	key, err := cosapi.ParseCustomerKey(choice.KeyWO.ValueString())
	refresh := &objectRefresh{
		data: p.data, ref: p.state.ref(p.data.Region), state: p.state, known: p.known,
	}
	if observed.Mode != cosapi.ModeSSEC || err != nil ||
		key.MD5() != refresh.recordedMD5() && !p.known.Unread ||
		len(refresh.readingKeys()) > 0 && !p.known.Unread {
		return nil
	}
	found, err := p.data.Client.Look(p.data.MaskSecrets(ctx, key), refresh.ref, cosapi.Ask{
		Keys: []*cosapi.CustomerKey{&key}, Reason: true, Witness: true,
	})
	if err == nil && found.What == cosapi.Exists {
		err = p.state.seen(p.known).Check(found)
	}
	if changed := sinceRead(refresh.ref, err); changed != nil {
		return diag.Diagnostics{changed}
	}
	diags := refresh.takeLook(found, err)
	if refresh.gone {
		return diag.Diagnostics{sinceRead(refresh.ref, &cosapi.ChangedError{What: cosapi.Deleted})}
	}
	p.state, p.known = refresh.state, refresh.known
	return diags
}

// planComputed sets what COS will report, as far as it is certain.
func (p *objectPlan) planComputed(found assessment, d decision) {
	p.plan.StorageClass = p.storageClass(d)
	p.plan.CRC64ECMA, p.plan.Size = found.content.crc64, found.content.size
	p.plan.ETag, p.plan.VersionID = p.prior.ETag, p.prior.VersionID
	if d.written {
		p.plan.ETag, p.plan.VersionID = types.StringUnknown(), types.StringUnknown()
	}
	p.plan.Encryption = found.sse.object()
	if found.choice.Mode == cosapi.ModeSSEKMS && p.config.hasNoKMSKey() {
		p.plan.SSE = sse.WithKMSKeyID(p.plan.SSE, found.sse.kmsKeyID)
	}
	switch {
	case found.body.kind == bodyNone:
		p.planKeptBytes(d)
	case found.body.kind == bodyCopySource && !p.creating && !p.plan.equal(p.prior):
		// The source may be another one by the time of the apply, which then copies it again. A plan
		// that had promised these would be called a defect of the provider.
		p.plan.CRC64ECMA, p.plan.Size = types.StringUnknown(), types.Int64Unknown()
		p.plan.ETag, p.plan.VersionID = types.StringUnknown(), types.StringUnknown()
	}
}

// planKeptBytes sets what is known of the bytes of an object without a body. What the state lacks,
// as for an old object or a former write-only body, the answer to a copy may supply.
func (p *objectPlan) planKeptBytes(d decision) {
	switch {
	case d.action == actionNone:
		p.plan.CRC64ECMA, p.plan.Size = p.prior.CRC64ECMA, p.prior.Size
		return
	case p.plan.CRC64ECMA.IsNull():
		p.plan.CRC64ECMA = types.StringUnknown()
	}
	if p.plan.Size.IsNull() {
		p.plan.Size = types.Int64Unknown()
	}
}

// hasNoKMSKey reports an sse block with kms that leaves the key to COS.
func (m resourceModel) hasNoKMSKey() bool {
	choice := sse.Decode(m.SSE)
	return choice.KMSKeyID.IsNull()
}

// storageClass is the configured one, else the one the object is in. After an import the state has
// none, so that no generated configuration has one: a write then makes it known.
func (p *objectPlan) storageClass(d decision) types.String {
	switch {
	case !p.config.StorageClass.IsNull():
		return p.config.StorageClass
	case p.creating, d.written && p.prior.StorageClass.IsNull():
		return types.StringUnknown()
	}
	return p.prior.StorageClass
}
