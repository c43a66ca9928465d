// Package address is what names an object: the arguments bucket, key, region and prefix.
package address

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/text/unicode/norm"

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
		Name: "key", Required: true, Check: addressable,
		Text: "Key of the object within the bucket." + addition,
	}
}

// CheckNFC refuses a key that Terraform cannot name: it turns every text into Unicode NFC, and to
// COS that is the key of another object.
func CheckNFC(key string) error {
	if norm.NFC.IsNormalString(key) {
		return nil
	}
	return fmt.Errorf("the key %s is not in Unicode NFC. Terraform turns every text into NFC, which "+
		"here is the key of another object, %s. Copy the object to a key in NFC with another tool",
		encoded(key), encoded(norm.NFC.String(key)))
}

// IsNFC reports text that stays as it is when Terraform takes it.
func IsNFC(text []byte) bool { return norm.NFC.IsNormal(text) }

// encoded is a key with everything percent-encoded but ASCII, so that it can be told from others.
func encoded(key string) string {
	return strings.ReplaceAll(url.PathEscape(key), "%2F", "/")
}

// addressable checks the key of an object that exists.
func addressable(key string) error {
	return errors.Join(cosapi.ValidateKey(key), CheckNFC(key))
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
