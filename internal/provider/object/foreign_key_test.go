package object_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// nobodysKey is in no keyring and no configuration.
const nobodysKey = "zyxwvutsrqponmlkjihgfedcba654321"

// TestForeignKeyIsShouted: an object under a key that nobody here has is what ransomware looks like.
// With the body at hand it is uploaded again, with a warning; without it the plan fails.
func TestForeignKeyIsShouted(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]pt.Attrs{
		"cos":      pt.ContentObject("a", pt.SSECOS()),
		"key_name": pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
		"key_wo":   keyWOObject(pt.KeyD, 1, nil),
	} {
		for _, plain := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{Choices: cosemu.Choices{PlainETags: plain}})
				object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
				object.MustApply(config)
				pt.Must(t, cloud.AgeObject(pt.Bucket, "a", 1e12))
				object.MustRefresh()
				cloud.Rewrite("a", keyOf(t, config), func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEC{Key: pt.MustKey(t, nobodysKey)}
				})
				refreshed := object.Refresh()
				expectNone(t, refreshed)
				change := object.Plan(config)
				said := pt.WarningText(refreshed) + change.Warnings()
				if !strings.Contains(said, "encrypted by somebody else with an SSE-C key that is not at hand") {
					t.Errorf("warnings = %q", said)
				}
				if change.Action != "update" || !strings.Contains(change.Warnings(), "bytes will be sent") {
					t.Errorf("plan = %s, %q", change.Action, change.Warnings()+change.Errors())
				}
				bodyless := config.With(pt.Attrs{"content": nil})
				pt.ExpectError(t, object.Plan(bodyless).Errors(), "key is not at hand")
				expectNone(t, object.ApplyPlanned(change))
				object.MustBeClean(config)
				if info := cloud.Head(pt.Ref("a"), keyOf(t, config)); info.Size == 0 {
					t.Error("the bytes are gone")
				}
			})
		}
	}
}

// TestWrongValueOfTheKeyringIsNamed: the entry that key_name names holds another key than the
// object's, and nothing was rotated.
func TestWrongValueOfTheKeyringIsNamed(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.Keyring(map[string]string{"main": pt.KeyA})).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})))
	object.MustRefresh()
	before := object.State
	object = object.On(pt.NewServer(t, cloud, pt.Keyring(map[string]string{"main": pt.KeyB})))
	refreshed := object.Refresh()
	expectNone(t, refreshed)
	text := pt.WarningText(refreshed)
	for _, want := range []string{
		`customer_keys["main"]`, pt.MustKey(t, pt.KeyA).MD5(), pt.MustKey(t, pt.KeyB).MD5(),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("warnings = %q, want %s", text, want)
		}
	}
	if strings.Contains(text, "lack cos:HeadObject") {
		t.Errorf("warnings = %q blame the permissions", text)
	}
	if !object.State.Equal(before) {
		t.Error("the state was not kept")
	}
}

// TestKeysAreTriedWhateverIsRecorded: one HEAD through a gateway that removes headers made an SSE-C
// object NONE for good.
func TestKeysAreTriedWhateverIsRecorded(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	cloud.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
		o.Encryption = cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)}
	})
	object.MustRefresh()
	object.Expect(pt.Attrs{"encryption.customer_key_md5": pt.MustKey(t, pt.KeyB).MD5()})
	cloud.ResetJournal()
	object.MustApply(config)
	cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
	object.MustBeClean(config)
}

func expectNone(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Error(text)
	}
}
