package main

import (
	"context"
	"fmt"
	"strconv"
)

// drain is part a: the backlog through the whole product into the null sink, and through go-mysql twice, in turn.
func (w *world) drain(ctx context.Context) error {
	say("draining %d rows, %d runs each", w.rows, w.runs)
	var ours, decode, raw []measured
	for range w.runs {
		m, err := w.drainTo(ctx, "drain", w.whole, "{type: null}", w.rows)
		if err != nil {
			return err
		}
		ours = append(ours, m)
		for name, runs := range map[string]*[]measured{"decode": &decode, "raw": &raw} {
			m, _, err := w.role(ctx, name, "-mysql", w.mysql, "-from", w.whole, "-txs", strconv.Itoa(w.rows/rowsATx))
			if err != nil {
				return err
			}
			*runs = append(*runs, m)
		}
	}
	o, d, r := median(ours), median(decode), median(raw)
	w.table.add("a", fmt.Sprintf("drain of %d rows, yamabiko into the null sink, checkpoints on", w.rows), w.figures(o, w.rows), "", true)
	w.table.add("a", "go-mysql, GetEvent, rows thrown away", w.figures(d, w.rows), "", true)
	w.table.add("a", "go-mysql, raw mode, synchronous handler, nothing decoded", w.figures(r, w.rows), "", true)
	w.table.ratio("a", "yamabiko / go-mysql GetEvent, median of the turns", ratio(ours, decode), 4)
	w.table.ratio("a", "yamabiko / go-mysql raw, median of the turns", ratio(ours, raw), 0.4)
	return nil
}

func (w *world) figures(m measured, rows int) string {
	return fmt.Sprintf("%.0f k rows/s, %.2f CPU s a million", m.rate(rows)/1e3, m.cpuPerMillion(rows))
}
