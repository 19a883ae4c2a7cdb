// Package compare tells whether tables and indices hold the same: every row is a document with the id and the content that docs/types.md and
// docs/sinks/elasticsearch.md promise, and no document is left over. It shares no code with what it judges: MySQL itself writes the rows
// as JSON.
package compare

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// Query runs one statement and returns its rows as text.
type Query func(ctx context.Context, sql string) ([][]string, error)

// Difference is a row and a document that are not the same.
type Difference struct {
	Table, ID string
	Row       string // what the document should be, as canonical JSON; "": there is no such row
	Doc       string // what it is; "": there is none
}

// String says what is wrong, in one line.
func (d Difference) String() string {
	switch {
	case d.Doc == "":
		return fmt.Sprintf("%s %s: there is no document for row %s", d.Table, d.ID, d.Row)
	case d.Row == "":
		return fmt.Sprintf("%s %s: there is no row for document %s", d.Table, d.ID, d.Doc)
	}
	return fmt.Sprintf("%s %s: row %s is document %s", d.Table, d.ID, d.Row, d.Doc)
}

// Tables compares every base table of schema with its index, which it refreshes first. es is the URL of a server; index names a table's
// index, and returns "" for tables to leave out. Nothing may be written meanwhile. A table without a primary key is compared without ids. An
// error means that something could not be read, or has a type that this package does not know.
func Tables(ctx context.Context, db Query, es, schema string, index func(table string) string) ([]Difference, error) {
	names, err := db(ctx, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = "+literal(schema)+" ORDER BY 1")
	if err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", schema, err)
	}
	var all []Difference
	for _, n := range names {
		if index(n[0]) == "" {
			continue
		}
		diffs, err := one(ctx, db, es, schema, n[0], index(n[0]))
		if err != nil {
			return all, err
		}
		all = append(all, diffs...)
	}
	return all, nil
}

func one(ctx context.Context, db Query, es, schema, name, index string) ([]Difference, error) {
	t, err := describe(ctx, db, schema, name)
	if err != nil {
		return nil, fmt.Errorf("describe %s.%s: %w", schema, name, err)
	}
	rows, err := t.rows(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("rows of %s.%s: %w", schema, name, err)
	}
	docs, err := t.documents(ctx, es, index)
	if err != nil {
		return nil, fmt.Errorf("documents of %s: %w", index, err)
	}
	return differences(name, rows, docs), nil
}

// differences compares texts by id.
func differences(table string, rows, docs map[string]string) []Difference {
	var out []Difference
	for id, row := range rows {
		if docs[id] != row {
			out = append(out, Difference{table, id, row, docs[id]})
		}
	}
	for _, id := range slices.Collect(maps.Keys(docs)) {
		if _, ok := rows[id]; !ok {
			out = append(out, Difference{Table: table, ID: id, Doc: docs[id]})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// numbered gives texts that have no id one of their own: equal ones count up.
func numbered(texts []string) map[string]string {
	out := make(map[string]string, len(texts))
	seen := map[string]int{}
	for _, text := range texts {
		seen[text]++
		out[fmt.Sprintf("number %d of %s", seen[text], text)] = text
	}
	return out
}
