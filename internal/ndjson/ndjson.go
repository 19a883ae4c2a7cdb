// Package ndjson turns events into lines of JSON, for the sinks that write lines.
package ndjson

import "yamabiko/event"

// Format is what a line holds: Envelope or Row.
type Format string

const (
	Envelope Format = "envelope" // tag, time, op, key, row, seq and so on (docs of the envelope)
	Row      Format = "row"      // the record alone; a delete's is its last known image, a barrier has none
)

// Known tells whether f is one of the formats.
func (f Format) Known() bool { return f == Envelope || f == Row }

// AppendLine appends b's entry i and a line end, or nothing for what the format cannot tell. An error means that the event
// has no JSON form and never will; dst then comes back as it was.
func (f Format) AppendLine(dst []byte, b *event.Batch, i int) ([]byte, error) {
	write := event.AppendEnvelope
	if f == Row {
		if b.Entries[i].Op.Barrier() {
			return dst, nil
		}
		write = event.AppendRow
	}
	out, err := write(dst, b, i)
	if err != nil {
		return dst, err
	}
	return append(out, '\n'), nil
}
