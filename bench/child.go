package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// measured is what one contender took once.
type measured struct {
	wall time.Duration // from its start to the last row
	cpu  time.Duration // user and system, of the whole process
	rss  int64         // peak in bytes; of the product only
}

func (m measured) rate(rows int) float64 { return float64(rows) / m.wall.Seconds() }

// cpuPerMillion is CPU seconds a million rows.
func (m measured) cpuPerMillion(rows int) float64 { return m.cpu.Seconds() * 1e6 / float64(rows) }

// role runs this program in one of its roles to its end.
func (w *world) role(ctx context.Context, args ...string) (m measured, out string, err error) {
	cmd := exec.CommandContext(ctx, w.self, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	err = cmd.Run()
	m.wall = time.Since(begin)
	if err != nil {
		return m, "", fmt.Errorf("%s: %w: %s", args[0], err, stderr.String())
	}
	m.cpu = cpuOf(cmd)
	return m, strings.TrimSpace(stdout.String()), nil
}

func cpuOf(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// peakRSS is the most memory that a running process has had resident, in bytes (proc(5), VmHWM). The rusage of a child would count
// what its parent had when it forked.
func peakRSS(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib * 1024, err
		}
	}
	return 0, errors.New("no VmHWM in the process's status")
}

// stop ends a child in order and waits for it.
func stop(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, cmd.Wait())
	}
	return cmd.Wait()
}

// median returns the run in the middle by wall time; its CPU is the median of all.
func median(runs []measured) measured {
	runs = slices.Clone(runs) // whose order tells who took turns with whom
	slices.SortFunc(runs, func(a, b measured) int { return int(a.wall - b.wall) })
	m := runs[len(runs)/2]
	slices.SortFunc(runs, func(a, b measured) int { return int(a.cpu - b.cpu) })
	m.cpu = runs[len(runs)/2].cpu
	for _, r := range runs {
		m.rss = max(m.rss, r.rss)
	}
	return m
}

// ratio is the median of how much faster a was than b, run by run as they took turns: what the machine did meanwhile met both.
func ratio(a, b []measured) float64 {
	each := make([]float64, len(a))
	for i := range a {
		each[i] = b[i].wall.Seconds() / a[i].wall.Seconds()
	}
	slices.Sort(each)
	return each[len(each)/2]
}
