package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// page is where the story is told.
type page struct{ out io.Writer }

func (p page) heading(number int, title string) {
	line := fmt.Sprintf("Act %d. %s", number, title)
	fmt.Fprintf(p.out, "\n%s\n%s\n\n", line, strings.Repeat("=", len(line)))
}

func (p page) say(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// quote indents what another program has printed.
func (p page) quote(text string) {
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		fmt.Fprintln(p.out, strings.TrimRight("    "+line, " "))
	}
	fmt.Fprintln(p.out)
}

// table prints rows of cells under a head.
func (p page) table(rows ...[]string) {
	w := tabwriter.NewWriter(p.out, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, "    "+strings.Join(row, "\t"))
	}
	_ = w.Flush()
	fmt.Fprintln(p.out)
}

// requests prints a journal.
func (p page) requests(journal []request) {
	rows := [][]string{{"REQUEST", "OBJECT", "ANSWER", "ENCRYPTION", "BYTES UPLOADED"}}
	for _, r := range journal {
		rows = append(rows, []string{
			r.Op, cmp.Or(r.Key, "(list)"), fmt.Sprint(r.Status), r.encryption(),
			fmt.Sprint(r.BytesIn),
		})
	}
	p.say("What COS was asked (%d requests):", len(journal))
	p.table(rows...)
}

// planText is the part of the CLI's output that says what would change.
func planText(output string) string {
	_, text, found := strings.Cut(output, "will perform the following actions:\n")
	if !found {
		return output
	}
	start := strings.Index(text, "\nPlan:")
	if start < 0 {
		return text
	}
	end := strings.IndexByte(text[start+1:], '\n')
	if end < 0 {
		return text
	}
	return text[:start+1+end]
}

// lastLine returns the output's line that starts with prefix, for example "Apply complete!".
func lastLine(output, prefix string) string {
	found := ""
	for line := range strings.SplitSeq(output, "\n") {
		if strings.HasPrefix(line, prefix) {
			found = line
		}
	}
	return found
}

// claim is something that an act shows.
type claim struct {
	holds bool
	text  string
}

// that makes a claim.
func that(holds bool, format string, args ...any) claim {
	return claim{holds: holds, text: fmt.Sprintf(format, args...)}
}

// prove prints claims and fails if one of them does not hold.
func (p page) prove(claims ...claim) error {
	var failed []string
	for _, c := range claims {
		mark := "[ok]    "
		if !c.holds {
			mark = "[FAILED]"
			failed = append(failed, c.text)
		}
		p.say("%s %s", mark, c.text)
	}
	if len(failed) > 0 {
		return fmt.Errorf("not shown: %s", strings.Join(failed, "; "))
	}
	return nil
}
