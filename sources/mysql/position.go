package mysql

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
)

// ruleName names the rule by which Seq counts: it advances by the size in bytes of every row event and of every statement but BEGIN, COMMIT
// and ROLLBACK, as the server sends it without a checksum, selected or not (rule S2); what is in a transaction payload counts by
// its own, unpacked events. Statements count so that a table read again after a TRUNCATE or ALTER has a higher Seq than what was read before.
const ruleName = "mysql/1"

// seqStep is the distance of a rise, 2^40, and seqShift makes seconds of the epoch a floor that two gigabytes of row events a
// second would not outrun (rule S1).
const (
	seqStep  = 1 << 40
	seqShift = 31
)

// position is what a source saves: where the stream stands, what Seq is there, and how far each table's snapshot is.
type position struct {
	Version int                       `json:"v"`
	Fresh   bool                      `json:"fresh,omitempty"` // only Seq counts: start as if there were no position
	Rule    string                    `json:"rule"`
	Server  string                    `json:"server"` // @@server_uuid
	GTID    string                    `json:"gtid,omitempty"`
	File    string                    `json:"file"`
	Pos     uint32                    `json:"pos"`            // end of the last transaction
	Last    *txMark                   `json:"last,omitempty"` // the last transaction, to be read back (rule S7)
	Seq     uint64                    `json:"seq,string"`
	Look    []string                  `json:"look,omitempty"`   // tables that a statement named and that are still to be looked at
	XA      map[string][]string       `json:"xa,omitempty"`     // XA transactions that are prepared and no more, with the watched tables that they changed
	Tables  map[string]*tableProgress `json:"tables,omitempty"` // by schema.table
}

// txMark is one transaction as the binlog holds it.
type txMark struct {
	File   string `json:"file"`
	Start  uint32 `json:"start"` // of its GTID event
	GTID   string `json:"gtid,omitempty"`
	Commit int64  `json:"commit"` // microseconds since the epoch
}

// The states of a table.
const (
	tableWaiting = "waiting" // to be read
	tableReading = "reading" // chunks up to After are read
	tableDone    = "done"
	tableStopped = "stopped" // its changes are not taken; it is read again once what stopped it is mended
)

// tableProgress is one table's part of the position.
type tableProgress struct {
	State  string   `json:"state"`
	Gen    uint64   `json:"gen,string,omitempty"` // Seq at the snapshot's first chunk: what is older at the end is swept (N6)
	After  []string `json:"after,omitempty"`      // SQL literals of the last key read
	Rows   int64    `json:"rows,omitempty"`       // read so far
	Seen   string   `json:"seen,omitempty"`       // of a table without a key: the transactions that its snapshot has shown
	Unsure string   `json:"unsure,omitempty"`     // of the same: transactions that it may have shown
	Def    string   `json:"def,omitempty"`        // digest of the definition that the snapshot read
	Stream string   `json:"stream,omitempty"`     // digest of the definition that the stream saw last
	Why    string   `json:"why,omitempty"`        // of stopped
	Heal   bool     `json:"heal,omitempty"`       // of stopped: read again by itself once the stream sees the cause gone
}

func parsePosition(p event.Position) (*position, error) {
	var v position
	if err := json.Unmarshal(p, &v); err != nil {
		return nil, fmt.Errorf("position is not one of this source: %w", err)
	}
	if v.Version != 1 {
		return nil, fmt.Errorf("position has version %d, this program reads 1", v.Version)
	}
	if v.Tables == nil {
		v.Tables = map[string]*tableProgress{}
	}
	return &v, nil
}

func (p *position) encode() event.Position {
	b, err := json.Marshal(p)
	if err != nil {
		panic("BUG: mysql: position does not encode: " + err.Error())
	}
	return b
}

// rise gives the Seq that follows seq when history may have forked (rules S1, S3). The time is taken to the nanosecond: a state folder lost
// twice within a second shall not give the same numbers twice.
func rise(seq uint64, now time.Time) uint64 {
	return max(seq+seqStep, uint64(now.Unix())<<seqShift+uint64(now.Nanosecond())<<seqShift/uint64(time.Second))
}

// tail is the part of a position that seldom changes, encoded once: with many tables it is by far the larger.
type tail struct {
	bytes []byte
	dirty bool
}

// appendPosition encodes p, reusing the encoded tables where they have not changed. It gives what encode gives.
func appendPosition(dst []byte, p *position, t *tail) []byte {
	if t.dirty || t.bytes == nil {
		b, err := json.Marshal(p.Tables)
		if err != nil {
			panic("BUG: mysql: tables do not encode: " + err.Error())
		}
		t.bytes, t.dirty = b, false
	}
	head := *p
	head.Tables = nil
	b := head.encode()
	dst = append(dst, b[:len(b)-1]...)
	if len(p.Tables) > 0 {
		dst = append(dst, `,"tables":`...)
		dst = append(dst, t.bytes...)
	}
	return append(dst, '}')
}

// unfinished lists the tables that are still to be read, in order of name.
func (p *position) unfinished() []string {
	var names []string
	for name, t := range p.Tables {
		if t.State == tableWaiting || t.State == tableReading {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func parseGTIDs(text string) (*gomysql.MysqlGTIDSet, error) {
	set, err := gomysql.ParseMysqlGTIDSet(text)
	if err != nil {
		return nil, fmt.Errorf("GTID set %.80q: %w", text, err)
	}
	return set.(*gomysql.MysqlGTIDSet), nil
}
