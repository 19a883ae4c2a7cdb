package proof

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
	"golang.org/x/sync/errgroup"
)

// writer writes random transactions in one session.
type writer struct {
	number int
	conn   *client.Conn
	rnd    *rand.Rand
	load   load
	count  int64
}

// load says what is written.
type load struct {
	writers int
	rows    int // ids are up to this; a large transaction changes about as many rows
	tables  int // keyed or all
}

const (
	keyed = 4 // all tables but journal
	all   = 5
)

// writing writes until the function that it returns is called; that returns how many transactions there were.
func (w *world) writing(r *rand.Rand, l load) (stop func() int64) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	group, ctx := errgroup.WithContext(ctx)
	writers := make([]*writer, l.writers)
	for i := range writers {
		v := &writer{number: i, conn: w.db.Conn(w.t), rnd: rand.New(rand.NewPCG(r.Uint64(), uint64(i))), load: l}
		writers[i] = v
		if err := v.exec("USE " + w.schema); err != nil {
			w.t.Fatal(err)
		}
		group.Go(func() error { return v.run(ctx) })
	}
	return func() (count int64) {
		w.t.Helper()
		cancel()
		if err := group.Wait(); err != nil {
			w.t.Fatalf("writer: %v", err)
		}
		for _, v := range writers {
			count += v.count
		}
		return count
	}
}

// pace is the least time between two transactions of a writer: the servers and the program share two cores.
const pace = 6 * time.Millisecond

func (v *writer) run(ctx context.Context) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := v.transaction(); err != nil {
				return err
			}
			v.count++
		}
	}
}

// errDeadlock says that the server has rolled the transaction back.
var errDeadlock = errors.New("deadlock")

// exec runs a statement. A duplicate key is part of the game: the statement did nothing.
func (v *writer) exec(sql string) error {
	_, err := v.conn.Execute(sql)
	var my *mysql.MyError
	if !errors.As(err, &my) {
		return err
	}
	switch my.Code {
	case mysql.ER_DUP_ENTRY:
		return nil
	case mysql.ER_LOCK_DEADLOCK, mysql.ER_LOCK_WAIT_TIMEOUT:
		return errDeadlock
	}
	return fmt.Errorf("%.300s: %w", sql, err)
}

func (v *writer) all(sql ...string) error {
	for _, s := range sql {
		if err := v.exec(s); err != nil {
			return err
		}
	}
	return nil
}

// transaction writes one transaction, of which some are rolled back as a whole or in part.
func (v *writer) transaction() error {
	err := v.body()
	if errors.Is(err, errDeadlock) {
		return v.exec("ROLLBACK")
	}
	return err
}

func (v *writer) body() error {
	if err := v.exec("BEGIN"); err != nil {
		return err
	}
	if err := v.changes(); err != nil {
		return err
	}
	switch v.rnd.IntN(12) {
	case 0:
		return v.exec("ROLLBACK")
	case 1:
		if err := v.exec("SAVEPOINT here"); err != nil {
			return err
		}
		if err := v.changes(); err != nil {
			return err
		}
		if err := v.exec("ROLLBACK TO SAVEPOINT here"); err != nil {
			return err
		}
		if err := v.changes(); err != nil {
			return err
		}
	}
	return v.exec("COMMIT")
}

func (v *writer) changes() error {
	if v.rnd.IntN(150) == 0 {
		return v.bulk()
	}
	for range 1 + v.rnd.IntN(5) {
		if err := v.all(v.change()...); err != nil {
			return err
		}
	}
	return nil
}
