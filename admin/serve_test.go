package admin_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yamabiko/admin"
)

// server is a running admin server.
type server struct {
	url  string
	stop context.CancelFunc
	done chan error // gets what Serve returned
}

func start(t *testing.T, opt admin.Options) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if opt.Status == nil {
		opt.Status = func() admin.Status { return well(time.Now()) }
	}
	opt.Metrics, opt.StallAfter, opt.Log = admin.NewMetrics(), time.Minute, slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{"http://" + ln.Addr().String(), cancel, make(chan error, 1)}
	go func() { s.done <- admin.Serve(ctx, ln, opt) }()
	t.Cleanup(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func (s *server) get(t *testing.T, path string) (int, string) {
	t.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestReadinessFlips: 200 while all is well, 503 with the reason while it is not, by state and by probe; health stays.
func TestReadinessFlips(t *testing.T) {
	var held, probed atomic.Bool
	s := start(t, admin.Options{
		Status: func() admin.Status {
			st := well(time.Now())
			if held.Load() {
				st.Sources[0].Held = "a foreign version"
			}
			return st
		},
		Probes: []admin.Probe{func() []admin.Problem {
			if probed.Load() {
				return []admin.Problem{{Reason: "disk full"}}
			}
			return nil
		}},
	})
	want := func(code int, reason, gauge string) {
		t.Helper()
		got, body := s.get(t, "/readyz")
		var r struct {
			Ready    bool
			Problems []admin.Problem
		}
		if err := json.Unmarshal([]byte(body), &r); err != nil || r.Problems == nil {
			t.Errorf("body %s: %v", body, err)
		}
		if got != code || r.Ready != (code == http.StatusOK) || r.Ready != (len(r.Problems) == 0) || !strings.Contains(body, reason) {
			t.Errorf("/readyz: %d %s, want %d with %q", got, body, code, reason)
		}
		if _, m := s.get(t, "/metrics"); !strings.Contains("\n"+m, "\n"+gauge+"\n") {
			t.Errorf("/metrics has no line %s", gauge)
		}
		if got, _ := s.get(t, "/healthz"); got != http.StatusOK {
			t.Errorf("/healthz: %d", got)
		}
	}
	want(http.StatusOK, "", "yamabiko_ready 1")
	held.Store(true)
	want(http.StatusServiceUnavailable, "a foreign version", "yamabiko_ready 0")
	held.Store(false)
	want(http.StatusOK, "", "yamabiko_ready 1")
	probed.Store(true)
	want(http.StatusServiceUnavailable, "disk full", "yamabiko_ready 0")
}

// TestStatus: people see the whole state; what is not known is null and not 0.
func TestStatus(t *testing.T) {
	m := admin.NewMetrics()
	m.Sink("rows").Events.Add(42)
	s := start(t, admin.Options{Status: func() admin.Status {
		st := well(time.Now())
		known := st.Sources[0]
		known.Name, known.Lag, known.Seq = "known", 1500*time.Millisecond, 1<<62
		st.Sources[0].LagKnown, st.Sources[0].LagBytes = false, -1
		st.Sources = append(st.Sources, known)
		st.Sinks[0].SinkCounters = m.Sink("rows")
		st.Sinks[0].Buffers = []admin.Buffer{{Bytes: 5}}
		return st
	}})
	_, body := s.get(t, "/status")
	var got struct {
		Ready   bool
		Version string
		Sources []map[string]any
		Sinks   []map[string]any
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || !got.Ready || got.Version != "test" {
		t.Fatalf("%v in %s", err, body)
	}
	unknown, known, sink := got.Sources[0], got.Sources[1], got.Sinks[0]
	if v, there := unknown["lag_seconds"]; !there || v != nil || unknown["lag_bytes"] != nil {
		t.Errorf("unknown lag is %v, %v", unknown["lag_seconds"], unknown["lag_bytes"])
	}
	if known["lag_seconds"] != 1.5 || known["lag_bytes"] != 0.0 || known["seq"] != "4611686018427387904" {
		t.Errorf("known: %v", known)
	}
	if sink["events"] != 42.0 || sink["buffers"].([]any)[0].(map[string]any)["bytes"] != 5.0 {
		t.Errorf("sink: %v", sink)
	}
}

// TestNothingChangesAnything: other methods than GET and HEAD are refused everywhere.
func TestNothingChangesAnything(t *testing.T) {
	s := start(t, admin.Options{Pprof: true})
	for _, path := range []string{"/", "/healthz", "/readyz", "/status", "/metrics", "/debug/pprof/", "/debug/pprof/symbol"} {
		resp, err := http.Post(s.url+path, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, resp.StatusCode)
		}
	}
}

func TestPprofByOption(t *testing.T) {
	for on, want := range map[bool]int{false: http.StatusNotFound, true: http.StatusOK} {
		s := start(t, admin.Options{Pprof: on})
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline"} {
			if got, _ := s.get(t, path); got != want {
				t.Errorf("pprof %v: %s: %d, want %d", on, path, got, want)
			}
		}
	}
}

// TestStopFinishesRequests: a request under way is answered, then Serve returns, leaving nothing behind.
func TestStopFinishesRequests(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	asked, answer := make(chan struct{}), make(chan struct{})
	s := start(t, admin.Options{Status: func() admin.Status {
		close(asked)
		<-answer
		return well(time.Now())
	}})
	code := make(chan int, 1)
	go func() {
		got, _ := s.get(t, "/readyz")
		code <- got
	}()
	<-asked
	s.stop()
	for { // until the listener is shut
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case err := <-s.done:
		t.Fatalf("Serve left a request alone: %v", err)
	default:
	}
	close(answer)
	if got := <-code; got != http.StatusOK {
		t.Errorf("the request under way got %d", got)
	}
	if err := <-s.done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestStopCutsProfiles: a profile of a minute does not hold up a stop.
func TestStopCutsProfiles(t *testing.T) {
	s := start(t, admin.Options{Pprof: true})
	resp, err := http.Get(s.url + "/debug/pprof/trace?seconds=60") // its head comes at once
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	s.stop()
	select {
	case err := <-s.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("Serve still runs")
	}
}

func TestListenerFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	err = admin.Serve(context.Background(), ln, admin.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), ln.Addr().String()) {
		t.Errorf("got %v", err)
	}
}
