package generate

import (
	"strconv"
	"time"

	"yamabiko/event"
)

// epoch is the time of event 0. It is fixed, as every event is: a run today and one tomorrow can be compared.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// stripe is how many events in a row go to one table, so that Seq rises from batch to batch.
const stripe = 32

// content makes events of their index alone, so that a resume needs no state.
type content struct {
	seed, keys, tables uint64
	size               int
	step               time.Duration // between two events
	text               []byte        // what texts are cut from: size bytes longer than the places to cut at
	key                []byte
}

const textPlaces = 1 << 12

func newContent(c *Config) *content {
	g := &content{seed: c.Seed, keys: c.Keys, tables: c.Tables, size: int(c.Size), step: time.Microsecond}
	if c.Rate > 0 {
		g.step = time.Duration(int64(time.Second) / c.Rate)
	}
	g.text = make([]byte, 0, textPlaces+g.size+16)
	for n := uint64(0); len(g.text) < textPlaces+g.size; n++ {
		g.text = append(append(g.text, words[mix(c.Seed, n)%uint64(len(words))]...), ' ')
	}
	return g
}

var words = [...]string{"echo", "mountain", "valley", "stream", "cedar", "lantern", "stone", "river", "answer", "ridge", "mist", "bell"}

// mix is splitmix64 of n under a seed.
func mix(seed, n uint64) uint64 {
	z := seed*0xbf58476d1ce4e5b9 + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// table says which table event i belongs to.
func (g *content) table(i uint64) uint64 { return i / stripe % g.tables }

func (g *content) time(i uint64) time.Time { return epoch.Add(time.Duration(i) * g.step) }

// add appends event i to b.
func (g *content) add(b *event.Batch, i uint64) {
	e := event.Entry{Seq: i + 1, Off: uint32(len(b.Data)), Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx}
	b.Data = event.AppendHead(b.Data, g.time(i))
	if g.keys == 0 {
		b.Data = g.appendLog(b.Data, mix(g.seed, i))
	} else {
		in := i/(stripe*g.tables)*stripe + i%stripe // the event's number within its table
		id := in % g.keys
		e.Op = g.op(g.table(i), id, in/g.keys)
		g.key = event.AppendUint(event.AppendArrayHeader(g.key[:0], 1), id)
		e.Key = uint32(len(b.Keys))
		b.Keys = event.AppendKey(b.Keys, g.key)
		b.Data = g.appendRow(b.Data, id, g.time(i), mix(g.seed, i))
	}
	e.Len = uint32(len(b.Data)) - e.Off
	b.Entries = append(b.Entries, e)
}

// op says what a round does to a key: the first inserts it, odd ones delete one key in eight, and the round after a
// delete inserts it again. So each op follows from the round alone.
func (g *content) op(table, id, round uint64) event.Op {
	switch {
	case round == 0:
		return event.Insert
	case round%2 == 1 && g.deleted(table, id, round):
		return event.Delete
	case round%2 == 0 && g.deleted(table, id, round-1):
		return event.Insert
	}
	return event.Update
}

func (g *content) deleted(table, id, round uint64) bool {
	return mix(g.seed^table, id*0x9e37+round)%8 == 0
}

// columns are those of every generated table, in the order of appendRow.
func columns() []event.Column {
	return []event.Column{
		{Name: "id", Type: "bigint unsigned", Kind: event.Uint64},
		{Name: "name", Type: "varchar(64)", Kind: event.String},
		{Name: "amount", Type: "decimal(10,2)", Kind: event.Decimal, Digits: 2},
		{Name: "count", Type: "int", Kind: event.Int},
		{Name: "ratio", Type: "double", Kind: event.Float64},
		{Name: "at", Type: "datetime(6)", Kind: event.DateTime, Digits: 6},
		{Name: "note", Type: "text", Kind: event.String},
	}
}

func (g *content) appendRow(dst []byte, id uint64, at time.Time, r uint64) []byte {
	dst = event.AppendMapHeader(dst, 7)
	dst = event.AppendUint(event.AppendString(dst, "id"), id)
	dst = event.AppendString(event.AppendString(dst, "name"), words[r%uint64(len(words))])
	dst = appendAmount(event.AppendString(dst, "amount"), r>>8%1_000_000)
	dst = event.AppendInt(event.AppendString(dst, "count"), int64(r>>32%100_000)-50_000)
	dst = event.AppendFloat64(event.AppendString(dst, "ratio"), float64(r>>11)/(1<<53))
	dst = event.AppendStringHeader(event.AppendString(dst, "at"), len(rowTime))
	dst = at.AppendFormat(dst, rowTime)
	return event.AppendString(event.AppendString(dst, "note"), g.cut(r))
}

// rowTime is the form of a DATETIME(6) (docs/types.md).
const rowTime = "2006-01-02T15:04:05.000000"

func (g *content) appendLog(dst []byte, r uint64) []byte {
	dst = event.AppendMapHeader(dst, 5)
	dst = event.AppendString(event.AppendString(dst, "host"), hosts[r%uint64(len(hosts))])
	dst = event.AppendString(event.AppendString(dst, "path"), paths[r>>8%uint64(len(paths))])
	dst = event.AppendInt(event.AppendString(dst, "status"), statuses[r>>16%uint64(len(statuses))])
	dst = event.AppendFloat64(event.AppendString(dst, "took"), float64(r>>44)/1e6)
	return event.AppendString(event.AppendString(dst, "message"), g.cut(r))
}

var (
	hosts    = [...]string{"web1", "web2", "web3", "web4"}
	paths    = [...]string{"/", "/cart", "/search", "/login", "/items/17", "/health"}
	statuses = [...]int64{200, 200, 200, 200, 200, 204, 301, 404, 500, 503}
)

func (g *content) cut(r uint64) []byte {
	at := int(r >> 20 % textPlaces)
	return g.text[at : at+g.size]
}

// appendAmount appends cents as a decimal string of two digits.
func appendAmount(dst []byte, cents uint64) []byte {
	var buf [24]byte
	s := strconv.AppendUint(buf[:0], cents/100, 10)
	s = append(s, '.', byte('0'+cents/10%10), byte('0'+cents%10))
	return event.AppendString(dst, s)
}
