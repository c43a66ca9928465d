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
	"strings"
	"time"
)

// patience is how long a process may take to start or to stop.
const patience = 20 * time.Second

// emulator is a running cmd/cosemu.
type emulator struct {
	endpoint, admin, caFile string
	cancel                  context.CancelFunc
	exited                  chan error
}

// request is one entry of the emulator's journal.
type request struct {
	Op             string `json:"op"`
	Key            string `json:"key"`
	Status         int    `json:"status"`
	SSEMode        string `json:"sse_mode"`
	KeyFingerprint string `json:"key_fingerprint"`
	BytesIn        int64  `json:"bytes_in"`
}

// startEmulator starts cosemu on free ports and waits until it serves. It outlives a cancelled
// ctx, so that the CLI can end in order first; stop ends it.
func startEmulator(ctx context.Context, o options, sc *scenario) (*emulator, error) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e := &emulator{
		caFile: filepath.Join(o.work, "ca.pem"), cancel: cancel, exited: make(chan error, 1),
	}
	cmd := exec.CommandContext(running, o.cosemu,
		"-addr", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-region", region, "-bucket", bucket,
		"-kms-key", sc.defaultKMSKey, "-kms-key", sc.kmsKey,
		"-secret-id", sc.secretID, "-secret-key", sc.secretKey, "-ca-out", e.caFile)
	stopGently(cmd)
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	go func() {
		e.exited <- cmd.Wait()
		_ = writer.Close()
	}()
	ready := make(chan error, 1)
	go func() {
		ready <- e.readAddresses(reader)
		_, _ = io.Copy(io.Discard, reader)
	}()
	return e, e.awaitReady(ctx, ready)
}

// awaitReady waits for the emulator's line; an emulator that does not serve is stopped.
func (e *emulator) awaitReady(ctx context.Context, ready <-chan error) error {
	var err error
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(patience):
		err = errors.New("the emulator does not serve")
	}
	if err != nil {
		return errors.Join(err, e.stop())
	}
	return nil
}

// readAddresses reads what the emulator says until it is ready.
func (e *emulator) readAddresses(from io.Reader) error {
	var said []string
	for lines := bufio.NewScanner(from); lines.Scan(); {
		line := lines.Text()
		said = append(said, line)
		if address, ok := strings.CutPrefix(line, "cosemu admin "); ok {
			e.admin = address
		}
		if endpoint, ok := strings.CutPrefix(line, "cosemu ready "); ok {
			e.endpoint = endpoint
		}
		if e.admin != "" && e.endpoint != "" {
			return nil
		}
	}
	return fmt.Errorf("the emulator ended before it served: %s", strings.Join(said, "; "))
}

// stop ends the emulator and waits for its end.
func (e *emulator) stop() error {
	e.cancel()
	err := <-e.exited
	if _, killed := errors.AsType[*exec.ExitError](err); killed || errors.Is(err, context.Canceled) {
		return nil // it was asked to end
	}
	return err
}

// stopGently makes the end of cmd's context an interrupt, and a kill only if that does not help.
func stopGently(cmd *exec.Cmd) {
	cmd.WaitDelay = patience
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
}

// takeJournal returns the requests since the last call.
func (e *emulator) takeJournal(ctx context.Context) ([]request, error) {
	body, err := e.adminCall(ctx, http.MethodGet)
	if err != nil {
		return nil, err
	}
	var entries []request
	if err := json.Unmarshal(body, &entries); err != nil {
		return nil, fmt.Errorf("decoding the journal: %w", err)
	}
	_, err = e.adminCall(ctx, http.MethodDelete)
	return entries, err
}

func (e *emulator) adminCall(ctx context.Context, method string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.admin+"/journal", nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the emulator for its journal: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("the emulator's journal answered %s", resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// template is the endpoint with the region left open, as the provider wants it: it serves one
// region only where it is told which.
func (e *emulator) template() string {
	return strings.Replace(e.endpoint, ".cos."+region+".", ".cos.{region}.", 1)
}
