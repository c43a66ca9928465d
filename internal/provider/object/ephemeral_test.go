package object_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestEphemeralObjectOpensEveryMode(t *testing.T) {
	t.Parallel()
	for mode, encryption := range pt.ModeOptions(t) {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{Encryption: encryption})
			config := objectConfig(nil)
			if mode == cosapi.ModeSSEC {
				config["sse"] = pt.OpeningC(pt.Attrs{"key": pt.KeyA})
			}
			result, diagnostics := pt.NewServer(t, c, nil).Open(config)
			if text := pt.ErrorText(diagnostics); text != "" {
				t.Fatal(text)
			}
			c.ExpectOps("GetObject")
			pt.ExpectState(t, result, pt.Attrs{
				"content": "content", "mode": string(mode), "size": len("content"),
				"content_base64": base64.StdEncoding.EncodeToString([]byte("content")),
				"crc64ecma":      cosapi.CRC64([]byte("content")), "region": pt.Region,
			})
		})
	}
}

func TestEphemeralObjectFindsTheKeyInTheKeyring(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)},
	})
	result, diagnostics := pt.NewServer(t, c, pt.KeysAB()).Open(objectConfig(nil))
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	pt.ExpectState(t, result, pt.Attrs{"content": "content", "mode": "SSE-C"})
}

func TestEphemeralObjectErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change pt.Attrs
		want   string
	}{
		"too large":  {pt.Attrs{"max_bytes": 3}, "max_bytes"},
		"no object":  {pt.Attrs{"key": "gone"}, "NoSuchKey"},
		"two keys":   {pt.Attrs{"sse": pt.OpeningC(pt.Attrs{"key": pt.KeyA, "key_name": "a"})}, "More than one"},
		"no region":  {nil, "Region is missing"},
		"bad bucket": {pt.Attrs{"bucket": "UPPER"}, "Value is not usable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			c.Place(pt.Ref("k"), "content", cosapi.WriteOptions{})
			extra := pt.Attrs{}
			if name == "no region" {
				extra["region"] = nil
			}
			_, diagnostics := pt.NewServerIn(t, c, nil, extra).Open(objectConfig(tt.change))
			if text := pt.ErrorText(diagnostics); text == "" || !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
		})
	}
}

func TestEphemeralObjectOfAnUnknownProviderIsAnErrorAndNoCrash(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	server := pt.NewServer(t, c, pt.Attrs{"endpoint": pt.Unknown})
	_, diagnostics := server.Open(objectConfig(nil))
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "not configured yet") {
		t.Errorf("error = %q", text)
	}
}
