package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// node runs the script of this folder over the object functions of the official Node SDK, which npm
// installs by the lock file.
func node(ctx context.Context, p place) ([]outcome, error) {
	for _, name := range []string{"package.json", "package-lock.json", "objects.js"} {
		body, err := os.ReadFile(filepath.Join(p.lists, "node", name))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(p.work, name), body, 0o644); err != nil {
			return nil, err
		}
	}
	install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = p.work
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm ci: %w: %s", err, out)
	}
	e, err := p.startEmulator(ctx, "-region", "ap-guangzhou", "-bucket", "node-1250000000",
		"-versioned-bucket", "versions-1250000000")
	if err != nil {
		return nil, err
	}
	script := exec.CommandContext(ctx, "node", "objects.js")
	script.Dir, script.Env = p.work, e.environment("PROXY="+e.proxy)
	script.Stderr = os.Stderr
	out, err := script.Output()
	if err != nil {
		return nil, fmt.Errorf("objects.js: %w: %s", err, out)
	}
	var got []outcome
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if name, result, found := strings.Cut(lines.Text(), ": "); found {
			got = append(got, outcome{name: name, result: result})
		}
	}
	return got, e.stop()
}
