package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// query lists as `terraform query` does.
func (s *protocolServer) query(
	config attrs, includeResource bool, limit int64,
) []tfprotov6.ListResourceResult {
	s.t.Helper()
	block := s.schemas.ListResourceSchemas[encryptedObjectTypeName].Block
	lister := s.server.(tfprotov6.ListResourceServer)
	dynamic := s.dynamic(blockValue(s.t, block, config))
	validated, err := lister.ValidateListResourceConfig(s.t.Context(),
		&tfprotov6.ValidateListResourceConfigRequest{
			TypeName: encryptedObjectTypeName, Config: dynamic,
		})
	must(s.t, err)
	if errorText(validated.Diagnostics) != "" {
		return []tfprotov6.ListResourceResult{{Diagnostics: validated.Diagnostics}}
	}
	stream, err := lister.ListResource(s.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: encryptedObjectTypeName, Config: dynamic,
		IncludeResource: includeResource, Limit: limit,
	})
	must(s.t, err)
	return slices.Collect(stream.Results)
}

// names are the display names of results.
func names(results []tfprotov6.ListResourceResult) []string {
	var keys []string
	for _, result := range results {
		keys = append(keys, result.DisplayName)
	}
	return keys
}

func diagnosticsOf(results []tfprotov6.ListResourceResult) []*tfprotov6.Diagnostic {
	var all []*tfprotov6.Diagnostic
	for _, result := range results {
		all = append(all, result.Diagnostics...)
	}
	return all
}

func TestListIsOneRequestAndNamesTheObjects(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	for _, key := range []string{"p/b", "p/a", "q/a", "p/c"} {
		cloud.store(key, "text", cosapi.SSECOS{Algorithm: "AES256"})
	}
	tests := map[string]struct {
		config attrs
		limit  int64
		want   []string
	}{
		"bucket": {attrs{}, 100, []string{"p/a", "p/b", "p/c", "q/a"}},
		"prefix": {attrs{"prefix": "p/"}, 100, []string{"p/a", "p/b", "p/c"}},
		"limit":  {attrs{"prefix": "p/"}, 2, []string{"p/a", "p/b"}},
		"all":    {attrs{"prefix": "p/"}, 0, []string{"p/a", "p/b", "p/c"}},
		"none":   {attrs{"prefix": "z/"}, 100, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, cloud, nil)
			cloud.ResetJournal()
			results := server.query(test.config.with(attrs{"bucket": testBucket}), false, test.limit)
			if got := names(results); !slices.Equal(got, test.want) {
				t.Errorf("keys = %v, want %v", got, test.want)
			}
			cloud.expectOps("GetBucket")
			for _, result := range results {
				object := server.object()
				object.identity = result.Identity
				if text := identityText(t, object); !strings.Contains(text, testRegion) ||
					!strings.Contains(text, result.DisplayName) {
					t.Errorf("identity = %s", text)
				}
			}
		})
	}
}

func TestListGoesOnAfterAPage(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	keys := make([]int, 1001)
	for i := range keys {
		keys[i] = i
	}
	atATime(16, keys, func(i int) {
		cloud.store(fmt.Sprintf("p/%04d", i), "", cosapi.NoEncryption{})
	})
	server := newServer(t, cloud, nil)
	cloud.ResetJournal()
	results := server.query(attrs{"bucket": testBucket}, false, 5000)
	if len(results) != 1001 || results[1000].DisplayName != "p/1000" {
		t.Errorf("%d results", len(results))
	}
	cloud.expectOps("GetBucket", "GetBucket")
}

// TestListWithResourcesIsWhatAnImportFinds: the generated configuration comes from these states.
func TestListWithResourcesIsWhatAnImportFinds(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	server := newServer(t, cloud, keyringAttrs())
	key := mustKey(t, testKeyA)
	cloud.store("c", "text", cosapi.SSEC{Key: key})
	cloud.store("cos", "text", cosapi.SSECOS{Algorithm: "AES256"})
	cloud.store("kms", "text", cosapi.SSEKMS{KeyID: testCMK})
	cloud.store("none", "text", cosapi.NoEncryption{})
	results := server.query(attrs{"bucket": testBucket}, true, 100)
	if text := errorText(diagnosticsOf(results)) + warningText(diagnosticsOf(results)); text != "" {
		t.Fatal(text)
	}
	if got := names(results); !slices.Equal(got, []string{"c", "cos", "kms", "none"}) {
		t.Fatalf("keys = %v", got)
	}
	for _, result := range results {
		imported := server.object()
		if text := errorText(imported.importID(testBucket + "/" + result.DisplayName)); text != "" {
			t.Fatal(text)
		}
		listed, err := result.Resource.Unmarshal(imported.schema.ValueType())
		must(t, err)
		if !listed.Equal(imported.state) {
			t.Errorf("%s: %s", result.DisplayName, differences(imported.state, listed))
		}
	}
}

// TestListOfAnObjectThatNoKeyOpens: it can be named all the same, and the others are not lost.
func TestListOfAnObjectThatNoKeyOpens(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.store("a", "text", cosapi.SSECOS{Algorithm: "AES256"})
	cloud.store("secret", "text", cosapi.SSEC{Key: mustKey(t, testKeyA)})
	server := newServer(t, cloud, nil)
	results := server.query(attrs{"bucket": testBucket}, true, 100)
	if got := names(results); !slices.Equal(got, []string{"a", "secret"}) {
		t.Fatalf("keys = %v", got)
	}
	if text := errorText(diagnosticsOf(results)); text != "" {
		t.Errorf("errors: %s", text)
	}
	if text := warningText(results[1].Diagnostics); !strings.Contains(text, "secret: ") ||
		!strings.Contains(text, "customer_keys") {
		t.Errorf("warning = %q", text)
	}
	state, err := results[1].Resource.Unmarshal(server.object().schema.ValueType())
	must(t, err)
	if lookup(t, state, "etag") == nil || lookup(t, state, "size") != int64(4) {
		t.Errorf("state = %s, want what the listing says", state)
	}
}

func TestListFailsAsAWhole(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	tests := map[string]struct {
		config   attrs
		provider attrs
		want     []string
	}{
		"no such bucket": {
			attrs{"bucket": "missing-1250000000"},
			nil,
			[]string{"Cannot list the objects", "NoSuchBucket"},
		},
		"no region": {
			attrs{"bucket": testBucket}, attrs{"region": nil}, []string{"Region is missing"},
		},
		"no bucket name": {attrs{"bucket": "NoBucket"}, nil, []string{"bucket"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := newServerIn(t, cloud, nil, test.provider).query(test.config, false, 100)
			if len(results) != 1 {
				t.Fatalf("%d results, want one error", len(results))
			}
			expectError(t, errorText(results[0].Diagnostics), test.want...)
		})
	}
}

// TestListLeavesOutWhatIsGone: an object may be deleted between the listing and the look at it.
func TestListLeavesOutWhatIsGone(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.store("a", "text", cosapi.NoEncryption{})
	cloud.store("b", "text", cosapi.NoEncryption{})
	cloud.AddFaults(
		cosemu.Fault{Op: "HeadObject", Key: "a", Status: 404, Code: "NoSuchKey"},
		cosemu.Fault{Op: "GetObject", Key: "a", Status: 404, Code: "NoSuchKey"},
	)
	results := newServer(t, cloud, nil).query(attrs{"bucket": testBucket}, true, 100)
	if got := names(results); !slices.Equal(got, []string{"b"}) {
		t.Errorf("keys = %v, want b alone", got)
	}
}
