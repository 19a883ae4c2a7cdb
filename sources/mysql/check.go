package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/client"

	"yamabiko/sources"
)

// Check implements sources.Checker.
func (s *source) Check(ctx context.Context) ([]sources.Finding, error) {
	c, srv, done, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	found := []sources.Finding{{OK: true, What: fmt.Sprintf("connected to %s, MySQL %s, as %s", s.conf.Address, srv.version, s.conf.User)}}
	add := func(ok bool, remedy, format string, args ...any) {
		if ok {
			remedy = ""
		}
		found = append(found, sources.Finding{OK: ok, What: fmt.Sprintf(format, args...), Remedy: remedy})
	}
	for _, x := range srv.settings() {
		add(strings.EqualFold(x.have, x.want), x.sql, "%s is %q", x.name, x.have)
	}
	if s.conf.Snapshot.Mode == modeInitial {
		add(srv.gtids(), "SET PERSIST enforce_gtid_consistency = ON, then gtid_mode step by step up to ON; or snapshot: never", "gtid_mode is %q", srv.gtidMode)
	}
	if err := s.clash(c); err != nil {
		add(false, "set another server_id", "%v", err)
	} else {
		add(true, "", "server_id %d is free", s.serverID)
	}
	if err := s.checkGrants(c, add); err != nil {
		return found, err
	}
	return found, s.checkTables(c, add)
}

func (s *source) checkGrants(c *client.Conn, add func(bool, string, string, ...any)) error {
	rows, err := query(c, "SHOW GRANTS")
	if err != nil {
		return s.explain("SHOW GRANTS", err)
	}
	var all strings.Builder
	for _, r := range rows {
		all.WriteString(r[0] + "\n")
	}
	grants := all.String()
	for _, p := range []string{"REPLICATION SLAVE", "REPLICATION CLIENT", "SELECT"} {
		ok := strings.Contains(grants, p) || strings.Contains(grants, "ALL PRIVILEGES")
		add(ok, fmt.Sprintf("GRANT %s ON *.* TO %s", p, literal(s.conf.User)), "%s is granted", p)
	}
	return nil
}

func (s *source) checkTables(c *client.Conn, add func(bool, string, string, ...any)) error {
	names, err := s.watched(c)
	if err != nil {
		return err
	}
	add(len(names) > 0, "mend `tables`, or create the tables; tables that come later are taken", "%d tables match", len(names))
	st := &stream{source: s}
	for _, n := range names {
		plan, err := st.describe(c, n)
		switch {
		case err != nil:
			add(false, "see the message", "%v", err)
		case plan != nil && len(plan.Table().Key) == 0:
			add(true, "", "%s.%s has no primary key: its changes are appended", n.schema, n.table)
		}
	}
	return nil
}

// Tables implements sources.Lister. A table that cannot be read is left out: Check says why.
func (s *source) Tables(ctx context.Context) ([]sources.Listed, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer closing(ctx, c)()
	names, err := s.watched(c)
	if err != nil {
		return nil, err
	}
	var listed []sources.Listed
	st := &stream{source: s}
	for _, n := range names {
		if plan, err := st.describe(c, n); err == nil && plan != nil {
			listed = append(listed, sources.Listed{Tag: s.conf.tagOf(s.env.Name, n.schema, n.table), Table: plan.Table()})
		}
	}
	return listed, nil
}
