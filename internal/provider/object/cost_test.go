package object_test

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestWhatAChangeCosts has a row for every row of the table of that name: the requests that a
// change makes, and that nothing is left to do after it.
func TestWhatAChangeCosts(t *testing.T) {
	t.Parallel()
	file, same := pt.WriteFile(t, "a.txt", "hello a"), pt.WriteFile(t, "b.txt", "hello a")
	cos := pt.ContentObject("a", pt.SSECOS())
	tests := map[string]struct {
		from, to pt.Attrs
		want     []string
	}{
		"content": {
			cos, cos.With(pt.Attrs{"content": "other"}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging", "PutObject"},
		},
		"content with tags and ACL managed": {
			cos.With(pt.Attrs{"acl": "private", "tags": map[string]string{"a": "b"}}),
			cos.With(pt.Attrs{
				"acl": "private", "tags": map[string]string{"a": "b"}, "content": "other",
			}),
			[]string{"HeadObject", "PutObject"},
		},
		"encryption": {
			cos, pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})), []string{"GetObjectACL", "PutObjectCopy"},
		},
		"encryption with ACL managed": {
			cos.With(pt.Attrs{"acl": "private"}),
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})).With(pt.Attrs{"acl": "private"}),
			[]string{"PutObjectCopy"},
		},
		"metadata with ACL managed": {
			cos.With(pt.Attrs{"acl": "private"}),
			cos.With(pt.Attrs{"acl": "private", "metadata": map[string]string{"a": "b"}}),
			[]string{"PutObjectCopy"},
		},
		"header": {
			cos, cos.With(pt.Attrs{"cache_control": "no-store"}),
			[]string{"GetObjectACL", "PutObjectCopy"},
		},
		"storage class": {
			cos, cos.With(pt.Attrs{"storage_class": "STANDARD_IA"}),
			[]string{"GetObjectACL", "PutObjectCopy"},
		},
		"tags only": {
			cos.With(pt.Attrs{"tags": map[string]string{"a": "b"}}),
			cos.With(pt.Attrs{"tags": map[string]string{"a": "c"}}),
			[]string{"PutObjectTagging"},
		},
		"no more tags": {
			cos.With(pt.Attrs{"tags": map[string]string{"a": "b"}}),
			cos.With(pt.Attrs{"tags": map[string]string{}}),
			[]string{"DeleteObjectTagging"},
		},
		"tags not managed any more": {
			cos.With(pt.Attrs{"tags": map[string]string{"a": "b"}}), cos, nil,
		},
		"ACL only": {
			cos.With(pt.Attrs{"acl": "private"}), cos.With(pt.Attrs{"acl": "public-read"}),
			[]string{"PutObjectACL"},
		},
		"ACL not managed any more": {cos.With(pt.Attrs{"acl": "private"}), cos, nil},
		"source path with the same bytes": {
			cos.With(pt.Attrs{"content": nil, "source": file, "content_type": "text/plain"}),
			cos.With(pt.Attrs{"content": nil, "source": same, "content_type": "text/plain"}), nil,
		},
		"content to source with the same bytes": {
			cos.With(pt.Attrs{"content_type": "text/plain"}),
			cos.With(pt.Attrs{"content": nil, "source": file, "content_type": "text/plain"}), nil,
		},
		"source to content with the same bytes": {
			cos.With(pt.Attrs{"content": nil, "source": file, "content_type": "text/plain"}),
			cos.With(pt.Attrs{"content_type": "text/plain"}), nil,
		},
		"content to content_base64 with the same bytes": {
			cos, cos.With(pt.Attrs{"content": nil, "content_base64": "aGVsbG8gYQ=="}), nil,
		},
		"content to content_wo with the same bytes": {
			cos, cos.With(pt.Attrs{"content": nil, "content_wo": "hello a", "content_wo_version": 1}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"content_wo to content with the same bytes": {
			cos.With(pt.Attrs{"content": nil, "content_wo": "hello a", "content_wo_version": 1}), cos,
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"version of content_wo": {
			cos.With(pt.Attrs{"content": nil, "content_wo": "one", "content_wo_version": 1}),
			cos.With(pt.Attrs{"content": nil, "content_wo": "two", "content_wo_version": 2}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging", "PutObject", "HeadObject"},
		},
		"version of content_wo with the same bytes": {
			cos.With(pt.Attrs{"content": nil, "content_wo": "one", "content_wo_version": 1}),
			cos.With(pt.Attrs{"content": nil, "content_wo": "one", "content_wo_version": 2}),
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"key to key_name of the same key": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key": pt.KeyA})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})), nil,
		},
		"key_wo to key_name of the same key": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})), nil,
		},
		"key_name to key_wo of the same key": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})), nil,
		},
		"version of key_wo with the same key": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{
				"key_wo": pt.KeyA, "key_wo_version": 2, "key_md5": pt.MustKey(t, pt.KeyA).MD5(),
			})), nil,
		},
		"version of key_wo with another key, old one in the keyring": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 2})),
			[]string{"GetObjectACL", "PutObjectCopy"},
		},
		"overwrite": {cos, cos.With(pt.Attrs{"overwrite": true}), nil},
		"deletion_policy": {
			cos, cos.With(pt.Attrs{"deletion_policy": "abandon"}), nil,
		},
		"timeouts": {cos, cos.With(pt.Attrs{"timeouts": pt.Attrs{"update": "10m"}}), nil},
		"kms key_id named": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})),
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})), nil,
		},
		"kms key_id no longer named": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK})),
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})), nil,
		},
		"order of the context": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"context": map[string]string{"a": "1", "b": "2"}})),
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"context": map[string]string{"b": "2", "a": "1"}})), nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(test.from)
			object.MustRefresh()
			cloud.ResetJournal()
			object.MustApply(test.to)
			cloud.ExpectOps(test.want...)
			object.MustBeClean(test.to)
		})
	}
}

func TestCreateWithOverwriteIsOneRequest(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	pt.NewServer(t, cloud, nil).Object().MustApply(
		pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"overwrite": true}))
	cloud.ExpectOps("PutObject")
}

func TestChangeOfThePlaceReplaces(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{
		Regions: []string{pt.Region, "ap-beijing"},
		Buckets: []string{pt.Bucket, "other-1250000000", pt.Bucket + "@ap-beijing"},
	})
	for name, change := range map[string]pt.Attrs{
		"bucket": {"bucket": "other-1250000000"},
		"key":    {"key": "other"},
		"region": {"region": "ap-beijing"},
	} {
		t.Run(name, func(t *testing.T) {
			object := pt.NewServer(t, cloud, nil).Object()
			config := pt.ContentObject("place-"+name, pt.SSECOS())
			object.MustApply(config)
			object = object.On(pt.NewServer(t, cloud, nil))
			if change := object.Plan(config.With(change)); change.Action != "replace" {
				t.Fatalf("plan = %s (%s), want replace", change.Action, change.Errors())
			}
			object.MustApply(config.With(change))
			object.MustBeClean(config.With(change))
		})
	}
}

func TestTouchedFileIsReadOnceAndUploadsNothing(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	file := pt.WriteFile(t, "a.csv", "a,b")
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.csv", "source": file, "sse": pt.SSECOS()}
	object.MustApply(config)
	pt.Must(t, os.WriteFile(file, []byte("a,b"), 0o600))
	object.MustBeClean(config)
	object.Expect(pt.Attrs{"content_type": "text/csv; charset=utf-8", "size": 3})
}

func TestTagsAndACLOfOthersSurvive(t *testing.T) {
	t.Parallel()
	changes := map[string]pt.Attrs{
		"content":    {"content": "other"},
		"encryption": {"sse": pt.SSEKMS(pt.Attrs{})},
		"metadata":   {"metadata": map[string]string{"a": "b"}},
		"class":      {"storage_class": "STANDARD_IA"},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, nil).Object()
			config := pt.ContentObject("a", pt.SSECOS())
			object.MustApply(config)
			other, ref := cloud.SomebodyElse(), pt.Ref("a")
			pt.Must(t, other.PutTags(t.Context(), ref, map[string]string{"owner": "legal"}))
			pt.Must(t, other.PutACL(t.Context(), ref, cosapi.ACL{Canned: "public-read"}))
			object.MustRefresh()
			object.MustApply(config.With(change))
			tags, err := other.Tags(t.Context(), ref)
			pt.Must(t, err)
			acl, err := other.ACL(t.Context(), ref)
			pt.Must(t, err)
			if tags["owner"] != "legal" || acl.Canned != "public-read" {
				t.Errorf("tags %v and ACL %v, want owner=legal and public-read", tags, acl)
			}
			object.MustBeClean(config.With(change))
		})
	}
}

func TestGrantsOfOthersSurvive(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	other, grantee := cloud.SomebodyElse(), "qcs::cam::uin/100000000002:uin/100000000002"
	pt.Must(t, other.PutACL(t.Context(), pt.Ref("a"), cosapi.ACL{
		Grants: []cosapi.Grant{{Permission: "READ", GranteeID: grantee}},
	}))
	object.MustRefresh()
	object.MustApply(pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})))
	acl, err := other.ACL(t.Context(), pt.Ref("a"))
	pt.Must(t, err)
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
	cloud := pt.NewCloud(t, cosemu.Config{Discard: true})
	file := pt.WriteFile(t, "large.bin", "")
	pt.Must(t, os.Truncate(file, size))
	object := pt.NewServer(t, cloud, pt.Attrs{"part_size": 8 << 20}).Object()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "large", "source": file, "sse": pt.SSECOS()}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	object.MustApply(config)
	runtime.ReadMemStats(&after)
	used := after.TotalAlloc - before.TotalAlloc
	t.Logf("allocated %d MiB for a file of %d MiB", used>>20, size>>20)
	if used > size/2 {
		t.Errorf("allocated %d MiB for a file of %d MiB", used>>20, size>>20)
	}
	if cloud.BytesIn() < size {
		t.Errorf("%d bytes were sent, want the file", cloud.BytesIn())
	}
}
