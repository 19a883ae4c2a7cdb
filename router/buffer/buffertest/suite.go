package buffertest

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/event"
	"yamabiko/router/buffer"
)

// Open makes a fresh buffer for a test.
type Open func(t *testing.T, opt buffer.Options) buffer.Buffer

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(t *testing.T, open Open){
		"model":                       testModel,
		"O1 retry keeps lane shut":    testRetryKeepsLaneShut,
		"O1 barrier waits for all":    testBarrier,
		"chunk is leased when full":   testFull,
		"chunk is leased when old":    testAge,
		"full buffer blocks":          testBackPressure,
		"full buffer is fair":         testFair,
		"full buffer hurries":         testHurry,
		"close drains":                testClose,
		"close refuses who waits":     testCloseRefuses,
		"retry with some done frees":  testRetryReleases,
		"one view in one lane, whole": testNoCopy,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, open) })
		})
	}
}

// small are options under which nothing is leased for its age within a test's patience.
func small(lanes int) buffer.Options {
	return buffer.Options{Lanes: lanes, Limit: 1 << 20, ChunkBytes: 1 << 18, ChunkCount: 1000, Age: time.Hour}
}

// appendTo appends a whole batch and returns how often it was settled.
func appendTo(t *testing.T, buf buffer.Buffer, b *event.Batch) *int {
	t.Helper()
	settled := new(int)
	b.Emitted(func() { *settled++ })
	if err := buf.Append(t.Context(), event.View{Batch: b}); err != nil {
		t.Fatal(err)
	}
	return settled
}

// next returns the lane's next chunk if it comes within d, else nil.
func next(t *testing.T, buf buffer.Buffer, lane int, d time.Duration) *event.Chunk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	c, err := buf.Next(ctx, lane)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return c
}

func want(t *testing.T, c *event.Chunk, seqs ...uint64) {
	t.Helper()
	if c == nil {
		t.Fatalf("no chunk; want one of %d", seqs)
	}
	if got := Seqs(c); !slices.Equal(got, seqs) || c.Events != len(seqs) {
		t.Fatalf("chunk of %d (says %d events), want %d", got, c.Events, seqs)
	}
}

func done(t *testing.T, buf buffer.Buffer, c *event.Chunk) {
	t.Helper()
	if err := buf.Done(c); err != nil {
		t.Fatal(err)
	}
}

func row(seq uint64, key string) Event { return Event{Seq: seq, Key: key, Op: event.Update} }

// The history of rule O1: key k at 10 gets an item 429, k at 12 must not go out before 10 has.
func testRetryKeepsLaneShut(t *testing.T, open Open) {
	opt := small(2)
	opt.ChunkCount = 2
	buf := open(t, opt)
	k := "k"
	lane := event.Lane(Key(k), 2)
	appendTo(t, buf, Batch("a", row(10, k), row(11, k)))
	appendTo(t, buf, Batch("a", row(12, k), row(13, k)))
	c := next(t, buf, lane, time.Second)
	want(t, c, 10, 11)
	if again := next(t, buf, lane, time.Minute); again != nil {
		t.Fatalf("the lane gave %d while %d is on its way", Seqs(again), Seqs(c))
	}
	at := time.Now().Add(10 * time.Second)
	buf.Retry(c, []int{0}, at)
	if early := next(t, buf, lane, 9*time.Second); early != nil {
		t.Fatalf("%d came before its time", Seqs(early))
	}
	c = next(t, buf, lane, time.Minute)
	want(t, c, 10)
	if now := time.Now(); now.Before(at) || now.After(at.Add(time.Second)) {
		t.Fatalf("retried at %v, asked for %v", now, at)
	}
	buf.Retry(c, nil, time.Now())
	c = next(t, buf, lane, time.Minute)
	want(t, c, 10)
	done(t, buf, c)
	want(t, next(t, buf, lane, time.Minute), 12, 13)
}

func testBarrier(t *testing.T, open Open) {
	buf := open(t, small(4))
	var events []Event
	keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for i, k := range keys {
		events = append(events, row(uint64(i), k))
	}
	events = append(events, Event{Seq: 100, Op: event.Truncate}, Event{Seq: 101, Op: event.DDL})
	for i, k := range keys {
		events = append(events, row(uint64(200+i), k))
	}
	settled := appendTo(t, buf, Batch("t", events...))
	var before []*event.Chunk
	for lane := range 4 {
		c := next(t, buf, lane, time.Second) // at once, not at their age: a barrier waits for them
		if c == nil {
			t.Fatalf("lane %d kept its events though a barrier waits for them", lane)
		}
		before = append(before, c)
	}
	for i, c := range before {
		if early := next(t, buf, 0, time.Minute); early != nil {
			t.Fatalf("%d came while lanes %d and later were not done", Seqs(early), i)
		}
		done(t, buf, c)
	}
	for _, seq := range []uint64{100, 101} {
		for lane := 1; lane < 4; lane++ {
			if c := next(t, buf, lane, time.Minute); c != nil {
				t.Fatalf("lane %d gave %d before the barrier %d", lane, Seqs(c), seq)
			}
		}
		c := next(t, buf, 0, time.Second)
		want(t, c, seq)
		if _, ok := c.Barrier(); !ok {
			t.Fatal("a barrier's chunk does not say so")
		}
		buf.Retry(c, nil, time.Now().Add(time.Second))
		if c := next(t, buf, 1, time.Minute); c != nil {
			t.Fatalf("%d passed a barrier that is to be retried", Seqs(c))
		}
		done(t, buf, next(t, buf, 0, time.Minute))
	}
	for lane := range 4 {
		c := next(t, buf, lane, 2*time.Hour)
		if c == nil || Seqs(c)[0] < 200 {
			t.Fatalf("lane %d after the barriers: %v", lane, c)
		}
		done(t, buf, c)
	}
	if *settled != 1 {
		t.Fatalf("the batch was settled %d times", *settled)
	}
}

func testFull(t *testing.T, open Open) {
	opt := small(1)
	opt.ChunkCount, opt.ChunkBytes = 3, 3000
	buf := open(t, opt)
	appendTo(t, buf, Batch("a", row(1, "k"), row(2, "k")))
	if c := next(t, buf, 0, time.Minute); c != nil {
		t.Fatalf("a chunk of %d though neither full nor old", Seqs(c))
	}
	appendTo(t, buf, Batch("a", row(3, "k"), row(4, "k"), row(5, "k"), row(6, "k"), row(7, "k"))) // more than a chunk
	for _, seqs := range [][]uint64{{1, 2}, {3, 4, 5}} {
		c := next(t, buf, 0, time.Second)
		want(t, c, seqs...)
		done(t, buf, c)
	}
	appendTo(t, buf, Batch("a", Event{Seq: 8, Key: "k", Op: event.Update, Size: 4000}))
	c := next(t, buf, 0, time.Second)
	want(t, c, 6, 7)
	done(t, buf, c)
	c = next(t, buf, 0, time.Second)
	want(t, c, 8) // larger than a chunk by itself
	done(t, buf, c)
}

func testAge(t *testing.T, open Open) {
	opt := small(1)
	opt.Age = 20 * time.Millisecond
	buf := open(t, opt)
	start := time.Now()
	appendTo(t, buf, Batch("a", row(1, "k")))
	c := next(t, buf, 0, 10*time.Millisecond)
	if c != nil {
		t.Fatal("leased before its age")
	}
	appendTo(t, buf, Batch("a", row(2, "k")))
	c = next(t, buf, 0, time.Minute)
	want(t, c, 1, 2)
	if d := time.Since(start); d != opt.Age {
		t.Fatalf("leased %v after the first event came, want %v", d, opt.Age)
	}
	done(t, buf, c)
}

func testBackPressure(t *testing.T, open Open) {
	opt := small(1)
	opt.Limit, opt.Age = 2000, 0
	var held int64
	opt.OnBytes = func(d int64) { held += d }
	buf := open(t, opt)
	huge := Event{Seq: 1, Key: "k", Op: event.Update, Size: 5000}
	appendTo(t, buf, Batch("a", huge)) // above the limit by itself, and alone: admitted
	blocked := Batch("a", row(2, "k"))
	blocked.Emitted(func() { t.Error("settled a batch that was never taken") })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := buf.Append(ctx, event.View{Batch: blocked}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("append to a full buffer: %v", err)
	}
	entered := false
	go func() {
		appendTo(t, buf, Batch("a", row(3, "k")))
		entered = true
	}()
	synctest.Wait()
	if entered {
		t.Fatal("append to a full buffer did not wait")
	}
	done(t, buf, next(t, buf, 0, time.Second))
	synctest.Wait()
	if !entered {
		t.Fatal("append still waits though the buffer is empty")
	}
	c := next(t, buf, 0, time.Second)
	want(t, c, 3)
	done(t, buf, c)
	if held != 0 {
		t.Fatalf("%d bytes are still counted", held)
	}
}

// A large view that waits is not passed by small ones; when it goes away, they need not wait for what it asked for.
func testFair(t *testing.T, open Open) {
	opt := small(1)
	opt.Limit, opt.Age = 4000, 0
	buf := open(t, opt)
	appendTo(t, buf, Batch("a", Event{Seq: 1, Key: "k", Op: event.Update, Size: 3000}))
	ctx, cancel := context.WithCancel(t.Context())
	var large, tiny error = errors.New("waits"), errors.New("waits")
	go func() {
		b := Batch("a", Event{Seq: 2, Key: "k", Op: event.Update, Size: 3000})
		b.Emitted(nil)
		large = buf.Append(ctx, event.View{Batch: b})
	}()
	synctest.Wait()
	go func() {
		b := Batch("a", row(3, "k"))
		b.Emitted(nil)
		tiny = buf.Append(t.Context(), event.View{Batch: b})
	}()
	synctest.Wait()
	if tiny == nil {
		t.Fatal("a small view passed a large one that waits: small ones without end would starve it")
	}
	cancel()
	synctest.Wait()
	if !errors.Is(large, context.Canceled) || tiny != nil {
		t.Fatalf("after the large one went away: %v, the small one: %v", large, tiny)
	}
	c := next(t, buf, 0, time.Second)
	want(t, c, 1, 3)
	done(t, buf, c)
}

// A chunk size that the limit never lets a lane reach must not stop the road until the chunk is old.
func testHurry(t *testing.T, open Open) {
	opt := small(1)
	opt.Limit = 2000
	buf := open(t, opt)
	appendTo(t, buf, Batch("a", Event{Seq: 1, Key: "k", Op: event.Update, Size: 1500}))
	entered := false
	go func() {
		appendTo(t, buf, Batch("a", Event{Seq: 2, Key: "k", Op: event.Update, Size: 1500}))
		entered = true
	}()
	c := next(t, buf, 0, time.Second)
	want(t, c, 1)
	done(t, buf, c)
	synctest.Wait()
	if !entered {
		t.Fatal("append still waits")
	}
}

func testClose(t *testing.T, open Open) {
	buf := open(t, small(2))
	k := "k" // of lane 0: lane 1 has nothing
	for event.Lane(Key(k), 2) != 0 {
		k += "k"
	}
	appendTo(t, buf, Batch("a", row(1, k), Event{Seq: 2, Op: event.DDL}, row(3, k)))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := buf.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("close of a buffer that nobody drains: %v", err)
	}
	closed := errors.New("not back")
	go func() { closed = buf.Close(t.Context()) }()
	late := Batch("a", row(9, "k"))
	late.Emitted(func() { t.Error("settled a batch that was refused") })
	if err := buf.Append(t.Context(), event.View{Batch: late}); !errors.Is(err, buffer.ErrClosed) {
		t.Fatalf("append after close: %v", err)
	}
	other := error(nil)
	go func() { _, other = buf.Next(t.Context(), 1) }() // ends when all is done, though its lane never had anything
	for seq := range uint64(3) {
		synctest.Wait()
		if closed == nil || other != nil {
			t.Fatalf("with event %d open: close %v, lane 1 %v", seq+1, closed, other)
		}
		c := next(t, buf, 0, time.Second)
		want(t, c, seq+1)
		done(t, buf, c)
	}
	synctest.Wait()
	if closed != nil || !errors.Is(other, io.EOF) {
		t.Fatalf("once drained: close %v, lane 1 %v", closed, other)
	}
}

// A stop may not wait for room in a buffer that nobody empties.
func testCloseRefuses(t *testing.T, open Open) {
	opt := small(1)
	opt.Limit = 1
	buf := open(t, opt)
	appendTo(t, buf, Batch("a", row(1, "k")))
	waits := Batch("a", row(2, "k"))
	waits.Emitted(func() { t.Error("settled a batch that was refused") })
	got := errors.New("not back")
	go func() { got = buf.Append(t.Context(), event.View{Batch: waits}) }()
	synctest.Wait()
	go buf.Close(t.Context())
	synctest.Wait()
	if !errors.Is(got, buffer.ErrClosed) {
		t.Fatalf("an append that waits while the buffer closes: %v", got)
	}
	done(t, buf, next(t, buf, 0, time.Second))
}

func testRetryReleases(t *testing.T, open Open) {
	opt := small(1)
	opt.ChunkCount = 4
	var held int64
	opt.OnBytes = func(d int64) { held += d }
	buf := open(t, opt)
	first := appendTo(t, buf, Batch("a", row(1, "k"), row(2, "k")))
	before := held
	second := appendTo(t, buf, Batch("a", row(3, "k"), row(4, "k")))
	c := next(t, buf, 0, time.Second)
	id := c.ID
	buf.Retry(c, []int{3}, time.Now())
	if *first != 1 || *second != 0 || held != before {
		t.Fatalf("after a retry of the last event: settled %d and %d, %d bytes held; want the first batch settled and its %d bytes free", *first, *second, held, before)
	}
	c = next(t, buf, 0, time.Second)
	want(t, c, 4)
	if c.ID == id {
		t.Fatal("another content under the same chunk ID")
	}
	id = c.ID
	buf.Retry(c, nil, time.Now())
	c = next(t, buf, 0, time.Second)
	if c.ID != id {
		t.Fatal("the same content under another chunk ID: a receiver cannot tell the repeat")
	}
	done(t, buf, c)
	if *second != 1 || held != 0 {
		t.Fatalf("settled %d, %d bytes held", *second, held)
	}
}

func testNoCopy(t *testing.T, open Open) {
	for lanes := 1; lanes <= 2; lanes++ {
		buf := open(t, small(lanes))
		appendTo(t, buf, Batch("a", row(1, "k"), row(2, "k"), row(3, "k")))
		go buf.Close(t.Context())
		c := next(t, buf, event.Lane(Key("k"), lanes), time.Second)
		want(t, c, 1, 2, 3)
		if c.Views[0].Sel != nil {
			t.Errorf("%d lanes: a view of one lane was copied", lanes)
		}
		done(t, buf, c)
	}
}
