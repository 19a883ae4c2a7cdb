package mysql

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"yamabiko/config"
)

// Config is a MySQL source as the configuration writes it.
type Config struct {
	Address  string        `yaml:"address,required"` // host:port, [v6]:port or the path of a socket; required
	User     string        `yaml:"user,required"`    // needs REPLICATION SLAVE, REPLICATION CLIENT and SELECT; required
	Password config.Secret `yaml:"password"`         // by reference: {env: NAME} or {file: PATH}
	TLS      config.TLS    `yaml:"tls"`              // speak TLS; without it caching_sha2_password asks for the server's RSA key
	ServerID uint32        `yaml:"server_id"`        // replica id, unique among the server's replicas; 0: derived from host and state folder

	Tables  []string `yaml:"tables,required,list"` // patterns of schema.table: * any text, ? one character, {a,b} either, \\. a dot in a name; required
	Exclude []string `yaml:"exclude,list"`         // patterns of tables to leave out
	Tag     string   `yaml:"tag"`                  // tag of a table's events, with {source}, {schema} and {table}

	Snapshot Snapshot `yaml:"snapshot"`
	// OnTruncate says what TRUNCATE and DROP TABLE do to a watched table: stop (that table, until it is read again) or
	// ignore (documents stay).
	OnTruncate string `yaml:"on_truncate,enum=stop|ignore"`
	// Old asks for the former values of changed columns beside an update.
	Old bool `yaml:"old"`

	ConnectTimeout config.Duration `yaml:"connect_timeout"` // for one attempt to connect
	ReadTimeout    config.Duration `yaml:"read_timeout"`    // without a heartbeat for this long the connection is given up
}

// Snapshot says whether and how tables are read before their changes.
type Snapshot struct {
	Mode  string `yaml:"mode,enum=initial|never"` // initial: tables not read before are read while the stream goes on; never: changes only
	Chunk int    `yaml:"chunk"`                   // most rows read in one query
}

// UnmarshalNode lets `snapshot: never`, or false, stand for the mode alone.
func (s *Snapshot) UnmarshalNode(n config.Node) error {
	text, alone := n.Scalar()
	if !alone {
		type plain Snapshot
		return n.Decode((*plain)(s))
	}
	if text == "false" {
		text = modeNever
	}
	if text != modeNever && text != modeInitial {
		return config.FieldHint("", "initial (default) reads tables before their changes; never, or false, takes changes only", "snapshot is %s or %s, not %q", modeInitial, modeNever, text)
	}
	s.Mode = text
	return nil
}

const (
	modeInitial = "initial"
	modeNever   = "never"
	onStop      = "stop"
	onIgnore    = "ignore"
)

// Defaults are what a configuration starts from.
var defaults = Config{
	Tag:            "cdc.{schema}.{table}",
	Snapshot:       Snapshot{Mode: modeInitial, Chunk: 20000},
	OnTruncate:     onStop,
	Old:            true,
	ConnectTimeout: config.Duration(10 * time.Second),
	ReadTimeout:    config.Duration(30 * time.Second),
}

// Check reports everything that is wrong with c.
func (c *Config) Check() error {
	var errs []error
	bad := func(field, format string, args ...any) { errs = append(errs, config.Field(field, format, args...)) }
	if err := checkAddress(c.Address); c.Address != "" && err != nil {
		bad("address", "%v", err)
	}
	for i, p := range c.Tables {
		if _, err := compilePattern(p); err != nil {
			bad(fmt.Sprintf("tables[%d]", i), "%v", err)
		}
	}
	for i, p := range c.Exclude {
		if _, err := compilePattern(p); err != nil {
			bad(fmt.Sprintf("exclude[%d]", i), "%v", err)
		}
	}
	if err := checkTag(c.Tag); err != nil {
		bad("tag", "%v", err)
	}
	if n := c.Snapshot.Chunk; n < 1 || n > 1_000_000 {
		bad("snapshot.chunk", "snapshot chunk is from 1 to 1000000 rows, not %d", n)
	}
	if c.ConnectTimeout <= 0 {
		bad("connect_timeout", "connect_timeout must be above 0")
	}
	if c.ReadTimeout.Std() < 3*heartbeat {
		bad("read_timeout", "read_timeout must be at least %s, three heartbeats", 3*heartbeat)
	}
	return errors.Join(errs...)
}

func checkAddress(a string) error {
	if strings.Contains(a, "/") {
		return nil
	}
	host, port, err := net.SplitHostPort(a)
	if err != nil || host == "" || port == "" {
		return fmt.Errorf("address %q is not host:port, [v6]:port or the path of a socket", a)
	}
	return nil
}

func checkTag(tag string) error {
	if tag == "" {
		return errors.New("tag is empty")
	}
	rest := strings.NewReplacer("{source}", "", "{schema}", "", "{table}", "").Replace(tag)
	if strings.ContainsAny(rest, "{}") {
		return fmt.Errorf("tag %q holds a placeholder other than {source}, {schema} and {table}", tag)
	}
	return nil
}

func (c *Config) tagOf(source, schema, table string) string {
	return strings.NewReplacer("{source}", source, "{schema}", schema, "{table}", table).Replace(c.Tag)
}
