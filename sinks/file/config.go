package file

import (
	"errors"

	"yamabiko/config"
	"yamabiko/internal/ndjson"
)

// Config says where lines go and how they look.
type Config struct {
	// Path of the file. {tag}, {source}, {schema} and {table} stand for the event's ({source} of a log is its stream), with what
	// a file name cannot hold as %xx and "_" for what is empty; %Y %m %d %H %M %S %j stand for the event's time in UTC, %% for a per cent sign. A
	// path that ends in .zst or .gz is compressed.
	Path string `yaml:"path,required"`
	// Format is envelope (default) or row: the record alone.
	Format ndjson.Format `yaml:"format"`
}

// Defaults are the defaults that Config's fields name.
func Defaults() Config { return Config{Format: ndjson.Envelope} }

// Check reports every setting that cannot be.
func (c *Config) Check() error {
	var errs []error
	if _, err := parseTemplate(c.Path); err != nil {
		errs = append(errs, config.Field("path", "%w", err))
	}
	if !c.Format.Known() {
		errs = append(errs, config.Field("format", "%q is neither envelope nor row", string(c.Format)))
	}
	return errors.Join(errs...)
}
