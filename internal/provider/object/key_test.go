package object_test

import (
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestRefreshWithoutTheKeyIsOneListing(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})))
	cloud.ResetJournal()
	before := object.State
	object.MustRefresh()
	cloud.ExpectOps("GetBucket")
	if !object.State.Equal(before) {
		t.Errorf("state changed: %s", pt.Differences(before, object.State))
	}
}

func TestRefreshWithoutTheKeySeesThatTheObjectIsGone(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})))
	_, err := cloud.SomebodyElse().Delete(t.Context(), pt.Ref("a"))
	pt.Must(t, err)
	object.MustRefresh()
	if !object.State.IsNull() {
		t.Error("the object is still in the state")
	}
}

func TestContentDriftOfAWriteOnlyKeyIsSeenAtPlan(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})).
		With(pt.Attrs{"content_type": "text/plain"})
	object.MustApply(config)
	cloud.Upload("a", "theirs", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyD)})
	object.MustRefresh()
	cloud.ResetJournal()
	object.MustApply(config)
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want 1 (%v)", n, cloud.Ops())
	}
	object.MustBeClean(config)
}

func TestKeyRemovedFromTheKeyring(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"}))
	object.MustApply(config)
	object = object.On(pt.NewServer(t, cloud, nil))
	object.MustRefresh()

	t.Run("is a warning while nothing is written", func(t *testing.T) {
		change := object.Plan(config)
		if change.Action != "no-op" || !strings.Contains(change.Warnings(), "not verified") {
			t.Errorf("plan = %s, warnings %q", change.Action, change.Warnings())
		}
	})
	t.Run("is an error when the plan must write", func(t *testing.T) {
		change := object.Plan(config.With(pt.Attrs{"content": "other"}))
		pt.ExpectError(t, change.Errors(), `"main"`, "customer_keys", "key_name", "-refresh=false")
	})
	t.Run("does not stop a destroy", func(t *testing.T) {
		cloud.ResetJournal()
		gone := object.On(pt.NewServer(t, cloud, nil))
		if text := pt.ErrorText(gone.Destroy()); text != "" {
			t.Error(text)
		}
		cloud.ExpectOps("DeleteObject")
	})
}

func TestRotationByValueFindsTheOldKeyByItsMD5(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.Keyring(map[string]string{"main": pt.KeyA})).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"}))
	object.MustApply(config)
	object = object.On(pt.NewServer(t, cloud, pt.Keyring(map[string]string{
		"main": pt.KeyB, "old": pt.KeyA,
	})))
	object.MustRefresh()
	keyA, keyB := pt.MustKey(t, pt.KeyA), pt.MustKey(t, pt.KeyB)
	object.Expect(pt.Attrs{"encryption.customer_key_md5": keyA.MD5()})
	cloud.ResetJournal()
	object.MustApply(config)
	cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
	object.Expect(pt.Attrs{"encryption.customer_key_md5": keyB.MD5()})
	object.MustBeClean(config)
}

func TestRotationWithoutTheOldKeyUploadsTheBody(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})))
	object.MustRefresh()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyB, "key_wo_version": 2}))
	change := object.Plan(config)
	if text := change.Warnings(); !strings.Contains(text, "uploaded again") ||
		!strings.Contains(text, "7 bytes") {
		t.Errorf("warnings = %q, want one that names 7 bytes", text)
	}
	cloud.ResetJournal()
	object.MustApply(config)
	if cloud.Requests("PutObject") != 1 || cloud.Requests("PutObjectCopy") != 0 {
		t.Errorf("requests = %v, want one upload and no copy", cloud.Ops())
	}
	object.MustBeClean(config)
}

func TestRotationWithoutOldKeyAndBodyIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a", "imported", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a")); text != "" {
		t.Fatal(text)
	}
	object = object.On(pt.NewServer(t, cloud, pt.Keyring(map[string]string{"next": pt.KeyB})))
	object.MustRefresh()
	change := object.Plan(pt.Attrs{
		"bucket": pt.Bucket, "key": "a", "sse": pt.SSEC(pt.Attrs{"key_name": "next"}),
	})
	pt.ExpectError(t, change.Errors(), "old key", "customer_keys", "source", "-refresh=false",
		pt.MustKey(t, pt.KeyA).MD5())
}

func TestOtherValueAtTheSameVersion(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1}))
	object.MustApply(config)
	object.MustRefresh()
	other := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyB, "key_wo_version": 1}))

	t.Run("is a warning and no change", func(t *testing.T) {
		change := object.Plan(other)
		if change.Action != "no-op" || !strings.Contains(change.Warnings(), "key_wo_version") {
			t.Errorf("plan = %s, warnings %q", change.Action, change.Warnings())
		}
	})
	t.Run("is an error when something must be written", func(t *testing.T) {
		change := object.Plan(other.With(pt.Attrs{"content": "other"}))
		pt.ExpectError(t, change.Errors(), "key_wo is not this object's key", "key_wo_version",
			"-refresh=false")
	})
	t.Run("is an error when drift must be corrected", func(t *testing.T) {
		key := pt.MustKey(t, pt.KeyA)
		cloud.Rewrite("a", &key, func(*cosapi.WriteOptions) {})
		object.MustRefresh()
		pt.ExpectError(t, object.Plan(other).Errors(), "key_wo is not this object's key")
		cloud.ResetJournal()
		object.MustApply(config)
		cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
	})
}

func TestVersionWithoutKeyIsAnError(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	change := object.Plan(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo_version": 2})))
	pt.ExpectError(t, change.Errors(), "key_wo_version", "key_wo is null")
}

func TestKeyChangedBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})))
	object.MustRefresh()
	planned := object.Plan(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "next"})))
	applying := object.On(pt.NewServer(t, cloud, pt.Keyring(map[string]string{
		"main": pt.KeyA, "next": pt.KeyC,
	})))
	cloud.ResetJournal()
	pt.ExpectError(t, pt.ErrorText(applying.ApplyPlanned(planned)),
		"not the one that was planned", "Nothing was changed", pt.MustKey(t, pt.KeyB).MD5())
	cloud.ExpectOps()
}

func TestObjectRekeyedBySomebodyElse(t *testing.T) {
	t.Parallel()
	keyA, keyD := pt.MustKey(t, pt.KeyA), pt.MustKey(t, pt.KeyD)
	rekey := func(c *pt.Cloud) {
		c.Rewrite("a", &keyA, func(o *cosapi.WriteOptions) {
			o.Encryption = cosapi.SSEC{Key: keyD}
		})
	}
	t.Run("is uploaded again when the body is at hand", func(t *testing.T) {
		t.Parallel()
		cloud := pt.NewCloud(t, cosemu.Config{})
		object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
		config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"}))
		object.MustApply(config)
		object.MustRefresh()
		rekey(cloud)
		object.MustRefresh()
		object.Expect(pt.Attrs{"encryption.mode": "SSE-C", "encryption.customer_key_md5": nil})
		object.MustApply(config)
		object.MustBeClean(config)
		object.Expect(pt.Attrs{"encryption.customer_key_md5": keyA.MD5()})
	})
	t.Run("is an error when there is no body", func(t *testing.T) {
		t.Parallel()
		cloud := pt.NewCloud(t, cosemu.Config{})
		cloud.Upload("a", "imported", cosapi.SSEC{Key: keyA})
		object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
		if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a")); text != "" {
			t.Fatal(text)
		}
		rekey(cloud)
		object.MustRefresh()
		change := object.Plan(pt.Attrs{
			"bucket": pt.Bucket, "key": "a", "sse": pt.SSEC(pt.Attrs{"key_name": "main"}),
		})
		pt.ExpectError(t, change.Errors(), "key is not at hand", "customer_keys")
		if cloud.Requests("PutObject") != 1 {
			t.Errorf("requests = %v, want no further upload", cloud.Ops())
		}
	})
}

func TestKeylessRefreshWithExpiredCredentialsFails(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})))
	before := object.State
	cloud.SetCredentialExpired(cosemu.DocumentedCredential().SecretID, true)
	pt.ExpectError(t, pt.ErrorText(object.Refresh()), "ExpiredToken", "security_token")
	if !object.State.Equal(before) {
		t.Error("the state changed")
	}
}

func TestKeyOfACopySourceIsOnlyNeededToCopy(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("source", "bytes", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "copy", "sse": pt.SSECOS(), "content_type": "text/plain",
		"copy_source": []pt.Attrs{{
			"bucket": pt.Bucket, "key": "source", "sse": pt.SSEC(pt.Attrs{"key_name": "main"}),
		}},
	}
	object.MustApply(config)
	object.MustBeClean(config)
	object = object.On(pt.NewServer(t, cloud, nil))
	object.MustRefresh()
	change := object.Plan(config)
	if change.Action != "no-op" || !strings.Contains(change.Warnings(), `"main"`) {
		t.Errorf("plan = %s (%s), warnings %q", change.Action, change.Errors(), change.Warnings())
	}
}

// TestConcurrentChangeIsNotOverwrittenWithoutTheOldKey: a listing guards where no key opens the
// object. The same bytes under the same key leave the ETag as it was; only the time tells.
func TestConcurrentChangeIsNotOverwrittenWithoutTheOldKey(t *testing.T) {
	t.Parallel()
	for name, theirs := range map[string]struct{ key, text string }{
		"other bytes, other key": {pt.KeyB, "theirs"},
		"same bytes, same key":   {pt.KeyA, "hello a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, nil).Object()
			config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1}))
			object.MustApply(config)
			pt.Must(t, cloud.AgeObject(pt.Bucket, "a", time.Hour))
			object.MustRefresh()
			change := object.Plan(config.With(pt.Attrs{
				"sse": pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 2}),
			}))
			if text := change.Errors(); text != "" {
				t.Fatal(text)
			}
			key := pt.MustKey(t, theirs.key)
			cloud.Upload("a", theirs.text, cosapi.SSEC{Key: key})
			pt.ExpectError(t, pt.ErrorText(object.ApplyPlanned(change)),
				"changed after the plan", "Plan again")
			if info := cloud.Head(pt.Ref("a"), &key); info.CRC64 !=
				cosapi.CRC64([]byte(theirs.text)) {
				t.Error("their object was overwritten")
			}
		})
	}
}
