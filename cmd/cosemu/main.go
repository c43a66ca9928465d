// Command cosemu serves an emulated Tencent Cloud COS over HTTPS on loopback, for demonstrations,
// for benchmarks, and for people who write Terraform modules without an account.
//
// It prints one line on standard output when it serves:
//
//	cosemu ready https://{bucket}.cos.ap-guangzhou.localhost:9443
//
// and stops on SIGINT and SIGTERM. With -data, everything that it answered outlives it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "cosemu:", err)
		os.Exit(1)
	}
}

const gcPercent = 40

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseFlags(args, os.Getenv, stderr)
	if err != nil {
		return err
	}
	if o.config.Data != "" && os.Getenv("GOGC") == "" {
		// Of many objects, the facts are in memory: half as much garbage is worth some time.
		debug.SetGCPercent(gcPercent)
	}
	server, err := cosemu.StartAt(o.config, o.addr)
	if err != nil {
		return err
	}
	if err := o.prepare(server, stderr); err != nil {
		return errors.Join(err, server.Close())
	}
	if _, err := fmt.Fprintln(stdout, "cosemu ready", server.Endpoint()); err != nil {
		return errors.Join(err, server.Close())
	}
	<-ctx.Done()
	return server.Close()
}

// prepare sets the clock before anybody asks for anything, and serves the rest.
func (o options) prepare(server *cosemu.Server, stderr io.Writer) error {
	if !o.clock.IsZero() {
		if err := server.SetClock(cosemu.ClockState{Now: o.clock}); err != nil {
			return err
		}
	}
	return o.serveMore(server, stderr)
}

// serveMore opens the optional addresses and writes the CA certificate.
func (o options) serveMore(server *cosemu.Server, stderr io.Writer) error {
	if o.caOut != "" {
		if err := os.WriteFile(o.caOut, server.CACertificate(), 0o644); err != nil {
			return fmt.Errorf("writing the CA certificate: %w", err)
		}
	}
	if o.proxyAddr != "" {
		address, err := server.StartProxy(o.proxyAddr)
		if err != nil {
			return fmt.Errorf("-proxy-addr: %w", err)
		}
		fmt.Fprintf(stderr, "cosemu proxy http://%s\n", address)
	}
	if o.httpAddr != "" {
		if err := server.StartHTTP(o.httpAddr); err != nil {
			return fmt.Errorf("-http-addr: %w", err)
		}
		fmt.Fprintln(stderr, "cosemu http", server.HTTPEndpointTemplate())
	}
	if o.admin != "" {
		address, err := server.StartAdmin(o.admin)
		if err != nil {
			return fmt.Errorf("-admin: %w", err)
		}
		fmt.Fprintf(stderr, "cosemu admin http://%s\n", address)
	}
	return nil
}
