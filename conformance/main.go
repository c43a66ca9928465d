// Command conformance runs what others wrote against COS on the emulator: the live suite and the
// object examples of the official Go SDK, and the object functions of the official Node SDK. They
// are told nothing of the emulator but a proxy and a CA. What each of them gets is compared with a
// list in this folder, in which everything but a success has its reason.
//
// Nothing of the SDKs is kept here: they are taken from where their package managers put them. It is
// a module of its own, so that their dependencies are not the provider's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
)

// suites by the name of their list.
var suites = map[string]func(context.Context, place) ([]outcome, error){
	"go-live":     goLive,
	"go-examples": goExamples,
	"node":        node,
}

// place is where a suite runs.
type place struct {
	cosemu string // the program
	work   string // a folder of the suite's own
	lists  string // the folder of the lists
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	cosemu := flags.String("cosemu", "", "the emulator's `program`")
	work := flags.String("work", "", "`folder` for everything that is made")
	lists := flags.String("lists", ".", "`folder` of the lists")
	write := flags.Bool("write", false, "write what was got into the lists, with the reasons they have")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var errs []error
	for _, name := range flags.Args() {
		suite, ok := suites[name]
		if !ok {
			return fmt.Errorf("there is no suite %s", name)
		}
		p := place{cosemu: absolute(*cosemu), work: filepath.Join(absolute(*work), name), lists: absolute(*lists)}
		if err := p.try(ctx, name, suite, *write); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// try runs one suite in an empty folder and compares what it got with its list.
func (p place) try(
	ctx context.Context, name string, suite func(context.Context, place) ([]outcome, error), write bool,
) error {
	if err := errors.Join(os.RemoveAll(p.work), os.MkdirAll(p.work, 0o755)); err != nil {
		return err
	}
	got, err := suite(ctx, p)
	if err != nil {
		return err
	}
	slices.SortFunc(got, compareOutcomes)
	file := filepath.Join(p.lists, name+".txt")
	wanted, err := readList(file, !write)
	if err != nil {
		return err
	}
	if write {
		return writeList(file, got, wanted)
	}
	differences := compare(wanted, got)
	for _, line := range differences {
		fmt.Println(name+":", line)
	}
	if len(differences) > 0 {
		return fmt.Errorf("%d results differ from %s", len(differences), filepath.Base(file))
	}
	fmt.Printf("%s: %s\n", name, summary(got))
	return nil
}
