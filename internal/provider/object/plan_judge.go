package object

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
)

// judge makes the diagnostics of a decision.
func (p *objectPlan) judge(found assessment, d decision) diag.Diagnostics {
	var diags diag.Diagnostics
	writes := found.input.mustWrite()
	switch {
	case d.problem == problemNoBody:
		diags.Append(noBody(p.prior.Bucket.IsNull()))
	case d.problem == problemUnreadable:
		diags.Append(unreadable(found.input.obstacle, p.state))
	case writes && found.sse.noKey != nil:
		diags.Append(found.sse.noKey)
	case found.sse.note != nil:
		diags.Append(found.sse.note)
	}
	if diags.HasError() {
		return diags
	}
	uploads := d.action == actionUpload || d.action == actionCopySource
	switch {
	case d.instead != obstacleNone:
		diags.Append(uploadInstead(d.instead, found.body, p.state))
	case uploads && p.known.Unread && found.input.obstacle == obstacleKey:
		// Its bytes may be the same, but nobody here can tell.
		diags.Append(uploadInstead(obstacleKey, found.body, p.state))
	}
	if writes && !p.creating && !p.prior.VersionID.IsNull() && found.sse.change != unchanged {
		diags.Append(diagnose.EarlierVersions(p.observedMode()))
	}
	return diags
}

// noBody: replacing or creating an object without bytes would lose the only copy.
func noBody(fresh bool) diag.Diagnostic {
	what := "This plan replaces the object, and the configuration does not name its bytes: the " +
		"only copy would be lost."
	if fresh {
		what = "This plan creates the object, and the configuration does not name its bytes. If it " +
			"replaces an object that exists, the only copy would be lost."
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("source"), "The object has no body",
		what+" Set content, content_base64, content_wo, source or copy_source. Only an imported "+
			"object may go without.")
}

// unreadable: a copy is needed, and neither the object nor a body can be read.
func unreadable(why obstacle, state resourceModel) diag.Diagnostic {
	const destroy = " To destroy the object as it is, run destroy with -refresh=false."
	if why == obstacleArchived {
		return diag.NewAttributeErrorDiagnostic(path.Root("storage_class"),
			"The object is archived", fmt.Sprintf("The change needs a copy of the object, which "+
				"is in the class %s and not restored. Restore it first with the resource "+
				"cos_encrypted_object_restore, or give its body (source or content), so that it "+
				"can be uploaded again.%s", state.StorageClass.ValueString(), destroy))
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("sse"), "The object's key is not at hand",
		fmt.Sprintf("The change needs a copy of the object, which is encrypted with a customer "+
			"key (SSE-C)%s that is neither in the state nor in the provider's customer_keys. Add "+
			"the old key to customer_keys, or give the object's body (source or content), so "+
			"that it can be uploaded again.%s", keyMD5Text(state), destroy))
}

func keyMD5Text(state resourceModel) string {
	observed, _ := sse.EncryptionStatus(state.Encryption)
	if observed.CustomerKeyMD5 == "" {
		return ""
	}
	return " with the MD5 " + observed.CustomerKeyMD5
}

// uploadInstead warns that bytes will be sent where a copy would have done.
func uploadInstead(why obstacle, body objectBody, state resourceModel) diag.Diagnostic {
	summary, sent := "The object will be uploaded again", ""
	switch {
	case body.kind == bodyCopySource:
		summary = "The object will be copied again"
		sent = "The source of copy_source will be copied in its place, and nothing is uploaded."
	case state.Size.IsNull():
		sent = "Its bytes will be sent."
	default:
		sent = fmt.Sprintf("%d bytes will be sent.", state.Size.ValueInt64())
	}
	reason := fmt.Sprintf("Its SSE-C key%s is not at hand, so COS cannot copy it onto itself. %s "+
		"With the old key in the provider's customer_keys one copy would do.",
		keyMD5Text(state), sent)
	if why == obstacleArchived {
		reason = fmt.Sprintf("It is in the class %s and not restored, so COS cannot copy it onto "+
			"itself. %s COS charges for objects that leave an archive class before their minimum "+
			"storage duration.", state.StorageClass.ValueString(), sent)
	}
	return diag.NewAttributeWarningDiagnostic(body.argument(), summary, reason)
}

// observedMode is the mode in the state.
func (p *objectPlan) observedMode() cosapi.Mode {
	observed, _ := sse.EncryptionStatus(p.state.Encryption)
	return observed.Mode
}

// notReadYet: a copy onto itself stores again what the state knows, and it knows nothing yet.
func notReadYet(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewErrorDiagnostic("The object has not been read yet", fmt.Sprintf("%s was moved "+
		"or imported and not refreshed since, so nothing is known of its encryption, headers and "+
		"metadata, and a change would lose them. Plan without -refresh=false, and with a provider "+
		"configuration that is known at plan.", ref))
}

// deletedByThisApply warns of an object that is in the state twice, after a replacement that was not
// finished: the other entry was planned to be destroyed before this one was known.
func deletedByThisApply(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewWarningDiagnostic("This apply deletes the object", fmt.Sprintf("The state holds "+
		"%s in region %s twice, after a replacement that was not finished, and this plan destroys "+
		"the other entry. That deletes the object; the plan after that writes it again. To avoid it, "+
		"plan and apply with -target of this resource first.", ref, ref.Region))
}
