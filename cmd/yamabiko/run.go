package main

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"yamabiko/internal/engine"
	"yamabiko/internal/faultfs"
	"yamabiko/internal/logging"
)

func runCommand() *cli.Command {
	return command(cli.Command{
		Name:  "run",
		Usage: "run what the configuration describes, until SIGINT or SIGTERM",
		Description: "Stops gracefully: delivers what it holds, saves its positions and ends with 0 within stop.drain (30s).\n" +
			"A second signal ends it at once; nothing is lost, some events are delivered again.\n\n" +
			"Example:\n   yamabiko run -c shop.yaml",
		Flags:  []cli.Flag{configFlag()},
		Action: runAction,
	})
}

func runAction(c *cli.Context) error {
	conf, err := loadConfig(c)
	if err != nil {
		return err
	}
	tuneMemory(conf)
	out := os.Stderr
	line := &progress{out: out, on: term.IsTerminal(int(out.Fd())) && conf.Log.Format == "text"}
	logs, err := logging.New(conf.Log, line)
	if err != nil {
		return usage(err)
	}
	e, err := engine.New(conf, engine.Options{Registry: plugins(), Log: logs.Component, FS: faultfs.OS{}, Version: version})
	if err != nil {
		return err
	}
	secondSignal(c.Context, logs.Component("main"))
	return line.during(c.Context, e)
}
