package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
)

// rowsATx is the size of the backlog's transactions.
const rowsATx = 1000

// columns of bench.orders beside id: ten common types, about 200 bytes a row in the binlog.
const columns = "customer, status, title, price, quantity, weight, note, created, updated"

const tableSQL = `(
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	customer INT NOT NULL,
	status ENUM('new','paid','sent','returned') NOT NULL,
	title VARCHAR(100) NOT NULL,
	price DECIMAL(10,2) NOT NULL,
	quantity SMALLINT UNSIGNED NOT NULL,
	weight DOUBLE,
	note VARCHAR(255),
	created DATETIME(3) NOT NULL,
	updated TIMESTAMP(6) NOT NULL)`

// loadBacklog fills the binlog that the parts drain, and notes where it begins.
func (w *world) loadBacklog(ctx context.Context) error {
	txs, tail := w.rows/rowsATx, w.esRows/rowsATx
	say("loading %d rows, %d a transaction", txs*rowsATx, rowsATx)
	if err := w.exec("DROP DATABASE IF EXISTS bench", "CREATE DATABASE bench", "CREATE TABLE bench.orders "+tableSQL,
		"CREATE TABLE bench.seed "+tableSQL, seedSQL()); err != nil {
		return err
	}
	var err error
	if w.whole, err = w.executed(); err != nil {
		return err
	}
	for i := range txs {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if i == txs-tail {
			if w.tail, err = w.executed(); err != nil {
				return err
			}
		}
		if err := w.exec(fmt.Sprintf("INSERT INTO bench.orders (%s) SELECT customer + %d, status, title, price, quantity, weight, note, created, updated FROM bench.seed",
			columns, i)); err != nil {
			return err
		}
	}
	return nil
}

// seedSQL fills bench.seed with one transaction's rows, the same ones each time.
func seedSQL() string {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("blue lamp chair oak steel small large table garden winter summer shelf glass paper cotton wool round green light dark")
	text := func(n int) string {
		var b strings.Builder
		for b.Len() < n {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		return b.String()[:n]
	}
	status := []string{"new", "paid", "sent", "returned"}
	var rows []string
	for range rowsATx {
		rows = append(rows, fmt.Sprintf("(%d,'%s','%s',%d.%02d,%d,%g,'%s','2026-%02d-%02d %02d:%02d:%02d.%03d','2026-%02d-%02d %02d:%02d:%02d.%06d')",
			r.IntN(1e6), status[r.IntN(4)], text(30+r.IntN(30)), r.IntN(1e5), r.IntN(100), r.IntN(1000), r.Float64()*100, text(80+r.IntN(80)),
			1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000),
			1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e6)))
	}
	return "INSERT INTO bench.seed (" + columns + ") VALUES " + strings.Join(rows, ",")
}
