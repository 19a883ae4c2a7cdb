package router

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/sources"
)

// DeadLetter is an event that a sink, or the router, will never deliver.
type DeadLetter struct {
	event.Ref
	Route   string
	Sink    string // empty: no sink was reached
	Attempt int    // which attempt at the event's chunk was the last; 0: none was made
	Why     error
}

// DeadLetters is the store of what could not be delivered: DIR/<YYYYMMDD>.ndjson by the day in UTC, each line the event's
// envelope with "error", "route", "sink" and "attempt". It is safe for several goroutines.
type DeadLetters struct {
	mu   sync.Mutex
	file dayFile
	buf  []byte
}

// NewDeadLetters returns the store in a folder, which is made when the first letter comes.
func NewDeadLetters(dir string, fsys faultfs.FS) *DeadLetters {
	return &DeadLetters{file: dayFile{dir: dir, fs: fsys}}
}

// Write stores letters. It returns nil once all are fsynced; on an error none counts as stored, and all are to be written again.
func (d *DeadLetters) Write(letters ...DeadLetter) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.buf = d.buf[:0]
	for i := range letters {
		d.buf = appendLetter(d.buf, &letters[i])
	}
	return d.flush()
}

// WriteSource stores what the source of that name could read but not emit, and returns nil once it is fsynced.
func (d *DeadLetters) WriteSource(source string, l sources.DeadLetter) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	letter := DeadLetter{Ref: event.Ref{Batch: batchOf(l, source)}, Why: l.Why}
	d.buf = appendLetter(d.buf[:0], &letter)
	return d.flush()
}

func (d *DeadLetters) flush() error {
	if err := d.file.append(time.Now().UTC(), d.buf); err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	if cap(d.buf) > keepBytes {
		d.buf = nil
	}
	return nil
}

// keepBytes is the most memory that is kept for the next letter.
const keepBytes = 1 << 20

// Close closes the open file. The store may be used on.
func (d *DeadLetters) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.file.close()
}

// appendLetter appends a letter's line.
func appendLetter(dst []byte, l *DeadLetter) []byte {
	why := l.Why.Error()
	dst, err := event.AppendEnvelope(dst, l.Batch, l.I)
	if err != nil {
		// Not even an envelope can be made of it: keep its bytes, and both reasons.
		dst = appendRaw(dst, l)
		why += "; and it has no envelope: " + err.Error()
	}
	dst = append(dst[:len(dst)-1], `,"error":`...) // instead of the closing brace
	dst = appendString(dst, why)
	dst = appendString(append(dst, `,"route":`...), l.Route)
	dst = appendString(append(dst, `,"sink":`...), l.Sink)
	dst = strconv.AppendInt(append(dst, `,"attempt":`...), int64(l.Attempt), 10)
	return append(dst, '}', '\n')
}

// appendRaw appends an object with what is known of an event without reading its record, and the record in base64.
func appendRaw(dst []byte, l *DeadLetter) []byte {
	e := &l.Entries[l.I]
	dst = appendString(append(dst, `{"tag":`...), l.Tag)
	dst = append(append(append(dst, `,"op":"`...), e.Op.String()...), `","seq":"`...)
	dst = strconv.AppendUint(dst, e.Seq, 10)
	dst = append(dst, `","raw_key":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, l.KeyOf(l.I))
	dst = append(dst, `","raw":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, l.Message(l.I))
	return append(dst, `"}`...)
}

func appendString(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string cannot fail
	return append(dst, b...)
}

// batchOf makes a batch of a source's letter, so that it gets an envelope like any other. A record that was too large is null.
func batchOf(l sources.DeadLetter, source string) *event.Batch {
	b := &event.Batch{Tag: l.Tag, Stream: source, Table: l.Table, First: l.Time}
	e := event.Entry{Seq: l.Seq, Op: l.Op, Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx}
	if l.Tx != "" {
		e.Tx = 0
		b.Txs = []event.Tx{{ID: l.Tx, Commit: l.Time}}
	}
	if l.Key != nil {
		e.Key = 0
		b.Keys = event.AppendKey(nil, l.Key)
	}
	record := l.Record
	if record == nil {
		record = event.AppendNil(nil)
	}
	b.Data = append(event.AppendHead(nil, l.Time), record...)
	e.Len = uint32(len(b.Data))
	b.Entries = []event.Entry{e}
	return b
}
