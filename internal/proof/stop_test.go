package proof

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"yamabiko/internal/testenv"
)

// SIGTERM in the middle of the work, the snapshot included, ends the program with 0 and loses nothing.
func TestStop_InTheMiddle(t *testing.T) {
	rnd := newRand(t)
	w := newWorld(t, testenv.MySQL(t), testenv.Elasticsearch(t))
	w.create(fewRows)
	stop := w.writing(rnd, load{writers: 2, rows: fewRows, tables: all})
	for range 6 {
		w.start()
		w.answers() // before, a signal ends it as it does any program that has only begun
		w.await(moment(rnd))
		w.term()
	}
	w.start()
	stop()
	executed := w.executed()
	w.settled()
	w.term()
	w.start()
	eventually(t, settleEvery, func() string { return w.lacks(executed) })
	w.settled()
	w.term()
}

// executed is what the server shows.
func (w *world) executed() string {
	w.t.Helper()
	return w.count("SELECT REPLACE(@@global.gtid_executed, '\n', '')")
}

// lacks returns the transactions of executed that the saved position has not passed.
func (w *world) lacks(executed string) string {
	w.t.Helper()
	position, err := w.position()
	if err != nil {
		return err.Error()
	}
	if left := w.count("SELECT GTID_SUBTRACT('" + executed + "', '" + position + "')"); left != "" {
		return "the saved position has not passed " + left
	}
	return ""
}

// position is the saved GTID set.
func (w *world) position() (string, error) {
	out, err := exec.Command(w.bin, "position", "show", "-c", w.conf, "shop").Output()
	if err != nil {
		return "", err
	}
	var position struct{ GTID string }
	err = json.Unmarshal(bytes.TrimPrefix(out, []byte("shop: ")), &position)
	return position.GTID, err
}
