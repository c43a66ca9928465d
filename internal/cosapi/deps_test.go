package cosapi

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

const modulePath = "github.com/encrypted-cos/terraform-provider-cos/"

// forbiddenImports maps the beginning of an import path to the reason why this package must not
// have it.
var forbiddenImports = map[string]string{
	"github.com/hashicorp/": "cosapi knows COS and nothing of Terraform: it is tested without a " +
		"Terraform binary, and a provider bug must not be fixable here",
	modulePath + "internal/provider": "the provider translates between Terraform and cosapi; an " +
		"import back would tie the protocol to it",
	modulePath + "cosemu": "client and emulator must not share code, or they would share " +
		"mistakes; only tests may import it",
	"log":      "cosapi does not log: whoever configures Config.Observe decides what is logged",
	"log/slog": "see log; only slog.LogValuer is implemented, in the file of the key",
}

// slogFiles implement slog.LogValuer, which takes the import.
var slogFiles = map[string]bool{"customerkey.go": true}

func TestImportRules(t *testing.T) {
	t.Parallel()
	for name, imports := range sourceImports(t) {
		for _, path := range imports {
			for prefix, reason := range forbiddenImports {
				allowed := path == "log/slog" && slogFiles[name]
				if matchesImport(path, prefix) && !allowed {
					t.Errorf("%s imports %s: %s", name, path, reason)
				}
			}
		}
	}
}

// matchesImport reports whether path is prefix or below it. A rule for "log" must not match "logo".
func matchesImport(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/") &&
		prefix != "log"
}

// sourceImports returns the imports of each file of the package that is not a test.
func sourceImports(t *testing.T) map[string][]string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]string{}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			files[name] = append(files[name], strings.Trim(spec.Path.Value, `"`))
		}
	}
	if len(files) < 20 {
		t.Fatalf("only %d files were read", len(files))
	}
	return files
}

// spellsHeader are the files that may spell an encryption header: the table, and nothing else.
var spellsHeader = map[string]bool{"encryption_headers.go": true}

func TestOnlyTheTableSpellsEncryptionHeaders(t *testing.T) {
	t.Parallel()
	for name := range sourceImports(t) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.ToLower(string(source)), "\n") {
			code, _, _ := strings.Cut(line, "//")
			if strings.Contains(code, "server-side-encryption") && !spellsHeader[name] {
				t.Errorf("%s:%d spells an encryption header: a call site that builds its own headers "+
					"can forget one, and then stores plain bytes; use encryptionHeaders", name, i+1)
			}
		}
	}
}
