package provider

import (
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// resolved is the plan as it is applied, once the values that were unknown are known: config is
// the whole configuration then.
func (r *coreResource) resolved(change plannedChange, config attrs) plannedChange {
	r.t.Helper()
	change.config = blockValue(r.t, r.schema.Block, config)
	return change
}

// TestUnknownValuesBecomeKnownAtApply plans with one value unknown and applies with that value as
// it was and as another one. Whatever the plan promised has to come true, and the object has to be
// what the configuration says in the end.
func TestUnknownValuesBecomeKnownAtApply(t *testing.T) {
	t.Parallel()
	cos := contentObject("a.txt", sseCOS())
	file := writeFile(t, "same.txt", "hello a.txt")
	other := writeFile(t, "other.txt", "other")
	secret := cos.with(attrs{"content": nil, "content_wo": "one", "content_wo_version": 1})
	kms, c := contentObject("a.txt", sseKMS(attrs{})), contentObject("a.txt", nil)
	sse := func(value any) attrs { return attrs{"sse": value} }
	tests := map[string]struct {
		from    attrs
		unknown attrs
		// to are the values that turn out.
		to map[string]attrs
	}{
		"content": {
			cos,
			attrs{"content": unknownValue},
			map[string]attrs{"same": {}, "other": {"content": "other"}},
		},
		"content and encryption": {
			cos,
			attrs{"content": unknownValue, "sse": sseKMS(attrs{})},
			map[string]attrs{
				"same":  {"sse": sseKMS(attrs{})},
				"other": {"sse": sseKMS(attrs{}), "content": "other"},
			},
		},
		"source": {
			cos,
			attrs{"content": nil, "source": unknownValue},
			map[string]attrs{
				"same":  {"content": nil, "source": file},
				"other": {"content": nil, "source": other},
			},
		},
		"content_wo": {
			secret,
			attrs{"content_wo": unknownValue, "content_wo_version": 2},
			map[string]attrs{
				"same":  {"content_wo_version": 2},
				"other": {"content_wo": "two", "content_wo_version": 2},
			},
		},
		"content_wo_version": {
			secret,
			attrs{"content_wo_version": unknownValue},
			map[string]attrs{
				"same":  {},
				"other": {"content_wo": "two", "content_wo_version": 2},
			},
		},
		"sse": {
			cos, sse(unknownValue),
			map[string]attrs{"same": {}, "other": sse(sseKMS(attrs{"key_id": testCMK}))},
		},
		"algorithm": {
			cos, sse([]attrs{{"cos": []attrs{{"algorithm": unknownValue}}}}),
			map[string]attrs{"same": {}, "other": sse([]attrs{{"cos": []attrs{{"algorithm": "SM4"}}}})},
		},
		"kms block": {
			kms, sse([]attrs{{"kms": unknownValue}}),
			map[string]attrs{"same": {}, "other": sse(sseKMS(attrs{"key_id": testOtherCMK}))},
		},
		"key_id": {
			kms, sse(sseKMS(attrs{"key_id": unknownValue})),
			map[string]attrs{
				"same":  sse(sseKMS(attrs{"key_id": testCMK})),
				"other": sse(sseKMS(attrs{"key_id": testOtherCMK})),
			},
		},
		"context": {
			kms, sse(sseKMS(attrs{"context": unknownValue})),
			map[string]attrs{
				"same":  {},
				"other": sse(sseKMS(attrs{"context": map[string]string{"a": "b"}})),
			},
		},
		"key": {
			c.with(sse(sseC(attrs{"key": testKeyA}))), sse(sseC(attrs{"key": unknownValue})),
			map[string]attrs{"same": {}, "other": sse(sseC(attrs{"key": testKeyD}))},
		},
		"key_name": {
			c.with(sse(sseC(attrs{"key_name": "main"}))), sse(sseC(attrs{"key_name": unknownValue})),
			map[string]attrs{"same": {}, "other": sse(sseC(attrs{"key_name": "next"}))},
		},
		"key_wo": {
			c.with(sse(sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}))),
			sse(sseC(attrs{"key_wo": unknownValue, "key_wo_version": 2})),
			map[string]attrs{
				"same":  sse(sseC(attrs{"key_wo": testKeyD, "key_wo_version": 2})),
				"other": sse(sseC(attrs{"key_wo": testKeyA, "key_wo_version": 2})),
			},
		},
		"key_wo_version": {
			c.with(sse(sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}))),
			sse(sseC(attrs{"key_wo": testKeyD, "key_wo_version": unknownValue})),
			map[string]attrs{
				"same":  {},
				"other": sse(sseC(attrs{"key_wo": testKeyD, "key_wo_version": 2})),
			},
		},
		"metadata": {
			cos.with(attrs{"metadata": map[string]string{"a": "b"}}),
			attrs{"metadata": map[string]any{"a": unknownValue}},
			map[string]attrs{"same": {}, "other": {"metadata": map[string]string{"a": "c"}}},
		},
		"content_type": {
			cos.with(attrs{"content_type": "text/plain"}),
			attrs{"content_type": unknownValue},
			map[string]attrs{
				"same": {}, "other": {"content_type": "text/html"}, "null": {"content_type": nil},
			},
		},
		"storage_class": {
			cos.with(attrs{"storage_class": "STANDARD"}),
			attrs{"storage_class": unknownValue},
			map[string]attrs{
				"same": {}, "other": {"storage_class": "STANDARD_IA"}, "null": {"storage_class": nil},
			},
		},
		"tags": {
			cos.with(attrs{"tags": map[string]string{"a": "b"}}),
			attrs{"tags": unknownValue},
			map[string]attrs{
				"same": {}, "other": {"tags": map[string]string{"a": "c"}}, "null": {"tags": nil},
			},
		},
		"acl": {
			cos.with(attrs{"acl": "private"}),
			attrs{"acl": unknownValue},
			map[string]attrs{"same": {}, "other": {"acl": "public-read"}, "null": {"acl": nil}},
		},
		"region": {
			cos.with(attrs{"region": testRegion}),
			attrs{"region": unknownValue},
			map[string]attrs{"same": {}},
		},
	}
	for name, test := range tests {
		for end, to := range test.to {
			t.Run(name+"/"+end, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t, cosemu.Config{})
				object := newServer(t, cloud, keyringAttrs()).object()
				object.mustApply(test.from)
				object.mustRefresh()
				change := object.plan(test.from.with(test.unknown))
				if change.action == "no-op" || change.action == "error" {
					t.Fatalf("plan = %s: %s", change.action, change.errors())
				}
				object = object.on(newServer(t, cloud, keyringAttrs()))
				config := test.from.with(to)
				if text := errorText(object.applyPlanned(object.resolved(change, config))); text != "" {
					t.Fatal(text)
				}
				object.mustBeClean(config)
			})
		}
	}
}

// TestNewObjectWithUnknownValues is the same for an object that does not exist yet.
func TestNewObjectWithUnknownValues(t *testing.T) {
	t.Parallel()
	base := contentObject("a.txt", sseCOS())
	for name, test := range map[string]struct{ unknown, known attrs }{
		"bucket":       {attrs{"bucket": unknownValue}, nil},
		"key":          {attrs{"key": unknownValue}, nil},
		"region":       {attrs{"region": unknownValue}, nil},
		"content":      {attrs{"content": unknownValue}, nil},
		"sse":          {attrs{"sse": unknownValue}, attrs{"sse": sseKMS(attrs{})}},
		"content_type": {attrs{"content_type": unknownValue}, nil},
		"key_name": {
			attrs{"sse": sseC(attrs{"key_name": unknownValue})},
			attrs{"sse": sseC(attrs{"key_name": "main"})},
		},
		"copy_source": {
			attrs{"content": nil, "copy_source": unknownValue}, attrs{
				"content":     nil,
				"copy_source": []attrs{{"bucket": testBucket, "key": "source"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			cloud.upload("source", "from here", cosapi.SSECOS{Algorithm: "AES256"})
			object := newServer(t, cloud, keyringAttrs()).object()
			cloud.ResetJournal()
			change := object.plan(base.with(test.unknown))
			cloud.expectOps()
			config := base.with(test.known)
			if text := errorText(object.applyPlanned(object.resolved(change, config))); text != "" {
				t.Fatal(text)
			}
			object.mustBeClean(config)
		})
	}
}

// TestUnknownProviderLeavesAnObjectAlone: a provider whose configuration comes from a resource of
// the same run cannot look, and must not plan what is only its own ignorance.
func TestUnknownProviderLeavesAnObjectAlone(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	for name, unknown := range map[string]attrs{
		"region": {"region": unknownValue}, "endpoint": {"endpoint": unknownValue},
		"credentials": {"secret_key": unknownValue},
	} {
		for mode, sse := range map[string][]attrs{
			"cos": sseCOS(), "kms": sseKMS(attrs{}), "key": sseC(attrs{"key": testKeyA}),
			"key_name": sseC(attrs{"key_name": "main"}),
			"key_wo":   sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}),
		} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				config := contentObject(name+"-"+mode, sse)
				object := newServer(t, cloud, keyringAttrs()).object()
				object.mustApply(config)
				object.mustRefresh()
				object = object.on(newServer(t, cloud, keyringAttrs().with(unknown)))
				object.mustRefresh()
				if change := object.plan(config); change.action != "no-op" {
					t.Errorf("plan = %s (%s): %s", change.action, change.errors(),
						differences(object.state, change.planned))
				}
				change := object.plan(config.with(attrs{"content": "other"}))
				object = object.on(newServer(t, cloud, keyringAttrs()))
				if text := errorText(object.applyPlanned(change)); text != "" {
					t.Fatal(text)
				}
				object.mustBeClean(config.with(attrs{"content": "other"}))
			})
		}
	}
}

// TestUnknownKeyringPlansOnlyWhatItHides: the MD5 may be another one, the rest of the plan stands.
func TestUnknownKeyringPlansOnlyWhatItHides(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	config := contentObject("a", sseC(attrs{"key_name": "main"}))
	object.mustApply(config)
	object.mustRefresh()
	object = object.on(newServer(t, cloud, attrs{"customer_keys": unknownValue}))
	object.mustRefresh()
	change := object.plan(config)
	change.expectUnknowns(t, "encryption.customer_key_md5", "etag", "version_id")
	object = object.on(newServer(t, cloud, keyringAttrs()))
	cloud.ResetJournal()
	if text := errorText(object.applyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	cloud.expectOps()
	object.mustBeClean(config)
}

// TestUnknownKeyringMayHaveTheKey: whether a copy can read the object is not known before apply.
func TestUnknownKeyringMayHaveTheKey(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("a", "imported", cosapi.SSEC{Key: mustKey(t, testKeyA)})
	object := newServer(t, cloud, keyringAttrs()).object()
	if text := errorText(object.importID(testBucket + "/a")); text != "" {
		t.Fatal(text)
	}
	config := attrs{
		"bucket": testBucket, "key": "a", "sse": sseC(attrs{"key_name": "main"}),
		"cache_control": "no-store",
	}
	object = object.on(newServer(t, cloud, attrs{"customer_keys": unknownValue}))
	object.mustRefresh()
	change := object.plan(config)
	if change.action != "update" || change.warnings() != "" {
		t.Fatalf("plan = %s: %s%s", change.action, change.errors(), change.warnings())
	}
	object = object.on(newServer(t, cloud, keyringAttrs()))
	cloud.ResetJournal()
	if text := errorText(object.applyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	cloud.expectOps("GetObjectACL", "PutObjectCopy")
	object.mustBeClean(config)
}
