package cosemu

import (
	"encoding/base64"
	"strconv"
	"testing"
	"time"
)

const (
	enable  = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
	suspend = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
)

// TestVersionIDForm shows COS's own example: an id is the Base64 of 2^64-1 minus microseconds.
func TestVersionIDForm(t *testing.T) {
	t.Parallel()
	s := newStore(0)
	at := time.Date(2020, 4, 10, 18, 18, 53, 663087000, time.UTC)
	if id := s.newVersionID(at); id != "MTg0NDUxNTc1MzA5NzU4ODg1Mjg" {
		t.Errorf("the id is %s", id)
	}
	number := func(id string) uint64 {
		text, err := base64.RawStdEncoding.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseUint(string(text), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if older, newer := number(s.newVersionID(at)), number(s.newVersionID(at)); newer >= older {
		t.Errorf("the newer id %d does not sort before %d", newer, older)
	}
}

func TestVersioningConfiguration(t *testing.T) {
	t.Parallel()
	scenarios(t, map[string][]step{
		"switched": {
			{
				method: "GET", target: "/?versioning", status: 200,
				answer: "<VersioningConfiguration></VersioningConfiguration>",
			},
			{method: "PUT", target: "/?versioning", body: enable, status: 200},
			{method: "GET", target: "/?versioning", status: 200, answer: "<Status>Enabled</Status>"},
			{method: "PUT", target: "/?versioning", body: suspend, status: 200},
			{method: "GET", target: "/?versioning", status: 200, answer: "<Status>Suspended</Status>"},
		},
		"refused": {
			{
				method: "PUT", target: "/?versioning", status: 400, code: "MalformedXML",
				body: "<VersioningConfiguration><Status>On</Status></VersioningConfiguration>",
			},
			{method: "PUT", target: "/?versioning", body: "<Versi", status: 400, code: "MalformedXML"},
			{method: "PUT", target: "/?versioning", body: "<Other/>", status: 400, code: "MalformedXML"},
			{
				method: "PUT", target: "/?versioning", body: enable, status: 400, code: "BadDigest",
				headers: []string{"Content-MD5: " + base64MD5(suspend)},
			},
			{
				method: "GET", target: "/?versioning", status: 200,
				answer: "<VersioningConfiguration></VersioningConfiguration>",
			},
		},
	})
}

// versionedURL names a key of the versioned bucket and, if there is one, a version.
func versionedURL(key, version string) string {
	if version == "" {
		return versionedHost + "/" + key
	}
	return versionedHost + "/" + key + "?versionId=" + version
}

// TestEnabledVersioning shows a key's life: versions, a delete marker, reading and deleting each.
func TestEnabledVersioning(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	current := versionedURL("a", "")
	first := r.must(t, "PUT", current, "1").get(headerVersionID)
	second := r.must(t, "PUT", current, "2").get(headerVersionID)
	if first == "" || second == "" || first == second {
		t.Fatalf("the versions are %q and %q", first, second)
	}
	is := func(id string) map[string]string { return map[string]string{headerVersionID: id} }
	r.run(t,
		step{method: "GET", target: current, status: 200, answer: "2", want: is(second)},
		step{method: "GET", target: versionedURL("a", first), status: 200, answer: "1", want: is(first)},
		step{method: "HEAD", target: versionedURL("a", first), status: 200, want: is(first)},
		step{method: "GET", target: versionedURL("a", "none"), status: 404, code: "NoSuchVersion"},
		step{method: "GET", target: versionedURL("b", first), status: 404, code: "NoSuchVersion"},
	)
	deleted := r.must(t, "DELETE", current, "")
	marker := deleted.get(headerVersionID)
	deleted.check(t, "DELETE", map[string]string{headerDeleteMarker: "true"})
	gone := map[string]string{headerDeleteMarker: "true", headerVersionID: marker}
	r.run(t,
		step{method: "GET", target: current, status: 404, code: "NoSuchKey", want: gone},
		step{method: "HEAD", target: current, status: 404, want: gone},
		step{method: "GET", target: versionedURL("a", marker), status: 404, code: "NoSuchKey"},
		step{method: "GET", target: versionedURL("a", second), status: 200, answer: "2"},
		step{
			method: "PUT", target: current + "?tagging", body: "<Tagging></Tagging>",
			status: 404, code: "NoSuchKey",
		},
		step{method: "DELETE", target: versionedURL("a", marker), status: 204, want: gone},
		step{method: "GET", target: current, status: 200, answer: "2"},
		step{method: "DELETE", target: versionedURL("a", second), status: 204, want: map[string]string{
			headerVersionID: second, headerDeleteMarker: "-",
		}},
		step{method: "GET", target: current, status: 200, answer: "1", want: is(first)},
		step{method: "DELETE", target: versionedURL("a", first), status: 204},
		step{method: "GET", target: current, status: 404, code: "NoSuchKey", want: map[string]string{
			headerDeleteMarker: "-", headerVersionID: "-",
		}},
		step{method: "DELETE", target: versionedURL("a", first), status: 204},
	)
}

// TestSuspendedVersioning shows that writes and deletes meet in the version null, and leave the
// versions of before alone.
func TestSuspendedVersioning(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	current := versionedURL("a", "")
	kept := r.must(t, "PUT", current, "kept").get(headerVersionID)
	null := map[string]string{headerVersionID: nullVersion}
	r.run(t,
		step{method: "PUT", target: versionedHost + "/?versioning", body: suspend, status: 200},
		step{
			method: "PUT", target: current, body: "1", status: 200,
			want: map[string]string{headerVersionID: "-"},
		},
		step{method: "PUT", target: current, body: "2", status: 200},
		step{method: "GET", target: current, status: 200, answer: "2", want: null},
		step{method: "GET", target: versionedURL("a", nullVersion), status: 200, answer: "2"},
		step{method: "GET", target: versionedURL("a", kept), status: 200, answer: "kept"},
		step{method: "DELETE", target: current, status: 204, want: map[string]string{
			headerVersionID: nullVersion, headerDeleteMarker: "true",
		}},
		step{method: "GET", target: current, status: 404, code: "NoSuchKey"},
		step{method: "GET", target: versionedURL("a", nullVersion), status: 404, code: "NoSuchKey"},
		step{method: "DELETE", target: versionedURL("a", nullVersion), status: 204},
		step{method: "GET", target: current, status: 200, answer: "kept"},
	)
	b := r.store.find(versionedBucket, "ap-guangzhou")
	if n := len(b.versions("a")); n != 1 {
		t.Errorf("%d versions are left", n)
	}
}

// TestVersioningEnabledLater shows that what was there before is the version null and stays.
func TestVersioningEnabledLater(t *testing.T) {
	t.Parallel()
	newRig(t).run(t,
		step{
			method: "PUT", target: "/a", body: "old", status: 200,
			want: map[string]string{headerVersionID: "-"},
		},
		step{method: "PUT", target: "/?versioning", body: enable, status: 200},
		step{
			method: "GET", target: "/a", status: 200, want: map[string]string{headerVersionID: nullVersion},
		},
		step{
			method: "PUT", target: "/a", body: "new", status: 200,
			want: map[string]string{headerVersionID: "*"},
		},
		step{method: "GET", target: "/a?VersionId=null", status: 200, answer: "old"},
		step{method: "GET", target: "/a", status: 200, answer: "new"},
	)
}

// TestUnversionedDelete shows that a delete leaves nothing, and that deleting nothing succeeds.
func TestUnversionedDelete(t *testing.T) {
	t.Parallel()
	nothing := map[string]string{headerVersionID: "-", headerDeleteMarker: "-"}
	newRig(t).run(t,
		step{method: "PUT", target: "/a", status: 200, headers: withKey(keyOne)},
		step{method: "DELETE", target: "/a", status: 204, want: nothing},
		step{method: "HEAD", target: "/a", status: 404, want: nothing},
		step{method: "DELETE", target: "/a", status: 204, want: nothing},
		step{method: "DELETE", target: "/never", status: 204, want: nothing},
	)
}

// TestHeadBucket shows the answers that tell a bucket's existence and region.
func TestHeadBucket(t *testing.T) {
	t.Parallel()
	newRig(t).run(t,
		step{method: "HEAD", target: "/", status: 200, want: map[string]string{
			"x-cos-bucket-region": "ap-guangzhou",
		}},
		step{method: "HEAD", target: farHost + "/", status: 200, want: map[string]string{
			"x-cos-bucket-region": farRegion,
		}},
		step{method: "HEAD", target: "nobody-1250000000.cos.ap-guangzhou.myqcloud.com/", status: 404},
	)
}
