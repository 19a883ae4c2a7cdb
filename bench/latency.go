package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// writers is how many sessions commit side by side.
const writers = 4

// latency is part c: single-row transactions at a steady rate, from sending COMMIT to Elasticsearch's answer to the bulk that holds the
// row. The answer is seen by a proxy before the server, so that nobody has to search.
func (w *world) latency(ctx context.Context) error {
	n := w.rate * w.seconds
	say("%d single-row transactions, %d a second", n, w.rate)
	if err := w.exec("CREATE DATABASE IF NOT EXISTS bench", "DROP TABLE IF EXISTS bench.orders", "CREATE TABLE bench.orders "+tableSQL); err != nil {
		return err
	}
	if _, err := w.esDo(ctx, http.MethodDelete, "/"+esIndex+"?ignore_unavailable=true", nil); err != nil {
		return err
	}
	from, err := w.executed()
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	watch := &ackProxy{es: w.es, acked: make([]time.Time, n+1)}
	srv := &http.Server{Handler: watch}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	committed, m, err := w.underLoad(ctx, from, "http://"+ln.Addr().String(), n)
	err = errors.Join(err, srv.Close())
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	if err != nil {
		return err
	}
	return w.reportLatency(committed, watch.acked, m)
}

// underLoad runs the product while the writers commit, until all n rows have arrived.
func (w *world) underLoad(ctx context.Context, from, url string, n int) (committed []time.Time, m measured, err error) {
	p, err := w.startProduct(ctx, from, esSink(url))
	if err != nil {
		return nil, m, err
	}
	// The first row makes the index, which is not what is measured.
	warm := 1
	if err = w.exec(insertOrder(n)); err == nil {
		err = p.await(ctx, warm)
	}
	if err == nil {
		committed, err = w.commitAll(ctx, n-warm)
	}
	if err == nil {
		err = p.await(ctx, n)
	}
	m, endErr := p.end()
	w.rss["latency"] = m.rss
	return committed, m, errors.Join(err, endErr)
}

func insertOrder(id int) string {
	return fmt.Sprintf("INSERT INTO bench.orders VALUES (%d, 4711, 'new', 'a lamp of blue glass', 12.50, 3, 1.25, 'shipped with care', NOW(3), NOW(6))", id)
}

// commitAll commits rows 0 to n-1, spread evenly over time, and returns when each COMMIT was sent.
func (w *world) commitAll(ctx context.Context, n int) ([]time.Time, error) {
	committed := make([]time.Time, n)
	group, ctx := errgroup.WithContext(ctx)
	begin := time.Now()
	for first := range writers {
		group.Go(func() error { return w.commitEach(ctx, begin, first, committed) })
	}
	return committed, group.Wait()
}

func (w *world) commitEach(ctx context.Context, begin time.Time, first int, committed []time.Time) error {
	conn, err := w.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	for id := first; id < len(committed); id += writers {
		due := begin.Add(time.Duration(id) * time.Second / time.Duration(w.rate))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := conn.Begin(); err != nil {
			return err
		}
		if _, err := conn.Execute(insertOrder(id + 1)); err != nil { // an id of 0 would be given a number
			return err
		}
		committed[id] = time.Now()
		if err := conn.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) reportLatency(committed, acked []time.Time, m measured) error {
	took := make([]time.Duration, len(committed))
	for id, at := range committed {
		if acked[id+1].IsZero() {
			return fmt.Errorf("no bulk with the row %d was answered", id+1)
		}
		took[id] = acked[id+1].Sub(at)
	}
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))]) / 1e6 }
	seconds := committed[len(committed)-1].Sub(committed[0]).Seconds()
	w.table.add("c", fmt.Sprintf("commit to acknowledged by Elasticsearch, %d single-row transactions at %.0f a second", len(took), float64(len(took)-1)/seconds),
		fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, most %.1f ms; %.1f %% of a core", at(0.5), at(0.99), at(1), 100*m.cpu.Seconds()/seconds), "", true)
	return nil
}
