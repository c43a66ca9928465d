package object

import (
	"mime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

func TestGuessContentType(t *testing.T) {
	t.Parallel()
	text, none, unknown := types.StringValue, types.StringNull(), types.StringUnknown()
	tests := map[string]struct{ key, source, want types.String }{
		"by key":                    {text("a/b.csv"), none, text("text/csv; charset=utf-8")},
		"key before file":           {text("a.json"), text("b.csv"), text("application/json")},
		"by file":                   {text("report"), text("b.PDF"), text("application/pdf")},
		"key of an unknown kind":    {text("a.xyz1"), text("b.png"), text("image/png")},
		"last extension":            {text("a.tar.gz"), none, text("application/gzip")},
		"upper case":                {text("A.HTML"), none, text("text/html; charset=utf-8")},
		"dot in a folder":           {text("v1.csv/report"), none, text(defaultContentType)},
		"dot in a Windows folder":   {text("report"), text(`v1.csv\report`), text(defaultContentType)},
		"Windows file":              {text("report"), text(`C:\v1\r.png`), text("image/png")},
		"nothing known":             {text("report"), none, text(defaultContentType)},
		"key unknown":               {unknown, text("b.csv"), unknown},
		"file unknown, key decides": {text("a.csv"), unknown, text("text/csv; charset=utf-8")},
		"file unknown and decides":  {text("report"), unknown, unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := guessContentType(test.key, test.source); !got.Equal(test.want) {
				t.Errorf("content type = %s, want %s", got, test.want)
			}
		})
	}
}

func TestContentTypesAreWellFormed(t *testing.T) {
	t.Parallel()
	for extension, contentType := range contentTypes {
		media, parameters, err := mime.ParseMediaType(contentType)
		if err != nil || cosapi.ValidateHeaderValue(contentType) != nil {
			t.Errorf("%s: %q is no content type: %v", extension, contentType, err)
		}
		if isText := strings.HasPrefix(media, "text/"); isText != (parameters["charset"] == "utf-8") {
			t.Errorf("%s: %q: text, and only text, has a charset", extension, contentType)
		}
		if extension != strings.ToLower(extension) || !strings.HasPrefix(extension, ".") {
			t.Errorf("%q can never match", extension)
		}
	}
}
