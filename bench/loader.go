package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// loadRole is the raw limit: it posts bodies that a stub has recorded, and prints for how many seconds.
func loadRole(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	url := f.String("es", "", "URL")
	dir := f.String("bodies", "", "folder")
	workers := f.Int("workers", 1, "requests at once")
	if err := f.Parse(args); err != nil {
		return err
	}
	query, err := os.ReadFile(filepath.Join(*dir, "query"))
	if err != nil {
		return err
	}
	bodies, err := readBodies(*dir)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := postAll(ctx, *url+"/_bulk?"+string(query), bodies, *workers); err != nil {
		return err
	}
	_, err = fmt.Println(time.Since(begin).Seconds())
	return err
}

func readBodies(dir string) (bodies [][]byte, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, b)
	}
	return bodies, nil
}

func postAll(ctx context.Context, url string, bodies [][]byte, workers int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, b := range bodies {
		group.Go(func() error { return post(ctx, url, b) })
	}
	return group.Wait()
}

func post(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(`"errors":false`)) {
		return fmt.Errorf("bulk: status %d: %.300s", res.StatusCode, answer)
	}
	return nil
}

// load runs the loader.
func (w *world) load(ctx context.Context, bodies string, workers int) (measured, error) {
	m, out, err := w.role(ctx, "load", "-es", w.es, "-bodies", bodies, "-workers", strconv.Itoa(workers))
	if err != nil {
		return m, err
	}
	seconds, err := strconv.ParseFloat(out, 64)
	if err != nil {
		return m, errors.Join(errors.New("the loader's answer"), err)
	}
	m.wall = time.Duration(seconds * float64(time.Second))
	return m, nil
}
