package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one server: the script that becomes it, what that needs, and the running process if there is one.
type process struct {
	kind string // names the script: mysql, elasticsearch, opensearch
	dir  string
	port int
	// ready returns nil once the server answers; it is asked again and again.
	ready func(ctx context.Context) error

	cmd  *exec.Cmd     // nil while stopped
	done chan struct{} // closed when cmd has ended
}

// install fetches a server into the cache unless it is there; progress goes to standard error.
func install(ctx context.Context, kind string) error {
	cmd, err := script(ctx, kind, "install")
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	// A session of its own: so all that the script has started can be ended, and package tools find no terminal to ask at. SIGTERM, since a
	// package that is half installed would have to be mended.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("testenv: install %s: %w (its output is above)", kind, err)
	}
	return nil
}

// script is the command which runs a server's script.
func script(ctx context.Context, kind string, args ...string) (*exec.Cmd, error) {
	run, err := runDir()
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(run, "scripts", kind+".sh")
	cmd := exec.CommandContext(ctx, "bash", append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), "YAMABIKO_CACHE="+cache, "YAMABIKO_ENGINE="+engine())
	return cmd, nil
}

// start runs the server with options and returns once it answers, or with its last words.
func (p *process) start(ctx context.Context, options []string) error {
	args := append([]string{p.dir, strconv.Itoa(p.port)}, options...)
	// The server must outlive ctx, which only limits the wait for its first answer.
	cmd, err := script(context.WithoutCancel(ctx), p.kind, args...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("testenv: %w", err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, dieWithParent()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("testenv: start %s: %w", p.kind, err)
	}
	p.cmd, p.done = cmd, make(chan struct{})
	go func() { // ends with the process, which end waits for
		_ = cmd.Wait() // how a server ends is the caller's doing
		close(p.done)
	}()
	if err := p.await(ctx); err != nil {
		p.end(syscall.SIGKILL)
		return fmt.Errorf("testenv: %s on port %d in %s: %w; its log ends:\n%s", p.kind, p.port, p.dir, err, p.lastWords())
	}
	return nil
}

// await asks until the server is ready.
func (p *process) await(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("ended before it answered: %s", p.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("does not answer (%w): %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// end stops the server: SIGTERM lets it shut down in order, for a minute at most; SIGKILL is a crash.
func (p *process) end(sig syscall.Signal) {
	if p.cmd == nil {
		return
	}
	p.signal(sig)
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.signal(syscall.SIGKILL)
		<-p.done
	}
	p.cmd = nil
}

// signal reaches the server itself: a container's client passes on all but SIGKILL.
func (p *process) signal(sig syscall.Signal) {
	if e := engine(); e != "" && sig == syscall.SIGKILL {
		_ = exec.Command(e, "kill", fmt.Sprintf("yamabiko-%s-%d", p.kind, p.port)).Run() // gone already is fine
	}
	_ = p.cmd.Process.Signal(sig) // gone already is fine
}

func (p *process) logPath() string { return filepath.Join(p.dir, "server.log") }

// lastWords is the end of the server's log.
func (p *process) lastWords() string {
	log, err := os.ReadFile(p.logPath())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

// engine is the container engine that answers here, or "". A client without a daemon does not count.
var engine = sync.OnceValue(func() string {
	switch name := os.Getenv("YAMABIKO_ENGINE"); name {
	case "none":
		return ""
	case "docker", "podman":
		return name
	}
	for _, name := range []string{"docker", "podman"} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err := exec.CommandContext(ctx, name, "info").Run()
		cancel()
		if err == nil {
			return name
		}
	}
	return ""
})
