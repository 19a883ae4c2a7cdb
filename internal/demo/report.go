package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// reporter tells what is going on, with the time that each step took.
type reporter struct {
	out   io.Writer
	began time.Time
	step0 time.Time
}

func newReporter(out io.Writer) *reporter { return &reporter{out: out, began: time.Now()} }

// step begins a step.
func (r *reporter) step(format string, args ...any) {
	r.step0 = time.Now()
	fmt.Fprintf(r.out, "\n[%6.1fs] %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

// say writes a line below the step.
func (r *reporter) say(format string, args ...any) {
	fmt.Fprintf(r.out, "           %s\n", strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n           "))
}

// done ends a step.
func (r *reporter) done(format string, args ...any) {
	r.say("%s (%.1f s)", fmt.Sprintf(format, args...), time.Since(r.step0).Seconds())
}
