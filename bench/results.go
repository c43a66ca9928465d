package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A point is what is measured: a provider, a step and a number of objects.
type point struct {
	subject, step string
	size          int
}

// measured is what one command took. State is the size of the state after it.
type measured struct {
	wall, all, provider time.Duration
	peak, state         int64
	requests            int
}

// String implements fmt.Stringer.
func (m measured) String() string {
	return fmt.Sprintf("wall %.2fs, CPU %.2fs, provider %.2fs, peak %d MiB, %d requests, state %d B",
		m.wall.Seconds(), m.all.Seconds(), m.provider.Seconds(), m.peak>>20, m.requests, m.state)
}

type results struct {
	order []point
	of    map[point][]measured
}

func newResults() *results { return &results{of: map[point][]measured{}} }

func (r *results) add(p point, m measured) {
	if len(r.of[p]) == 0 {
		r.order = append(r.order, p)
	}
	r.of[p] = append(r.of[p], m)
}

// median takes the median of each figure by itself.
func (r *results) median(p point) (measured, bool) {
	all := r.of[p]
	if len(all) == 0 {
		return measured{}, false
	}
	return measured{
		wall:     medianOf(all, func(m measured) time.Duration { return m.wall }),
		all:      medianOf(all, func(m measured) time.Duration { return m.all }),
		provider: medianOf(all, func(m measured) time.Duration { return m.provider }),
		peak:     medianOf(all, func(m measured) int64 { return m.peak }),
		state:    medianOf(all, func(m measured) int64 { return m.state }),
		requests: medianOf(all, func(m measured) int { return m.requests }),
	}, true
}

func medianOf[T int | int64 | time.Duration](all []measured, get func(measured) T) T {
	values := make([]T, 0, len(all))
	for _, m := range all {
		values = append(values, get(m))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// floor is the subject that ratios are to.
const floor = "floor"

// markdown is the table for BENCHMARKS.md: in brackets the ratio to the floor of the same run.
func (r *results) markdown(o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Latency %v, medians of %d runs. In brackets: the ratio to `floor` in the same run.\n\n",
		o.latency, o.runs)
	b.WriteString("| Objects | Command | Provider | Wall | CPU of all | CPU of the provider | Peak memory | Requests | State |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for _, p := range r.order {
		m, _ := r.median(p)
		base, known := r.median(point{floor, p.step, p.size})
		seconds := func(get func(measured) time.Duration) string {
			return withRatio(fmt.Sprintf("%.2f s", get(m).Seconds()), float64(get(m)), float64(get(base)),
				known && p.subject != floor)
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s | %d | %s |\n", p.size, p.step, p.subject,
			seconds(func(m measured) time.Duration { return m.wall }),
			seconds(func(m measured) time.Duration { return m.all }),
			seconds(func(m measured) time.Duration { return m.provider }),
			withRatio(fmt.Sprintf("%d MiB", m.peak>>20), float64(m.peak), float64(base.peak),
				known && p.subject != floor),
			m.requests, perObject(m.state, p))
	}
	return b.String()
}

func withRatio(text string, value, base float64, show bool) string {
	if !show || base == 0 {
		return text
	}
	return fmt.Sprintf("%s (%.2f)", text, value/base)
}

func perObject(state int64, p point) string {
	if p.step != create.name {
		return ""
	}
	return fmt.Sprintf("%d B each", state/int64(p.size))
}
