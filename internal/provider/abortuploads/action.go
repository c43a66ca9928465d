// Package abortuploads is the action cos_encrypted_object_abort_uploads: uploads that nobody
// finished are removed with their parts.
package abortuploads

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// youngest is the least age at which an upload counts as abandoned: one that is under way must not
// be taken for one.
const youngest = time.Hour

var _ action.ActionWithConfigure = (*abortAction)(nil)

// abortAction is the action cos_encrypted_object_abort_uploads.
type abortAction struct {
	data *providerdata.Data
}

// NewAction returns the action.
func NewAction() action.Action { return &abortAction{} }

// actionModel is its configuration.
type actionModel struct {
	Bucket    types.String `tfsdk:"bucket"`
	Prefix    types.String `tfsdk:"prefix"`
	Region    types.String `tfsdk:"region"`
	OlderThan types.String `tfsdk:"older_than"`
}

// Metadata names the action.
func (a *abortAction) Metadata(
	_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_encrypted_object_abort_uploads"
}

// Configure takes over what the configured provider offers.
func (a *abortAction) Configure(
	_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	a.data = data
}

// Schema describes the action.
func (a *abortAction) Schema(
	_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse,
) {
	prefix := address.Prefix("Only uploads to keys that begin with this. `\"\"` means the whole " +
		"bucket and must be written.")
	prefix.Required = true
	resp.Schema = schema.Schema{
		MarkdownDescription: "Removes multipart uploads that were begun and never finished, with " +
			"their parts, which cost storage and show in no listing of objects. A process that is " +
			"killed in the middle of an upload can leave one behind; this provider finds its own " +
			"again with the next apply, but not from another machine. Objects are not touched. A " +
			"lifecycle rule of the bucket that aborts incomplete uploads does the same for ever, and " +
			"is the better choice where you may set one. Needs Terraform 1.14 or newer.",
		Attributes: describe.ActionAttributes(
			address.Bucket(""), prefix, address.Region(address.ProvidersRegion),
			describe.Argument{
				Name: "older_than", Required: true, Check: checkAge,
				Text: "Age from which an upload counts as abandoned, for example `72h`; at least `1h`. " +
					"COS does not tell an abandoned upload from one that somebody still feeds: choose " +
					"an age that no upload of yours reaches.",
			}),
	}
}

func checkAge(text string) error {
	age, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 72h", text)
	}
	if age < youngest {
		return fmt.Errorf("%s is less than %s: an upload that is under way could be removed", age,
			youngest)
	}
	return nil
}

// Invoke lists the uploads and removes those that are old enough.
func (a *abortAction) Invoke(
	ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse,
) {
	var config actionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(a.data.Ready()...)
	if resp.Diagnostics.HasError() {
		return
	}
	bucket, diags := address.Object{Bucket: config.Bucket, Region: config.Region}.Resolve(
		a.data.Region, path.Root("region"))
	resp.Diagnostics.Append(diags...)
	age, err := time.ParseDuration(config.OlderThan.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("older_than"), "Not a duration", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	say := func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) }
	resp.Diagnostics.Append(a.abort(a.data.MaskSecrets(ctx), bucket,
		config.Prefix.ValueString(), age, say)...)
}

// abort removes what is older than age, and says what.
func (a *abortAction) abort(
	ctx context.Context, bucket cosapi.ObjectRef, prefix string, age time.Duration,
	say func(string),
) diag.Diagnostics {
	attempt := diagnose.Attempt{
		Doing: "list the unfinished uploads", Ref: bucket, Endpoint: a.data.Endpoint,
	}
	uploads, err := a.data.Client.ListUploads(ctx, bucket.Region, bucket.Bucket, prefix)
	if err != nil {
		return diag.Diagnostics{attempt.Failed(err)}
	}
	// After the listing, whose answer has told how COS's clock goes.
	abandoned := cosapi.Older(uploads, a.data.Client.Now().Add(-age))
	for i, upload := range abandoned {
		attempt.Doing, attempt.Ref.Key = "remove an unfinished upload of", upload.Key
		if err := a.data.Client.AbortUpload(ctx, attempt.Ref, upload.UploadID); err != nil {
			if i > 0 {
				say(summary(i, len(uploads), age))
			}
			return diag.Diagnostics{attempt.Failed(err)}
		}
		say(fmt.Sprintf("removed an upload of %s, begun %s", upload.Key,
			upload.Initiated.UTC().Format("2006-01-02 15:04 GMT")))
	}
	say(summary(len(abandoned), len(uploads), age))
	return nil
}

func summary(removed, all int, age time.Duration) string {
	return fmt.Sprintf("removed %d of %d unfinished uploads: those begun more than %s ago", removed,
		all, age)
}
