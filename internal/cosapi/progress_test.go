package cosapi

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// reports collects what Config.Progress is told.
type reports struct {
	mu  sync.Mutex
	all []Progress
}

func (r *reports) add(_ context.Context, p Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
}

// check wants a report for every tenth of one transfer and none beyond it.
func (r *reports) check(t *testing.T, op string, total int64) {
	t.Helper()
	if len(r.all) < progressSteps || len(r.all) > progressSteps+1 {
		t.Errorf("%s: %d reports, want one for every tenth", op, len(r.all))
	}
	var done int64
	for _, report := range r.all {
		gap := report.Done - done
		if report.Op != op || report.Total != total || gap <= 0 || gap > total/5 {
			t.Errorf("report %+v after %d bytes", report, done)
		}
		done = report.Done
	}
	if done != total {
		t.Errorf("%s: the last report is of %d bytes, want %d", op, done, total)
	}
	r.all = nil
}

func TestLongTransfersReportEveryTenth(t *testing.T) {
	t.Parallel()
	const total = 80 << 20
	for name, partSize := range map[string]int64{"UploadPart": 16 << 20, "PutObject": total} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := &reports{}
			h := startEmulator(t, cosemu.Config{Discard: true}, func(c *Config) {
				c.PartSize, c.Progress = partSize, told.add
			})
			// Bytes that are sent again do not count again.
			h.emulator.AddFaults(cosemu.Fault{Op: name, Status: 503, Code: "SlowDown"})
			ref := h.uploaded(t, "long", make([]byte, total), SSECOS{})
			told.check(t, name, total)
			h.emulator.AddFaults(cosemu.Fault{Op: "GetObject", Truncate: true})
			path := filepath.Join(t.TempDir(), "f")
			if _, err := h.Download(t.Context(), ref, DownloadOptions{Path: path}); err != nil {
				t.Fatal(err)
			}
			told.check(t, "GetObject", total)
		})
	}
}

func TestShortTransfersReportNothing(t *testing.T) {
	t.Parallel()
	told := &reports{}
	h := startEmulator(t, cosemu.Config{Discard: true}, func(c *Config) { c.Progress = told.add })
	h.uploaded(t, "short", make([]byte, progressAbove), SSECOS{})
	if len(told.all) != 0 {
		t.Errorf("reports of 64 MiB: %+v", told.all)
	}
}

func TestSlowTransfersReportEveryTenSeconds(t *testing.T) {
	t.Parallel()
	for name, total := range map[string]int64{"short": 1 << 20, "long": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				told := &reports{}
				client, err := New(Config{
					Credentials: credential.Static("id", "key", ""), Progress: told.add,
				})
				if err != nil {
					t.Fatal(err)
				}
				meter := client.newProgress(t.Context(), "PutObject", testRef("k"), total)
				for range 35 { // a kilobyte a second
					time.Sleep(time.Second)
					meter.add(1 << 10)
				}
				var elapsed []time.Duration
				for _, report := range told.all {
					elapsed = append(elapsed, report.Elapsed)
				}
				want := []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second}
				if diff := cmp.Diff(want, elapsed); diff != "" {
					t.Errorf("reports (-want +got):\n%s", diff)
				}
			})
		})
	}
}
