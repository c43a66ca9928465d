package audit

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// browserVariable names a Chromium; make report-check sets it and installs one.
const browserVariable = "COS_TEST_BROWSER"

// browser looks at a page.
type browser struct {
	t    *testing.T
	path string
	page string
	dir  string
}

// run starts the browser and returns what it printed and logged.
func (b browser) run(args ...string) (out, log string) {
	b.t.Helper()
	profile := b.t.TempDir()
	command := exec.CommandContext(b.t.Context(), b.path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-extensions",
		"--disable-background-networking", "--user-data-dir=" + profile, "--enable-logging=stderr",
	}, append(args, "file://"+b.page)...)...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		b.t.Fatalf("%v\n%s", err, stderr.String())
	}
	return stdout.String(), stderr.String()
}

// picture is a screenshot of the whole page.
func (b browser) picture(name, width string, args ...string) string {
	b.t.Helper()
	file := filepath.Join(b.dir, name+".png")
	netlog := filepath.Join(b.dir, name+".net")
	_, log := b.run(append(args, "--window-size="+width+",3400", "--screenshot="+file,
		"--log-net-log="+netlog)...)
	for line := range strings.Lines(log) {
		if strings.Contains(line, "CONSOLE") {
			b.t.Errorf("%s: the browser complains: %s", name, line)
		}
	}
	requests, err := os.ReadFile(netlog)
	must(b.t, err)
	for _, scheme := range []string{`"url":"http`, `"url":"ws`, `"url": "http`} {
		for rest := string(requests); ; {
			at := strings.Index(rest, scheme)
			if at < 0 {
				break
			}
			rest = rest[at+1:]
			address, _, _ := strings.Cut(rest[len(scheme)-5:], `"`)
			// The browser itself asks its maker for updates.
			if !strings.Contains(address, "google") && !strings.Contains(address, "gvt1.com") {
				b.t.Errorf("%s: the page asked for %s", name, address)
			}
		}
	}
	return file
}

// margins fails unless a picture is there, is as bright as it should be, and keeps its edge free:
// what does not fit a screen would reach it.
func margins(t *testing.T, file string, dark bool) {
	t.Helper()
	content, err := os.ReadFile(file)
	must(t, err)
	picture, err := png.Decode(bytes.NewReader(content))
	must(t, err)
	bounds := picture.Bounds()
	paper := picture.At(bounds.Min.X+1, bounds.Min.Y+1)
	if gray := color.GrayModel.Convert(paper).(color.Gray).Y; (gray < 80) != dark {
		t.Errorf("%s: the paper has brightness %d", file, gray)
	}
	ink := 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Max.X - 6; x < bounds.Max.X; x++ {
			if picture.At(x, y) != paper {
				t.Fatalf("%s: something reaches the edge at %d,%d", file, x, y)
			}
		}
		if picture.At(bounds.Min.X+24, y) != paper {
			ink++
		}
	}
	if ink < 100 {
		t.Errorf("%s: the page is empty", file)
	}
}

// top keeps the upper part of a picture.
func top(t *testing.T, file, keep string) {
	t.Helper()
	content, err := os.ReadFile(file)
	must(t, err)
	picture, err := png.Decode(bytes.NewReader(content))
	must(t, err)
	whole, ok := picture.(interface {
		SubImage(r image.Rectangle) image.Image
	})
	if !ok {
		t.Fatalf("a picture is a %T", picture)
	}
	var out bytes.Buffer
	must(t, png.Encode(&out, whole.SubImage(image.Rect(0, 0, 1000, 1100))))
	must(t, os.WriteFile(keep, out.Bytes(), 0o644)) //nolint:gosec // It is for everybody.
}

// The report in a real browser: it renders, logs nothing, asks the network for nothing, fits a
// telephone, and has a dark mode and a printed form.
func TestReportInABrowser(t *testing.T) {
	path := os.Getenv(browserVariable)
	if path == "" {
		t.Skip(browserVariable + " names no browser: make report-check installs one")
	}
	b := browser{t: t, path: path, dir: t.TempDir(), page: filepath.Join(t.TempDir(), "report.html")}
	file, err := os.Create(b.page)
	must(t, err)
	must(t, WriteReport(file, sampleReport()))
	must(t, file.Close())

	wide := b.picture("wide", "1000")
	margins(t, wide, false)
	margins(t, b.picture("narrow", "390"), false)
	margins(t, b.picture("dark", "1000", "--blink-settings=preferredColorScheme=0"), true)

	dom, _ := b.run("--dump-dom")
	for _, want := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", `role="status"`, `<th scope="row">SSE-COS AES256</th>`,
	} {
		if !strings.Contains(dom, want) {
			t.Errorf("the document lacks %s", want)
		}
	}
	if strings.Contains(dom, "<script") || strings.Contains(dom, "<img") {
		t.Error("a name became an element")
	}
	pdf := filepath.Join(b.dir, "report.pdf")
	b.run("--print-to-pdf=" + pdf)
	if content, err := os.ReadFile(pdf); err != nil || !bytes.HasPrefix(content, []byte("%PDF")) {
		t.Errorf("it does not print: %v", err)
	}
	if keep := os.Getenv("COS_REPORT_PICTURE"); keep != "" {
		top(t, wide, keep)
	}
}
