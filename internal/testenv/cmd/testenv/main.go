// Command testenv runs a command beside real servers, or one server for a demo: go run ./internal/testenv/cmd/testenv.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"yamabiko/internal/testenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := testenv.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
