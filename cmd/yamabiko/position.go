package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"yamabiko/internal/engine"
	"yamabiko/internal/faultfs"
)

func positionCommand() *cli.Command {
	return command(cli.Command{
		Name:        "position",
		Usage:       "show or set where a source goes on reading",
		Description: "Example:\n   yamabiko position show -c shop.yaml shop",
		Subcommands: []*cli.Command{
			command(cli.Command{
				Name: "show", Usage: "print the saved position of a source, or of all", ArgsUsage: "[SOURCE]",
				Description: "Works beside a running process.\n\nExample:\n   yamabiko position show -c shop.yaml shop",
				Flags:       []cli.Flag{configFlag()}, Action: positionShow,
			}),
			command(cli.Command{
				Name: "set", Usage: "set the position of a source; the process must be stopped", ArgsUsage: "SOURCE POSITION",
				Description: "POSITION of a MySQL source is a GTID set, FILE:POS (a server without GTIDs), or snapshot: read all tables again\n" +
					"and remove from sinks what is gone. Seq rises, so what is read again replaces what sinks hold.\n\n" +
					"Example:\n   yamabiko position set -c shop.yaml shop 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5000\n" +
					"   yamabiko position set -c shop.yaml shop snapshot",
				Flags: []cli.Flag{configFlag()}, Action: positionSet,
			}),
		},
	})
}

func positionShow(c *cli.Context) error {
	conf, err := loadConfig(c)
	if err != nil {
		return err
	}
	if c.Args().Len() > 1 {
		return usage(errors.New("position show takes one source, or none for all"))
	}
	shown := 0
	for _, s := range conf.Sources {
		if c.Args().Present() && c.Args().First() != s.Name {
			continue
		}
		text, err := engine.ShowPosition(conf, plugins(), s, faultfs.OS{}, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		shown++
		fmt.Fprintf(c.App.Writer, "%s: %s\n", s.Name, text)
	}
	if shown == 0 {
		return usage(fmt.Errorf("the configuration has no source %q", c.Args().First()))
	}
	return nil
}

func positionSet(c *cli.Context) error {
	if c.Args().Len() != 2 {
		return usage(errors.New("position set takes a source and a position"))
	}
	conf, err := loadConfig(c)
	if err != nil {
		return err
	}
	for _, s := range conf.Sources {
		if s.Name == c.Args().First() {
			return engine.SetPosition(conf, plugins(), s, c.Args().Get(1), faultfs.OS{}, slog.New(slog.DiscardHandler))
		}
	}
	return usage(fmt.Errorf("the configuration has no source %q", c.Args().First()))
}
