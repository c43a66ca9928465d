package providertest

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
)

// NewServerIn is NewServer in an environment of the test's own.
func NewServerIn(t *testing.T, c *Cloud, env map[string]string, extra Attrs) *Server {
	t.Helper()
	server := provider.NewServerWithEnvironment("test",
		func(name string) string { return env[name] })()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	Must(t, err)
	s := &Server{T: t, Provider: server, Schemas: schemas}
	if text := ErrorText(s.Configure(c.ProviderAttrs().With(extra))); text != "" {
		t.Fatalf("configuring the provider: %s", text)
	}
	return s
}

// KeysAB is a keyring with two keys.
func KeysAB() Attrs {
	return Attrs{"customer_keys": map[string]string{"a": KeyA, "b": KeyB}}
}

// ExpectState fails the test unless a value has these members.
func ExpectState(t *testing.T, state tftypes.Value, want Attrs) {
	t.Helper()
	for path, value := range want {
		if number, ok := value.(int); ok {
			value = int64(number)
		}
		if got := Lookup(t, state, path); got != value {
			t.Errorf("%s = %v, want %v", path, got, value)
		}
	}
}

// OpeningC is an sse block that names a key.
func OpeningC(members Attrs) []Attrs { return []Attrs{{"c": []Attrs{members}}} }

// ModeOptions are the three ways of encrypting, with SSE-C by key a.
func ModeOptions(t *testing.T) map[cosapi.Mode]cosapi.Encryption {
	t.Helper()
	return map[cosapi.Mode]cosapi.Encryption{
		cosapi.ModeNone:   cosapi.NoEncryption{},
		cosapi.ModeSSECOS: cosapi.SSECOS{},
		cosapi.ModeSSEKMS: cosapi.SSEKMS{KeyID: OtherCMK, Context: map[string]string{"a": "b"}},
		cosapi.ModeSSEC:   cosapi.SSEC{Key: MustKey(t, KeyA)},
	}
}
