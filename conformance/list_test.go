package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

func TestGood(t *testing.T) {
	t.Parallel()
	for result, want := range map[string]bool{
		"pass": true, "PutObject:200": true, "GetObject:206 PutObject:200": true,
		"fail": false, "": false, "GetObject:404-NoSuchKey": false, "GetObject:200 PutObject:501": false,
		"unexpected x": false,
	} {
		if good(result) != want {
			t.Errorf("good(%q) = %t", result, !want)
		}
	}
}

// TestCompare shows that nothing is accepted in silence: no other result, none that is new, none
// that is missing.
func TestCompare(t *testing.T) {
	t.Parallel()
	wanted := map[string]outcome{"a": {name: "a", result: passed}, "b": {name: "b", result: passed}}
	got := []outcome{{name: "a", result: "fail"}, {name: "c", result: passed}}
	differences := compare(wanted, got)
	want := []string{"a: fail, want pass", "c is not listed: pass", "b was not run"}
	if !slices.Equal(differences, want) {
		t.Errorf("differences = %q, want %q", differences, want)
	}
}

func TestListsNeedReasons(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"a: pass\n": true, "a: fail # because\n": true, "a: fail\n": false, "a: fail # ?\n": false,
		"a: pass\na: pass\n": false,
	} {
		file := filepath.Join(t.TempDir(), "list.txt")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readList(file, true); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestWriteListKeepsReasons shows that a reason goes when the result does.
func TestWriteListKeepsReasons(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "list.txt")
	known := map[string]outcome{
		"a": {name: "a", result: "fail", reason: "old"}, "b": {name: "b", result: "fail", reason: "old"},
	}
	err := writeList(file, []outcome{{name: "a", result: "fail"}, {name: "b", result: "skip"}}, known)
	text, readErr := os.ReadFile(file)
	if err != nil || readErr != nil || string(text) != "a: fail # old\nb: skip # ?\n" {
		t.Errorf("%q %v %v", text, err, readErr)
	}
}

// TestListsAreComplete reads those of this folder.
func TestListsAreComplete(t *testing.T) {
	t.Parallel()
	for name := range suites {
		list, err := readList(name+".txt", true)
		if err != nil || len(list) == 0 {
			t.Errorf("%s: %d results, %v", name, len(list), err)
		}
	}
}

// TestSDKIsTheProviders shows that what is tried here is what the provider uses.
func TestSDKIsTheProviders(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(regexp.QuoteMeta(sdkModule) + ` (v\S+)`)
	found := map[string]bool{}
	for _, file := range []string{"go.mod", "../go.mod"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[string(version.Find(text))] = true
	}
	if len(found) != 1 || found[""] {
		t.Errorf("the modules use %v", found)
	}
}
