package object_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/object"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// secretObject is an object whose bytes only the configuration has.
func secretObject(sse []pt.Attrs) pt.Attrs {
	return pt.Attrs{
		"bucket": pt.Bucket, "key": "a", "content_wo": "secret", "content_wo_version": 1,
		"content_type": "text/plain", "sse": sse,
	}
}

// TestWriteOnlyBodyOverwrittenBeforeTheFirstRefresh: COS's answer to an upload has no
// Last-Modified, so a first refresh cannot tell by the time alone that the object is another one.
func TestWriteOnlyBodyOverwrittenBeforeTheFirstRefresh(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bucket     string
		sse        []pt.Attrs
		encryption cosapi.Encryption
	}{
		"seen by the version": {
			pt.VersionedBucket, pt.SSECOS(), cosapi.SSECOS{Algorithm: "AES256"},
		},
		"seen by the ETag": {
			pt.Bucket, pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}), cosapi.SSEKMS{KeyID: pt.CMK},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, nil).Object()
			config := secretObject(test.sse).With(pt.Attrs{"bucket": test.bucket})
			object.MustApply(config)
			ref := pt.Ref("a")
			ref.Bucket = test.bucket
			_, err := cloud.SomebodyElse().Put(t.Context(), ref,
				cosapi.BytesBody([]byte("theirs")), cosapi.PutOptions{
					WriteOptions: cosapi.WriteOptions{
						Encryption: test.encryption,
						Headers:    cosapi.ObjectHeaders{ContentType: "text/plain"},
					},
				})
			pt.Must(t, err)
			object.MustRefresh()
			object.MustRefresh()
			if change := object.Plan(config); change.Action != "update" {
				t.Fatalf("plan = %s, want update", change.Action)
			}
			object.MustApply(config)
			object.MustBeClean(config)
		})
	}
}

// TestWriteOnlyBodyUnderAWriteOnlyKey: the refresh has neither and sees a listing only.
func TestWriteOnlyBodyUnderAWriteOnlyKey(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := secretObject(pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}))
	object.MustApply(config)
	object.MustRefresh()
	cloud.Upload("a", "theirs", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyD)})
	pt.Must(t, cloud.AgeObject(pt.Bucket, "a", -time.Hour))
	object.MustRefresh()
	cloud.ResetJournal()
	object.MustApply(config)
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d PutObject, want 1 (%v)", n, cloud.Ops())
	}
	object.MustBeClean(config)
}

// TestStateOnlyChangeAfterTheDeepCheck: an object without a body was rewritten by somebody else,
// which the plan's own look at it finds. A change of the state alone must end as planned.
func TestStateOnlyChangeAfterTheDeepCheck(t *testing.T) {
	t.Parallel()
	for _, bucket := range []string{pt.Bucket, pt.VersionedBucket} {
		t.Run(bucket, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, nil).Object()
			config := pt.Attrs{
				"bucket": bucket, "key": "a", "content": "ours", "content_type": "text/plain",
				"sse": pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}),
			}
			object.MustApply(config)
			bodyless := config.With(pt.Attrs{"content": nil})
			object.MustApply(bodyless)
			ref := pt.Ref("a")
			ref.Bucket = bucket
			_, err := cloud.SomebodyElse().Put(t.Context(), ref,
				cosapi.BytesBody([]byte("theirs")), cosapi.PutOptions{
					WriteOptions: cosapi.WriteOptions{
						Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyD)},
						Headers:    cosapi.ObjectHeaders{ContentType: "text/plain"},
					},
				})
			pt.Must(t, err)
			object.MustRefresh()
			changed := bodyless.With(pt.Attrs{"deletion_policy": "abandon"})
			object.MustApply(changed)
			object.MustBeClean(changed)
		})
	}
}

func TestRefusedCreateShowsAnImportOfTheRightRegion(t *testing.T) {
	t.Parallel()
	const other = "ap-beijing"
	cloud := pt.NewCloud(t, cosemu.Config{
		Regions: []string{pt.Region, other},
		Buckets: []string{pt.Bucket, pt.Bucket + "@" + other},
	})
	ref := cosapi.ObjectRef{Region: other, Bucket: pt.Bucket, Key: "a b"}
	_, err := cloud.SomebodyElse().Put(t.Context(), ref, cosapi.BytesBody([]byte("theirs")),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: cosapi.NoEncryption{}}})
	pt.Must(t, err)
	managed := pt.NewServer(t, cloud, nil).Object()
	_, diagnostics := managed.Apply(pt.ContentObject("a b",
		pt.SSECOS()).With(pt.Attrs{"region": other}))
	text := pt.ErrorText(diagnostics)
	pt.ExpectError(t, text, "exists already", other)
	_, command, _ := strings.Cut(text, "terraform import ADDRESS '")
	id, _, _ := strings.Cut(command, "'")
	imported, err := object.ParseImportID(id)
	pt.Must(t, err)
	if imported != ref {
		t.Errorf("the command imports %+v, the object is %+v", imported, ref)
	}
}

// TestUnencryptedUpdateRemembersTheKMSKey: an update that COS did not encrypt must not lose the
// key that the next one has to ask for.
func TestUnencryptedUpdateRemembersTheKMSKey(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK}))
	object.MustApply(config)
	config = pt.ContentObject("a", pt.SSEKMS(pt.Attrs{}))
	object.MustApply(config)
	object.MustRefresh()
	cloud.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
	config = config.With(pt.Attrs{"cache_control": "no-store"})
	_, diagnostics := object.Apply(config)
	pt.ExpectError(t, pt.ErrorText(diagnostics), "SSE-KMS", "NONE")
	object.Expect(pt.Attrs{"encryption.mode": "NONE", "sse.0.kms.0.key_id": pt.OtherCMK})
	object.MustApply(config)
	object.Expect(pt.Attrs{"encryption.kms_key_id": pt.OtherCMK})
	object.MustBeClean(config)
}

// TestDamagedCreateIsTakenAway: an object that COS stored with other bytes is in no state, so it
// must not stay where the next create would refuse to replace it.
func TestDamagedCreateIsTakenAway(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a", "damaged", cosapi.SSECOS{Algorithm: "AES256"})
	failed := func(err error) diag.Diagnostics {
		return object.CreateFailed(t.Context(), cloud.SomebodyElse(), pt.Ref("a"),
			cosapi.SSECOS{Algorithm: "AES256"}, err)
	}
	damaged := &cosapi.ChecksumError{Ref: pt.Ref("a"), Local: "1", COS: "2", Part: 1}
	diags := failed(damaged)
	if diags.ErrorsCount() != 1 {
		t.Errorf("diagnostics = %v, want one error", diags)
	}
	// A damaged part has made no object: what is there is somebody else's.
	made := cloud.Head(pt.Ref("a"), nil)
	damaged.Part, damaged.Result = 0, &cosapi.WriteResult{ETag: made.ETag}
	if diags := failed(damaged); diags.ErrorsCount() != 1 {
		t.Errorf("diagnostics = %v, want one error", diags)
	}
	cloud.IsGone("a")
}

// TestErrorsOfTheSourceNameTheSource: a copy reads one object and writes another.
func TestErrorsOfTheSourceNameTheSource(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	_, diagnostics := object.Apply(pt.Attrs{
		"bucket": pt.Bucket, "key": "to", "sse": pt.SSECOS(),
		"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from"}},
	})
	text := pt.ErrorText(diagnostics)
	pt.ExpectError(t, text, pt.Bucket+"/from", "NoSuchKey")
	if strings.Contains(text, pt.Bucket+"/to") && !strings.Contains(text, "/from") {
		t.Errorf("the error blames the destination: %s", text)
	}
}

func TestObjectDeletedBeforeTheApply(t *testing.T) {
	t.Parallel()
	config := pt.ContentObject("a", pt.SSECOS())
	for name, change := range map[string]pt.Attrs{
		"upload": {"content": "other"}, "copy": {"cache_control": "no-store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, nil).Object()
			object.MustApply(config)
			object.MustRefresh()
			planned := object.Plan(config.With(change))
			_, err := cloud.SomebodyElse().Delete(t.Context(), pt.Ref("a"))
			pt.Must(t, err)
			pt.ExpectError(t, pt.ErrorText(object.ApplyPlanned(planned)),
				"The object changed after the plan", "deleted", "Plan again")
		})
	}
}

// TestSurvivingACLThatMayNotBeRead: the error says why an update reads the ACL at all.
func TestSurvivingACLThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	cloud.AddFaults(cosemu.Fault{Op: "GetObjectACL", Code: "AccessDenied", Times: 9})
	config = config.With(pt.Attrs{"cache_control": "no-store"})
	_, diagnostics := object.Apply(config)
	pt.ExpectError(t, pt.ErrorText(diagnostics), "cos:GetObjectACL", "survives", "Set acl")
	object.MustApply(config.With(pt.Attrs{"acl": "private"}))
}

// TestOtherEchoOfSM4: which name COS reports for SM4 is not documented, so that none is promised.
func TestOtherEchoOfSM4(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", []pt.Attrs{{"cos": []pt.Attrs{{"algorithm": "SM4"}}}})
	change := object.Plan(config)
	if got := pt.Lookup(t, change.Planned, "encryption.algorithm"); got != pt.Unknown {
		t.Errorf("planned encryption.algorithm = %v, want unknown", got)
	}
	object.MustApply(config)
	object.MustBeClean(config)
}

// TestApplyWithAnUnknownProvider: core does not ask for it, and it must not be a crash.
func TestApplyWithAnUnknownProvider(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	unknown := func() *pt.Server {
		return pt.NewServer(t, cloud, pt.Attrs{"endpoint": pt.Unknown})
	}
	config := pt.ContentObject("a", pt.SSECOS())
	_, diagnostics := unknown().Object().Apply(config)
	pt.ExpectError(t, pt.ErrorText(diagnostics), "provider", "unknown")
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(config)
	_, diagnostics = object.On(unknown()).Apply(config.With(pt.Attrs{"cache_control": "no-store"}))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "provider", "unknown")
	pt.ExpectError(t, pt.ErrorText(object.On(unknown()).Destroy()), "provider", "unknown")
}

// TestLargeFileChangedAfterThePlan: a body of several parts is found out before it is completed.
func TestLargeFileChangedAfterThePlan(t *testing.T) {
	t.Parallel()
	for name, sse := range map[string][]pt.Attrs{
		"cos": pt.SSECOS(), "c": pt.SSEC(pt.Attrs{"key_name": "main"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs().With(pt.Attrs{"part_size": 1 << 20})).Object()
			file := pt.WriteFile(t, "a.bin", strings.Repeat("a", 5<<19))
			config := pt.Attrs{"bucket": pt.Bucket, "key": "a.bin", "source": file, "sse": sse}
			object.MustApply(config)
			pt.Must(t, os.WriteFile(file, []byte(strings.Repeat("b", 5<<19)), 0o600))
			object.MustRefresh()
			planned := object.Plan(config)
			pt.Must(t, os.WriteFile(file, []byte(strings.Repeat("c", 5<<19)), 0o600))
			etag := object.Attr("etag")
			pt.ExpectError(t, pt.ErrorText(object.ApplyPlanned(planned)), "changed after the plan", file)
			object.MustRefresh()
			object.Expect(pt.Attrs{"etag": etag})
			uploads, err := cloud.SomebodyElse().ListUploads(t.Context(), pt.Region,
				pt.Bucket, "a.bin")
			pt.Must(t, err)
			if len(uploads) != 0 {
				t.Errorf("%d uploads left behind", len(uploads))
			}
			object.MustApply(config)
			object.MustBeClean(config)
		})
	}
}

func TestEmptyObjectIsAnObject(t *testing.T) {
	t.Parallel()
	for name, sse := range map[string][]pt.Attrs{
		"cos": pt.SSECOS(), "kms": pt.SSEKMS(pt.Attrs{}), "c": pt.SSEC(pt.Attrs{"key_name": "main"}),
		"key_wo": pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			config := pt.ContentObject("a", sse).With(pt.Attrs{"content": ""})
			object.MustApply(config)
			object.Expect(pt.Attrs{"size": int64(0)})
			object.MustBeClean(config)
			config = config.With(pt.Attrs{"cache_control": "no-store"})
			object.MustApply(config)
			object.MustBeClean(config)
			file := config.With(pt.Attrs{"content": nil, "source": pt.WriteFile(t, "empty", "")})
			object.MustApply(file)
			object.MustBeClean(file)
		})
	}
}

// TestCopyOfASourceWithoutCRC64: it is older than COS's CRC64, and must not be copied for ever.
func TestCopyOfASourceWithoutCRC64(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("from", "theirs", cosapi.SSECOS{Algorithm: "AES256"})
	pt.Must(t, cloud.ForgetCRC64(pt.Bucket, "from"))
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "to", "sse": pt.SSECOS(),
		"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from"}},
	}
	object.MustApply(config)
	object.MustBeClean(config)
	pt.Must(t, cloud.ForgetCRC64(pt.Bucket, "to"))
	object.MustBeClean(config)
	cloud.Upload("from", "others", cosapi.SSECOS{Algorithm: "AES256"})
	if change := object.Plan(config); change.Action != "update" {
		t.Errorf("plan after a change of the source = %s, want update", change.Action)
	}
}

func TestNoRegionIsAnErrorOfThePlan(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.Attrs{"region": nil}).Object()
	change := object.Plan(pt.ContentObject("a", pt.SSECOS()))
	pt.ExpectError(t, change.Errors(), "region", "TENCENTCLOUD_REGION")
	cloud.ExpectOps()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"region": pt.Region}))
}

// TestTagsChangedAndACLRefused: what was done is in the state, what was not is planned again.
func TestTagsChangedAndACLRefused(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{
		"acl": "private", "tags": map[string]string{"a": "1"},
	})
	object.MustApply(config)
	cloud.AddFaults(cosemu.Fault{Op: "PutObjectACL", Code: "AccessDenied", Times: 1})
	config = config.With(pt.Attrs{
		"acl": "public-read", "tags": map[string]string{"b": "2"}, "overwrite": true,
	})
	_, diagnostics := object.Apply(config)
	pt.ExpectError(t, pt.ErrorText(diagnostics), "cos:PutObjectACL", pt.Bucket+"/a")
	object.Expect(pt.Attrs{"acl": "private", "tags.b": "2"})
	cloud.ResetJournal()
	object.MustApply(config)
	cloud.ExpectOps("PutObjectACL")
	object.MustBeClean(config)
}
