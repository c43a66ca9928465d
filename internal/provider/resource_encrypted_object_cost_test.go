package provider

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// TestWhatAChangeCosts has a row for every row of the table of that name: the requests that a
// change makes, and that nothing is left to do after it.
func TestWhatAChangeCosts(t *testing.T) {
	t.Parallel()
	file, same := writeFile(t, "a.txt", "hello a"), writeFile(t, "b.txt", "hello a")
	cos := contentObject("a", sseCOS())
	tests := map[string]struct {
		from, to attrs
		want     []string
	}{
		"content": {
			cos, cos.with(attrs{"content": "other"}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging", "PutObject"},
		},
		"content with tags and ACL managed": {
			cos.with(attrs{"acl": "private", "tags": map[string]string{"a": "b"}}),
			cos.with(attrs{
				"acl": "private", "tags": map[string]string{"a": "b"}, "content": "other",
			}),
			[]string{"HeadObject", "PutObject"},
		},
		"encryption": {
			cos, contentObject("a", sseKMS(attrs{})), []string{"GetObjectACL", "PutObjectCopy"},
		},
		"encryption with ACL managed": {
			cos.with(attrs{"acl": "private"}),
			contentObject("a", sseKMS(attrs{})).with(attrs{"acl": "private"}),
			[]string{"PutObjectCopy"},
		},
		"metadata with ACL managed": {
			cos.with(attrs{"acl": "private"}),
			cos.with(attrs{"acl": "private", "metadata": map[string]string{"a": "b"}}),
			[]string{"PutObjectCopy"},
		},
		"header": {
			cos, cos.with(attrs{"cache_control": "no-store"}),
			[]string{"GetObjectACL", "PutObjectCopy"},
		},
		"storage class": {
			cos, cos.with(attrs{"storage_class": "STANDARD_IA"}),
			[]string{"GetObjectACL", "PutObjectCopy"},
		},
		"tags only": {
			cos.with(attrs{"tags": map[string]string{"a": "b"}}),
			cos.with(attrs{"tags": map[string]string{"a": "c"}}),
			[]string{"PutObjectTagging"},
		},
		"no more tags": {
			cos.with(attrs{"tags": map[string]string{"a": "b"}}),
			cos.with(attrs{"tags": map[string]string{}}),
			[]string{"DeleteObjectTagging"},
		},
		"tags not managed any more": {
			cos.with(attrs{"tags": map[string]string{"a": "b"}}), cos, nil,
		},
		"ACL only": {
			cos.with(attrs{"acl": "private"}), cos.with(attrs{"acl": "public-read"}),
			[]string{"PutObjectACL"},
		},
		"ACL not managed any more": {cos.with(attrs{"acl": "private"}), cos, nil},
		"source path with the same bytes": {
			cos.with(attrs{"content": nil, "source": file, "content_type": "text/plain"}),
			cos.with(attrs{"content": nil, "source": same, "content_type": "text/plain"}), nil,
		},
		"content to source with the same bytes": {
			cos.with(attrs{"content_type": "text/plain"}),
			cos.with(attrs{"content": nil, "source": file, "content_type": "text/plain"}), nil,
		},
		"source to content with the same bytes": {
			cos.with(attrs{"content": nil, "source": file, "content_type": "text/plain"}),
			cos.with(attrs{"content_type": "text/plain"}), nil,
		},
		"content to content_base64 with the same bytes": {
			cos, cos.with(attrs{"content": nil, "content_base64": "aGVsbG8gYQ=="}), nil,
		},
		"content to content_wo with the same bytes": {
			cos, cos.with(attrs{"content": nil, "content_wo": "hello a", "content_wo_version": 1}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"content_wo to content with the same bytes": {
			cos.with(attrs{"content": nil, "content_wo": "hello a", "content_wo_version": 1}), cos,
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"version of content_wo": {
			cos.with(attrs{"content": nil, "content_wo": "one", "content_wo_version": 1}),
			cos.with(attrs{"content": nil, "content_wo": "two", "content_wo_version": 2}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging", "PutObject"},
		},
		"version of content_wo with the same bytes": {
			cos.with(attrs{"content": nil, "content_wo": "one", "content_wo_version": 1}),
			cos.with(attrs{"content": nil, "content_wo": "one", "content_wo_version": 2}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"key to key_name of the same key": {
			contentObject("a", sseC(attrs{"key": testKeyA})),
			contentObject("a", sseC(attrs{"key_name": "main"})), nil,
		},
		"key_wo to key_name of the same key": {
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})),
			contentObject("a", sseC(attrs{"key_name": "main"})), nil,
		},
		"key_name to key_wo of the same key": {
			contentObject("a", sseC(attrs{"key_name": "main"})),
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})), nil,
		},
		"version of key_wo with the same key": {
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})),
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 2})), nil,
		},
		"version of key_wo with another key, old one in the keyring": {
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})),
			contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 2})),
			[]string{"GetObjectACL", "PutObjectCopy"},
		},
		"overwrite": {cos, cos.with(attrs{"overwrite": true}), nil},
		"deletion_policy": {
			cos, cos.with(attrs{"deletion_policy": "abandon"}), nil,
		},
		"timeouts": {cos, cos.with(attrs{"timeouts": attrs{"update": "10m"}}), nil},
		"kms key_id named": {
			contentObject("a", sseKMS(attrs{})),
			contentObject("a", sseKMS(attrs{"key_id": testCMK})), nil,
		},
		"kms key_id no longer named": {
			contentObject("a", sseKMS(attrs{"key_id": testOtherCMK})),
			contentObject("a", sseKMS(attrs{})), nil,
		},
		"order of the context": {
			contentObject("a", sseKMS(attrs{"context": map[string]string{"a": "1", "b": "2"}})),
			contentObject("a", sseKMS(attrs{"context": map[string]string{"b": "2", "a": "1"}})), nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			object.mustApply(test.from)
			object.mustRefresh()
			cloud.ResetJournal()
			object.mustApply(test.to)
			cloud.expectOps(test.want...)
			object.mustBeClean(test.to)
		})
	}
}

func TestCreateWithOverwriteIsOneRequest(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	newServer(t, cloud, nil).object().mustApply(
		contentObject("a", sseCOS()).with(attrs{"overwrite": true}))
	cloud.expectOps("PutObject")
}

func TestChangeOfThePlaceReplaces(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{
		Regions: []string{testRegion, "ap-beijing"},
		Buckets: []string{testBucket, "other-1250000000", testBucket + "@ap-beijing"},
	})
	for name, change := range map[string]attrs{
		"bucket": {"bucket": "other-1250000000"},
		"key":    {"key": "other"},
		"region": {"region": "ap-beijing"},
	} {
		t.Run(name, func(t *testing.T) {
			object := newServer(t, cloud, nil).object()
			config := contentObject("place-"+name, sseCOS())
			object.mustApply(config)
			object = object.on(newServer(t, cloud, nil))
			if change := object.plan(config.with(change)); change.action != "replace" {
				t.Fatalf("plan = %s (%s), want replace", change.action, change.errors())
			}
			object.mustApply(config.with(change))
			object.mustBeClean(config.with(change))
		})
	}
}

func TestTouchedFileIsReadOnceAndUploadsNothing(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	file := writeFile(t, "a.csv", "a,b")
	config := attrs{"bucket": testBucket, "key": "a.csv", "source": file, "sse": sseCOS()}
	object.mustApply(config)
	must(t, os.WriteFile(file, []byte("a,b"), 0o600))
	object.mustBeClean(config)
	object.expect(attrs{"content_type": "text/csv; charset=utf-8", "size": 3})
}

func TestTagsAndACLOfOthersSurvive(t *testing.T) {
	t.Parallel()
	changes := map[string]attrs{
		"content":    {"content": "other"},
		"encryption": {"sse": sseKMS(attrs{})},
		"metadata":   {"metadata": map[string]string{"a": "b"}},
		"class":      {"storage_class": "STANDARD_IA"},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, nil).object()
			config := contentObject("a", sseCOS())
			object.mustApply(config)
			other, ref := cloud.somebodyElse(), testRef("a")
			must(t, other.PutTags(t.Context(), ref, map[string]string{"owner": "legal"}))
			must(t, other.PutACL(t.Context(), ref, cosapi.ACL{Canned: "public-read"}))
			object.mustRefresh()
			object.mustApply(config.with(change))
			tags, err := other.Tags(t.Context(), ref)
			must(t, err)
			acl, err := other.ACL(t.Context(), ref)
			must(t, err)
			if tags["owner"] != "legal" || acl.Canned != "public-read" {
				t.Errorf("tags %v and ACL %v, want owner=legal and public-read", tags, acl)
			}
			object.mustBeClean(config.with(change))
		})
	}
}

func TestGrantsOfOthersSurvive(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseCOS()))
	other, grantee := cloud.somebodyElse(), "qcs::cam::uin/100000000002:uin/100000000002"
	must(t, other.PutACL(t.Context(), testRef("a"), cosapi.ACL{
		Grants: []cosapi.Grant{{Permission: "READ", GranteeID: grantee}},
	}))
	object.mustRefresh()
	object.mustApply(contentObject("a", sseKMS(attrs{})))
	acl, err := other.ACL(t.Context(), testRef("a"))
	must(t, err)
	found := false
	for _, grant := range acl.Grants {
		found = found || strings.Contains(grant.GranteeID, "100000000002")
	}
	if !found {
		t.Errorf("ACL = %v, want the grant to %s", acl, grantee)
	}
}

// TestUploadNeverHoldsTheWholeFile counts what is allocated while a file is hashed and sent. It is
// not parallel: the count is that of the process.
//
//nolint:paralleltest // It counts what the process allocates.
func TestUploadNeverHoldsTheWholeFile(t *testing.T) {
	const size = 256 << 20
	cloud := newCloud(t, cosemu.Config{Discard: true})
	file := writeFile(t, "large.bin", "")
	must(t, os.Truncate(file, size))
	object := newServer(t, cloud, attrs{"part_size": 8 << 20}).object()
	config := attrs{"bucket": testBucket, "key": "large", "source": file, "sse": sseCOS()}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	object.mustApply(config)
	runtime.ReadMemStats(&after)
	used := after.TotalAlloc - before.TotalAlloc
	t.Logf("allocated %d MiB for a file of %d MiB", used>>20, size>>20)
	if used > size/2 {
		t.Errorf("allocated %d MiB for a file of %d MiB", used>>20, size>>20)
	}
	if cloud.bytesIn() < size {
		t.Errorf("%d bytes were sent, want the file", cloud.bytesIn())
	}
}
