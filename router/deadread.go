package router

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// StoredLetter is a dead letter as it stands in a file. Fields that the line does not have are empty.
type StoredLetter struct {
	Path string `json:"-"`
	Line int    `json:"-"` // from 1
	JSON []byte `json:"-"` // the line

	Tag     string          `json:"tag"`
	Time    string          `json:"time"` // RFC 3339
	Op      string          `json:"op"`   // empty: a log event
	Source  string          `json:"source"`
	Schema  string          `json:"schema"`
	Table   string          `json:"table"`
	Key     json.RawMessage `json:"key"` // in the key's column order
	Row     json.RawMessage `json:"row"` // null where it was too large for its source
	Old     json.RawMessage `json:"old"`
	Record  json.RawMessage `json:"record"` // of a log event
	Seq     uint64          `json:"seq,string"`
	Tx      string          `json:"tx"`
	RawKey  []byte          `json:"raw_key"` // msgpack, of an event that no envelope could be made of
	Raw     []byte          `json:"raw"`     // its [time, record]
	Error   string          `json:"error"`
	Route   string          `json:"route"`
	Sink    string          `json:"sink"`
	Attempt int             `json:"attempt"`
}

// ReadDeadLetters yields the letters of a file, in order. A line that cannot be read yields an error that begins with "path:line:", and
// reading goes on; an error of the file ends it.
func ReadDeadLetters(path string) iter.Seq2[StoredLetter, error] {
	return func(yield func(StoredLetter, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(StoredLetter{}, err)
			return
		}
		defer f.Close() // read only: nothing to lose
		in := bufio.NewReader(f)
		for n := 1; ; n++ {
			line, err := in.ReadBytes('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				yield(StoredLetter{}, err)
				return
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				l, perr := parseLetter(line)
				l.Path, l.Line, l.JSON = path, n, line
				if perr != nil {
					perr = fmt.Errorf("%s:%d: %w", path, n, perr)
				}
				if !yield(l, perr) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
}

func parseLetter(line []byte) (StoredLetter, error) {
	var l StoredLetter
	if err := json.Unmarshal(line, &l); err != nil {
		return StoredLetter{}, fmt.Errorf("not a dead letter: %w", err)
	}
	if l.Tag == "" {
		return StoredLetter{}, errors.New("not a dead letter: it has no tag")
	}
	return l, nil
}
