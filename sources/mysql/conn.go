package mysql

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/sources"
)

// query runs one statement and returns its rows as text; NULL is the empty string.
func query(c *client.Conn, sql string) ([][]string, error) {
	r, err := c.Execute(sql)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	rows := make([][]string, r.RowNumber())
	for i := range rows {
		rows[i] = make([]string, r.ColumnNumber())
		for j := range rows[i] {
			text, err := r.GetString(i, j)
			if err != nil {
				return nil, fmt.Errorf("%s: row %d column %d: %w", sql, i, j, err)
			}
			rows[i][j] = strings.Clone(text) // it lies in the result's memory, which Close gives back
		}
	}
	return rows, nil
}

// scalar is query for one value; "" where there is no row.
func scalar(c *client.Conn, sql string) (string, error) {
	rows, err := query(c, sql)
	if err != nil || len(rows) == 0 || len(rows[0]) == 0 {
		return "", err
	}
	return rows[0][0], nil
}

// session is what every connection that reads rows sets, so that text does not depend on the server's defaults. With an empty
// sql_mode a zero date in a key can be written back as a literal. A read whose rows wait for a sink shall not be ended by the server.
const session = "SET SESSION time_zone='+00:00', sql_mode='', net_write_timeout=31536000, wait_timeout=31536000, max_execution_time=0"

// connect opens an ordinary connection. The connection is closed when ctx ends: a query that hangs does not outlive it.
func (s *source) connect(ctx context.Context) (*client.Conn, error) {
	dial := net.Dialer{Timeout: s.conf.ConnectTimeout.Std()}
	ctx2, cancel := context.WithTimeout(ctx, s.conf.ConnectTimeout.Std())
	defer cancel()
	c, err := client.ConnectWithDialer(ctx2, "", s.conf.Address, s.conf.User, s.conf.Password.Value(), "", dial.DialContext,
		func(c *client.Conn) error { c.SetTLSConfig(s.tlsConfig()); return nil })
	if err != nil {
		return nil, s.explain("connect", err)
	}
	for _, sql := range []string{"SET NAMES utf8mb4", session} {
		if _, err := c.Execute(sql); err != nil {
			c.Close()
			return nil, s.explain(sql, err)
		}
	}
	return c, nil
}

// closing closes c when ctx ends, so that a query in flight returns; the returned func ends the watch.
func closing(ctx context.Context, c *client.Conn) (stop func()) {
	end := context.AfterFunc(ctx, func() { c.Conn.Conn.Close() }) // the socket alone: the rest of c is in use
	return func() { end() }
}

func (s *source) tlsConfig() *tls.Config {
	if s.tls == nil {
		return nil
	}
	return s.tls.Clone()
}

// remedies say what mends an error of the server that trying again cannot mend.
var remedies = map[uint16]string{
	gomysql.ER_ACCESS_DENIED_ERROR:             "check user and password",
	gomysql.ER_DBACCESS_DENIED_ERROR:           "GRANT SELECT on the watched schemas",
	gomysql.ER_SPECIFIC_ACCESS_DENIED_ERROR:    grantSQL,
	gomysql.ER_TABLEACCESS_DENIED_ERROR:        "GRANT SELECT on the watched tables",
	gomysql.ER_ACCESS_DENIED_NO_PASSWORD_ERROR: "check user and password",
	gomysql.ER_MUST_CHANGE_PASSWORD_LOGIN:      "the password has expired: ALTER USER … IDENTIFIED BY …",
	gomysql.ER_HOST_NOT_PRIVILEGED:             "CREATE USER for the host that yamabiko runs on",
	3118:                                       "the account is locked: ALTER USER … ACCOUNT UNLOCK", // ER_ACCOUNT_HAS_BEEN_LOCKED
}

const grantSQL = "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO the user"

// errBinlogPurged is how the server answers a dump of what it no longer has (ER_SOURCE_FATAL_ERROR_READING_BINLOG).
const errFatalBinlog = 1236

// explain wraps an error with what was tried and, where the server's code tells, the remedy; such errors are permanent.
func (s *source) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var my *gomysql.MyError
	if !errors.As(err, &my) {
		return fmt.Errorf("mysql %s: %s at %s: %w", s.env.Name, what, s.conf.Address, rootCause(err))
	}
	said := answer{my, fmt.Sprintf("mysql %s: %s at %s as %s: %s (error %d)", s.env.Name, what, s.conf.Address, s.conf.User, my.Message, my.Code)}
	remedy, permanent := remedies[my.Code]
	if my.Code == errFatalBinlog {
		remedy, permanent = s.purgedRemedy(my.Message), true
	}
	if !permanent {
		return said
	}
	said.text += ": " + remedy
	return sources.Permanent(said)
}

// answer is an error that the server gave, with what we were doing.
type answer struct {
	*gomysql.MyError
	text string
}

func (a answer) Error() string { return a.text }

// Unwrap lets errors.As find the server's error.
func (a answer) Unwrap() error { return a.MyError }

// rootCause shows the network's own error rather than the layers that go-mysql puts around it.
func rootCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	return err
}

func (s *source) purgedRemedy(msg string) string {
	if strings.Contains(msg, "purged") || strings.Contains(msg, "could not find") || strings.Contains(msg, "Could not find") {
		return fmt.Sprintf("the binlog that the saved position needs is gone; to read the tables again from the beginning: "+
			"yamabiko position set %s snapshot; and keep binlogs longer: SET PERSIST binlog_expire_logs_seconds = …", s.env.Name)
	}
	return fmt.Sprintf("see the server's error log; to read the tables again from the beginning: yamabiko position set %s snapshot", s.env.Name)
}

// heartbeat is how often an idle server is asked to show that it lives. A second, so that an idle selection's position moves.
const heartbeat = time.Second
