package object_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

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
	cloud := pt.NewCloud(t, cosemu.Config{})
	for _, key := range []string{"p/b", "p/a", "q/a", "p/c"} {
		cloud.Store(key, "text", cosapi.SSECOS{Algorithm: "AES256"})
	}
	tests := map[string]struct {
		config pt.Attrs
		limit  int64
		want   []string
	}{
		"bucket": {pt.Attrs{}, 100, []string{"p/a", "p/b", "p/c", "q/a"}},
		"prefix": {pt.Attrs{"prefix": "p/"}, 100, []string{"p/a", "p/b", "p/c"}},
		"limit":  {pt.Attrs{"prefix": "p/"}, 2, []string{"p/a", "p/b"}},
		"all":    {pt.Attrs{"prefix": "p/"}, 0, []string{"p/a", "p/b", "p/c"}},
		"none":   {pt.Attrs{"prefix": "z/"}, 100, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := pt.NewServer(t, cloud, nil)
			cloud.ResetJournal()
			results := server.Query(test.config.With(pt.Attrs{"bucket": pt.Bucket}), false, test.limit)
			if got := names(results); !slices.Equal(got, test.want) {
				t.Errorf("keys = %v, want %v", got, test.want)
			}
			cloud.ExpectOps("GetBucket")
			for _, result := range results {
				object := server.Object()
				object.Identity = result.Identity
				if text := pt.IdentityText(t, object); !strings.Contains(text, pt.Region) ||
					!strings.Contains(text, result.DisplayName) {
					t.Errorf("identity = %s", text)
				}
			}
		})
	}
}

// TestListThatIsCutOffSaysSo: core asks for 100 and stops reading there.
func TestListThatIsCutOffSaysSo(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	for _, key := range []string{"p/a", "p/b", "p/c"} {
		cloud.Store(key, "text", cosapi.SSECOS{Algorithm: "AES256"})
	}
	for limit, warned := range map[int64]bool{1: true, 2: true, 3: false, 4: false, 0: false} {
		for _, whole := range []bool{false, true} {
			server := pt.NewServer(t, cloud, nil)
			cloud.ResetJournal()
			results := server.Query(pt.Attrs{"bucket": pt.Bucket, "prefix": "p/"}, whole, limit)
			last := pt.WarningText(results[len(results)-1].Diagnostics)
			if strings.Contains(last, "there are more") != warned || warned && !strings.Contains(last, "limit") {
				t.Errorf("limit %d, resources %v: warning = %q, want one: %v", limit, whole, last, warned)
			}
			if others := pt.WarningText(diagnosticsOf(results[:len(results)-1])); others != "" {
				t.Errorf("limit %d: other results are warned of: %s", limit, others)
			}
			if listings := cloud.Requests("GetBucket"); listings != 1 {
				t.Errorf("limit %d: %d listings, want 1", limit, listings)
			}
		}
	}
}

func TestListGoesOnAfterAPage(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	keys := make([]int, 1001)
	for i := range keys {
		keys[i] = i
	}
	pt.AtATime(16, keys, func(i int) {
		cloud.Store(fmt.Sprintf("p/%04d", i), "", cosapi.NoEncryption{})
	})
	server := pt.NewServer(t, cloud, nil)
	cloud.ResetJournal()
	results := server.Query(pt.Attrs{"bucket": pt.Bucket}, false, 5000)
	if len(results) != 1001 || results[1000].DisplayName != "p/1000" {
		t.Errorf("%d results", len(results))
	}
	cloud.ExpectOps("GetBucket", "GetBucket")
}

// TestListWithResourcesIsWhatAnImportFinds: the generated configuration comes from these states.
func TestListWithResourcesIsWhatAnImportFinds(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	server := pt.NewServer(t, cloud, pt.KeyringAttrs())
	key := pt.MustKey(t, pt.KeyA)
	cloud.Store("c", "text", cosapi.SSEC{Key: key})
	cloud.Store("cos", "text", cosapi.SSECOS{Algorithm: "AES256"})
	cloud.Store("kms", "text", cosapi.SSEKMS{KeyID: pt.CMK})
	cloud.Store("none", "text", cosapi.NoEncryption{})
	results := server.Query(pt.Attrs{"bucket": pt.Bucket}, true, 100)
	if text := pt.ErrorText(diagnosticsOf(results)) + pt.WarningText(diagnosticsOf(results)); text != "" {
		t.Fatal(text)
	}
	if got := names(results); !slices.Equal(got, []string{"c", "cos", "kms", "none"}) {
		t.Fatalf("keys = %v", got)
	}
	for _, result := range results {
		imported := server.Object()
		if text := pt.ErrorText(imported.ImportID(pt.Bucket + "/" + result.DisplayName)); text != "" {
			t.Fatal(text)
		}
		listed, err := result.Resource.Unmarshal(imported.Schema.ValueType())
		pt.Must(t, err)
		if !listed.Equal(imported.State) {
			t.Errorf("%s: %s", result.DisplayName, pt.Differences(imported.State, listed))
		}
	}
}

// TestListOfAnObjectThatNoKeyOpens: it can be named all the same, and the others are not lost.
func TestListOfAnObjectThatNoKeyOpens(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Store("a", "text", cosapi.SSECOS{Algorithm: "AES256"})
	cloud.Store("secret", "text", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
	server := pt.NewServer(t, cloud, nil)
	results := server.Query(pt.Attrs{"bucket": pt.Bucket}, true, 100)
	if got := names(results); !slices.Equal(got, []string{"a", "secret"}) {
		t.Fatalf("keys = %v", got)
	}
	if text := pt.ErrorText(diagnosticsOf(results)); text != "" {
		t.Errorf("errors: %s", text)
	}
	if text := pt.WarningText(results[1].Diagnostics); !strings.Contains(text, "secret: ") ||
		!strings.Contains(text, "customer_keys") {
		t.Errorf("warning = %q", text)
	}
	state, err := results[1].Resource.Unmarshal(server.Object().Schema.ValueType())
	pt.Must(t, err)
	if pt.Lookup(t, state, "etag") == nil || pt.Lookup(t, state, "size") != int64(4) {
		t.Errorf("state = %s, want what the listing says", state)
	}
}

func TestListFailsAsAWhole(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	tests := map[string]struct {
		config   pt.Attrs
		provider pt.Attrs
		want     []string
	}{
		"no such bucket": {
			pt.Attrs{"bucket": "missing-1250000000"},
			nil,
			[]string{"Cannot list the objects", "NoSuchBucket"},
		},
		"no region": {
			pt.Attrs{"bucket": pt.Bucket}, pt.Attrs{"region": nil}, []string{"Region is missing"},
		},
		"no bucket name": {pt.Attrs{"bucket": "NoBucket"}, nil, []string{"bucket"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := pt.NewServerIn(t, cloud, nil, test.provider).Query(test.config, false, 100)
			if len(results) != 1 {
				t.Fatalf("%d results, want one error", len(results))
			}
			pt.ExpectError(t, pt.ErrorText(results[0].Diagnostics), test.want...)
		})
	}
}

// TestListLeavesOutWhatIsGone: an object may be deleted between the listing and the look at it.
func TestListLeavesOutWhatIsGone(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Store("a", "text", cosapi.NoEncryption{})
	cloud.Store("b", "text", cosapi.NoEncryption{})
	cloud.AddFaults(
		cosemu.Fault{Op: "HeadObject", Key: "a", Status: 404, Code: "NoSuchKey"},
		cosemu.Fault{Op: "GetObject", Key: "a", Status: 404, Code: "NoSuchKey"},
	)
	results := pt.NewServer(t, cloud, nil).Query(pt.Attrs{"bucket": pt.Bucket}, true, 100)
	if got := names(results); !slices.Equal(got, []string{"b"}) {
		t.Errorf("keys = %v, want b alone", got)
	}
}
