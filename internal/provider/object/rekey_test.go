package object_test

import (
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestRekeyedWhileTheKeyWasNotAtHand: a refresh without the key sees by a listing that the object
// was rewritten, but not under which key. Who has the key later finds out.
func TestRekeyedWhileTheKeyWasNotAtHand(t *testing.T) {
	t.Parallel()
	main := pt.Keyring(map[string]string{"main": pt.KeyA})
	tests := map[string]struct {
		sse []pt.Attrs
		// later is the provider that has the key again; nil leaves it to the configuration.
		later pt.Attrs
	}{
		"key_wo":   {pt.SSEC(pt.Attrs{"key_wo": pt.KeyA, "key_wo_version": 1}), nil},
		"key_name": {pt.SSEC(pt.Attrs{"key_name": "main"}), main},
	}
	for name, test := range tests {
		for body, config := range map[string]pt.Attrs{
			"with a body": {"content": "hello"}, "without a body": nil,
		} {
			t.Run(name+" "+body, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{})
				config := config.With(pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": test.sse})
				key := pt.MustKey(t, pt.KeyA)
				object := pt.NewServer(t, cloud, main).Object()
				object.MustApply(config.With(pt.Attrs{"content": "hello"}))
				object.MustRefresh()
				cloud.Rewrite("a", &key, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEC{Key: pt.MustKey(t, pt.KeyD)}
				})
				object = object.On(pt.NewServer(t, cloud, nil))
				object.MustRefresh()
				object = object.On(pt.NewServer(t, cloud, test.later))
				object.MustRefresh()
				if config["content"] == nil {
					pt.ExpectError(t, object.Plan(config).Errors(), "key is not at hand", "customer_keys")
					return
				}
				object.MustApply(config)
				object.Expect(pt.Attrs{"encryption.customer_key_md5": key.MD5()})
				cloud.Head(pt.Ref("a"), &key)
				object.MustBeClean(config)
			})
		}
	}
}
