package main

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yamabiko/admin"
)

func TestProgressLine(t *testing.T) {
	at := time.Unix(1000, 0)
	for _, c := range []struct {
		was, now sample
		want     string
	}{
		{sample{}, sample{at, 500, 2000}, "snapshot: 500 rows"},
		{sample{at, 500, 2000}, sample{at.Add(time.Second), 1000, 2000}, "snapshot: 1000 rows, 500 rows/s, 50 %, about 2s left"},
		{sample{at, 500, 2000}, sample{at.Add(2 * time.Second), 500, 2000}, "snapshot: 500 rows, 0 rows/s, 25 %"},
		// The server's estimate may be too low: a hundred per cent is said by the end alone.
		{sample{at, 1900, 2000}, sample{at.Add(time.Second), 2500, 2500}, "snapshot: 2500 rows, 600 rows/s, 99 %, about 0s left"},
		{sample{at, 0, 0}, sample{at.Add(time.Second), 0, 0}, "snapshot: 0 rows, 0 rows/s"},
		{sample{at, 0, 0}, sample{at.Add(time.Second), 1000, 360_001_000}, "snapshot: 1000 rows, 1000 rows/s, 0 %, about 100h0m0s left"},
	} {
		if got := progressLine(c.was, c.now); got != c.want {
			t.Errorf("%v, %v: %q, want %q", c.was, c.now, got, c.want)
		}
	}
}

// TestProgressLeavesTheLogWhole: the line is taken away before each line of the log and at the end, by overwriting it with blanks.
func TestProgressLeavesTheLogWhole(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, on: true}
	log := slog.New(slog.NewTextHandler(p, nil))
	reading := admin.Status{Sources: []admin.Source{{Tables: []admin.Table{
		{Table: "a", Snapshot: "done", Rows: 10, Total: 5}, {Table: "b", Snapshot: "reading", Rows: 3, Total: 100}, {Table: "c", Snapshot: "waiting"},
	}}}}
	was := p.draw(reading, sample{})
	if was.rows != 13 || was.total != 110 {
		t.Errorf("counted %+v", was)
	}
	p.draw(reading, was)
	log.Info("between")
	p.draw(reading, was)
	reading.Sources[0].Tables = []admin.Table{{Table: "a", Snapshot: "done", Rows: 10}}
	p.draw(reading, was)
	log.Info("after")
	if got := screen(out.String()); len(got) != 3 || !strings.HasSuffix(got[0], "msg=between") || !strings.HasSuffix(got[1], "msg=after") || got[2] != "" {
		t.Errorf("the terminal shows %q", got)
	}
	if !strings.Contains(out.String(), "snapshot: 13 rows") {
		t.Error("no progress was shown")
	}
}

// screen is what a terminal shows of a text: a carriage return goes back and is written over.
func screen(text string) (lines []string) {
	for line := range strings.SplitSeq(text, "\n") {
		var shown []byte
		at := 0
		for _, c := range []byte(line) {
			if c == '\r' {
				at = 0
				continue
			}
			if at == len(shown) {
				shown = append(shown, ' ')
			}
			shown[at] = c
			at++
		}
		lines = append(lines, strings.TrimRight(string(shown), " "))
	}
	return lines
}

// TestPlural: one is said as one, and nothing found is nothing to mend.
func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows"} {
		if got := plural(n, "row", "rows"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	if err := printReports(io.Discard, nil); err != nil {
		t.Errorf("no reports: %v", err)
	}
}
