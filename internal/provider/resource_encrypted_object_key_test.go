package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// keyring is the provider's customer_keys for a process of its own.
func keyring(keys map[string]string) attrs { return attrs{"customer_keys": keys} }

func TestRefreshWithoutTheKeyIsOneListing(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})))
	cloud.ResetJournal()
	before := object.state
	object.mustRefresh()
	cloud.expectOps("GetBucket")
	if !object.state.Equal(before) {
		t.Errorf("state changed: %s", differences(before, object.state))
	}
}

func TestRefreshWithoutTheKeySeesThatTheObjectIsGone(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})))
	_, err := cloud.somebodyElse().Delete(t.Context(), testRef("a"))
	must(t, err)
	object.mustRefresh()
	if !object.state.IsNull() {
		t.Error("the object is still in the state")
	}
}

func TestContentDriftOfAWriteOnlyKeyIsSeenAtPlan(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})).
		with(attrs{"content_type": "text/plain"})
	object.mustApply(config)
	cloud.upload("a", "theirs", cosapi.SSEC{Key: mustKey(t, testKeyD)})
	object.mustRefresh()
	cloud.ResetJournal()
	object.mustApply(config)
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want 1 (%v)", n, cloud.ops())
	}
	object.mustBeClean(config)
}

func TestKeyRemovedFromTheKeyring(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	config := contentObject("a", sseC(attrs{"key_name": "main"}))
	object.mustApply(config)
	object = object.on(newServer(t, cloud, nil))
	object.mustRefresh()

	t.Run("is a warning while nothing is written", func(t *testing.T) {
		change := object.plan(config)
		if change.action != "no-op" || !strings.Contains(change.warnings(), "not verified") {
			t.Errorf("plan = %s, warnings %q", change.action, change.warnings())
		}
	})
	t.Run("is an error when the plan must write", func(t *testing.T) {
		change := object.plan(config.with(attrs{"content": "other"}))
		expectError(t, change.errors(), `"main"`, "customer_keys", "key_name", "-refresh=false")
	})
	t.Run("does not stop a destroy", func(t *testing.T) {
		cloud.ResetJournal()
		gone := object.on(newServer(t, cloud, nil))
		if text := errorText(gone.destroy()); text != "" {
			t.Error(text)
		}
		cloud.expectOps("DeleteObject")
	})
}

func TestRotationByValueFindsTheOldKeyByItsMD5(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyring(map[string]string{"main": testKeyA})).object()
	config := contentObject("a", sseC(attrs{"key_name": "main"}))
	object.mustApply(config)
	object = object.on(newServer(t, cloud, keyring(map[string]string{
		"main": testKeyB, "old": testKeyA,
	})))
	object.mustRefresh()
	keyA, keyB := mustKey(t, testKeyA), mustKey(t, testKeyB)
	object.expect(attrs{"encryption.customer_key_md5": keyA.MD5()})
	cloud.ResetJournal()
	object.mustApply(config)
	cloud.expectOps("GetObjectACL", "PutObjectCopy")
	object.expect(attrs{"encryption.customer_key_md5": keyB.MD5()})
	object.mustBeClean(config)
}

func TestRotationWithoutTheOldKeyUploadsTheBody(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})))
	object.mustRefresh()
	config := contentObject("a", sseC(attrs{"key_wo": testKeyB, "key_wo_version": 2}))
	change := object.plan(config)
	if text := change.warnings(); !strings.Contains(text, "uploaded again") ||
		!strings.Contains(text, "7 bytes") {
		t.Errorf("warnings = %q, want one that names 7 bytes", text)
	}
	cloud.ResetJournal()
	object.mustApply(config)
	if cloud.Requests("PutObject") != 1 || cloud.Requests("PutObjectCopy") != 0 {
		t.Errorf("requests = %v, want one upload and no copy", cloud.ops())
	}
	object.mustBeClean(config)
}

func TestRotationWithoutOldKeyAndBodyIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("a", "imported", cosapi.SSEC{Key: mustKey(t, testKeyA)})
	object := newServer(t, cloud, keyringAttrs()).object()
	if text := errorText(object.importID(testBucket + "/a")); text != "" {
		t.Fatal(text)
	}
	object = object.on(newServer(t, cloud, keyring(map[string]string{"next": testKeyB})))
	object.mustRefresh()
	change := object.plan(attrs{
		"bucket": testBucket, "key": "a", "sse": sseC(attrs{"key_name": "next"}),
	})
	expectError(t, change.errors(), "old key", "customer_keys", "source", "-refresh=false",
		mustKey(t, testKeyA).MD5())
}

func TestOtherValueAtTheSameVersion(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1}))
	object.mustApply(config)
	object.mustRefresh()
	other := contentObject("a", sseC(attrs{"key_wo": testKeyB, "key_wo_version": 1}))

	t.Run("is a warning and no change", func(t *testing.T) {
		change := object.plan(other)
		if change.action != "no-op" || !strings.Contains(change.warnings(), "key_wo_version") {
			t.Errorf("plan = %s, warnings %q", change.action, change.warnings())
		}
	})
	t.Run("is an error when something must be written", func(t *testing.T) {
		change := object.plan(other.with(attrs{"content": "other"}))
		expectError(t, change.errors(), "key_wo is not this object's key", "key_wo_version",
			"-refresh=false")
	})
	t.Run("is an error when drift must be corrected", func(t *testing.T) {
		key := mustKey(t, testKeyA)
		cloud.rewrite("a", &key, func(*cosapi.WriteOptions) {})
		object.mustRefresh()
		expectError(t, object.plan(other).errors(), "key_wo is not this object's key")
		cloud.ResetJournal()
		object.mustApply(config)
		cloud.expectOps("GetObjectACL", "PutObjectCopy")
	})
}

func TestVersionWithoutKeyIsAnError(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	change := object.plan(contentObject("a", sseC(attrs{"key_wo_version": 2})))
	expectError(t, change.errors(), "key_wo_version", "key_wo is null")
}

func TestKeyChangedBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	object.mustApply(contentObject("a", sseC(attrs{"key_name": "main"})))
	object.mustRefresh()
	planned := object.plan(contentObject("a", sseC(attrs{"key_name": "next"})))
	applying := object.on(newServer(t, cloud, keyring(map[string]string{
		"main": testKeyA, "next": testKeyC,
	})))
	cloud.ResetJournal()
	expectError(t, errorText(applying.applyPlanned(planned)),
		"not the one that was planned", "Nothing was changed", mustKey(t, testKeyB).MD5())
	cloud.expectOps()
}

func TestObjectRekeyedBySomebodyElse(t *testing.T) {
	t.Parallel()
	keyA, keyD := mustKey(t, testKeyA), mustKey(t, testKeyD)
	rekey := func(c *cloud) {
		c.rewrite("a", &keyA, func(o *cosapi.WriteOptions) {
			o.Encryption = cosapi.SSEC{Key: keyD}
		})
	}
	t.Run("is uploaded again when the body is at hand", func(t *testing.T) {
		t.Parallel()
		cloud := newCloud(t, cosemu.Config{})
		object := newServer(t, cloud, keyringAttrs()).object()
		config := contentObject("a", sseC(attrs{"key_name": "main"}))
		object.mustApply(config)
		object.mustRefresh()
		rekey(cloud)
		object.mustRefresh()
		object.expect(attrs{"encryption.mode": "SSE-C", "encryption.customer_key_md5": nil})
		object.mustApply(config)
		object.mustBeClean(config)
		object.expect(attrs{"encryption.customer_key_md5": keyA.MD5()})
	})
	t.Run("is an error when there is no body", func(t *testing.T) {
		t.Parallel()
		cloud := newCloud(t, cosemu.Config{})
		cloud.upload("a", "imported", cosapi.SSEC{Key: keyA})
		object := newServer(t, cloud, keyringAttrs()).object()
		if text := errorText(object.importID(testBucket + "/a")); text != "" {
			t.Fatal(text)
		}
		rekey(cloud)
		object.mustRefresh()
		change := object.plan(attrs{
			"bucket": testBucket, "key": "a", "sse": sseC(attrs{"key_name": "main"}),
		})
		expectError(t, change.errors(), "key is not at hand", "customer_keys")
		if cloud.Requests("PutObject") != 1 {
			t.Errorf("requests = %v, want no further upload", cloud.ops())
		}
	})
}

func TestKeylessRefreshWithExpiredCredentialsFails(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})))
	before := object.state
	cloud.SetCredentialExpired(cosemu.DocumentedCredential().SecretID, true)
	expectError(t, errorText(object.refresh()), "ExpiredToken", "security_token")
	if !object.state.Equal(before) {
		t.Error("the state changed")
	}
}

func TestKeyOfACopySourceIsOnlyNeededToCopy(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("source", "bytes", cosapi.SSEC{Key: mustKey(t, testKeyA)})
	object := newServer(t, cloud, keyringAttrs()).object()
	config := attrs{
		"bucket": testBucket, "key": "copy", "sse": sseCOS(), "content_type": "text/plain",
		"copy_source": []attrs{{
			"bucket": testBucket, "key": "source", "sse": sseC(attrs{"key_name": "main"}),
		}},
	}
	object.mustApply(config)
	object.mustBeClean(config)
	object = object.on(newServer(t, cloud, nil))
	object.mustRefresh()
	change := object.plan(config)
	if change.action != "no-op" || !strings.Contains(change.warnings(), `"main"`) {
		t.Errorf("plan = %s (%s), warnings %q", change.action, change.errors(), change.warnings())
	}
}

// TestConcurrentChangeIsNotOverwrittenWithoutTheOldKey: a listing guards where no key opens the
// object. The same bytes under the same key leave the ETag as it was; only the time tells.
func TestConcurrentChangeIsNotOverwrittenWithoutTheOldKey(t *testing.T) {
	t.Parallel()
	for name, theirs := range map[string]struct{ key, text string }{
		"other bytes, other key": {testKeyB, "theirs"},
		"same bytes, same key":   {testKeyA, "hello a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, nil).object()
			config := contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1}))
			object.mustApply(config)
			must(t, cloud.AgeObject(testBucket, "a", time.Hour))
			object.mustRefresh()
			change := object.plan(config.with(attrs{
				"sse": sseC(attrs{"key_wo": testKeyD, "key_wo_version": 2}),
			}))
			if text := change.errors(); text != "" {
				t.Fatal(text)
			}
			key := mustKey(t, theirs.key)
			cloud.upload("a", theirs.text, cosapi.SSEC{Key: key})
			expectError(t, errorText(object.applyPlanned(change)),
				"changed after the plan", "Plan again")
			if info := cloud.head(testRef("a"), &key); info.CRC64 !=
				cosapi.CRC64([]byte(theirs.text)) {
				t.Error("their object was overwritten")
			}
		})
	}
}
