package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yamabiko/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// prepare builds yamabiko and gives the demo a folder for its own, which has to be empty at the end.
func prepare(t *testing.T, out io.Writer) (d *demo, tmp string) {
	t.Helper()
	t.Chdir("../..") // where make runs
	d = &demo{binary: filepath.Join(t.TempDir(), "yamabiko"), out: newReporter(out)}
	if msg, err := exec.Command("go", "build", "-o", d.binary, "./cmd/yamabiko").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	tmp = t.TempDir()
	t.Setenv("TMPDIR", tmp)
	return d, tmp
}

func nothingLeft(t *testing.T, tmp string) {
	t.Helper()
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDemo_WithoutATerminalVerifiesAndCleansUp(t *testing.T) {
	var out bytes.Buffer
	d, tmp := prepare(t, &out)
	if err := d.run(t.Context(), false); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"11 tables equal their indices", "a transaction over four tables"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	nothingLeft(t, tmp)
}

func TestDemo_InterruptCleansUp(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	d, tmp := prepare(t, when{"follows the binlog", interrupt})
	if err := d.run(ctx, true); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted while it waits for the snapshot: %v", err)
	}
	if !d.cmd.ProcessState.Exited() {
		t.Errorf("yamabiko: %v", d.cmd.ProcessState)
	}
	nothingLeft(t, tmp)
}

// when calls f once a text is written.
type when struct {
	text string
	f    func()
}

// Write looks for the text.
func (w when) Write(b []byte) (int, error) {
	if strings.Contains(string(b), w.text) {
		w.f()
	}
	return len(b), nil
}
