package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// ControlSocket is where a running process takes commands: STATE/control.sock, for its owner alone.
func ControlSocket(stateDir string) string { return filepath.Join(stateDir, "control.sock") }

// serveControl takes commands until ctx ends. The state folder is locked, so a socket that is there is a dead process's.
func (e *Engine) serveControl(ctx context.Context) error {
	path := ControlSocket(e.conf.State.Dir)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	short, done, err := shortPath(path)
	if err != nil {
		return err
	}
	defer done()
	ln, err := net.Listen("unix", short)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, ln.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { reply(w, e.Status(), nil) })
	mux.HandleFunc("POST /replay", func(w http.ResponseWriter, r *http.Request) {
		var files []string
		if err := json.NewDecoder(r.Body).Decode(&files); err != nil {
			reply(w, nil, err)
			return
		}
		report, err := e.Replay(r.Context(), files)
		reply(w, report, err)
	})
	return serve(ctx, ln, mux)
}

func reply(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// ErrNotRunning says that no process holds the state folder.
var ErrNotRunning = errors.New("no process is running with this state folder")

// Control asks the process that runs with a state folder: it posts in as JSON and decodes the answer into out.
func Control(ctx context.Context, stateDir, command string, in, out any) error {
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			short, done, err := shortPath(ControlSocket(stateDir))
			if err != nil {
				return nil, err
			}
			defer done()
			var d net.Dialer
			return d.DialContext(ctx, "unix", short)
		},
	}}
	defer client.CloseIdleConnections()
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/"+command, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, os.ErrNotExist) {
		return ErrNotRunning
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var msg bytes.Buffer
		if _, err := msg.ReadFrom(resp.Body); err != nil {
			return err
		}
		return errors.New(strings.TrimSpace(msg.String()))
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// socketMax is the longest path of a socket that every system takes (sun_path has 104 bytes on some).
const socketMax = 100

// shortPath names a socket by a path that is short enough, through the folder's descriptor where it has to be. done ends its use.
func shortPath(path string) (short string, done func(), err error) {
	if len(path) <= socketMax {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { dir.Close() }, nil
}
