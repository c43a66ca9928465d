package function

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var _ function.Function = (*kmsContext)(nil)

// kmsContext is provider::cos::kms_context.
type kmsContext struct{}

func NewKMSContext() function.Function { return &kmsContext{} }

// Metadata names the function.
func (f *kmsContext) Metadata(
	_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse,
) {
	resp.Name = "kms_context"
}

// Definition describes the function.
func (f *kmsContext) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "A KMS encryption context as it goes over the wire",
		MarkdownDescription: "Returns the Base64 of the JSON of an encryption context, byte for " +
			"byte as this provider sends `sse.kms.context` to COS: names in order, no white " +
			"space, no HTML escaping. Use it to give the same context to a program that takes it " +
			"encoded, such as the COS SDKs (`SSEKMSContext`); the provider's own `context` " +
			"argument takes the map. An empty map gives an empty string. `base64decode` shows " +
			"the JSON.",
		Parameters: []function.Parameter{function.MapParameter{
			Name:                "context",
			ElementType:         types.StringType,
			MarkdownDescription: "Names and values, none of them null.",
		}},
		Return: function.StringReturn{},
	}
}

// Run encodes the context.
func (f *kmsContext) Run(
	ctx context.Context, req function.RunRequest, resp *function.RunResponse,
) {
	var values map[string]types.String
	resp.Error = req.Arguments.Get(ctx, &values)
	if resp.Error != nil {
		return
	}
	pairs := make(map[string]string, len(values))
	for _, name := range value.SortedNames(values) {
		if values[name].IsNull() {
			resp.Error = function.NewArgumentFuncError(0,
				fmt.Sprintf("The value of %q is null; a context has texts only.", name))
			return
		}
		pairs[name] = values[name].ValueString()
	}
	text, err := cosapi.CanonicalContext(pairs)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, diagnose.Sentence(err))
		return
	}
	resp.Error = resp.Result.Set(ctx, base64.StdEncoding.EncodeToString([]byte(text)))
}
