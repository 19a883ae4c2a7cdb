// Package logging makes the loggers that a configuration describes: text or JSON, with a level a component.
package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"yamabiko/config"
)

// Loggers makes a logger for each component.
type Loggers struct {
	out    slog.Handler
	level  slog.Level
	levels map[string]slog.Level
}

// New makes loggers that write to w, which must take a whole line with one Write from several goroutines at once.
func New(conf config.Log, w io.Writer) (*Loggers, error) {
	l := &Loggers{levels: map[string]slog.Level{}}
	if err := l.level.UnmarshalText([]byte(conf.Level)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	for name, text := range conf.Levels {
		var level slog.Level
		if err := level.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("log.levels.%s: %w", name, err)
		}
		l.levels[name] = level
	}
	// The level is decided here, by component: what comes so far is written.
	opts := &slog.HandlerOptions{Level: slog.LevelDebug}
	switch conf.Format {
	case "text":
		l.out = slog.NewTextHandler(w, opts)
	case "json":
		l.out = slog.NewJSONHandler(w, opts)
	default:
		return nil, fmt.Errorf("log.format: %q is neither text nor json", conf.Format)
	}
	return l, nil
}

// Component returns the logger of a component, such as sources/mysql. Its level is that of the longest name in levels
// that the component's begins with, by whole parts: sources stands for all sources.
func (l *Loggers) Component(name string) *slog.Logger {
	return slog.New(limited{l.out, l.levelOf(name)}).With("component", name)
}

func (l *Loggers) levelOf(name string) slog.Level {
	for {
		if level, ok := l.levels[name]; ok {
			return level
		}
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return l.level
		}
		name = name[:i]
	}
}

// limited passes on what is at its level or above.
type limited struct {
	slog.Handler
	level slog.Level
}

func (h limited) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return limited{h.Handler.WithAttrs(attrs), h.level}
}

func (h limited) WithGroup(name string) slog.Handler {
	return limited{h.Handler.WithGroup(name), h.level}
}
