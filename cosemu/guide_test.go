package cosemu

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGuideSaysWhatIsModelled holds the tables of the guide to the routes: each operation once, what
// is stored as stored, and each parameter that is refused with its reason.
func TestGuideSaysWhatIsModelled(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../templates/guides/emulator.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	listed, refused := map[string]string{}, map[string]string{}
	word := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		switch len(cells) {
		case 3:
			for _, match := range word.FindAllStringSubmatch(cells[1], -1) {
				if _, twice := listed[match[1]]; twice {
					t.Errorf("%s is listed twice", match[1])
				}
				listed[match[1]] = strings.TrimSpace(cells[2])
			}
		case 2:
			if match := word.FindStringSubmatch(cells[0]); match != nil {
				refused[match[1]] = strings.TrimSpace(cells[1])
			}
		}
	}
	stored := func(op string) bool {
		for _, kind := range storedKinds {
			if slices.Contains([]string{"Get" + kind.name, "Put" + kind.name, "Delete" + kind.name}, op) {
				return true
			}
		}
		return false
	}
	for _, routes := range append(allRoutes(), controlOps) {
		for _, entry := range routes {
			want := "modelled"
			if stored(entry.op) {
				want = "stored"
			}
			if !strings.HasPrefix(listed[entry.op], want) {
				t.Errorf("%s is listed as %q, want %s", entry.op, listed[entry.op], want)
			}
			delete(listed, entry.op)
		}
	}
	for op := range listed {
		t.Errorf("%s is listed and does not exist", op)
	}
	for name, reason := range notModelled {
		if refused[name] != reason {
			t.Errorf("%s is refused because it %q, the guide says %q", name, reason, refused[name])
		}
		delete(refused, name)
	}
	for name := range refused {
		t.Errorf("the guide refuses %s, the emulator does not", name)
	}
}
