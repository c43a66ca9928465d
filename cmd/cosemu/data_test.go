package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// TestMain makes the test binary the program itself, for tests that kill it.
func TestMain(m *testing.M) {
	if os.Getenv("COSEMU_TEST_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program in a process of its own.
type process struct {
	t       testing.TB
	command *exec.Cmd
	base    string
	client  *http.Client
}

// startProcess starts the program on a data directory.
func startProcess(t testing.TB, dir string) *process {
	t.Helper()
	ca := filepath.Join(dir, "trusted.pem")
	command := exec.Command(os.Args[0], "-addr", "127.0.0.1:0", "-data", filepath.Join(dir, "data"),
		"-ca-out", ca, "-bucket", exampleBucket)
	command.Env = append(os.Environ(), "COSEMU_TEST_PROGRAM=1")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, command: command}
	t.Cleanup(p.kill)
	ready, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	template := strings.TrimSpace(strings.TrimPrefix(ready, "cosemu ready "))
	p.base = strings.Replace(template, "{bucket}", exampleBucket, 1)
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	p.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(address)
			return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
		},
	}}
	return p
}

// kill ends the program without a warning.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
	p.client.CloseIdleConnections()
}

// do sends a signed request; a status of 0 means that no answer came.
func (p *process) do(method, target string, body []byte, header http.Header) (int, http.Header, []byte) {
	r, err := http.NewRequest(method, p.base+target, bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0, nil, nil
	}
	r.Header = header.Clone()
	r.Header.Set("Authorization", authorization(r))
	response, err := p.client.Do(r)
	if err != nil {
		return 0, nil, nil
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, nil
	}
	return response.StatusCode, response.Header, got
}

// authorization signs method and path alone (document 7778).
func authorization(r *http.Request) string {
	sign := func(key, text string) string {
		mac := hmac.New(sha1.New, []byte(key))
		_, _ = io.WriteString(mac, text)
		return fmt.Sprintf("%x", mac.Sum(nil))
	}
	credential := cosemu.DocumentedCredential()
	now := time.Now().Unix()
	window := fmt.Sprintf("%d;%d", now-60, now+3600)
	request := sha1.Sum([]byte(strings.ToLower(r.Method) + "\n" + r.URL.Path + "\n\n\n"))
	text := fmt.Sprintf("sha1\n%s\n%x\n", window, request)
	return "q-sign-algorithm=sha1&q-ak=" + credential.SecretID + "&q-sign-time=" + window +
		"&q-key-time=" + window + "&q-header-list=&q-url-param-list=&q-signature=" +
		sign(sign(credential.SecretKey, window), text)
}

// encryptions are the headers of each mode for a write, and what a HEAD shows of it.
func encryptions() []http.Header {
	key := []byte("0123456789ABCDEF0123456789ABCDEF")
	sum := md5.Sum(key)
	const customer = "X-Cos-Server-Side-Encryption-Customer-"
	return []http.Header{
		{},
		{"X-Cos-Server-Side-Encryption": {"AES256"}},
		{"X-Cos-Server-Side-Encryption": {"cos/kms"}},
		{
			customer + "Algorithm": {"AES256"},
			customer + "Key":       {base64.StdEncoding.EncodeToString(key)},
			customer + "Key-Md5":   {base64.StdEncoding.EncodeToString(sum[:])},
		},
	}
}

// write is an object that the program said it stored.
type write struct {
	key  string
	mode int
	body []byte
}

// writeUntilKilled writes from several connections until no answer comes, and notes what was
// acknowledged: the last of each key. A key whose last write was not answered is forgotten.
func (p *process) writeUntilKilled(round int, stored map[string]write) {
	var mu sync.Mutex
	enough := make(chan bool, 1)
	answered := 0
	var writers sync.WaitGroup
	for writer := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				w := write{key: fmt.Sprintf("/%d/%d", writer, i%50), mode: (i + writer) % 4}
				w.body = bytes.Repeat(fmt.Append(nil, round, writer, i), 2000)
				status, _, _ := p.do("PUT", w.key, w.body, encryptions()[w.mode])
				mu.Lock()
				if status == 0 {
					delete(stored, w.key) // it may be there or not
					mu.Unlock()
					return
				}
				stored[w.key] = w
				if answered++; answered == 300 {
					enough <- true
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	_ = p.command.Process.Kill()
	writers.Wait()
}

// TestKilledProcessLosesNothing kills the program in the middle of writes, three times, and reads
// what it had acknowledged from the next one, with its encryption.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stored := map[string]write{}
	for round := range 3 {
		p := startProcess(t, dir)
		for key, w := range stored {
			p.expect(w, key)
		}
		p.writeUntilKilled(round, stored)
		p.kill()
	}
	if len(stored) < 100 {
		t.Errorf("only %d objects were written", len(stored))
	}
}

// expect compares an object with what was written.
func (p *process) expect(w write, key string) {
	p.t.Helper()
	header := http.Header{}
	if w.mode == 3 {
		header = encryptions()[3]
	}
	status, got, body := p.do("GET", key, nil, header)
	if status != 200 || !bytes.Equal(body, w.body) {
		p.t.Errorf("%s: %d, %d bytes, want %d", key, status, len(body), len(w.body))
	}
	shown := got.Get("X-Cos-Server-Side-Encryption")
	want := encryptions()[w.mode].Get("X-Cos-Server-Side-Encryption")
	md5 := got.Get("X-Cos-Server-Side-Encryption-Customer-Key-Md5")
	if shown != want || (md5 != "") != (w.mode == 3) {
		p.t.Errorf("%s is encrypted with %q and key %q, want mode %d", key, shown, md5, w.mode)
	}
	if w.mode == 3 {
		if status, _, _ := p.do("GET", key, nil, http.Header{}); status != 400 {
			p.t.Errorf("%s without its key = %d", key, status)
		}
	}
}

// BenchmarkData writes objects of 10 KiB over HTTPS to a program with a data directory, reads them
// back, and reports the most memory that the program ever had.
func BenchmarkData(b *testing.B) {
	for range b.N {
		p := startProcess(b, b.TempDir())
		body := bytes.Repeat([]byte("0123456789"), 1024)
		for _, method := range []string{"PUT", "GET"} {
			start := time.Now()
			var clients sync.WaitGroup
			for client := range benchmarkClients {
				clients.Go(func() {
					for i := client; i < benchmarkObjects; i += benchmarkClients {
						status, _, got := p.do(method, fmt.Sprintf("/folder/%08d", i), body, http.Header{})
						if status != 200 || method == "GET" && !bytes.Equal(got, body) {
							b.Errorf("%s: %d", method, status)
							return
						}
					}
				})
			}
			clients.Wait()
			b.ReportMetric(benchmarkObjects/time.Since(start).Seconds(), method+"/s")
		}
		b.ReportMetric(p.peakMiB(), "peak-MiB")
		p.kill()
	}
}

const benchmarkObjects, benchmarkClients = 100_000, 8

// peakMiB is the most resident memory that the program had; 0 where that is not told.
func (p *process) peakMiB() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0
	}
	var peak float64
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(rest, &peak)
		}
	}
	return peak / 1024
}
