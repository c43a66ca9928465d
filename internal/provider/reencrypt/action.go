// Package reencrypt is the action cos_encrypted_object_reencrypt: an object gets another encryption
// and keeps everything else.
package reencrypt

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
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

var (
	_ action.ActionWithConfigure      = (*reencryptAction)(nil)
	_ action.ActionWithValidateConfig = (*reencryptAction)(nil)
)

// reencryptAction is the action cos_encrypted_object_reencrypt: one copy of an object onto itself,
// for objects that Terraform does not manage. Those that it manages change with their sse block.
type reencryptAction struct {
	data *providerdata.Data
}

func NewAction() action.Action { return &reencryptAction{} }

// actionModel is its configuration.
type actionModel struct {
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
	data, diags := providerdata.From(req.ProviderData)
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
		Attributes: describe.ActionAttributes(
			address.Bucket(""), address.Key(""), address.Region(address.ProvidersRegion),
			sse.KeyName()),
		Blocks: describe.ActionBlocks(sse.ActionBlock()),
	}
}

// ValidateConfig checks what needs no request.
func (a *reencryptAction) ValidateConfig(
	ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	var config actionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(sse.Validate(path.Root("sse"), config.SSE)...)
}

// Invoke looks at the object and copies it where that is needed.
func (a *reencryptAction) Invoke(
	ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse,
) {
	var config actionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(a.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := address.Object{
		Bucket: config.Bucket, Key: config.Key, Region: config.Region,
	}.Resolve(a.data.Region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	key, diags := sse.NamedKey(a.data.Keyring, path.Root("key_name"), config.KeyName)
	resp.Diagnostics.Append(diags...)
	encryption, diags := a.encryption(config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	reencryption := reencryption{data: a.data, ref: ref, key: key, encryption: encryption}
	tell := func(sentence string) {
		resp.SendProgress(action.InvokeProgressEvent{Message: sentence})
	}
	outcome, diags := reencryption.run(providerdata.WithProgress(a.data.MaskSecrets(ctx), tell))
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() {
		tell(outcome)
	}
}

// encryption is what the sse block asks for.
func (a *reencryptAction) encryption(
	config actionModel,
) (cosapi.Encryption, diag.Diagnostics) {
	choice := sse.DecodeAt(path.Root("sse"), config.SSE)
	if _, diags := sse.NamedKey(a.data.Keyring, choice.At.AtName("key_name"),
		choice.KeyName); diags.HasError() {
		return nil, diags
	}
	return choice.Encryption(a.data.Keyring, a.data.KeyringUnknown, types.StringNull())
}

// reencryption is one object on its way to another encryption.
type reencryption struct {
	data *providerdata.Data
	ref  cosapi.ObjectRef
	// key opens the object, nil where the keyring is to be tried.
	key        *cosapi.CustomerKey
	encryption cosapi.Encryption
}

// run returns what was done in a sentence.
func (r reencryption) run(ctx context.Context) (string, diag.Diagnostics) {
	found, err := r.look(ctx)
	if err != nil {
		try := r.attempt("read the object")
		return "", diag.Diagnostics{diagnose.LookFailed(r.data.Keyring, try, r.key, err)}
	}
	if r.isAsAsked(found.Info) {
		return fmt.Sprintf("%s is encrypted with %s already", r.ref, r.encryption.Mode()), nil
	}
	if cosapi.Archived(found.Info.StorageClass) && !found.Info.Restore.Restored {
		return "", diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("key"),
			"The object is archived", fmt.Sprintf("%s is in the class %s and not restored, so COS "+
				"cannot copy it. Restore it first, for example with the action "+
				"cos_encrypted_object_restore. Nothing was changed.", r.ref,
				found.Info.StorageClass))}
	}
	return r.copy(ctx, found)
}

// look opens the object with the key that was named, and where that is not its key as one that is
// encrypted as asked already: another run may have been here.
func (r reencryption) look(ctx context.Context) (providerdata.Found, error) {
	found, err := r.data.Look(ctx, r.ref, r.key)
	if err != nil && r.key != nil && cosapi.KeyMayHelp(err) {
		if other, otherErr := r.data.Look(ctx, r.ref, nil); otherErr == nil {
			return other, nil
		}
	}
	return found, err
}

func (r reencryption) attempt(doing string) diagnose.Attempt {
	return diagnose.Attempt{
		Doing: doing, Ref: r.ref, Endpoint: r.data.Endpoint, Mode: r.encryption.Mode(),
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

// copy copies the object onto itself, on condition that it is still the one that was looked at.
func (r reencryption) copy(
	ctx context.Context, found providerdata.Found,
) (string, diag.Diagnostics) {
	info := found.Info
	result, err := r.data.Client.Reencrypt(ctx,
		cosapi.ReencryptionOf(info, found.Key, r.encryption))
	if err != nil {
		return "", diag.Diagnostics{r.failed(err)}
	}
	diags := diagnose.WarningsOf(r.ref, result)
	if info.VersionID != "" {
		diags.Append(diagnose.EarlierVersions(info.Encryption.Mode))
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
	var changed *cosapi.ChangedError
	if !errors.As(err, &changed) {
		return r.attempt("encrypt the object in another way").Failed(err)
	}
	return diag.NewErrorDiagnostic("The object changed meanwhile", fmt.Sprintf(
		"Somebody changed or deleted %s in region %s between the look at it and the copy. Nothing "+
			"was changed. Run the action again.", r.ref, r.ref.Region))
}
