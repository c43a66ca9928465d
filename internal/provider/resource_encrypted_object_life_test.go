package provider

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

func TestReplacementOnTheSameKeyKeepsTheNewObject(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	server := newServer(t, cloud, nil)
	config := contentObject("a", sseCOS()).with(attrs{"overwrite": true})
	old := server.object()
	old.mustApply(config)

	// create_before_destroy in one apply: core creates the new object, then destroys the deposed.
	applying := newServer(t, cloud, nil)
	deposed := old.on(applying)
	applying.object().mustApply(config.with(attrs{"content": "new"}))
	cloud.ResetJournal()
	diagnostics := deposed.destroy()
	if text := warningText(diagnostics); !strings.Contains(text, "not deleted") {
		t.Errorf("warnings = %q", text)
	}
	cloud.expectOps()
	if info := cloud.head(testRef("a"), nil); info.Size != 3 {
		t.Error("the new object is gone")
	}
}

func TestTwoResourcesWithOneKey(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	server := newServer(t, cloud, nil)
	config := contentObject("a", sseCOS()).with(attrs{"overwrite": true})
	server.object().mustApply(config)
	_, diagnostics := server.object().apply(config.with(attrs{"content": "other"}))
	expectError(t, errorText(diagnostics), "Two resources write one object", testBucket+"/a")
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want 1", n)
	}
}

func TestReplacementWithoutABodyFailsBeforeAnythingIsDeleted(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("a", "the only copy", cosapi.SSECOS{Algorithm: "AES256"})
	object := newServer(t, cloud, nil).object()
	if text := errorText(object.importID(testBucket + "/a")); text != "" {
		t.Fatal(text)
	}
	config := attrs{"bucket": testBucket, "key": "a", "sse": sseCOS()}
	object.mustBeClean(config)
	expectError(t, object.plan(config.with(attrs{"key": "b"})).errors(),
		"has no body", "source")
	// -replace and taint: core plans a creation without a prior state.
	creation := newServer(t, cloud, nil).object()
	expectError(t, creation.plan(config).errors(), "has no body")
	cloud.head(testRef("a"), nil)
}

func TestDeletionPolicies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy           string
		versions, marked int
		want             []string
	}{
		"delete sets a marker":              {"delete", 2, 1, []string{"DeleteObject"}},
		"delete_version removes the newest": {"delete_version", 1, 0, []string{"DeleteObject"}},
		"delete_all_versions": {"delete_all_versions", 0, 0, []string{
			"GetBucketObjectVersions", "DeleteObject", "DeleteObject",
		}},
		"abandon": {"abandon", 2, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, nil).object()
			config := contentObject("a", sseCOS()).with(attrs{
				"bucket": testVersionedBucket, "deletion_policy": test.policy,
			})
			neighbour := newServer(t, cloud, nil).object()
			neighbour.mustApply(config.with(attrs{"key": "a2"}))
			object.mustApply(config)
			object.mustApply(config.with(attrs{"content": "second"}))
			object = object.on(newServer(t, cloud, nil))
			cloud.ResetJournal()
			if text := errorText(object.destroy()); text != "" {
				t.Fatal(text)
			}
			cloud.expectOps(test.want...)
			page, err := cloud.somebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
				Region: testRegion, Bucket: testVersionedBucket,
			})
			must(t, err)
			versions, marked, others := 0, 0, 0
			for _, version := range page.Versions {
				switch {
				case version.Key != "a":
					others++
				case version.DeleteMarker:
					marked++
				default:
					versions++
				}
			}
			if versions != test.versions || marked != test.marked || others != 1 {
				t.Errorf("versions, markers, neighbours = %d, %d, %d, want %d, %d, 1",
					versions, marked, others, test.versions, test.marked)
			}
		})
	}
}

func TestLockedObjectIsNotDeleted(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseCOS()))
	must(t, cloud.LockObject(testBucket, "a", time.Now().Add(time.Hour)))
	object = object.on(newServer(t, cloud, nil))
	expectError(t, errorText(object.destroy()), "ObjectLocked", "retention", "state rm")
}

func TestVersionedBucket(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	config := contentObject("a", sseC(attrs{"key_name": "main"})).
		with(attrs{"bucket": testVersionedBucket})
	object.mustApply(config)
	object.mustBeClean(config)
	first := object.attr("version_id")
	rotated := config.with(attrs{"sse": sseC(attrs{"key_name": "next"})})
	if text := object.plan(rotated).warnings(); !strings.Contains(text, "Earlier versions") ||
		!strings.Contains(text, "Keep the old key") {
		t.Errorf("warnings = %q", text)
	}
	object.mustApply(rotated)
	object.mustBeClean(rotated)
	if object.attr("version_id") == first {
		t.Error("version_id did not change")
	}
}

func TestOldVersionRestoredBySomebodyIsDrift(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS()).with(attrs{
		"bucket": testVersionedBucket, "content_type": "text/plain",
	})
	object.mustApply(config)
	second := config.with(attrs{"content": "second"})
	object.mustApply(second)
	ref := cosapi.ObjectRef{
		Region: testRegion, Bucket: testVersionedBucket, Key: "a",
		VersionID: object.attr("version_id").(string),
	}
	_, err := cloud.somebodyElse().Delete(t.Context(), ref)
	must(t, err)
	object.mustRefresh()
	object.expect(attrs{"crc64ecma": cosapi.CRC64([]byte("hello a"))})
	object.mustApply(second)
	object.mustBeClean(second)
}

func TestDeleteMarkerMeansGone(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseCOS()).with(attrs{"bucket": testVersionedBucket}))
	_, err := cloud.somebodyElse().Delete(t.Context(),
		cosapi.ObjectRef{Region: testRegion, Bucket: testVersionedBucket, Key: "a"})
	must(t, err)
	object.mustRefresh()
	if !object.state.IsNull() {
		t.Error("the object is still in the state")
	}
}

func TestArchivedObjects(t *testing.T) {
	t.Parallel()
	archive := func(t *testing.T, delay time.Duration) (*cloud, *coreResource, attrs) {
		cloud := newCloud(t, cosemu.Config{RestoreDelay: delay})
		object := newServer(t, cloud, nil).object()
		config := contentObject("a", sseCOS())
		object.mustApply(config)
		must(t, cloud.SetObjectStorageClass(testBucket, "a", "ARCHIVE"))
		object.mustBeClean(config)
		object.expect(attrs{"storage_class": "ARCHIVE"})
		return cloud, object, config
	}
	reencrypted := attrs{"sse": sseKMS(attrs{})}
	t.Run("re-encryption uploads the body and warns", func(t *testing.T) {
		t.Parallel()
		cloud, object, config := archive(t, 0)
		text := object.plan(config.with(reencrypted)).warnings()
		for _, want := range []string{"7 bytes", "ARCHIVE", "charges"} {
			if !strings.Contains(text, want) {
				t.Errorf("warnings = %q, want %q", text, want)
			}
		}
		cloud.ResetJournal()
		object.mustApply(config.with(reencrypted))
		if cloud.Requests("PutObject") != 1 || cloud.Requests("PutObjectCopy") != 0 {
			t.Errorf("requests = %v", cloud.ops())
		}
		object.expect(attrs{"storage_class": "ARCHIVE", "encryption.mode": "SSE-KMS"})
		object.mustBeClean(config.with(reencrypted))
	})
	t.Run("re-encryption after a restore is a copy", func(t *testing.T) {
		t.Parallel()
		cloud, object, config := archive(t, 0)
		_, err := cloud.somebodyElse().Restore(t.Context(), testRef("a"),
			cosapi.RestoreOptions{Days: 1, Tier: "Standard"})
		must(t, err)
		object.mustRefresh()
		cloud.ResetJournal()
		object.mustApply(config.with(reencrypted))
		cloud.expectOps("GetObjectACL", "PutObjectCopy")
	})
	t.Run("without a body it is an error that names the restore", func(t *testing.T) {
		t.Parallel()
		cloud := newCloud(t, cosemu.Config{})
		cloud.upload("a", "imported", cosapi.SSECOS{Algorithm: "AES256"})
		must(t, cloud.SetObjectStorageClass(testBucket, "a", "DEEP_ARCHIVE"))
		object := newServer(t, cloud, nil).object()
		if text := errorText(object.importID(testBucket + "/a")); text != "" {
			t.Fatal(text)
		}
		change := object.plan(attrs{"bucket": testBucket, "key": "a", "sse": sseKMS(attrs{})})
		expectError(t, change.errors(), "cos_encrypted_object_restore", "DEEP_ARCHIVE",
			"-refresh=false")
	})
}

func TestBucketDefaultNeverMasksADifference(t *testing.T) {
	t.Parallel()
	for name, sse := range map[string][]attrs{
		"as the default": sseKMS(attrs{"key_id": testOtherCMK}), "other": sseCOS(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			cloud.setDefaultEncryption(testOtherCMK)
			object := newServer(t, cloud, nil).object()
			config := contentObject("a", sse)
			object.mustApply(config)
			object.mustBeClean(config)
			// A colleague's copy without encryption headers gets the default.
			cloud.stripEncryption("a")
			object.mustRefresh()
			object.expect(attrs{"encryption.mode": "SSE-KMS", "encryption.kms_key_id": testOtherCMK})
			change := object.plan(config)
			want := map[string]string{"as the default": "no-op", "other": "update"}[name]
			if change.action != want {
				t.Errorf("plan = %s, want %s", change.action, want)
			}
			object.mustApply(config)
			object.mustBeClean(config)
		})
	}
}

func TestUnknownValuesArePlanned(t *testing.T) {
	t.Parallel()
	base := contentObject("a", sseCOS())
	for name, config := range map[string]attrs{
		"bucket":  base.with(attrs{"bucket": unknownValue}),
		"key":     base.with(attrs{"key": unknownValue}),
		"region":  base.with(attrs{"region": unknownValue}),
		"content": base.with(attrs{"content": unknownValue}),
		"source":  base.with(attrs{"content": nil, "source": unknownValue}),
		"content_wo": base.with(attrs{
			"content": nil, "content_wo": unknownValue, "content_wo_version": 1,
		}),
		"sse":          base.with(attrs{"sse": unknownValue}),
		"kms":          base.with(attrs{"sse": []attrs{{"kms": unknownValue}}}),
		"kms.key_id":   base.with(attrs{"sse": sseKMS(attrs{"key_id": unknownValue})}),
		"kms.context":  base.with(attrs{"sse": sseKMS(attrs{"context": unknownValue})}),
		"c.key":        base.with(attrs{"sse": sseC(attrs{"key": unknownValue})}),
		"c.key_wo":     base.with(attrs{"sse": sseC(attrs{"key_wo": unknownValue, "key_wo_version": 1})}),
		"c.key_name":   base.with(attrs{"sse": sseC(attrs{"key_name": unknownValue})}),
		"metadata":     base.with(attrs{"metadata": unknownValue}),
		"tags":         base.with(attrs{"tags": unknownValue}),
		"content_type": base.with(attrs{"content_type": unknownValue}),
		"copy_source": base.with(attrs{"content": nil, "copy_source": []attrs{{
			"bucket": testBucket, "key": "s", "if_match": unknownValue,
		}}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			create := newServer(t, cloud, nil).object().plan(config)
			if create.action != "create" {
				t.Errorf("plan of a new object = %s: %s", create.action, create.errors())
			}
			object := newServer(t, cloud, keyringAttrs()).object()
			object.mustApply(base)
			object.mustRefresh()
			if change := object.plan(config); change.errors() != "" || change.action == "no-op" {
				t.Errorf("plan of an object = %s: %s", change.action, change.errors())
			}
		})
	}
}

func TestUnknownProviderIsPlanned(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	for name, extra := range map[string]attrs{
		"region":   keyringAttrs().with(attrs{"region": unknownValue}),
		"endpoint": keyringAttrs().with(attrs{"endpoint": unknownValue}),
		"keyring":  {"customer_keys": unknownValue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := newServer(t, cloud, extra).object()
			change := object.plan(contentObject("a", sseC(attrs{"key_name": "main"})))
			if change.action != "create" {
				t.Errorf("plan = %s: %s", change.action, change.errors())
			}
		})
	}
}

func TestFileOfTheSameApply(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	file := writeFile(t, "later.txt", "")
	must(t, os.Remove(file))
	object := newServer(t, cloud, nil).object()
	config := attrs{"bucket": testBucket, "key": "later.txt", "source": file, "sse": sseCOS()}
	planned := object.plan(config)
	if planned.action != "create" || !strings.Contains(planned.warnings(), file) {
		t.Fatalf("plan = %s, warnings %q", planned.action, planned.warnings())
	}
	missing := newServer(t, cloud, nil).object()
	expectError(t, errorText(missing.applyPlanned(planned)), file, `AttributeName("source")`)
	must(t, os.WriteFile(file, []byte("written later"), 0o600))
	if text := errorText(object.applyPlanned(planned)); text != "" {
		t.Fatal(text)
	}
	object.mustBeClean(config)
}

func TestFileChangedBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	file := writeFile(t, "a.txt", "one")
	object := newServer(t, cloud, nil).object()
	config := attrs{"bucket": testBucket, "key": "a.txt", "source": file, "sse": sseCOS()}
	object.mustApply(config)
	must(t, os.WriteFile(file, []byte("two"), 0o600))
	object.mustRefresh()
	planned := object.plan(config)
	if planned.action != "update" || lookup(t, planned.planned, "crc64ecma") != unknownValue {
		t.Fatalf("plan = %s, want an update with an unknown CRC64", planned.action)
	}
	must(t, os.WriteFile(file, []byte("three"), 0o600))
	cloud.ResetJournal()
	expectError(t, errorText(object.applyPlanned(planned)), "changed after the plan", file,
		cosapi.CRC64([]byte("two")), cosapi.CRC64([]byte("three")), "Plan again")
	if cloud.Requests("PutObject") != 0 {
		t.Errorf("requests = %v, want no upload", cloud.ops())
	}
	object.mustRefresh()
	object.mustApply(config)
	object.mustBeClean(config)
}

// TestRefreshWithAnUnknownProvider: nothing can be asked yet, so the state stands.
func TestRefreshWithAnUnknownProvider(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseCOS()))
	object = object.on(newServer(t, cloud, attrs{"endpoint": unknownValue}))
	object.identity = nil
	cloud.ResetJournal()
	before := object.state
	object.mustRefresh()
	if !object.state.Equal(before) || object.identity == nil {
		t.Errorf("state %s, identity %v", differences(before, object.state), object.identity)
	}
	cloud.expectOps()
}
