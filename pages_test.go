package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// make examples-check plans the HCL of pages; the rest of what they say is checked here.

// pages are all pages that people read, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{".", "docs", "templates", "examples"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			isPage := strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".md.tmpl")
			switch {
			case err != nil:
				return err
			case entry.IsDir() && root == "." && path != ".":
				return fs.SkipDir
			case entry.IsDir() || !isPage:
				return nil
			}
			content, err := os.ReadFile(path)
			all[path] = string(content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d pages", len(all))
	}
	return all
}

// blocks are the fenced blocks of a page in one of the languages.
func blocks(page string, languages ...string) []string {
	var found []string
	var block *strings.Builder
	for line := range strings.Lines(page) {
		fence, ok := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case ok && block != nil:
			found, block = append(found, block.String()), nil
		case ok && slices.Contains(languages, fence):
			block = &strings.Builder{}
		case block != nil:
			block.WriteString(line)
		}
	}
	return found
}

func TestJSONOfPagesParses(t *testing.T) {
	t.Parallel()
	checked := 0
	for path, page := range pages(t) {
		for _, block := range blocks(page, "json") {
			checked++
			if !json.Valid([]byte(block)) {
				t.Errorf("%s: no JSON:\n%s", path, block)
			}
		}
	}
	if checked < 5 {
		t.Errorf("only %d blocks", checked)
	}
}

func TestMakeTargetsOfPagesExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("GNUmakefile")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("(?m)(?:`|^)make ([a-z][a-z-]*)")
	checked := 0
	for path, page := range pages(t) {
		for _, match := range named.FindAllStringSubmatch(page, -1) {
			checked++
			if !strings.Contains(string(makefile), "\n"+match[1]+":") {
				t.Errorf("%s: there is no make %s", path, match[1])
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d commands", checked)
	}
}

func TestScriptsOfPagesExist(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`(?m)(?:^|[ (` + "`" + `])((?:scripts|cmd|\.ci|bench)/[a-z./-]*[a-z])`)
	for path, page := range pages(t) {
		for _, match := range named.FindAllStringSubmatch(page, -1) {
			if _, err := os.Stat(match[1]); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
