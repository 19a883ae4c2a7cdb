package file

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/internal/ndjson"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

var endings = []string{"", ".zst", ".gz"}

// opened is a sink over a fresh folder and what it logs.
type opened struct {
	*Sink
	dir string
	log *bytes.Buffer
}

func open(t *testing.T, fsys faultfs.FS, path string) *opened {
	t.Helper()
	return reopen(t, fsys, t.TempDir(), path)
}

func reopen(t *testing.T, fsys faultfs.FS, dir, path string) *opened {
	t.Helper()
	var log bytes.Buffer
	s, err := Open(Config{Path: filepath.Join(dir, path), Format: ndjson.Envelope},
		sinks.Env{Name: "f", Lanes: 4, Log: slog.New(slog.NewTextHandler(&log, nil))}, fsys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &opened{s, dir, &log}
}

func (o *opened) mustWrite(t *testing.T, c *event.Chunk) {
	t.Helper()
	if err := o.Write(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// lines reads a file, decoded, and fails the test where it is not whole lines.
func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := decoded(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s: %v", path, err)
	}
	var all []string
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) || !json.Valid(line) {
			t.Fatalf("%s: line %d is not whole: %.100q", path, len(all), line)
		}
		all = append(all, string(line))
	}
	return all
}

func decoded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	switch filepath.Ext(path) {
	case ".zst":
		d, err := zstd.NewReader(f)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		r = d
	case ".gz":
		if st, err := f.Stat(); err != nil || st.Size() == 0 {
			return nil, err
		}
		if r, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(r)
}

// logs makes a chunk of n logs that begin with number from.
func logs(from, n int) *event.Chunk {
	b := sinktest.Batch("web.access", nil)
	for i := range n {
		b.Log(uint64(from+i), "n", from+i, "text", strings.Repeat("x", 50))
	}
	return sinktest.Chunk(0, b.Build())
}

// has tells whether an event of logs is among the lines.
func has(lines []string, n int) bool {
	for _, l := range lines {
		if strings.Contains(l, fmt.Sprintf(`"n":%d,`, n)) {
			return true
		}
	}
	return false
}

func TestConformance(t *testing.T) {
	for _, ending := range endings {
		t.Run("ndjson"+ending, func(t *testing.T) {
			var o *opened
			sinktest.Run(t, sinktest.Harness{
				Open: func(t *testing.T, _ int) sinks.Sink {
					o = open(t, faultfs.OS{}, "%Y/{tag}.ndjson"+ending)
					return o
				},
				Read: func(t *testing.T) []sinktest.Got { return records(t, o.dir) },
			})
		})
	}
}

func records(t *testing.T, dir string) []sinktest.Got {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var got []sinktest.Got
	for _, p := range paths {
		for _, line := range lines(t, p) {
			var e struct{ Row, Record json.RawMessage }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			if e.Row == nil {
				e.Row = e.Record
			}
			if e.Row != nil { // a barrier has none
				got = append(got, sinktest.Got{Record: e.Row})
			}
		}
	}
	return got
}

// The machine stops at every single operation in turn: whatever Write had promised is there, no torn line stays, and the
// next start goes on.
func TestCrashAnywhereLosesNothingAcked(t *testing.T) {
	for _, ending := range endings {
		t.Run("ndjson"+ending, func(t *testing.T) {
			for nth := 1; crashAt(t, nth, "a/b/x.ndjson"+ending); nth++ {
			}
		})
	}
}

// crashAt writes three chunks and crashes at the nth operation; false when there was none.
func crashAt(t *testing.T, nth int, path string) bool {
	t.Helper()
	in := faultfs.NewInjector()
	in.Crash(nth)
	o := open(t, in, path)
	acked, crashed := 0, false
	for i := range 3 {
		if err := o.Write(context.Background(), logs(i*10, 10)); err != nil {
			crashed = true
			break
		}
		acked += 10
	}
	after := reopen(t, faultfs.OS{}, o.dir, path)
	_ = o.Close()
	after.mustWrite(t, logs(acked, 10))
	got := lines(t, filepath.Join(o.dir, path))
	for n := range acked + 10 {
		if !has(got, n) {
			t.Fatalf("crash at operation %d: event %d was acked and is lost", nth, n)
		}
	}
	return crashed
}

// Write returns only after the lines, and the name of a new file, are fsynced.
func TestWriteFsyncsBeforeItReturns(t *testing.T) {
	in := faultfs.NewInjector()
	o := open(t, in, "x.ndjson")
	o.mustWrite(t, logs(0, 1))
	log := strings.Join(in.Log(), ", ")
	if want := "syncdir " + filepath.Base(o.dir) + ", write x.ndjson, sync x.ndjson"; !strings.HasSuffix(log, want) {
		t.Errorf("operations %s; want at the end %s", log, want)
	}
}

// A full disk leaves no half line, and the retry finishes when there is room again.
func TestFullDiskLeavesNoHalfLine(t *testing.T) {
	for _, ending := range endings {
		t.Run("ndjson"+ending, func(t *testing.T) {
			in := faultfs.NewInjector()
			o := open(t, in, "x.ndjson"+ending)
			path := filepath.Join(o.dir, "x.ndjson"+ending)
			o.mustWrite(t, logs(0, 10))
			in.Fail(faultfs.Write, "x.*", 0, errors.New("no space left on device"))
			for range 3 {
				if err := o.Write(context.Background(), logs(10, 10)); err == nil || sinks.IsPermanent(err) || !strings.Contains(err.Error(), "no space") {
					t.Fatalf("Write: %v, want a retry that says why", err)
				}
				if n := len(lines(t, path)); n != 10 {
					t.Fatalf("%d lines, want the 10 from before", n)
				}
			}
			in.Heal()
			o.mustWrite(t, logs(10, 10))
			if n := len(lines(t, path)); n != 20 {
				t.Errorf("%d lines, want 20", n)
			}
		})
	}
}

// Where the torn line cannot be cut away at once, it is before anything else is written.
func TestTornLineIsCutBeforeTheNextWrite(t *testing.T) {
	in := faultfs.NewInjector()
	o := open(t, in, "x.ndjson")
	o.mustWrite(t, logs(0, 10))
	in.Fail(faultfs.Write, "*", 1, errors.New("disk full"))
	in.Fail(faultfs.Truncate, "*", 0, errors.New("disk offline"))
	for range 2 {
		if err := o.Write(context.Background(), logs(10, 10)); err == nil {
			t.Fatal("Write promised what it could not")
		}
	}
	in.Heal()
	o.mustWrite(t, logs(10, 10))
	if n := len(lines(t, filepath.Join(o.dir, "x.ndjson"))); n != 20 {
		t.Errorf("%d lines, want 20", n)
	}
}

// A failed fsync may have thrown away what another lane wrote: that lane must hear of it, although a second fsync
// would succeed.
func TestFailedFsyncFailsEveryLaneThatWaits(t *testing.T) {
	in := faultfs.NewInjector()
	o := open(t, in, "x.ndjson")
	o.mustWrite(t, logs(0, 1))
	f := o.files.files[filepath.Join(o.dir, "x.ndjson")]
	a, errA := f.append([]byte("{\"lane\":1}\n"))
	b, errB := f.append([]byte("{\"lane\":2}\n"))
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	in.Fail(faultfs.Sync, "*", 1, errors.New("i/o error"))
	if err := f.sync(b); err == nil {
		t.Error("the lane whose fsync failed was told it is durable")
	}
	if err := f.sync(a); !errors.Is(err, errLost) {
		t.Errorf("the other lane: %v, want %v", err, errLost)
	}
	o.mustWrite(t, logs(1, 1))
	if got := lines(t, filepath.Join(o.dir, "x.ndjson")); len(got) != 2 || !has(got, 1) {
		t.Errorf("lines %q, want only what was promised", got)
	}
}

// One fsync serves every lane that wrote before it began.
func TestOneFsyncServesSeveralLanes(t *testing.T) {
	in := faultfs.NewInjector()
	o := open(t, in, "x.ndjson")
	o.mustWrite(t, logs(0, 1))
	f := o.files.files[filepath.Join(o.dir, "x.ndjson")]
	a, _ := f.append([]byte("{}\n"))
	b, _ := f.append([]byte("{}\n"))
	in.Log()
	if err := errors.Join(f.sync(b), f.sync(a)); err != nil {
		t.Fatal(err)
	}
	if ops := in.Log(); len(ops) != 1 {
		t.Errorf("operations %v, want one fsync", ops)
	}
}

// Where one file of several fails, only its events are to be sent again.
func TestOnlyTheFailedFilesEventsComeAgain(t *testing.T) {
	in := faultfs.NewInjector()
	o := open(t, in, "{tag}.ndjson")
	in.Fail(faultfs.Write, "b.*", 0, errors.New("disk full"))
	c := sinktest.Chunk(0, sinktest.Batch("a", nil).Log(1, "n", 1).Build(), sinktest.Batch("b", nil).Log(2, "n", 2).Log(3, "n", 3).Build(),
		sinktest.Batch("a", nil).Log(4, "n", 4).Build())
	var again *sinks.RetryError
	if err := o.Write(context.Background(), c); !errors.As(err, &again) || fmt.Sprint(again.Indices) != "[1 2]" {
		t.Fatalf("Write: %v, want events 1 and 2 again", err)
	}
	if n := len(lines(t, filepath.Join(o.dir, "a.ndjson"))); n != 2 {
		t.Errorf("%d lines in the other file, want 2", n)
	}
}

func TestUnfinishedLineOfACrashIsCutAndSaid(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.ndjson")
	whole := "{\"n\":1}\n"
	for name, content := range map[string]string{
		"torn line":            whole + `{"n":2,"te`,
		"long torn line":       whole + `{"n":2,"text":"` + strings.Repeat("x", 300_000),
		"hole":                 whole + strings.Repeat("\x00", 5000),
		"hole before a line":   whole + strings.Repeat("\x00", 5000) + "{\"n\":2}\n",
		"torn line and a hole": whole + `{"n":2,"te` + strings.Repeat("\x00", 100) + "xt\":1}\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			o := reopen(t, faultfs.OS{}, dir, "x.ndjson")
			o.mustWrite(t, logs(3, 1))
			if got := lines(t, path); len(got) != 2 || got[0] != whole {
				t.Errorf("lines %q, want the whole one and the new one", got)
			}
			if !strings.Contains(o.log.String(), fmt.Sprintf("bytes=%d", len(content)-len(whole))) {
				t.Errorf("log %q does not say what was cut", o.log)
			}
			if err := o.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What is not ours is not cut.
func TestForeignFileIsRefusedAndLeft(t *testing.T) {
	for _, ending := range endings {
		dir := t.TempDir()
		path := filepath.Join(dir, "x"+ending)
		if err := os.WriteFile(path, []byte("a note of somebody"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := reopen(t, faultfs.OS{}, dir, "x"+ending).Write(context.Background(), logs(0, 1)); !sinks.IsPermanent(err) {
			t.Errorf("x%s: %v, want a permanent error", ending, err)
		}
		if b, _ := os.ReadFile(path); string(b) != "a note of somebody" {
			t.Errorf("x%s now holds %q", ending, b)
		}
	}
}

// logrotate moves the file away, or somebody removes it: the next lines go to a new file under the name.
func TestMovedFileIsOpenedAgain(t *testing.T) {
	o := open(t, faultfs.OS{}, "x.ndjson")
	path := filepath.Join(o.dir, "x.ndjson")
	o.mustWrite(t, logs(0, 1))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	o.mustWrite(t, logs(1, 1))
	if err := os.Truncate(path, 0); err != nil { // copytruncate
		t.Fatal(err)
	}
	o.mustWrite(t, logs(2, 1))
	if old, now := lines(t, path+".1"), lines(t, path); !has(old, 0) || len(now) != 1 || !has(now, 2) {
		t.Errorf("moved file %q, new file %q", old, now)
	}
}

func TestTwoWritersOfOneFileAreRefused(t *testing.T) {
	o := open(t, faultfs.OS{}, "x.ndjson")
	o.mustWrite(t, logs(0, 1))
	other := reopen(t, faultfs.OS{}, o.dir, "x.ndjson")
	if err := other.Write(context.Background(), logs(1, 1)); err == nil || !strings.Contains(err.Error(), "another sink") {
		t.Fatalf("Write: %v", err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	other.mustWrite(t, logs(1, 1))
}

func TestModes(t *testing.T) {
	o := open(t, faultfs.OS{}, "a/b/x.ndjson")
	o.mustWrite(t, logs(0, 1))
	for path, want := range map[string]os.FileMode{"a": 0o750 | os.ModeDir, "a/b": 0o750 | os.ModeDir, "a/b/x.ndjson": 0o640} {
		st, err := os.Stat(filepath.Join(o.dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if extra := st.Mode() &^ want; extra != 0 {
			t.Errorf("%s has mode %v, at most %v wanted", path, st.Mode(), want)
		}
	}
}

// However many files a chunk names, few are open at a time, and each lane's lines are in all of them.
func TestOpenFilesAreBounded(t *testing.T) {
	o := open(t, faultfs.OS{}, "{tag}.ndjson")
	var wg sync.WaitGroup
	for lane := range 4 {
		wg.Go(func() {
			var all []*event.Batch
			for i := range 150 {
				all = append(all, sinktest.Batch(fmt.Sprintf("t%d", i), nil).Log(1, "n", lane, "text", "").Build())
			}
			if err := o.Write(context.Background(), sinktest.Chunk(lane, all...)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(o.files.files); n > maxOpen+4 {
		t.Errorf("%d files are open, want at most %d", n, maxOpen+4)
	}
	for i := range 150 {
		if got := lines(t, filepath.Join(o.dir, fmt.Sprintf("t%d.ndjson", i))); len(got) != 4 {
			t.Fatalf("t%d.ndjson has %d lines, want one of each lane", i, len(got))
		}
	}
}

func TestIdleFilesAreClosed(t *testing.T) {
	o := open(t, faultfs.OS{}, "{tag}.ndjson")
	o.mustWrite(t, logs(0, 1))
	other, err := o.files.take(filepath.Join(o.dir, "other"), time.Now().Add(2*maxIdle))
	if err != nil {
		t.Fatal(err)
	}
	o.files.give(other)
	if len(o.files.files) != 1 {
		t.Errorf("%d files are held, want the new one only", len(o.files.files))
	}
}

// No file can have that name, and none ever will: the event is a dead letter, not an endless retry.
func TestNameTooLongIsRejected(t *testing.T) {
	o := open(t, faultfs.OS{}, "{tag}.ndjson")
	c := sinktest.Chunk(0, sinktest.Batch(strings.Repeat("t", 300), nil).Log(1, "n", 1).Build(), sinktest.Batch("ok", nil).Log(2, "n", 2, "text", "").Build())
	var rejects sinktest.Rejects
	c.OnReject = rejects.Add
	o.mustWrite(t, c)
	if r := rejects.All(); len(r) != 1 || r[0].Entries[r[0].I].Seq != 1 {
		t.Errorf("rejects %v, want the event with the long name", r)
	}
	if !has(lines(t, filepath.Join(o.dir, "ok.ndjson")), 2) {
		t.Error("the other event is lost")
	}
}
