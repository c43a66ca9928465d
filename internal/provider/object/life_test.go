package object_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestReplacementOnTheSameKeyKeepsTheNewObject(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	server := pt.NewServer(t, cloud, nil)
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"overwrite": true})
	old := server.Object()
	old.MustApply(config)

	// create_before_destroy in one apply: core creates the new object, then destroys the deposed.
	applying := pt.NewServer(t, cloud, nil)
	deposed := old.On(applying)
	applying.Object().MustApply(config.With(pt.Attrs{"content": "new"}))
	cloud.ResetJournal()
	diagnostics := deposed.Destroy()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "not deleted") {
		t.Errorf("warnings = %q", text)
	}
	cloud.ExpectOps()
	if info := cloud.Head(pt.Ref("a"), nil); info.Size != 3 {
		t.Error("the new object is gone")
	}
}

func TestTwoResourcesWithOneKey(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	server := pt.NewServer(t, cloud, nil)
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"overwrite": true})
	server.Object().MustApply(config)
	_, diagnostics := server.Object().Apply(config.With(pt.Attrs{"content": "other"}))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "Two resources write one object", pt.Bucket+"/a")
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want 1", n)
	}
}

func TestReplacementWithoutABodyFailsBeforeAnythingIsDeleted(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a", "the only copy", cosapi.SSECOS{Algorithm: "AES256"})
	object := pt.NewServer(t, cloud, nil).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a")); text != "" {
		t.Fatal(text)
	}
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS()}
	object.MustBeClean(config)
	pt.ExpectError(t, object.Plan(config.With(pt.Attrs{"key": "b"})).Errors(),
		"has no body", "source")
	// -replace and taint: core plans a creation without a prior state.
	creation := pt.NewServer(t, cloud, nil).Object()
	pt.ExpectError(t, creation.Plan(config).Errors(), "has no body")
	cloud.Head(pt.Ref("a"), nil)
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
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, nil).Object()
			config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{
				"bucket": pt.VersionedBucket, "deletion_policy": test.policy,
			})
			neighbour := pt.NewServer(t, cloud, nil).Object()
			neighbour.MustApply(config.With(pt.Attrs{"key": "a2"}))
			object.MustApply(config)
			object.MustApply(config.With(pt.Attrs{"content": "second"}))
			object = object.On(pt.NewServer(t, cloud, nil))
			cloud.ResetJournal()
			if text := pt.ErrorText(object.Destroy()); text != "" {
				t.Fatal(text)
			}
			cloud.ExpectOps(test.want...)
			page, err := cloud.SomebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
				Region: pt.Region, Bucket: pt.VersionedBucket,
			})
			pt.Must(t, err)
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
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	pt.Must(t, cloud.LockObject(pt.Bucket, "a", time.Now().Add(time.Hour)))
	object = object.On(pt.NewServer(t, cloud, nil))
	pt.ExpectError(t, pt.ErrorText(object.Destroy()), "ObjectLocked", "retention", "state rm")
}

func TestVersionedBucket(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})).
		With(pt.Attrs{"bucket": pt.VersionedBucket})
	object.MustApply(config)
	object.MustBeClean(config)
	first := object.Attr("version_id")
	rotated := config.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "next"})})
	if text := object.Plan(rotated).Warnings(); !strings.Contains(text, "Earlier versions") ||
		!strings.Contains(text, "Keep the old key") {
		t.Errorf("warnings = %q", text)
	}
	object.MustApply(rotated)
	object.MustBeClean(rotated)
	if object.Attr("version_id") == first {
		t.Error("version_id did not change")
	}
}

func TestOldVersionRestoredBySomebodyIsDrift(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{
		"bucket": pt.VersionedBucket, "content_type": "text/plain",
	})
	object.MustApply(config)
	second := config.With(pt.Attrs{"content": "second"})
	object.MustApply(second)
	ref := cosapi.ObjectRef{
		Region: pt.Region, Bucket: pt.VersionedBucket, Key: "a",
		VersionID: object.Attr("version_id").(string),
	}
	_, err := cloud.SomebodyElse().Delete(t.Context(), ref)
	pt.Must(t, err)
	object.MustRefresh()
	object.Expect(pt.Attrs{"crc64ecma": cosapi.CRC64([]byte("hello a"))})
	object.MustApply(second)
	object.MustBeClean(second)
}

func TestDeleteMarkerMeansGone(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"bucket": pt.VersionedBucket}))
	_, err := cloud.SomebodyElse().Delete(t.Context(),
		cosapi.ObjectRef{Region: pt.Region, Bucket: pt.VersionedBucket, Key: "a"})
	pt.Must(t, err)
	object.MustRefresh()
	if !object.State.IsNull() {
		t.Error("the object is still in the state")
	}
}

func TestArchivedObjects(t *testing.T) {
	t.Parallel()
	archive := func(t *testing.T, delay time.Duration) (*pt.Cloud, *pt.Instance, pt.Attrs) {
		cloud := pt.NewCloud(t, cosemu.Config{RestoreDelay: delay})
		object := pt.NewServer(t, cloud, nil).Object()
		config := pt.ContentObject("a", pt.SSECOS())
		object.MustApply(config)
		pt.Must(t, cloud.SetObjectStorageClass(pt.Bucket, "a", "ARCHIVE"))
		object.MustBeClean(config)
		object.Expect(pt.Attrs{"storage_class": "ARCHIVE"})
		return cloud, object, config
	}
	reencrypted := pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})}
	t.Run("re-encryption uploads the body and warns", func(t *testing.T) {
		t.Parallel()
		cloud, object, config := archive(t, 0)
		text := object.Plan(config.With(reencrypted)).Warnings()
		for _, want := range []string{"7 bytes", "ARCHIVE", "charges"} {
			if !strings.Contains(text, want) {
				t.Errorf("warnings = %q, want %q", text, want)
			}
		}
		cloud.ResetJournal()
		object.MustApply(config.With(reencrypted))
		if cloud.Requests("PutObject") != 1 || cloud.Requests("PutObjectCopy") != 0 {
			t.Errorf("requests = %v", cloud.Ops())
		}
		object.Expect(pt.Attrs{"storage_class": "ARCHIVE", "encryption.mode": "SSE-KMS"})
		object.MustBeClean(config.With(reencrypted))
	})
	t.Run("re-encryption after a restore is a copy", func(t *testing.T) {
		t.Parallel()
		cloud, object, config := archive(t, 0)
		_, err := cloud.SomebodyElse().Restore(t.Context(), pt.Ref("a"),
			cosapi.RestoreOptions{Days: 1, Tier: "Standard"})
		pt.Must(t, err)
		object.MustRefresh()
		cloud.ResetJournal()
		object.MustApply(config.With(reencrypted))
		cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
	})
	t.Run("without a body it is an error that names the restore", func(t *testing.T) {
		t.Parallel()
		cloud := pt.NewCloud(t, cosemu.Config{})
		cloud.Upload("a", "imported", cosapi.SSECOS{Algorithm: "AES256"})
		pt.Must(t, cloud.SetObjectStorageClass(pt.Bucket, "a", "DEEP_ARCHIVE"))
		object := pt.NewServer(t, cloud, nil).Object()
		if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a")); text != "" {
			t.Fatal(text)
		}
		change := object.Plan(pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": pt.SSEKMS(pt.Attrs{})})
		pt.ExpectError(t, change.Errors(), "cos_encrypted_object_restore", "DEEP_ARCHIVE",
			"-refresh=false")
	})
}

func TestBucketDefaultNeverMasksADifference(t *testing.T) {
	t.Parallel()
	for name, sse := range map[string][]pt.Attrs{
		"as the default": pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK}), "other": pt.SSECOS(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.SetDefaultEncryption(pt.OtherCMK)
			object := pt.NewServer(t, cloud, nil).Object()
			config := pt.ContentObject("a", sse)
			object.MustApply(config)
			object.MustBeClean(config)
			// A colleague's copy without encryption headers gets the default.
			cloud.StripEncryption("a")
			object.MustRefresh()
			object.Expect(pt.Attrs{"encryption.mode": "SSE-KMS", "encryption.kms_key_id": pt.OtherCMK})
			change := object.Plan(config)
			want := map[string]string{"as the default": "no-op", "other": "update"}[name]
			if change.Action != want {
				t.Errorf("plan = %s, want %s", change.Action, want)
			}
			object.MustApply(config)
			object.MustBeClean(config)
		})
	}
}

func TestUnknownValuesArePlanned(t *testing.T) {
	t.Parallel()
	base := pt.ContentObject("a", pt.SSECOS())
	for name, config := range map[string]pt.Attrs{
		"bucket":  base.With(pt.Attrs{"bucket": pt.Unknown}),
		"key":     base.With(pt.Attrs{"key": pt.Unknown}),
		"region":  base.With(pt.Attrs{"region": pt.Unknown}),
		"content": base.With(pt.Attrs{"content": pt.Unknown}),
		"source":  base.With(pt.Attrs{"content": nil, "source": pt.Unknown}),
		"content_wo": base.With(pt.Attrs{
			"content": nil, "content_wo": pt.Unknown, "content_wo_version": 1,
		}),
		"sse":          base.With(pt.Attrs{"sse": pt.Unknown}),
		"kms":          base.With(pt.Attrs{"sse": []pt.Attrs{{"kms": pt.Unknown}}}),
		"kms.key_id":   base.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.Unknown})}),
		"kms.context":  base.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"context": pt.Unknown})}),
		"c.key":        base.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": pt.Unknown})}),
		"c.key_wo":     base.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_wo": pt.Unknown, "key_wo_version": 1})}),
		"c.key_name":   base.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": pt.Unknown})}),
		"metadata":     base.With(pt.Attrs{"metadata": pt.Unknown}),
		"tags":         base.With(pt.Attrs{"tags": pt.Unknown}),
		"content_type": base.With(pt.Attrs{"content_type": pt.Unknown}),
		"copy_source": base.With(pt.Attrs{"content": nil, "copy_source": []pt.Attrs{{
			"bucket": pt.Bucket, "key": "s", "if_match": pt.Unknown,
		}}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			create := pt.NewServer(t, cloud, nil).Object().Plan(config)
			if create.Action != "create" {
				t.Errorf("plan of a new object = %s: %s", create.Action, create.Errors())
			}
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(base)
			object.MustRefresh()
			if change := object.Plan(config); change.Errors() != "" || change.Action == "no-op" {
				t.Errorf("plan of an object = %s: %s", change.Action, change.Errors())
			}
		})
	}
}

func TestUnknownProviderIsPlanned(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	for name, extra := range map[string]pt.Attrs{
		"region":   pt.KeyringAttrs().With(pt.Attrs{"region": pt.Unknown}),
		"endpoint": pt.KeyringAttrs().With(pt.Attrs{"endpoint": pt.Unknown}),
		"keyring":  {"customer_keys": pt.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := pt.NewServer(t, cloud, extra).Object()
			change := object.Plan(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})))
			if change.Action != "create" {
				t.Errorf("plan = %s: %s", change.Action, change.Errors())
			}
		})
	}
}

func TestFileOfTheSameApply(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	file := pt.WriteFile(t, "later.txt", "")
	pt.Must(t, os.Remove(file))
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "later.txt", "source": file, "sse": pt.SSECOS()}
	planned := object.Plan(config)
	if planned.Action != "create" || !strings.Contains(planned.Warnings(), file) {
		t.Fatalf("plan = %s, warnings %q", planned.Action, planned.Warnings())
	}
	missing := pt.NewServer(t, cloud, nil).Object()
	pt.ExpectError(t, pt.ErrorText(missing.ApplyPlanned(planned)), file, `AttributeName("source")`)
	pt.Must(t, os.WriteFile(file, []byte("written later"), 0o600))
	if text := pt.ErrorText(object.ApplyPlanned(planned)); text != "" {
		t.Fatal(text)
	}
	object.MustBeClean(config)
}

func TestFileChangedBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	file := pt.WriteFile(t, "a.txt", "one")
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.txt", "source": file, "sse": pt.SSECOS()}
	object.MustApply(config)
	pt.Must(t, os.WriteFile(file, []byte("two"), 0o600))
	object.MustRefresh()
	planned := object.Plan(config)
	if planned.Action != "update" || pt.Lookup(t, planned.Planned, "crc64ecma") != pt.Unknown {
		t.Fatalf("plan = %s, want an update with an unknown CRC64", planned.Action)
	}
	pt.Must(t, os.WriteFile(file, []byte("three"), 0o600))
	cloud.ResetJournal()
	pt.ExpectError(t, pt.ErrorText(object.ApplyPlanned(planned)), "changed after the plan", file,
		cosapi.CRC64([]byte("two")), cosapi.CRC64([]byte("three")), "Plan again")
	// The body ends before its last byte, so the request may be seen but never carried out.
	if got := cloud.Head(pt.Ref("a.txt"), nil).CRC64; got != cosapi.CRC64([]byte("one")) {
		t.Errorf("CRC64 in COS = %s, want the first file's: %v", got, cloud.Ops())
	}
	object.MustRefresh()
	object.MustApply(config)
	object.MustBeClean(config)
}

// TestRefreshWithAnUnknownProvider: nothing can be asked yet, so the state stands.
func TestRefreshWithAnUnknownProvider(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	object = object.On(pt.NewServer(t, cloud, pt.Attrs{"endpoint": pt.Unknown}))
	object.Identity = nil
	cloud.ResetJournal()
	before := object.State
	object.MustRefresh()
	if !object.State.Equal(before) || object.Identity == nil {
		t.Errorf("state %s, identity %v", pt.Differences(before, object.State), object.Identity)
	}
	cloud.ExpectOps()
}
