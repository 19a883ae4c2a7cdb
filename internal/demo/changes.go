package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// change is a transaction and the documents by which one can tell that it has arrived.
type change struct {
	what string
	sql  []string
	want []want
}

// want is a document that has a field with a value, as JSON writes it; without a field: a document that is gone.
type want struct{ table, id, field, value string }

func transactions() []change {
	return []change{
		{"an insert", []string{"INSERT INTO Artist VALUES (1000, 'Yamabiko')"},
			[]want{{"Artist", "1000", "Name", `"Yamabiko"`}}},
		{"an update", []string{"UPDATE Track SET UnitPrice = 1.49 WHERE TrackId = 1"},
			[]want{{"Track", "1", "UnitPrice", `"1.49"`}}},
		{"a delete, of a row with a key of two columns", []string{"DELETE FROM PlaylistTrack WHERE PlaylistId = 1 AND TrackId = 1"},
			[]want{{"PlaylistTrack", "~i1,i1", "", ""}}},
		{"a change of a primary key", []string{"UPDATE Artist SET ArtistId = 2000 WHERE ArtistId = 1000"},
			[]want{{"Artist", "1000", "", ""}, {"Artist", "2000", "ArtistId", "2000"}}},
		{"a transaction over four tables", []string{
			"INSERT INTO Invoice VALUES (1000, 1, '2026-11-22 10:20:30', NULL, '東京', NULL, 'Japan', NULL, 2.48)",
			"INSERT INTO InvoiceLine VALUES (5000, 1000, 1, 1.49, 1), (5001, 1000, 2, 0.99, 1)",
			"UPDATE Customer SET City = '東京' WHERE CustomerId = 1",
			"DELETE FROM PlaylistTrack WHERE PlaylistId = 1 AND TrackId = 2",
		}, []want{
			{"Invoice", "1000", "BillingCity", `"東京"`}, {"InvoiceLine", "5001", "UnitPrice", `"0.99"`},
			{"Customer", "1", "City", `"東京"`}, {"PlaylistTrack", "~i1,i2", "", ""},
		}},
	}
}

// lag is how long a transaction took from its COMMIT to the last of its documents.
type lag struct {
	what string
	took time.Duration
}

// changes commits one transaction after another and shows the documents that they lead to.
func (d *demo) changes(ctx context.Context) error {
	d.out.step("changing rows; the time is from just before COMMIT is sent until Elasticsearch returns what was committed")
	if _, err := d.sql.Run(ctx, "USE "+schema); err != nil {
		return err
	}
	for _, c := range transactions() {
		took, err := d.apply(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		d.lags = append(d.lags, lag{c.what, took})
		d.out.say("%s: %s", c.what, took.Round(100*time.Microsecond))
		for _, stmt := range c.sql {
			d.out.say("  mysql> %s", stmt)
		}
		for _, w := range c.want {
			doc, err := d.document(ctx, indexOf(w.table), w.id)
			if err != nil {
				return err
			}
			d.out.say("  GET /%s/_doc/%s  →  %s", indexOf(w.table), w.id, shown(doc))
		}
	}
	return nil
}

func shown(doc json.RawMessage) string {
	if doc == nil {
		return "not found"
	}
	return string(doc)
}

// apply commits a change and waits for its documents.
func (d *demo) apply(ctx context.Context, c change) (time.Duration, error) {
	for _, stmt := range append([]string{"BEGIN"}, c.sql...) {
		if _, err := d.sql.Run(ctx, stmt); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	if _, err := d.sql.Run(ctx, "COMMIT"); err != nil {
		return 0, err
	}
	for _, w := range c.want {
		if err := d.until(ctx, func() (bool, error) { return d.arrived(ctx, w) }); err != nil {
			return 0, fmt.Errorf("%s %s: %w", w.table, w.id, err)
		}
	}
	return time.Since(begin), nil
}

func (d *demo) arrived(ctx context.Context, w want) (bool, error) {
	doc, err := d.document(ctx, indexOf(w.table), w.id)
	if err != nil || doc == nil {
		return doc == nil && w.field == "", err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(doc, &fields); err != nil {
		return false, err
	}
	return w.field != "" && bytes.Equal(fields[w.field], []byte(w.value)), nil
}

// pace measures a hundred transactions of one row, one after another.
func (d *demo) pace(ctx context.Context) error {
	const times = 100
	d.out.step("changing one row %d times, each time as soon as the change before has arrived", times)
	var took []time.Duration
	for i := range times {
		c := change{sql: []string{fmt.Sprintf("UPDATE Track SET Milliseconds = %d WHERE TrackId = 2", i)},
			want: []want{{"Track", "2", "Milliseconds", fmt.Sprint(i)}}}
		t, err := d.apply(ctx, c)
		if err != nil {
			return err
		}
		took = append(took, t)
	}
	slices.Sort(took)
	for _, q := range []struct {
		name string
		at   int
	}{{"the median of 100 single-row updates", times / 2}, {"the slowest of them", times - 1}} {
		d.lags = append(d.lags, lag{q.name, took[q.at]})
		d.out.say("%s: %s", q.name, took[q.at].Round(100*time.Microsecond))
	}
	return nil
}
