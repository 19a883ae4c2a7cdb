package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"yamabiko/internal/engine"
)

func checkCommand() *cli.Command {
	return command(cli.Command{
		Name:  "check",
		Usage: "check the configuration, and with --connect the servers it names",
		Description: "Prints what each server lacks, with the statement that mends it. Ends with 0 if all is fine, 1 if something is to be mended,\n" +
			"2 if the configuration is wrong.\n\nExample:\n   yamabiko check -c shop.yaml --connect",
		Flags: []cli.Flag{configFlag(),
			&cli.BoolFlag{Name: "connect", Usage: "ask the servers for privileges, settings and mappings"},
			&cli.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "for all servers together"}},
		Action: checkAction,
	})
}

func checkAction(c *cli.Context) error {
	conf, err := loadConfig(c)
	if err != nil {
		return err
	}
	out := c.App.Writer
	for _, w := range engine.Warnings(conf) {
		fmt.Fprintf(out, "warn  %s\n", w)
	}
	if !c.Bool("connect") {
		fmt.Fprintln(out, "ok    the configuration is well formed; --connect asks the servers too")
		return nil
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	return printReports(out, engine.Check(ctx, conf, plugins(), slog.New(slog.DiscardHandler)))
}

// printReports prints what was found; the error says how much of it is to be mended.
func printReports(out io.Writer, reports []engine.Report) error {
	bad := 0
	for _, r := range reports {
		fmt.Fprintf(out, "%s\n", r.Who)
		for _, f := range r.Findings {
			if f.OK {
				fmt.Fprintf(out, "  ok    %s\n", f.What)
				continue
			}
			bad++
			fmt.Fprintf(out, "  mend  %s\n", f.What)
			if f.Remedy != "" {
				fmt.Fprintf(out, "        %s\n", f.Remedy)
			}
		}
		if r.Err != nil {
			bad++
			fmt.Fprintf(out, "  fail  %v\n", r.Err)
		}
	}
	if bad > 0 {
		return errors.New(plural(bad, "thing is", "things are") + " to be mended")
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
