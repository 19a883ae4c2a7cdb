package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"yamabiko/internal/testenv"
)

// passwordVar holds the password of yamabiko's MySQL user: a configuration has secrets by reference only.
const passwordVar = "YAMABIKO_DEMO_PASSWORD"

// configuration is what yamabiko runs with here.
const configuration = `# The demo's configuration: all tables of one database, an index a table.
version: 1
state: {dir: %q}
admin: {listen: %q}
sources:
  shop:
    type: mysql
    address: %q
    user: yamabiko
    password: {env: %s}
    tables: ["Chinook.*"]
routes:
  - {match: "cdc.Chinook.*", to: rows}
sinks:
  rows: {type: elasticsearch, urls: [%q], index: "{schema}.{table}"}
`

// yamabiko writes a configuration and starts the program as a process of its own.
func (d *demo) yamabiko(ctx context.Context) error {
	d.out.step("starting %s", d.binary)
	port, err := testenv.FreePort()
	if err != nil {
		return err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	d.admin = "http://" + listen
	text := fmt.Sprintf(configuration, filepath.Join(d.dir, "state"), listen, d.mysql.Addr, passwordVar, d.es.URL)
	if err := os.WriteFile(d.path("yamabiko.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	d.out.say("%s", strings.TrimSpace(text))
	if err := d.start(); err != nil {
		return err
	}
	err = d.until(ctx, func() (bool, error) {
		_, err := d.status(ctx)
		return err == nil, nil
	})
	if err == nil {
		d.out.done("it runs as process %d", d.cmd.Process.Pid)
	}
	return err
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

func (d *demo) start() error {
	log, err := os.Create(d.path("yamabiko.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = exec.Command(d.binary, "run", "--config", d.path("yamabiko.yaml"))
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.Env = append(os.Environ(), passwordVar+"="+password)
	testenv.Tie(d.cmd)
	if err := d.cmd.Start(); err != nil {
		d.cmd = nil
		return err
	}
	d.ended = make(chan struct{})
	go func() { // ends with the process, which stop waits for
		_ = d.cmd.Wait() // stop and lastWords look at how it ended
		close(d.ended)
	}()
	return nil
}

// stop asks yamabiko to end, as a service manager would.
func (d *demo) stop() error {
	if d.cmd == nil {
		return nil
	}
	select {
	case <-d.ended:
		return nil // whoever waited for it has said so
	default:
	}
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-d.ended:
	case <-time.After(time.Minute):
		_ = d.cmd.Process.Kill() // gone already is fine
		<-d.ended
	}
	if !d.cmd.ProcessState.Success() {
		return d.lastWords()
	}
	return nil
}

// lastWords says how yamabiko ended, with the end of its log.
func (d *demo) lastWords() error {
	log, err := os.ReadFile(d.path("yamabiko.log"))
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return fmt.Errorf("yamabiko ended: %s; its log ends:\n%s", d.cmd.ProcessState, strings.Join(lines[max(0, len(lines)-20):], "\n"))
}

// patience bounds every wait.
const patience = 3 * time.Minute

// until asks every few milliseconds, until the answer is yes or an error, yamabiko ends, or patience does.
func (d *demo) until(ctx context.Context, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := ask(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-d.ended:
			return d.lastWords()
		case <-ctx.Done():
			return fmt.Errorf("waited in vain: %w", ctx.Err())
		}
	}
}
