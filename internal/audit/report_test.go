package audit

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// sampleReport has everything that a page can show, with names that want to do harm.
func sampleReport() Report {
	f := newFindings()
	f.Total, f.Violations = Tally{1_250_000, 9 << 40}, Tally{41_233, 3 << 30}
	f.Excluded, f.Unknown, f.Vanished = Tally{12, 99}, Tally{3, 30}, 1
	f.UnknownBy, f.NotLooked = map[Reason]int64{ReasonDenied: 1, reasonChanging: 1}, 1
	f.Unnamable, f.UnnamableKeys = 1, []string{"e%CC%81"}
	f.Complete, f.Stopped, f.ListingSHA256 = false, StoppedDuration, strings.Repeat("ab", 32)
	f.ListedAt = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	f.EndedAt, f.Requests, f.Heads, f.Proven = f.ListedAt.Add(time.Hour), 2_500, 1_250, 1_248_750
	for facts, tally := range map[cosapi.EncryptionStatus]Tally{
		{Mode: cosapi.ModeNone}:                              {41_233, 3 << 30},
		{Mode: cosapi.ModeSSECOS, Algorithm: "AES256"}:       {300_000, 1 << 40},
		{Mode: cosapi.ModeSSEKMS, KMSKeyID: "48ba38aa-26c5"}: {908_764, 8 << 40},
		UnknownEncryption:                                    {3, 30},
	} {
		f.ByEncryption[facts] = &tally
	}
	f.ByClass = map[string]*Tally{"STANDARD": {1_000_000, 8 << 40}, "ARCHIVE": {250_000, 1 << 40}}
	for i := range 40 {
		f.ByFolder[fmt.Sprintf("folder-%02d/", i)] = &Tally{int64(1000 * (i + 1)), int64(i) << 30}
	}
	f.ByFolder[`<img src=x onerror=alert(1)>/`] = &Tally{900_000, 5 << 40}
	return Report{
		Options: Options{
			Bucket: cosapi.ObjectRef{Bucket: "examplebucket-1250000000", Region: "ap-guangzhou"},
			Prefix: "data/", Exclude: []string{"data/public/"},
			Expectation: Expectation{Wanted: &cosapi.EncryptionStatus{
				Mode: cosapi.ModeSSEKMS, KMSKeyID: "48ba38aa-26c5",
			}},
		},
		Findings: f, Provider: "terraform-provider-cos test",
		Violations: []Sample{
			{Key: "data/<script>alert(1)</script>", Size: 5, Problem: "it is not encrypted"},
			{Key: "data/\u202egnp.exe\u2066\x00\x1b[31m", Size: 5 << 20, Problem: "it is not encrypted"},
			{
				Key: "data/" + strings.Repeat("very-long-name-", 50), Size: 1 << 40, VersionID: "v1",
				Problem: "it is encrypted with another KMS key", Blocked: ReasonArchived,
				Found: cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS, KMSKeyID: "old"},
			},
			{Key: "data/\u200b\ufeff\u00a0\xff\"'&", Problem: "it is not encrypted"},
		},
	}
}

func TestReportEscapes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	must(t, WriteReport(&out, sampleReport()))
	page := out.String()
	for _, forbidden := range []string{
		"<script", "<img", "\u202e", "\u2066", "\x00", "\x1b", "\u200b", "\ufeff", "\u00a0", "http://",
		"https://", "javascript:", "ZgotmplZ", " style=",
	} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page holds %q", forbidden)
		}
	}
	if on := regexp.MustCompile(`<[^>]*\son\w+=`).FindString(page); on != "" {
		t.Errorf("the page has a handler: %s", on)
	}
	if at := strings.Index(page, ReportMark); at < 0 || at > 1000 {
		t.Errorf("the mark is at %d", at)
	}
	for _, wanted := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", `\u{202e}gnp.exe\u{2066}\u{0000}\u{001b}[31m`,
		`\u{200b}\u{feff}\u{00a0}\xff`, "41\u202f233 of 1\u202f250\u202f000 objects", "default-src &#39;none&#39;",
		"data/public/", "e%CC%81", "And 41229 more.", "did not come to its end (max_duration)",
	} {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page lacks %q", wanted)
		}
	}
	if path := os.Getenv("COS_SAMPLE_REPORT"); path != "" {
		must(t, os.WriteFile(path, out.Bytes(), 0o600))
	}
}

func TestReportVerdict(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Findings){
		"Every object is encrypted as expected":         func(*Findings) {},
		"1 of 10 objects are not encrypted as expected": func(f *Findings) { f.Violations.Objects = 1 },
		"Of 2 of 10 objects it is not known":            func(f *Findings) { f.Unknown.Objects = 2 },
		"Not everything was looked at":                  func(f *Findings) { f.Complete = false },
	} {
		f := newFindings()
		f.Complete, f.Total.Objects = true, 10
		change(f)
		var out bytes.Buffer
		must(t, WriteReport(&out, Report{Findings: f}))
		if !strings.Contains(out.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain/é 漢": "plain/é 漢", "a\u202eb": `a\u{202e}b`, "\n\t": `\u{000a}\u{0009}`,
		"\xff": `\xff`, "\uFFFD": "\uFFFD", "\u2028": `\u{2028}`, "": "",
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestAttestation(t *testing.T) {
	t.Parallel()
	report := sampleReport()
	report.Findings.Ledger = &Ledger{Key: "l", SHA256: "s", Rows: 7}
	report.Findings.Blocked[ReasonArchived] = &Tally{2, 3}
	first, err := Attest(report.Options, report.Findings, "p", "direct").JSON()
	must(t, err)
	again, err := Attest(report.Options, report.Findings, "p", "direct").JSON()
	must(t, err)
	if !bytes.Equal(first, again) {
		t.Error("equal findings have different documents")
	}
	for _, wanted := range []string{
		`"account": "1250000000"`, `"compliant": false`, `"stopped": "max_duration"`,
		`"mode": "SSE-KMS"`, `"excluded_prefixes": [`, `"archived": {`, `"began": "2026-11-25T10:00:00Z"`,
		`"not_addressable": 1`, `"objects": 908764`, `"rows": 7`,
	} {
		if !strings.Contains(string(first), wanted) {
			t.Errorf("the attestation lacks %s:\n%s", wanted, first)
		}
	}
	if strings.Contains(string(first), "data/<") {
		t.Error("the attestation names an object")
	}
}
