package provider

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

const (
	modulePath     = "github.com/encrypted-cos/terraform-provider-cos/"
	frameworkPaths = "github.com/hashicorp/terraform-plugin-"
)

// importRules say what this package may import beside the standard library.
var importRules = []struct{ prefix, reason string }{
	{"github.com/tencentyun/", "the provider knows nothing of COS's protocol; ask cosapi for what " +
		"is missing"},
	{"github.com/tencentcloud/", "credentials are cosapi's: its sources renew them for every client"},
	{"net/http", "requests are cosapi's: retries, signatures and encryption headers belong " +
		"together"},
	{"crypto", "digests and keys are cosapi's: a raw key leaves its type nowhere else"},
	{modulePath + "cosemu", "the released provider must not contain the emulator; only " +
		"tests may import it"},
	{"log", "log lines go through tflog, whose masks hide keys and credentials"},
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	for name, imports := range sourceImports(t) {
		for _, path := range imports {
			if reason := forbidden(path); reason != "" {
				t.Errorf("%s imports %s: %s", name, path, reason)
			}
		}
	}
}

func TestImportRulesForbid(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"net/http":                            true,
		"crypto":                              true,
		"crypto/md5":                          true,
		"log/slog":                            true,
		"github.com/tencentyun/cos-go-sdk-v5": true,
		"github.com/aws/aws-sdk-go":           true,
		modulePath + "cosemu":                 true,
		modulePath + "internal/cosapi":        false,
		frameworkPaths + "log/tflog":          false,
		"net/url":                             false,
		"golang.org/x/sync/errgroup":          false,
		"golang.org/x/net/http2":              true,
		"encoding/json":                       false,
	}
	for path, want := range tests {
		if got := forbidden(path) != ""; got != want {
			t.Errorf("forbidden(%q) = %v, want %v", path, got, want)
		}
	}
}

// forbidden is the reason why this package must not import path, "" if it may.
func forbidden(path string) string {
	for _, rule := range importRules {
		if path == strings.TrimSuffix(rule.prefix, "/") ||
			strings.HasPrefix(path, strings.TrimSuffix(rule.prefix, "/")+"/") {
			return rule.reason
		}
	}
	inModule := path == modulePath+"internal/cosapi"
	concurrency := strings.HasPrefix(path, "golang.org/x/sync/")
	standard := !strings.Contains(strings.Split(path, "/")[0], ".")
	if inModule || standard || concurrency || strings.HasPrefix(path, frameworkPaths) {
		return ""
	}
	return "the provider imports cosapi, terraform-plugin-*, x/sync and the standard library alone"
}

// sourceImports returns the imports of each file of the package that is not a test.
func sourceImports(t *testing.T) map[string][]string {
	t.Helper()
	entries, err := os.ReadDir(".")
	must(t, err)
	files := map[string][]string{}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		must(t, err)
		for _, spec := range file.Imports {
			files[name] = append(files[name], strings.Trim(spec.Path.Value, `"`))
		}
	}
	if len(files) < 20 {
		t.Fatalf("only %d files were read", len(files))
	}
	return files
}
