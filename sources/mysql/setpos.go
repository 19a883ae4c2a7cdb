package mysql

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yamabiko/event"
)

// ShowPosition implements sources.Positioner: a position is JSON already.
func (s *source) ShowPosition(p event.Position) ([]byte, error) {
	v, err := parsePosition(p)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(v, "", "  ")
}

// ParsePosition implements sources.Positioner. It takes "snapshot" (read everything again), FILE:POS or a GTID set. Seq rises above
// current's (rule S3); tables keep how far they were read.
func (s *source) ParsePosition(text string, current event.Position) (event.Position, error) {
	p := &position{Version: 1, Rule: ruleName, Tables: map[string]*tableProgress{}}
	if current != nil {
		var err error
		if p, err = parsePosition(current); err != nil {
			return nil, err
		}
	}
	p.Seq, p.Last = rise(p.Seq, time.Now()), nil
	file, offset, isFile := cutLast(text)
	switch {
	case text == "snapshot":
		// Where the stream starts is asked of the server at the next start; of the old position only Seq is kept.
		p.Fresh, p.GTID, p.File, p.Pos, p.Tables = true, "", "", 0, map[string]*tableProgress{}
	case isFile && strings.Contains(file, "."):
		p.File, p.Pos, p.GTID, p.Server = file, offset, "", ""
	default:
		set, err := parseGTIDs(text)
		if err != nil || set.IsEmpty() {
			return nil, fmt.Errorf("position %q is neither \"snapshot\", nor FILE:POS such as binlog.000003:4711, nor a GTID set", text)
		}
		p.GTID, p.File, p.Pos = set.String(), "", 0
	}
	return p.encode(), nil
}

// cutLast splits FILE:POS.
func cutLast(text string) (file string, pos uint32, ok bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(text[i+1:], 10, 32)
	return text[:i], uint32(n), err == nil
}
