package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"yamabiko/internal/compare"
)

// indexOf is the name that the configuration's template gives to a table's index.
func indexOf(table string) string { return strings.ToLower(schema + "." + table) }

// snapshot waits until every table has been read and every index holds as many documents as its table has rows.
func (d *demo) snapshot(ctx context.Context) error {
	d.out.step("waiting for the snapshot: yamabiko reads every table once while it already follows the binlog")
	want, err := d.counts(ctx)
	if err != nil {
		return err
	}
	var said time.Time
	err = d.until(ctx, func() (bool, error) {
		src, err := d.status(ctx)
		if err != nil {
			return false, err
		}
		if src.Phase == "stopped" {
			return false, errors.New("yamabiko's source has stopped: " + src.Error)
		}
		read, rows := 0, int64(0)
		for _, t := range src.Tables {
			rows += t.Rows
			if t.Snapshot == "done" {
				read++
			}
		}
		there, docs, err := d.filled(ctx, want)
		if time.Since(said) > time.Second || read == len(want) && there == len(want) {
			said = time.Now()
			d.out.say("%2d of %d tables and %5d rows read; %2d indices complete, %5d documents", read, len(want), rows, there, docs)
		}
		return read == len(want) && there == len(want), err
	})
	if err == nil {
		d.out.done("every index has as many documents as its table has rows")
	}
	return err
}

// filled tells how many indices hold as many documents as wanted, and how many documents there are.
func (d *demo) filled(ctx context.Context, want map[string]int) (complete, docs int, err error) {
	var all []struct {
		Index string
		Count string `json:"docs.count"` // as of the last refresh, by default at most a second ago
	}
	status, err := get(ctx, d.es.URL+"/_cat/indices/"+strings.ToLower(schema)+".*?format=json&h=index,docs.count", &all)
	if err != nil || status != http.StatusOK {
		return 0, 0, err
	}
	have := map[string]int{}
	for _, i := range all {
		if i.Count != "" { // not yet started
			have[i.Index] = number(i.Count)
		}
	}
	for table, n := range want {
		if have[indexOf(table)] == n {
			complete++
		}
	}
	return complete, sum(have), nil
}

// verify compares all tables with their indices, document by document.
func (d *demo) verify(ctx context.Context) error {
	d.out.step("verifying: MySQL writes every row as JSON, and each has to be the document with its id, none too few and none too many")
	diffs, err := compare.Tables(ctx, d.sql.Run, d.es.URL, schema, indexOf)
	if err != nil {
		return err
	}
	var wrong []error
	for _, diff := range diffs[:min(len(diffs), 10)] {
		wrong = append(wrong, errors.New(diff.String()))
	}
	if len(diffs) > 0 {
		return errors.Join(append(wrong, errors.New("tables and indices differ"))...)
	}
	counts, err := d.counts(ctx)
	if err == nil {
		d.out.done("%d tables equal their indices: %d rows, %d documents", len(counts), sum(counts), sum(counts))
	}
	return err
}
