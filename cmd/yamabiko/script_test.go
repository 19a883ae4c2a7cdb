package main

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(cleaning{m}, map[string]func(){"yamabiko": func() { os.Exit(run(os.Args)) }})
}

// cleaning removes what the tests have built.
type cleaning struct{ *testing.M }

// Run implements testscript.TestingM.
func (c cleaning) Run() int {
	code := c.M.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // a temporary folder: the system sweeps what stays
	}
	return code
}

// patience bounds every wait of these tests; a condition ends it sooner.
const patience = 60 * time.Second

// TestScript runs testdata/*.txtar: the command line as a person uses it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"until": until, "status": status},
	})
}

// until waits until a file matches a pattern: until FILE PATTERN.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until FILE PATTERN")
	}
	want := regexp.MustCompile("(?m)" + args[1])
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	var got []byte
	for !want.Match(got) {
		select {
		case <-tick.C:
			got, _ = os.ReadFile(ts.MkAbs(args[0])) // not there yet is as good as empty
		case <-end:
			ts.Fatalf("%s does not come to match %q; it holds\n%s", args[0], args[1], got)
		}
	}
}

// status runs a command and wants an exit code: status CODE PROGRAM [ARG…].
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM [ARG…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if exit, ok := err.(interface{ String() string }); ok {
		code = exit.String()[len("exit status "):]
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("%v ended with %s", args[1:], code)
	}
}
