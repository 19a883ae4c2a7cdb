package stdout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"yamabiko/event"
	"yamabiko/internal/ndjson"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

// output is a standard output that remembers each write.
type output struct {
	mu     sync.Mutex
	data   bytes.Buffer
	writes []int
	fail   func(b []byte) (int, error) // instead of the next write
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes = append(o.writes, len(b))
	if fail := o.fail; fail != nil {
		o.fail = nil
		n, err := fail(b)
		o.data.Write(b[:n])
		return n, err
	}
	return o.data.Write(b)
}

func (o *output) Close() error { return nil }

func conform(t *testing.T, format ndjson.Format, record func(line []byte) json.RawMessage) {
	var out *output
	sinktest.Run(t, sinktest.Harness{
		Open: func(t *testing.T, lanes int) sinks.Sink {
			out = &output{}
			return New(Config{Format: format}, sinks.Env{Name: "out", Lanes: lanes}, out)
		},
		Read: func(t *testing.T) []sinktest.Got {
			var got []sinktest.Got
			for line := range bytes.Lines(out.data.Bytes()) {
				if r := record(line); r != nil {
					got = append(got, sinktest.Got{Record: r})
				}
			}
			return got
		},
	})
}

func TestConformanceEnvelope(t *testing.T) {
	conform(t, ndjson.Envelope, func(line []byte) json.RawMessage {
		var e struct{ Row, Record json.RawMessage }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v: %.200s", err, line)
		}
		if e.Row != nil {
			return e.Row
		}
		return e.Record
	})
}

func TestConformanceRow(t *testing.T) {
	conform(t, ndjson.Row, func(line []byte) json.RawMessage { return line })
}

func row(seq uint64, fields ...any) *event.Chunk {
	table := sinktest.Table("shop", "app", "orders", sinktest.Col("id", event.Int))
	return sinktest.Chunk(0, sinktest.Batch("cdc.app.orders", table).Insert(seq, int(seq), fields...).Build())
}

// The lines of a chunk go out in pieces, not one by one, and lines of several lanes do not mix.
func TestWritesAreBufferedAndWhole(t *testing.T) {
	out := &output{}
	s := New(Defaults(), sinks.Env{Name: "out"}, out)
	var wg sync.WaitGroup
	for lane := range 4 {
		wg.Go(func() {
			b := sinktest.Batch("x", nil)
			for i := range 2000 {
				b.Log(uint64(i+1), "lane", lane, "text", strings.Repeat("x", 100))
			}
			if err := s.Write(context.Background(), sinktest.Chunk(lane, b.Build())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	lines := 0
	for line := range bytes.Lines(out.data.Bytes()) {
		if !json.Valid(line) {
			t.Fatalf("line %d is not whole: %s", lines, line)
		}
		lines++
	}
	if most := out.data.Len()/pieceBytes + 4; lines != 8000 || len(out.writes) > most {
		t.Errorf("%d lines in %d writes, want 8000 in at most %d", lines, len(out.writes), most)
	}
}

// A write that stops within a line is taken up there: no reader ever sees half a line.
func TestTornLineIsFinished(t *testing.T) {
	out := &output{fail: func(b []byte) (int, error) { return len(b) / 2, syscall.ENOSPC }}
	s := New(Defaults(), sinks.Env{Name: "out"}, out)
	if err := s.Write(context.Background(), row(1, "a", 1)); !errors.Is(err, syscall.ENOSPC) || sinks.IsPermanent(err) {
		t.Fatalf("full disk: %v, want a retry", err)
	}
	out.fail = func(b []byte) (int, error) { return 3, syscall.ENOSPC }
	if err := s.Write(context.Background(), row(1, "a", 1)); err == nil {
		t.Fatal("the rest of the line failed and Write did not say")
	}
	if err := s.Write(context.Background(), row(1, "a", 1)); err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(out.data.Bytes(), []byte("\n")), []byte("\n"))
	if len(lines) != 2 || !bytes.Equal(lines[0], lines[1]) || !json.Valid(lines[0]) {
		t.Errorf("output\n%s\nwant the line twice, whole", out.data.Bytes())
	}
}

func TestRowFormatLeavesBarriersOut(t *testing.T) {
	out := &output{}
	s := New(Config{Format: ndjson.Row}, sinks.Env{Name: "out"}, out)
	table := sinktest.Table("shop", "app", "orders", sinktest.Col("id", event.Int))
	if err := s.Write(context.Background(), sinktest.Chunk(0, sinktest.Batch("x", table).Barrier(event.Truncate, 1).Build())); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), row(2, "title", "a")); err != nil {
		t.Fatal(err)
	}
	if got, want := out.data.String(), `{"id":2,"title":"a"}`+"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCheckRefusesAFormatThatIsNone(t *testing.T) {
	c := Config{Format: "yaml"}
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), `"yaml"`) {
		t.Errorf("Check: %v", err)
	}
}

// TestMain lets the tests below run this program as one whose standard output is a pipe.
func TestMain(m *testing.M) {
	if os.Getenv("YAMABIKO_STDOUT_CHILD") == "" {
		os.Exit(m.Run())
	}
	os.Exit(child())
}

// child writes until it must end and says why: 3 a permanent error, 4 its context.
func child() int {
	s, err := Plugin().Open(&Config{Format: ndjson.Envelope}, sinks.Env{Name: "out"})
	if err != nil {
		return 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // standard input's end is the signal to stop
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	for {
		err := s.Write(ctx, row(1, "text", strings.Repeat("x", 10_000)))
		switch {
		case sinks.IsPermanent(err):
			_, _ = os.Stderr.WriteString(err.Error())
			return 3
		case errors.Is(err, context.Canceled):
			return 4
		case err != nil:
			return 5
		}
	}
}

func startChild(t *testing.T) (cmd *exec.Cmd, stdin io.Closer, stdout *os.File, stderr *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "YAMABIKO_STDOUT_CHILD=1")
	stdout, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = w, stderr
	if stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { stdin.Close(); stdout.Close() })
	return cmd, stdin, stdout, stderr
}

// `yamabiko run | head -1`: the program says what happened and is not killed by SIGPIPE.
func TestReaderGoneIsPermanentAndSaid(t *testing.T) {
	cmd, _, stdout, stderr := startChild(t)
	if _, err := io.ReadFull(stdout, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(stderr.String(), "has gone") {
		t.Errorf("%v, said %q", cmd.ProcessState, stderr)
	}
}

// A reader that has stopped reading (a pager) does not keep Write from ending with its context.
func TestStuckReaderDoesNotHoldWrite(t *testing.T) {
	cmd, stdin, stdout, _ := startChild(t)
	if _, err := io.ReadFull(stdout, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	stdin.Close()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 4 {
		t.Errorf("%v, want the end of its context", cmd.ProcessState)
	}
}
