package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var _ function.Function = (*parseObjectURL)(nil)

// objectURLAttrTypes is what parse_object_url returns.
var objectURLAttrTypes = map[string]attr.Type{
	"bucket":     types.StringType,
	"key":        types.StringType,
	"region":     types.StringType,
	"version_id": types.StringType,
}

// parseObjectURL is provider::cos::parse_object_url.
type parseObjectURL struct{}

func NewParseObjectURL() function.Function { return &parseObjectURL{} }

// Metadata names the function.
func (f *parseObjectURL) Metadata(
	_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse,
) {
	resp.Name = "parse_object_url"
}

// Definition describes the function.
func (f *parseObjectURL) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "Bucket, key, region and version of an object's URL",
		MarkdownDescription: "Takes the URL of an object apart and returns an object with " +
			"`bucket`, `key` (decoded), `region` and `version_id` (null if the URL names none). " +
			"It understands what the `url` attribute of `cos_encrypted_object` and the COS " +
			"console show, and `cos://<bucket>/<key>` as COSCLI writes it, whose key is not " +
			"encoded and which names no region (null). Acceleration and custom domains do not name bucket and region and are " +
			"errors, and so are presigned URLs, which hold credentials.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "url",
			MarkdownDescription: "`https://<bucket>.cos.<region>.myqcloud.com/<key>`, with " +
				"`?versionId=<id>` for a version.",
		}},
		Return: function.ObjectReturn{AttributeTypes: objectURLAttrTypes},
	}
}

// Run parses the URL.
func (f *parseObjectURL) Run(
	ctx context.Context, req function.RunRequest, resp *function.RunResponse,
) {
	var raw string
	resp.Error = req.Arguments.Get(ctx, &raw)
	if resp.Error != nil {
		return
	}
	ref, err := cosapi.ParseObjectURL(raw)
	if err == nil {
		err = address.CheckNFC(ref.Key)
	}
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, diagnose.Sentence(err))
		return
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(objectURLAttrTypes,
		map[string]attr.Value{
			"bucket":     types.StringValue(ref.Bucket),
			"key":        types.StringValue(ref.Key),
			"region":     value.StringOrNull(ref.Region),
			"version_id": value.StringOrNull(ref.VersionID),
		}))
}
