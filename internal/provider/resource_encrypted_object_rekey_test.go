package provider

import (
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// TestRekeyedWhileTheKeyWasNotAtHand: a refresh without the key sees by a listing that the object
// was rewritten, but not under which key. Who has the key later finds out.
func TestRekeyedWhileTheKeyWasNotAtHand(t *testing.T) {
	t.Parallel()
	main := keyring(map[string]string{"main": testKeyA})
	tests := map[string]struct {
		sse []attrs
		// later is the provider that has the key again; nil leaves it to the configuration.
		later attrs
	}{
		"key_wo":   {sseC(attrs{"key_wo": testKeyA, "key_wo_version": 1}), nil},
		"key_name": {sseC(attrs{"key_name": "main"}), main},
	}
	for name, test := range tests {
		for body, config := range map[string]attrs{
			"with a body": {"content": "hello"}, "without a body": nil,
		} {
			t.Run(name+" "+body, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t, cosemu.Config{})
				config := config.with(attrs{"bucket": testBucket, "key": "a", "sse": test.sse})
				key := mustKey(t, testKeyA)
				object := newServer(t, cloud, main).object()
				object.mustApply(config.with(attrs{"content": "hello"}))
				object.mustRefresh()
				cloud.rewrite("a", &key, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEC{Key: mustKey(t, testKeyD)}
				})
				object = object.on(newServer(t, cloud, nil))
				object.mustRefresh()
				object = object.on(newServer(t, cloud, test.later))
				object.mustRefresh()
				if config["content"] == nil {
					expectError(t, object.plan(config).errors(), "key is not at hand", "customer_keys")
					return
				}
				object.mustApply(config)
				object.expect(attrs{"encryption.customer_key_md5": key.MD5()})
				cloud.head(testRef("a"), &key)
				object.mustBeClean(config)
			})
		}
	}
}
