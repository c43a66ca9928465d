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
// deleted again.
func (w *objectWrite) create(ctx context.Context) (written, diag.Diagnostics) {
	if !w.data.Written.Claim(w.ref) {
		return written{}, diag.Diagnostics{writtenTwice(w.ref)}
	}
	created, diags := w.createClaimed(ctx)
	if diags.HasError() {
		w.data.Written.Release(w.ref)
	}
	return created, diags
}

func (w *objectWrite) createClaimed(ctx context.Context) (written, diag.Diagnostics) {
	if !w.plan.Overwrite.ValueBool() {
		if diags := w.refuseToOverwrite(ctx); diags.HasError() {
			return written{}, diags
		}
	}
	options := writeOptions(w.plan, w.encryption)
	options.ForbidOverwrite = !w.plan.Overwrite.ValueBool()
	created, err := w.writeBody(ctx, options, "")
	if err == nil {
		return created, diagnose.WarningsOf(w.ref, created.WriteResult)
	}
	if cosapi.Classify(err) == cosapi.ClassExists {
		return written{}, diag.Diagnostics{w.alreadyExists()}
	}
	return written{}, w.createFailed(ctx, err)
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
		return (&assessor{applying: true}).fileProblem(w.body.path, err)
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
			"it changed while it was copied. Nothing was changed. Plan again, and give if_match "+
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

// refuseToOverwrite reports an error if there is an object already. It asks without a key, so an
// SSE-C object answers 400 or 403; a listing tells it from a lack of permission.
func (w *objectWrite) refuseToOverwrite(ctx context.Context) diag.Diagnostics {
	_, err := w.data.Client.HeadOnly(ctx, w.ref, nil)
	switch cosapi.StatusOf(err) {
	case 404:
		return nil
	case 0:
		if err == nil {
			return diag.Diagnostics{w.alreadyExists()}
		}
	case 400, 403:
		if _, found, listErr := w.data.Client.Find(ctx, w.ref); listErr == nil && found {
			return diag.Diagnostics{w.alreadyExists()}
		}
		// The follow-up supplies the code that the HEAD had no room for.
		_, err = w.data.Client.Head(ctx, w.ref, nil)
		switch {
		case err == nil:
			return diag.Diagnostics{w.alreadyExists()}
		case cosapi.Classify(err) == cosapi.ClassNotFound:
			return nil
		}
	}
	tried := w.attempt("find out whether the object exists")
	return diag.Diagnostics{w.blameArgument(tried, err).Failed(err)}
}

// alreadyExists says how to take an existing object over.
func (w *objectWrite) alreadyExists() diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("key"), "The object exists already",
		fmt.Sprintf("There is an object %s in region %s that this resource does not manage, and "+
			"it was not touched. To manage it, import it:\n\n"+
			"  terraform import ADDRESS '%s'\n\n"+
			"To replace it, set overwrite = true.", w.ref, w.ref.Region, importIDOf(w.data, w.ref)))
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
