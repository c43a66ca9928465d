package bucketencryption

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// ModifyPlan predicts encryption, and says what a weaker default means.
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
	plan.ID = plan.Bucket
	create := req.State.Raw.IsNull() || len(resp.RequiresReplace) > 0
	if create && !value.IsSet(plan.Region) && r.data != nil && r.data.Region != "" {
		plan.Region = types.StringValue(r.data.Region)
	}
	plan.Encryption = types.ObjectUnknown(encryptionTypes)
	if !create {
		var state model
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		plan.Region = state.Region
		resp.Diagnostics.Append(plan.predict(state)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// predict keeps the default that is as wanted.
func (m *model) predict(state model) diag.Diagnostics {
	if m.SSE.IsUnknown() || value.StringMember(value.OnlyBlock(value.ListMember(
		value.OnlyBlock(m.SSE), "kms")), "key_id").IsUnknown() {
		return nil
	}
	is, found := stateEncryption(state)
	want := wanted(m.SSE)
	if satisfies(is, found, want) {
		m.Encryption = state.Encryption
		return nil
	}
	if document, err := cosapi.DefaultEncryption(want); err == nil {
		m.Encryption = encryptionObject(document, true)
	}
	if is.Status().Mode == cosapi.ModeSSEKMS && want.Mode() == cosapi.ModeSSECOS {
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("sse"),
			"The bucket's default becomes weaker", "Later uploads without a header get a key that COS "+
				"keeps instead of one in KMS: whoever may read the object needs no right to the key any "+
				"more. Objects that exist keep their encryption.")}
	}
	return nil
}

// stateEncryption is what COS reported last.
func stateEncryption(state model) (cosapi.BucketEncryption, bool) {
	member := func(name string) string {
		return value.StringMember(state.Encryption, name).ValueString()
	}
	switch cosapi.Mode(member("mode")) {
	case cosapi.ModeSSECOS:
		return cosapi.BucketEncryption{Algorithm: member("algorithm")}, true
	case cosapi.ModeSSEKMS:
		return cosapi.BucketEncryption{Algorithm: "KMS", KMSKeyID: member("kms_key_id")}, true
	}
	return cosapi.BucketEncryption{}, false
}

// Create sets the default. Another one that is there stays, unless overwrite says otherwise; one that
// is as wanted is taken over.
func (r *managedResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(r.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = r.data.MaskSecrets(ctx)
	bucket, diags := r.bucket(plan)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	is, found, err := r.data.Client.BucketEncryption(ctx, bucket)
	switch {
	case err != nil:
		resp.Diagnostics.Append(r.attempt(bucket, "read the default encryption of").Failed(err))
		return
	case found && !satisfies(is, found, wanted(plan.SSE)) && !plan.Overwrite.ValueBool():
		resp.Diagnostics.Append(refused(bucket, is))
		return
	}
	if !satisfies(is, found, wanted(plan.SSE)) {
		resp.Diagnostics.Append(r.change(ctx, bucket, plan, is, found)...)
	}
	resp.Diagnostics.Append(r.store(ctx, bucket, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan)...)
}

func refused(bucket cosapi.ObjectRef, is cosapi.BucketEncryption) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("bucket"),
		"The bucket has another default encryption", fmt.Sprintf("The default of %s is %s. Nothing "+
			"was changed. To manage it, import it:\n\n  terraform import "+
			"cos_bucket_encryption.<name> %s\n\nTo replace it, set overwrite = true.", bucket.Bucket,
			is.Status(), bucket.Bucket))
}

// Update sets another default, of the one that was planned against.
func (r *managedResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = r.data.MaskSecrets(ctx)
	bucket, diags := r.bucket(plan)
	resp.Diagnostics.Append(diags...)
	if known, had := stateEncryption(state); !satisfies(known, had, wanted(plan.SSE)) {
		resp.Diagnostics.Append(r.update(ctx, bucket, plan, state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.store(ctx, bucket, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan)...)
}

func (r *managedResource) update(
	ctx context.Context, bucket cosapi.ObjectRef, plan, state model,
) diag.Diagnostics {
	is, found, err := r.data.Client.BucketEncryption(ctx, bucket)
	switch {
	case err != nil:
		return diag.Diagnostics{r.attempt(bucket, "read the default encryption of").Failed(err)}
	case satisfies(is, found, wanted(plan.SSE)):
		return nil
	case !encryptionObject(is, found).Equal(state.Encryption):
		return diag.Diagnostics{diag.NewErrorDiagnostic("The bucket's default changed since it was "+
			"last read", fmt.Sprintf("The default of %s is %s now. Nothing was changed. Plan again.",
			bucket.Bucket, is.Status()))}
	}
	return r.change(ctx, bucket, plan, is, found)
}

// change sets the default and proves it.
func (r *managedResource) change(
	ctx context.Context, bucket cosapi.ObjectRef, plan model, is cosapi.BucketEncryption, found bool,
) diag.Diagnostics {
	err := change{
		client: r.data.Client, bucket: bucket, want: wanted(plan.SSE), former: is, had: found,
		verify: plan.Verify.ValueBool(), now: time.Now, sleep: sleep,
	}.run(ctx)
	if err == nil {
		return nil
	}
	return diag.Diagnostics{r.failed(bucket, is, err)}
}

// failed says what is the bucket's default now.
func (r *managedResource) failed(
	bucket cosapi.ObjectRef, former cosapi.BucketEncryption, err error,
) diag.Diagnostic {
	var unproven *unprovenError
	var undone *undoneError
	attempt := r.attempt(bucket, "set the default encryption of")
	detail := diagnose.Paragraphs(attempt.Answer(err), attempt.Remedy(err))
	switch {
	case errors.As(err, &unproven) && cosapi.Classify(err) == cosapi.ClassPermission:
		return diag.NewErrorDiagnostic("The key could not be tried", diagnose.Paragraphs(
			"An object was to be written with the key before the default is set, and COS denied that. "+
				"It proves nothing about the key: the right to write below "+canaryFolder+" may be "+
				"missing. The default was not changed. Grant it, or set verify = false.", detail))
	case errors.As(err, &unproven):
		return diag.NewErrorDiagnostic("COS cannot use the key", diagnose.Paragraphs(
			"An object with this key could not be written. As the bucket's default it would make "+
				"every upload fail that does not say otherwise, so the default was not changed.", detail))
	case errors.As(err, &undone) && undone.kept == nil:
		return diag.NewErrorDiagnostic("The default encryption does not work", diagnose.Paragraphs(
			fmt.Sprintf("The default of %s was set and does not show, so the former one is back: %s.",
				bucket.Bucket, former.Status()), detail))
	case errors.As(err, &undone):
		return diag.NewErrorDiagnostic("The default encryption does not work, and stays",
			diagnose.Paragraphs(fmt.Sprintf("The default of %s was set and does not show. The former "+
				"one, %s, could not be put back: %s. Put it back by hand, or apply again.",
				bucket.Bucket, former.Status(), diagnose.Sentence(undone.kept)), detail))
	}
	return attempt.Failed(err)
}

// store fills in what COS reports now.
func (r *managedResource) store(
	ctx context.Context, bucket cosapi.ObjectRef, m *model,
) diag.Diagnostics {
	m.ID, m.Region = types.StringValue(bucket.Bucket), types.StringValue(bucket.Region)
	document, err := cosapi.DefaultEncryption(wanted(m.SSE))
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("The default cannot be described", err.Error())}
	}
	if m.Encryption.IsUnknown() {
		m.Encryption = encryptionObject(document, true)
	}
	return nil
}

// Read reads the default. Its absence is drift, not the resource's: the bucket is there.
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
	bucket, diags := r.bucket(state)
	resp.Diagnostics.Append(diags...)
	is, found, err := r.data.Client.BucketEncryption(ctx, bucket)
	try := r.attempt(bucket, "read the default encryption of")
	switch {
	case cosapi.Classify(err) == cosapi.ClassNoSuchBucket:
		resp.Diagnostics.Append(try.Warning(err))
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.Append(try.Failed(err))
		return
	}
	if _, had := stateEncryption(state); had && !found {
		resp.Diagnostics.AddWarning("The bucket's default encryption was removed", fmt.Sprintf(
			"Somebody removed the default of %s: uploads without a header are stored in plain. If a "+
				"tencentcloud_cos_bucket manages this bucket, give it lifecycle { ignore_changes = "+
				"[encryption_algorithm, kms_id] }.", bucket.Bucket))
	}
	if len(state.SSE.Elements()) == 0 {
		state.SSE = importedSSE(is, found)
	}
	state.ID, state.Region = types.StringValue(bucket.Bucket), types.StringValue(bucket.Region)
	state.Encryption = encryptionObject(is, found)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Delete removes the default if it still is the one in the state.
func (r *managedResource) Delete(
	ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if state.DeletionPolicy.ValueString() == policyAbandon {
		return
	}
	resp.Diagnostics.Append(r.data.Ready()...)
	bucket, diags := r.bucket(state)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = r.data.MaskSecrets(ctx)
	is, found, err := r.data.Client.BucketEncryption(ctx, bucket)
	switch {
	case cosapi.Classify(err) == cosapi.ClassNoSuchBucket, err == nil && !found:
		return
	case err != nil:
		resp.Diagnostics.Append(r.attempt(bucket, "read the default encryption of").Failed(err))
		return
	case !encryptionObject(is, found).Equal(state.Encryption):
		resp.Diagnostics.AddWarning("The bucket's default encryption stays", fmt.Sprintf(
			"The default of %s is %s, which somebody else has set. It was left as it is.",
			bucket.Bucket, is.Status()))
		return
	}
	if err := r.data.Client.DeleteBucketEncryption(ctx, bucket); err != nil {
		resp.Diagnostics.Append(r.attempt(bucket, "remove the default encryption of").Failed(err))
	}
}

func (r *managedResource) bucket(m model) (cosapi.ObjectRef, diag.Diagnostics) {
	return address.Object{Bucket: m.Bucket, Region: m.Region}.Resolve(
		r.data.Region, path.Root("region"))
}

func (r *managedResource) attempt(bucket cosapi.ObjectRef, doing string) diagnose.Attempt {
	return diagnose.Attempt{Doing: doing + " the bucket", Ref: bucket, Endpoint: r.data.Endpoint}
}
