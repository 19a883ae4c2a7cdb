package router_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/router"
	"yamabiko/router/buffer/buffertest"
)

func TestFirstMatchWins(t *testing.T) {
	test(t, func(t *testing.T) {
		a, b, rest := &fakeSink{}, &fakeSink{}, &fakeSink{}
		g := start(t, []router.Route{
			{Match: []string{"cdc.shop.tmp"}, Drop: true},
			{Match: []string{"cdc.shop.*", "cdc.x"}, To: []string{"a", "b"}},
			{Match: []string{"cdc.**"}, To: []string{"b"}},
			{Else: true, To: []string{"rest"}},
		}, map[string]router.SinkTarget{"a": target(a, 2), "b": target(b, 1), "rest": target(rest, 1)})
		for i, tag := range []string{"cdc.shop.orders", "cdc.shop.tmp", "cdc.x", "cdc.other.t", "web.access", "cdc.shop.orders"} {
			g.emit(tag, fmt.Sprint(i), row(uint64(i), "k"))
		}
		g.after(time.Minute)
		for name, w := range map[string]struct {
			sink *fakeSink
			want []uint64
		}{"a": {a, []uint64{0, 2, 5}}, "b": {b, []uint64{0, 2, 3, 5}}, "rest": {rest, []uint64{4}}} {
			if got := w.sink.written(); !slices.Equal(got, w.want) {
				t.Errorf("%s got %d, want %d", name, got, w.want)
			}
		}
		if g.dropped != 1 {
			t.Errorf("%d events counted as dropped, want 1", g.dropped)
		}
		g.wantMark("5")
		if got := g.Targets("cdc.shop.orders"); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("targets %q", got)
		}
		if got := g.Targets("cdc.shop.tmp"); got != nil {
			t.Errorf("targets %q of a dropped tag", got)
		}
	})
}

func TestP1_NoRouteIsADeadLetter(t *testing.T) {
	test(t, func(t *testing.T) {
		g := start(t, []router.Route{{Match: []string{"a"}, To: []string{"s"}}}, map[string]router.SinkTarget{"s": target(&fakeSink{}, 1)})
		g.fs.Fail(faultfs.Write, "*", 0, syscall.ENOSPC)
		emitted := false
		go func() {
			g.emit("b", "1", row(1, "k"), buffertest.Event{Seq: 2, Op: event.Log})
			emitted = true
		}()
		g.after(time.Hour)
		if emitted {
			t.Fatal("a batch without a route and without a dead letter went through")
		}
		g.wantMark("")
		g.fs.Heal()
		g.after(time.Minute)
		g.wantMark("1")
		l := g.letters()
		if len(l) != 2 || l[0].Error != "no route" || l[0].Tag != "b" || l[0].Sink != "" || l[1].Op != "" || l[1].Record == nil {
			t.Fatalf("dead letters: %+v", l)
		}
		if n := g.counts.get(g.counts.rejected, ""); n != 2 {
			t.Fatalf("counted %d, want 2", n)
		}
	})
}

// A stop may not wait for a disk that is full.
func TestP1_DrainEndsAWaitForDeadLetters(t *testing.T) {
	test(t, func(t *testing.T) {
		g := start(t, []router.Route{{Match: []string{"a"}, To: []string{"s"}}}, map[string]router.SinkTarget{"s": target(&fakeSink{}, 1)})
		g.fs.Fail(faultfs.Write, "*", 0, syscall.ENOSPC)
		b := buffertest.Batch("b", row(1, "k"))
		b.Emitted(func() { t.Error("settled a batch that is nowhere") })
		got := errors.New("not back")
		go func() { got = g.Dispatch(context.Background(), b) }()
		g.after(time.Minute)
		if err := g.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !errors.Is(got, syscall.ENOSPC) {
			t.Fatalf("dispatch that waits for a full disk, after the drain: %v", got)
		}
	})
}

// A batch that some sink did not get must hold the position for ever, whatever the others did.
func TestP1_StoppedDispatchIsNeverSettled(t *testing.T) {
	test(t, func(t *testing.T) {
		stuck := func(ctx context.Context, _ *event.Chunk) error { <-ctx.Done(); return ctx.Err() }
		full := target(&fakeSink{write: stuck}, 1)
		full.Buffer.Limit = 1
		ok := &fakeSink{}
		g := start(t, to("ok", "stuck"), map[string]router.SinkTarget{"ok": target(ok, 1), "stuck": full})
		g.emit("t", "1", row(1, "k"))
		b := buffertest.Batch("t", row(2, "k"))
		b.Emitted(func() { t.Error("settled a batch that one sink never got") })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Dispatch(ctx, b); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stuck") {
			t.Fatalf("dispatch: %v", err)
		}
		if got := ok.written(); !slices.Equal(got, []uint64{1, 2}) {
			t.Fatalf("the other sink wrote %d", got)
		}
		g.stop()
		synctest.Wait()
		g.wantMark("")
	})
}

func TestRouteMistakesAreReportedTogether(t *testing.T) {
	s := target(&fakeSink{}, 1)
	bad := target(&fakeSink{}, 0)
	_, err := router.New([]router.Route{
		{Match: []string{"a.{b"}, To: []string{"s"}},
		{Match: []string{"a"}, To: []string{"nowhere", "s", "s"}},
		{Match: []string{"b"}},
		{To: []string{"s"}},
		{Else: true, To: []string{"s"}},
		{Match: []string{"c"}, To: []string{"s"}, Drop: true},
	}, map[string]router.SinkTarget{"s": s, "bad": bad}, router.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"route 1: tag pattern \"a.{b\"", `route 2: no sink is named "nowhere"`, `names sink "s" twice`, "route 3: needs either sinks or drop",
		"route 4: needs either tag patterns or else", "route 5: else matches everything", "route 6: needs either sinks or drop", "sink bad: buffer: 0 lanes",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}

// Tags may come from outside without end; the cache of their routes may not grow without end.
func TestManyTagsStayBounded(t *testing.T) {
	r, err := router.New([]router.Route{{Match: []string{"a.*"}, To: []string{"s"}}}, map[string]router.SinkTarget{"s": target(&fakeSink{}, 1)},
		router.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20_000 {
		if got := r.Targets(fmt.Sprint("a.", i)); len(got) != 1 {
			t.Fatalf("tag %d has targets %q", i, got)
		}
	}
	if n := r.CachedTags(); n > 5000 {
		t.Fatalf("%d tags are kept", n)
	}
}
