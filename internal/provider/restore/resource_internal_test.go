package restore

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// A restore takes hours: the test runs in a bubble with a clock of its own.
func TestRestoreLogsThatItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ctx := tflogtest.RootLogger(t.Context(), &log)
		const takes = 4 * time.Hour
		started, looks := time.Now(), 0
		var last time.Time
		info, err := followRestore(ctx, true, nil, func(context.Context) (cosapi.ObjectInfo, error) {
			if now := time.Now(); !last.IsZero() && now.Sub(last) > time.Minute {
				t.Errorf("%s between two looks", now.Sub(last))
			}
			last = time.Now()
			looks++
			restored := time.Since(started) >= takes
			return cosapi.ObjectInfo{
				StorageClass: "ARCHIVE",
				Restore:      cosapi.RestoreStatus{Ongoing: !restored, Restored: restored},
			}, nil
		})
		if err != nil || !info.Restore.Restored {
			t.Fatalf("restored = %v, error %v", info.Restore.Restored, err)
		}
		if lines := strings.Count(log.String(), "waiting for a restore"); lines != looks-1 {
			t.Errorf("log lines = %d, want one for each of the %d looks but the last", lines, looks)
		}
	})
}

func TestRestoreWithAWriteOnlyKeyExpiresByTheClock(t *testing.T) {
	t.Parallel()
	model := resourceModel{}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	model.take(cosapi.ObjectInfo{
		StorageClass: "ARCHIVE",
		Restore:      cosapi.RestoreStatus{Restored: true, ExpiresAt: now.Add(time.Hour)},
	}, now)
	if !model.Restored.ValueBool() || model.ExpiresAt.IsNull() {
		t.Errorf("before its time: restored = %v", model.Restored)
	}
	model.expire(now.Add(time.Hour))
	if model.Restored.ValueBool() || !model.ExpiresAt.IsNull() {
		t.Errorf("after its time: restored = %v until %v", model.Restored, model.ExpiresAt)
	}
}

// A restore that COS accepted and never began is an error, not days of waiting.
func TestRestoreThatNeverBeginsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		_, err := followRestore(t.Context(), true, nil, func(context.Context) (cosapi.ObjectInfo, error) {
			looks++
			return cosapi.ObjectInfo{StorageClass: "ARCHIVE"}, nil
		})
		if !errors.Is(err, errNeverBegan) || looks != neverBegan {
			t.Errorf("after %d looks: %v", looks, err)
		}
	})
}
