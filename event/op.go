package event

// Op says what happened to a row, or that the event is a log line or a barrier.
type Op uint8

const (
	// Log is a log line or any other event that is not a row change.
	Log Op = iota
	// Read is a row as a snapshot saw it.
	Read
	// Insert, Update and Delete are row changes; a Delete's record is the last known image.
	Insert
	Update
	Delete
	// Truncate removes every row of Table with a lower Seq (rule E4).
	Truncate
	// DDL is a change of Table's definition.
	DDL
	// Sweep ends a snapshot generation: rows of Table with a Seq below the entry's were written
	// neither by the snapshot nor by the stream, so they are gone at the source (rules N5, N6).
	Sweep
)

var opNames = [...]string{"log", "read", "insert", "update", "delete", "truncate", "ddl", "sweep"}

// String gives the name that the envelope uses.
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return "unknown"
}

// Barrier tells whether an event of this kind may be passed by no other event of its route (rule O1).
func (o Op) Barrier() bool { return o >= Truncate }

// ParseOp gives the Op of a name that String gave.
func ParseOp(name string) (Op, bool) {
	for i, n := range opNames {
		if n == name {
			return Op(i), true
		}
	}
	return 0, false
}
