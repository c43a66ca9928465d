package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

var (
	_ datasource.DataSourceWithConfigure      = (*encryptedObjectDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*encryptedObjectDataSource)(nil)
)

// The sizes of content that are read into memory, in bytes.
const (
	defaultMaxBytes = 1 << 20
	maxMaxBytes     = 64 << 20
)

// encryptedObjectDataSource is data.cos_encrypted_object: one object's facts, its content, or a
// file with it.
type encryptedObjectDataSource struct {
	data *providerData
}

func newEncryptedObjectDataSource() datasource.DataSource { return &encryptedObjectDataSource{} }

// encryptedObjectDataModel is its configuration and state. It may hold content and a key in clear.
type encryptedObjectDataModel struct {
	Bucket      types.String `tfsdk:"bucket"`
	Key         types.String `tfsdk:"key"`
	Region      types.String `tfsdk:"region"`
	VersionID   types.String `tfsdk:"version_id"`
	SSE         types.List   `tfsdk:"sse"`
	ReadContent types.Bool   `tfsdk:"read_content"`
	MaxBytes    types.Int64  `tfsdk:"max_bytes"`
	OutputPath  types.String `tfsdk:"output_path"`

	Content       types.String `tfsdk:"content"`
	ContentBase64 types.String `tfsdk:"content_base64"`
	objectFacts
}

// objectFacts are what COS reports of an object, in the words of the schema.
type objectFacts struct {
	ID                 types.String `tfsdk:"id"`
	ETag               types.String `tfsdk:"etag"`
	CRC64ECMA          types.String `tfsdk:"crc64ecma"`
	Size               types.Int64  `tfsdk:"size"`
	LastModified       types.String `tfsdk:"last_modified"`
	URL                types.String `tfsdk:"url"`
	ContentType        types.String `tfsdk:"content_type"`
	CacheControl       types.String `tfsdk:"cache_control"`
	ContentDisposition types.String `tfsdk:"content_disposition"`
	ContentEncoding    types.String `tfsdk:"content_encoding"`
	ContentLanguage    types.String `tfsdk:"content_language"`
	Expires            types.String `tfsdk:"expires"`
	Metadata           types.Map    `tfsdk:"metadata"`
	StorageClass       types.String `tfsdk:"storage_class"`
	RestoreOngoing     types.Bool   `tfsdk:"restore_ongoing"`
	RestoredUntil      types.String `tfsdk:"restored_until"`
	Encryption         types.Object `tfsdk:"encryption"`
	KeyName            types.String `tfsdk:"key_name"`
}

// Metadata names the data source.
func (d *encryptedObjectDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object"
}

// Configure takes over what the configured provider offers.
func (d *encryptedObjectDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse,
) {
	data, diags := providerDataFrom(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.data = data
}

// ValidateConfig checks what needs no request.
func (d *encryptedObjectDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest,
	resp *datasource.ValidateConfigResponse,
) {
	var config encryptedObjectDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(validateSourceSSE(path.Root("sse"), config.SSE)...)
}

// Read asks COS: one HEAD for the facts, one GET where the content is wanted.
func (d *encryptedObjectDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model encryptedObjectDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(d.data.ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := model.address().resolve(d.data.region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	choice, given := decodeOpeningSSE(path.Root("sse"), model.SSE)
	key, diags := openingKey(choice, given, d.data.keyring)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = d.data.maskSecrets(ctx, keyList(key)...)
	resp.Diagnostics.Append(d.read(ctx, ref, key, &model)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	}
}

func (m encryptedObjectDataModel) address() objectAddress {
	return objectAddress{bucket: m.Bucket, key: m.Key, region: m.Region, versionID: m.VersionID}
}

// read fills the model in. The content comes with the facts, so that only one of the two is asked
// for first.
func (d *encryptedObjectDataSource) read(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
	model *encryptedObjectDataModel,
) diag.Diagnostics {
	var found objectLook
	var diags diag.Diagnostics
	if model.ReadContent.ValueBool() {
		var content []byte
		content, found, diags = readContent(ctx, d.data, ref, key, maxBytes(model.MaxBytes))
		model.Content, model.ContentBase64 = contentValues(content)
	} else {
		found, diags = describe(ctx, d.data, ref, key)
	}
	if diags.HasError() {
		return diags
	}
	if file := model.OutputPath.ValueString(); file != "" {
		options := cosapi.DownloadOptions{Path: file, Key: found.key, Info: &found.info}
		if _, err := d.data.client.Download(ctx, ref, options); err != nil {
			return append(diags, attempt{
				doing: "download the object", ref: ref, endpoint: d.data.endpoint,
				mode: found.info.Encryption.Mode, at: path.Root("output_path"),
			}.failed(err))
		}
	}
	model.Region = types.StringValue(ref.Region)
	model.VersionID = stringOrNull(found.info.VersionID)
	model.objectFacts = factsOf(d.data.client, found)
	return diags
}

// factsOf puts what was found into the words of the schema.
func factsOf(client *cosapi.Client, found objectLook) objectFacts {
	info := found.info
	return objectFacts{
		ID:                 types.StringValue(info.Ref.Current().String()),
		ETag:               stringOrNull(info.ETag),
		CRC64ECMA:          stringOrNull(info.CRC64),
		Size:               types.Int64Value(info.Size),
		LastModified:       timeOrNull(info.LastModified),
		URL:                types.StringValue(client.URL(info.Ref.Current())),
		ContentType:        stringOrNull(info.Headers.ContentType),
		CacheControl:       stringOrNull(info.Headers.CacheControl),
		ContentDisposition: stringOrNull(info.Headers.ContentDisposition),
		ContentEncoding:    stringOrNull(info.Headers.ContentEncoding),
		ContentLanguage:    stringOrNull(info.Headers.ContentLanguage),
		Expires:            stringOrNull(info.Headers.Expires),
		Metadata:           textMap(info.Headers.Metadata),
		StorageClass:       types.StringValue(info.StorageClass),
		RestoreOngoing:     types.BoolValue(info.Restore.Ongoing),
		RestoredUntil:      timeOrNull(info.Restore.ExpiresAt),
		Encryption:         encryptionObject(info.Encryption),
		KeyName:            stringOrNull(found.keyName),
	}
}

// timeOrNull is a time as RFC 3339 in UTC, null for the zero time.
func timeOrNull(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339))
}
