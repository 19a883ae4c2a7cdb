// Command demo shows the whole road with servers of its own: rows of a MySQL become documents of an Elasticsearch, and stay so while they
// change. It verifies every document. On a terminal it then stays up until ^C. make demo runs it, after make build.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"yamabiko/internal/testenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	d := &demo{binary: "bin/yamabiko", out: newReporter(os.Stdout)}
	err := d.run(ctx, term.IsTerminal(int(os.Stdin.Fd())))
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil:
		return
	case interrupted:
		fmt.Println("interrupted")
	default:
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
	}
	os.Exit(1)
}

// run is the demo from its folder to the clean-up. stay says that somebody is there to look around.
func (d *demo) run(ctx context.Context, stay bool) (err error) {
	if d.dir, err = os.MkdirTemp("", "yamabiko-demo-"); err != nil {
		return err
	}
	defer func() {
		d.out.step("cleaning up")
		left := errors.Join(d.close(), os.RemoveAll(d.dir))
		testenv.Clean()
		if left == nil {
			d.out.done("nothing is left running")
		}
		err = errors.Join(err, left)
	}()
	for _, act := range []func(context.Context) error{d.servers, d.chinook, d.yamabiko, d.snapshot, d.changes, d.pace, d.verify} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	d.look(stay)
	if !stay {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-d.ended:
		return d.lastWords()
	}
}
