// Package diagnose turns cosapi's errors into words. It is the only place where that happens, so that
// one fault reads the same everywhere.
package diagnose

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// Attempt says what the provider was doing when an error came up. It turns cosapi's errors into
// prose; this is the only place where that happens, so that one fault reads the same everywhere.
type Attempt struct {
	// Doing completes "Cannot ...", for example "upload the object".
	Doing string
	Ref   cosapi.ObjectRef
	// Endpoint is the provider's endpoint template, for errors about buckets.
	Endpoint string
	// Mode is how the object is, or is to be, encrypted; "" where that plays no part.
	Mode cosapi.Mode
	// At is the attribute to blame; the zero path blames the whole resource.
	At path.Path
}

// Failed describes err as a diagnostic: what was tried on which object, what COS answered, what
// it probably means and what to do.
func (a Attempt) Failed(err error) diag.Diagnostic {
	summary := "Cannot " + a.Doing
	detail := Paragraphs(a.Answer(err), a.Remedy(err))
	return a.Diagnostic(summary, detail)
}

// Warning is failed for something that Terraform can go on without.
func (a Attempt) Warning(err error) diag.Diagnostic {
	summary := "Could not " + a.Doing
	detail := Paragraphs(a.Answer(err), a.Remedy(err))
	if len(a.At.Steps()) == 0 {
		return diag.NewWarningDiagnostic(summary, detail)
	}
	return diag.NewAttributeWarningDiagnostic(a.At, summary, detail)
}

func (a Attempt) Diagnostic(summary, detail string) diag.Diagnostic {
	if len(a.At.Steps()) == 0 {
		return diag.NewErrorDiagnostic(summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(a.At, summary, detail)
}

func Paragraphs(paragraphs ...string) string {
	var kept []string
	for _, paragraph := range paragraphs {
		if paragraph != "" {
			kept = append(kept, paragraph)
		}
	}
	return strings.Join(kept, "\n\n")
}

// Answer says what was asked of which object and what came back.
func (a Attempt) Answer(err error) string {
	var failure *cosapi.Error
	if !errors.As(err, &failure) {
		return fmt.Sprintf("%s in region %s: %s.", a.Ref, a.Ref.Region, err)
	}
	ref := a.objectOf(failure)
	text := fmt.Sprintf("%s of %s in region %s failed", failure.Op, ref, ref.Region)
	switch {
	case failure.Status == 0:
		return fmt.Sprintf("%s: %s.", text, failure.Err)
	case failure.Code == "":
		text += fmt.Sprintf(": COS answered %d without a code", failure.Status)
	default:
		text += fmt.Sprintf(": COS answered %d %s", failure.Status, failure.Code)
	}
	if failure.Message != "" {
		text += fmt.Sprintf(" (%s)", strings.TrimSuffix(failure.Message, "."))
	}
	if failure.RequestID != "" {
		text += fmt.Sprintf(", request id %s", failure.RequestID)
	}
	return text + "."
}

// objectOf is the object that a request failed on: a copy may fail on its source.
func (a Attempt) objectOf(failure *cosapi.Error) cosapi.ObjectRef {
	if failure.Ref.Key == "" {
		return a.Ref
	}
	return failure.Ref
}

// Remedy says what an error probably means and what to do about it.
func (a Attempt) Remedy(err error) string {
	if text := remedyForType(err); text != "" {
		return text
	}
	switch cosapi.Classify(err) {
	case cosapi.ClassNotFound:
		return "The object does not exist."
	case cosapi.ClassNoSuchBucket:
		return fmt.Sprintf("There is no bucket %s in region %s at %s. Check bucket (its name "+
			"ends with -<appid>), region and the provider's endpoint.",
			a.Ref.Bucket, a.Ref.Region, a.Endpoint)
	case cosapi.ClassAuthentication:
		return authenticationRemedy(cosapi.CodeOf(err))
	case cosapi.ClassClock:
		return "COS accepts a request only within 15 minutes of its own clock. Set this " +
			"machine's clock right (NTP) and run again."
	case cosapi.ClassPermission:
		return a.permissionRemedy(err)
	case cosapi.ClassKMS:
		return kmsRemedy(cosapi.CodeOf(err))
	case cosapi.ClassCustomerKey:
		return customerKeyRemedy
	default:
		return otherRemedy(cosapi.Classify(err))
	}
}

func remedyForType(err error) string {
	var ambiguous *cosapi.AmbiguousError
	var mismatch *cosapi.EncryptionMismatchError
	var checksum *cosapi.ChecksumError
	var credentials *credential.Error
	switch {
	case errors.Is(err, credential.ErrAccount):
		return "The request was not made. Use credentials of an account that the provider block lets " +
			"it work in."
	case errors.As(err, &credentials):
		return "The request was not made. Set secret_id and secret_key, profile, cam_role_name or " +
			"assume_role_with_web_identity in the provider block or by their environment " +
			"variables, or mend the one that is set."
	case errors.As(err, &ambiguous):
		return "The connection broke before COS's answer arrived, and the object does not tell " +
			"whether the request was carried out. Nothing was repeated. Plan again: the refresh " +
			"shows what COS holds."
	case errors.As(err, &mismatch):
		return "COS accepted the object but did not report the encryption that was asked for. " +
			"Check the bucket's default encryption and any gateway between Terraform and COS, " +
			"and report the request id to Tencent Cloud."
	case errors.As(err, &checksum):
		return "The bytes that COS has are not the bytes that were sent. Run again; if it " +
			"persists, look for a proxy that changes bodies."
	}
	return ""
}

func authenticationRemedy(code string) string {
	switch code {
	case "ExpiredToken":
		return "The temporary credentials have expired. Get new ones (security_token) and run " +
			"again."
	case "InvalidAccessKeyId":
		return "COS does not know this secret_id. Check secret_id, the environment variables and " +
			"the profile that the provider reads."
	default:
		return "The secret_key does not belong to the secret_id, or a proxy changes requests on " +
			"their way. Check the provider's credentials."
	}
}

// actionsOf are the CAM permissions that COS checks for an operation.
var actionsOf = map[string]string{
	"PutObjectCopy":           "cos:PutObject on the object and cos:GetObject on the source",
	"UploadPartCopy":          "cos:UploadPart on the object and cos:GetObject on the source",
	"GetBucket":               "cos:GetBucket",
	"GetBucketObjectVersions": "cos:GetBucketObjectVersions",
	"PostObjectRestore":       "cos:PostObjectRestore",
}

func (a Attempt) permissionRemedy(err error) string {
	var failure *cosapi.Error
	action := "the action"
	if errors.As(err, &failure) {
		action = "cos:" + failure.Op
		if known, ok := actionsOf[failure.Op]; ok {
			action = known
		}
	}
	text := fmt.Sprintf("The credentials lack %s on %s.", action, a.Ref)
	if a.Mode == cosapi.ModeSSEC {
		text = fmt.Sprintf("Either the customer key (SSE-C) is not the one that the object is "+
			"encrypted with, or the credentials lack %s on %s: COS answers both alike.",
			action, a.Ref)
	}
	if reason := survivalReason(failure); reason != "" {
		return text + " " + reason
	}
	if a.Mode == cosapi.ModeSSEKMS {
		text += " With SSE-KMS they also need kms:GenerateDataKey and kms:Decrypt on the KMS key."
	}
	return text
}

// survivalReason says why a write reads what it was not told to change.
func survivalReason(failure *cosapi.Error) string {
	argument := ""
	if failure != nil {
		argument = map[string]string{
			"GetObjectACL": "acl", "GetObjectTagging": "tags",
		}[failure.Op]
	}
	if argument == "" {
		return ""
	}
	return fmt.Sprintf("A write needs it, so that what others have set on the object survives. Set "+
		"%s to replace it instead.", argument)
}

func kmsRemedy(code string) string {
	switch code {
	case "KmsKeyNotExist":
		return "KMS has no such key in this region (KMS keys are regional). Check " +
			"sse.kms.key_id; leave it out to use the key that COS keeps for the account."
	case "KmsKeyDisabled":
		return "The KMS key is disabled or scheduled for deletion. Enable it in KMS, or name " +
			"another key in sse.kms.key_id."
	default:
		return "KMS refused. Check that KMS is activated in this region, that COS is authorised " +
			"to use it, and that the credentials may use the key."
	}
}

const customerKeyRemedy = "The SSE-C key is missing or not the one that the object is " +
	"encrypted with. COS keeps only a digest of the key: without the right key the object " +
	"cannot be read. Put the key into the provider's customer_keys."

func otherRemedy(class cosapi.Class) string {
	switch class {
	case cosapi.ClassThrottled:
		return "COS asks for fewer requests. Lower -parallelism or transfer_concurrency, or " +
			"raise max_retries."
	case cosapi.ClassPrecondition:
		return "The object changed after Terraform last read it. Nothing was changed. Plan again " +
			"to see what it is now."
	case cosapi.ClassExists:
		return "There is an object with this key already."
	case cosapi.ClassArchived:
		return "The object is archived and has to be restored before it can be read or copied: " +
			"use the resource cos_encrypted_object_restore."
	case cosapi.ClassLocked:
		return "Object lock protects the object until its retention ends. Wait, or take it out " +
			"of Terraform with `terraform state rm`."
	case cosapi.ClassServer:
		return "COS had an internal fault, and trying again did not help. Run again later."
	case cosapi.ClassNotCOS:
		return "Something between here and COS answered in its place: a proxy (HTTPS_PROXY), a " +
			"gateway, a login page, or the endpoint is not COS's. Nothing was concluded from it " +
			"about any object. If the endpoint is a private cloud that marks its answers " +
			"otherwise, set request_id_header in the provider block."
	case cosapi.ClassConnection:
		return "COS could not be reached, or its answer did not arrive whole. Check the endpoint, the " +
			"region, DNS, proxies (HTTPS_PROXY) and custom_ca_bundle."
	case cosapi.ClassCanceled:
		return "The operation was cancelled or ran into the deadline of the timeouts block."
	default:
		return ""
	}
}
