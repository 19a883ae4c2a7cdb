package main

import (
	"yamabiko/internal/engine"
	"yamabiko/sinks"
	"yamabiko/sinks/elasticsearch"
	"yamabiko/sinks/file"
	"yamabiko/sinks/null"
	"yamabiko/sinks/stdout"
	"yamabiko/sources"
	"yamabiko/sources/generate"
	"yamabiko/sources/mysql"
)

// plugins is THE list of what this program can read and write: a new plugin is one line here.
func plugins() engine.Registry {
	return engine.Registry{
		Sources: []sources.Plugin{
			generate.Plugin(),
			mysql.Plugin(),
		},
		Sinks: []sinks.Plugin{
			elasticsearch.Plugin(),
			file.Plugin(),
			null.Plugin(),
			stdout.Plugin(),
		},
	}
}
