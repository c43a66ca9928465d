package object_test

import (
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestNothingIsCalledADefect: what changes between plan and apply is planned unknown, or is an error
// of ours. Core's own text would blame the provider.
func TestNothingIsCalledADefect(t *testing.T) {
	t.Parallel()
	tagged := pt.Attrs{"tags": map[string]string{"a": "b"}}
	copied := pt.Attrs{
		"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(),
		"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from"}},
	}
	bodyless := pt.Attrs{
		"bucket": pt.Bucket, "key": "a",
		"sse": pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}),
	}
	for name, test := range map[string]struct {
		first, config, change pt.Attrs
		ring                  pt.Attrs // of the apply
		between               func(*testing.T, *pt.Cloud)
		says                  string // "" for success
	}{
		"source of a copy changes": {copied, copied, tagged, pt.KeyringAttrs(), func(_ *testing.T, c *pt.Cloud) {
			c.Upload("from", "another source", cosapi.SSECOS{Algorithm: "AES256"})
		}, ""},
		"object without a body, under key_wo": {
			bodyless.With(pt.Attrs{"content": "ours"}), bodyless, tagged, pt.KeyringAttrs(),
			func(t *testing.T, c *pt.Cloud) {
				c.Upload("a", "theirs", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyD)})
			}, "changed since it was last read",
		},
		"key of the keyring": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})), tagged,
			pt.Keyring(map[string]string{"main": pt.KeyB}), nil, "changed since the last refresh",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.Upload("from", "source", cosapi.SSECOS{Algorithm: "AES256"})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(test.first)
			object.MustApply(test.config)
			object.MustRefresh()
			changed := test.config.With(test.change)
			change := object.Plan(changed)
			if test.between != nil {
				test.between(t, cloud)
			}
			object = object.On(pt.NewServer(t, cloud, test.ring))
			text := pt.ErrorText(object.ApplyPlanned(change))
			if strings.Contains(text, "inconsistent") || (text == "") != (test.says == "") ||
				!strings.Contains(text, test.says) {
				t.Errorf("errors = %q, want %q", text, test.says)
			}
			if test.says == "" {
				object.MustBeClean(changed)
			}
		})
	}
}

// TestUnchangedCopyPlansNothing: the unknowns of a copy come with another change only.
func TestUnchangedCopyPlansNothing(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("from", "source", cosapi.SSECOS{Algorithm: "AES256"})
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "a", "sse": pt.SSEKMS(pt.Attrs{}),
		"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from"}}, "metadata": map[string]string{},
	}
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(config)
	object.MustBeClean(config)
}
