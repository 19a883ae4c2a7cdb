package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// profileOf takes a CPU profile of the product's first two seconds, where profiles were asked for.
func (w *world) profileOf(ctx context.Context, p *product, name string) <-chan error {
	done := make(chan error, 1)
	if w.profile == "" {
		done <- nil
		return done
	}
	go func() {
		done <- p.saveProfile(ctx, filepath.Join(w.profile, strings.ReplaceAll(name, " ", "-")+".pprof"))
	}()
	return done
}

func (p *product) saveProfile(ctx context.Context, file string) error {
	res, err := p.get(ctx, "/debug/pprof/profile?seconds=2")
	for err != nil { // it is not up yet
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		if time.Since(p.begin) > patience {
			return err
		}
		res, err = p.get(ctx, "/debug/pprof/profile?seconds=2")
	}
	defer res.Body.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, res.Body)
	return errors.Join(err, f.Close())
}
