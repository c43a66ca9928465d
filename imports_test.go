package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/encrypted-cos/terraform-provider-cos"

// Paths that the rules of several packages name.
const (
	framework = "github.com/hashicorp/terraform-plugin-"
	cosSDK    = "github.com/tencentyun/cos-go-sdk-v5"
	stsSDK    = "github.com/tencentcloud/tencentcloud-sdk-go/"
	xsync     = "golang.org/x/sync/"
	xtext     = "golang.org/x/text/"
	std       = "std" // the standard library but for what forbidden names

	inProvider   = "internal/provider/"
	cosapi       = "internal/cosapi"
	credential   = "internal/cosapi/credential"
	value        = "internal/provider/value"
	describe     = "internal/provider/describe"
	address      = "internal/provider/address"
	diagnose     = "internal/provider/diagnose"
	providerdata = "internal/provider/providerdata"
	sse          = "internal/provider/sse"
	codec        = "internal/provider/codec"
	providertest = "internal/provider/providertest"
	audit        = "internal/audit"
	batch        = "internal/audit/batch"
	cosemu       = "cosemu"
)

// A rule says what one package may import, and why nothing else.
type rule struct {
	may    []string // std, packages of this module, and beginnings of other import paths
	not    []string // of the standard library
	reason string
}

// notInProvider is what only cosapi does.
var notInProvider = []string{"net/http", "crypto", "log"}

// nouns are the packages of internal/provider that hold one Terraform noun each.
var nouns = []string{
	"object", "objects", "objectcopy", "restore", "reencrypt", "abortuploads", "prefix",
	"bucketencryption", "function",
}

// parts are what every noun may stand on.
var parts = []string{
	std, framework, xsync, cosapi, value, describe, address, diagnose, providerdata, sse,
}

// rules has a line for each package. A package without a line fails the test, so that whoever
// adds one says where it stands.
var rules = func() map[string]rule {
	table := map[string]rule{
		"": {
			may:    []string{std, framework, "github.com/hashicorp/go-hclog", "internal/provider"},
			not:    []string{"net/http", "crypto"},
			reason: "main only serves, and keeps quiet",
		},
		cosapi: {
			may: []string{std, cosSDK, xsync, credential},
			not: []string{"log"},
			reason: "cosapi knows COS and nothing of Terraform, shares no mistake with the emulator, and " +
				"leaves logging to whoever sets Config.Observe",
		},
		credential: {
			may:    []string{std, stsSDK, xsync},
			not:    []string{"log"},
			reason: "credentials come from the STS SDK and files; the client stands on them, not they on it",
		},
		audit: {
			may:    []string{std, xsync, cosapi},
			reason: "the audit is tried without Terraform, on millions of objects",
		},
		batch: {
			may:    []string{std, xsync, cosapi, audit},
			reason: "jobs of COS Batch are tried without Terraform",
		},
		value: {
			may: []string{std, framework}, not: notInProvider,
			reason: "value holds conversions of the framework's values and knows no COS",
		},
		describe: {
			may: []string{std, framework, value}, not: notInProvider,
			reason: "describe makes schemas of descriptions and knows no argument",
		},
		address:      {may: []string{std, framework, xtext, value, describe, cosapi}, not: notInProvider, reason: "see DESIGN.md"},
		diagnose:     {may: []string{std, framework, value, cosapi, credential}, not: notInProvider, reason: "see DESIGN.md"},
		providerdata: {may: []string{std, framework, xsync, value, cosapi}, not: notInProvider, reason: "see DESIGN.md"},
		sse: {
			may: []string{std, framework, value, describe, address, cosapi}, not: notInProvider,
			reason: "the sse block is decoded without a provider: the keyring is a parameter",
		},
		codec: {
			may: []string{std, framework + "go/"}, not: notInProvider,
			reason: "the codec turns wire values into plain ones and knows neither framework nor COS",
		},
		providertest: {
			may: []string{
				std, framework, cosapi, credential, cosemu, cosSDK, "internal/provider",
				"github.com/hashicorp/", "github.com/google/go-cmp/",
			},
			reason: "the harness is for tests",
		},
		"internal/provider": {
			may: append(slices.Clone(parts), credential, audit, codec, "internal/provider/"),
			not: notInProvider,
			reason: "the provider translates: requests, digests and logs belong to cosapi and tflog, " +
				"where signatures, keys and masks are",
		},
		"internal/faults": {
			may:    nil,
			reason: "faults holds tests and nothing else: what shipped code needed of it would be a fault",
		},
		"internal/schemadump": {
			may:    []string{std, framework, "internal/provider"},
			reason: "the schema is the provider's",
		},
		cosemu: {
			may:    []string{std},
			reason: "a mistake that client and emulator share would show in no test",
		},
		cosemu + "/cosemutest": {
			may:    []string{std, cosemu},
			reason: "whoever tests with the emulator gets nothing else with it",
		},
		"cmd/cosemu": {
			may:    []string{std, cosemu},
			reason: "the command is the package with flags",
		},
		"cmd/demo": {
			may:    []string{std, cosSDK},
			reason: "the demonstration uses the product as its users do, by the CLI",
		},
	}
	table["bench"] = rule{
		may:    []string{std, cosSDK, cosemu},
		reason: "benchmarks use providers as users do, by the CLI",
	}
	table["bench/floor"] = rule{
		may:    []string{std, framework},
		reason: "the floor shares nothing with what is measured",
	}
	table["bench/lookup"] = rule{
		may:    []string{std, framework},
		reason: "what it measures is the framework's alone",
	}
	table["bench/shape"] = rule{
		may:    []string{std, framework, "internal/provider"},
		reason: "the shape is the provider's schema, and nothing else of it",
	}
	for _, noun := range nouns {
		table[inProvider+noun] = rule{
			may: parts, not: notInProvider,
			reason: "a noun imports no other noun, so that each can be read, moved and removed alone",
		}
	}
	for _, with := range []string{"object"} {
		table[inProvider+with] = rule{
			may: append(slices.Clone(parts), codec), not: notInProvider, reason: table[inProvider+with].reason,
		}
	}
	for with, may := range map[string][]string{"objects": {audit}, "prefix": {audit, batch}} {
		table[inProvider+with] = rule{
			may: append(slices.Clone(parts), may...), not: notInProvider, reason: table[inProvider+with].reason,
		}
	}
	return table
}()

// inTests is what a package's tests may import beyond its rule. The emulator's own tests get
// nothing: a client of theirs is written in them.
var inTests = []string{
	std, framework, "github.com/hashicorp/", cosSDK, providertest, cosemu, cosapi, credential,
	"internal/provider", "github.com/google/go-cmp/",
	"google.golang.org/grpc", "google.golang.org/protobuf/", // main's tests speak to its process
}

// A goPackage is what go list says of one.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < 6 {
		t.Fatalf("only %d packages were listed", len(packages))
	}
	for _, p := range packages {
		path := local(p.ImportPath)
		rule, ok := rules[path]
		if !ok {
			t.Errorf("%s has no rule: say in imports_test.go what it may import and why", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if !rule.allows(imported) {
				t.Errorf("%s imports %s: %s", orMain(path), imported, rule.reason)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if !rule.allowsInTests(path, imported) {
				t.Errorf("the tests of %s import %s: %s", orMain(path), imported, rule.reason)
			}
		}
	}
}

func TestImportRulesForbid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, to string
		want     bool
	}{
		{"internal/provider/object", module + "/internal/provider/objects", false},
		{"internal/provider/object", module + "/internal/provider/sse", true},
		{"internal/provider/object", module + "/internal/provider/codec", true},
		{"internal/provider/restore", module + "/internal/provider/codec", false},
		{"internal/provider/object", module + "/internal/audit", false},
		{"internal/provider/prefix", module + "/internal/audit", true},
		{"internal/provider/prefix", module + "/internal/audit/batch", true},
		{"internal/provider/objects", module + "/internal/audit/batch", false},
		{"internal/provider/object", module + "/internal/cosapi/credential", false},
		{"internal/provider/sse", module + "/internal/provider/providerdata", false},
		{"internal/provider/object", "net/http", false},
		{"internal/provider/object", "net/url", true},
		{"internal/provider/object", "crypto/md5", false},
		{"internal/provider/object", "log/slog", false},
		{"internal/provider/object", cosSDK, false},
		{"internal/provider/object", module + "/cosemu", false},
		{"internal/provider", module + "/internal/provider/restore", true},
		{"internal/provider", "golang.org/x/net/http2", false},
		{"internal/cosapi", framework + "framework/diag", false},
		{"internal/cosapi", module + "/internal/provider", false},
		{"internal/cosapi", module + "/cosemu", false},
		{"internal/cosapi", "log/slog", true}, // slog.LogValuer redacts
		{"internal/cosapi", "log", false},
		{"internal/cosapi/credential", module + "/internal/cosapi", false},
		{"cosemu", cosSDK, false},
		{"cosemu", module + "/internal/cosapi", false},
		{"cosemu", "logo", true}, // no dot before the slash: the standard library
		{"cmd/demo", module + "/cosemu", false},
		{"", module + "/internal/cosapi", false},
	}
	for _, tt := range tests {
		if got := rules[tt.from].allows(tt.to); got != tt.want {
			t.Errorf("%s may import %s: got %v, want %v", orMain(tt.from), tt.to, got, tt.want)
		}
	}
}

func TestImportRulesGiveReasons(t *testing.T) {
	t.Parallel()
	for _, path := range slices.Sorted(maps.Keys(rules)) {
		if rules[path].reason == "" {
			t.Errorf("the rule of %s gives no reason", orMain(path))
		}
	}
}

// allows reports whether a package under r may import path.
func (r rule) allows(path string) bool {
	if isStandard(path) {
		return !slices.ContainsFunc(r.not, func(no string) bool {
			// slog.LogValuer is how a secret redacts itself, so cosapi may name it.
			return path == no || no != "log" && strings.HasPrefix(path, no+"/") ||
				no == "log" && path == "log/slog" && slices.Contains(r.not, "net/http")
		})
	}
	return slices.ContainsFunc(r.may, func(may string) bool { return covers(may, path) })
}

func (r rule) allowsInTests(from, path string) bool {
	if from == cosemu {
		return isStandard(path) || path == module+"/"+cosemu
	}
	own := path == strings.TrimSuffix(module+"/"+from, "/") // an external test of the package
	return own || isStandard(path) || r.allows(path) ||
		slices.ContainsFunc(inTests, func(may string) bool { return covers(may, path) })
}

// covers reports whether may, a path of a rule, admits the import path: packages of this module
// by name, others by how their path begins. A trailing slash admits what is below.
func covers(may, path string) bool {
	if inner, ok := strings.CutPrefix(path, module+"/"); ok {
		return inner == may || strings.HasSuffix(may, "/") && strings.HasPrefix(inner, may)
	}
	return strings.Contains(may, ".") && strings.HasPrefix(path, may)
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func local(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func orMain(path string) string {
	if path == "" {
		return "main"
	}
	return path
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
