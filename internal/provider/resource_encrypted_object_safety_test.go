package provider

import (
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// TestLostAnswerOfAnUpdateIsClearedUp: the write was carried out, and nobody heard of it.
func TestLostAnswerOfAnUpdateIsClearedUp(t *testing.T) {
	t.Parallel()
	base := contentObject("a", sseCOS())
	for name, test := range map[string]struct {
		op     string
		change attrs
		writes int
	}{
		"copy":   {"PutObjectCopy", attrs{"sse": sseKMS(attrs{"key_id": testCMK})}, 1},
		"upload": {"PutObject", attrs{"content": "other"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, nil).object()
			object.mustApply(base)
			must(t, cloud.AgeObject(testBucket, "a", time.Hour))
			object.mustRefresh()
			cloud.AddFaults(cosemu.Fault{Op: test.op, DropAnswer: true})
			cloud.ResetJournal()
			object.mustApply(base.with(test.change))
			if n := cloud.Requests(test.op); n != test.writes {
				t.Errorf("%d times %s, want %d: %v", n, test.op, test.writes, cloud.ops())
			}
			object.mustBeClean(base.with(test.change))
		})
	}
}

// TestFailedUpdateKeepsTheOldObject: the write was refused, and repeating does not help.
func TestFailedUpdateKeepsTheOldObject(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS())
	object.mustApply(config)
	object.mustRefresh()
	cloud.AddFaults(cosemu.Fault{Op: "PutObject", Times: 9, Status: 403, Code: "AccessDenied"})
	before := object.state
	_, diagnostics := object.apply(config.with(attrs{"content": "other"}))
	expectError(t, errorText(diagnostics), "AccessDenied", "cos:PutObject", testBucket+"/a")
	if !object.state.Equal(before) {
		t.Errorf("state changed: %s", differences(before, object.state))
	}
	cloud.ClearFaults()
	object.mustApply(config.with(attrs{"content": "other"}))
}

func TestSuspendedBucket(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	config := contentObject("a", sseC(attrs{"key_name": "main"})).
		with(attrs{"bucket": testVersionedBucket})
	object.mustApply(config)
	cloud.suspendVersioning(testVersionedBucket)
	object.mustRefresh()
	changed := config.with(attrs{"content": "written while suspended"})
	object.mustApply(changed)
	object.mustBeClean(changed)
	rotated := changed.with(attrs{"sse": sseC(attrs{"key_name": "next"})})
	object.mustApply(rotated)
	object.mustBeClean(rotated)
	object = object.on(newServer(t, cloud, keyringAttrs()))
	if text := errorText(object.destroy()); text != "" {
		t.Fatal(text)
	}
	page, err := cloud.somebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
		Region: testRegion, Bucket: testVersionedBucket,
	})
	must(t, err)
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
	cloud := newCloud(t, cosemu.Config{})
	cloud.sourceObject(testVersionedBucket, testRegion, "a", "theirs", cosapi.NoEncryption{})
	_, diagnostics := newServer(t, cloud, nil).object().apply(
		contentObject("a", sseCOS()).with(attrs{"bucket": testVersionedBucket}))
	expectError(t, errorText(diagnostics), "exists already", "terraform import")
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want only theirs", n)
	}
}

// TestNeighboursAreOtherObjects: keys that begin alike are never taken for each other.
func TestNeighboursAreOtherObjects(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("a2", "neighbour", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}))
	object.mustApply(config)
	object.mustBeClean(config)
	_, err := cloud.somebodyElse().Delete(t.Context(), testRef("a"))
	must(t, err)
	object.mustRefresh()
	if !object.state.IsNull() {
		t.Error("the neighbour was taken for the object")
	}
	cloud.head(testRef("a2"), nil)
}

func TestEmptyObjectInEveryMode(t *testing.T) {
	t.Parallel()
	for name, sse := range encryptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			config := contentObject("empty", sse).with(attrs{"content": ""})
			object.mustApply(config)
			object.mustBeClean(config)
			object.expect(attrs{"size": 0, "crc64ecma": "0"})
			other := config.with(attrs{"sse": sseKMS(attrs{"key_id": testOtherCMK})})
			object.mustApply(other)
			object.mustBeClean(other)
		})
	}
}

// TestCopyOntoItselfJudgesWhatIsCurrent: in a versioned bucket a copy of the version that was read
// would always succeed and put the old bytes on top of what somebody has done since.
func TestCopyOntoItselfJudgesWhatIsCurrent(t *testing.T) {
	t.Parallel()
	ref := cosapi.ObjectRef{Region: testRegion, Bucket: testVersionedBucket, Key: "a"}
	base := contentObject("a", sseCOS()).with(attrs{"bucket": testVersionedBucket})
	rekeyed := base.with(attrs{"sse": sseKMS(attrs{"key_id": testCMK})})
	tests := map[string]struct {
		foreign func(t *testing.T, cloud *cloud)
		want    string
		after   string // the bytes that are current then, "" for none
	}{
		"overwritten": {func(_ *testing.T, cloud *cloud) {
			cloud.place(ref, "foreign", cosapi.WriteOptions{})
		}, "changed since", "foreign"},
		"deleted": {func(t *testing.T, cloud *cloud) {
			_, err := cloud.somebodyElse().Delete(t.Context(), ref)
			must(t, err)
		}, "deleted since", ""},
	}
	for name, tt := range tests {
		for _, planned := range []string{"before it", "after it, without refresh"} {
			t.Run(name+", planned "+planned, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t, cosemu.Config{})
				object := newServer(t, cloud, nil).object()
				object.mustApply(base)
				object.mustRefresh()
				must(t, cloud.AgeObject(testVersionedBucket, "a", time.Hour))
				object.mustRefresh()
				var change plannedChange
				if planned == "before it" {
					change = object.plan(rekeyed)
					tt.foreign(t, cloud)
				} else {
					tt.foreign(t, cloud)
					change = object.plan(rekeyed)
				}
				before := object.state
				expectError(t, errorText(object.applyPlanned(change)), tt.want, "Nothing was changed")
				if !object.state.Equal(before) {
					t.Errorf("state changed: %s", differences(before, object.state))
				}
				content, _, err := cloud.somebodyElse().Content(t.Context(), ref, nil, 100)
				if string(content) != tt.after || (err == nil) != (tt.after != "") {
					t.Errorf("current bytes = %q, %v, want %q", content, err, tt.after)
				}
			})
		}
	}
}
