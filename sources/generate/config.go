package generate

import (
	"errors"
	"fmt"
	"strings"

	"yamabiko/config"
)

// Config says what to generate. The same configuration always gives the same events.
type Config struct {
	// Tag of the events; {source}, {schema} and {table} stand for the source's name, "generate" and the table's name.
	// Default "generate.{table}" for rows, "generate" for logs.
	Tag string `yaml:"tag"`
	// Rate is how many events a second; 0 (default): as fast as they are taken.
	Rate int64 `yaml:"rate"`
	// Count is after how many events to stop; the source then stays idle. 0 (default): never.
	Count uint64 `yaml:"count"`
	// Size is the length of each event's text, in bytes. Default 100 bytes, at most 1 MiB.
	Size config.Size `yaml:"size"`
	// Keys is how many keys each table has; their rows are inserted, updated and now and then deleted. 0 (default): logs.
	Keys uint64 `yaml:"keys"`
	// Tables is how many tables the rows belong to: t0, t1 and so on. Default 1.
	Tables uint64 `yaml:"tables"`
	// Seed makes another stream of events. Default 1.
	Seed uint64 `yaml:"seed"`
}

const maxSize = 1 << 20

// Check reports every setting that cannot be.
func (c *Config) Check() error {
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, config.Field(field, format, args...))
	}
	if c.Rate < 0 {
		bad("rate", "%d events a second is below 0", c.Rate)
	}
	if c.Size < 0 || c.Size > maxSize {
		bad("size", "%v is not within 0 and %v", c.Size, config.Size(maxSize))
	}
	if c.Tables == 0 {
		bad("tables", "must be at least 1")
	}
	if c.Tables > 1 && c.Keys == 0 {
		bad("tables", "logs have no tables: set keys")
	}
	if rest := c.tag("source", "table"); strings.ContainsAny(rest, "{}") {
		bad("tag", "%q knows the placeholders {source}, {schema} and {table}", c.Tag)
	}
	return errors.Join(errs...)
}

// tag renders the tag of a table; logs have no table.
func (c *Config) tag(source, table string) string {
	tag := c.Tag
	if tag == "" {
		tag = "generate.{table}"
		if c.Keys == 0 {
			tag = "generate"
		}
	}
	return strings.NewReplacer("{source}", source, "{schema}", schema, "{table}", table).Replace(tag)
}

// schema is the schema of every generated table.
const schema = "generate"

func (c *Config) identity() string { return fmt.Sprintf("generate seed %d", c.Seed) }
