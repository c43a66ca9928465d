package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// options are what the command is told.
type options struct {
	cli     string
	work    string
	latency time.Duration
	runs    int
	sizes   []int
	large   int // size of which only create and plan are measured, once
}

func main() {
	if filepath.Base(os.Args[0]) == providerName {
		os.Exit(standIn())
	}
	log.SetFlags(0)
	var o options
	var sizes, providers string
	flag.StringVar(&o.cli, "cli", "terraform", "`path` of Terraform or OpenTofu")
	flag.StringVar(&o.work, "work", "build/bench-cli", "`folder` for everything that is written")
	flag.StringVar(&providers, "providers", "build/bench-cli/bin",
		"`folder` with the programs ours, floor and shape")
	flag.DurationVar(&o.latency, "latency", 20*time.Millisecond, "latency of the emulator")
	flag.IntVar(&o.runs, "runs", 3, "how often everything is measured; medians are shown")
	flag.StringVar(&sizes, "sizes", "1,100,500", "`numbers` of objects")
	flag.IntVar(&o.large, "large", 1000, "`number` of objects of which create and plan are measured once; 0 for none")
	flag.Parse()
	for _, size := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			log.Fatal(err)
		}
		o.sizes = append(o.sizes, n)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, providers); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options, providers string) error {
	subjects, err := prepare(o.work, providers)
	if err != nil {
		return err
	}
	results := newResults()
	for range o.runs {
		for _, size := range o.sizes {
			for _, s := range subjects {
				if err := s.measure(ctx, o, size, allSteps, results); err != nil {
					return fmt.Errorf("%s, %d objects: %w", s.name, size, err)
				}
			}
		}
	}
	for _, s := range subjects {
		if o.large == 0 {
			break
		}
		if err := s.measure(ctx, o, o.large, createAndPlan, results); err != nil {
			return fmt.Errorf("%s, %d objects: %w", s.name, o.large, err)
		}
	}
	table := results.markdown(o)
	fmt.Print(table)
	return os.WriteFile(filepath.Join(o.work, "table.md"), []byte(table), 0o644)
}
