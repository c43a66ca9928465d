package main

import (
	"cmp"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

const guide = "../../templates/guides/local-development.md.tmpl"

// block is a piece of the guide that readers copy.
type block struct{ language, text string }

func guideBlocks(t *testing.T) []block {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, match := range regexp.MustCompile("(?ms)^```([a-z-]+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{match[1], match[2]})
	}
	if len(blocks) < 12 {
		t.Fatalf("only %d blocks were found", len(blocks))
	}
	return blocks
}

// TestCLIGuide runs every block of the guide for authors of modules in its order, in one shell, as
// its readers do. What is changed are the ports, where the repository comes from, and that the
// shell waits until the emulator serves.
func TestCLIGuide(t *testing.T) {
	t.Parallel()
	cli := terraformCLI(t)
	var script strings.Builder
	script.WriteString("set -euo pipefail\nterraform() { \"$GUIDE_CLI\" \"$@\"; }\ntrap 'kill %1; wait' EXIT\n")
	for _, b := range guideBlocks(t) {
		script.WriteString(b.script(t))
	}
	text := strings.NewReplacer(
		"git clone https://github.com/encrypted-cos/terraform-provider-cos\n", "",
		"cd terraform-provider-cos\nmake build\n", "",
		"9443", freePort(t), "9444", freePort(t),
		" &\n", " > ready &\nuntil grep -q 'cosemu ready' ready; do sleep 0.1; kill -0 %1; done\n",
	).Replace(script.String())
	dir := t.TempDir()
	build(t, dir, "terraform-provider-cos", ".")
	build(t, dir, "cosemu", "./cmd/cosemu")
	command := exec.CommandContext(t.Context(), "bash", "-c", text)
	command.Dir = dir
	command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color",
		"GUIDE_CLI="+cli)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// terraformCLI is the CLI that tests use; without TF_ACC they are skipped.
func terraformCLI(t *testing.T) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set")
	}
	return cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform")
}

// build makes a program of the repository where make build puts it.
func build(t *testing.T, dir, name, path string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "build/bin", name), path)
	command.Dir = "../.."
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestCLIRestart applies objects of all modes, kills the emulator, and plans with the next one on
// its directory: nothing is left to do.
func TestCLIRestart(t *testing.T) {
	t.Parallel()
	cli, dir := terraformCLI(t), t.TempDir()
	build(t, dir, "terraform-provider-cos", ".")
	for name, text := range map[string]string{
		"cli.tfrc": `provider_installation {
  dev_overrides {
    "encrypted-cos/cos" = "` + filepath.Join(dir, "build/bin") + `"
  }
}
`, "main.tf": restartConfig,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	credential := cosemu.DocumentedCredential()
	for _, args := range [][]string{{"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}} {
		p := startProcess(t, dir)
		command := exec.CommandContext(t.Context(), cli, args...)
		command.Dir = dir
		command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.tfrc"),
			"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color",
			"COS_ENDPOINT="+strings.NewReplacer(exampleBucket, "{bucket}", "ap-guangzhou", "{region}").Replace(p.base),
			"COS_CA_BUNDLE="+filepath.Join(dir, "trusted.pem"), "TENCENTCLOUD_REGION=ap-guangzhou",
			"TENCENTCLOUD_SECRET_ID="+credential.SecretID, "TENCENTCLOUD_SECRET_KEY="+credential.SecretKey)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
		p.kill()
	}
}

const restartConfig = `terraform {
  required_providers {
    cos = {
      source = "encrypted-cos/cos"
    }
  }
}

provider "cos" {
  customer_keys = { main = "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=" }
}

resource "cos_encrypted_object" "cos" {
  bucket  = "examplebucket-1250000000"
  key     = "cos"
  content = "Hello"
  tags    = { a = "b" }
  sse {
    cos {}
  }
}

resource "cos_encrypted_object" "kms" {
  bucket        = "examplebucket-1250000000"
  key           = "kms"
  content       = "Hello"
  storage_class = "STANDARD_IA"
  metadata      = { note = "kept" }
  sse {
    kms {}
  }
}

resource "cos_encrypted_object" "customer" {
  bucket  = "examplebucket-1250000000"
  key     = "customer"
  content = "Hello"
  sse {
    c {
      key_name = "main"
    }
  }
}
`

// script is what a reader does with a block: runs it, or saves it under the name in its first line.
func (b block) script(t *testing.T) string {
	t.Helper()
	switch b.language {
	case "shell":
		return b.text
	case "terraform":
		first, _, _ := strings.Cut(b.text, "\n")
		name, ok := strings.CutPrefix(first, "# ")
		if !ok {
			t.Fatalf("a block does not begin with the name of its file: %s", b.text)
		}
		return "cat > " + name + " <<'END OF THE BLOCK'\n" + b.text + "END OF THE BLOCK\n"
	}
	return "" // Go is cosemutest's example, a container needs a daemon
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// TestGuideNamesEverything keeps the tables of flags and of faults whole.
func TestGuideNamesEverything(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var usage strings.Builder
	_, _ = parseFlags([]string{"-h"}, noEnv, &usage)
	for _, match := range regexp.MustCompile(`(?m)^  -([a-z0-9-]+)`).FindAllStringSubmatch(usage.String(), -1) {
		if !strings.Contains(string(text), "`-"+match[1]) {
			t.Errorf("the guide does not name -%s", match[1])
		}
	}
	for _, kind := range cosemu.FaultKinds() {
		if !strings.Contains(string(text), "`"+kind+"`") {
			t.Errorf("the guide does not name the fault %s", kind)
		}
	}
}

// TestDockerfileBuildsTheProgram carries out what the Dockerfile copies and runs, without a daemon.
func TestDockerfileBuildsTheProgram(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, match := range regexp.MustCompile(`(?m)^COPY ([a-z./]+) ([a-z./]+)$`).FindAllStringSubmatch(string(text), -1) {
		from, to := filepath.Join("../..", match[1]), filepath.Join(dir, match[2])
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "cp", "-r", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	run := regexp.MustCompile(`(?m)^RUN (.*) && mkdir /data$`).FindStringSubmatch(string(text))
	if run == nil {
		t.Fatal("there is no RUN")
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(run[1], "-o /cosemu", "-o ./program", 1))
	command.Dir = dir
	command.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod -buildvcs=false")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	entry := regexp.MustCompile(`(?m)^ENTRYPOINT \["/cosemu", (.*)\]$`).FindStringSubmatch(string(text))
	if entry == nil {
		t.Fatal("there is no ENTRYPOINT")
	}
	args := strings.Split(strings.ReplaceAll(entry[1], `"`, ""), ", ")
	if _, err := parseFlags(args, noEnv, os.Stderr); err != nil {
		t.Error(err)
	}
	program := exec.CommandContext(t.Context(), filepath.Join(dir, "program"), args...)
	program.Env = []string{}
	if out, err := program.CombinedOutput(); err == nil || !strings.Contains(string(out), "credentials of your own") {
		t.Errorf("without a key pair: %v, %s", err, out)
	}
}
