package main

import (
	"strings"
	"testing"
	"time"
)

func TestTableShowsMediansAndRatiosToTheFloor(t *testing.T) {
	t.Parallel()
	r := newResults()
	for _, wall := range []time.Duration{9, 1, 2} {
		r.add(point{floor, "plan", 500}, measured{wall: wall * time.Second, peak: 10 << 20})
		r.add(point{"head", "plan", 500}, measured{wall: 2 * wall * time.Second, peak: 5 << 20})
	}
	r.add(point{"head", "create", 500}, measured{state: 500 * 3000, requests: 1000})
	got := r.markdown(options{latency: time.Millisecond, runs: 3})
	for _, want := range []string{
		"| 500 | plan | floor | 2.00 s | 0.00 s | 0.00 s | 10 MiB | 0 |  |",
		"| 500 | plan | head | 4.00 s (2.00) | 0.00 s | 0.00 s | 5 MiB (0.50) | 0 |  |",
		"| 500 | create | head | 0.00 s | 0.00 s | 0.00 s | 0 MiB | 1000 | 3000 B each |",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("table lacks %s:\n%s", want, got)
		}
	}
}

func TestUsageOfAllProcessesIsAddedUp(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/usage"
	for _, used := range []usage{{CPU: time.Second, Peak: 7}, {CPU: 2 * time.Second, Peak: 5}} {
		if err := appendUsage(file, used); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readUsage(file)
	if want := (usage{CPU: 3 * time.Second, Peak: 7}); err != nil || got != want {
		t.Errorf("usage = %v, error %v, want %v", got, err, want)
	}
	if _, err := readUsage(file); err == nil {
		t.Error("usage is still there for the next command")
	}
}
