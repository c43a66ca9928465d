package object

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Read stores what COS reports, so that the plan shows every difference. It never takes a refused
// key, an expired credential or a missing permission for a deleted object.
func (r *managedResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	deadline, diags := state.Timeouts.Read(ctx, 0)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := value.WithDeadline(r.data.MaskSecrets(ctx, clearKeys(state.SSE)...), deadline)
	defer cancel()

	ref := state.ref(r.data.Region)
	// Before the look-up: without an identity the framework reports an object that is gone as a
	// defect of the provider.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, ref)...)
	known, diags := readBaseline(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.data.Client == nil {
		return
	}
	refresh := &objectRefresh{data: r.data, ref: ref, state: state, known: known}
	resp.Diagnostics.Append(refresh.run(ctx)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if refresh.gone {
		resp.State.RemoveResource(ctx)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &refresh.state)...)
	resp.Diagnostics.Append(refresh.known.write(ctx, resp.Private)...)
}

// objectRefresh is one refresh under way. run changes state and known to what was found.
type objectRefresh struct {
	data  *providerdata.Data
	ref   cosapi.ObjectRef
	state resourceModel
	known baseline
	// gone says that the object certainly does not exist.
	gone bool
	// openedBy is the name in the keyring of the key that opened an SSE-C object.
	openedBy string
}

// imported reports an object that ImportState or MoveState has just put into the state.
func (f *objectRefresh) imported() bool {
	return f.state.ETag.IsNull() && f.state.Encryption.IsNull()
}

// run looks the object up and takes over what was found.
func (f *objectRefresh) run(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	info, found, lookupDiags := f.lookup(ctx)
	diags.Append(lookupDiags...)
	if diags.HasError() || f.gone {
		return diags
	}
	wasImported := f.imported()
	if found {
		f.take(info)
	}
	diags.Append(f.refreshTags(ctx, wasImported)...)
	diags.Append(f.refreshACL(ctx, wasImported)...)
	f.refreshFile(ctx)
	f.known.Endpoint = f.data.Endpoint
	f.known.KeyringMD5s = f.data.Keyring.MD5s()
	return diags
}

// lookup asks COS for the object in the way that its mode in the state demands. It reports false
// when nothing was learned, and the state stands.
func (f *objectRefresh) lookup(
	ctx context.Context,
) (cosapi.ObjectInfo, bool, diag.Diagnostics) {
	if isListedUnchanged(ctx) {
		return cosapi.ObjectInfo{}, false, nil
	}
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	if recorded.Mode == cosapi.ModeSSEC {
		return f.lookupWithKeys(ctx, recorded)
	}
	info, err := f.data.Client.Head(ctx, f.ref, nil)
	switch {
	case err == nil:
		return info, true, nil
	case f.imported():
		return f.lookupImported(ctx, err)
	default:
		return f.lookupFailed(ctx, err, false)
	}
}

// lookupImported tries every key of the keyring once on an imported object that did not open
// without one.
func (f *objectRefresh) lookupImported(
	ctx context.Context, err error,
) (cosapi.ObjectInfo, bool, diag.Diagnostics) {
	if status := cosapi.StatusOf(err); status != 400 && status != 403 {
		return f.lookupFailed(ctx, err, false)
	}
	if class := cosapi.Classify(err); class == cosapi.ClassAuthentication ||
		class == cosapi.ClassClock {
		return f.lookupFailed(ctx, err, false)
	}
	for _, name := range f.data.Keyring.Names() {
		key, _ := f.data.Keyring.ByName(name)
		if info, keyErr := f.data.Client.HeadOnly(ctx, f.ref, &key); keyErr == nil {
			f.openedBy = name
			return info, true, nil
		}
	}
	return cosapi.ObjectInfo{}, false, diag.Diagnostics{f.noKeyOpens(err)}
}

func (f *objectRefresh) noKeyOpens(err error) diag.Diagnostic {
	tried := f.attempt()
	return diag.NewErrorDiagnostic("Cannot read the object", diagnose.Paragraphs(tried.Answer(err),
		fmt.Sprintf("It is probably encrypted with a customer key (SSE-C), and none of the "+
			"provider's customer_keys (%s) opens it. Add its key to customer_keys.",
			value.QuotedNames(f.data.Keyring.Names())), tried.Remedy(err)))
}

func (f *objectRefresh) attempt() diagnose.Attempt {
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	return diagnose.Attempt{
		Doing: "read the object", Ref: f.ref, Endpoint: f.data.Endpoint, Mode: recorded.Mode,
	}
}

// lookupFailed judges a failed HEAD by the code that its follow-up found. withKey says that the
// very key whose MD5 is in the state was presented.
func (f *objectRefresh) lookupFailed(
	ctx context.Context, err error, withKey bool,
) (cosapi.ObjectInfo, bool, diag.Diagnostics) {
	tried := f.attempt()
	switch class := cosapi.Classify(err); {
	case class == cosapi.ClassNotFound:
		f.gone = true
		return cosapi.ObjectInfo{}, false, nil
	case class == cosapi.ClassNoSuchBucket:
		return cosapi.ObjectInfo{}, false, f.bucketGone(err)
	case class == cosapi.ClassCustomerKey, class == cosapi.ClassPermission &&
		tried.Mode == cosapi.ModeSSEC, class == cosapi.ClassInvalid:
		return f.judgeByListing(ctx, err, withKey)
	default:
		return cosapi.ObjectInfo{}, false, diag.Diagnostics{tried.Failed(err)}
	}
}

// bucketGone takes a missing bucket for a missing object, unless the endpoint is another one than
// the object was last seen at: then the configuration is more likely to be wrong.
func (f *objectRefresh) bucketGone(err error) diag.Diagnostics {
	tried := f.attempt()
	if f.known.Endpoint != "" && f.known.Endpoint != f.data.Endpoint {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot read the object", diagnose.Paragraphs(
			tried.Answer(err), fmt.Sprintf("The object was last seen at the endpoint %s; the "+
				"provider now uses %s. Nothing was removed from the state. Check the "+
				"provider's endpoint.", f.known.Endpoint, f.data.Endpoint)))}
	}
	if f.imported() {
		return diag.Diagnostics{tried.Failed(err)}
	}
	f.gone = true
	return diag.Diagnostics{diag.NewWarningDiagnostic("The bucket is gone", fmt.Sprintf(
		"There is no bucket %s in region %s at %s. The object %s counts as deleted and will be "+
			"planned again.", f.ref.Bucket, f.ref.Region, f.data.Endpoint, f.ref))}
}

// judgeByListing decides what a refused read of a customer-encrypted object means. A listing needs
// no key: only if it shows another object than recorded, and the right key was presented, somebody
// has rewritten the object under another key.
func (f *objectRefresh) judgeByListing(
	ctx context.Context, refusal error, withKey bool,
) (cosapi.ObjectInfo, bool, diag.Diagnostics) {
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	listed, found, err := f.data.Client.Find(ctx, f.ref)
	changed := err == nil && found && (f.known.Unread || f.differs(listed))
	switch {
	case changed && (withKey || recorded.Mode != cosapi.ModeSSEC):
		f.takeListed(listed)
		f.state.Encryption = sse.EncryptionObject(cosapi.EncryptionStatus{Mode: cosapi.ModeSSEC})
		return cosapi.ObjectInfo{}, false, nil
	case changed:
		f.takeListed(listed)
	}
	warning := f.attempt().Warning(refusal)
	return cosapi.ObjectInfo{}, false, diag.Diagnostics{diag.NewWarningDiagnostic(
		"The object could not be verified", warning.Detail()+"\n\nThe state was kept.")}
}

// differs reports whether a listing shows another object than the state. Attributes that the
// state hides, as those of a write-only body, cannot differ.
func (f *objectRefresh) differs(listed cosapi.ListedObject) bool {
	return !f.state.ETag.IsNull() && listed.ETag != f.state.ETag.ValueString() ||
		!f.state.Size.IsNull() && listed.Size != f.state.Size.ValueInt64()
}

// takeListed stores what a listing says.
func (f *objectRefresh) takeListed(listed cosapi.ListedObject) {
	f.known.Rewritten = f.known.Rewritten || f.differs(listed) ||
		f.known.writtenSince(listed.LastModified)
	f.state.ETag = types.StringValue(listed.ETag)
	f.state.Size = types.Int64Value(listed.Size)
	f.state.CRC64ECMA = types.StringNull()
	if listed.StorageClass != "" {
		f.state.StorageClass = types.StringValue(listed.StorageClass)
	}
	f.known.seen(listed.LastModified)
	f.known.Unread = true
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	hideSecretBody(&f.state, recorded.Mode)
}
