package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// newServerIn is newServer in an environment of the test's own.
func newServerIn(t *testing.T, c *cloud, env map[string]string, extra attrs) *protocolServer {
	t.Helper()
	server := newServerWithEnvironment("test", func(name string) string { return env[name] })()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(t, err)
	s := &protocolServer{t: t, server: server, schemas: schemas}
	if text := errorText(s.configure(c.providerAttrs().with(extra))); text != "" {
		t.Fatalf("configuring the provider: %s", text)
	}
	return s
}

// keysAB is a keyring with two keys.
func keysAB() attrs {
	return attrs{"customer_keys": map[string]string{"a": testKeyA, "b": testKeyB}}
}

// place puts an object into the cloud as somebody else would.
func (c *cloud) place(ref cosapi.ObjectRef, content string, options cosapi.WriteOptions) {
	c.t.Helper()
	if options.Encryption == nil {
		options.Encryption = cosapi.NoEncryption{}
	}
	_, err := c.somebodyElse().Put(c.t.Context(), ref, cosapi.BytesBody([]byte(content)),
		cosapi.PutOptions{WriteOptions: options})
	if err != nil {
		c.t.Fatalf("placing %s: %v", ref, err)
	}
	c.ResetJournal()
}

// mustRead reads a data source that has to work.
func (s *protocolServer) mustRead(typeName string, config attrs) tftypes.Value {
	s.t.Helper()
	state, diagnostics := s.readData(typeName, config)
	if text := errorText(diagnostics); text != "" {
		s.t.Fatalf("reading %s: %s", typeName, text)
	}
	return state
}

// expectState fails the test unless a value has these members.
func expectState(t *testing.T, state tftypes.Value, want attrs) {
	t.Helper()
	for path, value := range want {
		if number, ok := value.(int); ok {
			value = int64(number)
		}
		if got := lookup(t, state, path); got != value {
			t.Errorf("%s = %v, want %v", path, got, value)
		}
	}
}

// openingC is an sse block that names a key.
func openingC(members attrs) []attrs { return []attrs{{"c": []attrs{members}}} }

// modeOptions are the three ways of encrypting, with SSE-C by key a.
func modeOptions(t *testing.T) map[cosapi.Mode]cosapi.Encryption {
	t.Helper()
	return map[cosapi.Mode]cosapi.Encryption{
		cosapi.ModeNone:   cosapi.NoEncryption{},
		cosapi.ModeSSECOS: cosapi.SSECOS{},
		cosapi.ModeSSEKMS: cosapi.SSEKMS{KeyID: testOtherCMK, Context: map[string]string{"a": "b"}},
		cosapi.ModeSSEC:   cosapi.SSEC{Key: mustKey(t, testKeyA)},
	}
}

// validateData validates a data source's configuration.
func (s *protocolServer) validateData(typeName string, config attrs) []*tfprotov6.Diagnostic {
	s.t.Helper()
	block := s.schemas.DataSourceSchemas[typeName].Block
	response, err := s.server.ValidateDataResourceConfig(s.t.Context(),
		&tfprotov6.ValidateDataResourceConfigRequest{
			TypeName: typeName, Config: s.dynamic(blockValue(s.t, block, config)),
		})
	must(s.t, err)
	return response.Diagnostics
}
