package provider

import (
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// copyOf is an object whose body is a copy.
func copyOf(source, changes attrs) attrs {
	return attrs{
		"bucket": testBucket, "key": "copy", "sse": sseCOS(), "content_type": "text/plain",
		"copy_source": []attrs{source},
	}.with(changes)
}

// sourceObject is somebody else's object to copy.
func (c *cloud) sourceObject(
	bucket, region, key, text string, encryption cosapi.Encryption,
) cosapi.WriteResult {
	c.t.Helper()
	result, err := c.somebodyElse().Put(c.t.Context(),
		cosapi.ObjectRef{Region: region, Bucket: bucket, Key: key},
		cosapi.BytesBody([]byte(text)),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: encryption}})
	must(c.t, err)
	return result
}

// expectOneCopy checks that bytes were moved by the server, once, and none were sent.
func (c *cloud) expectOneCopy() {
	c.t.Helper()
	if n := c.Requests("PutObjectCopy"); n != 1 || c.bytesIn() != 0 {
		c.t.Errorf("requests = %v, want one copy and no upload", c.ops())
	}
}

func TestCopySourceFromAnywhere(t *testing.T) {
	t.Parallel()
	keyA := mustKey(t, testKeyA)
	tests := map[string]struct {
		bucket, region, key string
		encryption          cosapi.Encryption
		source              attrs
	}{
		"the same bucket": {
			testBucket, testRegion, "from",
			cosapi.NoEncryption{},
			attrs{"bucket": testBucket, "key": "from"},
		},
		"another bucket": {
			"other-1250000000", testRegion, "from",
			cosapi.SSECOS{Algorithm: "AES256"},
			attrs{"bucket": "other-1250000000", "key": "from"},
		},
		"another region": {
			"north-1250000000", "ap-beijing", "from",
			cosapi.SSEKMS{},
			attrs{"bucket": "north-1250000000", "key": "from", "region": "ap-beijing"},
		},
		"a key with signs in it": {
			testBucket, testRegion, "dir/a b+c(1)&ü?.txt",
			cosapi.NoEncryption{},
			attrs{"bucket": testBucket, "key": "dir/a b+c(1)&ü?.txt"},
		},
		"SSE-C by key_name": {
			testBucket, testRegion, "from",
			cosapi.SSEC{Key: keyA},
			attrs{"bucket": testBucket, "key": "from", "sse": sseC(attrs{"key_name": "main"})},
		},
		"SSE-C by key": {
			testBucket, testRegion, "from",
			cosapi.SSEC{Key: keyA},
			attrs{"bucket": testBucket, "key": "from", "sse": sseC(attrs{"key": testKeyA})},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{
				Regions: []string{testRegion, "ap-beijing"},
				Buckets: []string{testBucket, "other-1250000000", "north-1250000000@ap-beijing"},
			})
			cloud.sourceObject(test.bucket, test.region, test.key, "bytes", test.encryption)
			cloud.ResetJournal()
			object := newServer(t, cloud, keyringAttrs()).object()
			config := copyOf(test.source, nil)
			object.mustApply(config)
			cloud.expectOps("HeadObject", "HeadObject", "PutObjectCopy")
			object.expect(attrs{
				"crc64ecma": cosapi.CRC64([]byte("bytes")), "size": 5, "encryption.mode": "SSE-COS",
			})
			object.mustBeClean(config)
			if in := cloud.bytesIn(); in != 0 {
				t.Errorf("%d bytes were uploaded", in)
			}
		})
	}
}

func TestCopySourceIsInTheRegionOfTheCopy(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{
		Regions: []string{testRegion, "ap-beijing"}, Buckets: []string{testBucket + "@ap-beijing"},
	})
	cloud.sourceObject(testBucket, "ap-beijing", "from", "bytes", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	config := copyOf(attrs{"bucket": testBucket, "key": "from"}, attrs{"region": "ap-beijing"})
	object.mustApply(config)
	object.mustBeClean(config)
}

func TestCopySourceOfAVersion(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	first := cloud.sourceObject(testVersionedBucket, testRegion, "from", "first",
		cosapi.NoEncryption{})
	cloud.sourceObject(testVersionedBucket, testRegion, "from", "second", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	config := copyOf(attrs{
		"bucket": testVersionedBucket, "key": "from", "version_id": first.VersionID,
	}, nil)
	object.mustApply(config)
	object.expect(attrs{"crc64ecma": cosapi.CRC64([]byte("first"))})
	object.mustBeClean(config)
}

func TestCopyIsRepeatedWhenItsSourceChanges(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"to other bytes": "changed", "to the same bytes": "bytes",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			cloud.sourceObject(testVersionedBucket, testRegion, "from", "bytes",
				cosapi.NoEncryption{})
			object := newServer(t, cloud, nil).object()
			config := copyOf(attrs{"bucket": testVersionedBucket, "key": "from"}, nil)
			object.mustApply(config)
			object.mustRefresh()
			cloud.sourceObject(testVersionedBucket, testRegion, "from", text,
				cosapi.NoEncryption{})
			cloud.ResetJournal()
			object.mustApply(config)
			cloud.expectOneCopy()
			object.expect(attrs{"crc64ecma": cosapi.CRC64([]byte(text))})
			object.mustBeClean(config)
		})
	}
}

func TestDriftOfACopyIsCopiedAgain(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.sourceObject(testBucket, testRegion, "from", "bytes", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	config := copyOf(attrs{"bucket": testBucket, "key": "from"}, nil)
	object.mustApply(config)
	object.mustRefresh()
	cloud.upload("copy", "forged", cosapi.SSECOS{Algorithm: "AES256"})
	object.mustRefresh()
	cloud.ResetJournal()
	object.mustApply(config)
	if cloud.Requests("PutObjectCopy") != 1 || cloud.Requests("PutObject") != 0 {
		t.Errorf("requests = %v, want one copy", cloud.ops())
	}
	object.mustBeClean(config)
}

func TestReencryptedCopyIsCopiedOntoItself(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.sourceObject(testBucket, testRegion, "from", "bytes", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	config := copyOf(attrs{"bucket": testBucket, "key": "from"}, nil)
	object.mustApply(config)
	object.mustRefresh()
	reencrypted := config.with(attrs{"sse": sseKMS(attrs{})})
	cloud.ResetJournal()
	object.mustApply(reencrypted)
	// The source is looked at by the plan, by the plan in the apply, and by the apply.
	cloud.expectOps("HeadObject", "HeadObject", "HeadObject", "GetObjectACL", "PutObjectCopy")
	object.mustBeClean(reencrypted)
}

func TestCopyIsPinnedByIfMatch(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	source := cloud.sourceObject(testBucket, testRegion, "from", "bytes", cosapi.NoEncryption{})
	pinned := func(etag any) attrs {
		return copyOf(attrs{"bucket": testBucket, "key": "from", "if_match": etag}, nil)
	}
	t.Run("unknown is planned", func(t *testing.T) {
		change := newServer(t, cloud, nil).object().plan(pinned(unknownValue))
		if change.action != "create" {
			t.Errorf("plan = %s: %s", change.action, change.errors())
		}
	})
	t.Run("stale is a clear error", func(t *testing.T) {
		object := newServer(t, cloud, nil).object()
		_, diagnostics := object.apply(pinned("00000000000000000000000000000000"))
		expectError(t, errorText(diagnostics), "PreconditionFailed", "if_match",
			testBucket+"/from")
		cloud.isGone("copy")
	})
	t.Run("right copies", func(t *testing.T) {
		object := newServer(t, cloud, nil).object()
		object.mustApply(pinned(source.ETag))
		object.mustBeClean(pinned(source.ETag))
	})
}

func TestMissingSourceIsUnknownAtPlanAndAnErrorAtApply(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.sourceObject(testBucket, testRegion, "from", "bytes", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	config := copyOf(attrs{"bucket": testBucket, "key": "from"}, nil)
	object.mustApply(config)
	object.mustRefresh()
	_, err := cloud.somebodyElse().Delete(t.Context(), testRef("from"))
	must(t, err)
	change := object.plan(config)
	if change.errors() != "" || !strings.Contains(change.warnings(), testBucket+"/from") ||
		lookup(t, change.planned, "crc64ecma") != unknownValue {
		t.Errorf("plan = %s: %s, warnings %q", change.action, change.errors(), change.warnings())
	}
	expectError(t, errorText(object.applyPlanned(change)), "source", testBucket+"/from")
	cloud.head(testRef("copy"), nil)

	fresh := newServer(t, cloud, nil).object()
	_, diagnostics := fresh.apply(copyOf(attrs{"bucket": testBucket, "key": "nowhere"},
		attrs{"key": "new"}))
	expectError(t, errorText(diagnostics), "NoSuchKey", "nowhere")
	cloud.isGone("new")
}

func TestCopySourceToContentWithTheSameBytesAndBack(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.sourceObject(testBucket, testRegion, "from", "bytes", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	copied := copyOf(attrs{"bucket": testBucket, "key": "from"}, nil)
	content := copied.with(attrs{"copy_source": nil, "content": "bytes"})
	for _, config := range []attrs{copied, content, copied} {
		object.mustApply(config)
		object.mustBeClean(config)
	}
	if n := cloud.Requests("PutObjectCopy") + cloud.Requests("PutObject"); n != 2 {
		t.Errorf("%d writes, want the source's and one copy: %v", n, cloud.ops())
	}
}

func TestLargeSourceIsCopiedByParts(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	keyA := mustKey(t, testKeyA)
	text := strings.Repeat("0123456789abcdef", 3<<16) // 3 MiB
	cloud.sourceObject(testBucket, testRegion, "from", text, cosapi.SSEC{Key: keyA})
	cloud.ResetJournal()
	object := newServerIn(t, cloud, map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "1048576",
	}, keyringAttrs()).object()
	config := copyOf(attrs{
		"bucket": testBucket, "key": "from", "sse": sseC(attrs{"key_name": "main"}),
	}, attrs{"sse": sseC(attrs{"key_name": "next"}), "tags": map[string]string{"a": "b"}})
	object.mustApply(config)
	cloud.expectOps("HeadObject", "HeadObject", "InitiateMultipartUpload", "UploadPartCopy",
		"UploadPartCopy", "UploadPartCopy", "CompleteMultipartUpload")
	object.mustBeClean(config)
	cloud.ResetJournal()

	rotated := config.with(attrs{"sse": sseC(attrs{"key_name": "third"})})
	object.mustApply(rotated)
	if cloud.Requests("UploadPartCopy") != 3 || cloud.Requests("UploadPart") != 0 {
		t.Errorf("requests = %v, want a copy by parts", cloud.ops())
	}
	object.mustBeClean(rotated)
	object.expect(attrs{"tags.a": "b", "crc64ecma": cosapi.CRC64([]byte(text))})
}

// TestReencryptedCopyStillFollowsItsSource: the copy onto itself asks nothing of the source, and
// what was recorded of it must outlive that copy.
func TestReencryptedCopyStillFollowsItsSource(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.sourceObject(testVersionedBucket, testRegion, "from", "bytes", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	config := copyOf(attrs{"bucket": testVersionedBucket, "key": "from"}, nil)
	object.mustApply(config)
	object.mustRefresh()
	reencrypted := config.with(attrs{"sse": sseKMS(attrs{"key_id": testCMK})})
	object.mustApply(reencrypted)
	object.mustRefresh()
	// The same bytes in another version: only what was recorded of the source tells.
	cloud.sourceObject(testVersionedBucket, testRegion, "from", "bytes", cosapi.NoEncryption{})
	cloud.ResetJournal()
	object.mustApply(reencrypted)
	cloud.expectOneCopy()
	object.mustBeClean(reencrypted)
}
