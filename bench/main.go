// Command bench measures yamabiko against peers on the same machine, in one run, and prints a table in Markdown. make bench starts
// the servers and runs it. Every contender is a process of its own, so that its CPU time and memory are its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// options are what the command line says.
type options struct {
	mysql   string // host:port; root without a password
	es      string // URL
	bin     string // the product
	rows    int    // of the backlog
	esRows  int    // of its end, for Elasticsearch
	bigRows int    // of 1 KiB, of the one large transaction
	rate    int    // transactions a second
	seconds int    // of the latency measurement
	runs    int    // of each contender; the median counts
	only    string // parts, by their letters
	profile string // folder for CPU profiles of the product; empty: none
	out     string // file for the table; empty: standard output alone
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// roles are the contenders that live in this program; bench starts itself with one of these names.
func roles() map[string]func(context.Context, []string) error {
	return map[string]func(context.Context, []string) error{"decode": decodeRole, "raw": rawRole, "stub": stubRole, "load": loadRole}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		if role := roles()[args[0]]; role != nil {
			return role(ctx, args[1:])
		}
	}
	opt, err := parseOptions(args)
	if err != nil {
		return err
	}
	w, err := newWorld(opt)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.measure(ctx); err != nil {
		return err
	}
	return w.table.write(opt.out)
}

func parseOptions(args []string) (opt options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&opt.mysql, "mysql", os.Getenv("YAMABIKO_TEST_MYSQL"), "host:port of a MySQL whose root has no password")
	f.StringVar(&opt.es, "es", os.Getenv("YAMABIKO_TEST_ES"), "URL of an Elasticsearch")
	f.StringVar(&opt.bin, "bin", "bin/yamabiko", "the program to measure")
	f.IntVar(&opt.rows, "rows", 2_000_000, "rows of the backlog, 1,000 a transaction")
	f.IntVar(&opt.esRows, "es-rows", 300_000, "rows of its end that go to Elasticsearch")
	f.IntVar(&opt.bigRows, "big-rows", 1<<20, "rows of 1 KiB in the one large transaction")
	f.IntVar(&opt.rate, "rate", 500, "single-row transactions a second")
	f.IntVar(&opt.seconds, "seconds", 20, "for how long")
	f.IntVar(&opt.runs, "runs", 5, "runs of each contender; the median counts")
	f.StringVar(&opt.only, "only", "abcd", "parts: a drain, b Elasticsearch, c latency, d one large transaction")
	f.StringVar(&opt.profile, "profile", "", "a `FOLDER` for CPU profiles of the product")
	f.StringVar(&opt.out, "out", "", "a `FILE` for the table")
	if err := f.Parse(args); err != nil {
		return opt, err
	}
	if opt.mysql == "" || opt.es == "" {
		return opt, fmt.Errorf("no servers: run make bench, or give -mysql and -es")
	}
	return opt, nil
}

// has tells whether a part was asked for.
func (o *options) has(part string) bool { return strings.Contains(o.only, part) }
