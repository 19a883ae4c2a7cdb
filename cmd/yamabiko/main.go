// Command yamabiko carries changes of databases, and logs, to where they are searched and kept.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"yamabiko/config"
)

// Exit codes (design.md, "Configuration").
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args)) }

// run is main without the exit, for tests.
func run(args []string) int {
	// A hang-up does not end the program: it runs on when its terminal closes.
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := app().RunContext(ctx, args)
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "yamabiko: %v\n", err)
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return exitFailed
}

func app() *cli.App {
	return &cli.App{
		Name:  "yamabiko",
		Usage: "carry changes of databases, and logs, to where they are searched and kept",
		Description: "Every command that reads a configuration takes -c FILE, yamabiko.yaml by default.\n" +
			"Exit codes: 0 done, 1 failed, 2 the configuration or the command line is wrong.",
		HideVersion:     true,
		HideHelpCommand: true,
		Commands:        []*cli.Command{runCommand(), checkCommand(), positionCommand(), replayCommand(), versionCommand()},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage(fmt.Errorf("there is no command %q; yamabiko --help lists them", c.Args().First()))
			}
			return cli.ShowAppHelp(c)
		},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return usage(err) },
		ExitErrHandler: func(*cli.Context, error) {}, // run maps errors to exit codes
	}
}

// coded is an error with the exit code that it ends the program with.
type coded struct {
	error
	code int
}

// ExitCode is what the program ends with.
func (c coded) ExitCode() int { return c.code }

func (c coded) Unwrap() error { return c.error }

func usage(err error) error { return coded{err, exitUsage} }

// configFlag is -c.
func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Aliases: []string{"c"}, Value: "yamabiko.yaml", Usage: "the configuration `FILE`", EnvVars: []string{"YAMABIKO_CONFIG"}}
}

// loadConfig loads the file that -c names.
func loadConfig(c *cli.Context) (*config.File, error) {
	conf, err := config.Load(c.String("config"), plugins().Config())
	if err != nil {
		return nil, usage(fmt.Errorf("the configuration is wrong\n%w", err))
	}
	return conf, nil
}

// command fills in what all commands share: what a command does not know it refuses.
func command(c cli.Command) *cli.Command {
	c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return usage(err) }
	c.HideHelpCommand = true
	action := c.Action
	switch {
	case c.Subcommands != nil:
		c.Action = func(ctx *cli.Context) error {
			if ctx.Args().Present() {
				return usage(fmt.Errorf("there is no command %q; yamabiko %s --help lists them", c.Name+" "+ctx.Args().First(), c.Name))
			}
			return cli.ShowSubcommandHelp(ctx)
		}
	case c.ArgsUsage == "":
		c.Action = func(ctx *cli.Context) error {
			if ctx.Args().Present() {
				return usage(fmt.Errorf("%s takes no arguments, such as %q", c.Name, ctx.Args().First()))
			}
			return action(ctx)
		}
	}
	return &c
}
