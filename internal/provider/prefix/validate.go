package prefix

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

func validateDuration(text string) error {
	if d, err := time.ParseDuration(text); err != nil || d < 0 {
		return errors.New(`a duration is written like "90s", "5m" or "1h30m"`)
	}
	return nil
}

// ValidateConfig checks what needs no request.
func (r *managedResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(sse.Validate(path.Root("sse"), config.SSE)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(validateKeys(config.SSE)...)
	resp.Diagnostics.Append(validateEvidence(ctx, config)...)
	resp.Diagnostics.Append(validateBatch(config)...)
}

// validateKeys demands the keys that an audit compares with.
func validateKeys(list types.List) diag.Diagnostics {
	choice := sse.Decode(list)
	at := path.Root("sse").AtListIndex(0)
	switch {
	case choice.Mode == cosapi.ModeSSEKMS && choice.KMSKeyID.IsNull():
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(
			at.AtName("kms").AtListIndex(0).AtName("key_id"), "KMS key is missing",
			"An audit compares the key of each object with key_id, so it cannot be left to COS.")}
	case choice.Mode == cosapi.ModeSSEC && choice.KeyName.IsNull():
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(
			at.AtName("c").AtListIndex(0).AtName("key_name"), "SSE-C key is missing",
			"Name a key of the provider's customer_keys: a refresh needs it.")}
	}
	return nil
}

// validateEvidence refuses evidence that the audit would find among the objects.
func validateEvidence(ctx context.Context, config model) diag.Diagnostics {
	block := value.OnlyBlock(config.Evidence)
	bucket, prefix := value.StringMember(block, "bucket"), value.StringMember(block, "prefix")
	if block.IsNull() || block.IsUnknown() || bucket.IsUnknown() || prefix.IsUnknown() {
		return nil
	}
	at := path.Root("evidence").AtListIndex(0)
	if bucket.IsNull() {
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at.AtName("bucket"),
			"Evidence bucket is missing", "Name the bucket that keeps ledgers and attestations.")}
	}
	if bucket.ValueString() != config.Bucket.ValueString() || config.Prefix.IsUnknown() ||
		config.ExcludePrefixes.IsUnknown() ||
		!strings.HasPrefix(prefix.ValueString(), config.Prefix.ValueString()) {
		return nil
	}
	excluded, diags := texts(ctx, config.ExcludePrefixes)
	for _, beginning := range excluded {
		if strings.HasPrefix(prefix.ValueString(), beginning) {
			return diags
		}
	}
	diags.AddAttributeError(at.AtName("prefix"), "Evidence lies under the audited prefix",
		fmt.Sprintf("Every audit would find its own files under %q. Keep them in another bucket, or "+
			"add %q to exclude_prefixes.", config.Prefix.ValueString(), prefix.ValueString()))
	return diags
}

// texts are the known members of a set.
func texts(ctx context.Context, set types.Set) ([]string, diag.Diagnostics) {
	var members []types.String
	diags := set.ElementsAs(ctx, &members, false)
	var known []string
	for _, member := range members {
		if value.IsSet(member) {
			known = append(known, member.ValueString())
		}
	}
	return known, diags
}
