// Package address is what names an object: the arguments bucket, key, region and prefix.
package address

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
)

// Bucket is the bucket argument; addition goes behind its description.
func Bucket(addition string) describe.Argument {
	return describe.Argument{
		Name: "bucket", Required: true, Check: cosapi.ValidateBucket,
		Text: "Name of the bucket with its APPID, for example `examplebucket-1250000000`." + addition,
	}
}

// Key is the key argument of an object that exists. For one that is made use NewKey.
func Key(addition string) describe.Argument {
	return describe.Argument{
		Name: "key", Required: true, Check: cosapi.ValidateKey,
		Text: "Key of the object within the bucket." + addition,
	}
}

// NewKey is the key argument of an object that is made: document 13324 binds it.
func NewKey(addition string) describe.Argument {
	key := Key(" For example `reports/2026.csv`: at most 850 bytes in UTF-8, not starting with `/` " +
		"or `\\`." + addition)
	key.Check = cosapi.ValidateNewKey
	return key
}

// Region is the region argument; where says which region is the default.
func Region(where string) describe.Argument {
	return describe.Argument{
		Name: "region", Computed: true, Check: cosapi.ValidateRegion,
		Text: "Region of the bucket, for example `ap-guangzhou`. Default: " + where,
	}
}

// ProvidersRegion is where an argument region says no more than its default.
const ProvidersRegion = "the provider's region."

// Prefix is the prefix argument.
func Prefix(text string) describe.Argument {
	return describe.Argument{Name: "prefix", Check: cosapi.ValidatePrefix, Text: text}
}

// VersionID is the version_id argument.
func VersionID(text string) describe.Argument {
	return describe.Argument{Name: "version_id", Check: cosapi.ValidateVersionID, Text: text}
}

// Object is the four arguments that name an object.
type Object struct {
	Bucket, Key, Region, VersionID types.String
}

// Resolve names the object of an address; without a region it is in that one, the provider's.
func (a Object) Resolve(
	region string, regionAt path.Path,
) (cosapi.ObjectRef, diag.Diagnostics) {
	ref := cosapi.ObjectRef{
		Bucket: a.Bucket.ValueString(), Key: a.Key.ValueString(),
		Region: a.Region.ValueString(), VersionID: a.VersionID.ValueString(),
	}
	if ref.Region == "" {
		ref.Region = region
	}
	if ref.Region != "" {
		return ref, nil
	}
	return ref, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(regionAt, "Region is missing",
		"Set region here, or in the provider block, or in the environment variable "+
			"TENCENTCLOUD_REGION.")}
}

// NoRegion: without a region there is no host to ask.
func NoRegion() diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("region"), "Region is not known",
		"Neither the resource nor the provider names the region of the bucket. Set region here or "+
			"in the provider block, or set TENCENTCLOUD_REGION.")
}

// ReplaceIfRegionMoves replaces an object only when its configuration names another region than
// the one it is known to be in. A region that is not known yet counts as another one, as for
// bucket and key; no region in the configuration or in the state never replaces.
func ReplaceIfRegionMoves() planmodifier.String {
	const description = "Replaces the object when another region is configured."
	return stringplanmodifier.RequiresReplaceIf(
		func(
			_ context.Context, req planmodifier.StringRequest,
			resp *stringplanmodifier.RequiresReplaceIfFuncResponse,
		) {
			resp.RequiresReplace = !req.ConfigValue.IsNull() && !req.StateValue.IsNull() &&
				!req.ConfigValue.Equal(req.StateValue)
		}, description, description)
}
