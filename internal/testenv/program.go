package testenv

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
)

// Clean removes what this process has unpacked in order to start servers. A program that is no test calls it last, when
// its servers are closed; Main and Run do so by themselves.
func Clean() { closeRunDir() }

// Tie makes a command that is yet to be started end with this process, as servers do (on Linux), and keeps ^C at the
// terminal away from it.
func Tie(cmd *exec.Cmd) { cmd.SysProcAttr = dieWithParent() }

// Session is a connection of root for a program that is no test. It is used by one goroutine.
type Session struct{ conn *client.Conn }

// Session opens one.
func (s *MySQLServer) Session(ctx context.Context) (*Session, error) {
	conn, err := client.ConnectWithContext(ctx, s.Addr, s.RootUser, "", "", 10*time.Second, func(c *client.Conn) error {
		return c.SetCapability(mysql.CLIENT_MULTI_STATEMENTS)
	})
	if err != nil {
		return nil, fmt.Errorf("connect to mysql at %s: %w", s.Addr, err)
	}
	return &Session{conn}, nil
}

// Run runs one statement, or several with a semicolon after each, up to the first that fails, and returns the last one's
// rows as text; NULL is "NULL". When ctx ends meanwhile the connection is closed.
func (s *Session) Run(ctx context.Context, sql string) (out [][]string, err error) {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Conn.Conn.Close() }) // the socket: the rest is in use
	defer stop()
	_, sent := s.conn.ExecuteMultiple(sql, func(res *mysql.Result, failed error) {
		if err = errors.Join(err, failed); failed == nil {
			out = rows(res)
		}
	})
	if err == nil {
		err = sent
	}
	if err != nil {
		return nil, fmt.Errorf("%.80s: %w", sql, errors.Join(ctx.Err(), err))
	}
	return out, nil
}

// Close closes the connection.
func (s *Session) Close() error { return s.conn.Close() }
