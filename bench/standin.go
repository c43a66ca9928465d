package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// providerName is what Terraform looks for. The program of that name is this one: it starts the
// provider that realVariable names and appends to usageVariable's file what it used.
const (
	providerName  = "terraform-provider-cos"
	realVariable  = "COS_BENCH_PROVIDER"
	usageVariable = "COS_BENCH_USAGE"
)

// usage is what one process used. Peak is in bytes.
type usage struct {
	CPU  time.Duration
	Peak int64
}

func standIn() int {
	provider := exec.Command(os.Getenv(realVariable), os.Args[1:]...)
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := provider.Run(); err != nil && provider.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := appendUsage(os.Getenv(usageVariable), usageOf(provider.ProcessState)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return provider.ProcessState.ExitCode()
}

func appendUsage(file string, used usage) error {
	line, err := json.Marshal(used)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// readUsage adds up what the provider's processes of one command used, and forgets it.
func readUsage(file string) (sum usage, err error) {
	f, err := os.Open(file)
	if err != nil {
		return usage{}, err
	}
	defer func() { _ = f.Close() }()
	for decoder := json.NewDecoder(f); decoder.More(); {
		var one usage
		if err := decoder.Decode(&one); err != nil {
			return usage{}, err
		}
		sum.CPU += one.CPU
		sum.Peak = max(sum.Peak, one.Peak)
	}
	return sum, os.Remove(file)
}
