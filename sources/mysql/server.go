package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/client"

	"yamabiko/sources"
)

// server is what a MySQL server said of itself when it was asked.
type server struct {
	version   string
	uuid      string
	serverID  string
	logBin    bool
	format    string // binlog_format
	image     string // binlog_row_image
	metadata  string // binlog_row_metadata
	values    string // binlog_row_value_options
	gtidMode  string
	executed  string // gtid_executed
	owned     string // gtid_owned without the owners: what is being committed
	purged    string // gtid_purged
	file      string // where the binlog ends
	pos       uint32
	expireSec string
	folded    bool // lower_case_table_names is 1: names are kept in lower case, statements are logged as typed
}

const factsSQL = "SELECT @@version, @@server_uuid, @@server_id, @@log_bin, @@binlog_format, @@global.binlog_row_image, " +
	"@@global.binlog_row_metadata, @@global.binlog_row_value_options, @@global.gtid_mode, @@global.gtid_owned, @@global.gtid_executed, " +
	"@@global.gtid_purged, @@global.binlog_expire_logs_seconds, @@lower_case_table_names"

// facts asks the server who it is and how it logs. The end of the binlog is read before gtid_executed, so that the GTID set
// holds at least what lies before it.
func (s *source) facts(c *client.Conn) (*server, error) {
	var v server
	if ver := c.GetServerVersion(); strings.Contains(ver, "MariaDB") {
		return nil, sources.Permanent(fmt.Errorf("mysql %s: %s is MariaDB %s, which this version does not read", s.env.Name, s.conf.Address, ver))
	}
	on, err := scalar(c, "SELECT @@log_bin")
	if err != nil {
		return nil, s.explain("SELECT @@log_bin", err)
	}
	if on != "1" {
		return nil, sources.Permanent(fmt.Errorf("mysql %s: %s writes no binlog: start mysqld with --log-bin", s.env.Name, s.conf.Address))
	}
	end, err := query(c, "SHOW BINARY LOG STATUS")
	if err != nil {
		return nil, s.explain("SHOW BINARY LOG STATUS", err)
	}
	if len(end) > 0 {
		v.file = end[0][0]
		if _, err := fmt.Sscan(end[0][1], &v.pos); err != nil {
			return nil, fmt.Errorf("mysql %s: binlog position %q: %w", s.env.Name, end[0][1], err)
		}
	}
	rows, err := query(c, factsSQL)
	if err != nil {
		return nil, s.explain("read the server's settings", err)
	}
	r := rows[0]
	v.version, v.uuid, v.serverID, v.logBin = r[0], r[1], r[2], r[3] == "1"
	v.format, v.image, v.metadata, v.values = r[4], r[5], r[6], r[7]
	v.gtidMode, v.owned, v.executed, v.purged, v.expireSec = r[8], unowned(clean(r[9])), clean(r[10]), clean(r[11]), r[12]
	v.folded = r[13] == "1"
	return &v, nil
}

// ask connects and asks the server who it is. done closes the connection, which also closes when ctx ends.
func (s *source) ask(ctx context.Context) (c *client.Conn, srv *server, done func(), err error) {
	if c, err = s.connect(ctx); err != nil {
		return nil, nil, nil, err
	}
	stop := closing(ctx, c)
	done = func() { stop(); c.Close() }
	if srv, err = s.facts(c); err != nil {
		done()
		return nil, nil, nil, err
	}
	return c, srv, done, nil
}

// clean takes the line breaks out of a GTID set.
func clean(set string) string { return strings.NewReplacer("\n", "", " ", "").Replace(set) }

func (v *server) gtids() bool { return v.gtidMode == "ON" }

// setting is one thing that a server must be set to.
type setting struct{ name, have, want, sql string }

// settings lists what the stream needs; table by table the stream itself finds what a session overrode.
func (v *server) settings() []setting {
	return []setting{
		{"binlog_format", v.format, "ROW", "SET PERSIST binlog_format = 'ROW'; sessions that are connected keep their own: reconnect them"},
		{"binlog_row_image", v.image, "FULL", "SET PERSIST binlog_row_image = 'FULL'"},
		{"binlog_row_metadata", v.metadata, "FULL", "SET PERSIST binlog_row_metadata = 'FULL'"},
		{"binlog_row_value_options", v.values, "", "SET PERSIST binlog_row_value_options = ''"},
	}
}

// refuse returns the error for the first setting under which no table could be read rightly.
func (s *source) refuse(v *server) error {
	var wrong []string
	for _, x := range v.settings() {
		if !strings.EqualFold(x.have, x.want) {
			wrong = append(wrong, fmt.Sprintf("%s is %q, it must be %q: %s", x.name, x.have, x.want, x.sql))
		}
	}
	if v.serverID == fmt.Sprint(s.serverID) {
		wrong = append(wrong, fmt.Sprintf("server_id %d is the server's own: set another in the source's configuration", s.serverID))
	}
	if len(wrong) > 0 {
		return sources.Permanent(fmt.Errorf("mysql %s: %s: %s", s.env.Name, s.conf.Address, strings.Join(wrong, "; ")))
	}
	return nil
}

// clash looks for another replica that registered with our server_id. host is what we register as, so that a connection of ours
// that the server has not yet missed is not taken for a stranger.
func (s *source) clash(c *client.Conn) error {
	rows, err := query(c, "SHOW REPLICAS")
	if err != nil {
		return s.explain("SHOW REPLICAS", err)
	}
	for _, r := range rows {
		if len(r) >= 3 && r[0] == fmt.Sprint(s.serverID) && r[1] != s.reportHost() {
			return sources.Permanent(fmt.Errorf("mysql %s: server_id %d is in use at %s by replica %q: set another server_id in the configuration",
				s.env.Name, s.serverID, s.conf.Address, r[1]))
		}
	}
	return nil
}
