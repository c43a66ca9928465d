package object_test

import (
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// copyOf is an object whose body is a copy.
func copyOf(source, changes pt.Attrs) pt.Attrs {
	return pt.Attrs{
		"bucket": pt.Bucket, "key": "copy", "sse": pt.SSECOS(), "content_type": "text/plain",
		"copy_source": []pt.Attrs{source},
	}.With(changes)
}

func TestCopySourceFromAnywhere(t *testing.T) {
	t.Parallel()
	keyA := pt.MustKey(t, pt.KeyA)
	tests := map[string]struct {
		bucket, region, key string
		encryption          cosapi.Encryption
		source              pt.Attrs
	}{
		"the same bucket": {
			pt.Bucket, pt.Region, "from",
			cosapi.NoEncryption{},
			pt.Attrs{"bucket": pt.Bucket, "key": "from"},
		},
		"another bucket": {
			"other-1250000000", pt.Region, "from",
			cosapi.SSECOS{Algorithm: "AES256"},
			pt.Attrs{"bucket": "other-1250000000", "key": "from"},
		},
		"another region": {
			"north-1250000000", "ap-beijing", "from",
			cosapi.SSEKMS{},
			pt.Attrs{"bucket": "north-1250000000", "key": "from", "region": "ap-beijing"},
		},
		"a key with signs in it": {
			pt.Bucket, pt.Region, "dir/a b+c(1)&ü?.txt",
			cosapi.NoEncryption{},
			pt.Attrs{"bucket": pt.Bucket, "key": "dir/a b+c(1)&ü?.txt"},
		},
		"SSE-C by key_name": {
			pt.Bucket, pt.Region, "from",
			cosapi.SSEC{Key: keyA},
			pt.Attrs{"bucket": pt.Bucket, "key": "from", "sse": pt.SSEC(pt.Attrs{"key_name": "main"})},
		},
		"SSE-C by key": {
			pt.Bucket, pt.Region, "from",
			cosapi.SSEC{Key: keyA},
			pt.Attrs{"bucket": pt.Bucket, "key": "from", "sse": pt.SSEC(pt.Attrs{"key": pt.KeyA})},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{
				Regions: []string{pt.Region, "ap-beijing"},
				Buckets: []string{pt.Bucket, "other-1250000000", "north-1250000000@ap-beijing"},
			})
			cloud.SourceObject(test.bucket, test.region, test.key, "bytes", test.encryption)
			cloud.ResetJournal()
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			config := copyOf(test.source, nil)
			object.MustApply(config)
			cloud.ExpectOps("HeadObject", "HeadObject", "PutObjectCopy")
			object.Expect(pt.Attrs{
				"crc64ecma": cosapi.CRC64([]byte("bytes")), "size": 5, "encryption.mode": "SSE-COS",
			})
			object.MustBeClean(config)
			if in := cloud.BytesIn(); in != 0 {
				t.Errorf("%d bytes were uploaded", in)
			}
		})
	}
}

func TestCopySourceIsInTheRegionOfTheCopy(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{
		Regions: []string{pt.Region, "ap-beijing"}, Buckets: []string{pt.Bucket + "@ap-beijing"},
	})
	cloud.SourceObject(pt.Bucket, "ap-beijing", "from", "bytes", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "from"}, pt.Attrs{"region": "ap-beijing"})
	object.MustApply(config)
	object.MustBeClean(config)
}

func TestCopySourceOfAVersion(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	first := cloud.SourceObject(pt.VersionedBucket, pt.Region, "from", "first",
		cosapi.NoEncryption{})
	cloud.SourceObject(pt.VersionedBucket, pt.Region, "from", "second", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := copyOf(pt.Attrs{
		"bucket": pt.VersionedBucket, "key": "from", "version_id": first.VersionID,
	}, nil)
	object.MustApply(config)
	object.Expect(pt.Attrs{"crc64ecma": cosapi.CRC64([]byte("first"))})
	object.MustBeClean(config)
}

func TestCopyIsRepeatedWhenItsSourceChanges(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"to other bytes": "changed", "to the same bytes": "bytes",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.SourceObject(pt.VersionedBucket, pt.Region, "from", "bytes",
				cosapi.NoEncryption{})
			object := pt.NewServer(t, cloud, nil).Object()
			config := copyOf(pt.Attrs{"bucket": pt.VersionedBucket, "key": "from"}, nil)
			object.MustApply(config)
			object.MustRefresh()
			cloud.SourceObject(pt.VersionedBucket, pt.Region, "from", text,
				cosapi.NoEncryption{})
			cloud.ResetJournal()
			object.MustApply(config)
			cloud.ExpectOneCopy()
			object.Expect(pt.Attrs{"crc64ecma": cosapi.CRC64([]byte(text))})
			object.MustBeClean(config)
		})
	}
}

func TestDriftOfACopyIsCopiedAgain(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.SourceObject(pt.Bucket, pt.Region, "from", "bytes", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "from"}, nil)
	object.MustApply(config)
	object.MustRefresh()
	cloud.Upload("copy", "forged", cosapi.SSECOS{Algorithm: "AES256"})
	object.MustRefresh()
	cloud.ResetJournal()
	object.MustApply(config)
	if cloud.Requests("PutObjectCopy") != 1 || cloud.Requests("PutObject") != 0 {
		t.Errorf("requests = %v, want one copy", cloud.Ops())
	}
	object.MustBeClean(config)
}

func TestReencryptedCopyIsCopiedOntoItself(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.SourceObject(pt.Bucket, pt.Region, "from", "bytes", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "from"}, nil)
	object.MustApply(config)
	object.MustRefresh()
	reencrypted := config.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})})
	cloud.ResetJournal()
	object.MustApply(reencrypted)
	// The source is looked at by the plan, by the plan in the apply, and by the apply.
	cloud.ExpectOps("HeadObject", "HeadObject", "HeadObject", "GetObjectACL", "PutObjectCopy")
	object.MustBeClean(reencrypted)
}

func TestCopyIsPinnedByIfMatch(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	source := cloud.SourceObject(pt.Bucket, pt.Region, "from", "bytes", cosapi.NoEncryption{})
	pinned := func(etag any) pt.Attrs {
		return copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "from", "if_match": etag}, nil)
	}
	t.Run("unknown is planned", func(t *testing.T) {
		change := pt.NewServer(t, cloud, nil).Object().Plan(pinned(pt.Unknown))
		if change.Action != "create" {
			t.Errorf("plan = %s: %s", change.Action, change.Errors())
		}
	})
	t.Run("stale is a clear error", func(t *testing.T) {
		object := pt.NewServer(t, cloud, nil).Object()
		_, diagnostics := object.Apply(pinned("00000000000000000000000000000000"))
		pt.ExpectError(t, pt.ErrorText(diagnostics), "PreconditionFailed", "if_match",
			pt.Bucket+"/from")
		cloud.IsGone("copy")
	})
	t.Run("right copies", func(t *testing.T) {
		object := pt.NewServer(t, cloud, nil).Object()
		object.MustApply(pinned(source.ETag))
		object.MustBeClean(pinned(source.ETag))
	})
}

// TestMissingSource: what was copied stays; TestCopyOutlivesItsSource has that. Another source that is
// missing may be made before the copy, so it is unknown in the plan and an error at apply.
func TestMissingSource(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.SourceObject(pt.Bucket, pt.Region, "from", "bytes", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "from"}, nil))
	object.MustRefresh()
	change := object.Plan(copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "none"}, nil))
	if change.Errors() != "" || !strings.Contains(change.Warnings(), pt.Bucket+"/none") ||
		pt.Lookup(t, change.Planned, "crc64ecma") != pt.Unknown {
		t.Errorf("plan = %s: %s, warnings %q", change.Action, change.Errors(), change.Warnings())
	}
	pt.ExpectError(t, pt.ErrorText(object.ApplyPlanned(change)), "source", pt.Bucket+"/none")
	cloud.Head(pt.Ref("copy"), nil)

	fresh := pt.NewServer(t, cloud, nil).Object()
	_, diagnostics := fresh.Apply(copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "nowhere"},
		pt.Attrs{"key": "new"}))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "NoSuchKey", "nowhere")
	cloud.IsGone("new")
}

func TestCopySourceToContentWithTheSameBytesAndBack(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.SourceObject(pt.Bucket, pt.Region, "from", "bytes", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	copied := copyOf(pt.Attrs{"bucket": pt.Bucket, "key": "from"}, nil)
	content := copied.With(pt.Attrs{"copy_source": nil, "content": "bytes"})
	for _, config := range []pt.Attrs{copied, content, copied} {
		object.MustApply(config)
		object.MustBeClean(config)
	}
	if n := cloud.Requests("PutObjectCopy") + cloud.Requests("PutObject"); n != 2 {
		t.Errorf("%d writes, want the source's and one copy: %v", n, cloud.Ops())
	}
}

func TestLargeSourceIsCopiedByParts(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	keyA := pt.MustKey(t, pt.KeyA)
	text := strings.Repeat("0123456789abcdef", 3<<16) // 3 MiB
	cloud.SourceObject(pt.Bucket, pt.Region, "from", text, cosapi.SSEC{Key: keyA})
	cloud.ResetJournal()
	object := pt.NewServerIn(t, cloud, map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "1048576",
	}, pt.KeyringAttrs()).Object()
	config := copyOf(pt.Attrs{
		"bucket": pt.Bucket, "key": "from", "sse": pt.SSEC(pt.Attrs{"key_name": "main"}),
	}, pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "next"}), "tags": map[string]string{"a": "b"}})
	object.MustApply(config)
	cloud.ExpectOps("HeadObject", "HeadObject", "HeadObject", "InitiateMultipartUpload", "UploadPartCopy",
		"UploadPartCopy", "UploadPartCopy", "CompleteMultipartUpload")
	object.MustBeClean(config)
	cloud.ResetJournal()

	rotated := config.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "third"})})
	object.MustApply(rotated)
	if cloud.Requests("UploadPartCopy") != 3 || cloud.Requests("UploadPart") != 0 {
		t.Errorf("requests = %v, want a copy by parts", cloud.Ops())
	}
	object.MustBeClean(rotated)
	object.Expect(pt.Attrs{"tags.a": "b", "crc64ecma": cosapi.CRC64([]byte(text))})
}

// TestReencryptedCopyStillFollowsItsSource: the copy onto itself asks nothing of the source, and
// what was recorded of it must outlive that copy.
func TestReencryptedCopyStillFollowsItsSource(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.SourceObject(pt.VersionedBucket, pt.Region, "from", "bytes", cosapi.NoEncryption{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := copyOf(pt.Attrs{"bucket": pt.VersionedBucket, "key": "from"}, nil)
	object.MustApply(config)
	object.MustRefresh()
	reencrypted := config.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})})
	object.MustApply(reencrypted)
	object.MustRefresh()
	// The same bytes in another version: only what was recorded of the source tells.
	cloud.SourceObject(pt.VersionedBucket, pt.Region, "from", "bytes", cosapi.NoEncryption{})
	cloud.ResetJournal()
	object.MustApply(reencrypted)
	cloud.ExpectOneCopy()
	object.MustBeClean(reencrypted)
}
