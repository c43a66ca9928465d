package object

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// look asks COS for the object, with every key at hand whatever mode is recorded, and takes over
// what is found.
func (f *objectRefresh) look(ctx context.Context) diag.Diagnostics {
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	ask := cosapi.Ask{Ring: f.data.Keyring, Reason: true, Witness: !f.imported()}
	if recorded.Mode == cosapi.ModeSSEC {
		if ask.Keys = f.readingKeys(); len(ask.Keys) == 0 {
			known := f.state.seen(f.known)
			ask.Known = &known
		}
	}
	return f.takeLook(f.data.Client.Look(ctx, f.ref, ask))
}

// takeLook stores what a look has found.
func (f *objectRefresh) takeLook(found cosapi.Found, err error) diag.Diagnostics {
	if err != nil {
		return diag.Diagnostics{f.attempt().Failed(err)}
	}
	switch found.What {
	case cosapi.Exists:
		f.openedBy = found.KeyName
		f.take(found.Info)
		return nil
	case cosapi.Unchanged:
		f.takeUnchanged(*found.Listed)
		return nil
	case cosapi.NoBucket:
		return f.bucketGone(found.Refusal)
	case cosapi.Absent:
		if f.gone = found.Confirmed; f.gone {
			return nil
		}
		return diag.Diagnostics{f.attempt().Failed(found.Refusal)}
	default:
		return f.refused(found)
	}
}

// takeUnchanged stores the little that a listing adds to what is known.
func (f *objectRefresh) takeUnchanged(listed cosapi.ListedObject) {
	if listed.StorageClass != "" {
		f.state.StorageClass = types.StringValue(listed.StorageClass)
	}
	f.known.seen(listed.LastModified)
	f.known.HeadAt = value.FormatTime(f.data.Client.Now())
}

// refused judges an object that no key at hand opens. What it is now only a listing can tell, and
// COS's word that it wants a customer key.
func (f *objectRefresh) refused(found cosapi.Found) diag.Diagnostics {
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	withRecorded := slices.Contains(found.RefusedMD5s, f.recordedMD5())
	changed := found.Listed != nil &&
		(f.known.Unread || f.state.seen(f.known).Check(found) != nil)
	isForeign := found.IsCustomerEncrypted() && recorded.Mode != cosapi.ModeSSEC ||
		changed && (withRecorded || !f.later && found.IsCustomerEncrypted())
	switch {
	case f.imported():
		return diag.Diagnostics{f.noKeyOpens(found.Refusal)}
	case isForeign:
		f.takeListed(found.Listed)
		f.state.Encryption = sse.EncryptionObject(
			cosapi.EncryptionStatus{Mode: cosapi.ModeSSEC})
		return diag.Diagnostics{f.foreignKey()}
	case found.IsCustomerEncrypted() && len(found.RefusedMD5s) == 0 && changed:
		// A write-only key may open it: that is for the plan to try, which has it.
		f.takeListed(found.Listed)
		return nil
	case recorded.Mode == cosapi.ModeSSEC && cosapi.KeyMayHelp(found.Refusal) &&
		found.ListError == nil:
		if changed {
			f.takeListed(found.Listed)
		}
		return diag.Diagnostics{f.notVerified(found)}
	}
	return diag.Diagnostics{f.denied(found)}
}

// noKeyOpens is the error of an import.
func (f *objectRefresh) noKeyOpens(err error) diag.Diagnostic {
	tried := f.attempt()
	if !cosapi.KeyMayHelp(err) {
		return tried.Failed(err)
	}
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

// denied is the error for an object of which COS says nothing at all: neither a HEAD nor the
// listing was allowed.
func (f *objectRefresh) denied(found cosapi.Found) diag.Diagnostic {
	tried := f.attempt()
	failure := tried.Failed(found.Refusal)
	if found.ListError == nil {
		return failure
	}
	return tried.Diagnostic(failure.Summary(), diagnose.Paragraphs(failure.Detail(),
		tried.Answer(found.ListError)))
}

// foreignKey shouts: this is what ransomware looks like.
func (f *objectRefresh) foreignKey() diag.Diagnostic {
	was := ""
	if md5 := f.recordedMD5(); md5 != "" {
		was = fmt.Sprintf(" The key that it was last seen with has the MD5 %s.", md5)
	}
	return diag.NewWarningDiagnostic("The object is encrypted with somebody else's key",
		fmt.Sprintf("%s in region %s is encrypted by somebody else with an SSE-C key that is not at "+
			"hand: nobody here can read it.%s If you did not do this, find out who did before you "+
			"apply anything. With the body at hand the plan uploads it again, with the configured "+
			"encryption.", f.ref, f.ref.Region, was))
}

// notVerified is the warning for an object that refuses the keys at hand, and looks as it did.
func (f *objectRefresh) notVerified(found cosapi.Found) diag.Diagnostic {
	warning := f.attempt().Warning(found.Refusal)
	return diag.NewWarningDiagnostic("The object could not be verified", diagnose.Paragraphs(
		f.wrongValue(found), warning.Detail(), "The state was kept."))
}

// wrongValue names the entry of the keyring that the state names and that holds another key than
// the object's.
func (f *objectRefresh) wrongValue(found cosapi.Found) string {
	name := sse.Decode(f.state.SSE).KeyName.ValueString()
	key, ok := f.data.Keyring.ByName(name)
	if !ok || !slices.Contains(found.RefusedMD5s, key.MD5()) || key.MD5() == f.recordedMD5() {
		return ""
	}
	return fmt.Sprintf("The key customer_keys[%q] of the provider has the MD5 %s and does not open "+
		"the object, which was last seen with the key of MD5 %s. Give %q its former value, or keep "+
		"the former key under another name while the object is encrypted again.",
		name, key.MD5(), f.recordedMD5(), name)
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

// takeListed stores what a listing says of an object that nobody here can read; nil is nothing.
func (f *objectRefresh) takeListed(listed *cosapi.ListedObject) {
	f.known.Unread = true
	if listed == nil {
		return
	}
	f.known.Rewritten = true
	f.state.ETag = types.StringValue(listed.ETag)
	f.state.Size = types.Int64Value(listed.Size)
	f.state.CRC64ECMA, f.state.VersionID = types.StringNull(), types.StringNull()
	if listed.StorageClass != "" {
		f.state.StorageClass = types.StringValue(listed.StorageClass)
	}
	f.known.seen(listed.LastModified)
	recorded, _ := sse.EncryptionStatus(f.state.Encryption)
	hideSecretBody(&f.state, recorded.Mode)
}
