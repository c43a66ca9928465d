package faults_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// outcome is what became of a cell.
type outcome struct {
	Operation string
	Where     string // number of the request, or what else tells the cells of a row apart
	Fault     string
	Failed    bool // the operation said so; it ended as configured when done again
	Broken    bool
}

func (o outcome) name() string { return strings.Join([]string{o.Operation, o.Where, o.Fault}, "|") }

// table collects outcomes, and keeps them in a file so that a run that was interrupted goes on:
// FAULTS_DIR is the folder, and FAULTS_REVISION says which code they are of.
type table struct {
	name string
	// killed: every cell is a process that died, so only what was left counts.
	killed bool
	once   sync.Once
	mu     sync.Mutex
	cells  map[string]outcome
	notes  io.Writer
}

var (
	results = &table{name: "matrix"}
	deaths  = &table{name: "kills", killed: true}
)

// load reads what earlier runs of the same code found.
func (r *table) load() {
	r.once.Do(func() {
		r.cells = map[string]outcome{}
		dir := os.Getenv("FAULTS_DIR")
		if dir == "" {
			return
		}
		path := filepath.Join(dir, r.name+"-"+os.Getenv("FAULTS_REVISION")+".jsonl")
		notes, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			panic(err)
		}
		r.notes = notes
		for lines := bufio.NewScanner(notes); lines.Scan(); {
			var o outcome
			if json.Unmarshal(lines.Bytes(), &o) == nil && !o.Broken {
				r.keep(o)
			}
		}
	})
}

func (r *table) keep(o outcome) {
	r.cells[o.name()] = o
}

// known reports a cell that an earlier run found good.
func (r *table) known(operation, where, fault string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.load()
	_, known := r.cells[outcome{Operation: operation, Where: where, Fault: fault}.name()]
	return known
}

func (r *table) add(operation, where, fault, failed string, broken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.load()
	o := outcome{operation, where, fault, failed != "", broken}
	r.keep(o)
	if r.notes != nil {
		line, _ := json.Marshal(o)
		_, _ = r.notes.Write(append(line, '\n'))
	}
}

// counts are how many cells there are, in which the operation succeeded all the same, in which it
// failed and then ended as configured, and which are broken.
type counts struct{ cells, succeeded, recovered, broken int }

func (c *counts) add(o outcome) {
	c.cells++
	switch {
	case o.Broken:
		c.broken++
	case o.Failed:
		c.recovered++
	default:
		c.succeeded++
	}
}

// print writes the tables that RELIABILITY.md shows, by operation and by fault, where make faults
// asks for them.
func (r *table) print() {
	r.mu.Lock()
	defer r.mu.Unlock()
	dir := os.Getenv("FAULTS_DIR")
	if dir == "" || len(r.cells) == 0 {
		return
	}
	operations, faults, all := map[string]*counts{}, map[string]*counts{}, &counts{}
	for _, o := range r.cells {
		for key, group := range map[string]map[string]*counts{
			o.Operation: operations, o.Fault: faults,
		} {
			if group[key] == nil {
				group[key] = &counts{}
			}
			group[key].add(o)
		}
		all.add(o)
	}
	text := r.rows("Operation", operations, all)
	if !r.killed {
		text += "\n" + r.rows("Fault", faults, nil)
	}
	fmt.Println(text)
	path := filepath.Join(dir, r.name+".md")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// rows is a table in Markdown, in the order of the names.
func (r *table) rows(title string, groups map[string]*counts, all *counts) string {
	var text strings.Builder
	row := func(name string, c *counts) {
		if r.killed {
			fmt.Fprintf(&text, "| %s | %d | %d |\n", name, c.cells, c.broken)
			return
		}
		fmt.Fprintf(&text, "| %s | %d | %d | %d | %d |\n",
			name, c.cells, c.succeeded, c.recovered, c.broken)
	}
	if r.killed {
		fmt.Fprintf(&text, "| %s | Kills | Not right after the next apply |\n|---|---:|---:|\n", title)
	} else {
		fmt.Fprintf(&text, "| %s | Cells | Succeeded all the same | Failed, right when repeated | "+
			"Broken |\n|---|---:|---:|---:|---:|\n", title)
	}
	for _, name := range sortedKeys(groups) {
		row(name, groups[name])
	}
	if all != nil {
		row("**all**", all)
	}
	return text.String()
}

func sortedKeys(m map[string]*counts) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
