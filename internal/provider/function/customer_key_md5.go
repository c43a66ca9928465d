// Package function is the provider's functions. They ask COS nothing.
package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
)

var _ function.Function = (*customerKeyMD5)(nil)

// customerKeyMD5 is provider::cos::customer_key_md5.
type customerKeyMD5 struct{}

func NewCustomerKeyMD5() function.Function { return &customerKeyMD5{} }

// Metadata names the function.
func (f *customerKeyMD5) Metadata(
	_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse,
) {
	resp.Name = "customer_key_md5"
}

// Definition describes the function.
func (f *customerKeyMD5) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "The MD5 by which COS names an SSE-C key",
		MarkdownDescription: "Returns the Base64 of the MD5 of an SSE-C key: what COS reports " +
			"as `x-cos-server-side-encryption-customer-key-MD5` and this provider as " +
			"`encryption.customer_key_md5`. It tells which key an object is encrypted with, for " +
			"example in a `postcondition`, and is not a secret as long as the key is random. Of " +
			"an ephemeral key the result is ephemeral too.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "key",
			MarkdownDescription: "The key: 32 bytes, or the Base64 (44 characters) of 32 bytes, " +
				"as in `customer_keys`.",
		}},
		Return: function.StringReturn{},
	}
}

// Run computes the MD5.
func (f *customerKeyMD5) Run(
	ctx context.Context, req function.RunRequest, resp *function.RunResponse,
) {
	var text string
	resp.Error = req.Arguments.Get(ctx, &text)
	if resp.Error != nil {
		return
	}
	key, err := cosapi.ParseCustomerKey(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, diagnose.Sentence(err))
		return
	}
	resp.Error = resp.Result.Set(ctx, key.MD5())
}
