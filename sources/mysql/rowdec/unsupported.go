package rowdec

import "strings"

// Unsupported says that a table's rows cannot be read as they are logged, and what mends it. The table has to
// stop: nothing is guessed.
type Unsupported struct {
	Source, Schema, Table string
	Column                string // empty where the whole table is meant
	Why                   string
	Remedy                string // SQL, or what to configure; empty where nothing mends it yet
}

func (u *Unsupported) Error() string {
	var b strings.Builder
	b.WriteString("mysql " + u.Source + ": table " + u.Schema + "." + u.Table)
	if u.Column != "" {
		b.WriteString(", column " + u.Column)
	}
	b.WriteString(": " + u.Why)
	if u.Remedy != "" {
		b.WriteString("; remedy: " + u.Remedy)
	}
	return b.String()
}

// The remedies. SET PERSIST holds for new sessions, so writers that stay connected have to connect again.
const (
	remedyMetadata = "SET PERSIST binlog_row_metadata = 'FULL'"
	remedyImage    = "SET PERSIST binlog_row_image = 'FULL', and writers connect again"
	remedyExclude  = "exclude the table"
	remedyCharset  = "ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4, or exclude the table"
)
