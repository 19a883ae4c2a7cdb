package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"yamabiko/internal/engine"
)

func replayCommand() *cli.Command {
	return command(cli.Command{
		Name:      "replay",
		Usage:     "put dead letters back",
		ArgsUsage: "FILE…",
		Description: "Asks the running process. A row with a key is read again at its source, since the image in the dead letter may be older than\n" +
			"what the sink holds by now; an event without a key is sent as it stands to the sink that refused it. What is refused again\n" +
			"becomes a dead letter again. Files are left as they are.\n\n" +
			"Example:\n   yamabiko replay -c shop.yaml /var/lib/yamabiko/dead/20261124.ndjson",
		Flags:  []cli.Flag{configFlag()},
		Action: replayAction,
	})
}

func replayAction(c *cli.Context) error {
	if !c.Args().Present() {
		return usage(errors.New("replay takes the files to put back; they are in STATE/dead/"))
	}
	conf, err := loadConfig(c)
	if err != nil {
		return err
	}
	var files []string
	for _, f := range c.Args().Slice() {
		abs, err := filepath.Abs(f)
		if err != nil {
			return err
		}
		files = append(files, abs)
	}
	report, err := askReplay(c.Context, conf.State.Dir, files)
	if err != nil {
		return err
	}
	return printReplay(c.App.Writer, report)
}

func askReplay(ctx context.Context, stateDir string, files []string) (engine.ReplayReport, error) {
	var report engine.ReplayReport
	err := engine.Control(ctx, stateDir, "replay", files, &report)
	if errors.Is(err, engine.ErrNotRunning) {
		err = fmt.Errorf("%w: %s; start it with `yamabiko run` first: rows are read again where its stream stands", err, stateDir)
	}
	return report, err
}

func printReplay(out io.Writer, r engine.ReplayReport) error {
	fmt.Fprintf(out, "%s read again, %s sent again\n", plural(r.Reread, "row", "rows"), plural(r.Resent, "event", "events"))
	for _, p := range r.Problems {
		fmt.Fprintf(out, "left: %s\n", p)
	}
	if n := len(r.Problems); n > 0 {
		return errors.New(plural(n, "dead letter was", "dead letters were") + " left")
	}
	return nil
}
