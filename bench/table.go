package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// table is what comes out, in Markdown.
type table struct{ b strings.Builder }

func newTable() *table {
	t := &table{}
	fmt.Fprintf(&t.b, "%s, %d cores, %s, load %s at the start\n\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), cpuName(), loadAverage())
	t.b.WriteString("| | measured | figure | target | |\n|---|---|---|---|---|\n")
	return t
}

// add adds a line; target may be empty.
func (t *table) add(part, what, figure, target string, ok bool) {
	verdict := ""
	switch {
	case target != "" && ok:
		verdict = "met"
	case target != "":
		verdict = "**missed**"
	}
	line := fmt.Sprintf("| %s | %s | %s | %s | %s |\n", part, what, figure, target, verdict)
	t.b.WriteString(line)
	fmt.Fprint(os.Stderr, line)
}

// ratio adds a line whose figure is to be at least target.
func (t *table) ratio(part, what string, figure, target float64) {
	t.add(part, what, fmt.Sprintf("%.2f", figure), fmt.Sprintf("at least %g", target), figure >= target)
}

// write prints the table, to a file too if one is named.
func (t *table) write(file string) error {
	fmt.Print(t.b.String())
	if file == "" {
		return nil
	}
	return os.WriteFile(file, []byte(t.b.String()), 0o644)
}

func cpuName() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
