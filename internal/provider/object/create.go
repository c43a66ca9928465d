package object

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Create writes the object with everything in one request, or by parts. Unless overwrite is set
// it asks first whether there is an object, and COS to refuse if there is.
func (r *managedResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var plan, config resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(r.ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	deadline, diags := plan.Timeouts.Create(ctx, 0)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := value.WithDeadline(ctx, deadline)
	defer cancel()

	write, diags := r.newWrite(plan, config, types.StringNull())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	created, diags := write.create(write.masked(ctx))
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	state := write.stateAfter(created)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, write.ref)...)
	resp.Diagnostics.Append(write.baselineAfter(created).write(ctx, resp.Private)...)
}

// objectWrite is one create or update under way.
type objectWrite struct {
	data       *providerdata.Data
	ref        cosapi.ObjectRef
	plan       resourceModel
	body       objectBody
	choice     sse.Choice
	encryption cosapi.Encryption
	// replacing: there is an object, and the write is an update of it.
	replacing bool
	// source is the object to copy when the body is copy_source.
	source cosapi.CopySource
}

// written is the outcome of a write: COS's answer and, for a body from a file, the fact of the
// file that was sent.
type written struct {
	cosapi.WriteResult
	file *cosapi.FileFact
	// copied is the source of a copy, as it was when it was copied.
	copied *cosapi.ObjectInfo
	// adopted: nothing was written, because the object was there already.
	adopted bool
}

// newWrite gathers what a write needs and looks up keys. remembered is the KMS key in the state.
func (r *managedResource) newWrite(
	plan, config resourceModel, remembered types.String,
) (*objectWrite, diag.Diagnostics) {
	choice := sse.Decode(config.SSE)
	// The plan has the schema's default; the configuration has the write-only key.
	planned := sse.Decode(plan.SSE)
	choice.Algorithm = planned.Algorithm
	body, diags := decodeBody(config)
	encryption, encryptionDiags := choice.Encryption(
		r.data.Keyring, r.data.KeyringUnknown, remembered)
	diags.Append(encryptionDiags...)
	write := &objectWrite{
		data: r.data, ref: plan.ref(r.data.Region), plan: plan,
		body: body, choice: choice, encryption: encryption,
	}
	if body.kind == bodyCopySource && !diags.HasError() {
		source, sourceDiags := body.copySource.Source(
			r.data.Keyring, r.data.KeyringUnknown, write.ref.Region)
		diags.Append(sourceDiags...)
		write.source = source
	}
	return write, diags
}

// masked is ctx with every key of this write masked in logs.
func (w *objectWrite) masked(ctx context.Context) context.Context {
	return w.data.MaskSecrets(ctx, w.keys()...)
}

// keys are the SSE-C keys that the write presents, for the object and for what it copies.
func (w *objectWrite) keys() []cosapi.CustomerKey {
	var keys []cosapi.CustomerKey
	if ssec, ok := w.encryption.(cosapi.SSEC); ok {
		keys = append(keys, ssec.Key)
	}
	if w.source.Key != nil {
		keys = append(keys, *w.source.Key)
	}
	return keys
}

// attempt describes what this write was doing, for errors.
func (w *objectWrite) attempt(doing string) diagnose.Attempt {
	return diagnose.Attempt{
		Doing: doing, Ref: w.ref, Endpoint: w.data.Endpoint, Mode: w.encryption.Mode(),
	}
}

// create guards against overwriting and writes. An object that COS did not encrypt as asked is
// deleted again. Nobody else in this process is at work on the key meanwhile.
func (w *objectWrite) create(ctx context.Context) (written, diag.Diagnostics) {
	unlock, err := w.lock(ctx)
	if err != nil {
		return written{}, diag.Diagnostics{w.attempt("create the object").Failed(err)}
	}
	defer unlock()
	if !w.data.Written.Claim(w.ref) {
		return written{}, diag.Diagnostics{writtenTwice(w.ref)}
	}
	created, diags := w.createClaimed(ctx)
	if diags.HasError() {
		w.data.Written.Release(w.ref)
	}
	return created, diags
}

// lock excludes every other work on the object, and changes of what is copied.
func (w *objectWrite) lock(ctx context.Context) (func(), error) {
	if w.body.kind == bodyCopySource {
		return w.data.Written.Lock(ctx, w.ref, &w.source.Ref)
	}
	return w.data.Written.Lock(ctx, w.ref, nil)
}

func (w *objectWrite) createClaimed(ctx context.Context) (written, diag.Diagnostics) {
	options := writeOptions(w.plan, w.encryption)
	if !w.plan.Overwrite.ValueBool() {
		found, err := w.lookBefore(ctx, false)
		switch {
		case err != nil:
			tried := w.attempt("find out whether the object exists")
			return written{}, diag.Diagnostics{w.blameArgument(tried, err).Failed(err)}
		case found.What != cosapi.Absent:
			return w.takeOver(ctx, found)
		}
		options.ForbidOverwrite, options.Guard = true, w.stillAbsent
	}
	created, err := w.writeBody(ctx, options, "")
	if err == nil {
		return created, diagnose.WarningsOf(w.ref, created.WriteResult)
	}
	var exists *existsError
	if errors.As(err, &exists) {
		return w.takeOver(ctx, exists.found)
	}
	if cosapi.Classify(err) == cosapi.ClassExists {
		return w.appeared(ctx, err)
	}
	return written{}, w.createFailed(ctx, err)
}

// appeared judges an object that COS found when the write arrived, and a look before did not.
func (w *objectWrite) appeared(ctx context.Context, refusal error) (written, diag.Diagnostics) {
	found, err := w.lookBefore(ctx, false)
	if err != nil || found.What != cosapi.Exists && found.What != cosapi.Refused {
		return written{}, diag.Diagnostics{w.explain("create the object", refusal)}
	}
	return w.takeOver(ctx, found)
}

// createFailed reports a failed create, after taking away what COS holds in another way than
// asked: it is in no state, and the next create would refuse to replace it.
func (w *objectWrite) createFailed(ctx context.Context, err error) diag.Diagnostics {
	diags := diag.Diagnostics{w.explain("create the object", err)}
	if _, err := w.data.Client.TakeBack(ctx, w.ref, w.encryption, err); err != nil {
		tried := w.attempt("delete the object that was not stored as asked")
		diags.Append(tried.Failed(err))
	}
	return diags
}

// explain turns the error of a write into a diagnostic. A file that cannot be read has nothing to
// do with COS.
func (w *objectWrite) explain(doing string, err error) diag.Diagnostic {
	var local *fs.PathError
	if w.body.kind == bodySource && errors.As(err, &local) {
		return (&assessor{applying: true, creating: !w.replacing}).fileProblem(w.body.path, err)
	}
	var source *copySourceError
	if errors.As(err, &source) {
		return source.diagnostic(w.data.Endpoint)
	}
	return w.blameArgument(w.attempt(doing), err).Failed(err)
}

// copySourceError is an error about the source of copy_source, not about the object.
type copySourceError struct {
	ref cosapi.ObjectRef
	err error
}

// Error implements error.
func (e *copySourceError) Error() string { return e.err.Error() }

// Unwrap returns what COS answered.
func (e *copySourceError) Unwrap() error { return e.err }

func (e *copySourceError) diagnostic(endpoint string) diag.Diagnostic {
	tried := diagnose.Attempt{
		Doing: "copy the source", Ref: e.ref, Endpoint: endpoint, At: path.Root("copy_source"),
	}
	if cosapi.Classify(e.err) != cosapi.ClassPrecondition {
		return tried.Failed(e.err)
	}
	return tried.Diagnostic("The source is not the one that was named", diagnose.Paragraphs(
		tried.Answer(e.err), fmt.Sprintf("The source %s has another ETag than if_match names, or "+
			"it changed while it was copied. Nothing was copied. Plan again, and give if_match "+
			"the ETag of the source as it is.", e.ref)))
}

// blameArgument points an error at the argument that caused it, where there is one.
func (w *objectWrite) blameArgument(tried diagnose.Attempt, err error) diagnose.Attempt {
	switch cosapi.Classify(err) {
	case cosapi.ClassKMS:
		tried.At = path.Root("sse").AtListIndex(0).AtName("kms").AtListIndex(0).AtName("key_id")
	case cosapi.ClassNoSuchBucket:
		tried.At = path.Root("bucket")
	}
	return tried
}

// writtenTwice is the error of a second resource with the same key.
func writtenTwice(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("key"), "Two resources write one object",
		fmt.Sprintf("This run has created %s in region %s already. Give each object one resource; "+
			"a replacement on the same key must not use create_before_destroy.", ref, ref.Region))
}

// importIDOf is the id that imports ref. In another region than the provider's only the URL does.
func importIDOf(d *providerdata.Data, ref cosapi.ObjectRef) string {
	if ref.Region != d.Region {
		return d.Client.URL(ref)
	}
	return ref.Bucket + "/" + ref.Key
}
