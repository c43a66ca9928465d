package object_test

import (
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func keyWOObject(key any, version int, extra pt.Attrs) pt.Attrs {
	return pt.ContentObject("a", pt.SSEC(pt.Attrs{
		"key_wo": key, "key_wo_version": version,
	}.With(extra)))
}

// TestRotationIsNeverSilentlyNothing: the plan had the new secret, the apply has a stale one.
func TestRotationIsNeverSilentlyNothing(t *testing.T) {
	t.Parallel()
	md5 := pt.MustKey(t, pt.KeyA).MD5()
	for _, when := range []string{"plan", "apply"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(keyWOObject(pt.KeyA, 1, nil))
			object.MustRefresh()
			before := object.State
			stale := keyWOObject(pt.KeyA, 2, nil)
			cloud.ResetJournal()
			var text string
			if when == "plan" {
				text = object.Plan(stale).Errors()
			} else {
				change := object.Plan(keyWOObject(pt.KeyD, 2, nil))
				text = pt.ErrorText(object.ApplyPlanned(object.Resolved(change, stale)))
			}
			pt.ExpectError(t, text, "key_wo is still the old key", md5, "from 1 to 2", "key_md5")
			if !object.State.Equal(before) || cloud.Requests("PutObjectCopy")+cloud.Requests("PutObject") > 0 {
				t.Errorf("state or object changed: %v", cloud.Ops())
			}
			// The next plan, with the right secret, is a rotation.
			object.MustApply(keyWOObject(pt.KeyD, 2, nil))
			object.Expect(pt.Attrs{"encryption.customer_key_md5": pt.MustKey(t, pt.KeyD).MD5()})
		})
	}
}

// TestSameKeyWithAnotherVersionIsFine where that is what is meant: no version before, or key_md5.
func TestSameKeyWithAnotherVersionIsFine(t *testing.T) {
	t.Parallel()
	md5 := pt.MustKey(t, pt.KeyA).MD5()
	for name, test := range map[string]struct{ from, to pt.Attrs }{
		"from key_name": {pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})), keyWOObject(pt.KeyA, 5, nil)},
		"from key":      {pt.ContentObject("a", pt.SSEC(pt.Attrs{"key": pt.KeyA})), keyWOObject(pt.KeyA, 5, nil)},
		"key_md5":       {keyWOObject(pt.KeyA, 1, nil), keyWOObject(pt.KeyA, 2, pt.Attrs{"key_md5": md5})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(test.from)
			object.MustRefresh()
			cloud.ResetJournal()
			object.MustApply(test.to)
			cloud.ExpectOps()
			object.MustBeClean(test.to)
		})
	}
}

// TestKeyMD5IsKnownInThePlan: a reviewer sees which key it will be, whatever gives it, and a new value
// is a rotation whatever the version. Another key is an error before any request.
func TestKeyMD5IsKnownInThePlan(t *testing.T) {
	t.Parallel()
	old, next := pt.MustKey(t, pt.KeyA).MD5(), pt.MustKey(t, pt.KeyB).MD5()
	rotated := map[string]pt.Attrs{
		"key_wo":   keyWOObject(pt.KeyB, 1, pt.Attrs{"key_md5": next}),
		"key_name": pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "next", "key_md5": next})),
		"unknown":  keyWOObject(pt.Unknown, 1, pt.Attrs{"key_md5": next}),
	}
	for name, to := range rotated {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(keyWOObject(pt.KeyA, 1, pt.Attrs{"key_md5": old}))
			object.MustRefresh()
			change := object.Plan(to)
			if got := pt.Lookup(t, change.Planned, "encryption.customer_key_md5"); got != next {
				t.Errorf("planned MD5 = %v (%s), want %s", got, change.Errors(), next)
			}
			cloud.ResetJournal()
			wrong := keyWOObject(pt.KeyD, 1, pt.Attrs{"key_md5": next})
			if name == "key_name" {
				wrong = pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main", "key_md5": next}))
			}
			text := pt.ErrorText(object.ApplyPlanned(object.Resolved(change, wrong)))
			pt.ExpectError(t, text, "The SSE-C key is another one", next)
			cloud.ExpectOps()
			if name == "unknown" {
				to = keyWOObject(pt.KeyB, 1, pt.Attrs{"key_md5": next})
			}
			object.MustRefresh()
			cloud.ResetJournal()
			object.MustApply(to)
			if cloud.Requests("PutObjectCopy") != 1 {
				t.Errorf("requests %v, want a copy", cloud.Ops())
			}
			object.MustBeClean(to)
		})
	}
}

// TestTwoNamesOfOneKey: nothing is rotated, and somebody may think so.
func TestTwoNamesOfOneKey(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	ring := pt.Keyring(map[string]string{"main": pt.KeyA, "alias": pt.KeyA})
	object := pt.NewServer(t, cloud, ring).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})))
	change := object.Plan(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "alias"})))
	if text := change.Warnings(); !strings.Contains(text, "Both names hold the same SSE-C key") {
		t.Errorf("warnings = %q", text)
	}
	cloud.ResetJournal()
	if text := pt.WarningText(object.ApplyPlanned(change)); !strings.Contains(text, "Both names") {
		t.Errorf("warnings at apply = %q", text)
	}
	cloud.ExpectOps()
}

// TestRotationWhoseStateWasLost: the copy was made, the state says nothing of it. Whatever gives the
// key, and also on a server whose ETags survive another key, the next run only mends the state.
func TestRotationWhoseStateWasLost(t *testing.T) {
	t.Parallel()
	both := pt.Keyring(map[string]string{"main": pt.KeyA, "next": pt.KeyB})
	for name, test := range map[string]struct {
		ring     pt.Attrs
		from, to pt.Attrs
	}{
		"key_name": {
			both,
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "next"})),
		},
		"key_wo":             {pt.Keyring(map[string]string{"main": pt.KeyA}), keyWOObject(pt.KeyA, 1, nil), keyWOObject(pt.KeyB, 2, nil)},
		"key_wo, no old key": {nil, keyWOObject(pt.KeyA, 1, nil), keyWOObject(pt.KeyB, 2, nil)},
		"cos to key_name": {
			both, pt.ContentObject("a", pt.SSECOS()),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "next"})),
		},
	} {
		for _, plain := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{Choices: cosemu.Choices{PlainETags: plain}})
				object := pt.NewServer(t, cloud, test.ring).Object()
				object.MustApply(test.from)
				pt.Must(t, cloud.AgeObject(pt.Bucket, "a", time.Hour))
				object.MustRefresh()
				cloud.Rewrite("a", keyOf(t, test.from), func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)}
				})
				object.MustRefresh()
				cloud.ResetJournal()
				object.MustApply(test.to)
				for _, op := range cloud.Ops() {
					if strings.HasPrefix(op, "Put") {
						t.Errorf("requests %v, want a state-only update", cloud.Ops())
					}
				}
				object.Expect(pt.Attrs{"encryption.customer_key_md5": pt.MustKey(t, pt.KeyB).MD5()})
				object.MustBeClean(test.to)
			})
		}
	}
}
