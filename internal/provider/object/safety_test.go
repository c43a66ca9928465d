package object_test

import (
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestLostAnswerOfAnUpdateIsClearedUp: the write was carried out, and nobody heard of it.
func TestLostAnswerOfAnUpdateIsClearedUp(t *testing.T) {
	t.Parallel()
	base := pt.ContentObject("a", pt.SSECOS())
	for name, test := range map[string]struct {
		op     string
		change pt.Attrs
		writes int
	}{
		"copy":   {"PutObjectCopy", pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})}, 1},
		"upload": {"PutObject", pt.Attrs{"content": "other"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, nil).Object()
			object.MustApply(base)
			pt.Must(t, cloud.AgeObject(pt.Bucket, "a", time.Hour))
			object.MustRefresh()
			cloud.AddFaults(cosemu.Fault{Op: test.op, DropAnswer: true})
			cloud.ResetJournal()
			object.MustApply(base.With(test.change))
			if n := cloud.Requests(test.op); n != test.writes {
				t.Errorf("%d times %s, want %d: %v", n, test.op, test.writes, cloud.Ops())
			}
			object.MustBeClean(base.With(test.change))
		})
	}
}

// TestFailedUpdateKeepsTheOldObject: the write was refused, and repeating does not help.
func TestFailedUpdateKeepsTheOldObject(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	object.MustRefresh()
	cloud.AddFaults(cosemu.Fault{Op: "PutObject", Times: 9, Status: 403, Code: "AccessDenied"})
	before := object.State
	_, diagnostics := object.Apply(config.With(pt.Attrs{"content": "other"}))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "AccessDenied", "cos:PutObject", pt.Bucket+"/a")
	if !object.State.Equal(before) {
		t.Errorf("state changed: %s", pt.Differences(before, object.State))
	}
	cloud.ClearFaults()
	object.MustApply(config.With(pt.Attrs{"content": "other"}))
}

func TestSuspendedBucket(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})).
		With(pt.Attrs{"bucket": pt.VersionedBucket})
	object.MustApply(config)
	cloud.SuspendVersioning(pt.VersionedBucket)
	object.MustRefresh()
	changed := config.With(pt.Attrs{"content": "written while suspended"})
	object.MustApply(changed)
	object.MustBeClean(changed)
	rotated := changed.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "next"})})
	object.MustApply(rotated)
	object.MustBeClean(rotated)
	object = object.On(pt.NewServer(t, cloud, pt.KeyringAttrs()))
	if text := pt.ErrorText(object.Destroy()); text != "" {
		t.Fatal(text)
	}
	page, err := cloud.SomebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
		Region: pt.Region, Bucket: pt.VersionedBucket,
	})
	pt.Must(t, err)
	markers, versions := 0, 0
	for _, version := range page.Versions {
		if version.DeleteMarker {
			markers++
		} else {
			versions++
		}
	}
	if markers != 1 || versions != 1 {
		t.Errorf("%d markers and %d versions, want a marker over the first version", markers, versions)
	}
}

// TestGuardInAVersionedBucket: COS ignores x-cos-forbid-overwrite there, so the look before the
// write is all there is.
func TestGuardInAVersionedBucket(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.SourceObject(pt.VersionedBucket, pt.Region, "a", "theirs", cosapi.NoEncryption{})
	_, diagnostics := pt.NewServer(t, cloud, nil).Object().Apply(
		pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"bucket": pt.VersionedBucket}))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "exists already", "terraform import")
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want only theirs", n)
	}
}

// TestNeighboursAreOtherObjects: keys that begin alike are never taken for each other.
func TestNeighboursAreOtherObjects(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a2", "neighbour", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}))
	object.MustApply(config)
	object.MustBeClean(config)
	_, err := cloud.SomebodyElse().Delete(t.Context(), pt.Ref("a"))
	pt.Must(t, err)
	object.MustRefresh()
	if !object.State.IsNull() {
		t.Error("the neighbour was taken for the object")
	}
	cloud.Head(pt.Ref("a2"), nil)
}

func TestEmptyObjectInEveryMode(t *testing.T) {
	t.Parallel()
	for name, sse := range encryptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			config := pt.ContentObject("empty", sse).With(pt.Attrs{"content": ""})
			object.MustApply(config)
			object.MustBeClean(config)
			object.Expect(pt.Attrs{"size": 0, "crc64ecma": "0"})
			other := config.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK})})
			object.MustApply(other)
			object.MustBeClean(other)
		})
	}
}

// TestCopyOntoItselfJudgesWhatIsCurrent: in a versioned bucket a copy of the version that was read
// would always succeed and put the old bytes on top of what somebody has done since.
func TestCopyOntoItselfJudgesWhatIsCurrent(t *testing.T) {
	t.Parallel()
	ref := cosapi.ObjectRef{Region: pt.Region, Bucket: pt.VersionedBucket, Key: "a"}
	base := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"bucket": pt.VersionedBucket})
	rekeyed := base.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})})
	tests := map[string]struct {
		foreign func(t *testing.T, cloud *pt.Cloud)
		want    string
		after   string // the bytes that are current then, "" for none
	}{
		"overwritten": {func(_ *testing.T, cloud *pt.Cloud) {
			cloud.Place(ref, "foreign", cosapi.WriteOptions{})
		}, "changed since", "foreign"},
		"deleted": {func(t *testing.T, cloud *pt.Cloud) {
			_, err := cloud.SomebodyElse().Delete(t.Context(), ref)
			pt.Must(t, err)
		}, "deleted since", ""},
	}
	for name, tt := range tests {
		for _, planned := range []string{"before it", "after it, without refresh"} {
			t.Run(name+", planned "+planned, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{})
				object := pt.NewServer(t, cloud, nil).Object()
				object.MustApply(base)
				object.MustRefresh()
				pt.Must(t, cloud.AgeObject(pt.VersionedBucket, "a", time.Hour))
				object.MustRefresh()
				var change pt.Change
				if planned == "before it" {
					change = object.Plan(rekeyed)
					tt.foreign(t, cloud)
				} else {
					tt.foreign(t, cloud)
					change = object.Plan(rekeyed)
				}
				before := object.State
				pt.ExpectError(t, pt.ErrorText(object.ApplyPlanned(change)), tt.want, "Nothing was changed")
				if !object.State.Equal(before) {
					t.Errorf("state changed: %s", pt.Differences(before, object.State))
				}
				content, _, err := cloud.SomebodyElse().Content(t.Context(), ref, nil, 100)
				if string(content) != tt.after || (err == nil) != (tt.after != "") {
					t.Errorf("current bytes = %q, %v, want %q", content, err, tt.after)
				}
			})
		}
	}
}
