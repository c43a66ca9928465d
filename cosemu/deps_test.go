package cosemu

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImportsOnlyTheStandardLibrary shows that the emulator, tests included, shares no code with
// the clients that are tried on it.
func TestImportsOnlyTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for name, file := range packageFiles(t, parser.ImportsOnly) {
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s: the emulator imports only the standard library, because a "+
					"mistake that client and emulator share would show in no test", name, path)
			}
		}
	}
}

// packageFiles parses this package, its tests included.
func packageFiles(t *testing.T, mode parser.Mode) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d files were found: %v", len(names), err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
