package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"yamabiko/internal/faultfs"
	"yamabiko/sources"
)

// TestP1_StalledSinkHoldsThePosition: of two sinks one takes everything and the other nothing: no position passes, also not by a stop; then
// the other goes on and gets every event.
func TestP1_StalledSinkHoldsThePosition(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const count = 3000
	fast, slow := newGate(true), newGate(false)
	w := newWorld(t, fmt.Sprintf(`
sources: {made: {type: generate, keys: 50, count: %d}}
routes: [{match: "**", to: [fast, slow]}]
sinks: {fast: {type: fast}, slow: {type: slow, buffer: {chunk: {bytes: 64KiB, count: 100}}}}`, count))
	w.reg.Sinks = append(w.reg.Sinks, fast.plugin("fast"), slow.plugin("slow"))
	w.drain = "10ms" // what is not delivered by then is read again
	w.start()
	w.until("the fast sink has everything", func() bool { return fast.took() == count })
	w.savesNow()
	if pos := w.saved("made").Position; pos != nil {
		t.Fatalf("position %q is saved, and the slow sink has nothing", pos)
	}
	w.stop()
	if pos := w.saved("made").Position; pos != nil {
		t.Fatalf("position %q is saved by the stop, and the slow sink has nothing", pos)
	}
	w.logged("not everything was delivered before the stop")

	slow.open()
	w.start()
	w.until("the slow sink has everything", func() bool { return slow.took() == count })
	w.until("the position passes", func() bool { return string(w.saved("made").Position) == fmt.Sprint(count) })
	w.stop()
}

// TestFullDiskUnderTheStateFolder: while nothing can be saved the process says so, does not spin, and goes on by itself.
func TestFullDiskUnderTheStateFolder(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newWorld(t, `
sources: {made: {type: generate, rate: 2000}}
routes: [{match: "**", to: out}]
sinks: {out: {type: file, path: `+filepath.Join(t.TempDir(), "out.ndjson")+`}}`)
	w.start()
	w.ready()
	w.until("a position is saved", func() bool { return w.saved("made").Position != nil })
	w.fs.Fail(faultfs.Write, "made.json.tmp", 0, syscall.ENOSPC)
	w.fs.Log()
	w.complains("made: position held: the position cannot be saved", "made.json", syscall.ENOSPC.Error())
	held := w.saved("made").Position
	delivered := w.e.metrics.Sink("out").Events.Get()
	w.until("rows are delivered meanwhile", func() bool { return w.e.metrics.Sink("out").Events.Get() > delivered+2000 })
	if got := w.saved("made").Position; string(got) != string(held) {
		t.Errorf("the position went from %s to %s while nothing could be saved", held, got)
	}
	tries := 0
	for _, op := range w.fs.Log() {
		if op == "write made.json.tmp" {
			tries++
		}
	}
	if tries > 50 {
		t.Errorf("%d attempts to save in the time of %d rows: it spins", tries, w.e.metrics.Sink("out").Events.Get()-delivered)
	}
	if n := w.log.lines("the position cannot be saved", "no space left"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
	w.fs.Heal()
	w.ready()
	w.until("it is saved again", func() bool { return string(w.saved("made").Position) != string(held) })
	w.stop()
}

// TestFullDiskAtTheStart: a source that has to save before it may begin waits, and the reason shows.
func TestFullDiskAtTheStart(t *testing.T) {
	p := newPuppet()
	p.sync = true
	p.st.Phase = "connecting"
	w := newWorld(t, "sources: {s: {type: puppet}}\nroutes: [{else: true, to: n}]\nsinks: {n: {type: null}}")
	w.reg.Sources = append(w.reg.Sources, p.plugin("puppet"))
	w.fs.Fail(faultfs.Open, "s.json.tmp", 0, syscall.ENOSPC)
	w.start()
	w.complains("s: position held: the position cannot be saved", syscall.ENOSPC.Error())
	w.fs.Heal()
	w.until("streaming", func() bool { return w.e.Status().Sources[0].Phase == "streaming" })
	if got := string(w.saved("s").Position); got != "synced" {
		t.Errorf("saved is %q", got)
	}
}

// TestP1_RejectsAreDurableBeforeThePosition: while the dead letters cannot be written nothing passes, and the source waits; then all go on.
func TestP1_RejectsAreDurableBeforeThePosition(t *testing.T) {
	for _, c := range []struct{ name, match, log string }{
		{"refused by a sink", "**", "sink failed"},
		{"no route", "elsewhere", "cannot write dead letters; the source waits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			bad := newGate(true)
			bad.reject = true
			w := newWorld(t, fmt.Sprintf(`
sources: {made: {type: generate, keys: 10, count: 500}}
routes: [{match: %q, to: bad}]
sinks: {bad: {type: bad, retry: {first: 10ms, max: 200ms}, buffer: {limit: 64KiB, chunk: {bytes: 64KiB, count: 100}}}}`, c.match))
			w.reg.Sinks = append(w.reg.Sinks, bad.plugin("bad"))
			w.fs.Fail(faultfs.Write, "*.ndjson", 0, syscall.ENOSPC)
			w.start()
			w.logged(c.log, "dead letters", syscall.ENOSPC.Error())
			w.savesNow()
			if pos := w.saved("made").Position; pos != nil {
				t.Errorf("position %q is saved, and no dead letter is", pos)
			}
			w.fs.Heal()
			w.until("the position passes", func() bool { return string(w.saved("made").Position) == "500" })
			w.stop()
			if n := strings.Count(w.letters(), "\n"); n != 500 {
				t.Errorf("%d dead letters of 500", n)
			}
			if n := w.e.metrics.Rejects(map[bool]string{true: "bad"}[c.match == "**"]).Get(); n != 500 {
				t.Errorf("%d rejects are counted", n)
			}
		})
	}
}

// letters is the text of all dead letters.
func (w *world) letters() string {
	w.t.Helper()
	files, err := filepath.Glob(w.state("dead", "*.ndjson"))
	if err != nil {
		w.t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			w.t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// TestS6_SuspectHoldsUntilCounted: a version above the count holds the position until the count has passed it.
func TestS6_SuspectHoldsUntilCounted(t *testing.T) {
	p := newPuppet()
	p.st.Seq = 100
	w := newWorld(t, "sources: {s: {type: puppet}}\nroutes: [{else: true, to: n}]\nsinks: {n: {type: null}}")
	w.reg.Sources = append(w.reg.Sources, p.plugin("puppet"))
	w.start()
	p.emit <- "1"
	w.until("1 is saved", func() bool { return string(w.saved("s").Position) == "1" })
	w.e.suspect("s", 90) // a replay meets what was counted before: no suspect
	p.emit <- "2"
	w.until("2 is saved", func() bool { return string(w.saved("s").Position) == "2" })

	w.e.suspect("s", 150)
	w.e.suspect("other", 1<<60) // a stream that is none of ours holds nothing up
	w.complains("s: position held: a sink holds version 150, above every Seq that this source has given out (100)", "yamabiko position set s snapshot")
	p.emit <- "3"
	w.savesNow()
	if got := string(w.saved("s").Position); got != "2" {
		t.Errorf("position %s is saved past a suspect", got)
	}
	p.set(func(st *sources.Status) { st.Seq, st.AtTip = 149, false })
	w.until("behind its tip a suspect may yet clear", func() bool { return len(w.problems()) == 0 })
	w.savesNow()
	if got := string(w.saved("s").Position); got != "2" {
		t.Errorf("position %s is saved while the count is 149", got)
	}
	p.set(func(st *sources.Status) { st.Seq = 150 })
	w.until("3 is saved", func() bool { return string(w.saved("s").Position) == "3" })
	w.ready()
}

// TestCommitIsTriedAgain: what the upstream could not be told it is told later, though the position is saved.
func TestCommitIsTriedAgain(t *testing.T) {
	p := newPuppet()
	p.commits = []error{errTest, errTest}
	w := newWorld(t, "sources: {s: {type: puppet}}\nroutes: [{else: true, to: n}]\nsinks: {n: {type: null}}")
	w.reg.Sources = append(w.reg.Sources, p.plugin("puppet"))
	w.start()
	p.emit <- "7"
	w.until("the upstream is told", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return fmt.Sprint(p.told) == "[7]"
	})
	w.ready()
	w.logged("tell the upstream of s what is durable", errTest.Error())
}

// TestSourceFails: a failure that may pass is tried again and shown; one that does not ends the process, if no other source is left.
func TestSourceFails(t *testing.T) {
	p := newPuppet()
	p.failures = []error{errTest, sources.Permanent(errors.New("wrong password"))}
	p.st.Phase = "stopped"
	w := newWorld(t, "sources: {s: {type: puppet}}\nroutes: [{else: true, to: n}]\nsinks: {n: {type: null}}")
	w.reg.Sources = append(w.reg.Sources, p.plugin("puppet"))
	w.start()
	if err := w.wait(); err == nil || !strings.Contains(err.Error(), "wrong password") {
		t.Errorf("ended with %v", err)
	}
	if w.log.lines("the source failed and is started again", errTest.Error()) != 1 || w.log.lines("the source is stopped: this must be mended first", "wrong password") != 1 {
		t.Error("the log does not tell both failures")
	}
}

// TestOneSourceStays: while one source is stopped for good the others go on, and readyz says which.
func TestOneSourceStays(t *testing.T) {
	p := newPuppet()
	p.failures = []error{sources.Permanent(errors.New("wrong password"))}
	g := newGate(true)
	w := newWorld(t, `
sources: {s: {type: puppet}, made: {type: generate, rate: 1000}}
routes: [{else: true, to: g}]
sinks: {g: {type: g}}`)
	w.reg.Sources, w.reg.Sinks = append(w.reg.Sources, p.plugin("puppet")), append(w.reg.Sinks, g.plugin("g"))
	w.start()
	w.complains("s: not running: wrong password")
	n := g.took()
	w.until("the other source goes on", func() bool { return g.took() > n })
}
