package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"yamabiko/event"
)

// benchRecord is a row of ten columns of nine types and 243 bytes: what design.md measures with.
func benchRecord(n int64) []byte {
	b := event.AppendMapHeader(nil, 10)
	b = event.AppendInt(event.AppendString(b, "id"), 1_000_000+n)
	b = event.AppendInt(event.AppendString(b, "customer_id"), 70_000+n%1000)
	b = event.AppendString(event.AppendString(b, "title"), "A parcel of books, wrapped")
	b = event.AppendString(event.AppendString(b, "status"), "shipped")
	b = event.AppendString(event.AppendString(b, "price"), "1249.90")
	b = event.AppendFloat64(event.AppendString(b, "weight"), 12.75)
	b = event.AppendString(event.AppendString(b, "created_at"), "2026-11-22T01:02:03.004005")
	b = event.AppendString(event.AppendString(b, "updated_at"), "2026-11-22T01:02:03.004005Z")
	b = event.AppendInt(event.AppendString(b, "flags"), 3)
	return event.AppendString(event.AppendString(b, "note"), "left with the neighbour at number 14, who signed")
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkAppendJSON(b *testing.B) {
	rec := benchRecord(1)
	var dst []byte
	b.SetBytes(int64(len(rec)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = event.AppendJSON(dst[:0], rec); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func BenchmarkUnmarshalAndMarshal(b *testing.B) {
	rec := benchRecord(1)
	b.SetBytes(int64(len(rec)))
	b.ReportAllocs()
	for b.Loop() {
		var v map[string]any
		if err := msgpack.Unmarshal(rec, &v); err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func BenchmarkAppendJSONValues(b *testing.B) {
	long := "the quick brown fox jumps over the lazy dog, twice, and then sleeps in the sun"
	for _, v := range []struct {
		name string
		msg  []byte
	}{
		{"int", event.AppendInt(nil, 1_234_567)},
		{"uint64", event.AppendUint(nil, 1<<64-1)},
		{"price", event.AppendFloat64(nil, 1249.9)},
		{"pi", event.AppendFloat64(nil, 3.141592653589793)},
		{"whole", event.AppendFloat64(nil, 42)},
		{"float32", event.AppendFloat32(nil, 0.1)},
		{"short", event.AppendString(nil, "status")},
		{"ascii", event.AppendString(nil, long)},
		{"quotes", event.AppendString(nil, `GET /a?b=c HTTP/1.1" 200 "Mozilla/5.0 (X11; Linux x86_64)" "-" \n`)},
		{"japanese", event.AppendString(nil, "山彦は山や谷の斜面に向かって音を発したとき、それが反響して返る現象")},
		{"binary", event.AppendBin(nil, []byte(long))},
		{"time", event.AppendEventTime(nil, time.Unix(1_800_000_000, 4_005_000))},
	} {
		b.Run(v.name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(len(v.msg)))
			for b.Loop() {
				dst, _ = event.AppendJSON(dst[:0], v.msg)
			}
		})
	}
}

func BenchmarkSkip(b *testing.B) {
	rec := benchRecord(1)
	b.SetBytes(int64(len(rec)))
	for b.Loop() {
		if _, err := event.Skip(rec); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func BenchmarkFindLast(b *testing.B) {
	rec := benchRecord(1)
	for b.Loop() {
		if _, ok := event.Find(rec, "note"); !ok {
			b.Fatal("no note")
		}
	}
}

func BenchmarkAppendEnvelope(b *testing.B) {
	batch := rowBatch()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = event.AppendEnvelope(dst[:0], batch, 0); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}
