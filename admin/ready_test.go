package admin_test

import (
	"strings"
	"testing"
	"time"

	"yamabiko/admin"
)

// well is a state without a problem at now.
func well(now time.Time) admin.Status {
	return admin.Status{
		Version: "test", Started: now.Add(-time.Hour),
		Sources: []admin.Source{{
			Name: "shop", Phase: "streaming", Moved: now.Add(-time.Second), LagKnown: true, CaughtUp: true,
			Tables: []admin.Table{{Schema: "shop", Table: "orders", Snapshot: "done", Rows: 7}},
		}},
		Sinks: []admin.Sink{{Name: "rows"}},
	}
}

func TestProblems(t *testing.T) {
	now := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	for name, c := range map[string]struct {
		spoil func(*admin.Status, *admin.Source, *admin.Sink)
		want  string // source, sink, table: reason; empty: ready
	}{
		"well": {func(*admin.Status, *admin.Source, *admin.Sink) {}, ""},
		"a lag is no stall": {func(_ *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Lag = time.Hour
		}, ""},
		"silent": {func(_ *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Moved = now.Add(-2 * time.Minute)
		}, "shop,,: nothing has arrived for 2m0s, while streaming"},
		"silent since the start": {func(all *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Moved, s.Phase = time.Time{}, "connecting"
		}, "shop,,: nothing has arrived for 1h0m0s, while connecting"},
		"just started": {func(all *admin.Status, s *admin.Source, _ *admin.Sink) {
			all.Started, s.Moved, s.CaughtUp = now.Add(-time.Second), time.Time{}, false
		}, "shop,,: catching up: what was written before the start has not all been read"},
		"not running": {func(_ *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Err, s.Moved = "access denied", time.Time{}
		}, "shop,,: not running: access denied"},
		"held": {func(_ *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Held = "version 9 is not ours"
		}, "shop,,: position held: version 9 is not ours"},
		"table stopped": {func(_ *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Tables[0].Stopped = "TRUNCATE"
		}, "shop,,shop.orders: stopped: TRUNCATE"},
		"snapshot": {func(_ *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Tables[0].Snapshot, s.Tables[0].Total = "reading", 50
		}, "shop,,shop.orders: snapshot reading: 7 of about 50 rows"},
		"snapshot of unknown size": {func(_ *admin.Status, s *admin.Source, _ *admin.Sink) {
			s.Tables[0].Snapshot, s.Tables[0].Rows = "waiting", 0
		}, "shop,,shop.orders: snapshot waiting: 0 rows"},
		"sink busy for a moment": {func(_ *admin.Status, _ *admin.Source, s *admin.Sink) {
			s.Err, s.Since = "429", now.Add(-59*time.Second)
		}, ""},
		"sink failing": {func(_ *admin.Status, _ *admin.Source, s *admin.Sink) {
			s.Err, s.Since = "connection refused", now.Add(-60*time.Second)
		}, ",rows,: failing for 1m0s: connection refused"},
		"sink refuses": {func(_ *admin.Status, _ *admin.Source, s *admin.Sink) {
			s.Err, s.Since, s.Permanent = "401", now.Add(-time.Second), true
		}, ",rows,: failing for 1s: 401"},
		"several": {func(_ *admin.Status, s *admin.Source, k *admin.Sink) {
			s.Held, s.Tables[0].Stopped = "x", "y"
			k.Err, k.Permanent, k.Since = "z", true, now
		}, "shop,,: position held: x\nshop,,shop.orders: stopped: y\n,rows,: failing for 0s: z"},
	} {
		t.Run(name, func(t *testing.T) {
			s := well(now)
			c.spoil(&s, &s.Sources[0], &s.Sinks[0])
			var got []string
			for _, p := range s.Problems(now, time.Minute) {
				got = append(got, p.Source+","+p.Sink+","+p.Table+": "+p.Reason)
			}
			if g := strings.Join(got, "\n"); g != c.want {
				t.Errorf("problems:\n%s\nwant:\n%s", g, c.want)
			}
		})
	}
}
