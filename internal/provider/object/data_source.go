package object

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var (
	_ datasource.DataSourceWithConfigure      = (*dataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*dataSource)(nil)
)

// The sizes of content that are read into memory, in bytes.
const (
	defaultMaxBytes = 1 << 20
	maxMaxBytes     = 64 << 20
)

// dataSource is data.cos_encrypted_object: one object's facts, its content, or a
// file with it.
type dataSource struct {
	data *providerdata.Data
}

func NewDataSource() datasource.DataSource { return &dataSource{} }

// dataModel is its configuration and state. It may hold content and a key in clear.
type dataModel struct {
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
func (d *dataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object"
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
	resp.Diagnostics.Append(sse.ValidateSource(path.Root("sse"), config.SSE)...)
}

// Read asks COS: one HEAD for the facts, one GET where the content is wanted.
func (d *dataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model dataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(d.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref, diags := model.address().Resolve(d.data.Region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	choice, given := sse.DecodeOpening(path.Root("sse"), model.SSE)
	key, diags := sse.OpeningKey(choice, given, d.data.Keyring)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = d.data.MaskSecrets(ctx, providerdata.KeyList(key)...)
	resp.Diagnostics.Append(d.read(ctx, ref, key, &model)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	}
}

func (m dataModel) address() address.Object {
	return address.Object{Bucket: m.Bucket, Key: m.Key, Region: m.Region, VersionID: m.VersionID}
}

// read fills the model in. The content comes with the facts, so that only one of the two is asked
// for first.
func (d *dataSource) read(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
	model *dataModel,
) diag.Diagnostics {
	var found providerdata.Found
	var diags diag.Diagnostics
	if model.ReadContent.ValueBool() {
		var content []byte
		content, found, diags = readContent(ctx, d.data, ref, key, maxBytes(model.MaxBytes))
		var textDiags diag.Diagnostics
		model.Content, model.ContentBase64, textDiags = contentValues(content)
		diags.Append(textDiags...)
	} else {
		found, diags = lookAt(ctx, d.data, ref, key)
	}
	if diags.HasError() {
		return diags
	}
	if file := model.OutputPath.ValueString(); file != "" {
		diags.Append(d.download(ctx, ref, found, file)...)
	}
	if diags.HasError() {
		return diags
	}
	model.Region = types.StringValue(ref.Region)
	model.VersionID = value.StringOrNull(found.Info.VersionID)
	model.objectFacts = factsOf(d.data.Client, found)
	return diags
}

// download writes the object to a file that is nobody else's.
func (d *dataSource) download(
	ctx context.Context, ref cosapi.ObjectRef, found providerdata.Found, file string,
) diag.Diagnostics {
	at := path.Root("output_path")
	if !d.data.Written.ClaimFile(file, ref) {
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at,
			"Two data sources write one file", fmt.Sprintf("This run writes another object to %s. "+
				"Each would replace the other's at every read. Give each a file of its own.", file))}
	}
	options := cosapi.DownloadOptions{Path: file, Key: found.Key, Info: &found.Info}
	_, err := d.data.Client.Download(ctx, ref, options)
	var occupied *cosapi.OccupiedPathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &occupied):
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "The file is not replaced",
			fmt.Sprintf("%s. Data sources are read while planning, so nothing is replaced that this "+
				"provider has not written. Delete the file or move it away to have the object "+
				"downloaded to it, or name another one in output_path.", occupied))}
	}
	return diag.Diagnostics{diagnose.Attempt{
		Doing: "download the object", Ref: ref, Endpoint: d.data.Endpoint,
		Mode: found.Info.Encryption.Mode, At: at,
	}.Failed(err)}
}

// factsOf puts what was found into the words of the schema.
func factsOf(client *cosapi.Client, found providerdata.Found) objectFacts {
	info := found.Info
	return objectFacts{
		ID:                 types.StringValue(info.Ref.Current().String()),
		ETag:               value.StringOrNull(info.ETag),
		CRC64ECMA:          value.StringOrNull(info.CRC64),
		Size:               types.Int64Value(info.Size),
		LastModified:       value.TimeOrNull(info.LastModified),
		URL:                types.StringValue(client.URL(info.Ref.Current())),
		ContentType:        value.StringOrNull(info.Headers.ContentType),
		CacheControl:       value.StringOrNull(info.Headers.CacheControl),
		ContentDisposition: value.StringOrNull(info.Headers.ContentDisposition),
		ContentEncoding:    value.StringOrNull(info.Headers.ContentEncoding),
		ContentLanguage:    value.StringOrNull(info.Headers.ContentLanguage),
		Expires:            value.StringOrNull(info.Headers.Expires),
		Metadata:           value.TextMap(info.Headers.Metadata),
		StorageClass:       types.StringValue(info.StorageClass),
		RestoreOngoing:     types.BoolValue(info.Restore.Ongoing),
		RestoredUntil:      value.TimeOrNull(info.Restore.ExpiresAt),
		Encryption:         sse.EncryptionObject(info.Encryption),
		KeyName:            value.StringOrNull(found.KeyName),
	}
}

const contentText = "The object's bytes as text; null if they are not UTF-8 in Unicode NFC, the " +
	"only text that Terraform keeps as it is. Use `content_base64` for anything else."

const contentBase64Text = "The object's bytes in Base64."

const maxBytesText = "Largest object in bytes whose content is read; a larger one is an error. " +
	"Up to 67108864 (64 MiB), default 1048576 (1 MiB)."
