package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is set when a release is built: -ldflags "-X main.version=…".
var version = "dev"

func versionCommand() *cli.Command {
	return command(cli.Command{
		Name:        "version",
		Usage:       "print the version",
		Description: "Example:\n   yamabiko version",
		Action: func(c *cli.Context) error {
			fmt.Fprintf(c.App.Writer, "yamabiko %s (%s, %s/%s%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, revision())
			return nil
		},
	})
}

// revision is the commit that the program was built from, where the build knows it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return ", commit " + s.Value[:12]
		}
	}
	return ""
}
