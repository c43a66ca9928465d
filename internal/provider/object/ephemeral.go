package object

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*ephemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*ephemeralResource)(nil)
)

// ephemeralResource is ephemeral.cos_encrypted_object: decrypted content that reaches
// neither plan nor state.
type ephemeralResource struct {
	data *providerdata.Data
}

func NewEphemeral() ephemeral.EphemeralResource {
	return &ephemeralResource{}
}

// ephemeralModel is its configuration and result. It holds content and may hold a
// key in clear.
type ephemeralModel struct {
	Bucket    types.String `tfsdk:"bucket"`
	Key       types.String `tfsdk:"key"`
	Region    types.String `tfsdk:"region"`
	VersionID types.String `tfsdk:"version_id"`
	SSE       types.List   `tfsdk:"sse"`
	MaxBytes  types.Int64  `tfsdk:"max_bytes"`

	Content       types.String `tfsdk:"content"`
	ContentBase64 types.String `tfsdk:"content_base64"`
	ContentType   types.String `tfsdk:"content_type"`
	ETag          types.String `tfsdk:"etag"`
	CRC64ECMA     types.String `tfsdk:"crc64ecma"`
	Size          types.Int64  `tfsdk:"size"`
	Mode          types.String `tfsdk:"mode"`
}

// Metadata names the ephemeral resource.
func (e *ephemeralResource) Metadata(
	_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object"
}

// Schema describes the ephemeral resource.
func (e *ephemeralResource) Schema(
	_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse,
) {
	attributes := describe.EphemeralAttributes(readArguments()...)
	attributes["max_bytes"] = schema.Int64Attribute{
		Optional:            true,
		Validators:          []validator.Int64{int64validator.Between(1, maxMaxBytes)},
		MarkdownDescription: maxBytesText,
	}
	maps.Copy(attributes, ephemeralResultAttributes())
	resp.Schema = schema.Schema{
		MarkdownDescription: "The decrypted content of an object, which reaches neither the plan " +
			"nor the state. Use it where ephemeral values are allowed: in provider blocks, " +
			"write-only arguments, other ephemeral resources and `locals`. The object is read " +
			"anew in every plan and apply, with one request.",
		Attributes: attributes,
		Blocks: describe.EphemeralBlocks(
			sse.OpeningBlock(sse.OpeningText, sse.EphemeralKey())),
	}
}

func ephemeralResultAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"content": schema.StringAttribute{
			Computed: true, Sensitive: true, MarkdownDescription: contentText,
		},
		"content_base64": schema.StringAttribute{
			Computed: true, Sensitive: true, MarkdownDescription: contentBase64Text,
		},
		"content_type": schema.StringAttribute{
			Computed: true, MarkdownDescription: objectFactTexts["content_type"],
		},
		"etag": schema.StringAttribute{
			Computed: true, MarkdownDescription: objectFactTexts["etag"],
		},
		"crc64ecma": schema.StringAttribute{
			Computed: true, MarkdownDescription: objectFactTexts["crc64ecma"],
		},
		"size": schema.Int64Attribute{Computed: true, MarkdownDescription: "Size in bytes."},
		"mode": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "How the object is encrypted: `NONE`, `SSE-COS`, `SSE-KMS` or `SSE-C`.",
		},
	}
}

// Configure takes over what the configured provider offers.
func (e *ephemeralResource) Configure(
	_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	e.data = data
}

// ValidateConfig checks what needs no request.
func (e *ephemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest,
	resp *ephemeral.ValidateConfigResponse,
) {
	var config ephemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(sse.ValidateSource(path.Root("sse"), config.SSE)...)
}

// Open reads the object.
func (e *ephemeralResource) Open(
	ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse,
) {
	var model ephemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(e.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := address.Object{
		Bucket: model.Bucket, Key: model.Key, Region: model.Region, VersionID: model.VersionID,
	}.Resolve(e.data.Region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	choice, given := sse.DecodeOpening(path.Root("sse"), model.SSE)
	key, diags := sse.OpeningKey(choice, given, e.data.Keyring)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = e.data.MaskSecrets(ctx, providerdata.KeyList(key)...)
	content, found, diags := readContent(ctx, e.data, ref, key, maxBytes(model.MaxBytes))
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.take(content, found.Info)...)
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}

// take fills in what was read.
func (m *ephemeralModel) take(content []byte, info cosapi.ObjectInfo) (diags diag.Diagnostics) {
	m.Content, m.ContentBase64, diags = contentValues(content)
	m.Region, m.VersionID = types.StringValue(info.Ref.Region), value.StringOrNull(info.VersionID)
	m.ContentType = value.StringOrNull(info.Headers.ContentType)
	m.ETag, m.CRC64ECMA = value.StringOrNull(info.ETag), value.StringOrNull(info.CRC64)
	m.Size, m.Mode = types.Int64Value(info.Size), types.StringValue(string(info.Encryption.Mode))
	return diags
}
