package object

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// defaultStorageClass is what COS stores an object in when no class is asked for.
const defaultStorageClass = "STANDARD"

// writeBody uploads the body or copies the source of copy_source. expect is the CRC64 that the
// plan saw; "" takes the bytes as they are found.
func (w *objectWrite) writeBody(
	ctx context.Context, options cosapi.WriteOptions, expect string,
) (written, error) {
	if w.body.kind == bodyCopySource {
		return w.copyBody(ctx, options)
	}
	fact, err := w.body.fileFact()
	if err != nil {
		return written{}, err
	}
	body, err := w.body.open()
	if err != nil {
		return written{}, err
	}
	defer func() { _ = body.Close() }()
	result, err := w.data.Client.Put(ctx, w.ref, body, cosapi.PutOptions{
		WriteOptions: options, ExpectCRC64: expect,
	})
	if fact != nil {
		fact.CRC64 = result.CRC64
	}
	if err == nil && w.body.kind == bodyContentWO && hidesETag(w.encryption.Mode()) {
		w.rememberTime(ctx, &result)
	}
	return written{WriteResult: result, file: fact}, err
}

// rememberTime asks for the Last-Modified of a body of which nothing else may be kept. An object
// that is not ours any more has none for us: then the moment of the write stands in for it.
func (w *objectWrite) rememberTime(ctx context.Context, result *cosapi.WriteResult) {
	info, err := w.data.Client.HeadOnly(ctx, w.ref, nil)
	if err == nil && info.ETag == result.ETag && info.CRC64 == result.CRC64 {
		result.LastModified = info.LastModified
	}
}

// copyBody copies the source of copy_source.
func (w *objectWrite) copyBody(
	ctx context.Context, options cosapi.WriteOptions,
) (written, error) {
	source, err := w.data.Client.Head(ctx, w.source.Ref, w.source.Key)
	if err != nil {
		return written{}, &copySourceError{ref: w.source.Ref, err: err}
	}
	from := w.source
	from.Size, from.CRC64 = source.Size, source.CRC64
	// Who names a version of the object itself wants it to be the current one again.
	from.Rollback = true
	if from.IfMatch == "" {
		from.IfMatch = source.ETag
	}
	result, err := w.data.Client.Copy(ctx, from, w.ref, cosapi.CopyOptions{WriteOptions: options})
	if cosapi.Classify(err) == cosapi.ClassPrecondition {
		err = &copySourceError{ref: w.source.Ref, err: err}
	}
	if result.CRC64 == "" {
		result.CRC64 = source.CRC64
	}
	result.Size = source.Size
	return written{WriteResult: result, copied: &source}, err
}

// stateAfter is the plan with everything filled in that the write has made known.
func (w *objectWrite) stateAfter(done written) resourceModel {
	state := w.plan
	state.ID = types.StringValue(w.ref.Bucket + "/" + w.ref.Key)
	state.Region = types.StringValue(w.ref.Region)
	state.URL = types.StringValue(w.data.Client.URL(w.ref))
	if state.StorageClass.IsUnknown() || state.StorageClass.IsNull() {
		state.StorageClass = types.StringValue(defaultStorageClass)
	}
	state.ETag = value.StringOrNull(done.ETag)
	state.VersionID = value.StringOrNull(done.VersionID)
	state.CRC64ECMA = value.StringOrNull(done.CRC64)
	state.Size = types.Int64Value(done.Size)
	state.Encryption = sse.EncryptionObject(done.Encryption)
	if w.choice.Mode == cosapi.ModeSSEKMS {
		state.SSE = sse.WithKMSKeyID(state.SSE, value.StringOrNull(w.kmsKeyID(done)))
	}
	hideSecretBody(&state, done.Encryption.Mode)
	return state
}

// kmsKeyID is the key to remember: the one that COS used. An object that it did not encrypt is to
// be encrypted with the key that was asked for.
func (w *objectWrite) kmsKeyID(done written) string {
	if asked, ok := w.encryption.(cosapi.SSEKMS); ok && done.Encryption.KMSKeyID == "" {
		return asked.KeyID
	}
	return done.Encryption.KMSKeyID
}

// hideSecretBody takes out of the state what a small write-only body could be guessed from: its
// CRC64, its size and, where the ETag is the MD5 of the plain bytes, its ETag.
func hideSecretBody(state *resourceModel, mode cosapi.Mode) {
	if state.ContentWOVersion.IsNull() {
		return
	}
	state.CRC64ECMA, state.Size = types.StringNull(), types.Int64Null()
	if hidesETag(mode) {
		state.ETag = types.StringNull()
	}
}

// hidesETag reports a mode in which the ETag is the MD5 of the plain bytes.
func hidesETag(mode cosapi.Mode) bool {
	return mode == cosapi.ModeSSECOS || mode == cosapi.ModeNone
}

// baselineAfter is what private state remembers of a write.
func (w *objectWrite) baselineAfter(done written) baseline {
	b := baseline{
		KeyMD5:      done.Encryption.CustomerKeyMD5,
		Endpoint:    w.data.Endpoint,
		KeyringMD5s: w.data.Keyring.MD5s(),
		ContentType: w.plan.ContentType.ValueString(),

		AskedAlgorithm:    w.choice.Algorithm.ValueString(),
		ReportedAlgorithm: done.Encryption.Algorithm,
	}
	b.LastModified = value.FormatTime(done.LastModified)
	if done.LastModified.IsZero() {
		b.WrittenAt = value.FormatTime(w.data.Client.Now())
	}
	if done.file != nil {
		b.File, b.FileHashedAt = done.file, value.FormatTime(time.Now())
	}
	b.Adopted = done.adopted
	if done.copied != nil {
		b.CopySourceETag = done.copied.ETag
		b.CopySourceVersionID = done.copied.VersionID
	}
	return b
}

// setIdentity records bucket, key and region for Terraform 1.12 and newer; older ones send no
// identity to fill.
func setIdentity(
	ctx context.Context, identity *tfsdk.ResourceIdentity, ref cosapi.ObjectRef,
) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, &objectIdentityModel{
		Bucket: types.StringValue(ref.Bucket),
		Key:    types.StringValue(ref.Key),
		Region: types.StringValue(ref.Region),
	})
}
