package object_test

import (
	"os"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/object"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestUnknownAttributesOfAnUpdate has a row for every sentence of "which computed attributes go
// unknown": no more of them, or every dependent resource is planned for nothing, and no fewer, or
// Terraform blames the provider.
func TestUnknownAttributesOfAnUpdate(t *testing.T) {
	t.Parallel()
	cos := pt.ContentObject("a.txt", pt.SSECOS())
	file := pt.WriteFile(t, "a.txt", "hello a.txt")
	same, other := pt.WriteFile(t, "b.txt", "hello a.txt"), pt.WriteFile(t, "c.txt", "other")
	secret := cos.With(pt.Attrs{"content": nil, "content_wo": "one", "content_wo_version": 1})
	keyWO := func(key string, version int) pt.Attrs {
		return pt.ContentObject("a.txt", pt.SSEC(pt.Attrs{"key_wo": key, "key_wo_version": version}))
	}
	keyName := func(name string) pt.Attrs {
		return pt.ContentObject("a.txt", pt.SSEC(pt.Attrs{"key_name": name}))
	}
	written := []string{"etag", "version_id"}
	rotated := append([]string{"encryption.customer_key_md5"}, written...)
	tests := map[string]struct {
		from, to pt.Attrs
		want     []string
	}{
		"state only":           {cos, cos.With(pt.Attrs{"overwrite": true}), nil},
		"tags only":            {cos, cos.With(pt.Attrs{"tags": map[string]string{"a": "b"}}), nil},
		"tags emptied":         {cos, cos.With(pt.Attrs{"tags": map[string]string{}}), nil},
		"ACL only":             {cos, cos.With(pt.Attrs{"acl": "private"}), nil},
		"header":               {cos, cos.With(pt.Attrs{"cache_control": "no-store"}), written},
		"storage class":        {cos, cos.With(pt.Attrs{"storage_class": "STANDARD_IA"}), written},
		"content":              {cos, cos.With(pt.Attrs{"content": "other"}), written},
		"content to same file": {cos, cos.With(pt.Attrs{"content": nil, "source": file}), nil},
		"file to same file": {
			cos.With(pt.Attrs{"content": nil, "source": file}),
			cos.With(pt.Attrs{"content": nil, "source": same}), nil,
		},
		"file to another file": {
			cos.With(pt.Attrs{"content": nil, "source": file}),
			cos.With(pt.Attrs{"content": nil, "source": other}),
			append([]string{"crc64ecma", "size"}, written...),
		},
		"version of content_wo": {
			secret, secret.With(pt.Attrs{"content_wo": "two", "content_wo_version": 2}), written,
		},
		"algorithm": {
			cos, cos.With(pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{"algorithm": "SM4"}}}}}),
			append([]string{"encryption.algorithm"}, written...),
		},
		"cos to kms with a key": {
			cos, pt.ContentObject("a.txt", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})), written,
		},
		"cos to kms without a key": {
			cos, pt.ContentObject("a.txt", pt.SSEKMS(pt.Attrs{})),
			append([]string{"encryption.kms_key_id", pt.RememberedKey}, written...),
		},
		"context": {
			pt.ContentObject("a.txt", pt.SSEKMS(pt.Attrs{})),
			pt.ContentObject("a.txt", pt.SSEKMS(pt.Attrs{"context": map[string]string{"a": "b"}})), written,
		},
		"cos to key": {
			cos, pt.ContentObject("a.txt", pt.SSEC(pt.Attrs{"key": pt.KeyA})), written,
		},
		"key to another key": {
			pt.ContentObject("a.txt", pt.SSEC(pt.Attrs{"key": pt.KeyA})),
			pt.ContentObject("a.txt", pt.SSEC(pt.Attrs{"key": pt.KeyB})), written,
		},
		"key to key_name of the same key": {
			pt.ContentObject("a.txt", pt.SSEC(pt.Attrs{"key": pt.KeyA})), keyName("main"), nil,
		},
		"cos to key_name":     {cos, keyName("main"), rotated},
		"key_name to another": {keyName("main"), keyName("next"), rotated},
		"content under key_name": {
			keyName("main"), keyName("main").With(pt.Attrs{"content": "x"}), written,
		},
		"key_wo to key_name of the same key": {keyWO(pt.KeyA, 1), keyName("main"), nil},
		"content under key_wo": {
			keyWO(pt.KeyD, 1), keyWO(pt.KeyD, 1).With(pt.Attrs{"content": "x"}), written,
		},
		"version of key_wo, same key": {
			keyWO(pt.KeyD, 1), pt.ContentObject("a.txt", pt.SSEC(pt.Attrs{
				"key_wo": pt.KeyD, "key_wo_version": 2, "key_md5": pt.MustKey(t, pt.KeyD).MD5(),
			})), written,
		},
		"version of key_wo, another key": {
			keyWO(pt.KeyA, 1), keyWO(pt.KeyD, 2), rotated,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(test.from)
			object.MustRefresh()
			change := object.Plan(test.to)
			if change.Action != "update" {
				t.Fatalf("plan = %s: %s", change.Action, change.Errors())
			}
			change.ExpectUnknowns(t, test.want...)
			if text := pt.ErrorText(object.ApplyPlanned(change)); text != "" {
				t.Fatal(text)
			}
			object.MustBeClean(test.to)
		})
	}
}

func TestUnknownAttributesOfACreate(t *testing.T) {
	t.Parallel()
	written := []string{"etag", "version_id", "storage_class"}
	base := pt.ContentObject("a.txt", nil)
	tests := map[string]struct {
		config pt.Attrs
		want   []string
	}{
		"content": {base.With(pt.Attrs{"sse": pt.SSECOS()}), written},
		"storage class": {
			base.With(pt.Attrs{"sse": pt.SSECOS(), "storage_class": "STANDARD"}),
			[]string{"etag", "version_id"},
		},
		"source": {
			base.With(pt.Attrs{
				"content": nil, "source": pt.WriteFile(t, "a.txt", "a"), "sse": pt.SSECOS(),
			}), append([]string{"crc64ecma", "size"}, written...),
		},
		"content_wo": {
			base.With(pt.Attrs{
				"content": nil, "content_wo": "a", "content_wo_version": 1, "sse": pt.SSECOS(),
			}), written,
		},
		"kms": {
			base.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})}),
			append([]string{"encryption.kms_key_id", pt.RememberedKey}, written...),
		},
		"kms with a key": {base.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})}), written},
		"key":            {base.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": pt.KeyA})}), written},
		"key_name": {
			base.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "main"})}),
			append([]string{"encryption.customer_key_md5"}, written...),
		},
		"key_wo": {
			base.With(pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})}),
			append([]string{"encryption.customer_key_md5"}, written...),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			change := object.Plan(test.config)
			change.ExpectUnknowns(t, test.want...)
			cloud.ExpectOps()
			if text := pt.ErrorText(object.ApplyPlanned(change)); text != "" {
				t.Fatal(text)
			}
			object.MustBeClean(test.config)
		})
	}
}

// TestRequestsOfAPlan: a plan asks COS nothing, but for what only the configuration can open.
func TestRequestsOfAPlan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from, to pt.Attrs
		want     []string
	}{
		"nothing to do": {pt.ContentObject("a", pt.SSECOS()), pt.ContentObject("a", pt.SSECOS()), nil},
		"encryption":    {pt.ContentObject("a", pt.SSECOS()), pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})), nil},
		"key in the keyring": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1})), nil,
		},
		"key in the configuration only": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})),
			[]string{"HeadObject"},
		},
		"a new key in the configuration": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 2})), nil,
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
			if text := object.Plan(test.to).Errors(); text != "" {
				t.Fatal(text)
			}
			cloud.ExpectOps(test.want...)
		})
	}
}

func TestRotationToAKeyThatTheKeyringLacksIsAnError(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]pt.Attrs{
		"from key_name": {"key_name": "main"},
		"from key":      {"key": pt.KeyA},
		"from key_wo":   {"key_wo": pt.KeyA, "key_wo_version": 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(pt.ContentObject("a", pt.SSEC(from)))
			object.MustRefresh()
			change := object.Plan(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "typo"})))
			pt.ExpectError(t, change.Errors(), `"typo"`, "customer_keys", "-refresh=false")
		})
	}
}

func TestMissingKeyIsAnErrorWhereOnlyTheBytesAreUnknown(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	object.MustRefresh()
	config := pt.ContentObject("a",
		pt.SSEC(pt.Attrs{"key_name": "typo"})).With(pt.Attrs{"content": pt.Unknown})
	pt.ExpectError(t, object.Plan(config).Errors(), `"typo"`, "customer_keys")
}

// TestObjectWithoutBodyAndCRC64 rewrites objects of which the state has no CRC64, and which COS
// may give one.
func TestObjectWithoutBodyAndCRC64(t *testing.T) {
	t.Parallel()
	t.Run("an old object", func(t *testing.T) {
		t.Parallel()
		cloud := pt.NewCloud(t, cosemu.Config{})
		cloud.Upload("a", "imported", cosapi.SSECOS{Algorithm: "AES256"})
		pt.Must(t, cloud.ForgetCRC64(pt.Bucket, "a"))
		object := pt.NewServer(t, cloud, nil).Object()
		if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a")); text != "" {
			t.Fatal(text)
		}
		object.Expect(pt.Attrs{"crc64ecma": nil})
		config := pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": pt.SSEKMS(pt.Attrs{})}
		object.MustApply(config)
		object.MustBeClean(config)
	})
	t.Run("a write-only body that was taken out of the configuration", func(t *testing.T) {
		t.Parallel()
		cloud := pt.NewCloud(t, cosemu.Config{})
		object := pt.NewServer(t, cloud, nil).Object()
		config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"content": nil})
		object.MustApply(config.With(pt.Attrs{"content_wo": "secret", "content_wo_version": 1}))
		object.MustRefresh()
		config = config.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})})
		cloud.ResetJournal()
		object.MustApply(config)
		cloud.ExpectOps("GetObjectACL", "HeadObject", "PutObjectCopy")
		object.Expect(pt.Attrs{"size": 6})
		object.MustBeClean(config)
	})
}

// TestMovedObjectThatWasNeverReadIsNotPlanned: with -refresh=false nothing is known of a moved
// object, and a copy onto itself would lose its headers and metadata.
func TestMovedObjectThatWasNeverReadIsNotPlanned(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("reports/2026.csv", "a,b", cosapi.NoEncryption{})
	managed := pt.NewServer(t, cloud, nil).Object()
	state, response := move(t, object.MovedTypeName,
		"registry.terraform.io/tencentcloudstack/tencentcloud", movedState)
	managed.State, managed.Private = state, response.TargetPrivate
	change := managed.Plan(pt.Attrs{
		"bucket": pt.Bucket, "key": "reports/2026.csv", "content": "a,b", "sse": pt.SSECOS(),
	})
	pt.ExpectError(t, change.Errors(), "-refresh=false", pt.Bucket+"/reports/2026.csv")
}

// TestPlanWithoutBaseline: private state is lost when another tool rewrites the state.
func TestPlanWithoutBaseline(t *testing.T) {
	t.Parallel()
	file := pt.WriteFile(t, "a.txt", "hello")
	for name, config := range map[string]pt.Attrs{
		"source":     {"source": file, "sse": pt.SSECOS()},
		"content":    {"content": "hello", "sse": pt.SSEKMS(pt.Attrs{})},
		"content_wo": {"content_wo": "hello", "content_wo_version": 1, "sse": pt.SSECOS()},
		"key_wo": {
			"content": "hello", "sse": pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}),
		},
		"key_name": {"content": "hello", "sse": pt.SSEC(pt.Attrs{"key_name": "main"})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			config = config.With(pt.Attrs{"bucket": pt.Bucket, "key": "a.txt"})
			object.MustApply(config)
			object.Private = nil
			if change := object.Plan(config); change.Action != "no-op" {
				t.Errorf("plan without refresh = %s: %s", change.Action,
					pt.Differences(object.State, change.Planned))
			}
			object.MustBeClean(config)
		})
	}
}

// TestFileChangedWithoutRefresh: with -refresh=false only the plan itself can see it.
func TestFileChangedWithoutRefresh(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	file := pt.WriteFile(t, "a.txt", "one")
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.txt", "source": file, "sse": pt.SSECOS()}
	object.MustApply(config)
	pt.Must(t, os.WriteFile(file, []byte("two"), 0o600))
	change := object.Plan(config)
	change.ExpectUnknowns(t, "crc64ecma", "size", "etag", "version_id")
	if text := change.Warnings(); !strings.Contains(text, "since the last refresh") {
		t.Errorf("warnings = %q", text)
	}
	if text := pt.ErrorText(object.ApplyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	object.Expect(pt.Attrs{"crc64ecma": cosapi.CRC64([]byte("two"))})
	object.MustBeClean(config)
}

// TestKeyChangedWithoutRefresh: Terraform's own message for a key that changed after the plan blames
// the provider, and nobody but Terraform can tell that case.
func TestKeyChangedWithoutRefresh(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.Keyring(map[string]string{"main": pt.KeyA})).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"}))
	object.MustApply(config)
	object.MustRefresh()
	if text := object.Plan(config).Warnings(); text != "" {
		t.Errorf("warnings of an unchanged key = %q", text)
	}
	object = object.On(pt.NewServer(t, cloud, pt.Keyring(map[string]string{
		"main": pt.KeyB, "old": pt.KeyA,
	})))
	pt.ExpectError(t, object.Plan(config).Errors(), "since the last refresh",
		pt.MustKey(t, pt.KeyA).MD5(), pt.MustKey(t, pt.KeyB).MD5())
	object.MustRefresh()
	if text := object.Plan(config).Warnings(); text != "" {
		t.Errorf("warnings after a refresh = %q", text)
	}
	object.MustApply(config)
	object.MustBeClean(config)
}

// TestWriteOnlyKeyOpensItsObject: the configuration's key reads the source of the copy.
func TestWriteOnlyKeyOpensItsObject(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}))
	object.MustApply(config)
	object.MustRefresh()
	config = config.With(pt.Attrs{"metadata": map[string]string{"a": "b"}})
	change := object.Plan(config)
	if text := change.Warnings(); text != "" {
		t.Errorf("warnings = %q, want none", text)
	}
	cloud.ResetJournal()
	if text := pt.ErrorText(object.ApplyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	if cloud.Requests("PutObjectCopy") != 1 || cloud.BytesIn() != 0 {
		t.Errorf("requests = %v with %d bytes, want a copy", cloud.Ops(), cloud.BytesIn())
	}
	object.MustBeClean(config)
}

// TestImportedContentTypeIsKept: an object that was not written from here keeps the type that
// somebody chose for it, whatever its name suggests.
func TestImportedContentTypeIsKept(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a.csv", "one", cosapi.SSECOS{Algorithm: "AES256"})
	object := pt.NewServer(t, cloud, nil).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a.csv")); text != "" {
		t.Fatal(text)
	}
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.csv", "sse": pt.SSECOS()}
	for _, body := range []pt.Attrs{nil, {"content": "one"}, {"content": "two"}, {"content": "six"}} {
		object.MustApply(config.With(body))
		object.Expect(pt.Attrs{"content_type": "text/plain"})
		object.MustBeClean(config.With(body))
	}
}

// TestFirstEmptyTagsTakeOver: null is "not managed", {} is "none", whatever others have set before.
func TestFirstEmptyTagsTakeOver(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	other := cloud.SomebodyElse()
	pt.Must(t, other.PutTags(t.Context(), pt.Ref("a"), map[string]string{"owner": "legal"}))
	object.MustBeClean(config)
	config = config.With(pt.Attrs{"tags": map[string]string{}})
	cloud.ResetJournal()
	object.MustApply(config)
	cloud.ExpectOps("DeleteObjectTagging")
	tags, err := other.Tags(t.Context(), pt.Ref("a"))
	pt.Must(t, err)
	if len(tags) != 0 {
		t.Errorf("tags = %v, want none", tags)
	}
	object.MustBeClean(config)
}

// TestEarlierVersionsWarning: who re-encrypts an object believes that it is re-encrypted.
func TestEarlierVersionsWarning(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bucket   string
		from, to pt.Attrs
		want     []string
	}{
		"encryption": {
			pt.VersionedBucket,
			pt.Attrs{"sse": pt.SSECOS()},
			pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})},
			[]string{"Earlier versions"},
		},
		"SSE-C key": {
			pt.VersionedBucket,
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "main"})},
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "next"})},
			[]string{"Earlier versions", "old key"},
		},
		"tags": {
			pt.VersionedBucket,
			pt.Attrs{"sse": pt.SSECOS()},
			pt.Attrs{"sse": pt.SSECOS(), "tags": map[string]string{"a": "b"}},
			nil,
		},
		"content": {
			pt.VersionedBucket,
			pt.Attrs{"sse": pt.SSECOS()},
			pt.Attrs{"sse": pt.SSECOS(), "content": "other"},
			nil,
		},
		"header": {
			pt.VersionedBucket,
			pt.Attrs{"sse": pt.SSECOS()},
			pt.Attrs{"sse": pt.SSECOS(), "cache_control": "no-store"},
			nil,
		},
		"no versions": {pt.Bucket, pt.Attrs{"sse": pt.SSECOS()}, pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			base := pt.Attrs{"bucket": test.bucket, "key": "a", "content": "a"}
			object.MustApply(base.With(test.from))
			object.MustRefresh()
			text := object.Plan(base.With(test.to)).Warnings()
			if len(test.want) == 0 && text != "" {
				t.Errorf("warnings = %q, want none", text)
			}
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("warnings = %q, want %q", text, want)
				}
			}
		})
	}
}

// TestUploadInsteadSaysWhatIsSent: the bytes of a write-only body are not counted in public.
func TestUploadInsteadSaysWhatIsSent(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("source", "from here", cosapi.SSECOS{Algorithm: "AES256"})
	for name, test := range map[string]struct {
		body           pt.Attrs
		want, mustLack string
	}{
		"content":    {pt.Attrs{"content": "12345"}, "5 bytes will be sent", ""},
		"content_wo": {pt.Attrs{"content_wo": "12345", "content_wo_version": 1}, "will be sent", "5 bytes"},
		"copy_source": {
			pt.Attrs{"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "source"}}},
			"copied again", "bytes will be sent",
		},
	} {
		t.Run(name, func(t *testing.T) {
			object := pt.NewServer(t, cloud, nil).Object()
			config := test.body.With(pt.Attrs{"bucket": pt.Bucket, "key": name, "sse": pt.SSECOS()})
			object.MustApply(config)
			pt.Must(t, cloud.SetObjectStorageClass(pt.Bucket, name, "ARCHIVE"))
			object.MustRefresh()
			text := object.Plan(config.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})})).Warnings()
			if !strings.Contains(text, test.want) || !strings.Contains(text, "charges") ||
				test.mustLack != "" && strings.Contains(text, test.mustLack) {
				t.Errorf("warnings = %q, want %q and the charges, not %q",
					text, test.want, test.mustLack)
			}
		})
	}
}

// TestLifecycleMovesAnObjectWhoseKeyIsNotAtHand: the listing that replaces the HEAD shows it.
func TestLifecycleMovesAnObjectWhoseKeyIsNotAtHand(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}))
	object.MustApply(config)
	pt.Must(t, cloud.SetObjectStorageClass(pt.Bucket, "a", "ARCHIVE"))
	object.MustBeClean(config)
	object.Expect(pt.Attrs{"storage_class": "ARCHIVE"})
	text := object.Plan(config.With(pt.Attrs{"cache_control": "no-store"})).Warnings()
	if !strings.Contains(text, "uploaded again") || !strings.Contains(text, "ARCHIVE") {
		t.Errorf("warnings = %q, want the upload of an archived object", text)
	}
}
