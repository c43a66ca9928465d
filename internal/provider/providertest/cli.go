package providertest

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"

	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
)

// FactoriesWithEcho are the provider, and the one that shows ephemeral values to tests.
func FactoriesWithEcho() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"cos":  func() (tfprotov6.ProviderServer, error) { return provider.NewServer("test")(), nil },
		"echo": echoprovider.NewProviderServer(),
	}
}

const RequiredProviders = `
terraform {
  required_providers {
    cos = { source = "encrypted-cos/cos" }
  }
}
`

// CLI is a folder in which the real CLI runs the real provider binary: what a user has.
type CLI struct {
	T      *testing.T
	CLI    string
	Dir    string
	Env    []string
	Output strings.Builder
}

// NewCLI builds the provider and makes the CLI use it. TF_LOG is TRACE and goes to trace.log.
func NewCLI(t *testing.T, config string, env map[string]string) *CLI {
	t.Helper()
	run := &CLI{T: t, CLI: os.Getenv("TF_ACC_TERRAFORM_PATH"), Dir: t.TempDir()}
	if run.CLI == "" {
		run.CLI = "terraform"
	}
	binary := filepath.Join(t.TempDir(), "terraform-provider-cos")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary,
		"github.com/encrypted-cos/terraform-provider-cos")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, text)
	}
	rc := filepath.Join(run.Dir, "cli.tfrc")
	Must(t, os.WriteFile(rc, []byte(fmt.Sprintf(`provider_installation {
  dev_overrides {
    "registry.terraform.io/encrypted-cos/cos" = %[1]q
    "registry.opentofu.org/encrypted-cos/cos" = %[1]q
  }
}
`, filepath.Dir(binary))), 0o600))
	Must(t, os.WriteFile(filepath.Join(run.Dir, "main.tf"), []byte(config), 0o600))
	run.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+rc, "CHECKPOINT_DISABLE=1",
		"TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(run.Dir, "trace.log"),
		"TF_COS_CHECKPOINT_DIR="+t.TempDir(), "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color")
	for name, value := range env {
		run.Env = append(run.Env, name+"="+value)
	}
	return run
}

// MustRun runs the CLI, keeps what it prints, and returns it.
func (r *CLI) MustRun(args ...string) string {
	r.T.Helper()
	text, err := r.Try(args...)
	if err != nil {
		r.T.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return text
}

// Try is MustRun for a command that may fail.
func (r *CLI) Try(args ...string) (string, error) {
	r.T.Helper()
	command := exec.CommandContext(r.T.Context(), r.CLI, args...)
	command.Dir, command.Env = r.Dir, r.Env
	text, err := command.CombinedOutput()
	r.Output.Write(text)
	return string(text), err
}

// Write replaces the configuration's file.
func (r *CLI) Write(config string) {
	r.T.Helper()
	Must(r.T, os.WriteFile(filepath.Join(r.Dir, "main.tf"), []byte(config), 0o600))
}

// MustFail runs the CLI, which has to fail, and returns what it prints on one line.
func (r *CLI) MustFail(args ...string) string {
	r.T.Helper()
	text, err := r.Try(args...)
	if err == nil {
		r.T.Fatalf("%s succeeded:\n%s", strings.Join(args, " "), text)
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "│", " ")), " ")
}

// KillApply runs an apply, kills it and the provider when parts are noted, and returns the
// checkpoint and how many parts it names.
func (r *CLI) KillApply(notes string) (string, int) {
	r.T.Helper()
	command := exec.CommandContext(r.T.Context(), r.CLI, "apply", "-auto-approve")
	command.Dir, command.Env = r.Dir, r.Env
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	// The provider is in the process group of Terraform.
	asGroup(command)
	Must(r.T, command.Start())
	for notedParts(notes) < 4 {
		if r.T.Context().Err() != nil {
			r.T.Fatal("no part was ever noted")
		}
		time.Sleep(time.Millisecond)
	}
	Must(r.T, killGroup(command))
	if err := command.Wait(); err == nil {
		r.T.Fatalf("the killed apply succeeded:\n%s", output.String())
	}
	return checkpointText(notes), notedParts(notes)
}

// checkpointText is the text of all checkpoints in a folder.
func checkpointText(notes string) string {
	files, _ := filepath.Glob(filepath.Join(notes, "*"))
	var all strings.Builder
	for _, file := range files {
		text, _ := os.ReadFile(file)
		all.Write(text)
	}
	return all.String()
}

// notedParts is how many parts the only checkpoint names: each has a line, after that of the head.
func notedParts(notes string) int { return strings.Count(checkpointText(notes), "\n") - 1 }

// PlanFiles are the members of a saved plan.
func (r *CLI) PlanFiles(name string) string {
	r.T.Helper()
	archive, err := zip.OpenReader(filepath.Join(r.Dir, name))
	Must(r.T, err)
	defer func() { _ = archive.Close() }()
	var text strings.Builder
	for _, member := range archive.File {
		reader, err := member.Open()
		Must(r.T, err)
		content, err := io.ReadAll(reader)
		Must(r.T, err)
		text.Write(content)
		_ = reader.Close()
	}
	return text.String()
}

// Read returns a file of the folder.
func (r *CLI) Read(name string) string {
	r.T.Helper()
	text, err := os.ReadFile(filepath.Join(r.Dir, name))
	Must(r.T, err)
	return string(text)
}

// NeedsTerraform skips a test on an older Terraform, and on OpenTofu, which lacks what Terraform
// 1.14 brought. What it shows is tested at the level of the protocol with any CLI.
func (r *CLI) NeedsTerraform(oldest string) {
	r.T.Helper()
	text, found := strings.CutPrefix(r.MustRun("version"), "Terraform v")
	text, _, _ = strings.Cut(text, "\n")
	current, err := version.NewVersion(text)
	if !found || err != nil || current.LessThan(version.Must(version.NewVersion(oldest))) {
		r.T.Skipf("needs Terraform %s or newer", oldest)
	}
}
