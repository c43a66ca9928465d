// Package objectcopy is data.cos_encrypted_object_copy: a copy on the server, made by reading.
package objectcopy

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var (
	_ datasource.DataSourceWithConfigure      = (*dataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*dataSource)(nil)
)

// dataSource is data.cos_encrypted_object_copy. Reading it makes the copy, unless it is
// there already and still right.
type dataSource struct {
	data *providerdata.Data
}

func NewDataSource() datasource.DataSource { return &dataSource{} }

// dataModel is its configuration and state. It may hold keys in clear.
type dataModel struct {
	Bucket       types.String `tfsdk:"bucket"`
	Key          types.String `tfsdk:"key"`
	Region       types.String `tfsdk:"region"`
	CopySource   types.List   `tfsdk:"copy_source"`
	SSE          types.List   `tfsdk:"sse"`
	StorageClass types.String `tfsdk:"storage_class"`
	Overwrite    types.Bool   `tfsdk:"overwrite"`

	ContentType        types.String `tfsdk:"content_type"`
	CacheControl       types.String `tfsdk:"cache_control"`
	ContentDisposition types.String `tfsdk:"content_disposition"`
	ContentEncoding    types.String `tfsdk:"content_encoding"`
	ContentLanguage    types.String `tfsdk:"content_language"`
	Expires            types.String `tfsdk:"expires"`
	Metadata           types.Map    `tfsdk:"metadata"`

	ID              types.String `tfsdk:"id"`
	CopiedAt        types.String `tfsdk:"copied_at"`
	ETag            types.String `tfsdk:"etag"`
	CRC64ECMA       types.String `tfsdk:"crc64ecma"`
	Size            types.Int64  `tfsdk:"size"`
	VersionID       types.String `tfsdk:"version_id"`
	URL             types.String `tfsdk:"url"`
	Encryption      types.Object `tfsdk:"encryption"`
	SourceETag      types.String `tfsdk:"source_etag"`
	SourceVersionID types.String `tfsdk:"source_version_id"`
}

// Metadata names the data source.
func (d *dataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object_copy"
}

// Configure takes over what the configured provider offers.
func (d *dataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.data = data
}

// ValidateConfig checks what needs no request.
func (d *dataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest,
	resp *datasource.ValidateConfigResponse,
) {
	var config dataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(sse.Validate(path.Root("sse"), config.SSE)...)
	at := path.Root("copy_source")
	resp.Diagnostics.Append(sse.ValidateCopySource(at, config.CopySource)...)
	if !config.CopySource.IsUnknown() && len(config.CopySource.Elements()) == 0 {
		resp.Diagnostics.AddAttributeError(at, "Source of the copy is missing",
			"There is no copy_source block. Add one with bucket and key of the object to copy.")
	}
}

// Read looks at source and destination, copies where that is called for, and checks the result.
func (d *dataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model dataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(d.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted, diags := d.wanted(model)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = d.data.MaskSecrets(ctx, wanted.keys()...)
	source, found, diags := d.carryOut(ctx, wanted)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.take(source, found, d.data.Client.URL(wanted.destination))
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// wantedCopy is a decoded configuration: everything known, keys found.
type wantedCopy struct {
	source      cosapi.ObjectRef
	sourceKey   *cosapi.CustomerKey
	ifMatch     string
	destination cosapi.ObjectRef
	encryption  cosapi.Encryption
	// headers are those that are configured; metadata is nil where it is not.
	headers      cosapi.ObjectHeaders
	storageClass string
	overwrite    bool
}

func (d *dataSource) wanted(model dataModel) (wantedCopy, diag.Diagnostics) {
	var diags diag.Diagnostics
	destination, refDiags := address.Object{
		Bucket: model.Bucket, Key: model.Key, Region: model.Region,
	}.Resolve(d.data.Region, path.Root("region"))
	diags.Append(refDiags...)
	source, _ := sse.DecodeCopySource(model.CopySource)
	sourceKey, keyDiags := sse.OpeningKey(source.SSEC, source.Encrypted, d.data.Keyring)
	diags.Append(keyDiags...)
	encryption, sseDiags := sse.Decode(model.SSE).Encryption(
		d.data.Keyring, d.data.KeyringUnknown, types.StringNull())
	diags.Append(sseDiags...)

	wanted := wantedCopy{
		destination: destination, sourceKey: sourceKey, encryption: encryption,
		ifMatch:      unquoted(source.IfMatch.ValueString()),
		storageClass: model.StorageClass.ValueString(),
		overwrite:    model.Overwrite.ValueBool(),
		source: cosapi.ObjectRef{
			Bucket: source.Bucket.ValueString(), Key: source.Key.ValueString(),
			Region: source.Region.ValueString(), VersionID: source.VersionID.ValueString(),
		},
		headers: cosapi.ObjectHeaders{
			ContentType:        model.ContentType.ValueString(),
			CacheControl:       model.CacheControl.ValueString(),
			ContentDisposition: model.ContentDisposition.ValueString(),
			ContentEncoding:    model.ContentEncoding.ValueString(),
			ContentLanguage:    model.ContentLanguage.ValueString(),
			Expires:            model.Expires.ValueString(),
			Metadata:           value.StringMap(model.Metadata),
		},
	}
	if wanted.source.Region == "" {
		wanted.source.Region = destination.Region
	}
	if wanted.source.Current() == wanted.destination {
		diags.AddAttributeError(path.Root("key"), "Source and destination are the same object",
			"To encrypt an object in place, import it into the resource cos_encrypted_object.")
	}
	return wanted, diags
}

// keys are the SSE-C keys in play, for log masks.
func (w wantedCopy) keys() []cosapi.CustomerKey {
	var keys []cosapi.CustomerKey
	for _, key := range []*cosapi.CustomerKey{w.sourceKey, w.destinationKey()} {
		if key != nil {
			keys = append(keys, *key)
		}
	}
	return keys
}

// destinationKey is the key that the copy is to have, nil unless it is SSE-C.
func (w wantedCopy) destinationKey() *cosapi.CustomerKey {
	if ssec, ok := w.encryption.(cosapi.SSEC); ok {
		return &ssec.Key
	}
	return nil
}

// take fills in what was found.
func (m *dataModel) take(source, found cosapi.ObjectInfo, url string) {
	m.Region = types.StringValue(found.Ref.Region)
	m.StorageClass = types.StringValue(found.StorageClass)
	m.ContentType = value.StringOrNull(found.Headers.ContentType)
	m.CacheControl = value.StringOrNull(found.Headers.CacheControl)
	m.ContentDisposition = value.StringOrNull(found.Headers.ContentDisposition)
	m.ContentEncoding = value.StringOrNull(found.Headers.ContentEncoding)
	m.ContentLanguage = value.StringOrNull(found.Headers.ContentLanguage)
	m.Expires = value.StringOrNull(found.Headers.Expires)
	_, metadata := cosapi.ReadCopyMarker(found.Headers.Metadata)
	m.Metadata = value.TextMap(metadata)
	m.ID = types.StringValue(found.Ref.Current().String())
	m.CopiedAt = value.TimeOrNull(found.LastModified)
	m.ETag, m.CRC64ECMA = value.StringOrNull(found.ETag), value.StringOrNull(found.CRC64)
	m.Size, m.VersionID = types.Int64Value(found.Size), value.StringOrNull(found.VersionID)
	m.URL = types.StringValue(url)
	m.Encryption = sse.EncryptionObject(found.Encryption)
	m.SourceETag = value.StringOrNull(source.ETag)
	m.SourceVersionID = value.StringOrNull(source.VersionID)
}
