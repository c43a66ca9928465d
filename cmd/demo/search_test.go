package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

// savedPlan writes a file like a saved plan: an archive whose members are compressed.
func savedPlan(t *testing.T, members map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.tfplan")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(file)
	for name, content := range members {
		member, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSearchFindsEverySpellingOfAKey(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]customerKey{"text": newTextKey(), "binary": newBinaryKey()} {
		for _, spelling := range append(key.spellings(), key.text) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				path := savedPlan(t, map[string]string{
					"tfplan": "nothing", "tfstate": `{"key": "` + spelling + `"}`,
				})
				contents, err := searchable(path)
				if err != nil {
					t.Fatal(err)
				}
				if occurrences(contents, key.spellings()) != 1 {
					t.Error("the key in a saved plan was not found")
				}
			})
		}
	}
}

func TestSearchOpensPlansOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	if err := os.WriteFile(path, []byte(`{"md5": "abc", "again": "abc"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	contents, err := searchable(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := occurrences(contents, []string{"abc", "xyz"}); got != 2 {
		t.Errorf("occurrences = %d, want 2", got)
	}
}

func TestKeysAreNewInEveryRun(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 2 {
		for _, key := range newScenario().customerKeys() {
			if len(key.raw) != 32 {
				t.Errorf("a key of %d bytes, want 32", len(key.raw))
			}
			if seen[key.text] {
				t.Error("a key came twice")
			}
			seen[key.text] = true
		}
	}
}
