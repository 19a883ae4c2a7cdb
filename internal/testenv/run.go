package testenv

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

const usage = `usage: testenv -- COMMAND ARGS...
           runs a command with a MySQL and an Elasticsearch whose addresses stand in YAMABIKO_TEST_MYSQL and _ES
       testenv start mysql|elasticsearch|opensearch --dir DIR --port PORT [-- OPTIONS...]
           runs one server until it is interrupted; its data stay in DIR
       testenv install mysql|elasticsearch|opensearch...
           fetches servers into the cache
`

// Run is the command testenv: see usage. It returns the exit code and leaves nothing running.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	defer closeRunDir()
	return run(ctx, args, stdout, stderr)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 1 && args[0] == "--":
		err = runCommand(ctx, args[1:], stdout, stderr)
	case len(args) > 1 && args[0] == "start":
		err = runServer(ctx, args[1], args[2:], stdout)
	case len(args) > 1 && args[0] == "install":
		for _, kind := range args[1:] {
			err = errors.Join(err, install(ctx, kind))
		}
	default:
		fmt.Fprint(stderr, usage)
		return 2
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	fmt.Fprintln(stderr, err)
	return 1
}

// runCommand runs a command beside the shared servers.
func runCommand(ctx context.Context, command []string, stdout, stderr io.Writer) error {
	var db *MySQLServer
	var es *ESServer
	started, limited := errgroup.WithContext(ctx)
	started.Go(func() (err error) {
		db, err = startInRunDir(limited, StartMySQL)
		return err
	})
	started.Go(func() (err error) {
		es, err = startInRunDir(limited, StartElasticsearch)
		return err
	})
	err := started.Wait()
	if db != nil {
		defer db.Close()
	}
	if es != nil {
		defer es.Close()
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "testenv: %s and %s\n", db, es)

	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Env = append(os.Environ(), "YAMABIKO_TEST_MYSQL="+db.Addr, "YAMABIKO_TEST_ES="+es.URL)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("testenv: %s: %w", command[0], err)
	}
	return nil
}

// runServer keeps one server until ctx ends.
func runServer(ctx context.Context, kind string, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("testenv start "+kind, flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the server's data")
	port := flags.Int("port", 0, "TCP port")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" || *port == 0 {
		return errors.New("testenv: start needs --dir and --port")
	}
	var err error
	var s *server
	var what fmt.Stringer
	switch kind {
	case "mysql":
		var db *MySQLServer
		if db, err = StartMySQL(ctx, *dir, *port, flags.Args()...); err == nil {
			s, what = &db.server, db
		}
	case "elasticsearch", "opensearch":
		var es *ESServer
		if es, err = startES(ctx, kind, *dir, *port, flags.Args()); err == nil {
			s, what = &es.server, es
		}
	default:
		err = fmt.Errorf("testenv: there is no server %q", kind)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, what)
	select {
	case <-ctx.Done():
		s.p.end(syscall.SIGTERM)
		return nil
	case <-s.p.done:
		return fmt.Errorf("testenv: %s ended by itself: %s; its log ends:\n%s", kind, s.p.cmd.ProcessState, s.p.lastWords())
	}
}
