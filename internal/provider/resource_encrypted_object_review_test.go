package provider

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// secretObject is an object whose bytes only the configuration has.
func secretObject(sse []attrs) attrs {
	return attrs{
		"bucket": testBucket, "key": "a", "content_wo": "secret", "content_wo_version": 1,
		"content_type": "text/plain", "sse": sse,
	}
}

// TestWriteOnlyBodyOverwrittenBeforeTheFirstRefresh: COS's answer to an upload has no
// Last-Modified, so a first refresh cannot tell by the time alone that the object is another one.
func TestWriteOnlyBodyOverwrittenBeforeTheFirstRefresh(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bucket     string
		sse        []attrs
		encryption cosapi.Encryption
	}{
		"seen by the version": {
			testVersionedBucket, sseCOS(), cosapi.SSECOS{Algorithm: "AES256"},
		},
		"seen by the ETag": {
			testBucket, sseKMS(attrs{"key_id": testCMK}), cosapi.SSEKMS{KeyID: testCMK},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, nil).object()
			config := secretObject(test.sse).with(attrs{"bucket": test.bucket})
			object.mustApply(config)
			ref := testRef("a")
			ref.Bucket = test.bucket
			_, err := cloud.somebodyElse().Put(t.Context(), ref,
				cosapi.BytesBody([]byte("theirs")), cosapi.PutOptions{
					WriteOptions: cosapi.WriteOptions{
						Encryption: test.encryption,
						Headers:    cosapi.ObjectHeaders{ContentType: "text/plain"},
					},
				})
			must(t, err)
			object.mustRefresh()
			object.mustRefresh()
			if change := object.plan(config); change.action != "update" {
				t.Fatalf("plan = %s, want update", change.action)
			}
			object.mustApply(config)
			object.mustBeClean(config)
		})
	}
}

// TestWriteOnlyBodyUnderAWriteOnlyKey: the refresh has neither and sees a listing only.
func TestWriteOnlyBodyUnderAWriteOnlyKey(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := secretObject(sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}))
	object.mustApply(config)
	object.mustRefresh()
	cloud.upload("a", "theirs", cosapi.SSEC{Key: mustKey(t, testKeyD)})
	must(t, cloud.AgeObject(testBucket, "a", -time.Hour))
	object.mustRefresh()
	cloud.ResetJournal()
	object.mustApply(config)
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want 1 (%v)", n, cloud.ops())
	}
	object.mustBeClean(config)
}

// TestStateOnlyChangeAfterTheDeepCheck: an object without a body was rewritten by somebody else,
// which the plan's own look at it finds. A change of the state alone must end as planned.
func TestStateOnlyChangeAfterTheDeepCheck(t *testing.T) {
	t.Parallel()
	for _, bucket := range []string{testBucket, testVersionedBucket} {
		t.Run(bucket, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, nil).object()
			config := attrs{
				"bucket": bucket, "key": "a", "content": "ours", "content_type": "text/plain",
				"sse": sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}),
			}
			object.mustApply(config)
			bodyless := config.with(attrs{"content": nil})
			object.mustApply(bodyless)
			ref := testRef("a")
			ref.Bucket = bucket
			_, err := cloud.somebodyElse().Put(t.Context(), ref,
				cosapi.BytesBody([]byte("theirs")), cosapi.PutOptions{
					WriteOptions: cosapi.WriteOptions{
						Encryption: cosapi.SSEC{Key: mustKey(t, testKeyD)},
						Headers:    cosapi.ObjectHeaders{ContentType: "text/plain"},
					},
				})
			must(t, err)
			object.mustRefresh()
			changed := bodyless.with(attrs{"deletion_policy": "abandon"})
			object.mustApply(changed)
			object.mustBeClean(changed)
		})
	}
}

func TestRefusedCreateShowsAnImportOfTheRightRegion(t *testing.T) {
	t.Parallel()
	const other = "ap-beijing"
	cloud := newCloud(t, cosemu.Config{
		Regions: []string{testRegion, other},
		Buckets: []string{testBucket, testBucket + "@" + other},
	})
	ref := cosapi.ObjectRef{Region: other, Bucket: testBucket, Key: "a b"}
	_, err := cloud.somebodyElse().Put(t.Context(), ref, cosapi.BytesBody([]byte("theirs")),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: cosapi.NoEncryption{}}})
	must(t, err)
	object := newServer(t, cloud, nil).object()
	_, diagnostics := object.apply(contentObject("a b", sseCOS()).with(attrs{"region": other}))
	text := errorText(diagnostics)
	expectError(t, text, "exists already", other)
	_, command, _ := strings.Cut(text, "terraform import ADDRESS '")
	id, _, _ := strings.Cut(command, "'")
	imported, err := parseImportID(id)
	must(t, err)
	if imported != ref {
		t.Errorf("the command imports %+v, the object is %+v", imported, ref)
	}
}

// TestUnencryptedUpdateRemembersTheKMSKey: an update that COS did not encrypt must not lose the
// key that the next one has to ask for.
func TestUnencryptedUpdateRemembersTheKMSKey(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseKMS(attrs{"key_id": testOtherCMK}))
	object.mustApply(config)
	config = contentObject("a", sseKMS(attrs{}))
	object.mustApply(config)
	object.mustRefresh()
	cloud.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
	config = config.with(attrs{"cache_control": "no-store"})
	_, diagnostics := object.apply(config)
	expectError(t, errorText(diagnostics), "SSE-KMS", "NONE")
	object.expect(attrs{"encryption.mode": "NONE", "sse.0.kms.0.key_id": testOtherCMK})
	object.mustApply(config)
	object.expect(attrs{"encryption.kms_key_id": testOtherCMK})
	object.mustBeClean(config)
}

// TestDamagedCreateIsTakenAway: an object that COS stored with other bytes is in no state, so it
// must not stay where the next create would refuse to replace it.
func TestDamagedCreateIsTakenAway(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("a", "damaged", cosapi.SSECOS{Algorithm: "AES256"})
	failed := func(err error) diag.Diagnostics {
		return CreateFailed(t.Context(), cloud.somebodyElse(), testRef("a"),
			cosapi.SSECOS{Algorithm: "AES256"}, err)
	}
	damaged := &cosapi.ChecksumError{Ref: testRef("a"), Local: "1", COS: "2", Part: 1}
	diags := failed(damaged)
	if diags.ErrorsCount() != 1 {
		t.Errorf("diagnostics = %v, want one error", diags)
	}
	// A damaged part has made no object: what is there is somebody else's.
	made := cloud.head(testRef("a"), nil)
	damaged.Part, damaged.Result = 0, &cosapi.WriteResult{ETag: made.ETag}
	if diags := failed(damaged); diags.ErrorsCount() != 1 {
		t.Errorf("diagnostics = %v, want one error", diags)
	}
	cloud.isGone("a")
}

// TestErrorsOfTheSourceNameTheSource: a copy reads one object and writes another.
func TestErrorsOfTheSourceNameTheSource(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	_, diagnostics := object.apply(attrs{
		"bucket": testBucket, "key": "to", "sse": sseCOS(),
		"copy_source": []attrs{{"bucket": testBucket, "key": "from"}},
	})
	text := errorText(diagnostics)
	expectError(t, text, testBucket+"/from", "NoSuchKey")
	if strings.Contains(text, testBucket+"/to") && !strings.Contains(text, "/from") {
		t.Errorf("the error blames the destination: %s", text)
	}
}

func TestObjectDeletedBeforeTheApply(t *testing.T) {
	t.Parallel()
	config := contentObject("a", sseCOS())
	for name, change := range map[string]attrs{
		"upload": {"content": "other"}, "copy": {"cache_control": "no-store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, nil).object()
			object.mustApply(config)
			object.mustRefresh()
			planned := object.plan(config.with(change))
			_, err := cloud.somebodyElse().Delete(t.Context(), testRef("a"))
			must(t, err)
			expectError(t, errorText(object.applyPlanned(planned)),
				"The object changed after the plan", "deleted", "Plan again")
		})
	}
}

// TestSurvivingACLThatMayNotBeRead: the error says why an update reads the ACL at all.
func TestSurvivingACLThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS())
	object.mustApply(config)
	cloud.AddFaults(cosemu.Fault{Op: "GetObjectACL", Code: "AccessDenied", Times: 9})
	config = config.with(attrs{"cache_control": "no-store"})
	_, diagnostics := object.apply(config)
	expectError(t, errorText(diagnostics), "cos:GetObjectACL", "survives", "Set acl")
	object.mustApply(config.with(attrs{"acl": "private"}))
}

// TestOtherEchoOfSM4: which name COS reports for SM4 is not documented, so that none is promised.
func TestOtherEchoOfSM4(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", []attrs{{"cos": []attrs{{"algorithm": "SM4"}}}})
	change := object.plan(config)
	if got := lookup(t, change.planned, "encryption.algorithm"); got != unknownValue {
		t.Errorf("planned encryption.algorithm = %v, want unknown", got)
	}
	object.mustApply(config)
	object.mustBeClean(config)
}

// TestApplyWithAnUnknownProvider: core does not ask for it, and it must not be a crash.
func TestApplyWithAnUnknownProvider(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	unknown := func() *protocolServer {
		return newServer(t, cloud, attrs{"endpoint": unknownValue})
	}
	config := contentObject("a", sseCOS())
	_, diagnostics := unknown().object().apply(config)
	expectError(t, errorText(diagnostics), "provider", "unknown")
	object := newServer(t, cloud, nil).object()
	object.mustApply(config)
	_, diagnostics = object.on(unknown()).apply(config.with(attrs{"cache_control": "no-store"}))
	expectError(t, errorText(diagnostics), "provider", "unknown")
	expectError(t, errorText(object.on(unknown()).destroy()), "provider", "unknown")
}

// TestLargeFileChangedAfterThePlan: a body of several parts is found out before it is completed.
func TestLargeFileChangedAfterThePlan(t *testing.T) {
	t.Parallel()
	for name, sse := range map[string][]attrs{
		"cos": sseCOS(), "c": sseC(attrs{"key_name": "main"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs().with(attrs{"part_size": 1 << 20})).object()
			file := writeFile(t, "a.bin", strings.Repeat("a", 5<<19))
			config := attrs{"bucket": testBucket, "key": "a.bin", "source": file, "sse": sse}
			object.mustApply(config)
			must(t, os.WriteFile(file, []byte(strings.Repeat("b", 5<<19)), 0o600))
			object.mustRefresh()
			planned := object.plan(config)
			must(t, os.WriteFile(file, []byte(strings.Repeat("c", 5<<19)), 0o600))
			etag := object.attr("etag")
			expectError(t, errorText(object.applyPlanned(planned)), "changed after the plan", file)
			object.mustRefresh()
			object.expect(attrs{"etag": etag})
			uploads, err := cloud.somebodyElse().ListUploads(t.Context(), testRegion,
				testBucket, "a.bin")
			must(t, err)
			if len(uploads) != 0 {
				t.Errorf("%d uploads left behind", len(uploads))
			}
			object.mustApply(config)
			object.mustBeClean(config)
		})
	}
}

func TestEmptyObjectIsAnObject(t *testing.T) {
	t.Parallel()
	for name, sse := range map[string][]attrs{
		"cos": sseCOS(), "kms": sseKMS(attrs{}), "c": sseC(attrs{"key_name": "main"}),
		"key_wo": sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			config := contentObject("a", sse).with(attrs{"content": ""})
			object.mustApply(config)
			object.expect(attrs{"size": int64(0)})
			object.mustBeClean(config)
			config = config.with(attrs{"cache_control": "no-store"})
			object.mustApply(config)
			object.mustBeClean(config)
			file := config.with(attrs{"content": nil, "source": writeFile(t, "empty", "")})
			object.mustApply(file)
			object.mustBeClean(file)
		})
	}
}

// TestCopyOfASourceWithoutCRC64: it is older than COS's CRC64, and must not be copied for ever.
func TestCopyOfASourceWithoutCRC64(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("from", "theirs", cosapi.SSECOS{Algorithm: "AES256"})
	must(t, cloud.ForgetCRC64(testBucket, "from"))
	object := newServer(t, cloud, nil).object()
	config := attrs{
		"bucket": testBucket, "key": "to", "sse": sseCOS(),
		"copy_source": []attrs{{"bucket": testBucket, "key": "from"}},
	}
	object.mustApply(config)
	object.mustBeClean(config)
	must(t, cloud.ForgetCRC64(testBucket, "to"))
	object.mustBeClean(config)
	cloud.upload("from", "others", cosapi.SSECOS{Algorithm: "AES256"})
	if change := object.plan(config); change.action != "update" {
		t.Errorf("plan after a change of the source = %s, want update", change.action)
	}
}

func TestNoRegionIsAnErrorOfThePlan(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, attrs{"region": nil}).object()
	change := object.plan(contentObject("a", sseCOS()))
	expectError(t, change.errors(), "region", "TENCENTCLOUD_REGION")
	cloud.expectOps()
	object.mustApply(contentObject("a", sseCOS()).with(attrs{"region": testRegion}))
}

// TestTagsChangedAndACLRefused: what was done is in the state, what was not is planned again.
func TestTagsChangedAndACLRefused(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS()).with(attrs{
		"acl": "private", "tags": map[string]string{"a": "1"},
	})
	object.mustApply(config)
	cloud.AddFaults(cosemu.Fault{Op: "PutObjectACL", Code: "AccessDenied", Times: 1})
	config = config.with(attrs{
		"acl": "public-read", "tags": map[string]string{"b": "2"}, "overwrite": true,
	})
	_, diagnostics := object.apply(config)
	expectError(t, errorText(diagnostics), "cos:PutObjectACL", testBucket+"/a")
	object.expect(attrs{"acl": "private", "tags.b": "2"})
	cloud.ResetJournal()
	object.mustApply(config)
	cloud.expectOps("PutObjectACL")
	object.mustBeClean(config)
}
