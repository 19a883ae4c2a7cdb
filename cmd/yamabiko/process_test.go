package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the program as users have it, built once for all tests of this package.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "yamabiko-test-"); built.err != nil {
			return
		}
		var out []byte
		if out, built.err = exec.Command("go", "build", "-o", filepath.Join(built.dir, "yamabiko"), ".").CombinedOutput(); built.err != nil {
			built.err = fmt.Errorf("%w: %s", built.err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "yamabiko")
}

// process is a running yamabiko in a folder of its own.
type process struct {
	t      *testing.T
	dir    string
	cmd    *exec.Cmd
	stderr buffer
	ended  chan struct{}
	err    error
}

// newProcess writes the configuration; start runs it.
func newProcess(t *testing.T, yaml string) *process {
	p := &process{t: t, dir: t.TempDir()}
	p.write("yamabiko.yaml", yaml)
	return p
}

func (p *process) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) start(args ...string) {
	p.t.Helper()
	if args == nil {
		args = []string{"run"}
	}
	p.cmd = exec.Command(binary(p.t), args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, io.Discard, &p.stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended, cmd := make(chan struct{}), p.cmd
	p.ended = ended
	go func() {
		p.err = cmd.Wait()
		close(ended)
	}()
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	})
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exits waits until the process has ended and wants its exit code.
func (p *process) exits(code int) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("it does not end; it said\n%s", p.stderr.String())
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("it ended with %d (%v), not %d; it said\n%s", got, p.cmd.ProcessState, code, p.stderr.String())
	}
}

// until waits for a condition while the process runs.
func (p *process) until(what string, cond func() bool) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !cond() {
		select {
		case <-tick.C:
		case <-p.ended:
			p.t.Fatalf("%s: it ended before; it said\n%s", what, p.stderr.String())
		case <-end:
			p.t.Fatalf("%s: not in %s; it said\n%s", what, patience, p.stderr.String())
		}
	}
}

func (p *process) says(words string) {
	p.t.Helper()
	p.until("it says "+words, func() bool { return strings.Contains(p.stderr.String(), words) })
}

// seqs are the numbers of the lines of a file that the file sink wrote.
func (p *process) seqs(name string) (all []string) {
	b, _ := os.ReadFile(filepath.Join(p.dir, name)) // not there yet is as good as empty
	for line := range bytes.Lines(b) {
		var e struct{ Seq string }
		if json.Unmarshal(line, &e) != nil {
			p.t.Fatalf("%s holds %q", name, line)
		}
		all = append(all, e.Seq)
	}
	return all
}

// saved is the Seq that is saved of the source made.
func (p *process) saved() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "state", "made.json"))
	var f struct{ State struct{ Seq string } }
	if err != nil || json.Unmarshal(b, &f) != nil {
		return ""
	}
	return f.State.Seq
}

// buffer is what a process has said.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

const endless = `
state: {dir: state}
admin: {listen: off}
sources: {made: {type: generate, keys: 20, rate: 500}}
routes: [{match: "**", to: out}]
sinks: {out: {type: file, path: "out/rows.ndjson", retry: {first: 10ms, max: 100ms}}}
`

// TestGracefulStop: SIGTERM and SIGINT end with 0, and what was delivered is what is saved: the next start repeats nothing and leaves nothing out.
func TestGracefulStop(t *testing.T) {
	p := newProcess(t, endless)
	n := 0
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p.start()
		p.until("rows are delivered", func() bool { return len(p.seqs("out/rows.ndjson")) > n+100 })
		p.signal(syscall.SIGHUP) // a terminal that closes ends nothing
		n = len(p.seqs("out/rows.ndjson"))
		p.until("it goes on", func() bool { return len(p.seqs("out/rows.ndjson")) > n+100 })
		p.signal(sig)
		p.exits(0)
		all := p.seqs("out/rows.ndjson")
		n = len(all)
		for i, seq := range all {
			if seq != fmt.Sprint(i+1) {
				t.Fatalf("line %d has Seq %s", i+1, seq)
			}
		}
		if p.saved() != all[n-1] {
			t.Errorf("%s is saved, %s was delivered last", p.saved(), all[n-1])
		}
		if strings.Contains(p.stderr.String(), "WARN") || strings.Contains(p.stderr.String(), "\r") {
			t.Errorf("it said\n%s", p.stderr.String())
		}
	}
}

// TestStopWhileTheSinkIsDown: the stop keeps its bound and its exit code, and the next start delivers what is left.
func TestStopWhileTheSinkIsDown(t *testing.T) {
	p := newProcess(t, strings.Replace(endless, "rate: 500", "count: 300", 1)+"stop: {drain: 100ms}\n")
	p.write("out", "in the way of the folder")
	p.start()
	p.says("sink failed")
	p.signal(syscall.SIGTERM)
	p.exits(0)
	if !strings.Contains(p.stderr.String(), "not everything was delivered before the stop; it is read again at the next start") {
		t.Errorf("it said\n%s", p.stderr.String())
	}
	if p.saved() != "" {
		t.Errorf("%s is saved, and nothing was delivered", p.saved())
	}
	if err := os.Remove(filepath.Join(p.dir, "out")); err != nil {
		t.Fatal(err)
	}
	p.start()
	p.until("all is delivered", func() bool { return p.saved() == "300" })
	p.signal(syscall.SIGTERM)
	p.exits(0)
	if got := p.seqs("out/rows.ndjson"); len(got) != 300 || got[0] != "1" || got[299] != "300" {
		t.Errorf("%d lines", len(got))
	}
}

// TestSecondSignal: whoever does not want to wait for the drain says so twice.
func TestSecondSignal(t *testing.T) {
	p := newProcess(t, endless+"stop: {drain: 1h}\n")
	p.write("out", "in the way of the folder")
	p.start()
	p.says("sink failed")
	p.signal(syscall.SIGTERM)
	p.says("a second signal stops at once")
	p.signal(syscall.SIGTERM)
	p.exits(exitFailed)
}

// TestKilled: after kill -9 the folder is free again, and everything comes at least once.
func TestKilled(t *testing.T) {
	p := newProcess(t, strings.Replace(endless, "rate: 500", "rate: 500, count: 600", 1))
	p.start()
	p.until("some is saved", func() bool { return p.saved() != "" })
	p.signal(syscall.SIGKILL)
	p.exits(-1)
	p.start()
	p.until("all is delivered", func() bool { return p.saved() == "600" })
	seen := map[string]bool{}
	for _, seq := range p.seqs("out/rows.ndjson") {
		seen[seq] = true
	}
	if len(seen) != 600 {
		t.Errorf("%d events of 600", len(seen))
	}
}

// TestStateFolderInUse: a second process names the first one's pid, whatever it wants to do there.
func TestStateFolderInUse(t *testing.T) {
	p := newProcess(t, endless)
	p.start()
	p.until("it runs", func() bool { return p.saved() != "" })
	first := fmt.Sprintf("state folder state is in use by process %d\n", p.cmd.Process.Pid)
	for _, args := range [][]string{{"run"}, {"position", "set", "made", "1"}} {
		other := exec.Command(binary(t), args...)
		other.Dir = p.dir
		out, err := other.CombinedOutput()
		if err == nil || !strings.Contains(string(out), first) {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}

// TestAdminPortInUse: nothing is read where the port is taken.
func TestAdminPortInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p := newProcess(t, strings.Replace(endless, "listen: off", fmt.Sprintf("listen: %q", ln.Addr()), 1))
	p.start()
	p.exits(exitFailed)
	want := fmt.Sprintf("yamabiko: admin: listen tcp %s: bind: address already in use; set admin.listen to another address, or to off\n", ln.Addr())
	if got := p.stderr.String(); got != want {
		t.Errorf("it said %q, not %q", got, want)
	}
	if n := len(p.seqs("out/rows.ndjson")); n > 0 || p.saved() != "" {
		t.Errorf("%d rows were delivered", n)
	}
}

// TestLog: JSON lines, with a level for each component.
func TestLog(t *testing.T) {
	p := newProcess(t, endless+"log: {format: json, level: error, levels: {router: warn, main: info}}\nstop: {drain: 100ms}\n")
	p.write("out", "in the way of the folder")
	p.start()
	p.says("sink failed")
	p.signal(syscall.SIGTERM)
	p.exits(0)
	components := map[string]bool{}
	for line := range strings.Lines(p.stderr.String()) {
		var l struct{ Time, Level, Msg, Component string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if l.Time == "" || l.Msg == "" {
			t.Errorf("no time or message: %s", line)
		}
		components[l.Component+" "+l.Level] = true
	}
	// engine warns that not everything was delivered, which its level, error, leaves out.
	if len(components) != 2 || !components["router WARN"] || !components["main INFO"] {
		t.Errorf("logged by %v", components)
	}
}

// TestSecretsStayIn: no password or key stands in a log, in the admin server's answers or in what check prints.
func TestSecretsStayIn(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	t.Setenv("SECRET", secret)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	p := newProcess(t, fmt.Sprintf(`
state: {dir: state}
admin: {listen: %q, stall_after: 1ms}
log: {level: debug}
stop: {drain: 10ms}
sources:
  shop: {type: mysql, address: "127.0.0.1:1", user: cdc, password: {env: SECRET}, tables: ["a.*"]}
  made: {type: generate, keys: 5}
routes: [{match: "**", to: [one, two]}]
sinks:
  one: {type: elasticsearch, urls: ["http://127.0.0.1:1"], user: u, password: {file: pw}, retry: {first: 1ms, max: 10ms}}
  two: {type: elasticsearch, urls: ["http://127.0.0.1:1"], api_key: {env: SECRET}, retry: {first: 1ms, max: 10ms}}
`, addr))
	p.write("pw", secret+"\n")
	p.start()
	p.says("sink failed")
	p.says("the source failed")
	said := ""
	for _, path := range []string{"/readyz", "/status", "/metrics", "/healthz"} {
		p.until("admin answers "+path, func() bool {
			resp, err := http.Get("http://" + addr + path)
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			said += string(body)
			return err == nil && len(body) > 0
		})
	}
	p.signal(syscall.SIGTERM)
	p.exits(0)
	check := exec.Command(binary(t), "check", "--connect")
	check.Dir = p.dir
	out, err := check.CombinedOutput()
	if err == nil {
		t.Error("check finds nothing to mend")
	}
	said += string(out) + p.stderr.String()
	if !strings.Contains(said, "127.0.0.1:1") || strings.Contains(said, secret) || strings.Contains(said, "horse") {
		t.Errorf("the secret is in\n%s", said)
	}
}
