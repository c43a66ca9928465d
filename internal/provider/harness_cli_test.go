package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const requiredProviders = `
terraform {
  required_providers {
    cos = { source = "encrypted-cos/cos" }
  }
}
`

// cliRun is a folder in which the real CLI runs the real provider binary: what a user has.
type cliRun struct {
	t      *testing.T
	cli    string
	dir    string
	env    []string
	output strings.Builder
}

// newCLIRun builds the provider and makes the CLI use it. TF_LOG is TRACE and goes to trace.log.
func newCLIRun(t *testing.T, config string, env map[string]string) *cliRun {
	t.Helper()
	run := &cliRun{t: t, cli: os.Getenv("TF_ACC_TERRAFORM_PATH"), dir: t.TempDir()}
	if run.cli == "" {
		run.cli = "terraform"
	}
	binary := filepath.Join(t.TempDir(), "terraform-provider-cos")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../..")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, text)
	}
	rc := filepath.Join(run.dir, "cli.tfrc")
	must(t, os.WriteFile(rc, []byte(fmt.Sprintf(`provider_installation {
  dev_overrides {
    "registry.terraform.io/encrypted-cos/cos" = %[1]q
    "registry.opentofu.org/encrypted-cos/cos" = %[1]q
  }
}
`, filepath.Dir(binary))), 0o600))
	must(t, os.WriteFile(filepath.Join(run.dir, "main.tf"), []byte(config), 0o600))
	run.env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+rc, "CHECKPOINT_DISABLE=1",
		"TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(run.dir, "trace.log"),
		"TF_COS_CHECKPOINT_DIR="+t.TempDir(), "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color")
	for name, value := range env {
		run.env = append(run.env, name+"="+value)
	}
	return run
}

// mustRun runs the CLI, keeps what it prints, and returns it.
func (r *cliRun) mustRun(args ...string) string {
	r.t.Helper()
	text, err := r.try(args...)
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return text
}

// try is mustRun for a command that may fail.
func (r *cliRun) try(args ...string) (string, error) {
	r.t.Helper()
	command := exec.CommandContext(r.t.Context(), r.cli, args...)
	command.Dir, command.Env = r.dir, r.env
	text, err := command.CombinedOutput()
	r.output.Write(text)
	return string(text), err
}

// write replaces the configuration's file.
func (r *cliRun) write(config string) {
	r.t.Helper()
	must(r.t, os.WriteFile(filepath.Join(r.dir, "main.tf"), []byte(config), 0o600))
}

// mustFail runs the CLI, which has to fail, and returns what it prints on one line.
func (r *cliRun) mustFail(args ...string) string {
	r.t.Helper()
	text, err := r.try(args...)
	if err == nil {
		r.t.Fatalf("%s succeeded:\n%s", strings.Join(args, " "), text)
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "│", " ")), " ")
}
