package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"yamabiko/event"
)

func row(id int64, title string) []byte {
	b := event.AppendInt(event.AppendString(event.AppendMapHeader(nil, 2), "id"), id)
	return event.AppendString(event.AppendString(b, "title"), title)
}

func key(region string, id int64) []byte {
	return event.AppendInt(event.AppendString(event.AppendArrayHeader(nil, 2), region), id)
}

func TestEnvelope(t *testing.T) {
	head := `{"tag":"cdc.shop.orders","time":"2026-11-22T01:02:03.004005Z",`
	where := `"source":"shop","schema":"shop","table":"orders",`
	for _, c := range []struct {
		name string
		fill func(b *event.Batch)
		want string
	}{
		{"update", func(b *event.Batch) {
			e := add(b, event.Update, 3801234567890123456, key("eu", 1), row(1, "new"))
			e.Old = uint32(len(b.Olds))
			b.Olds = event.AppendString(event.AppendString(event.AppendMapHeader(b.Olds, 1), "title"), "former")
			b.Txs, e.Tx = []event.Tx{{ID: "0c2a-1:41"}, {ID: "0c2a-1:42"}}, 1<<1|1
		}, head + `"op":"update",` + where + `"key":{"region":"eu","id":1},"row":{"id":1,"title":"new"},` +
			`"old":{"title":"former"},"seq":"3801234567890123456","tx":"0c2a-1:42"}`},
		{"read, with nothing that it need not have", func(b *event.Batch) {
			add(b, event.Read, 7, nil, row(1, "a"))
		}, head + `"op":"read",` + where + `"row":{"id":1,"title":"a"},"seq":"7"}`},
		{"delete keeps the last image", func(b *event.Batch) {
			add(b, event.Delete, 1<<63-1, key("eu", 1), row(1, "last"))
		}, head + `"op":"delete",` + where + `"key":{"region":"eu","id":1},"row":{"id":1,"title":"last"},"seq":"9223372036854775807"}`},
		{"truncate", func(b *event.Batch) {
			e := add(b, event.Truncate, 9, nil, nil)
			b.Txs, e.Tx = []event.Tx{{ID: "7\"7", Commit: when.In(time.FixedZone("JST", 9*3600))}}, 0
		}, head + `"op":"truncate",` + where + `"seq":"9","tx":"7\"7"}`},
		{"sweep has no time", func(b *event.Batch) {
			add(b, event.Sweep, 9, nil, nil)
		}, `{"tag":"cdc.shop.orders","op":"sweep",` + where + `"seq":"9"}`},
		{"log", func(b *event.Batch) {
			b.Tag, b.Table = "web.\"access\"", nil
			add(b, event.Log, 5, nil, row(1, "line"))
		}, `{"tag":"web.\"access\"","time":"2026-11-22T01:02:03.004005Z","record":{"id":1,"title":"line"}}`},
	} {
		b := &event.Batch{Tag: "cdc.shop.orders", Stream: "shop", Table: orders}
		add(b, event.Insert, 1, key("us", 99), row(99, "another before it"))
		c.fill(b)
		got, err := event.AppendEnvelope([]byte("> "), b, 1)
		if err != nil || string(got) != "> "+c.want {
			t.Errorf("%s:\nhave %s, %v\nwant %s", c.name, got, err, c.want)
		}
		if !json.Valid([]byte(c.want)) {
			t.Errorf("%s: the test wants what is no JSON", c.name)
		}
	}
}

func TestEnvelopeTimeHasSixDigits(t *testing.T) {
	for ns, want := range map[int64]string{0: "000000", 999_999_999: "999999", 1_000: "000001", 500_000_000: "500000"} {
		b := &event.Batch{Tag: "t"}
		b.Data = append(event.AppendHead(nil, time.Unix(951_782_400, ns)), 0x80)
		b.Entries = []event.Entry{{Len: uint32(len(b.Data)), Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx}}
		got, err := event.AppendEnvelope(nil, b, 0)
		if full := `{"tag":"t","time":"2000-02-29T00:00:00.` + want + `Z","record":{}}`; err != nil || string(got) != full {
			t.Errorf("have %s, %v, want %s", got, err, full)
		}
	}
}

func TestEnvelopeErrorsLeaveDst(t *testing.T) {
	for name, spoil := range map[string]func(b *event.Batch){
		"no table":           func(b *event.Batch) { b.Table = nil },
		"record is cut":      func(b *event.Batch) { b.Data[b.Entries[0].Off+11] = 0x8f },
		"old is invalid":     func(b *event.Batch) { b.Olds[len(b.Olds)-1-len("former")] = 0xc1 },
		"no record":          func(b *event.Batch) { b.Entries[0].Len = 0 },
		"key is cut":         func(b *event.Batch) { b.Keys = b.Keys[:3] },
		"key of one column":  func(b *event.Batch) { b.Keys[1] = 0x91 },
		"key is no array":    func(b *event.Batch) { b.Keys[1] = 0xa0 },
		"key value is wrong": func(b *event.Batch) { b.Keys[2] = 0xc1 },
	} {
		b := rowBatch()
		spoil(b)
		if got, err := event.AppendEnvelope([]byte("kept"), b, 0); err == nil || string(got) != "kept" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestAppendRow(t *testing.T) {
	b := &event.Batch{Table: orders}
	add(b, event.Insert, 1, nil, row(1, "a"))
	add(b, event.Truncate, 2, nil, nil)
	for i, want := range []string{`{"id":1,"title":"a"}`, "null"} {
		if got, err := event.AppendRow(nil, b, i); err != nil || string(got) != want {
			t.Errorf("entry %d: %s, %v", i, got, err)
		}
	}
}

func TestEnvelopeAllocatesNothing(t *testing.T) {
	b := rowBatch()
	b.Tag = "cdc.a_schema_with_a_long_name.a_table_with_a_name_longer_than_the_stack_buffer_of_a_conversion"
	dst := make([]byte, 0, 4096)
	n := testing.AllocsPerRun(100, func() {
		if _, err := event.AppendEnvelope(dst, b, 0); err != nil {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}
