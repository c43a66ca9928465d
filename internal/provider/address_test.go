package provider_test

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// badAddresses are values that cannot name anything, by the name of the argument.
var badAddresses = map[string]string{
	"bucket": "127.0.0.1:24002/x",
	"key":    "..",
	"region": "AP-Guangzhou",
	"prefix": strings.Repeat("p", 851),
}

// A name without a check is a way to lead a signed request, and an SSE-C key, to another host.
func TestEveryAddressArgumentIsChecked(t *testing.T) {
	t.Parallel()
	server := pt.NewUnconfiguredServer(t)
	found := 0
	for name, bad := range badAddresses {
		for _, schema := range server.EverySchema() {
			for _, path := range pt.ArgumentPaths(schema.Block, name) {
				found++
				diagnostics := server.Validate(schema.Kind, schema.TypeName, schema.Block,
					pt.NestedAttrs(path, bad))
				if len(pt.Refusals(diagnostics, path)) == 0 {
					t.Errorf("%s %s takes %s = %.20q: %s", schema.Kind, schema.TypeName,
						strings.Join(path, "."), bad, pt.ErrorText(diagnostics))
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d address arguments were found", found)
	}
}

// foreignHost is an address on which nobody must call. It fails the test if somebody does.
func foreignHost(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	pt.Must(t, err)
	var calls atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
		if n := calls.Load(); n != 0 {
			t.Errorf("%d connections were made to a foreign host", n)
		}
	})
	return listener.Addr().String()
}

func TestCopySourceLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	host := foreignHost(t)
	server := pt.NewServer(t, pt.NewCloud(t, cosemu.Config{}), pt.Attrs{
		"endpoint": "https://{bucket}.cos.{region}.localhost:1", "max_retries": 0,
	})
	for _, source := range []pt.Attrs{
		{"bucket": host + "/x", "key": "k"},
		{"bucket": pt.Bucket, "key": "k", "region": "x@" + host + "/"},
	} {
		source["sse"] = pt.OpeningC(pt.Attrs{"key": pt.KeyA})
		config := pt.Attrs{
			"bucket": pt.Bucket, "key": "copy", "sse": pt.SSECOS(), "copy_source": []pt.Attrs{source},
		}
		_, diagnostics := server.ReadData("cos_encrypted_object_copy", config)
		if text := pt.ErrorText(diagnostics); !strings.Contains(text, "Value is not usable") {
			t.Errorf("error = %q, want one that refuses the name", text)
		}
		// Whoever skips validation gets no further: the request is not made either.
		response, err := server.Provider.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: "cos_encrypted_object_copy",
			Config: server.Dynamic(pt.BlockValue(t,
				server.Schemas.DataSourceSchemas["cos_encrypted_object_copy"].Block, config)),
		})
		pt.Must(t, err)
		if text := pt.ErrorText(response.Diagnostics); !strings.Contains(text, "lower-case letters") {
			t.Errorf("error = %q, want one that refuses the name", text)
		}
	}
}
