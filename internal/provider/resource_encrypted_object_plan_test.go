package provider

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// computedPaths are the attributes that only the provider sets, as a plan shows them.
var computedPaths = []string{
	"id", "region", "url", "etag", "version_id", "crc64ecma", "size", "content_type",
	"storage_class", "encryption.mode", "encryption.algorithm", "encryption.kms_key_id",
	"encryption.customer_key_md5",
}

// rememberedKey is the KMS key that COS chose, where the configuration names none.
const rememberedKey = "sse.0.kms.0.key_id"

// unknowns are the computed attributes that a plan shows as known after apply.
func (p plannedChange) unknowns(t testing.TB) []string {
	t.Helper()
	var paths []string
	for _, path := range computedPaths {
		if strings.HasPrefix(path, "encryption.") && lookup(t, p.planned, "encryption") == unknownValue {
			continue
		}
		if lookup(t, p.planned, path) == unknownValue {
			paths = append(paths, path)
		}
	}
	switch {
	case lookup(t, p.planned, "encryption") == unknownValue:
		paths = append(paths, "encryption")
	case lookup(t, p.planned, "encryption.mode") == "SSE-KMS" &&
		lookup(t, p.planned, rememberedKey) == unknownValue:
		paths = append(paths, rememberedKey)
	}
	return paths
}

// expectUnknowns fails the test unless exactly these computed attributes are unknown.
func (p plannedChange) expectUnknowns(t testing.TB, want ...string) {
	t.Helper()
	// The rows of a table share their slices.
	got, want := p.unknowns(t), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("known after apply (-want +got):\n%s", diff)
	}
}

// TestUnknownAttributesOfAnUpdate has a row for every sentence of "which computed attributes go
// unknown": no more of them, or every dependent resource is planned for nothing, and no fewer, or
// Terraform blames the provider.
func TestUnknownAttributesOfAnUpdate(t *testing.T) {
	t.Parallel()
	cos := contentObject("a.txt", sseCOS())
	file := writeFile(t, "a.txt", "hello a.txt")
	same, other := writeFile(t, "b.txt", "hello a.txt"), writeFile(t, "c.txt", "other")
	secret := cos.with(attrs{"content": nil, "content_wo": "one", "content_wo_version": 1})
	keyWO := func(key string, version int) attrs {
		return contentObject("a.txt", sseC(attrs{"key_wo": key, "key_wo_version": version}))
	}
	keyName := func(name string) attrs {
		return contentObject("a.txt", sseC(attrs{"key_name": name}))
	}
	written := []string{"etag", "version_id"}
	rotated := append([]string{"encryption.customer_key_md5"}, written...)
	tests := map[string]struct {
		from, to attrs
		want     []string
	}{
		"state only":           {cos, cos.with(attrs{"overwrite": true}), nil},
		"tags only":            {cos, cos.with(attrs{"tags": map[string]string{"a": "b"}}), nil},
		"tags emptied":         {cos, cos.with(attrs{"tags": map[string]string{}}), nil},
		"ACL only":             {cos, cos.with(attrs{"acl": "private"}), nil},
		"header":               {cos, cos.with(attrs{"cache_control": "no-store"}), written},
		"storage class":        {cos, cos.with(attrs{"storage_class": "STANDARD_IA"}), written},
		"content":              {cos, cos.with(attrs{"content": "other"}), written},
		"content to same file": {cos, cos.with(attrs{"content": nil, "source": file}), nil},
		"file to same file": {
			cos.with(attrs{"content": nil, "source": file}),
			cos.with(attrs{"content": nil, "source": same}), nil,
		},
		"file to another file": {
			cos.with(attrs{"content": nil, "source": file}),
			cos.with(attrs{"content": nil, "source": other}),
			append([]string{"crc64ecma", "size"}, written...),
		},
		"version of content_wo": {
			secret, secret.with(attrs{"content_wo": "two", "content_wo_version": 2}), written,
		},
		"algorithm": {
			cos, cos.with(attrs{"sse": []attrs{{"cos": []attrs{{"algorithm": "SM4"}}}}}),
			append([]string{"encryption.algorithm"}, written...),
		},
		"cos to kms with a key": {
			cos, contentObject("a.txt", sseKMS(attrs{"key_id": testCMK})), written,
		},
		"cos to kms without a key": {
			cos, contentObject("a.txt", sseKMS(attrs{})),
			append([]string{"encryption.kms_key_id", rememberedKey}, written...),
		},
		"context": {
			contentObject("a.txt", sseKMS(attrs{})),
			contentObject("a.txt", sseKMS(attrs{"context": map[string]string{"a": "b"}})), written,
		},
		"cos to key": {
			cos, contentObject("a.txt", sseC(attrs{"key": testKeyA})), written,
		},
		"key to another key": {
			contentObject("a.txt", sseC(attrs{"key": testKeyA})),
			contentObject("a.txt", sseC(attrs{"key": testKeyB})), written,
		},
		"key to key_name of the same key": {
			contentObject("a.txt", sseC(attrs{"key": testKeyA})), keyName("main"), nil,
		},
		"cos to key_name":     {cos, keyName("main"), rotated},
		"key_name to another": {keyName("main"), keyName("next"), rotated},
		"content under key_name": {
			keyName("main"), keyName("main").with(attrs{"content": "x"}), written,
		},
		"key_wo to key_name of the same key": {keyWO(testKeyA, 1), keyName("main"), nil},
		"content under key_wo": {
			keyWO(testKeyD, 1), keyWO(testKeyD, 1).with(attrs{"content": "x"}), written,
		},
		"version of key_wo, same key": {
			keyWO(testKeyD, 1), keyWO(testKeyD, 2), rotated,
		},
		"version of key_wo, another key": {
			keyWO(testKeyA, 1), keyWO(testKeyD, 2), rotated,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			object.mustApply(test.from)
			object.mustRefresh()
			change := object.plan(test.to)
			if change.action != "update" {
				t.Fatalf("plan = %s: %s", change.action, change.errors())
			}
			change.expectUnknowns(t, test.want...)
			if text := errorText(object.applyPlanned(change)); text != "" {
				t.Fatal(text)
			}
			object.mustBeClean(test.to)
		})
	}
}

func TestUnknownAttributesOfACreate(t *testing.T) {
	t.Parallel()
	written := []string{"etag", "version_id", "storage_class"}
	base := contentObject("a.txt", nil)
	tests := map[string]struct {
		config attrs
		want   []string
	}{
		"content": {base.with(attrs{"sse": sseCOS()}), written},
		"storage class": {
			base.with(attrs{"sse": sseCOS(), "storage_class": "STANDARD"}),
			[]string{"etag", "version_id"},
		},
		"source": {
			base.with(attrs{
				"content": nil, "source": writeFile(t, "a.txt", "a"), "sse": sseCOS(),
			}), append([]string{"crc64ecma", "size"}, written...),
		},
		"content_wo": {
			base.with(attrs{
				"content": nil, "content_wo": "a", "content_wo_version": 1, "sse": sseCOS(),
			}), written,
		},
		"kms": {
			base.with(attrs{"sse": sseKMS(attrs{})}),
			append([]string{"encryption.kms_key_id", rememberedKey}, written...),
		},
		"kms with a key": {base.with(attrs{"sse": sseKMS(attrs{"key_id": testCMK})}), written},
		"key":            {base.with(attrs{"sse": sseC(attrs{"key": testKeyA})}), written},
		"key_name": {
			base.with(attrs{"sse": sseC(attrs{"key_name": "main"})}),
			append([]string{"encryption.customer_key_md5"}, written...),
		},
		"key_wo": {
			base.with(attrs{"sse": sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})}),
			append([]string{"encryption.customer_key_md5"}, written...),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			change := object.plan(test.config)
			change.expectUnknowns(t, test.want...)
			cloud.expectOps()
			if text := errorText(object.applyPlanned(change)); text != "" {
				t.Fatal(text)
			}
			object.mustBeClean(test.config)
		})
	}
}

// TestRequestsOfAPlan: a plan asks COS nothing, but for what only the configuration can open.
func TestRequestsOfAPlan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from, to attrs
		want     []string
	}{
		"nothing to do": {contentObject("a", sseCOS()), contentObject("a", sseCOS()), nil},
		"encryption":    {contentObject("a", sseCOS()), contentObject("a", sseKMS(attrs{})), nil},
		"key in the keyring": {
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})),
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1})), nil,
		},
		"key in the configuration only": {
			contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})),
			contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})),
			[]string{"HeadObject"},
		},
		"a new key in the configuration": {
			contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})),
			contentObject("a", sseC(attrs{"key_wo": testKeyA, "key_wo_version": 2})), nil,
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
			if text := object.plan(test.to).errors(); text != "" {
				t.Fatal(text)
			}
			cloud.expectOps(test.want...)
		})
	}
}

func TestRotationToAKeyThatTheKeyringLacksIsAnError(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]attrs{
		"from key_name": {"key_name": "main"},
		"from key":      {"key": testKeyA},
		"from key_wo":   {"key_wo": testKeyA, "key_wo_version": 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			object.mustApply(contentObject("a", sseC(from)))
			object.mustRefresh()
			change := object.plan(contentObject("a", sseC(attrs{"key_name": "typo"})))
			expectError(t, change.errors(), `"typo"`, "customer_keys", "-refresh=false")
		})
	}
}

func TestMissingKeyIsAnErrorWhereOnlyTheBytesAreUnknown(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	object.mustApply(contentObject("a", sseCOS()))
	object.mustRefresh()
	config := contentObject("a", sseC(attrs{"key_name": "typo"})).with(attrs{"content": unknownValue})
	expectError(t, object.plan(config).errors(), `"typo"`, "customer_keys")
}

// TestObjectWithoutBodyAndCRC64 rewrites objects of which the state has no CRC64, and which COS
// may give one.
func TestObjectWithoutBodyAndCRC64(t *testing.T) {
	t.Parallel()
	t.Run("an old object", func(t *testing.T) {
		t.Parallel()
		cloud := newCloud(t, cosemu.Config{})
		cloud.upload("a", "imported", cosapi.SSECOS{Algorithm: "AES256"})
		must(t, cloud.ForgetCRC64(testBucket, "a"))
		object := newServer(t, cloud, nil).object()
		if text := errorText(object.importID(testBucket + "/a")); text != "" {
			t.Fatal(text)
		}
		object.expect(attrs{"crc64ecma": nil})
		config := attrs{"bucket": testBucket, "key": "a", "sse": sseKMS(attrs{})}
		object.mustApply(config)
		object.mustBeClean(config)
	})
	t.Run("a write-only body that was taken out of the configuration", func(t *testing.T) {
		t.Parallel()
		cloud := newCloud(t, cosemu.Config{})
		object := newServer(t, cloud, nil).object()
		config := contentObject("a", sseCOS()).with(attrs{"content": nil})
		object.mustApply(config.with(attrs{"content_wo": "secret", "content_wo_version": 1}))
		object.mustRefresh()
		config = config.with(attrs{"sse": sseKMS(attrs{})})
		cloud.ResetJournal()
		object.mustApply(config)
		cloud.expectOps("GetObjectACL", "HeadObject", "PutObjectCopy")
		object.expect(attrs{"size": 6})
		object.mustBeClean(config)
	})
}

// TestMovedObjectThatWasNeverReadIsNotPlanned: with -refresh=false nothing is known of a moved
// object, and a copy onto itself would lose its headers and metadata.
func TestMovedObjectThatWasNeverReadIsNotPlanned(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("reports/2026.csv", "a,b", cosapi.NoEncryption{})
	object := newServer(t, cloud, nil).object()
	state, response := move(t, movedTypeName,
		"registry.terraform.io/tencentcloudstack/tencentcloud", movedState)
	object.state, object.private = state, response.TargetPrivate
	change := object.plan(attrs{
		"bucket": testBucket, "key": "reports/2026.csv", "content": "a,b", "sse": sseCOS(),
	})
	expectError(t, change.errors(), "-refresh=false", testBucket+"/reports/2026.csv")
}

// TestPlanWithoutBaseline: private state is lost when another tool rewrites the state.
func TestPlanWithoutBaseline(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "a.txt", "hello")
	for name, config := range map[string]attrs{
		"source":     {"source": file, "sse": sseCOS()},
		"content":    {"content": "hello", "sse": sseKMS(attrs{})},
		"content_wo": {"content_wo": "hello", "content_wo_version": 1, "sse": sseCOS()},
		"key_wo": {
			"content": "hello", "sse": sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}),
		},
		"key_name": {"content": "hello", "sse": sseC(attrs{"key_name": "main"})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			config = config.with(attrs{"bucket": testBucket, "key": "a.txt"})
			object.mustApply(config)
			object.private = nil
			if change := object.plan(config); change.action != "no-op" {
				t.Errorf("plan without refresh = %s: %s", change.action,
					differences(object.state, change.planned))
			}
			object.mustBeClean(config)
		})
	}
}

// TestFileChangedWithoutRefresh: with -refresh=false only the plan itself can see it.
func TestFileChangedWithoutRefresh(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	file := writeFile(t, "a.txt", "one")
	object := newServer(t, cloud, nil).object()
	config := attrs{"bucket": testBucket, "key": "a.txt", "source": file, "sse": sseCOS()}
	object.mustApply(config)
	must(t, os.WriteFile(file, []byte("two"), 0o600))
	change := object.plan(config)
	change.expectUnknowns(t, "crc64ecma", "size", "etag", "version_id")
	if text := change.warnings(); !strings.Contains(text, "since the last refresh") {
		t.Errorf("warnings = %q", text)
	}
	if text := errorText(object.applyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	object.expect(attrs{"crc64ecma": cosapi.CRC64([]byte("two"))})
	object.mustBeClean(config)
}

// TestKeyChangedWithoutRefresh: Terraform's own message for it blames the provider.
func TestKeyChangedWithoutRefresh(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyring(map[string]string{"main": testKeyA})).object()
	config := contentObject("a", sseC(attrs{"key_name": "main"}))
	object.mustApply(config)
	object.mustRefresh()
	if text := object.plan(config).warnings(); text != "" {
		t.Errorf("warnings of an unchanged key = %q", text)
	}
	object = object.on(newServer(t, cloud, keyring(map[string]string{
		"main": testKeyB, "old": testKeyA,
	})))
	text := object.plan(config).warnings()
	for _, want := range []string{
		"since the last refresh", mustKey(t, testKeyA).MD5(), mustKey(t, testKeyB).MD5(),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("warnings = %q, want %q", text, want)
		}
	}
	object.mustRefresh()
	if text := object.plan(config).warnings(); text != "" {
		t.Errorf("warnings after a refresh = %q", text)
	}
	object.mustApply(config)
	object.mustBeClean(config)
}

// TestWriteOnlyKeyOpensItsObject: the configuration's key reads the source of the copy.
func TestWriteOnlyKeyOpensItsObject(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}))
	object.mustApply(config)
	object.mustRefresh()
	config = config.with(attrs{"metadata": map[string]string{"a": "b"}})
	change := object.plan(config)
	if text := change.warnings(); text != "" {
		t.Errorf("warnings = %q, want none", text)
	}
	cloud.ResetJournal()
	if text := errorText(object.applyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	if cloud.Requests("PutObjectCopy") != 1 || cloud.bytesIn() != 0 {
		t.Errorf("requests = %v with %d bytes, want a copy", cloud.ops(), cloud.bytesIn())
	}
	object.mustBeClean(config)
}

// TestImportedContentTypeIsKept: an object that was not written from here keeps the type that
// somebody chose for it, whatever its name suggests.
func TestImportedContentTypeIsKept(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("a.csv", "one", cosapi.SSECOS{Algorithm: "AES256"})
	object := newServer(t, cloud, nil).object()
	if text := errorText(object.importID(testBucket + "/a.csv")); text != "" {
		t.Fatal(text)
	}
	config := attrs{"bucket": testBucket, "key": "a.csv", "sse": sseCOS()}
	for _, body := range []attrs{nil, {"content": "one"}, {"content": "two"}, {"content": "six"}} {
		object.mustApply(config.with(body))
		object.expect(attrs{"content_type": "text/plain"})
		object.mustBeClean(config.with(body))
	}
}

// TestFirstEmptyTagsTakeOver: null is "not managed", {} is "none", whatever others have set before.
func TestFirstEmptyTagsTakeOver(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS())
	object.mustApply(config)
	other := cloud.somebodyElse()
	must(t, other.PutTags(t.Context(), testRef("a"), map[string]string{"owner": "legal"}))
	object.mustBeClean(config)
	config = config.with(attrs{"tags": map[string]string{}})
	cloud.ResetJournal()
	object.mustApply(config)
	cloud.expectOps("DeleteObjectTagging")
	tags, err := other.Tags(t.Context(), testRef("a"))
	must(t, err)
	if len(tags) != 0 {
		t.Errorf("tags = %v, want none", tags)
	}
	object.mustBeClean(config)
}

// TestEarlierVersionsWarning: who re-encrypts an object believes that it is re-encrypted.
func TestEarlierVersionsWarning(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bucket   string
		from, to attrs
		want     []string
	}{
		"encryption": {
			testVersionedBucket,
			attrs{"sse": sseCOS()},
			attrs{"sse": sseKMS(attrs{})},
			[]string{"Earlier versions"},
		},
		"SSE-C key": {
			testVersionedBucket,
			attrs{"sse": sseC(attrs{"key_name": "main"})},
			attrs{"sse": sseC(attrs{"key_name": "next"})},
			[]string{"Earlier versions", "old key"},
		},
		"tags": {
			testVersionedBucket,
			attrs{"sse": sseCOS()},
			attrs{"sse": sseCOS(), "tags": map[string]string{"a": "b"}},
			nil,
		},
		"content": {
			testVersionedBucket,
			attrs{"sse": sseCOS()},
			attrs{"sse": sseCOS(), "content": "other"},
			nil,
		},
		"header": {
			testVersionedBucket,
			attrs{"sse": sseCOS()},
			attrs{"sse": sseCOS(), "cache_control": "no-store"},
			nil,
		},
		"no versions": {testBucket, attrs{"sse": sseCOS()}, attrs{"sse": sseKMS(attrs{})}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			base := attrs{"bucket": test.bucket, "key": "a", "content": "a"}
			object.mustApply(base.with(test.from))
			object.mustRefresh()
			text := object.plan(base.with(test.to)).warnings()
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
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("source", "from here", cosapi.SSECOS{Algorithm: "AES256"})
	for name, test := range map[string]struct {
		body           attrs
		want, mustLack string
	}{
		"content":    {attrs{"content": "12345"}, "5 bytes will be sent", ""},
		"content_wo": {attrs{"content_wo": "12345", "content_wo_version": 1}, "will be sent", "5 bytes"},
		"copy_source": {
			attrs{"copy_source": []attrs{{"bucket": testBucket, "key": "source"}}},
			"copied again", "bytes will be sent",
		},
	} {
		t.Run(name, func(t *testing.T) {
			object := newServer(t, cloud, nil).object()
			config := test.body.with(attrs{"bucket": testBucket, "key": name, "sse": sseCOS()})
			object.mustApply(config)
			must(t, cloud.SetObjectStorageClass(testBucket, name, "ARCHIVE"))
			object.mustRefresh()
			text := object.plan(config.with(attrs{"sse": sseKMS(attrs{})})).warnings()
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
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}))
	object.mustApply(config)
	must(t, cloud.SetObjectStorageClass(testBucket, "a", "ARCHIVE"))
	object.mustBeClean(config)
	object.expect(attrs{"storage_class": "ARCHIVE"})
	text := object.plan(config.with(attrs{"cache_control": "no-store"})).warnings()
	if !strings.Contains(text, "uploaded again") || !strings.Contains(text, "ARCHIVE") {
		t.Errorf("warnings = %q, want the upload of an archived object", text)
	}
}
