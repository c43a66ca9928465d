package audit

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Report is what WriteReport shows.
type Report struct {
	Options  Options
	Findings *Findings
	// Violations are objects in violation, as many as the page is to name.
	Violations []Sample
	Provider   string
}

// ReportMark is in the beginning of every page, and of no other file.
const ReportMark = `<meta name="generator" content="terraform-provider-cos encryption report">`

// ReportViolations is how many violations a page names at most.
const ReportViolations = 1000

var (
	//go:embed report.html.tmpl
	reportText string
	//go:embed report.css
	reportStyle string

	reportTemplate = template.Must(template.New("report").Parse(reportText))
)

// reportPage is what the template knows.
type reportPage struct {
	Policy, Style                   any
	Bucket, Region, Prefix          string
	Verdict, VerdictClass, Demanded string
	Sentences                       []string
	Charts                          []chart
	Violations                      []reportedObject
	MoreViolations                  int64
	Unseen                          []reportedCount
	Excluded                        []string
	Facts                           []reportedFact
}

// chart is a table with bars.
type chart struct {
	Title, Column string
	Bars          []bar
}

type bar struct {
	Label                       string
	Objects, Bytes              string
	ObjectsPercent, BytesLength string
}

type reportedObject struct{ Key, Version, Found, Problem, Size, Blocked string }

type reportedCount struct{ Name, Count string }

type reportedFact struct{ Name, Value string }

// WriteReport writes findings as one HTML page that stands for itself: no script, nothing from the
// network, and a policy that forbids both.
func WriteReport(w io.Writer, report Report) error {
	return reportTemplate.Execute(w, newReportPage(report))
}

func newReportPage(report Report) reportPage {
	f, o := report.Findings, report.Options
	sum := sha256.Sum256([]byte(reportStyle))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	verdict, class := verdictOf(f)
	page := reportPage{
		Policy: "default-src 'none'; img-src data:; style-src 'sha256-" + hash + "'; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(reportStyle), //nolint:gosec // It is part of this program.
		Bucket: o.Bucket.Bucket, Region: o.Bucket.Region, Prefix: Visible(o.Prefix),
		Verdict: verdict, VerdictClass: class, Demanded: demandOf(o.Expectation),
		Sentences: sentencesOf(f), Charts: chartsOf(f), Unseen: unseenOf(f),
		MoreViolations: f.Violations.Objects - int64(len(report.Violations)),
	}
	for _, beginning := range o.Exclude {
		page.Excluded = append(page.Excluded, Visible(beginning))
	}
	for _, v := range report.Violations {
		page.Violations = append(page.Violations, reportedObject{
			Key: Visible(v.Key), Version: Visible(v.VersionID), Found: Visible(v.Found.String()),
			Problem: Visible(v.Problem), Size: bytesText(v.Size), Blocked: string(v.Blocked),
		})
	}
	page.Facts = []reportedFact{
		{"Listing began", timeText(f.ListedAt)},
		{"Audit ended", timeText(f.EndedAt)},
		{"Requests", count(f.Requests)},
		{"Objects looked at", count(f.Heads)},
		{"Objects proven by the ledger", count(f.Proven)},
		{"Digest of listing and findings", f.ListingSHA256},
		{"Made by", report.Provider},
	}
	return page
}

func verdictOf(f *Findings) (text, class string) {
	switch {
	case f.Compliant():
		return "Every object is encrypted as expected", "good"
	case f.Violations.Objects > 0:
		return fmt.Sprintf("%s of %s objects are not encrypted as expected",
			count(f.Violations.Objects), count(f.Total.Objects)), "bad"
	case f.Unknown.Objects > 0:
		return fmt.Sprintf("Of %s of %s objects it is not known", count(f.Unknown.Objects),
			count(f.Total.Objects)), "open"
	}
	return "Not everything was looked at", "open"
}

func sentencesOf(f *Findings) []string {
	sentences := []string{fmt.Sprintf("%s objects of %s in all.", count(f.Total.Objects),
		bytesText(f.Total.Bytes))}
	add := func(n int64, text string) {
		if n > 0 {
			sentences = append(sentences, fmt.Sprintf(text, count(n)))
		}
	}
	add(f.Excluded.Objects, "%s objects are excluded and were not looked at.")
	add(f.Unknown.Objects, "%s objects could not be seen; they count as not encrypted as expected.")
	add(f.Vanished, "%s objects were deleted while they were looked at.")
	add(f.Unnamable, "%s objects have names that Terraform cannot carry; names are shown percent-encoded.")
	if !f.Complete {
		sentences = append(sentences, "The audit did not come to its end ("+cmp.Or(f.Stopped, "error")+
			"): nothing is said of what it did not reach.")
	}
	return sentences
}

func demandOf(e Expectation) string {
	var demands []string
	if e.Wanted != nil {
		demands = append(demands, e.Wanted.String())
	}
	for _, mode := range e.modes() {
		demands = append(demands, string(mode))
	}
	text := strings.Join(demands, " or ")
	if len(e.KMSKeyIDs) > 0 {
		text += "; KMS keys " + strings.Join(e.KMSKeyIDs, ", ")
	}
	if len(e.KeyMD5s) > 0 {
		text += "; SSE-C keys " + strings.Join(e.KeyMD5s, ", ")
	}
	return Visible(text)
}

func chartsOf(f *Findings) []chart {
	modes := map[string]*Tally{}
	for facts, tally := range f.ByEncryption {
		modes[facts.String()] = tally
	}
	return []chart{
		newChart("By mode and key", "Encryption", modes, f.Total),
		newChart("By storage class", "Class", f.ByClass, f.Total),
		newChart("By first folder", "Folder", f.ByFolder, f.Total),
	}
}

// maxBars is how many bars a chart has.
const maxBars = 30

func newChart(title, column string, groups map[string]*Tally, total Tally) chart {
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[b].Objects, groups[a].Objects), cmp.Compare(a, b))
	})
	drawn := chart{Title: title, Column: column}
	rest := Tally{}
	for i, name := range names {
		if i < maxBars {
			drawn.Bars = append(drawn.Bars, newBar(name, *groups[name], total))
			continue
		}
		rest.Objects += groups[name].Objects
		rest.Bytes += groups[name].Bytes
	}
	if rest.Objects > 0 {
		drawn.Bars = append(drawn.Bars, newBar(Other, rest, total))
	}
	return drawn
}

func newBar(label string, tally, total Tally) bar {
	if label == "" {
		label = "(none)"
	}
	return bar{
		Label: Visible(label), Objects: count(tally.Objects), Bytes: bytesText(tally.Bytes),
		ObjectsPercent: percent(tally.Objects, total.Objects),
		BytesLength:    percent(tally.Bytes, total.Bytes),
	}
}

// percent is a length of a bar of 100. What is there is never drawn as nothing.
func percent(part, whole int64) string {
	if part <= 0 || whole <= 0 {
		return "0"
	}
	return strconv.FormatFloat(max(0.5, 100*float64(part)/float64(whole)), 'f', 1, 64)
}

func unseenOf(f *Findings) []reportedCount {
	texts := map[Reason]string{
		ReasonDenied:   "COS refused to show them: a permission or a key is missing",
		ReasonError:    "COS failed when it was asked",
		reasonChanging: "they changed while they were looked at",
		reasonVanished: "they are listed and not found",
		reasonKey:      "their names cannot be asked for",
	}
	var counts []reportedCount
	for _, why := range []Reason{
		ReasonDenied, ReasonError, reasonChanging, reasonVanished, reasonKey,
	} {
		if n := f.UnknownBy[why]; n > 0 {
			counts = append(counts, reportedCount{texts[why], count(n)})
		}
	}
	if f.NotLooked > 0 {
		counts = append(counts, reportedCount{"the audit's bounds were reached", count(f.NotLooked)})
	}
	for _, name := range f.UnnamableKeys {
		counts = append(counts, reportedCount{"for example, of a name that Terraform cannot carry", name})
	}
	return counts
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// count writes a number with thin groups of three digits.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}

func bytesText(n int64) string {
	size, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if size < 1024 {
			break
		}
		size, unit = size/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}

// Visible writes characters that a reader cannot see, or that would change how the rest reads, as
// their numbers: a name must not look like another one.
func Visible(text string) string {
	var out strings.Builder
	for i, r := range text {
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&out, "\\x%02x", text[i])
		case r == ' ':
			out.WriteRune(r)
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Zs, unicode.Co):
			fmt.Fprintf(&out, "\\u{%04x}", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
