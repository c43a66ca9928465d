package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The example pair of COS's documents (7778), which opens emulators only.
const (
	secretID  = "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q"
	secretKey = "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz"
)

// emulator is a running cosemu with a proxy.
type emulator struct {
	process      *exec.Cmd
	ca           string
	proxy, admin string
}

// startEmulator starts the program with more arguments, and waits until it serves.
func (p place) startEmulator(ctx context.Context, args ...string) (*emulator, error) {
	e := &emulator{ca: filepath.Join(p.work, "ca.pem")}
	e.process = exec.CommandContext(ctx, p.cosemu, append([]string{
		"-addr", "127.0.0.1:0", "-proxy-addr", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-ca-out", e.ca,
	}, args...)...)
	stdout, err := e.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	notes, err := e.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := e.process.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(notes)
	for (e.proxy == "" || e.admin == "") && lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "cosemu proxy "); ok {
			e.proxy = url
		}
		if url, ok := strings.CutPrefix(lines.Text(), "cosemu admin "); ok {
			e.admin = url
		}
	}
	go func() { _, _ = io.Copy(os.Stderr, notes) }()
	if ready := bufio.NewScanner(stdout); !ready.Scan() {
		return nil, errors.Join(errors.New("the emulator does not serve"), e.stop())
	}
	return e, nil
}

func (e *emulator) stop() error {
	if err := e.process.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return e.process.Wait()
}

// environment leads a program to the emulator, whatever the one of this process says.
func (e *emulator) environment(more ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(strings.ToUpper(entry), "=")
		return strings.HasSuffix(name, "_PROXY") || strings.HasPrefix(name, "TENCENTCLOUD_") ||
			strings.HasPrefix(name, "COS_")
	})
	return append(append(env,
		"HTTP_PROXY="+e.proxy, "HTTPS_PROXY="+e.proxy, "SSL_CERT_FILE="+e.ca,
		"NODE_EXTRA_CA_CERTS="+e.ca, "COS_SECRETID="+secretID, "COS_SECRETKEY="+secretKey,
		"SECRETID="+secretID, "SECRETKEY="+secretKey), more...)
}

// journalEntry is what the emulator notes of a request.
type journalEntry struct {
	Op, Bucket, Key string
	Status          int
	Code            string
}

// takeJournal returns the requests since the last call.
func (e *emulator) takeJournal(ctx context.Context) ([]journalEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var entries []journalEntry
	response, err := e.call(ctx, http.MethodGet)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&entries); err != nil {
		return nil, err
	}
	cleared, err := e.call(ctx, http.MethodDelete)
	if err != nil {
		return nil, err
	}
	return entries, cleared.Body.Close()
}

// direct does not follow the environment's proxy: the emulator is on loopback.
var direct = &http.Client{Transport: &http.Transport{}}

func (e *emulator) call(ctx context.Context, method string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, e.admin+"/journal", nil)
	if err != nil {
		return nil, err
	}
	response, err := direct.Do(request)
	if err == nil && response.StatusCode >= 300 {
		_ = response.Body.Close()
		return nil, fmt.Errorf("%s %s: %s", method, request.URL, response.Status)
	}
	return response, err
}

// operations sums requests up: each kind of answer once, in the order of their names. How often and
// in which order depends on what ran at the same time.
func operations(entries []journalEntry) string {
	var all []string
	for _, entry := range entries {
		text := fmt.Sprintf("%s:%d", entry.Op, entry.Status)
		if entry.Code != "" {
			text += "-" + entry.Code
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}
