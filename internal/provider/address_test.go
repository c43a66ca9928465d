package provider_test

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
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

// The same mistake reads the same wherever it is made.
func TestOneMistakeHasOneText(t *testing.T) {
	t.Parallel()
	server := pt.NewUnconfiguredServer(t)
	tests := []struct {
		argument, bad string
		kinds         []string // in which it has to be found
	}{
		{"bucket", "a/b", []string{"resource", "data", "ephemeral", "list", "action"}},
		{"region", "AP-Guangzhou", []string{
			"provider", "resource", "data", "ephemeral", "list", "action",
		}},
		{"key", "..", []string{"resource", "data", "ephemeral", "action"}},
		{"version_id", "1&acl", []string{"resource", "data", "ephemeral", "action"}},
		{"algorithm", "DES", []string{"resource", "data", "action"}},
		{"key_id", " spaced ", []string{"resource", "data", "action"}},
		{"key_md5", "short", []string{"resource", "data", "ephemeral", "action"}},
		{"prefix", strings.Repeat("p", 851), []string{"data", "list"}},
	}
	for _, tt := range tests {
		said, kinds := map[string]string{}, map[string]bool{}
		for _, schema := range server.EverySchema() {
			for _, path := range pt.ArgumentPaths(schema.Block, tt.argument) {
				where := schema.Kind + " " + schema.TypeName + "." + strings.Join(path, ".")
				texts := pt.Refusals(server.Validate(schema.Kind, schema.TypeName, schema.Block,
					pt.NestedAttrs(path, tt.bad)), path)
				if len(texts) != 1 {
					t.Errorf("%s = %.20q: errors %q, want one", where, tt.bad, texts)
					continue
				}
				_, text, _ := strings.Cut(texts[0], ": ")
				said[text] = where
				kinds[schema.Kind] = true
			}
		}
		if len(said) != 1 {
			t.Errorf("%s = %.20q has %d texts: %q", tt.argument, tt.bad, len(said), said)
		}
		for _, kind := range tt.kinds {
			if !kinds[kind] {
				t.Errorf("no %s has an argument %s", kind, tt.argument)
			}
		}
	}
}

// key_md5 says which key is meant; another key is refused before COS is asked anything.
func TestKeyMD5NamesTheKey(t *testing.T) {
	t.Parallel()
	right, other := pt.MustKey(t, pt.KeyA).MD5(), pt.MustKey(t, pt.KeyB).MD5()
	named := func(md5 string) []pt.Attrs {
		return []pt.Attrs{{"c": []pt.Attrs{{"key_name": "a", "key_md5": md5}}}}
	}
	place := pt.Attrs{"bucket": pt.Bucket, "key": "k"}
	plain := pt.Attrs{"bucket": pt.Bucket, "key": "plain"}
	tests := map[string]func(*pt.Server, string) []*tfprotov6.Diagnostic{
		"data source": func(s *pt.Server, md5 string) []*tfprotov6.Diagnostic {
			_, diagnostics := s.ReadData(pt.ObjectType, place.With(pt.Attrs{"sse": named(md5)}))
			return diagnostics
		},
		"copy, source": func(s *pt.Server, md5 string) []*tfprotov6.Diagnostic {
			_, diagnostics := s.ReadData(pt.CopyType, pt.Attrs{
				"bucket": pt.Bucket, "key": "copy", "sse": pt.SSECOS(),
				"copy_source": []pt.Attrs{place.With(pt.Attrs{"sse": named(md5)})},
			})
			return diagnostics
		},
		"copy, destination": func(s *pt.Server, md5 string) []*tfprotov6.Diagnostic {
			_, diagnostics := s.ReadData(pt.CopyType, pt.Attrs{
				"bucket": pt.Bucket, "key": "copy", "sse": named(md5),
				"copy_source": []pt.Attrs{plain},
			})
			return diagnostics
		},
		"ephemeral": func(s *pt.Server, md5 string) []*tfprotov6.Diagnostic {
			_, diagnostics := s.Open(place.With(pt.Attrs{"sse": named(md5)}))
			return diagnostics
		},
		"reencrypt": func(s *pt.Server, md5 string) []*tfprotov6.Diagnostic {
			_, diagnostics := s.Invoke(pt.ReencryptType, plain.With(pt.Attrs{"sse": named(md5)}))
			return diagnostics
		},
		"restore": func(s *pt.Server, md5 string) []*tfprotov6.Diagnostic {
			_, diagnostics := s.Resource(pt.RestoreType).Apply(pt.Attrs{
				"bucket": pt.Bucket, "key": "archived", "days": 1, "sse": named(md5),
			})
			return diagnostics
		},
		"resource": func(s *pt.Server, md5 string) []*tfprotov6.Diagnostic {
			_, diagnostics := s.Object().Apply(pt.ContentObject("new", named(md5)))
			return diagnostics
		},
	}
	for name, use := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			withKey := cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)}
			cloud.Place(pt.Ref("k"), "text", cosapi.WriteOptions{Encryption: withKey})
			cloud.Place(pt.Ref("plain"), "text", cosapi.WriteOptions{})
			cloud.Place(pt.Ref("archived"), "text", cosapi.WriteOptions{
				Encryption: withKey, StorageClass: "ARCHIVE",
			})
			server := pt.NewServer(t, cloud, pt.KeysAB())
			cloud.ResetJournal()
			pt.ExpectError(t, pt.ErrorText(use(server, other)), "another one", right, other, "key_md5")
			cloud.ExpectOps()
			if text := pt.ErrorText(use(server, right)); text != "" {
				t.Errorf("with the right MD5: %s", text)
			}
		})
	}
}
