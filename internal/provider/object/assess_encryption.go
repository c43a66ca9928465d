package object

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// encryptionAssessment is the encryption that is asked for, as far as it can be predicted, and
// whether the object has it.
type encryptionAssessment struct {
	change change
	// unknown: the mode is not known yet.
	unknown   bool
	mode      cosapi.Mode
	algorithm types.String
	kmsKeyID  types.String
	keyMD5    types.String
	// bumped: key_wo_version is another one than in the state.
	bumped bool
	// key is the configured SSE-C key.
	key sse.ResolvedKey
	// noKey is the error of a plan that must write with a key that is not at hand, or that is not
	// the one to write with; note is what to say if nothing is written.
	noKey diag.Diagnostic
	note  diag.Diagnostic
}

// assessEncryption compares the sse block with what COS reports.
func (a *assessor) assessEncryption(
	_ context.Context, choice sse.Choice,
) (encryptionAssessment, diag.Diagnostics) {
	result := encryptionAssessment{
		mode: choice.Mode, algorithm: types.StringNull(), kmsKeyID: types.StringNull(),
		keyMD5: types.StringNull(), unknown: choice.Unknown,
	}
	if choice.Unknown {
		result.change = unsure
		return result, nil
	}
	observed, _ := sse.EncryptionStatus(a.state.Encryption)
	if a.creating {
		observed = cosapi.EncryptionStatus{}
	}
	switch choice.Mode {
	case cosapi.ModeSSECOS:
		a.assessCOS(choice, observed, &result)
	case cosapi.ModeSSEKMS:
		a.assessKMS(choice, observed, &result)
	case cosapi.ModeSSEC:
		return a.assessCustomerKey(choice, observed, result)
	}
	return result, nil
}

// assessCOS compares algorithms. Where COS answered the last request with another name for what
// was asked, that name is not a difference. Which name it answers is documented for AES256 alone,
// so that no other is predicted for a write.
func (a *assessor) assessCOS(
	choice sse.Choice, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	result.algorithm = choice.Algorithm
	if choice.Algorithm.ValueString() != sse.DefaultAlgorithm {
		result.algorithm = types.StringUnknown()
	}
	if observed.Mode != cosapi.ModeSSECOS {
		result.change = changed
		return
	}
	if !choice.Algorithm.IsUnknown() && a.known.AskedAlgorithm == choice.Algorithm.ValueString() &&
		a.known.ReportedAlgorithm == observed.Algorithm {
		result.algorithm = value.StringOrNull(observed.Algorithm)
		return
	}
	result.change = valueChange(choice.Algorithm, types.StringValue(observed.Algorithm))
	if result.change == unchanged {
		result.algorithm = choice.Algorithm
	}
}

// assessKMS compares keys and contexts. Without key_id the key that COS chose once is remembered.
func (a *assessor) assessKMS(
	choice sse.Choice, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	old := sse.Decode(a.state.SSE)
	if a.creating {
		old = sse.Choice{}
	}
	result.kmsKeyID = choice.KMSKeyID
	if choice.KMSKeyID.IsNull() {
		result.kmsKeyID = types.StringUnknown()
		if !old.KMSKeyID.IsNull() && old.KMSKeyID.ValueString() != "" {
			result.kmsKeyID = old.KMSKeyID
		}
	}
	if observed.Mode != cosapi.ModeSSEKMS {
		result.change = changed
		return
	}
	if choice.KMSKeyID.IsNull() && result.kmsKeyID.IsUnknown() {
		// Any key will do, so the one in use does.
		result.kmsKeyID = value.StringOrNull(observed.KMSKeyID)
	}
	result.change = valueChange(result.kmsKeyID, types.StringValue(observed.KMSKeyID)).
		or(mapChange(choice.KMSContext, old.KMSContext)).
		// COS never reports a context, so that of an object which somebody else wrote is anybody's guess.
		or(changedIf(a.known.Rewritten && len(choice.KMSContext.Elements()) > 0))
}

// assessCustomerKey compares keys by their MD5. A key that may be another one at apply is planned
// unknown: a prediction that does not come true is blamed on the provider by Terraform.
func (a *assessor) assessCustomerKey(
	choice sse.Choice, observed cosapi.EncryptionStatus, result encryptionAssessment,
) (encryptionAssessment, diag.Diagnostics) {
	resolved, diags := choice.ResolveKey(a.data.Keyring, a.data.KeyringUnknown)
	if diags.HasError() {
		return result, diags
	}
	result.key = resolved
	result.algorithm = types.StringValue(customerAlgorithm)
	result.bumped = a.bumped(choice)
	hasKey := observed.Mode == cosapi.ModeSSEC && observed.CustomerKeyMD5 != ""
	switch {
	case value.IsSet(choice.KeyMD5):
		// The configuration says which key it must be, so the plan can too.
		result.change = changedIf(choice.KeyMD5.ValueString() != observed.CustomerKeyMD5)
		result.keyMD5 = choice.KeyMD5
		if !resolved.OK && !resolved.Unknown {
			a.assessMissingKey(hasKey, observed, &result)
		}
	case resolved.Unknown:
		a.assessUnknownKey(hasKey, observed, &result)
	case !resolved.OK:
		a.assessMissingKey(hasKey, observed, &result)
	case !choice.KeyWO.IsNull() && !result.bumped && choice.KeyMD5.IsNull():
		a.assessSameVersion(hasKey, observed, &result)
	default:
		result.change = changedIf(!hasKey || resolved.Key.MD5() != observed.CustomerKeyMD5)
		result.keyMD5 = types.StringUnknown()
		if !choice.Key.IsNull() || result.change == unchanged && !result.bumped {
			result.keyMD5 = types.StringValue(resolved.Key.MD5())
		}
	}
	diags.Append(a.checkRotation(choice, resolved)...)
	diags.Append(a.checkKeySeen(resolved)...)
	return result, diags
}

// appliedMD5 is the key that was last applied, or that the object had when it was first seen.
func (a *assessor) appliedMD5() string {
	if a.known.KeyMD5 != "" {
		return a.known.KeyMD5
	}
	observed, _ := sse.EncryptionStatus(a.state.Encryption)
	return observed.CustomerKeyMD5
}

// checkRotation refuses a rotation to the key that was last applied: it would send nothing, and the
// state would say that the key is another one. After an import or with another way of giving the key
// there was no version before, and key_md5 says that this very key is meant. Another name for the
// same key is only worth a warning, because it is how keys are renamed.
func (a *assessor) checkRotation(choice sse.Choice, resolved sse.ResolvedKey) diag.Diagnostics {
	old := sse.Decode(a.state.SSE)
	if a.creating || !resolved.OK || value.IsSet(choice.KeyMD5) {
		return nil
	}
	md5 := resolved.Key.MD5()
	if before, ok := a.data.Keyring.ByName(old.KeyName.ValueString()); ok && resolved.Name != "" &&
		old.KeyName.ValueString() != resolved.Name && before.MD5() == md5 {
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(resolved.Source,
			"Both names hold the same SSE-C key", fmt.Sprintf("key_name changes from %q to %q, and "+
				"customer_keys has one and the same key (MD5 %s) under both names. The object stays "+
				"under it: nothing is rotated.", old.KeyName.ValueString(), resolved.Name, md5))}
	}
	if !a.bumped(choice) || choice.KeyWOVersion.IsUnknown() || old.KeyWOVersion.IsNull() ||
		md5 != a.appliedMD5() {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(resolved.Source,
		"key_wo is still the old key", fmt.Sprintf("key_wo_version changes from %s to %s, but key_wo "+
			"is the key that was last applied (MD5 %s). Nothing would be rotated, and the state would "+
			"say that it was. Nothing was changed. Give the new key. If this very key is meant, "+
			"because objects share the version, say so with key_md5 = %q.",
			old.KeyWOVersion, choice.KeyWOVersion, md5, md5))}
}

// checkKeySeen compares a key of the keyring with what the refresh of this plan saw under the same
// name. Only Terraform can tell a plan without refresh from a key that was changed after the plan, and
// in that case it would blame the provider for the plan that comes out another one: so both are an
// error here, and a refresh tells them apart.
func (a *assessor) checkKeySeen(resolved sse.ResolvedKey) diag.Diagnostics {
	old := sse.Decode(a.state.SSE)
	observed, _ := sse.EncryptionStatus(a.state.Encryption)
	seen := a.known.KeyringMD5s[resolved.Name]
	if a.creating || a.applying || !resolved.OK || seen == "" || seen == resolved.Key.MD5() ||
		seen != observed.CustomerKeyMD5 || old.KeyName.ValueString() != resolved.Name {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(resolved.Source,
		"The SSE-C key changed since the last refresh", fmt.Sprintf("The MD5 of the key %q in the "+
			"provider's customer_keys was %s when the object was last looked at, and is %s. Nothing "+
			"was changed. Plan again, with refresh.", resolved.Name, seen, resolved.Key.MD5()))}
}

// customerAlgorithm is the one algorithm of SSE-C.
const customerAlgorithm = "AES256"

// bumped reports a key_wo_version that the state does not have.
func (a *assessor) bumped(choice sse.Choice) bool {
	old := sse.Decode(a.state.SSE)
	return !a.creating && !choice.KeyWO.IsNull() && !choice.KeyWOVersion.Equal(old.KeyWOVersion)
}

func (a *assessor) assessUnknownKey(
	hasKey bool, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	result.keyMD5 = types.StringUnknown()
	result.change = unsure
	if observed.Mode != cosapi.ModeSSEC {
		result.change = changed
	}
	if hasKey && !result.bumped && result.key.Name == "" && !a.state.SSE.IsNull() &&
		a.sameWriteOnlyVersion() {
		result.keyMD5 = types.StringValue(observed.CustomerKeyMD5)
		result.change = unchanged
	}
}

// sameWriteOnlyVersion reports that plan and state have the same key_wo_version.
func (a *assessor) sameWriteOnlyVersion() bool {
	wanted := sse.Decode(a.config.SSE)
	old := sse.Decode(a.state.SSE)
	return !wanted.KeyWOVersion.IsNull() && wanted.KeyWOVersion.Equal(old.KeyWOVersion)
}

// assessMissingKey: a key_name that the keyring lacks is an error only if the plan must write. It
// must for a name that the state does not have: that is a rotation, and dropping it in silence
// would leave the object under the old key.
func (a *assessor) assessMissingKey(
	hasKey bool, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	result.noKey = sse.MissingKey(result.key, a.data.Keyring)
	old := sse.Decode(a.state.SSE)
	if !hasKey || old.KeyName.ValueString() != result.key.Name {
		result.change, result.keyMD5 = changed, types.StringUnknown()
		return
	}
	result.keyMD5 = types.StringValue(observed.CustomerKeyMD5)
	result.note = diag.NewAttributeWarningDiagnostic(result.key.Source, "SSE-C key not verified",
		fmt.Sprintf("There is no key %q in the provider's customer_keys, so the object's "+
			"encryption with it was not verified. Nothing has to be written, so this plan goes "+
			"on without it.", result.key.Name))
}

// assessSameVersion: with the same key_wo_version the key is meant to be the one that was last
// applied. Drift is corrected with it; another value is no change, and an error where something
// must be written.
func (a *assessor) assessSameVersion(
	hasKey bool, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	md5 := result.key.Key.MD5()
	applied := a.appliedMD5()
	switch {
	case hasKey && md5 == observed.CustomerKeyMD5:
		result.keyMD5 = types.StringValue(md5)
	case a.creating || applied == "" || md5 == applied:
		result.change, result.keyMD5 = changed, types.StringUnknown()
	default:
		a.assessOtherValue(hasKey, observed, applied, result)
	}
}

func (a *assessor) assessOtherValue(
	hasKey bool, observed cosapi.EncryptionStatus, applied string, result *encryptionAssessment,
) {
	md5 := result.key.Key.MD5()
	result.noKey = diag.NewAttributeErrorDiagnostic(result.key.Source,
		"key_wo is not this object's key", fmt.Sprintf("The object has to be written, with the "+
			"key that was last applied, whose MD5 is %s; the MD5 of key_wo is %s. To change the "+
			"key, raise key_wo_version; else give the old key. To destroy the object without "+
			"it, run destroy with -refresh=false.", applied, md5))
	if !hasKey || observed.CustomerKeyMD5 != applied {
		result.change, result.keyMD5 = changed, types.StringUnknown()
		return
	}
	result.keyMD5 = types.StringValue(observed.CustomerKeyMD5)
	result.note = diag.NewAttributeWarningDiagnostic(result.key.Source,
		"key_wo changed, key_wo_version did not", fmt.Sprintf("The MD5 of key_wo is %s; the "+
			"object is encrypted with a key whose MD5 is %s. Nothing will be changed. Raise "+
			"key_wo_version to encrypt the object with the new key.", md5, applied))
}
