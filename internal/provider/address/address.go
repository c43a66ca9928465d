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
)

const BucketText = "Name of the bucket with its APPID, for example `examplebucket-1250000000`."

const KeyText = "Key of the object within the bucket."

const RegionText = "Region of the bucket. Default: the provider's region."

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
