package object_test

import (
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// Two ways to write the same letter: two objects to COS, one text to Terraform.
const decomposed, composed = "e\u0301", "\u00e9"

func TestKeysThatAreNotNFCAreNotTaken(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Place(pt.Ref(decomposed), "first", cosapi.WriteOptions{})
	cloud.Place(pt.Ref(composed), "second", cosapi.WriteOptions{})
	server := pt.NewServer(t, cloud, nil)
	imports := map[string]string{
		"by id":       pt.ErrorText(server.Object().ImportID(pt.Bucket + "/" + decomposed)),
		"by identity": pt.ErrorText(server.Object().ImportIdentity(map[string]string{"bucket": pt.Bucket, "key": decomposed})),
	}
	for name, text := range imports {
		if !strings.Contains(text, "e%CC%81") || !strings.Contains(text, "NFC") {
			t.Errorf("import %s: error = %q, want one that names e%%CC%%81", name, text)
		}
	}
	cloud.ExpectOps()
	results := server.Query(pt.Attrs{"bucket": pt.Bucket}, true, 100)
	found := 0
	for _, result := range results {
		if result.Identity == nil {
			text := pt.WarningText(result.Diagnostics)
			if !strings.Contains(text, "e%CC%81") {
				t.Errorf("warning = %q, want one that names e%%CC%%81", text)
			}
			continue
		}
		found++
		if result.DisplayName != composed {
			t.Errorf("%q is listed", result.DisplayName)
		}
	}
	if len(results) != 2 || found != 1 {
		t.Errorf("%d results with %d objects, want 2 with 1", len(results), found)
	}
}

func TestTextThatIsNotNFCIsNotHandedOut(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Place(pt.Ref("k"), "caf"+decomposed, cosapi.WriteOptions{})
	server := pt.NewServer(t, cloud, nil)
	config := pt.Attrs{"bucket": pt.Bucket, "key": "k"}
	state, diagnostics := server.ReadData(pt.ObjectType, config.With(pt.Attrs{"read_content": true}))
	pt.ExpectState(t, state, pt.Attrs{"content": nil, "content_base64": "Y2FmZcyB"})
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "content_base64") {
		t.Errorf("warning = %q, want the reason", text)
	}
	result, diagnostics := server.Open(config)
	pt.ExpectState(t, result, pt.Attrs{"content": nil, "content_base64": "Y2FmZcyB"})
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "content_base64") {
		t.Errorf("warning = %q, want the reason", text)
	}
}
