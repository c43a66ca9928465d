package provider

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// open validates and opens the ephemeral resource as core does.
func (s *protocolServer) open(config attrs) (tftypes.Value, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	block := s.schemas.EphemeralResourceSchemas[objectType].Block
	value := s.dynamic(blockValue(s.t, block, config))
	validated, err := s.server.ValidateEphemeralResourceConfig(s.t.Context(),
		&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: objectType, Config: value})
	must(s.t, err)
	if errorText(validated.Diagnostics) != "" {
		return tftypes.Value{}, validated.Diagnostics
	}
	response, err := s.server.OpenEphemeralResource(s.t.Context(),
		&tfprotov6.OpenEphemeralResourceRequest{TypeName: objectType, Config: value})
	must(s.t, err)
	if errorText(response.Diagnostics) != "" {
		return tftypes.Value{}, response.Diagnostics
	}
	result, err := response.Result.Unmarshal(block.ValueType())
	must(s.t, err)
	return result, response.Diagnostics
}

func TestEphemeralObjectOpensEveryMode(t *testing.T) {
	t.Parallel()
	for mode, encryption := range modeOptions(t) {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			c.place(testRef("k"), "content", cosapi.WriteOptions{Encryption: encryption})
			config := objectConfig(nil)
			if mode == cosapi.ModeSSEC {
				config["sse"] = openingC(attrs{"key": testKeyA})
			}
			result, diagnostics := newServer(t, c, nil).open(config)
			if text := errorText(diagnostics); text != "" {
				t.Fatal(text)
			}
			c.expectOps("GetObject")
			expectState(t, result, attrs{
				"content": "content", "mode": string(mode), "size": len("content"),
				"content_base64": base64.StdEncoding.EncodeToString([]byte("content")),
				"crc64ecma":      cosapi.CRC64([]byte("content")), "region": testRegion,
			})
		})
	}
}

func TestEphemeralObjectFindsTheKeyInTheKeyring(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("k"), "content", cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: mustKey(t, testKeyB)},
	})
	result, diagnostics := newServer(t, c, keysAB()).open(objectConfig(nil))
	if text := errorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	expectState(t, result, attrs{"content": "content", "mode": "SSE-C"})
}

func TestEphemeralObjectErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change attrs
		want   string
	}{
		"too large":  {attrs{"max_bytes": 3}, "max_bytes"},
		"no object":  {attrs{"key": "gone"}, "NoSuchKey"},
		"two keys":   {attrs{"sse": openingC(attrs{"key": testKeyA, "key_name": "a"})}, "More than one"},
		"no region":  {nil, "Region is missing"},
		"bad bucket": {attrs{"bucket": "UPPER"}, "Value is not usable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			c.place(testRef("k"), "content", cosapi.WriteOptions{})
			extra := attrs{}
			if name == "no region" {
				extra["region"] = nil
			}
			_, diagnostics := newServerIn(t, c, nil, extra).open(objectConfig(tt.change))
			if text := errorText(diagnostics); text == "" || !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
		})
	}
}

func TestEphemeralObjectOfAnUnknownProviderIsAnErrorAndNoCrash(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	server := newServer(t, c, attrs{"endpoint": unknownValue})
	_, diagnostics := server.open(objectConfig(nil))
	if text := errorText(diagnostics); !strings.Contains(text, "not configured yet") {
		t.Errorf("error = %q", text)
	}
}
