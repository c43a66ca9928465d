package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// outcome is what one test, example or call got: pass, or what else, with the reason why that is
// right.
type outcome struct{ name, result, reason string }

func compareOutcomes(a, b outcome) int { return strings.Compare(a.name, b.name) }

// passed is the result that needs no reason.
const passed = "pass"

// good reports a result that is a success: pass, or a list of operations that all succeeded.
func good(result string) bool {
	if result == passed {
		return true
	}
	for part := range strings.FieldsSeq(result) {
		_, status, _ := strings.Cut(part, ":")
		if !strings.HasPrefix(status, "2") {
			return false
		}
	}
	return result != ""
}

// readList reads lines of the form "name: result # reason". A list that is not there is empty. To be
// complete, a list gives the reason of whatever is no success.
func readList(file string, complete bool) (map[string]outcome, error) {
	list := map[string]outcome{}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		text, reason, _ := strings.Cut(lines.Text(), " # ")
		name, result, found := strings.Cut(text, ": ")
		if !found {
			continue
		}
		o := outcome{name: name, result: strings.TrimSpace(result), reason: strings.TrimSpace(reason)}
		if _, twice := list[name]; twice {
			return nil, fmt.Errorf("%s is listed twice", name)
		}
		if complete && !good(o.result) && (o.reason == "" || o.reason == unexplained) {
			return nil, fmt.Errorf("%s: %s has no reason", name, o.result)
		}
		list[name] = o
	}
	return list, lines.Err()
}

// compare says what differs between a list and what was got.
func compare(wanted map[string]outcome, got []outcome) []string {
	var differences []string
	seen := map[string]bool{}
	for _, o := range got {
		seen[o.name] = true
		switch want, ok := wanted[o.name]; {
		case !ok:
			differences = append(differences, fmt.Sprintf("%s is not listed: %s", o.name, o.result))
		case want.result != o.result:
			differences = append(differences, fmt.Sprintf("%s: %s, want %s", o.name, o.result, want.result))
		}
	}
	for name := range wanted {
		if !seen[name] {
			differences = append(differences, name+" was not run")
		}
	}
	return differences
}

// unexplained stands for a reason that somebody has to give before the list is accepted.
const unexplained = "?"

// writeList writes what was got. Reasons are kept where the result is as it was.
func writeList(file string, got []outcome, known map[string]outcome) error {
	var b strings.Builder
	for _, o := range got {
		b.WriteString(o.name + ": " + o.result)
		switch {
		case known[o.name].result == o.result && known[o.name].reason != "":
			b.WriteString(" # " + known[o.name].reason)
		case !good(o.result):
			b.WriteString(" # " + unexplained)
		}
		b.WriteString("\n")
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// summary counts results.
func summary(got []outcome) string {
	successes := 0
	for _, o := range got {
		if good(o.result) {
			successes++
		}
	}
	return fmt.Sprintf("%d succeed, %d do not, as listed and explained", successes, len(got)-successes)
}
