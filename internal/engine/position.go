package engine

import (
	"errors"
	"fmt"
	"log/slog"

	"yamabiko/checkpoint"
	"yamabiko/config"
	"yamabiko/internal/faultfs"
	"yamabiko/sources"
)

// ShowPosition renders a source's saved position for people. It reads beside a running process.
func ShowPosition(conf *config.File, reg Registry, c config.Component, fs faultfs.FS, log *slog.Logger) (string, error) {
	st, loaded, err := checkpoint.Load(conf.State.Dir, c.Name, fs)
	if err != nil {
		return "", err
	}
	if !loaded.Found {
		return "none is saved", nil
	}
	src, err := reg.source(c.Type).Open(c.Conf, sources.Env{Name: c.Name, StateDir: conf.State.Dir, Log: log})
	if err != nil {
		return "", err
	}
	text := []byte(st.Position)
	if p, ok := src.(sources.Positioner); ok {
		if text, err = p.ShowPosition(st.Position); err != nil {
			return "", err
		}
	}
	if loaded.Previous {
		text = fmt.Appendf(text, "\n(the generation before the newest, which cannot be used: %v)", loaded.Why)
	}
	return string(text), nil
}

// SetPosition saves a position that a person typed. The state folder must not be in use.
func SetPosition(conf *config.File, reg Registry, c config.Component, text string, fs faultfs.FS, log *slog.Logger) (err error) {
	store, err := checkpoint.OpenStore(conf.State.Dir, fs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	src, err := reg.source(c.Type).Open(c.Conf, sources.Env{Name: c.Name, StateDir: conf.State.Dir, Log: log})
	if err != nil {
		return err
	}
	p, ok := src.(sources.Positioner)
	if !ok {
		return fmt.Errorf("source %s: a position cannot be set for the type %s", c.Name, c.Type)
	}
	st, _, err := store.Load(c.Name)
	if err != nil {
		return err
	}
	pos, err := p.ParsePosition(text, st.Position)
	if err != nil {
		return fmt.Errorf("source %s: %w", c.Name, err)
	}
	pl := pipeline{name: c.Name, source: src}
	return store.Save(c.Name, epoch, pl.state(pos))
}
