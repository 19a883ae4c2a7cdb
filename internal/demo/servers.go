package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"yamabiko/internal/testenv"
)

// database is what is loaded; schema is the database in it.
const (
	database = "testdata/chinook_mysql.sql"
	schema   = "Chinook"
)

// user is whom yamabiko reads as, with what docs/sources/mysql.md says is enough.
const (
	user = `CREATE USER yamabiko IDENTIFIED BY '` + password + `';
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO yamabiko;
GRANT SELECT ON Chinook.* TO yamabiko;`
	password = "demo"
)

// demo is everything that runs.
type demo struct {
	binary string // yamabiko's
	dir    string // of configuration, state, logs and the servers' data; goes at the end
	out    *reporter
	mysql  *testenv.MySQLServer
	sql    *testenv.Session
	es     *testenv.ESServer
	admin  string // URL of yamabiko's admin server
	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd has ended
	lags   []lag
}

// servers starts MySQL and Elasticsearch side by side. On first use they are installed into the cache, which shows on standard error.
func (d *demo) servers(ctx context.Context) error {
	d.out.step("starting a private MySQL and a private Elasticsearch; the first time ever they are installed")
	db, err := testenv.FreePort()
	if err != nil {
		return err
	}
	es, err := testenv.FreePort()
	if err != nil {
		return err
	}
	both, limited := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		d.mysql, err = testenv.StartMySQL(limited, filepath.Join(d.dir, "mysql"), db)
		return err
	})
	both.Go(func() (err error) {
		d.es, err = testenv.StartElasticsearch(limited, filepath.Join(d.dir, "elasticsearch"), es)
		return err
	})
	if err := both.Wait(); err != nil {
		return err
	}
	d.out.say("%s\n%s", d.mysql, d.es)
	d.out.done("both answer")
	return nil
}

// chinook loads the database: 11 tables of a shop for music.
func (d *demo) chinook(ctx context.Context) error {
	d.out.step("loading %s", database)
	script, err := os.ReadFile(database)
	if err != nil {
		return err
	}
	if d.sql, err = d.mysql.Session(ctx); err != nil {
		return err
	}
	if _, err := d.sql.Run(ctx, string(script)); err != nil {
		return err
	}
	if _, err := d.sql.Run(ctx, user); err != nil {
		return err
	}
	counts, err := d.counts(ctx)
	if err != nil {
		return err
	}
	d.out.done("%d tables, %d rows", len(counts), sum(counts))
	return nil
}

// counts are the rows of each table.
func (d *demo) counts(ctx context.Context) (map[string]int, error) {
	names, err := d.sql.Run(ctx, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '"+schema+"'")
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, n := range names {
		rows, err := d.sql.Run(ctx, "SELECT COUNT(*) FROM "+schema+"."+n[0])
		if err != nil {
			return nil, err
		}
		counts[n[0]] = number(rows[0][0])
	}
	return counts, nil
}

// close ends what was started, yamabiko first: it delivers what it holds.
func (d *demo) close() (err error) {
	err = d.stop()
	if d.sql != nil {
		err = errors.Join(err, d.sql.Close())
	}
	if d.es != nil {
		d.es.Close()
	}
	if d.mysql != nil {
		d.mysql.Close()
	}
	return err
}
