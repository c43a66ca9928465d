package providerdata

import (
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

func TestProgressIsToldInASentence(t *testing.T) {
	t.Parallel()
	ref := cosapi.ObjectRef{Bucket: "b-1", Key: "disk.raw"}
	tests := map[string]struct {
		progress cosapi.Progress
		want     string
	}{
		"share": {
			cosapi.Progress{Ref: ref, Done: 1 << 30, Total: 4 << 30, Elapsed: 12400 * time.Millisecond},
			"b-1/disk.raw: 25 %, 1.0 GiB of 4.0 GiB, 82.6 MiB/s, 12s so far",
		},
		"no total": {
			cosapi.Progress{Ref: ref, Done: 1536, Elapsed: time.Second},
			"b-1/disk.raw: 1.5 KiB, 1.5 KiB/s, 1s so far",
		},
		"nothing yet": {
			cosapi.Progress{Ref: ref, Total: 100}, "b-1/disk.raw: 0 %, 0 B of 100 B, 0s so far",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []string
			tell := func(sentence string) { told = append(told, sentence) }
			TellProgress(WithProgress(t.Context(), tell), test.progress)
			TellProgress(t.Context(), test.progress) // to nobody
			if len(told) != 1 || told[0] != test.want {
				t.Errorf("told %q, want %q", told, test.want)
			}
		})
	}
}
