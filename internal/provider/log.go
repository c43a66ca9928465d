package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// logRequest writes one line at DEBUG for each request to COS. It names its fields one by one, so
// that no header, and with it no key or signature, can get into a log.
func logRequest(ctx context.Context, event cosapi.Event) {
	fields := map[string]any{
		"cos_op":      event.Op,
		"cos_bucket":  event.Ref.Bucket,
		"cos_key":     event.Ref.Key,
		"cos_region":  event.Ref.Region,
		"attempt":     event.Attempt,
		"duration_ms": event.Duration.Milliseconds(),
		"http_status": event.Status,
		"bytes":       event.Bytes,
	}
	if event.Ref.VersionID != "" {
		fields["cos_version_id"] = event.Ref.VersionID
	}
	if event.Code != "" {
		fields["cos_code"] = event.Code
	}
	if event.RequestID != "" {
		fields["cos_request_id"] = event.RequestID
	}
	if event.Err != nil {
		fields["error"] = event.Err.Error()
	}
	tflog.Debug(providerdata.WithOwnFields(ctx), "COS request", fields)
}

// logProgress writes one line at INFO for each step of a long transfer, and tells it to whoever
// started an action.
func logProgress(ctx context.Context, progress cosapi.Progress) {
	providerdata.TellProgress(ctx, progress)
	fields := map[string]any{
		"cos_op":      progress.Op,
		"cos_bucket":  progress.Ref.Bucket,
		"cos_key":     progress.Ref.Key,
		"bytes_done":  progress.Done,
		"bytes_total": progress.Total,
		"elapsed":     progress.Elapsed.Round(time.Millisecond).String(),
		"summary":     providerdata.ProgressSentence(progress),
	}
	if progress.Total > 0 {
		fields["percent"] = progress.Done * 100 / progress.Total
	}
	if seconds := progress.Elapsed.Seconds(); seconds > 0 {
		fields["mib_per_second"] = int64(float64(progress.Done) / seconds / (1 << 20))
	}
	tflog.Info(providerdata.WithOwnFields(ctx), "COS transfer", fields)
}
