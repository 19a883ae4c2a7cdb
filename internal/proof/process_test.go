package proof

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	settleEvery = 500 * time.Millisecond
	readyEvery  = 20 * time.Millisecond
)

// process is one run of the program.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// start runs the program.
func (w *world) start() {
	w.t.Helper()
	fmt.Fprintf(w.log, "---- start\n")
	cmd := exec.Command(w.bin, "run", "-c", w.conf)
	cmd.Stderr, cmd.SysProcAttr = w.log, dieWithTest()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() { // ends with the process, which kill and term wait for
		_ = cmd.Wait() // how it ended stands in cmd.ProcessState
		close(p.done)
	}()
	w.run = p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // ended already is fine
	<-p.done
}

// kill ends the run as a crash would. That the program had ended by itself is a failure.
func (w *world) kill() {
	w.t.Helper()
	w.alive()
	w.run.kill()
	w.run = nil
}

// alive fails if the program has ended by itself.
func (w *world) alive() {
	w.t.Helper()
	select {
	case <-w.run.done:
		w.t.Fatalf("the program ended by itself: %s", w.run.cmd.ProcessState)
	default:
	}
}

// term stops the program with SIGTERM, which must end it well within a bound.
func (w *world) term() {
	w.t.Helper()
	w.alive()
	if err := w.run.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	select {
	case <-w.run.done:
	case <-time.After(patience):
		w.t.Fatal("it does not end after SIGTERM")
	}
	if code := w.run.cmd.ProcessState.ExitCode(); code != 0 {
		w.t.Errorf("SIGTERM ended it with %d, want 0", code)
	}
	w.run = nil
}

// await lets time pass in which the program must not end.
func (w *world) await(d time.Duration) {
	w.t.Helper()
	select {
	case <-w.run.done:
	case <-time.After(d):
	}
	w.alive()
}

// readiness asks /readyz; "" is ready.
func (w *world) readiness() string {
	w.t.Helper()
	w.alive()
	resp, err := http.Get("http://" + w.admin + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err.Error()
	case resp.StatusCode != http.StatusOK:
		return string(bytes.TrimSpace(body))
	}
	return ""
}

// answers waits until the program does, whatever it says.
func (w *world) answers() {
	w.t.Helper()
	eventually(w.t, readyEvery, func() string {
		w.alive()
		resp, err := http.Get("http://" + w.admin + "/healthz")
		if err != nil {
			return err.Error()
		}
		_ = resp.Body.Close() // nothing of it is wanted
		return ""
	})
}

// ready waits for /readyz.
func (w *world) ready() {
	w.t.Helper()
	eventually(w.t, readyEvery, w.readiness)
}

// lose removes the state folder.
func (w *world) lose() {
	w.t.Helper()
	if l := w.letters(); l != "" {
		w.t.Errorf("dead letters: %.2000s", l)
	}
	if err := os.RemoveAll(w.state); err != nil {
		w.t.Fatal(err)
	}
}

// backup copies the state folder, as cp -a does; restore puts the copy at its place.
func (w *world) backup(name string) {
	w.t.Helper()
	w.copy(w.state, w.beside(name))
}

// beside is the path of a copy of the state folder.
func (w *world) beside(name string) string { return filepath.Join(filepath.Dir(w.state), name) }

func (w *world) restore(name string) {
	w.t.Helper()
	w.lose()
	w.copy(w.beside(name), w.state)
}

func (w *world) copy(from, to string) {
	w.t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		w.t.Fatalf("cp: %v: %s", err, out)
	}
}
