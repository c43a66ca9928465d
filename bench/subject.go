package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A subject is a provider that is measured.
type subject struct {
	name   string
	binary string
	env    []string
	folder string
	source string // of the provider
	extra  string // arguments of the provider that only ours has
}

// prepare makes the folders that Terraform finds providers in.
func prepare(work, providers string) ([]subject, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	work, err = filepath.Abs(work)
	if err != nil {
		return nil, err
	}
	if providers, err = filepath.Abs(providers); err != nil {
		return nil, err
	}
	ours := fmt.Sprintf("endpoint_bucket = %q\n  endpoint_region = %q", bucket, region)
	subjects := []subject{
		{name: "floor", binary: "floor", source: "bench/cos"},
		{name: "shape", binary: "shape", source: "bench/cos"},
		{name: "head", binary: "ours", source: "encrypted-cos/cos", extra: ours},
		{name: "list", binary: "ours", source: "encrypted-cos/cos", extra: ours + "\n  refresh_mode = \"list\""},
	}
	for i := range subjects {
		s := &subjects[i]
		s.folder = filepath.Join(work, s.name)
		s.binary = filepath.Join(providers, s.binary)
		if _, err := os.Stat(s.binary); err != nil {
			return nil, err
		}
		if err := s.install(self); err != nil {
			return nil, err
		}
	}
	return subjects, nil
}

func (s *subject) install(self string) error {
	if err := os.RemoveAll(s.folder); err != nil {
		return err
	}
	bin := filepath.Join(s.folder, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(self, filepath.Join(bin, providerName)); err != nil {
		return err
	}
	cli := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n",
		s.source, bin)
	s.env = append(os.Environ(), realVariable+"="+s.binary, usageVariable+"="+s.usageFile(),
		"TF_CLI_CONFIG_FILE="+filepath.Join(s.folder, "cli.tfrc"), "CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "TF_LOG=", "XDG_CACHE_HOME="+filepath.Join(s.folder, "cache"))
	return os.WriteFile(filepath.Join(s.folder, "cli.tfrc"), []byte(cli), 0o644)
}

func (s *subject) usageFile() string { return filepath.Join(s.folder, "usage") }

// A step is one command that is measured.
type step struct {
	name string
	args []string
}

var (
	create     = step{"create", []string{"apply", "-auto-approve"}}
	unchanged  = step{"plan", []string{"plan", "-detailed-exitcode"}}
	change     = step{"change", []string{"apply", "-auto-approve", "-var", "revision=2"}}
	destroy    = step{"destroy", []string{"destroy", "-auto-approve"}}
	readSchema = step{"schema", []string{"providers", "schema", "-json"}}

	allSteps      = []step{readSchema, create, unchanged, change, destroy}
	createAndPlan = []step{create, unchanged}
)

// measure does the steps with size objects in a cloud and a folder of their own.
func (s *subject) measure(ctx context.Context, o options, size int, steps []step, r *results) error {
	cloud, err := startCloud(o.latency)
	if err != nil {
		return err
	}
	defer cloud.close()
	folder := filepath.Join(s.folder, "project")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := s.configure(folder, cloud, size); err != nil {
		return err
	}
	for _, step := range steps {
		if step.name == readSchema.name && size != o.sizes[0] {
			continue
		}
		m, err := s.command(ctx, o.cli, folder, step)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		m.requests = cloud.requests()
		if info, err := os.Stat(filepath.Join(folder, "terraform.tfstate")); err == nil {
			m.state = info.Size()
		}
		fmt.Fprintf(os.Stderr, "%-6s %5d %-8s %v\n", s.name, size, step.name, m)
		r.add(point{s.name, step.name, size}, m)
	}
	return nil
}

func (s *subject) configure(folder string, c *cloud, size int) error {
	ca := filepath.Join(folder, "ca.pem")
	if err := c.trust(ca); err != nil {
		return err
	}
	config := fmt.Sprintf(`terraform {
  required_providers {
    cos = { source = %q }
  }
}

provider "cos" {
  region           = %q
  secret_id        = "AKIDbench"
  secret_key       = "bench"
  endpoint         = %q
  custom_ca_bundle = %q
  %s
}

variable "revision" {
  default = 1
}

resource "cos_encrypted_object" "this" {
  count    = %d
  bucket   = %q
  key      = "objects/${count.index}"
  content  = format("%%01024d", count.index)
  metadata = { revision = var.revision }

  sse {
    cos {}
  }
}
`, s.source, region, c.server.URL, ca, s.extra, size, bucket)
	return os.WriteFile(filepath.Join(folder, "main.tf"), []byte(config), 0o644)
}

func (s *subject) command(ctx context.Context, cli, folder string, step step) (measured, error) {
	command := exec.CommandContext(ctx, cli, append(step.args, flagsOf(step)...)...)
	command.Dir, command.Env = folder, s.env
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	started := time.Now()
	err := command.Run()
	wall := time.Since(started)
	// With -detailed-exitcode a plan that is not empty fails too, with 2.
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) || err != nil {
		return measured{}, fmt.Errorf("%w\n%s", err, output.Bytes())
	}
	provider, err := readUsage(s.usageFile())
	if err != nil {
		return measured{}, err
	}
	return measured{
		wall: wall, all: usageOf(command.ProcessState).CPU, provider: provider.CPU, peak: provider.Peak,
	}, nil
}

func flagsOf(s step) []string {
	if s.name == readSchema.name {
		return nil
	}
	return []string{"-input=false", "-no-color"}
}
