package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

func TestRequestLogHasNamedFieldsOnly(t *testing.T) {
	t.Parallel()
	ref := cosapi.ObjectRef{Region: "ap-guangzhou", Bucket: "b-1", Key: "k", VersionID: "v"}
	tests := map[string]struct {
		event cosapi.Event
		want  map[string]any
	}{
		"success": {
			cosapi.Event{Op: "HeadObject", Ref: ref.Current(), Attempt: 1, Status: 200},
			map[string]any{"cos_op": "HeadObject", "attempt": 1.0, "http_status": 200.0},
		},
		"failure": {
			cosapi.Event{
				Op: "PutObject", Ref: ref, Attempt: 2, Status: 503, Code: "SlowDown",
				RequestID: "r", Bytes: 7, Duration: 1500 * time.Millisecond, Err: errors.New("no"),
			},
			map[string]any{
				"cos_op": "PutObject", "attempt": 2.0, "http_status": 503.0, "bytes": 7.0,
				"cos_code": "SlowDown", "cos_request_id": "r", "cos_version_id": "v",
				"duration_ms": 1500.0, "error": "no",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]any{
				"@level": "debug", "@message": "COS request", "@module": "provider",
				"cos_bucket": "b-1", "cos_key": "k", "cos_region": "ap-guangzhou",
				"bytes": 0.0, "duration_ms": 0.0,
			}
			for field, value := range tt.want {
				want[field] = value
			}
			var log bytes.Buffer
			logRequest(tflogtest.RootLogger(t.Context(), &log), tt.event)
			if diff := cmp.Diff(want, logLine(t, &log)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProgressLogSaysHowFar(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logProgress(tflogtest.RootLogger(t.Context(), &log), cosapi.Progress{
		Op: "UploadPart", Ref: cosapi.ObjectRef{Bucket: "b-1", Key: "k"}, Done: 30 << 20, Total: 120 << 20,
		Elapsed: 2 * time.Second,
	})
	want := map[string]any{
		"@level": "info", "@message": "COS transfer", "@module": "provider",
		"cos_op": "UploadPart", "cos_bucket": "b-1", "cos_key": "k", "bytes_done": 31457280.0,
		"bytes_total": 125829120.0, "percent": 25.0, "elapsed": "2s", "mib_per_second": 15.0,
		"summary": "b-1/k: 25 %, 30.0 MiB of 120.0 MiB, 15.0 MiB/s, 2s so far",
	}
	if diff := cmp.Diff(want, logLine(t, &log)); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestMasksCoverKeysAndCredentialsInEverySpelling(t *testing.T) {
	t.Parallel()
	const inRing, given = "q8Vw2Lk0ZpT5yRb7XcN3mHs9DfGj1aEu", "Xk3Vw2Lk0ZpT5yRb7XcN3mHs9DfGj1aE"
	config := emptyProvider()
	config.SecretID, config.SecretKey = text("AKID-config"), text("canary-secret")
	config.SecurityToken = text("canary-token")
	config.CustomerKeys = types.MapValueMust(types.StringType, map[string]attr.Value{
		"main": text(inRing),
	})
	data, diags := setupOf(config, nil).data(t.Context())
	if diags.HasError() {
		t.Fatal(diagTexts(diags))
	}
	var log bytes.Buffer
	secrets := []string{"canary-secret", "canary-token"}
	var key cosapi.CustomerKey
	for _, text := range []string{inRing, given} {
		var err error
		if key, err = cosapi.ParseCustomerKey(text); err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, key.Redactions()...)
	}
	ctx := data.MaskSecrets(tflogtest.RootLogger(t.Context(), &log), key)
	for _, secret := range secrets {
		tflog.Info(ctx, "message "+secret, map[string]any{"field": "value " + secret})
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
	if lines := strings.Count(log.String(), "message ***"); lines != len(secrets) {
		t.Errorf("masked messages = %d, want %d", lines, len(secrets))
	}
}

func TestMaskingNothingLeavesLogsAlone(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var none *providerdata.Data
	data, _ := setupOf(emptyProvider(), nil).data(t.Context())
	for _, d := range []*providerdata.Data{none, data} {
		tflog.Info(d.MaskSecrets(tflogtest.RootLogger(t.Context(), &log), cosapi.CustomerKey{}), "plain")
	}
	if got := strings.Count(log.String(), `"plain"`); got != 2 {
		t.Errorf("log = %s, want the message twice as it is", log.String())
	}
}

func TestProviderDataPrintsNoSecret(t *testing.T) {
	t.Parallel()
	config := emptyProvider()
	config.SecretID, config.SecretKey = text("AKID-config"), text("canary-secret")
	config.CustomerKeys = types.MapValueMust(types.StringType, map[string]attr.Value{
		"main": text("canaryLk0ZpT5yRb7XcN3mHs9DfGj1aE"),
	})
	data, diags := setupOf(config, nil).data(t.Context())
	if diags.HasError() {
		t.Fatal(diagTexts(diags))
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{data, *data} {
			printed := fmt.Sprintf(verb, value)
			hex := fmt.Sprintf("%x", "canary")
			if strings.Contains(printed, "canary") || strings.Contains(printed, hex) {
				t.Errorf("%s prints a secret", verb)
			}
		}
	}
}

func logLine(t *testing.T, log *bytes.Buffer) map[string]any {
	t.Helper()
	line := map[string]any{}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("log %q: %v", log.String(), err)
	}
	delete(line, "@timestamp")
	return line
}
