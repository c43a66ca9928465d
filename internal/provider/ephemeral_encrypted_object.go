package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*encryptedObjectEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*encryptedObjectEphemeral)(nil)
)

// encryptedObjectEphemeral is ephemeral.cos_encrypted_object: decrypted content that reaches
// neither plan nor state.
type encryptedObjectEphemeral struct {
	data *providerData
}

func newEncryptedObjectEphemeral() ephemeral.EphemeralResource {
	return &encryptedObjectEphemeral{}
}

// encryptedObjectEphemeralModel is its configuration and result. It holds content and may hold a
// key in clear.
type encryptedObjectEphemeralModel struct {
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
func (e *encryptedObjectEphemeral) Metadata(
	_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object"
}

// Schema describes the ephemeral resource.
func (e *encryptedObjectEphemeral) Schema(
	_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse,
) {
	attributes := map[string]schema.Attribute{
		"bucket": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{limit(cosapi.ValidateBucket)},
			MarkdownDescription: dataBucketText,
		},
		"key": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{limit(cosapi.ValidateKey)},
			MarkdownDescription: dataKeyText,
		},
		"region": schema.StringAttribute{
			Optional: true, Computed: true,
			Validators:          []validator.String{limit(cosapi.ValidateRegion)},
			MarkdownDescription: dataRegionText,
		},
		"version_id": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Version to read. Default: the current one; then it is the " +
				"version that was read, null in a bucket without versioning.",
		},
		"max_bytes": schema.Int64Attribute{
			Optional:            true,
			Validators:          []validator.Int64{int64validator.Between(1, maxMaxBytes)},
			MarkdownDescription: maxBytesText,
		},
	}
	maps.Copy(attributes, ephemeralResultAttributes())
	resp.Schema = schema.Schema{
		MarkdownDescription: "The decrypted content of an object, which reaches neither the plan " +
			"nor the state. Use it where ephemeral values are allowed: in provider blocks, " +
			"write-only arguments, other ephemeral resources and `locals`. The object is read " +
			"anew in every plan and apply, with one request.",
		Attributes: attributes,
		Blocks:     map[string]schema.Block{"sse": openingSSEEphemeralBlock()},
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

// openingSSEEphemeralBlock is openingSSEDataSourceBlock for ephemeral resources, whose arguments
// may be ephemeral and are stored nowhere.
func openingSSEEphemeralBlock() schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: openingSSEText,
		NestedObject: schema.NestedBlockObject{Blocks: map[string]schema.Block{
			"c": schema.ListNestedBlock{
				MarkdownDescription: "The SSE-C key. Exactly one of `key_name` and `key`.",
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"key_name": schema.StringAttribute{
						Optional: true, MarkdownDescription: sseCKeyNameText,
					},
					"key": schema.StringAttribute{
						Optional: true, Sensitive: true,
						MarkdownDescription: "The key itself: 32 bytes, or the Base64 (44 " +
							"characters) of 32 bytes. It may be ephemeral and is stored nowhere.",
					},
				}},
			},
		}},
	}
}

// Configure takes over what the configured provider offers.
func (e *encryptedObjectEphemeral) Configure(
	_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse,
) {
	data, diags := providerDataFrom(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	e.data = data
}

// ValidateConfig checks what needs no request.
func (e *encryptedObjectEphemeral) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest,
	resp *ephemeral.ValidateConfigResponse,
) {
	var config encryptedObjectEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(validateSourceSSE(path.Root("sse"), config.SSE)...)
}

// Open reads the object.
func (e *encryptedObjectEphemeral) Open(
	ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse,
) {
	var model encryptedObjectEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(e.data.ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := objectAddress{
		bucket: model.Bucket, key: model.Key, region: model.Region, versionID: model.VersionID,
	}.resolve(e.data.region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	choice, given := decodeOpeningSSE(path.Root("sse"), model.SSE)
	key, diags := openingKey(choice, given, e.data.keyring)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = e.data.maskSecrets(ctx, keyList(key)...)
	content, found, diags := readContent(ctx, e.data, ref, key, maxBytes(model.MaxBytes))
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.take(content, found.info)
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}

// take fills in what was read.
func (m *encryptedObjectEphemeralModel) take(content []byte, info cosapi.ObjectInfo) {
	m.Content, m.ContentBase64 = contentValues(content)
	m.Region, m.VersionID = types.StringValue(info.Ref.Region), stringOrNull(info.VersionID)
	m.ContentType = stringOrNull(info.Headers.ContentType)
	m.ETag, m.CRC64ECMA = stringOrNull(info.ETag), stringOrNull(info.CRC64)
	m.Size, m.Mode = types.Int64Value(info.Size), types.StringValue(string(info.Encryption.Mode))
}
