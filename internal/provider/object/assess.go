package object

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// assessment compares a configuration with an object: the input of decide, and what plan and
// apply need besides.
type assessment struct {
	input decisionInput
	// body is the configured body; content what is known of its bytes.
	body    objectBody
	content contentAssessment
	// choice is the configured encryption; sse what became of comparing it.
	choice sse.Choice
	sse    encryptionAssessment
	// readKey opens the object as it is, for a copy of an SSE-C object; nil if it needs none or
	// none is at hand.
	readKey *cosapi.CustomerKey
}

// assessor holds what is compared.
type assessor struct {
	data     *providerdata.Data
	config   resourceModel
	plan     resourceModel
	state    resourceModel
	known    baseline
	creating bool
	// applying: a file that is missing is an error, no warning.
	applying bool
}

// assess makes the comparison. It asks COS only about the source of copy_source.
func (a *assessor) assess(ctx context.Context) (assessment, diag.Diagnostics) {
	var result assessment
	body, diags := decodeBody(a.config)
	result.body = body
	choice := sse.Decode(a.config.SSE)
	// The plan has the schema's default; the configuration has the write-only key.
	planned := sse.Decode(a.plan.SSE)
	choice.Algorithm = planned.Algorithm
	result.choice = choice
	sse, sseDiags := a.assessEncryption(ctx, choice)
	diags.Append(sseDiags...)
	result.sse = sse
	if diags.HasError() {
		return result, diags
	}
	content, contentDiags := a.assessContent(ctx, body)
	diags.Append(contentDiags...)
	result.content = content
	result.readKey = a.readKey(choice)
	result.input = decisionInput{
		creating:        a.creating,
		hasBody:         body.kind != bodyNone,
		copySource:      body.kind == bodyCopySource,
		content:         content.change,
		encryption:      sse.change,
		headers:         a.headersChange(),
		class:           a.classChange(),
		tags:            managedMapChange(a.plan.Tags, a.state.Tags),
		acl:             managedChange(a.plan.ACL, a.state.ACL),
		writeOnlyBumped: sse.bumped || content.bumped,
		obstacle:        a.obstacle(result.readKey),
	}
	return result, diags
}

// headersChange compares headers and metadata.
func (a *assessor) headersChange() change {
	result := unchanged
	for _, pair := range [][2]types.String{
		{a.plan.ContentType, a.state.ContentType},
		{a.plan.CacheControl, a.state.CacheControl},
		{a.plan.ContentDisposition, a.state.ContentDisposition},
		{a.plan.ContentEncoding, a.state.ContentEncoding},
		{a.plan.ContentLanguage, a.state.ContentLanguage},
		{a.plan.Expires, a.state.Expires},
	} {
		result = result.or(valueChange(pair[0], pair[1]))
	}
	return result.or(mapChange(a.plan.Metadata, a.state.Metadata))
}

// classChange compares the storage class where one is configured: otherwise lifecycle rules may
// move the object.
func (a *assessor) classChange() change {
	if a.config.StorageClass.IsNull() {
		return unchanged
	}
	return valueChange(a.config.StorageClass, a.state.StorageClass)
}

func valueChange(wanted, is types.String) change {
	if wanted.IsUnknown() {
		return unsure
	}
	return changedIf(wanted.ValueString() != is.ValueString())
}

// mapChange compares maps; null and empty mean the same to COS.
func mapChange(wanted, is types.Map) change {
	if !fullyKnown(wanted) {
		return unsure
	}
	return changedIf(!maps.Equal(value.StringMap(wanted), value.StringMap(is)))
}

func fullyKnown(value types.Map) bool {
	if value.IsUnknown() {
		return false
	}
	for _, element := range value.Elements() {
		if element.IsUnknown() {
			return false
		}
	}
	return true
}

// managedChange and managedMapChange compare what is not managed when null.
func managedChange(wanted, is types.String) change {
	if wanted.IsNull() {
		return unchanged
	}
	return valueChange(wanted, is)
}

func managedMapChange(wanted, is types.Map) change {
	if wanted.IsNull() {
		return unchanged
	}
	// A first {} takes over tags that nobody has looked at.
	if is.IsNull() && fullyKnown(wanted) {
		return changed
	}
	return mapChange(wanted, is)
}

// obstacle says what keeps COS from reading the object for a copy. A keyring that is not known yet
// may turn out to have the key.
func (a *assessor) obstacle(readKey *cosapi.CustomerKey) obstacle {
	if a.creating {
		return obstacleNone
	}
	observed, _ := sse.EncryptionStatus(a.state.Encryption)
	switch {
	case cosapi.Archived(a.state.StorageClass.ValueString()) && !a.known.Restored:
		return obstacleArchived
	case observed.Mode == cosapi.ModeSSEC && readKey == nil && !a.data.KeyringUnknown:
		return obstacleKey
	}
	return obstacleNone
}

// readKey finds the key that the object is encrypted with, by the MD5 that COS reports: the key in
// the state, any key of the keyring, or the configured one.
func (a *assessor) readKey(choice sse.Choice) *cosapi.CustomerKey {
	observed, _ := sse.EncryptionStatus(a.state.Encryption)
	if observed.Mode != cosapi.ModeSSEC || observed.CustomerKeyMD5 == "" {
		return nil
	}
	if _, key, ok := a.data.Keyring.ByMD5(observed.CustomerKeyMD5); ok {
		return &key
	}
	old := sse.Decode(a.state.SSE)
	for _, text := range []types.String{old.Key, choice.Key, choice.KeyWO} {
		key, err := cosapi.ParseCustomerKey(text.ValueString())
		if err == nil && key.MD5() == observed.CustomerKeyMD5 {
			return &key
		}
	}
	return nil
}

// object is the attribute encryption as the plan shows it.
func (e encryptionAssessment) object() types.Object {
	if e.unknown {
		return types.ObjectUnknown(sse.EncryptionAttrTypes)
	}
	return types.ObjectValueMust(sse.EncryptionAttrTypes, map[string]attr.Value{
		"mode":             types.StringValue(string(e.mode)),
		"algorithm":        e.algorithm,
		"kms_key_id":       e.kmsKeyID,
		"customer_key_md5": e.keyMD5,
	})
}
