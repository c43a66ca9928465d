package cosapi

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// spellsHeader are the files that may spell an encryption header: the table, and nothing else.
var spellsHeader = map[string]bool{"encryption_headers.go": true}

func TestOnlyTheTableSpellsEncryptionHeaders(t *testing.T) {
	t.Parallel()
	for _, name := range sourceFiles(t) {
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

// sourceFiles are the files of this package and of those below it that are not tests.
func sourceFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			files = append(files, name)
		}
		return err
	})
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files were found: %v", len(files), err)
	}
	return files
}
