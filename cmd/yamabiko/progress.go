package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"yamabiko/admin"
	"yamabiko/internal/engine"
)

// progress shows a snapshot's progress as one line that is drawn over and over below the log, on a terminal only. Log lines go through it, so
// that they and the line do not mix.
type progress struct {
	out io.Writer
	on  bool

	mu    sync.Mutex
	shown int // characters of the line that stands there
}

// Write writes log lines above the progress line.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.out.Write(b)
}

func (p *progress) clear() {
	if p.shown > 0 {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// during runs e and draws the line meanwhile.
func (p *progress) during(ctx context.Context, e *engine.Engine) error {
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var was sample
	for {
		select {
		case err := <-ended:
			p.mu.Lock()
			defer p.mu.Unlock()
			p.clear()
			return err
		case <-tick.C:
			if p.on {
				was = p.draw(e.Status(), was)
			}
		}
	}
}

// sample is how far the snapshots were at one moment.
type sample struct {
	at          time.Time
	rows, total int64
}

// draw draws the line, or takes it away once nothing is being read.
func (p *progress) draw(s admin.Status, was sample) sample {
	now := sample{at: time.Now()}
	reading := false
	for _, src := range s.Sources {
		for _, t := range src.Tables {
			now.rows += t.Rows
			now.total += max(t.Total, t.Rows)
			reading = reading || t.Snapshot == "waiting" || t.Snapshot == "reading"
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if reading {
		line := progressLine(was, now)
		p.shown = len(line)
		fmt.Fprint(p.out, line)
	}
	return now
}

// progressLine says rows, rows a second, per cent and time left. The total is the server's estimate.
func progressLine(was, now sample) string {
	line := fmt.Sprintf("snapshot: %d rows", now.rows)
	seconds := now.at.Sub(was.at).Seconds()
	if was.at.IsZero() || seconds <= 0 {
		return line
	}
	rate := float64(now.rows-was.rows) / seconds
	line += fmt.Sprintf(", %.0f rows/s", rate)
	if now.total > 0 {
		line += fmt.Sprintf(", %d %%", min(99, 100*now.rows/now.total))
	}
	if rate > 0 {
		left := time.Duration(float64(now.total-now.rows) / rate * float64(time.Second))
		line += fmt.Sprintf(", about %s left", left.Round(time.Second))
	}
	return line
}

// secondSignal ends the process at once on a second SIGINT or SIGTERM; ctx ends with the first.
func secondSignal(ctx context.Context, log *slog.Logger) {
	context.AfterFunc(ctx, func() {
		again := make(chan os.Signal, 1)
		signal.Notify(again, syscall.SIGINT, syscall.SIGTERM)
		log.Info("stopping: delivering what is held; a second signal stops at once")
		go func() {
			<-again
			os.Exit(exitFailed)
		}()
	})
}
