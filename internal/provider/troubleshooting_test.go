package provider_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestTroubleshootingQuotesTitlesThatExist: whoever rewords a message finds the guide.
func TestTroubleshootingQuotesTitlesThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../templates/guides/troubleshooting.md.tmpl")
	pt.Must(t, err)
	titles := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(titles) < 25 {
		t.Fatalf("only %d titles were found", len(titles))
	}
	source := sourceText(t)
	for _, title := range titles {
		text := title[1]
		if doing, ok := strings.CutPrefix(text, "Cannot "); ok {
			// An attempt's summary is put together from what it was doing.
			text = doing
		}
		if !strings.Contains(source, `"`+text+`"`) {
			t.Errorf("no message has the title %q", title[1])
		}
	}
	if !strings.Contains(source, `"request_id_header"`) {
		t.Error("the provider has no request_id_header")
	}
}

// sourceText is the source of every file below this folder that is not a test.
func sourceText(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	pt.Must(t, filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(name)
		text.Write(source)
		return err
	}))
	return text.String()
}
