package mysql

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/google/uuid"

	"yamabiko/event"
	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// stream is the state of one Run: it is fed every binlog event in order. Everything in it is guarded by source.mu.
type stream struct {
	*source
	out      outbox
	pos      position // of the last commit
	tail     tail
	moved    bool      // pos is ahead of what was emitted last
	emitted  time.Time // when a position was emitted last
	gtids    *gomysql.MysqlGTIDSet
	seq      uint64 // the highest Seq given out, counted inside transactions too
	file     string
	logPos   uint32 // end of the event before
	tx       tx
	maps     map[uint64]*mapped // by the server's table id
	tables   map[string]*table  // watched tables by schema.table
	wire     *wire
	charsets rowdec.Charsets
	scratch  rowdec.Scratch
	atCommit []func(context.Context) // what waits for the transaction to end
	wake     chan struct{}           // tells the snapshot that a table waits
	byGTID   bool                    // the server has GTIDs
	behind   *gomysql.MysqlGTIDSet   // what it held when Run began; nil once that is passed, or without GTIDs
	tip      gomysql.Position        // where its binlog ended then
	caught   bool                    // both are passed
	passed   chan struct{}           // closed when caught is set
	folded   bool                    // the server keeps names in lower case
	failed   error                   // the first error; the stream is over then
	over     bool
	ended    chan struct{} // closed when over is set
}

// tx is the transaction that the stream is in.
type tx struct {
	open     bool
	xa       string // its name, if it is of the kind XA: its rows may yet be rolled back, so they are refused (rule P3)
	xaTables []string
	rows     bool // some of its rows were appended
	number   int64
	mark     txMark
	uuid     [16]byte
	tag      gomysql.Tag
	gno      int64
	commit   time.Time
	server   uint32
	thread   uint32
}

func (t *tx) id() string {
	if t.mark.GTID != "" {
		return t.mark.GTID
	}
	return fmt.Sprintf("%s:%d", t.mark.File, t.mark.Start)
}

// handle takes one event as the server sent it. After an error it takes no more.
func (st *stream) handle(ctx context.Context, e *replication.BinlogEvent) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.failed == nil {
		st.failed = st.out.failed // of what the snapshot emitted
	}
	if st.failed != nil {
		return st.failed
	}
	err := st.event(ctx, e.Header, e.RawData)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("mysql %s: %s:%d: %w", st.env.Name, st.file, e.Header.LogPos, err)
	}
	st.failed = err
	return err
}

func (st *stream) event(ctx context.Context, h *replication.EventHeader, raw []byte) error {
	body, err := st.wire.body(raw)
	if err != nil {
		return err
	}
	defer func() {
		if h.LogPos > 0 {
			st.logPos = h.LogPos
		}
	}()
	switch h.EventType {
	case replication.FORMAT_DESCRIPTION_EVENT:
		return st.wire.describe(raw)
	case replication.ROTATE_EVENT:
		return st.rotate(body)
	case replication.GTID_EVENT, replication.ANONYMOUS_GTID_EVENT, replication.GTID_TAGGED_LOG_EVENT:
		return st.begin(h, raw)
	case replication.QUERY_EVENT:
		return st.query(ctx, h, body)
	case replication.XID_EVENT:
		return st.commit(ctx, h)
	case replication.XA_PREPARE_LOG_EVENT:
		st.prepared(body)
		return st.commit(ctx, h)
	case replication.TABLE_MAP_EVENT:
		return st.tableMap(ctx, raw)
	case replication.WRITE_ROWS_EVENTv1, replication.UPDATE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv1,
		replication.WRITE_ROWS_EVENTv2, replication.UPDATE_ROWS_EVENTv2, replication.DELETE_ROWS_EVENTv2,
		replication.PARTIAL_UPDATE_ROWS_EVENT:
		return st.rows(ctx, h, body)
	case replication.TRANSACTION_PAYLOAD_EVENT:
		return st.payload(ctx, h, body)
	case replication.HEARTBEAT_EVENT, replication.HEARTBEAT_LOG_EVENT_V2:
		return st.rest(ctx, h.LogPos)
	case replication.INCIDENT_EVENT:
		return st.incident()
	}
	return nil
}

// rotate notes the name of the file that follows (Rotate_event: eight bytes of position, then the name).
func (st *stream) rotate(body []byte) error {
	if len(body) < 8 {
		return errors.New("rotate event is cut short")
	}
	st.file = string(body[8:])
	st.logPos = uint32(binary.LittleEndian.Uint64(body))
	clear(st.maps)
	return nil
}

// begin opens a transaction at its GTID event.
func (st *stream) begin(h *replication.EventHeader, raw []byte) error {
	g, err := parseGTID(st.wire.parser, raw)
	if err != nil {
		return err
	}
	st.tx = tx{open: true, number: st.tx.number + 1, server: h.ServerID, gno: g.GNO, tag: g.Tag}
	st.tx.commit = time.UnixMicro(int64(g.OriginalCommitTimestamp)).UTC()
	if g.OriginalCommitTimestamp == 0 {
		st.tx.commit = time.Unix(int64(h.Timestamp), 0).UTC()
	}
	st.tx.mark = newMark(g, h, st.file)
	copy(st.tx.uuid[:], g.SID)
	return nil
}

// parseGTID reads a GTID event of any of the three kinds.
func parseGTID(p *replication.BinlogParser, raw []byte) (*replication.GTIDEvent, error) {
	ev, err := p.Parse(raw)
	if err != nil {
		return nil, err
	}
	switch v := ev.Event.(type) {
	case *replication.GTIDEvent:
		return v, nil
	case *replication.GtidTaggedLogEvent:
		return &v.GTIDEvent, nil
	}
	return nil, fmt.Errorf("event %s where a GTID was to be", ev.Header.EventType)
}

// newMark names a transaction by its GTID event.
func newMark(g *replication.GTIDEvent, h *replication.EventHeader, file string) txMark {
	m := txMark{File: file, Start: h.LogPos - h.EventSize, Commit: int64(g.ImmediateCommitTimestamp)}
	if h.EventType != replication.ANONYMOUS_GTID_EVENT {
		id, err := uuid.FromBytes(g.SID)
		if err == nil {
			m.GTID = gtidText(id, g.Tag, g.GNO)
		}
	}
	return m
}

func gtidText(id uuid.UUID, tag gomysql.Tag, gno int64) string {
	if t := tag.String(); t != "" {
		return id.String() + ":" + t + ":" + strconv.FormatInt(gno, 10)
	}
	return id.String() + ":" + strconv.FormatInt(gno, 10)
}

// commit ends the transaction: its position becomes a point to restart from.
func (st *stream) commit(ctx context.Context, h *replication.EventHeader) error {
	st.out.endTx()
	if st.tx.mark.GTID != "" {
		st.gtids.AddGTIDWithTag(st.tx.uuid, st.tx.tag, st.tx.gno)
	}
	mark := st.tx.mark
	st.pos.Last = &mark
	if h.LogPos < st.logPos && st.file == mark.File {
		st.pos.Last = nil // offsets wrap in files over 4 GiB: not to be trusted
	}
	st.pos.File, st.pos.Pos, st.pos.Seq = st.file, h.LogPos, st.seq
	st.moved = true
	now := time.Now()
	st.status.passed(st.tx.commit, now, st.seq)
	st.tx = tx{number: st.tx.number}
	st.caughtUp(h.LogPos)
	st.settle(ctx)
	if st.out.full() || st.out.old() || now.Sub(st.emitted) > time.Second {
		return st.flush(ctx)
	}
	return nil
}

// settle does what waited for the transaction to end.
func (st *stream) settle(ctx context.Context) {
	for len(st.atCommit) > 0 {
		f := st.atCommit[0]
		st.atCommit = st.atCommit[1:]
		f(ctx)
	}
}

// flush hands on what is open, with the position of the last commit, unless rows of a transaction that is still open are among it: from
// that position they would come again.
func (st *stream) flush(ctx context.Context) error {
	if st.tx.rows {
		return st.out.flush(ctx, nil)
	}
	return st.out.flush(ctx, st.position())
}

// position encodes the committed position if it has moved since it was last emitted.
func (st *stream) position() event.Position {
	if !st.moved && !st.tail.dirty {
		return nil
	}
	st.moved, st.emitted = false, time.Now()
	st.pos.GTID = st.gtids.String()
	return appendPosition(nil, &st.pos, &st.tail)
}

// idle is called when the connection has nothing more to give, before it waits. An error shows at the next event, a heartbeat at the
// latest.
func (st *stream) idle(ctx context.Context) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.tx.open && len(st.out.open) > 0 && st.failed == nil {
		st.failed = st.flush(ctx)
	}
}

// rest is a heartbeat, which a server sends at the end of its binlog, and while it passes over transactions that it need not send. A position
// that moved without events goes out (rule P2).
func (st *stream) rest(ctx context.Context, at uint32) error {
	if st.tx.open {
		return nil
	}
	st.status.set(func(v *sources.Status) { v.Moved = time.Now() })
	if st.caughtUp(at) {
		st.status.waiting(time.Now())
	}
	return st.flush(ctx)
}

// caughtUp tells whether the stream, which is at this offset of the current file, has passed what the server held when Run began, and notes it
// once: only then has it passed every position that it had reached before a crash (rule E2).
func (st *stream) caughtUp(at uint32) bool {
	if st.caught {
		return true
	}
	byGTID := st.behind != nil && st.gtids.Contain(st.behind)
	if !byGTID && (gomysql.Position{Name: st.file, Pos: at}).Compare(st.tip) < 0 {
		return false
	}
	st.caught, st.behind = true, nil
	close(st.passed)
	st.status.set(func(v *sources.Status) { v.CaughtUp = true })
	return true
}

// boundary runs f while the stream stands between two transactions: at once, or as soon as the current one ends. It returns what
// f returned. When ctx ends f is not begun any more; one that has begun is waited for, since it uses what is its caller's.
func (st *stream) boundary(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	st.mu.Lock()
	if st.over {
		st.mu.Unlock()
		return errOver
	}
	if !st.tx.open {
		defer st.mu.Unlock()
		return f(ctx)
	}
	over := false
	st.atCommit = append(st.atCommit, func(ctx context.Context) {
		if !over {
			done <- f(ctx)
		}
	})
	st.mu.Unlock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	case <-st.ended:
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	over = true
	select {
	case err := <-done:
		return err
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errOver
}

// errOver is for what came to a stream from outside and found it ended.
var errOver = errors.New("the source has stopped reading")

// end lets nothing more into the stream.
func (st *stream) end() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.stream == st {
		st.stream = nil
	}
	st.over = true
	close(st.ended)
}

// log is the source's logger with the table's name.
func (s *source) log(t *table) *slog.Logger { return s.env.Log.With("table", t.name) }
