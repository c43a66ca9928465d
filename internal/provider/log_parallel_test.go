package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// The parts of one transfer log with one context at the same time. A call that masks the context's
// own fields shows here, without chance: the second masks the stars of the first once more.
func TestLoggingLeavesTheFieldsOfItsContextAlone(t *testing.T) {
	t.Parallel()
	for name, log := range map[string]func(context.Context){
		"request":  func(ctx context.Context) { logRequest(ctx, cosapi.Event{}) },
		"progress": func(ctx context.Context) { logProgress(ctx, cosapi.Progress{}) },
	} {
		var out bytes.Buffer
		ctx := tflogtest.RootLogger(t.Context(), &out)
		ctx = tflog.SetField(ctx, "of_context", "secret")
		ctx = tflog.MaskLogStrings(ctx, "*", "secret")
		log(ctx)
		log(ctx)
		if diff := cmp.Diff([]string{"***", "***"}, valuesOf(t, &out, "of_context")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// valuesOf returns what each line of a log has in one field.
func valuesOf(t *testing.T, log io.Reader, field string) []string {
	t.Helper()
	var values []string
	for lines := json.NewDecoder(log); lines.More(); {
		line := map[string]any{}
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		value, _ := line[field].(string)
		values = append(values, value)
	}
	return values
}
