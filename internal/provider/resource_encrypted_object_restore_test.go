package provider

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

const restoreType = "cos_encrypted_object_restore"

func restoreConfig(extra attrs) attrs {
	return attrs{"bucket": testBucket, "key": "k", "days": 1}.with(extra)
}

// archivedCloud has an archived object; delay is how long a restore takes.
func archivedCloud(
	t *testing.T, class string, delay time.Duration, encryption cosapi.Encryption,
) *cloud {
	t.Helper()
	c := newCloud(t, cosemu.Config{RestoreDelay: delay})
	c.place(testRef("k"), "content", cosapi.WriteOptions{
		StorageClass: class, Encryption: encryption,
	})
	return c
}

func TestRestoreWaitsUntilTheObjectCanBeRead(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 1500*time.Millisecond, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	restore.mustApply(restoreConfig(nil))
	restore.expect(attrs{
		"restored": true, "ongoing": false, "storage_class": "ARCHIVE", "tier": "Standard",
		"id": testBucket + "/k", "region": testRegion,
	})
	if c.Requests("PostObjectRestore") != 1 {
		t.Errorf("requests = %v, want one restore", c.ops())
	}
	if restore.attr("expires_at") == nil {
		t.Error("expires_at is null")
	}
	if _, _, err := c.somebodyElse().Content(t.Context(), testRef("k"), nil, 100); err != nil {
		t.Errorf("the object cannot be read: %v", err)
	}
}

func TestRestoreNeedsTwoRequestsWhenItIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 0, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	_, diagnostics := restore.apply(restoreConfig(nil))
	if text := errorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	c.expectOps("PostObjectRestore", "HeadObject")
	restore.refresh()
	c.expectOps("HeadObject")
	restore.mustBeClean(restoreConfig(nil))
}

func TestRestoreDoesNotWaitWhenToldSo(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", time.Hour, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	config := restoreConfig(attrs{"wait": false, "tier": "Bulk", "keep_restored": true})
	restore.mustApply(config)
	restore.expect(attrs{"restored": false, "ongoing": true, "expires_at": nil})
}

func TestRestoreOfAnSSECObjectByEveryKindOfKey(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]attrs{
		"key_name": {"key_name": "a"}, "key": {"key": testKeyA}, "key_wo": {"key_wo": testKeyA},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := archivedCloud(t, "ARCHIVE", 0, cosapi.SSEC{Key: mustKey(t, testKeyA)})
			restore := newServer(t, c, keysAB()).resource(restoreType)
			restore.mustApply(restoreConfig(attrs{"sse": openingC(members)}))
			restore.expect(attrs{"restored": true})
			c.ResetJournal()
			if text := warningText(restore.refresh()); text != "" {
				t.Errorf("warnings of the refresh = %q", text)
			}
			if name == "key_wo" {
				c.expectOps()
			} else {
				c.expectOps("HeadObject")
			}
			stored := strings.Contains(restore.state.String(), testKeyA)
			if stored != (name == "key") {
				t.Errorf("key in the state = %v", stored)
			}
		})
	}
}

func TestRestoreIsPlannedAgainWhenItsCopyHasExpired(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]bool{"kept": true, "left": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := archivedCloud(t, "ARCHIVE", 0, nil)
			restore := newServer(t, c, nil).resource(restoreType)
			config := restoreConfig(attrs{"keep_restored": keep})
			restore.mustApply(config)
			must(t, c.ExpireRestore(testBucket, "k"))
			restore.refresh()
			restore.expect(attrs{"restored": false, "expires_at": nil})
			c.ResetJournal()
			change := restore.plan(config)
			if !keep {
				if change.action != "no-op" {
					t.Errorf("plan = %s, want no-op", change.action)
				}
				return
			}
			if change.action != "update" {
				t.Fatalf("plan = %s, want update", change.action)
			}
			restore.mustApply(config)
			restore.expect(attrs{"restored": true})
			if got := c.Requests("PostObjectRestore"); got != 1 {
				t.Errorf("restores = %d, want 1", got)
			}
		})
	}
}

func TestRestoreIsExtendedByOtherDays(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 0, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	restore.mustApply(restoreConfig(nil))
	before := restore.attr("expires_at").(string)
	c.ResetJournal()
	restore.mustApply(restoreConfig(attrs{"days": 9}))
	if after := restore.attr("expires_at").(string); after <= before {
		t.Errorf("expires_at = %s, want it after %s", after, before)
	}
	if got := c.Requests("PostObjectRestore"); got != 1 {
		t.Errorf("restores = %d, want 1", got)
	}
}

func TestRestoreThatIsOnlyRememberedAsksNothing(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 0, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	restore.mustApply(restoreConfig(nil))
	c.ResetJournal()
	_, diagnostics := restore.apply(restoreConfig(attrs{
		"tier": "Bulk", "wait": false, "keep_restored": true,
	}))
	if text := errorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	c.expectOps()
	restore.expect(attrs{"tier": "Bulk", "restored": true})
}

func TestRestoreJoinsOneThatIsRunning(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 1200*time.Millisecond, nil)
	_, err := c.somebodyElse().Restore(t.Context(), testRef("k"), cosapi.RestoreOptions{Days: 1})
	must(t, err)
	soon := time.Now().Add(3 * 24 * time.Hour).UTC().Format(time.RFC3339)
	restore := newServer(t, c, nil).resource(restoreType)
	restore.mustApply(restoreConfig(attrs{"days": 9}))
	restore.expect(attrs{"restored": true})
	if got := restore.attr("expires_at").(string); got <= soon {
		t.Errorf("expires_at = %s, want the nine days that are configured", got)
	}

	other := archivedCloud(t, "ARCHIVE", time.Hour, nil)
	_, err = other.somebodyElse().Restore(t.Context(), testRef("k"), cosapi.RestoreOptions{Days: 1})
	must(t, err)
	restore = newServer(t, other, nil).resource(restoreType)
	_, diagnostics := restore.apply(restoreConfig(attrs{"wait": false}))
	if text := warningText(diagnostics); !strings.Contains(text, "earlier restore is running") {
		t.Errorf("warnings = %q", text)
	}
}

func TestRestoreErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		class  string
		change attrs
		wants  []string
	}{
		"not archived": {
			"STANDARD", nil,
			[]string{"Object is not archived", "405", "RestoreNonArchiveObject"},
		},
		"no object": {"ARCHIVE", attrs{"key": "gone"}, []string{"NoSuchKey", "request id"}},
		"no bucket": {"ARCHIVE", attrs{"bucket": "nobucket-1250000000"}, []string{"NoSuchBucket"}},
		"Expedited of DEEP_ARCHIVE": {
			"DEEP_ARCHIVE",
			attrs{"tier": "Expedited"},
			[]string{"Tier is not possible", "DEEP_ARCHIVE"},
		},
		"no such tier": {"ARCHIVE", attrs{"tier": "Fast"}, []string{"tier"}},
		"no days":      {"ARCHIVE", attrs{"days": 0}, []string{"days"}},
		"key is gone":  {"ARCHIVE", attrs{"sse": openingC(attrs{"key_name": "gone"})}, []string{"gone"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := archivedCloud(t, tt.class, 0, nil)
			restore := newServer(t, c, keysAB()).resource(restoreType)
			_, diagnostics := restore.apply(restoreConfig(tt.change))
			text := errorText(diagnostics)
			for _, want := range tt.wants {
				if !strings.Contains(text, want) {
					t.Errorf("error = %q, want %q", text, want)
				}
			}
		})
	}
}

func TestRestoreRefusesATierAtPlanWithoutARestore(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "DEEP_ARCHIVE", 0, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	change := restore.plan(restoreConfig(attrs{"tier": "Expedited"}))
	if !strings.Contains(change.errors(), `AttributeName("tier")`) {
		t.Errorf("errors = %q, want them at tier", change.errors())
	}
	if c.Requests("PostObjectRestore") != 0 {
		t.Errorf("requests = %v, want no restore", c.ops())
	}
	c.ResetJournal()
	if change := restore.plan(restoreConfig(attrs{"tier": "Bulk"})); change.action != "create" {
		t.Errorf("plan = %s: %s", change.action, change.errors())
	}
	c.expectOps()
}

func TestRestorePlansWithUnknownValues(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 0, nil)
	for name, config := range map[string]attrs{
		"bucket": restoreConfig(attrs{"bucket": unknownValue, "tier": "Expedited"}),
		"key":    restoreConfig(attrs{"key": unknownValue, "tier": "Expedited"}),
		"days":   restoreConfig(attrs{"days": unknownValue}),
		"tier":   restoreConfig(attrs{"tier": unknownValue}),
		"sse":    restoreConfig(attrs{"sse": unknownValue, "tier": "Expedited"}),
	} {
		change := newServer(t, c, nil).resource(restoreType).plan(config)
		if change.action != "create" {
			t.Errorf("unknown %s: plan = %s: %s", name, change.action, change.errors())
		}
	}
	server := newServer(t, c, attrs{"endpoint": unknownValue, "region": unknownValue})
	if change := server.resource(restoreType).plan(restoreConfig(nil)); change.action != "create" {
		t.Errorf("unknown provider: plan = %s: %s", change.action, change.errors())
	}
}

func TestRestoreIsForgottenWhenItsObjectIsGone(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 0, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	restore.mustApply(restoreConfig(nil))
	_, err := c.somebodyElse().Delete(t.Context(), testRef("k"))
	must(t, err)
	if text := errorText(restore.refresh()); text != "" {
		t.Fatal(text)
	}
	if !restore.state.IsNull() {
		t.Errorf("state = %v, want none", restore.state)
	}
}

func TestRestoreOfAnObjectThatIsNoLongerArchivedIsDone(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 0, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	config := restoreConfig(attrs{"keep_restored": true})
	restore.mustApply(config)
	c.place(testRef("k"), "rewritten", cosapi.WriteOptions{})
	restore.mustBeClean(config)
	restore.expect(attrs{"restored": true, "storage_class": "STANDARD"})
}

func TestRestoreIsNotEndedByDestroy(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", 0, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	restore.mustApply(restoreConfig(nil))
	c.ResetJournal()
	text := warningText(restore.destroy())
	if !strings.Contains(text, "stays until") {
		t.Errorf("warnings = %q, want them to say how long the copy stays", text)
	}
	c.expectOps()
}

func TestRestoreTimesOutAndGoesOnLater(t *testing.T) {
	t.Parallel()
	c := archivedCloud(t, "ARCHIVE", time.Hour, nil)
	restore := newServer(t, c, nil).resource(restoreType)
	_, diagnostics := restore.apply(restoreConfig(attrs{"timeouts": attrs{"create": "1200ms"}}))
	if text := errorText(diagnostics); !strings.Contains(text, "goes on restoring") {
		t.Errorf("error = %q, want it to say that the restore goes on", text)
	}
	restore.expect(attrs{"ongoing": true, "restored": false})
}

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
	model := objectRestoreModel{}
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
