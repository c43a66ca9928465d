package object_test

import (
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestUnknownValuesBecomeKnownAtApply plans with one value unknown and applies with that value as
// it was and as another one. Whatever the plan promised has to come true, and the object has to be
// what the configuration says in the end.
func TestUnknownValuesBecomeKnownAtApply(t *testing.T) {
	t.Parallel()
	cos := pt.ContentObject("a.txt", pt.SSECOS())
	file := pt.WriteFile(t, "same.txt", "hello a.txt")
	other := pt.WriteFile(t, "other.txt", "other")
	secret := cos.With(pt.Attrs{"content": nil, "content_wo": "one", "content_wo_version": 1})
	kms, c := pt.ContentObject("a.txt", pt.SSEKMS(pt.Attrs{})), pt.ContentObject("a.txt", nil)
	sse := func(value any) pt.Attrs { return pt.Attrs{"sse": value} }
	tests := map[string]struct {
		from    pt.Attrs
		unknown pt.Attrs
		// to are the values that turn out.
		to map[string]pt.Attrs
	}{
		"content": {
			cos,
			pt.Attrs{"content": pt.Unknown},
			map[string]pt.Attrs{"same": {}, "other": {"content": "other"}},
		},
		"content and encryption": {
			cos,
			pt.Attrs{"content": pt.Unknown, "sse": pt.SSEKMS(pt.Attrs{})},
			map[string]pt.Attrs{
				"same":  {"sse": pt.SSEKMS(pt.Attrs{})},
				"other": {"sse": pt.SSEKMS(pt.Attrs{}), "content": "other"},
			},
		},
		"source": {
			cos,
			pt.Attrs{"content": nil, "source": pt.Unknown},
			map[string]pt.Attrs{
				"same":  {"content": nil, "source": file},
				"other": {"content": nil, "source": other},
			},
		},
		"content_wo": {
			secret,
			pt.Attrs{"content_wo": pt.Unknown, "content_wo_version": 2},
			map[string]pt.Attrs{
				"same":  {"content_wo_version": 2},
				"other": {"content_wo": "two", "content_wo_version": 2},
			},
		},
		"content_wo_version": {
			secret,
			pt.Attrs{"content_wo_version": pt.Unknown},
			map[string]pt.Attrs{
				"same":  {},
				"other": {"content_wo": "two", "content_wo_version": 2},
			},
		},
		"sse": {
			cos, sse(pt.Unknown),
			map[string]pt.Attrs{"same": {}, "other": sse(pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}))},
		},
		"algorithm": {
			cos, sse([]pt.Attrs{{"cos": []pt.Attrs{{"algorithm": pt.Unknown}}}}),
			map[string]pt.Attrs{"same": {}, "other": sse([]pt.Attrs{{"cos": []pt.Attrs{{"algorithm": "SM4"}}}})},
		},
		"kms block": {
			kms, sse([]pt.Attrs{{"kms": pt.Unknown}}),
			map[string]pt.Attrs{"same": {}, "other": sse(pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK}))},
		},
		"key_id": {
			kms, sse(pt.SSEKMS(pt.Attrs{"key_id": pt.Unknown})),
			map[string]pt.Attrs{
				"same":  sse(pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})),
				"other": sse(pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK})),
			},
		},
		"context": {
			kms, sse(pt.SSEKMS(pt.Attrs{"context": pt.Unknown})),
			map[string]pt.Attrs{
				"same":  {},
				"other": sse(pt.SSEKMS(pt.Attrs{"context": map[string]string{"a": "b"}})),
			},
		},
		"key": {
			c.With(sse(pt.SSEC(pt.Attrs{"key": pt.KeyA}))), sse(pt.SSEC(pt.Attrs{"key": pt.Unknown})),
			map[string]pt.Attrs{"same": {}, "other": sse(pt.SSEC(pt.Attrs{"key": pt.KeyD}))},
		},
		"key_name": {
			c.With(sse(pt.SSEC(pt.Attrs{"key_name": "main"}))), sse(pt.SSEC(pt.Attrs{"key_name": pt.Unknown})),
			map[string]pt.Attrs{"same": {}, "other": sse(pt.SSEC(pt.Attrs{"key_name": "next"}))},
		},
		"key_wo": {
			c.With(sse(pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}))),
			sse(pt.SSEC(pt.Attrs{"key_wo": pt.Unknown, "key_wo_version": 2})),
			map[string]pt.Attrs{
				"other": sse(pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 2})),
			},
		},
		"key_wo_version": {
			c.With(sse(pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}))),
			sse(pt.SSEC(pt.Attrs{
				"key_wo": pt.KeyD, "key_wo_version": pt.Unknown, "key_md5": pt.MustKey(t, pt.KeyD).MD5(),
			})),
			map[string]pt.Attrs{
				"same": sse(pt.SSEC(pt.Attrs{
					"key_wo": pt.KeyD, "key_wo_version": 1, "key_md5": pt.MustKey(t, pt.KeyD).MD5(),
				})),
				"other": sse(pt.SSEC(pt.Attrs{
					"key_wo": pt.KeyD, "key_wo_version": 2, "key_md5": pt.MustKey(t, pt.KeyD).MD5(),
				})),
			},
		},
		"metadata": {
			cos.With(pt.Attrs{"metadata": map[string]string{"a": "b"}}),
			pt.Attrs{"metadata": map[string]any{"a": pt.Unknown}},
			map[string]pt.Attrs{"same": {}, "other": {"metadata": map[string]string{"a": "c"}}},
		},
		"content_type": {
			cos.With(pt.Attrs{"content_type": "text/plain"}),
			pt.Attrs{"content_type": pt.Unknown},
			map[string]pt.Attrs{
				"same": {}, "other": {"content_type": "text/html"}, "null": {"content_type": nil},
			},
		},
		"storage_class": {
			cos.With(pt.Attrs{"storage_class": "STANDARD"}),
			pt.Attrs{"storage_class": pt.Unknown},
			map[string]pt.Attrs{
				"same": {}, "other": {"storage_class": "STANDARD_IA"}, "null": {"storage_class": nil},
			},
		},
		"tags": {
			cos.With(pt.Attrs{"tags": map[string]string{"a": "b"}}),
			pt.Attrs{"tags": pt.Unknown},
			map[string]pt.Attrs{
				"same": {}, "other": {"tags": map[string]string{"a": "c"}}, "null": {"tags": nil},
			},
		},
		"acl": {
			cos.With(pt.Attrs{"acl": "private"}),
			pt.Attrs{"acl": pt.Unknown},
			map[string]pt.Attrs{"same": {}, "other": {"acl": "public-read"}, "null": {"acl": nil}},
		},
		"region": {
			cos.With(pt.Attrs{"region": pt.Region}),
			pt.Attrs{"region": pt.Unknown},
			map[string]pt.Attrs{"same": {}},
		},
	}
	for name, test := range tests {
		for end, to := range test.to {
			t.Run(name+"/"+end, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{})
				object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
				object.MustApply(test.from)
				object.MustRefresh()
				change := object.Plan(test.from.With(test.unknown))
				if change.Action == "no-op" || change.Action == "error" {
					t.Fatalf("plan = %s: %s", change.Action, change.Errors())
				}
				object = object.On(pt.NewServer(t, cloud, pt.KeyringAttrs()))
				config := test.from.With(to)
				if text := pt.ErrorText(object.ApplyPlanned(object.Resolved(change, config))); text != "" {
					t.Fatal(text)
				}
				object.MustBeClean(config)
			})
		}
	}
}

// TestNewObjectWithUnknownValues is the same for an object that does not exist yet.
func TestNewObjectWithUnknownValues(t *testing.T) {
	t.Parallel()
	base := pt.ContentObject("a.txt", pt.SSECOS())
	for name, test := range map[string]struct{ unknown, known pt.Attrs }{
		"bucket":       {pt.Attrs{"bucket": pt.Unknown}, nil},
		"key":          {pt.Attrs{"key": pt.Unknown}, nil},
		"region":       {pt.Attrs{"region": pt.Unknown}, nil},
		"content":      {pt.Attrs{"content": pt.Unknown}, nil},
		"sse":          {pt.Attrs{"sse": pt.Unknown}, pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{})}},
		"content_type": {pt.Attrs{"content_type": pt.Unknown}, nil},
		"key_name": {
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": pt.Unknown})},
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "main"})},
		},
		"copy_source": {
			pt.Attrs{"content": nil, "copy_source": pt.Unknown}, pt.Attrs{
				"content":     nil,
				"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "source"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.Upload("source", "from here", cosapi.SSECOS{Algorithm: "AES256"})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			cloud.ResetJournal()
			change := object.Plan(base.With(test.unknown))
			cloud.ExpectOps()
			config := base.With(test.known)
			if text := pt.ErrorText(object.ApplyPlanned(object.Resolved(change, config))); text != "" {
				t.Fatal(text)
			}
			object.MustBeClean(config)
		})
	}
}

// TestUnknownProviderLeavesAnObjectAlone: a provider whose configuration comes from a resource of
// the same run cannot look, and must not plan what is only its own ignorance.
func TestUnknownProviderLeavesAnObjectAlone(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	for name, unknown := range map[string]pt.Attrs{
		"region": {"region": pt.Unknown}, "endpoint": {"endpoint": pt.Unknown},
		"credentials": {"secret_key": pt.Unknown},
	} {
		for mode, sse := range map[string][]pt.Attrs{
			"cos": pt.SSECOS(), "kms": pt.SSEKMS(pt.Attrs{}), "key": pt.SSEC(pt.Attrs{"key": pt.KeyA}),
			"key_name": pt.SSEC(pt.Attrs{"key_name": "main"}),
			"key_wo":   pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}),
		} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				config := pt.ContentObject(name+"-"+mode, sse)
				object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
				object.MustApply(config)
				object.MustRefresh()
				object = object.On(pt.NewServer(t, cloud, pt.KeyringAttrs().With(unknown)))
				object.MustRefresh()
				if change := object.Plan(config); change.Action != "no-op" {
					t.Errorf("plan = %s (%s): %s", change.Action, change.Errors(),
						pt.Differences(object.State, change.Planned))
				}
				change := object.Plan(config.With(pt.Attrs{"content": "other"}))
				object = object.On(pt.NewServer(t, cloud, pt.KeyringAttrs()))
				if text := pt.ErrorText(object.ApplyPlanned(change)); text != "" {
					t.Fatal(text)
				}
				object.MustBeClean(config.With(pt.Attrs{"content": "other"}))
			})
		}
	}
}

// TestUnknownKeyringPlansOnlyWhatItHides: the MD5 may be another one, the rest of the plan stands.
func TestUnknownKeyringPlansOnlyWhatItHides(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	config := pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"}))
	object.MustApply(config)
	object.MustRefresh()
	object = object.On(pt.NewServer(t, cloud, pt.Attrs{"customer_keys": pt.Unknown}))
	object.MustRefresh()
	change := object.Plan(config)
	change.ExpectUnknowns(t, "encryption.customer_key_md5", "etag", "version_id")
	object = object.On(pt.NewServer(t, cloud, pt.KeyringAttrs()))
	cloud.ResetJournal()
	if text := pt.ErrorText(object.ApplyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	cloud.ExpectOps()
	object.MustBeClean(config)
}

// TestUnknownKeyringMayHaveTheKey: whether a copy can read the object is not known before apply.
func TestUnknownKeyringMayHaveTheKey(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a", "imported", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a")); text != "" {
		t.Fatal(text)
	}
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "a", "sse": pt.SSEC(pt.Attrs{"key_name": "main"}),
		"cache_control": "no-store",
	}
	object = object.On(pt.NewServer(t, cloud, pt.Attrs{"customer_keys": pt.Unknown}))
	object.MustRefresh()
	change := object.Plan(config)
	if change.Action != "update" || change.Warnings() != "" {
		t.Fatalf("plan = %s: %s%s", change.Action, change.Errors(), change.Warnings())
	}
	object = object.On(pt.NewServer(t, cloud, pt.KeyringAttrs()))
	cloud.ResetJournal()
	if text := pt.ErrorText(object.ApplyPlanned(change)); text != "" {
		t.Fatal(text)
	}
	cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
	object.MustBeClean(config)
}
