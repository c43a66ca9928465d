package restore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestRestoreWaitsUntilTheObjectCanBeRead(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 1500*time.Millisecond, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	restore.MustApply(pt.RestoreConfig(nil))
	restore.Expect(pt.Attrs{
		"restored": true, "ongoing": false, "storage_class": "ARCHIVE", "tier": "Standard",
		"id": pt.Bucket + "/k", "region": pt.Region,
	})
	if c.Requests("PostObjectRestore") != 1 {
		t.Errorf("requests = %v, want one restore", c.Ops())
	}
	if restore.Attr("expires_at") == nil {
		t.Error("expires_at is null")
	}
	if _, _, err := c.SomebodyElse().Content(t.Context(), pt.Ref("k"), nil, 100); err != nil {
		t.Errorf("the object cannot be read: %v", err)
	}
}

func TestRestoreNeedsTwoRequestsWhenItIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	_, diagnostics := restore.Apply(pt.RestoreConfig(nil))
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	c.ExpectOps("PostObjectRestore", "HeadObject")
	restore.Refresh()
	c.ExpectOps("HeadObject")
	restore.MustBeClean(pt.RestoreConfig(nil))
}

func TestRestoreDoesNotWaitWhenToldSo(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", time.Hour, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	config := pt.RestoreConfig(pt.Attrs{"wait": false, "tier": "Bulk", "keep_restored": true})
	restore.MustApply(config)
	restore.Expect(pt.Attrs{"restored": false, "ongoing": true, "expires_at": nil})
}

func TestRestoreOfAnSSECObjectByEveryKindOfKey(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]pt.Attrs{
		"key_name": {"key_name": "a"}, "key": {"key": pt.KeyA}, "key_wo": {"key_wo": pt.KeyA},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.ArchivedCloud(t, "ARCHIVE", 0, cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
			restore := pt.NewServer(t, c, pt.KeysAB()).Resource(pt.RestoreType)
			restore.MustApply(pt.RestoreConfig(pt.Attrs{"sse": pt.OpeningC(members)}))
			restore.Expect(pt.Attrs{"restored": true})
			c.ResetJournal()
			if text := pt.WarningText(restore.Refresh()); text != "" {
				t.Errorf("warnings of the refresh = %q", text)
			}
			if name == "key_wo" {
				c.ExpectOps()
			} else {
				c.ExpectOps("HeadObject")
			}
			stored := strings.Contains(restore.State.String(), pt.KeyA)
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
			c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
			restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
			config := pt.RestoreConfig(pt.Attrs{"keep_restored": keep})
			restore.MustApply(config)
			pt.Must(t, c.ExpireRestore(pt.Bucket, "k"))
			restore.Refresh()
			restore.Expect(pt.Attrs{"restored": false, "expires_at": nil})
			c.ResetJournal()
			change := restore.Plan(config)
			if !keep {
				if change.Action != "no-op" {
					t.Errorf("plan = %s, want no-op", change.Action)
				}
				return
			}
			if change.Action != "update" {
				t.Fatalf("plan = %s, want update", change.Action)
			}
			restore.MustApply(config)
			restore.Expect(pt.Attrs{"restored": true})
			if got := c.Requests("PostObjectRestore"); got != 1 {
				t.Errorf("restores = %d, want 1", got)
			}
		})
	}
}

func TestRestoreIsExtendedByOtherDays(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	restore.MustApply(pt.RestoreConfig(nil))
	before := restore.Attr("expires_at").(string)
	c.ResetJournal()
	restore.MustApply(pt.RestoreConfig(pt.Attrs{"days": 9}))
	if after := restore.Attr("expires_at").(string); after <= before {
		t.Errorf("expires_at = %s, want it after %s", after, before)
	}
	if got := c.Requests("PostObjectRestore"); got != 1 {
		t.Errorf("restores = %d, want 1", got)
	}
}

func TestRestoreThatIsOnlyRememberedAsksNothing(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	restore.MustApply(pt.RestoreConfig(nil))
	c.ResetJournal()
	_, diagnostics := restore.Apply(pt.RestoreConfig(pt.Attrs{
		"tier": "Bulk", "wait": false, "keep_restored": true,
	}))
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	c.ExpectOps()
	restore.Expect(pt.Attrs{"tier": "Bulk", "restored": true})
}

func TestRestoreJoinsOneThatIsRunning(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 1200*time.Millisecond, nil)
	_, err := c.SomebodyElse().Restore(t.Context(), pt.Ref("k"), cosapi.RestoreOptions{Days: 1})
	pt.Must(t, err)
	soon := time.Now().Add(3 * 24 * time.Hour).UTC().Format(time.RFC3339)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	restore.MustApply(pt.RestoreConfig(pt.Attrs{"days": 9}))
	restore.Expect(pt.Attrs{"restored": true})
	if got := restore.Attr("expires_at").(string); got <= soon {
		t.Errorf("expires_at = %s, want the nine days that are configured", got)
	}

	other := pt.ArchivedCloud(t, "ARCHIVE", time.Hour, nil)
	_, err = other.SomebodyElse().Restore(t.Context(), pt.Ref("k"), cosapi.RestoreOptions{Days: 1})
	pt.Must(t, err)
	restore = pt.NewServer(t, other, nil).Resource(pt.RestoreType)
	_, diagnostics := restore.Apply(pt.RestoreConfig(pt.Attrs{"wait": false}))
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "earlier restore is running") {
		t.Errorf("warnings = %q", text)
	}
}

func TestRestoreErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		class  string
		change pt.Attrs
		wants  []string
	}{
		"not archived": {
			"STANDARD", nil,
			[]string{"Object is not archived", "405", "RestoreNonArchiveObject"},
		},
		"no object": {"ARCHIVE", pt.Attrs{"key": "gone"}, []string{"NoSuchKey", "request id"}},
		"no bucket": {"ARCHIVE", pt.Attrs{"bucket": "nobucket-1250000000"}, []string{"NoSuchBucket"}},
		"Expedited of DEEP_ARCHIVE": {
			"DEEP_ARCHIVE",
			pt.Attrs{"tier": "Expedited"},
			[]string{"Tier is not possible", "DEEP_ARCHIVE"},
		},
		"no such tier": {"ARCHIVE", pt.Attrs{"tier": "Fast"}, []string{"tier"}},
		"no days":      {"ARCHIVE", pt.Attrs{"days": 0}, []string{"days"}},
		"key is gone":  {"ARCHIVE", pt.Attrs{"sse": pt.OpeningC(pt.Attrs{"key_name": "gone"})}, []string{"gone"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.ArchivedCloud(t, tt.class, 0, nil)
			restore := pt.NewServer(t, c, pt.KeysAB()).Resource(pt.RestoreType)
			_, diagnostics := restore.Apply(pt.RestoreConfig(tt.change))
			text := pt.ErrorText(diagnostics)
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
	c := pt.ArchivedCloud(t, "DEEP_ARCHIVE", 0, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	change := restore.Plan(pt.RestoreConfig(pt.Attrs{"tier": "Expedited"}))
	if !strings.Contains(change.Errors(), `AttributeName("tier")`) {
		t.Errorf("errors = %q, want them at tier", change.Errors())
	}
	if c.Requests("PostObjectRestore") != 0 {
		t.Errorf("requests = %v, want no restore", c.Ops())
	}
	c.ResetJournal()
	if change := restore.Plan(pt.RestoreConfig(pt.Attrs{"tier": "Bulk"})); change.Action != "create" {
		t.Errorf("plan = %s: %s", change.Action, change.Errors())
	}
	c.ExpectOps()
}

func TestRestorePlansWithUnknownValues(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
	for name, config := range map[string]pt.Attrs{
		"bucket": pt.RestoreConfig(pt.Attrs{"bucket": pt.Unknown, "tier": "Expedited"}),
		"key":    pt.RestoreConfig(pt.Attrs{"key": pt.Unknown, "tier": "Expedited"}),
		"days":   pt.RestoreConfig(pt.Attrs{"days": pt.Unknown}),
		"tier":   pt.RestoreConfig(pt.Attrs{"tier": pt.Unknown}),
		"sse":    pt.RestoreConfig(pt.Attrs{"sse": pt.Unknown, "tier": "Expedited"}),
	} {
		change := pt.NewServer(t, c, nil).Resource(pt.RestoreType).Plan(config)
		if change.Action != "create" {
			t.Errorf("unknown %s: plan = %s: %s", name, change.Action, change.Errors())
		}
	}
	server := pt.NewServer(t, c, pt.Attrs{"endpoint": pt.Unknown, "region": pt.Unknown})
	if change := server.Resource(pt.RestoreType).Plan(pt.RestoreConfig(nil)); change.Action != "create" {
		t.Errorf("unknown provider: plan = %s: %s", change.Action, change.Errors())
	}
}

func TestRestoreIsForgottenWhenItsObjectIsGone(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	restore.MustApply(pt.RestoreConfig(nil))
	_, err := c.SomebodyElse().Delete(t.Context(), pt.Ref("k"))
	pt.Must(t, err)
	if text := pt.ErrorText(restore.Refresh()); text != "" {
		t.Fatal(text)
	}
	if !restore.State.IsNull() {
		t.Errorf("state = %v, want none", restore.State)
	}
}

func TestRestoreOfAnObjectThatIsNoLongerArchivedIsDone(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	config := pt.RestoreConfig(pt.Attrs{"keep_restored": true})
	restore.MustApply(config)
	c.Place(pt.Ref("k"), "rewritten", cosapi.WriteOptions{})
	restore.MustBeClean(config)
	restore.Expect(pt.Attrs{"restored": true, "storage_class": "STANDARD"})
}

func TestRestoreIsNotEndedByDestroy(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", 0, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	restore.MustApply(pt.RestoreConfig(nil))
	c.ResetJournal()
	text := pt.WarningText(restore.Destroy())
	if !strings.Contains(text, "stays until") {
		t.Errorf("warnings = %q, want them to say how long the copy stays", text)
	}
	c.ExpectOps()
}

func TestRestoreTimesOutAndGoesOnLater(t *testing.T) {
	t.Parallel()
	c := pt.ArchivedCloud(t, "ARCHIVE", time.Hour, nil)
	restore := pt.NewServer(t, c, nil).Resource(pt.RestoreType)
	_, diagnostics := restore.Apply(pt.RestoreConfig(pt.Attrs{"timeouts": pt.Attrs{"create": "1200ms"}}))
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "goes on restoring") {
		t.Errorf("error = %q, want it to say that the restore goes on", text)
	}
	restore.Expect(pt.Attrs{"ongoing": true, "restored": false})
}

// COS takes a restore with any key; what is stored must be what opens the object.
func TestRestoreChecksItsKeyFirst(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Place(pt.Ref("k"), "text", cosapi.WriteOptions{
		StorageClass: "ARCHIVE", Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)},
	})
	restore := pt.NewServer(t, cloud, pt.KeysAB()).Resource(pt.RestoreType)
	_, diagnostics := restore.Apply(pt.RestoreConfig(pt.Attrs{
		"key": "k", "sse": pt.OpeningC(pt.Attrs{"key_name": "b"}),
	}))
	text := pt.ErrorText(diagnostics)
	pt.ExpectError(t, text, "key")
	if strings.Contains(text, "The credentials lack") {
		t.Errorf("error = %q: a wrong key is called a missing permission", text)
	}
	if n := cloud.Requests("PostObjectRestore"); n != 0 || !restore.State.IsNull() {
		t.Errorf("%d restores were asked for, state %v", n, restore.State)
	}
}
