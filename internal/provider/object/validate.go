package object

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// ValidateConfig reports what is wrong in the configuration alone: `terraform validate` calls it
// without a provider configuration, a plan calls it again with known variables. Whether a file
// exists is not asked here, because another resource may be about to write it.
func (r *managedResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config resourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(sse.Validate(path.Root("sse"), config.SSE)...)
	resp.Diagnostics.Append(validateBody(config)...)
	resp.Diagnostics.Append(sse.ValidateCopySource(path.Root("copy_source"), config.CopySource)...)
}

// validateBody checks that there is at most one body and that it is one. None at all is for the
// plan to judge: an imported object needs none.
func validateBody(config resourceModel) diag.Diagnostics {
	var diags diag.Diagnostics
	var given []string
	for _, body := range []struct {
		name    string
		present bool
	}{
		{"content", value.IsSet(config.Content)},
		{"content_base64", value.IsSet(config.ContentBase64)},
		{"content_wo", value.IsSet(config.ContentWO)},
		{"source", value.IsSet(config.Source)},
		{"copy_source", value.IsPresent(config.CopySource)},
	} {
		if body.present {
			given = append(given, body.name)
		}
	}
	if len(given) > 1 {
		diags.AddAttributeError(bodyPath(given[1]), "More than one body", fmt.Sprintf(
			"%s are set; an object has one body. Keep one of them.", value.JoinWithAnd(given)))
	}
	diags.Append(sse.ValidateVersion(sse.WriteOnlyPair{
		Value: config.ContentWO, Version: config.ContentWOVersion,
		ValueAt: path.Root("content_wo"), VersionAt: path.Root("content_wo_version"),
		Missing: "Body is missing",
		Without: "content_wo_version is set, but content_wo is null. A version without a body " +
			"has no meaning: set content_wo, or remove content_wo_version.",
		Unversioned: "content_wo is set without content_wo_version. Terraform stores nothing of " +
			"content_wo, so only a new number tells that the body is another one. Add " +
			"content_wo_version = 1.",
	})...)
	if value.IsSet(config.ContentBase64) {
		diags.Append(validateBase64(config.ContentBase64.ValueString())...)
	}
	return diags
}

// bodyPath is where to blame a body; for the block it is an argument inside, see sse.Validate.
func bodyPath(name string) path.Path {
	if name == "copy_source" {
		return path.Root(name).AtListIndex(0).AtName("bucket")
	}
	return path.Root(name)
}

// validateBase64 says where Base64 breaks, and never what it encodes.
func validateBase64(text string) diag.Diagnostics {
	if _, err := base64.StdEncoding.DecodeString(text); err == nil {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("content_base64"),
		"Body is not Base64", "content_base64 is not standard Base64 (A-Z, a-z, 0-9, + and /, "+
			"padded with =). Use base64encode() or filebase64(); for text use content.")}
}
