package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
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
	key resolvedKey
	// noKey is the error of a plan that must write with a key that is not at hand, or that is not
	// the one to write with; note is what to say if nothing is written.
	noKey diag.Diagnostic
	note  diag.Diagnostic
}

// assessEncryption compares the sse block with what COS reports.
func (a *assessor) assessEncryption(
	_ context.Context, choice sseChoice,
) (encryptionAssessment, diag.Diagnostics) {
	result := encryptionAssessment{
		mode: choice.mode, algorithm: types.StringNull(), kmsKeyID: types.StringNull(),
		keyMD5: types.StringNull(), unknown: choice.unknown,
	}
	if choice.unknown {
		result.change = unsure
		return result, nil
	}
	observed, _ := encryptionStatus(a.state.Encryption)
	if a.creating {
		observed = cosapi.EncryptionStatus{}
	}
	switch choice.mode {
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
	choice sseChoice, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	result.algorithm = choice.algorithm
	if choice.algorithm.ValueString() != defaultAlgorithm {
		result.algorithm = types.StringUnknown()
	}
	if observed.Mode != cosapi.ModeSSECOS {
		result.change = changed
		return
	}
	if !choice.algorithm.IsUnknown() && a.known.AskedAlgorithm == choice.algorithm.ValueString() &&
		a.known.ReportedAlgorithm == observed.Algorithm {
		result.algorithm = stringOrNull(observed.Algorithm)
		return
	}
	result.change = valueChange(choice.algorithm, types.StringValue(observed.Algorithm))
	if result.change == unchanged {
		result.algorithm = choice.algorithm
	}
}

// assessKMS compares keys and contexts. Without key_id the key that COS chose once is remembered.
func (a *assessor) assessKMS(
	choice sseChoice, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	old := decodeSSE(a.state.SSE)
	if a.creating {
		old = sseChoice{}
	}
	result.kmsKeyID = choice.kmsKeyID
	if choice.kmsKeyID.IsNull() {
		result.kmsKeyID = types.StringUnknown()
		if !old.kmsKeyID.IsNull() && old.kmsKeyID.ValueString() != "" {
			result.kmsKeyID = old.kmsKeyID
		}
	}
	if observed.Mode != cosapi.ModeSSEKMS {
		result.change = changed
		return
	}
	if choice.kmsKeyID.IsNull() && result.kmsKeyID.IsUnknown() {
		// Any key will do, so the one in use does.
		result.kmsKeyID = stringOrNull(observed.KMSKeyID)
	}
	result.change = valueChange(result.kmsKeyID, types.StringValue(observed.KMSKeyID)).
		or(mapChange(choice.kmsContext, old.kmsContext))
}

// assessCustomerKey compares keys by their MD5. A key that may be another one at apply is planned
// unknown: a prediction that does not come true is blamed on the provider by Terraform.
func (a *assessor) assessCustomerKey(
	choice sseChoice, observed cosapi.EncryptionStatus, result encryptionAssessment,
) (encryptionAssessment, diag.Diagnostics) {
	resolved, diags := choice.resolveKey(a.data.keyring, a.data.keyringUnknown)
	if diags.HasError() {
		return result, diags
	}
	result.key = resolved
	result.algorithm = types.StringValue(customerAlgorithm)
	result.bumped = a.bumped(choice)
	hasKey := observed.Mode == cosapi.ModeSSEC && observed.CustomerKeyMD5 != ""
	switch {
	case resolved.unknown:
		a.assessUnknownKey(hasKey, observed, &result)
	case !resolved.ok:
		a.assessMissingKey(hasKey, observed, &result)
	case !choice.keyWO.IsNull() && !result.bumped:
		a.assessSameVersion(hasKey, observed, &result)
	default:
		result.change = changedIf(!hasKey || resolved.key.MD5() != observed.CustomerKeyMD5)
		result.keyMD5 = types.StringUnknown()
		if !choice.key.IsNull() || result.change == unchanged && !result.bumped {
			result.keyMD5 = types.StringValue(resolved.key.MD5())
		}
	}
	return result, a.checkKeySeen(resolved)
}

// checkKeySeen compares a key of the keyring with what the refresh of this plan saw under the same
// name. Only Terraform can tell a plan without refresh from a key that was changed after the plan,
// and in that case it blames the provider: the warning stands above its message.
func (a *assessor) checkKeySeen(resolved resolvedKey) diag.Diagnostics {
	old := decodeSSE(a.state.SSE)
	seen := a.known.KeyringMD5s[resolved.name]
	if a.applying || !resolved.ok || seen == "" || seen == resolved.key.MD5() ||
		old.keyName.ValueString() != resolved.name {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(resolved.source,
		"The SSE-C key changed since the last refresh", fmt.Sprintf("The MD5 of the key %q in the "+
			"provider's customer_keys was %s when the object was last looked at, and is %s. If "+
			"this is an apply, the key was changed after the plan: plan again, with refresh.",
			resolved.name, seen, resolved.key.MD5()))}
}

// customerAlgorithm is the one algorithm of SSE-C.
const customerAlgorithm = "AES256"

// bumped reports a key_wo_version that the state does not have.
func (a *assessor) bumped(choice sseChoice) bool {
	old := decodeSSE(a.state.SSE)
	return !a.creating && !choice.keyWO.IsNull() && !choice.keyWOVersion.Equal(old.keyWOVersion)
}

func (a *assessor) assessUnknownKey(
	hasKey bool, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	result.keyMD5 = types.StringUnknown()
	result.change = unsure
	if observed.Mode != cosapi.ModeSSEC {
		result.change = changed
	}
	if hasKey && !result.bumped && result.key.name == "" && !a.state.SSE.IsNull() &&
		a.sameWriteOnlyVersion() {
		result.keyMD5 = types.StringValue(observed.CustomerKeyMD5)
		result.change = unchanged
	}
}

// sameWriteOnlyVersion reports that plan and state have the same key_wo_version.
func (a *assessor) sameWriteOnlyVersion() bool {
	wanted := decodeSSE(a.config.SSE)
	old := decodeSSE(a.state.SSE)
	return !wanted.keyWOVersion.IsNull() && wanted.keyWOVersion.Equal(old.keyWOVersion)
}

// assessMissingKey: a key_name that the keyring lacks is an error only if the plan must write. It
// must for a name that the state does not have: that is a rotation, and dropping it in silence
// would leave the object under the old key.
func (a *assessor) assessMissingKey(
	hasKey bool, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	result.noKey = missingKey(result.key, a.data.keyring)
	old := decodeSSE(a.state.SSE)
	if !hasKey || old.keyName.ValueString() != result.key.name {
		result.change, result.keyMD5 = changed, types.StringUnknown()
		return
	}
	result.keyMD5 = types.StringValue(observed.CustomerKeyMD5)
	result.note = diag.NewAttributeWarningDiagnostic(result.key.source, "SSE-C key not verified",
		fmt.Sprintf("There is no key %q in the provider's customer_keys, so the object's "+
			"encryption with it was not verified. Nothing has to be written, so this plan goes "+
			"on without it.", result.key.name))
}

// assessSameVersion: with the same key_wo_version the key is meant to be the one that was last
// applied. Drift is corrected with it; another value is no change, and an error where something
// must be written.
func (a *assessor) assessSameVersion(
	hasKey bool, observed cosapi.EncryptionStatus, result *encryptionAssessment,
) {
	md5 := result.key.key.MD5()
	applied := a.known.KeyMD5
	if applied == "" {
		applied = observed.CustomerKeyMD5
	}
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
	md5 := result.key.key.MD5()
	result.noKey = diag.NewAttributeErrorDiagnostic(result.key.source,
		"key_wo is not this object's key", fmt.Sprintf("The object has to be written, with the "+
			"key that was last applied, whose MD5 is %s; the MD5 of key_wo is %s. To change the "+
			"key, raise key_wo_version; else give the old key. To destroy the object without "+
			"it, run destroy with -refresh=false.", applied, md5))
	if !hasKey || observed.CustomerKeyMD5 != applied {
		result.change, result.keyMD5 = changed, types.StringUnknown()
		return
	}
	result.keyMD5 = types.StringValue(observed.CustomerKeyMD5)
	result.note = diag.NewAttributeWarningDiagnostic(result.key.source,
		"key_wo changed, key_wo_version did not", fmt.Sprintf("The MD5 of key_wo is %s; the "+
			"object is encrypted with a key whose MD5 is %s. Nothing will be changed. Raise "+
			"key_wo_version to encrypt the object with the new key.", md5, applied))
}
