package stdout

import (
	"yamabiko/config"
	"yamabiko/internal/ndjson"
)

// Config says how events look.
type Config struct {
	// Format is envelope (default) or row: the record alone.
	Format ndjson.Format `yaml:"format"`
}

// Defaults are the defaults that Config's fields name.
func Defaults() Config { return Config{Format: ndjson.Envelope} }

// Check reports a format that is not known.
func (c *Config) Check() error {
	if !c.Format.Known() {
		return config.Field("format", "%q is neither envelope nor row", string(c.Format))
	}
	return nil
}
