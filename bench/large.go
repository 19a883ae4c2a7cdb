package main

import (
	"context"
	"fmt"
)

// large is part d's own measurement: one transaction of about a gigabyte into the null sink.
func (w *world) large(ctx context.Context) error {
	say("writing one transaction of %d rows of 1 KiB", w.bigRows)
	if err := w.exec("CREATE DATABASE IF NOT EXISTS bench", "DROP TABLE IF EXISTS bench.large",
		"CREATE TABLE bench.large (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, pad VARCHAR(1024) CHARACTER SET latin1 NOT NULL)",
		"SET SESSION cte_max_recursion_depth = 1000000000"); err != nil {
		return err
	}
	from, err := w.executed()
	if err != nil {
		return err
	}
	if err := w.exec(fmt.Sprintf("INSERT INTO bench.large (pad) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "+
		"SELECT RPAD(i, 1024, 'yamabiko ') FROM n", w.bigRows)); err != nil {
		return err
	}
	say("draining it")
	m, err := w.drainTo(ctx, "1 GB transaction", from, "{type: null}", w.bigRows)
	if err != nil {
		return err
	}
	gb := float64(w.bigRows) * 1024 / 1e9
	w.table.add("d", fmt.Sprintf("one transaction of %.2f GB into the null sink", gb),
		fmt.Sprintf("%.0f MB/s, %.2f CPU s, peak RSS %.0f MB", gb*1e3/m.wall.Seconds(), m.cpu.Seconds(), mb(m.rss)), "", true)
	return w.exec("DROP TABLE bench.large")
}
