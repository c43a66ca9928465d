package cosapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

func checkTags(t *testing.T, h *harness) {
	ref := h.ref(t, "tags")
	tags := map[string]string{"team": "finance", "a b": "+ - _ = . : /"}
	h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}, Tags: tags})
	expect := func(want map[string]string) {
		t.Helper()
		got, err := h.Tags(t.Context(), ref)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	expect(tags)
	before := h.head(t, ref, nil)
	for _, changed := range []map[string]string{{"only": "this"}, {}, tags} {
		if err := h.PutTags(t.Context(), ref, changed); err != nil {
			t.Fatal(err)
		}
		expect(changed)
	}
	if after := h.head(t, ref, nil); after.ETag != before.ETag ||
		after.LastModified != before.LastModified {
		t.Errorf("tagging changed the object: %+v, %+v", before, after)
	}
	_, err := h.Copy(t.Context(), CopySource{Ref: ref}, ref, CopyOptions{WriteOptions: WriteOptions{
		Encryption: SSECOS{}, Tags: map[string]string{"copied": "a&b=c"[:1]},
	}})
	if err != nil {
		t.Fatal(err)
	}
	expect(map[string]string{"copied": "a"})
	if _, err := h.Copy(t.Context(), CopySource{Ref: ref}, ref, CopyOptions{
		WriteOptions: WriteOptions{Encryption: SSECOS{}},
	}); err != nil {
		t.Fatal(err)
	}
	expect(map[string]string{})
}

func checkACLs(t *testing.T, h *harness) {
	ref := h.ref(t, "acl")
	h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
	for _, canned := range []string{"private", "public-read", "default"} {
		if err := h.PutACL(t.Context(), ref, ACL{Canned: canned}); err != nil {
			t.Fatal(err)
		}
		acl, err := h.ACL(t.Context(), ref)
		if err != nil || acl.Canned != canned {
			t.Fatalf("set %s, got %+v, %v", canned, acl, err)
		}
		// What was read survives a write, which resets the ACL otherwise.
		h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}, ACL: &acl})
		again, err := h.ACL(t.Context(), ref)
		if diff := cmp.Diff(acl, again); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	if err := h.PutACL(t.Context(), ref, ACL{Canned: "private"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Copy(t.Context(), CopySource{Ref: ref}, ref, CopyOptions{
		WriteOptions: WriteOptions{Encryption: SSECOS{}},
	}); err != nil {
		t.Fatal(err)
	}
	if acl, err := h.ACL(t.Context(), ref); !acl.IsDefault() || err != nil {
		t.Errorf("a copy kept the ACL: %+v, %v", acl, err)
	}
}

func checkListing(t *testing.T, h *harness) {
	for _, key := range []string{"a", "b/1", "b/2", "b 3", "c+d"} {
		h.store(t, h.ref(t, "list/"+key), sample, WriteOptions{Encryption: SSECOS{}})
	}
	prefix := h.prefix + "list/"
	options := ListOptions{Region: h.region, Bucket: h.bucket, Prefix: prefix, Max: 2}
	var keys []string
	for {
		page, err := h.List(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Objects {
			keys = append(keys, strings.TrimPrefix(object.Key, prefix))
			if object.Size != 16 || object.ETag == "" || object.LastModified.IsZero() {
				t.Errorf("%+v", object)
			}
		}
		if !page.Truncated {
			break
		}
		options.Marker = page.NextMarker
	}
	if diff := cmp.Diff([]string{"a", "b 3", "b/1", "b/2", "c+d"}, keys); diff != "" {
		t.Error(diff)
	}
	grouped, err := h.List(t.Context(), ListOptions{
		Region: h.region, Bucket: h.bucket, Prefix: prefix, Delimiter: "/",
	})
	if diff := cmp.Diff([]string{prefix + "b/"}, grouped.Prefixes); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if len(grouped.Objects) != 3 {
		t.Errorf("%d objects beside the group", len(grouped.Objects))
	}
	for key, want := range map[string]bool{"list/a": true, "list/": false, "list/b": false} {
		if _, found, err := h.Find(t.Context(), h.ref(t, key)); found != want || err != nil {
			t.Errorf("%s: %t, %v", key, found, err)
		}
	}
}

func checkVersions(t *testing.T, h *harness) {
	if h.versioned == "" {
		t.Skip("COS_TEST_VERSIONED_BUCKET is not set")
	}
	ref, neighbour := h.in(t, h.versioned, "versions/k"), h.in(t, h.versioned, "versions/k2")
	first := h.store(t, ref, "first", WriteOptions{Encryption: SSECOS{}})
	second := h.store(t, ref, "second", WriteOptions{Encryption: SSEC{Key: mustKey(t, canaryKey)}})
	h.store(t, neighbour, sample, WriteOptions{Encryption: SSECOS{}})
	old := ref
	old.VersionID = first.VersionID
	content, info, err := h.Content(t.Context(), old, nil, 100)
	if string(content) != "first" || err != nil || info.VersionID != first.VersionID {
		t.Errorf("old version: %q, %+v, %v", content, info, err)
	}
	marker, err := h.Delete(t.Context(), ref)
	if err != nil || !marker.DeleteMarker || marker.VersionID == "" {
		t.Errorf("marker %+v, %v", marker, err)
	}
	if _, err := h.Head(t.Context(), ref, nil); Classify(err) != ClassNotFound {
		t.Errorf("behind the marker: %v", err)
	}
	page, err := h.ListVersions(t.Context(), ListVersionsOptions{
		Region: h.region, Bucket: h.versioned, Prefix: ref.Key,
	})
	var ids []string
	for _, version := range page.Versions {
		if version.Key == ref.Key {
			ids = append(ids, version.VersionID)
		}
	}
	want := []string{marker.VersionID, second.VersionID, first.VersionID}
	if diff := cmp.Diff(want, ids); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if listed, found, err := h.Find(t.Context(), old); !found || err != nil || listed.Size != 5 {
		t.Errorf("old version in the listing: %+v, %v", listed, err)
	}
	count, err := h.DeleteAllVersions(t.Context(), ref)
	if count != 3 || err != nil {
		t.Errorf("deleted %d versions, %v", count, err)
	}
	if _, err := h.Head(t.Context(), old, nil); Classify(err) != ClassNotFound {
		t.Errorf("the old version is still there: %v", err)
	}
	h.head(t, neighbour, nil)
}

func checkConditions(t *testing.T, h *harness) {
	ref := h.ref(t, "conditions")
	h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
	info := h.head(t, ref, nil)
	for name, test := range map[string]struct {
		source CopySource
		class  Class
	}{
		"same":       {CopySource{IfMatch: info.ETag, IfUnmodifiedSince: info.LastModified}, ClassOther},
		"other-etag": {CopySource{IfMatch: "0123456789abcdef0123456789abcdef"}, ClassPrecondition},
		"changed": {
			CopySource{IfUnmodifiedSince: info.LastModified.Add(-time.Hour)}, ClassPrecondition,
		},
		"not-changed": {CopySource{IfUnmodifiedSince: info.LastModified.Add(time.Hour)}, ClassOther},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.source.Ref = ref
			_, err := h.Copy(t.Context(), test.source, h.ref(t, "conditions-"+name),
				CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			if Classify(err) != test.class || (err == nil) != (test.class == ClassOther) {
				t.Errorf("class %d: %v", Classify(err), err)
			}
		})
	}
}

func checkForbidOverwrite(t *testing.T, h *harness) {
	ref := h.ref(t, "forbid")
	options := WriteOptions{Encryption: SSECOS{}, ForbidOverwrite: true}
	h.store(t, ref, sample, options)
	if _, err := h.tryStore(t.Context(), ref, "other", options); Classify(err) != ClassExists {
		t.Errorf("class %d: %v", Classify(err), err)
	}
	content, _, err := h.Content(t.Context(), ref, nil, 100)
	if string(content) != sample || err != nil {
		t.Errorf("content %q, %v", content, err)
	}
}

func checkMissing(t *testing.T, h *harness) {
	missing := h.ref(t, "missing")
	nowhere := missing
	nowhere.Bucket = "no-such-bucket-" + h.bucket[strings.LastIndex(h.bucket, "-")+1:]
	for name, test := range map[string]struct {
		ref   ObjectRef
		class Class
	}{"object": {missing, ClassNotFound}, "bucket": {nowhere, ClassNoSuchBucket}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, head := h.Head(t.Context(), test.ref, nil)
			_, _, get := h.Content(t.Context(), test.ref, nil, 1)
			_, tags := h.Tags(t.Context(), test.ref)
			_, acl := h.ACL(t.Context(), test.ref)
			_, copied := h.Copy(t.Context(), CopySource{Ref: test.ref}, test.ref,
				CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			for op, err := range map[string]error{
				"head": head, "get": get, "tags": tags, "acl": acl, "copy": copied,
			} {
				if Classify(err) != test.class {
					t.Errorf("%s: class %d: %v", op, Classify(err), err)
				}
			}
		})
	}
	if _, err := h.Delete(t.Context(), missing); err != nil {
		t.Errorf("deleting what does not exist: %v", err)
	}
	if count, err := h.DeleteAllVersions(t.Context(), missing); count != 0 || err != nil {
		t.Errorf("deleted %d versions, %v", count, err)
	}
}

func checkKMSKeys(t *testing.T, h *harness) {
	ref := h.ref(t, "kms")
	unknown := SSEKMS{KeyID: "99999999-26c5-11ea-855c-525400850000"}
	_, err := h.tryStore(t.Context(), ref, sample, WriteOptions{Encryption: unknown})
	if Classify(err) != ClassKMS && Classify(err) != ClassPermission {
		t.Errorf("class %d: %v", Classify(err), err)
	}
	if _, err := h.Head(t.Context(), ref, nil); Classify(err) != ClassNotFound {
		t.Errorf("something was written: %v", err)
	}
	if len(h.kmsKeys) == 0 {
		t.Skip("COS_TEST_KMS_KEY is not set")
	}
	written := h.store(t, ref, sample, WriteOptions{Encryption: SSEKMS{}})
	if written.Encryption.Mode != ModeSSEKMS {
		t.Errorf("default key: %s", written.Encryption)
	}
}

func checkRestore(t *testing.T, h *harness) {
	key := mustKey(t, canaryKey)
	plain, archived := h.ref(t, "restore/plain"), h.ref(t, "restore/archived")
	h.store(t, plain, sample, WriteOptions{Encryption: SSECOS{}})
	h.store(t, archived, sample, WriteOptions{Encryption: SSEC{Key: key}, StorageClass: "ARCHIVE"})
	_, err := h.Restore(t.Context(), plain, RestoreOptions{Days: 1, Tier: "Standard"})
	if Classify(err) != ClassNotArchived {
		t.Errorf("class %d: %v", Classify(err), err)
	}
	if _, _, err := h.Content(t.Context(), archived, &key, 100); Classify(err) != ClassArchived {
		t.Errorf("class %d: %v", Classify(err), err)
	}
	info := h.head(t, archived, &key)
	if info.StorageClass != "ARCHIVE" || info.Restore != (RestoreStatus{}) {
		t.Errorf("%+v", info)
	}
	options := RestoreOptions{Days: 1, Tier: "Expedited", Key: &key}
	outcome, err := h.Restore(t.Context(), archived, options)
	if outcome != RestoreStarted || err != nil {
		t.Errorf("outcome %d, %v", outcome, err)
	}
	status := h.head(t, archived, &key).Restore
	if !status.Ongoing && !status.Restored {
		t.Errorf("%+v", status)
	}
	outcome, err = h.Restore(t.Context(), archived, options)
	if !slices.Contains([]RestoreOutcome{RestoreExtended, RestoreInProgress}, outcome) || err != nil {
		t.Errorf("second outcome %d, %v", outcome, err)
	}
}

func checkStorageClasses(t *testing.T, h *harness) {
	ref := h.ref(t, "class")
	h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}, StorageClass: "STANDARD_IA"})
	if got := h.head(t, ref, nil).StorageClass; got != "STANDARD_IA" {
		t.Errorf("class %s", got)
	}
	if _, err := h.Copy(t.Context(), CopySource{Ref: ref}, ref, CopyOptions{
		WriteOptions: WriteOptions{Encryption: SSECOS{}},
	}); err != nil {
		t.Fatal(err)
	}
	if got := h.head(t, ref, nil).StorageClass; got != "STANDARD" {
		t.Errorf("a copy keeps the class %s", got)
	}
	_, err := h.tryStore(t.Context(), h.ref(t, "no-class"), sample,
		WriteOptions{Encryption: SSECOS{}, StorageClass: "GLACIER"})
	if Classify(err) != ClassInvalid {
		t.Errorf("class %d: %v", Classify(err), err)
	}
}

func checkCredentials(t *testing.T, h *harness) {
	ref := h.ref(t, "credentials")
	h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
	valid, err := h.config.Credentials.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*Config)
		class  Class
	}{
		"wrong-secret": {func(c *Config) {
			c.Credentials = credential.Static(valid.SecretID, "wrong", valid.Token.Reveal())
		}, ClassAuthentication},
		"unknown-id": {func(c *Config) {
			c.Credentials = credential.Static("AKIDunknown000000000000000000000000", "wrong", "")
		}, ClassAuthentication},
		"slow-clock": {func(c *Config) {
			c.Now = func() time.Time { return time.Now().Add(-3 * time.Hour) }
		}, ClassClock},
		"fast-clock": {func(c *Config) {
			c.Now = func() time.Time { return time.Now().Add(3 * time.Hour) }
		}, ClassClock},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := h.with(t, test.change)
			_, err := client.Head(t.Context(), ref, nil)
			if Classify(err) != test.class || StatusOf(err) != http.StatusForbidden {
				t.Errorf("class %d: %v", Classify(err), err)
			}
		})
	}
}
