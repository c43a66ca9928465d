package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// unchangedInListing reports, with refresh_mode "list", that the object is as the last refresh saw
// it. Whatever else a listing says, or if it fails, is for a HEAD to find out.
func (f *objectRefresh) unchangedInListing(ctx context.Context) bool {
	if f.data.refresher == nil || f.imported() || f.known.Unread || f.data.written.contains(f.ref) ||
		cosapi.Archived(f.state.StorageClass.ValueString()) {
		return false
	}
	unchanged, err := f.data.refresher.Unchanged(ctx, f.ref, cosapi.Known{
		ETag: f.state.ETag.ValueString(), Size: f.state.Size.ValueInt64(),
		LastModified: parseTime(f.known.LastModified), HeadAt: parseTime(f.known.HeadAt),
		StorageClass: f.state.StorageClass.ValueString(),
	})
	if err != nil {
		tflog.Info(withOwnFields(ctx), "Cannot list the bucket; objects are refreshed one by one",
			map[string]any{"cos_bucket": f.ref.Bucket, "error": err.Error()})
	}
	return unchanged && f.known.LastModified != ""
}
