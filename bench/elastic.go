package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"yamabiko/internal/testenv"
)

const esIndex = "bench-orders"

func esSink(url string) string {
	return fmt.Sprintf(`{type: elasticsearch, urls: [%q], index: "bench-{table}"}`, url)
}

// stub is part b's first half: what the product itself needs for a document, the server being another process.
func (w *world) stub(ctx context.Context) error {
	say("%d rows into a stub of Elasticsearch, %d runs", w.rows, w.runs)
	var runs []measured
	for range w.runs {
		m, err := w.intoStub(ctx, "stub", w.whole, "", w.rows)
		if err != nil {
			return err
		}
		runs = append(runs, m)
	}
	m := median(runs)
	w.table.add("b", fmt.Sprintf("%d rows into a bulk stub, without gzip", w.rows), w.figures(m, w.rows), "at most 2 CPU s a million", m.cpuPerMillion(w.rows) <= 2)
	return nil
}

func (w *world) intoStub(ctx context.Context, name, from, record string, rows int) (m measured, err error) {
	port, err := testenv.FreePort()
	if err != nil {
		return m, err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.CommandContext(ctx, w.self, "stub", "-listen", addr, "-record", record)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return m, err
	}
	m, err = w.drainTo(ctx, name, from, esSink("http://"+addr), rows)
	return m, errors.Join(err, stop(cmd))
}

// elasticsearch is part b's second half: the end of the backlog into a real server, in turn with a loader that has nothing to do but post
// the very bodies that the product makes. Both write into an index of the same definition, made afresh each time.
func (w *world) elasticsearch(ctx context.Context) error {
	bodies := filepath.Join(w.dir, "bodies")
	if err := os.Mkdir(bodies, 0o700); err != nil {
		return err
	}
	if _, err := w.intoStub(ctx, "recording", w.tail, bodies, w.esRows); err != nil {
		return err
	}
	say("%d rows into Elasticsearch, %d runs each", w.esRows, w.runs)
	definition, err := w.firstIndex(ctx)
	if err != nil {
		return err
	}
	workers, err := w.bestWorkers(ctx, definition, bodies)
	if err != nil {
		return err
	}
	var ours, loader []measured
	for range w.runs {
		m, err := w.loadAfresh(ctx, definition, bodies, workers)
		if err != nil {
			return err
		}
		loader = append(loader, m)
		if m, err = w.writeAfresh(ctx, definition); err != nil {
			return err
		}
		ours = append(ours, m)
	}
	o, l := median(ours), median(loader)
	w.table.add("b", fmt.Sprintf("%d rows into Elasticsearch", w.esRows), w.figures(o, w.esRows), "", true)
	w.table.add("b", fmt.Sprintf("loader of ready-made bodies, %d workers (the best of 1, 2, 4)", workers), w.figures(l, w.esRows), "", true)
	w.table.ratio("b", "yamabiko / loader, median of the turns", ratio(ours, loader), 0.9)
	return nil
}

// firstIndex has the product make the index once, which warms the server up, and returns the definition that it gave.
func (w *world) firstIndex(ctx context.Context) ([]byte, error) {
	if _, err := w.esDo(ctx, http.MethodDelete, "/"+esIndex+"?ignore_unavailable=true", nil); err != nil {
		return nil, err
	}
	if _, err := w.drainTo(ctx, "elasticsearch", w.tail, esSink(w.es), w.esRows); err != nil {
		return nil, err
	}
	answer, err := w.esDo(ctx, http.MethodGet, "/"+esIndex, nil)
	if err != nil {
		return nil, err
	}
	var found map[string]struct {
		Mappings json.RawMessage `json:"mappings"`
		Settings struct {
			Index map[string]any `json:"index"`
		} `json:"settings"`
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return nil, err
	}
	x := found[esIndex]
	for _, given := range []string{"creation_date", "uuid", "version", "provided_name"} {
		delete(x.Settings.Index, given)
	}
	return json.Marshal(map[string]any{"mappings": x.Mappings, "settings": map[string]any{"index": x.Settings.Index}})
}

// bestWorkers finds out with how many requests at once the loader is fastest.
func (w *world) bestWorkers(ctx context.Context, definition []byte, bodies string) (best int, err error) {
	var least measured
	for _, n := range []int{1, 2, 4} {
		m, err := w.loadAfresh(ctx, definition, bodies, n)
		if err != nil {
			return 0, err
		}
		if best == 0 || m.wall < least.wall {
			best, least = n, m
		}
	}
	return best, nil
}

func (w *world) loadAfresh(ctx context.Context, definition []byte, bodies string, workers int) (measured, error) {
	if err := w.freshIndex(ctx, definition); err != nil {
		return measured{}, err
	}
	return w.load(ctx, bodies, workers)
}

func (w *world) writeAfresh(ctx context.Context, definition []byte) (measured, error) {
	if err := w.freshIndex(ctx, definition); err != nil {
		return measured{}, err
	}
	return w.drainTo(ctx, "elasticsearch", w.tail, esSink(w.es), w.esRows)
}

func (w *world) freshIndex(ctx context.Context, definition []byte) error {
	if _, err := w.esDo(ctx, http.MethodDelete, "/"+esIndex+"?ignore_unavailable=true", nil); err != nil {
		return err
	}
	_, err := w.esDo(ctx, http.MethodPut, "/"+esIndex, definition)
	return err
}

// esDo sends one request to Elasticsearch, which must be answered with 200.
func (w *world) esDo(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.es+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: status %d: %.300s", method, path, res.StatusCode, answer)
	}
	return answer, err
}
