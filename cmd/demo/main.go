// Command demo runs the provider's main job against the emulated COS, act by act: create encrypted
// objects, notice that another client took the encryption off, put it back without uploading a
// byte, rotate SSE-C keys by server-side copy, prove that no key is in state or plan, destroy.
//
// It exits with 1 if an act does not do what its heading says. "make demo" builds what it needs and
// starts it; everything that it writes is in the folder of -work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are what the command line says. All paths are made absolute.
type options struct {
	cli, provider, cosemu, examples, work string
}

func main() {
	var o options
	flag.StringVar(&o.cli, "cli", "terraform", "`path` of Terraform or OpenTofu")
	flag.StringVar(&o.provider, "provider", "", "`path` of the provider's binary")
	flag.StringVar(&o.cosemu, "cosemu", "", "`path` of the emulator's binary")
	flag.StringVar(&o.examples, "examples", "examples/demo", "`folder` with the configuration")
	flag.StringVar(&o.work, "work", "build/demo", "`folder` to work in; it is emptied first")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	started := time.Now()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demonstration failed: %v\n", err)
		os.Exit(1)
	}
	fmt.Printf("\nEverything did what it says, in %s. Nothing is left running.\n",
		time.Since(started).Round(time.Second))
}

// run plays all acts. Whatever happens, the emulator is stopped before it returns.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	if err := o.prepare(); err != nil {
		return err
	}
	sc := newScenario()
	cloud, err := startEmulator(ctx, o, sc)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cloud.stop()) }()
	other, err := newOtherClient(cloud, sc)
	if err != nil {
		return err
	}
	cli, err := newTerraform(o, cloud, sc)
	if err != nil {
		return err
	}
	s := &story{page: page{out}, cloud: cloud, other: other, cli: cli, scenario: sc}
	return s.play(ctx)
}

// prepare empties the work folder and puts the configuration there.
func (o *options) prepare() error {
	for _, path := range []*string{&o.provider, &o.cosemu, &o.examples, &o.work} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	if err := os.RemoveAll(o.work); err != nil {
		return fmt.Errorf("emptying the work folder: %w", err)
	}
	if err := os.CopyFS(o.work, os.DirFS(o.examples)); err != nil {
		return fmt.Errorf("copying the configuration: %w", err)
	}
	return nil
}
