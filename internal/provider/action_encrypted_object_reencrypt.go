package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

var (
	_ action.ActionWithConfigure      = (*reencryptAction)(nil)
	_ action.ActionWithValidateConfig = (*reencryptAction)(nil)
)

// reencryptAction is the action cos_encrypted_object_reencrypt: one copy of an object onto itself,
// for objects that Terraform does not manage. Those that it manages change with their sse block.
type reencryptAction struct {
	data *providerData
}

func newReencryptAction() action.Action { return &reencryptAction{} }

// reencryptActionModel is its configuration.
type reencryptActionModel struct {
	Bucket  types.String `tfsdk:"bucket"`
	Key     types.String `tfsdk:"key"`
	Region  types.String `tfsdk:"region"`
	KeyName types.String `tfsdk:"key_name"`
	SSE     types.List   `tfsdk:"sse"`
}

// Metadata names the action.
func (a *reencryptAction) Metadata(
	_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object_reencrypt"
}

// Configure takes over what the configured provider offers.
func (a *reencryptAction) Configure(
	_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse,
) {
	data, diags := providerDataFrom(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	a.data = data
}

// Schema describes the action.
func (a *reencryptAction) Schema(
	_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Encrypts the current version of an object in another way, by one " +
			"server-side copy onto itself. Headers, metadata, tags, ACL and storage class stay. An " +
			"object that is encrypted as asked already is left alone. Meant for objects that " +
			"Terraform does not manage: for those that it does, change the `sse` block. Needs " +
			"Terraform 1.14 or newer.",
		Attributes: actionObjectAttributes(),
		Blocks:     map[string]schema.Block{"sse": sseActionBlock()},
	}
}

// ValidateConfig checks what needs no request.
func (a *reencryptAction) ValidateConfig(
	ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	var config reencryptActionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(validateSSE(path.Root("sse"), config.SSE)...)
}

// Invoke looks at the object and copies it where that is needed.
func (a *reencryptAction) Invoke(
	ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse,
) {
	var config reencryptActionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(a.data.ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := objectAddress{
		bucket: config.Bucket, key: config.Key, region: config.Region,
	}.resolve(a.data.region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	key, diags := namedKey(a.data.keyring, path.Root("key_name"), config.KeyName)
	resp.Diagnostics.Append(diags...)
	encryption, diags := a.encryption(config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	reencryption := reencryption{data: a.data, ref: ref, key: key, encryption: encryption}
	outcome, diags := reencryption.run(a.data.maskSecrets(ctx))
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() {
		resp.SendProgress(action.InvokeProgressEvent{Message: outcome})
	}
}

// encryption is what the sse block asks for.
func (a *reencryptAction) encryption(
	config reencryptActionModel,
) (cosapi.Encryption, diag.Diagnostics) {
	choice := decodeSSEAt(path.Root("sse"), config.SSE)
	if _, diags := namedKey(a.data.keyring, choice.at.AtName("key_name"), choice.keyName); diags.HasError() {
		return nil, diags
	}
	return choice.encryption(a.data.keyring, a.data.keyringUnknown, types.StringNull())
}

// reencryption is one object on its way to another encryption.
type reencryption struct {
	data *providerData
	ref  cosapi.ObjectRef
	// key opens the object, nil where the keyring is to be tried.
	key        *cosapi.CustomerKey
	encryption cosapi.Encryption
}

// run returns what was done in a sentence.
func (r reencryption) run(ctx context.Context) (string, diag.Diagnostics) {
	found, err := r.look(ctx)
	if err != nil {
		return "", diag.Diagnostics{lookFailed(r.data.keyring, r.attempt("read the object"), r.key, err)}
	}
	if r.isAsAsked(found.info) {
		return fmt.Sprintf("%s is encrypted with %s already", r.ref, r.encryption.Mode()), nil
	}
	if cosapi.Archived(found.info.StorageClass) && !found.info.Restore.Restored {
		return "", diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("key"),
			"The object is archived", fmt.Sprintf("%s is in the class %s and not restored, so COS "+
				"cannot copy it. Restore it first, for example with the action "+
				"cos_encrypted_object_restore. Nothing was changed.", r.ref,
				found.info.StorageClass))}
	}
	return r.copy(ctx, found)
}

// look opens the object with the key that was named, and where that is not its key as one that is
// encrypted as asked already: another run may have been here.
func (r reencryption) look(ctx context.Context) (objectLook, error) {
	found, err := r.data.look(ctx, r.ref, r.key)
	if err != nil && r.key != nil && cosapi.KeyMayHelp(err) {
		if other, otherErr := r.data.look(ctx, r.ref, nil); otherErr == nil {
			return other, nil
		}
	}
	return found, err
}

func (r reencryption) attempt(doing string) attempt {
	return attempt{
		doing: doing, ref: r.ref, endpoint: r.data.endpoint, mode: r.encryption.Mode(),
	}
}

// isAsAsked reports that nothing is to be done. An encryption context is never reported, so with
// one the object is always copied.
func (r reencryption) isAsAsked(info cosapi.ObjectInfo) bool {
	if kms, ok := r.encryption.(cosapi.SSEKMS); ok && len(kms.Context) > 0 {
		return false
	}
	warning, err := cosapi.VerifyEncryption(r.encryption, info.Encryption)
	return err == nil && warning == ""
}

// copy copies the object onto itself, on condition that it is still the one that was looked at. The
// source names no version: that one could be copied over a newer one.
func (r reencryption) copy(ctx context.Context, found objectLook) (string, diag.Diagnostics) {
	info := found.info
	acl, err := r.data.client.ACL(ctx, r.ref)
	if err != nil {
		return "", diag.Diagnostics{r.attempt("read the ACL, which a copy would lose, of the " +
			"object").failed(err)}
	}
	source := cosapi.CopySource{
		Ref: r.ref, Key: found.key, IfMatch: info.ETag, IfUnmodifiedSince: info.LastModified,
		Size: info.Size, CRC64: info.CRC64,
	}
	result, err := r.data.client.Copy(ctx, source, r.ref, cosapi.CopyOptions{
		KeepTags: true,
		WriteOptions: cosapi.WriteOptions{
			Encryption: r.encryption, Headers: info.Headers, StorageClass: info.StorageClass,
			ACL: &acl,
		},
	})
	if err != nil {
		return "", diag.Diagnostics{r.failed(err)}
	}
	diags := warningsOf(r.ref, result)
	if info.VersionID != "" {
		diags.Append(earlierVersions(info.Encryption.Mode))
	}
	return r.outcome(info.Encryption.Mode), diags
}

func (r reencryption) outcome(before cosapi.Mode) string {
	switch now := r.encryption.Mode(); before {
	case cosapi.ModeNone:
		return fmt.Sprintf("%s is encrypted with %s now, before it was not encrypted", r.ref, now)
	case now:
		return fmt.Sprintf("%s is encrypted with %s again, as asked for now", r.ref, now)
	default:
		return fmt.Sprintf("%s is encrypted with %s now, before it was with %s", r.ref, now, before)
	}
}

// failed describes a copy that COS refused or made wrongly.
func (r reencryption) failed(err error) diag.Diagnostic {
	class := cosapi.Classify(err)
	var mismatch *cosapi.EncryptionMismatchError
	if errors.As(err, &mismatch) || class != cosapi.ClassPrecondition &&
		class != cosapi.ClassNotFound {
		return r.attempt("encrypt the object in another way").failed(err)
	}
	return diag.NewErrorDiagnostic("The object changed meanwhile", fmt.Sprintf(
		"Somebody changed or deleted %s in region %s between the look at it and the copy. Nothing "+
			"was changed. Run the action again.", r.ref, r.ref.Region))
}
