package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// program is a running emulator.
type program struct {
	ready, notes *bufio.Reader
	stop         context.CancelFunc
	ended        chan error
}

// start runs the program until the test ends.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	stdout, outWriter := io.Pipe()
	stderr, errWriter := io.Pipe()
	p := &program{
		ready: bufio.NewReader(stdout), notes: bufio.NewReader(stderr), stop: stop,
		ended: make(chan error, 1),
	}
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), outWriter, errWriter)
		_, _ = outWriter.Close(), errWriter.Close()
		p.ended <- err
	}()
	t.Cleanup(stop)
	return p
}

// line reads one line of an output.
func line(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("reading a line: %v, %q", err, text)
	}
	return strings.TrimSuffix(text, "\n")
}

func TestProgramServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	p := start(t, "-ca-out", caFile, "-region", "ap-beijing", "-bucket", "demo-1250000000")
	ready := line(t, p.ready)
	form := regexp.MustCompile(
		`^cosemu ready https://\{bucket\}\.cos\.ap-beijing\.localhost:([0-9]+)$`)
	match := form.FindStringSubmatch(ready)
	if match == nil {
		t.Fatalf("ready line = %q", ready)
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: roots, ServerName: "demo-1250000000.cos.ap-beijing.localhost",
	}}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, "https://127.0.0.1:"+match[1]+"/key", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "demo-1250000000.cos.ap-beijing.localhost:" + match[1]
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("unsigned request = %d, want 403", response.StatusCode)
	}
	p.stop()
	rest, err := io.ReadAll(p.ready)
	if err != nil || len(rest) > 0 {
		t.Errorf("more on standard output: %q, %v", rest, err)
	}
	if err := <-p.ended; err != nil {
		t.Errorf("run = %v", err)
	}
	if _, err := client.Do(request); err == nil {
		t.Error("the program still serves")
	}
}

func TestProgramServesJournalAndHTTP(t *testing.T) {
	t.Parallel()
	p := start(t, "-admin", "127.0.0.1:0", "-http-addr", "127.0.0.1:0")
	if got := line(t, p.notes); !strings.HasPrefix(got, "cosemu http http://{bucket}.cos.{region}.") {
		t.Errorf("line of -http-addr = %q", got)
	}
	address, found := strings.CutPrefix(line(t, p.notes), "cosemu admin ")
	if !found {
		t.Fatalf("line of -admin = %q", address)
	}
	line(t, p.ready)
	response, err := http.Get(address + "/journal")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "[]\n" {
		t.Errorf("journal = %q", body)
	}
}

func TestProgramRefuses(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"public-admin":                {"-admin", "0.0.0.0:0"},
		"public-address":              {"-addr", ":0"},
		"public-proxy":                {"-proxy-addr", "0.0.0.0:0"},
		"public-http":                 {"-http-addr", "192.0.2.1:80"},
		"unwritable-ca":               {"-ca-out", filepath.Join(t.TempDir(), "missing", "ca.pem")},
		"remote-with-documented-pair": {"-allow-remote"},
		"remote-with-short-key":       {"-allow-remote", "-secret-id", "id", "-secret-key", "short"},
		"kms-state":                   {"-kms-key", "id=lost"},
		"wrong-key-status":            {"-wrong-key-status", "404"},
		"unknown-region":              {"-bucket", "demo-1250000000@ap-nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			var stdout strings.Builder
			args := append([]string{"-addr", "127.0.0.1:0"}, args...)
			if err := run(ctx, args, &stdout, io.Discard); err == nil {
				t.Error("it serves")
			}
			if stdout.Len() > 0 {
				t.Errorf("it claims to be ready: %s", stdout.String())
			}
		})
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	got, err := parseFlags(strings.Fields("-addr 127.0.0.1:1 -admin 127.0.0.1:2 -http-addr "+
		"127.0.0.1:3 -proxy-addr 127.0.0.1:4 -ca-out ca.pem -region a -region b -bucket c -bucket d@b -versioned-bucket e "+
		"-secret-id id -secret-key key -kms-key f -kms-key g -latency 20ms -restore-delay 1s "+
		"-discard -data dir -connection-rate 1000 -objects 7 -journal-limit 8 "+
		"-chaos 2.5% -chaos-seed 9 -chaos-kind reset -chaos-kind cut "+
		"-list-lag 1m -complete-delay 2s -copy-limit 10 -wrong-key-status 400 -plain-etags "+
		"-copy-date-yields -preconditions-first "+
		"-delete-answers-200 -no-tagging-count -leading-slash -allow-plain-http -allow-remote -security-token token -token-life 1h "+
		"-clock 2026-01-31T12:00:00Z"), noEnv, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	want := options{
		clock: start, addr: "127.0.0.1:1", admin: "127.0.0.1:2", httpAddr: "127.0.0.1:3", caOut: "ca.pem",
		proxyAddr: "127.0.0.1:4",
		config: cosemu.Config{
			Regions: []string{"a", "b"}, Buckets: []string{"c", "d@b"},
			VersionedBuckets: []string{"e"}, KMSKeys: []string{"f", "g"},
			Credentials: []cosemu.Credential{{
				SecretID: "id", SecretKey: "key", SecurityToken: "token", Expires: start.Add(time.Hour),
			}},
			ListLag: time.Minute, CompleteDelay: 2 * time.Second, CopyLimit: 10,
			Choices: cosemu.Choices{
				WrongKeyStatus: 400, PlainETags: true, CopyDateYields: true, PreconditionsFirst: true,
				DeleteAnswers200: true, NoTaggingCount: true, LeadingSlash: true,
			},
			AllowPlainHTTP: true, AllowRemote: true, Proxy: true,
			Latency: 20 * time.Millisecond, RestoreDelay: time.Second, Discard: true,
			ConnectionRate: 1000, Data: "dir", Objects: 7, JournalLimit: 8,
			Chaos: cosemu.Chaos{Percent: 2.5, Seed: 9, Kinds: []string{"reset", "cut"}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("options = %+v, want %+v", got, want)
	}
}

func TestFlagDefaults(t *testing.T) {
	t.Parallel()
	got, err := parseFlags(nil, noEnv, io.Discard)
	want := options{
		addr: "127.0.0.1:9443", config: cosemu.Config{Buckets: []string{exampleBucket}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("options = %+v, %v, want %+v", got, err, want)
	}
}

func TestFlagRefusals(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"id-without-key": "-secret-id id", "key-without-id": "-secret-key key",
		"argument": "serve", "unknown": "-verbose", "negative-rate": "-connection-rate -1",
		"token-without-id": "-security-token token", "no-clock": "-clock noon", "not-a-share": "-chaos 101%", "no-number": "-chaos much", "negative-delay": "-restore-delay -1s", "empty-bucket": "-bucket=",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseFlags(strings.Fields(args), noEnv, io.Discard); err == nil {
				t.Error("no error")
			}
		})
	}
	var usage strings.Builder
	if _, err := parseFlags([]string{"-h"}, noEnv, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h = %v", err)
	}
	for _, name := range strings.Fields("addr admin region bucket versioned-bucket secret-id " +
		"secret-key kms-key ca-out latency restore-delay http-addr discard connection-rate objects journal-limit chaos chaos-seed chaos-kind " +
		"list-lag complete-delay copy-limit wrong-key-status plain-etags copy-date-yields preconditions-first delete-answers-200 " +
		"no-tagging-count leading-slash allow-plain-http " +
		"allow-remote security-token token-life clock proxy-addr data") {
		if !strings.Contains(usage.String(), "-"+name) {
			t.Errorf("the usage does not name -%s", name)
		}
	}
}

func noEnv(string) string { return "" }

func TestCredentialsOfTheEnvironment(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		return map[string]string{"COSEMU_SECRET_ID": "id", "COSEMU_SECRET_KEY": "key"}[name]
	}
	for name, test := range map[string]struct {
		args string
		want cosemu.Credential
	}{
		"environment": {"", cosemu.Credential{SecretID: "id", SecretKey: "key"}},
		"flags-first": {"-secret-id a -secret-key b", cosemu.Credential{SecretID: "a", SecretKey: "b"}},
	} {
		got, err := parseFlags(strings.Fields(test.args), env, io.Discard)
		if err != nil || len(got.config.Credentials) != 1 || got.config.Credentials[0] != test.want {
			t.Errorf("%s: %+v, %v", name, got.config.Credentials, err)
		}
	}
	var usage strings.Builder
	if _, err := parseFlags([]string{"-h"}, env, &usage); !errors.Is(err, flag.ErrHelp) ||
		strings.Contains(usage.String(), `"key"`) {
		t.Errorf("-h = %v: %s", err, usage.String())
	}
}
