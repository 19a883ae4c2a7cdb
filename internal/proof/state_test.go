package proof

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yamabiko/internal/testenv"
)

const fewRows = 1000

// The state folder is lost while rows are deleted that nobody will speak of again: only a sweep at the end of the new snapshot finds their
// documents (rules S1, N6).
func TestN6_LostStateLeavesNoGhosts(t *testing.T) {
	rnd := newRand(t)
	w := newWorld(t, testenv.MySQL(t), testenv.Elasticsearch(t))
	w.create(fewRows)
	w.start()
	w.settled()
	for range 3 {
		stop := w.writing(rnd, load{writers: 2, rows: fewRows, tables: all})
		w.await(between(rnd, 100*time.Millisecond, time.Second))
		w.kill()
		stop()
		w.lose()
		w.sql("DELETE FROM ints WHERE id % 3 = 1", "DELETE FROM names WHERE v % 5 = 0", "DELETE FROM pairs WHERE b = 'b7'", "DELETE FROM kinds LIMIT 20")
		stop = w.writing(rnd, load{writers: 2, rows: fewRows, tables: all})
		w.start()
		w.await(moment(rnd))
		w.kill() // in the new snapshot, mostly
		w.start()
		w.await(moment(rnd))
		stop()
	}
	w.settled()
	w.term()
}

// An older copy of the state folder is put back: what was numbered after the copy was made is numbered anew, and must not lose against itself
// (rules S1, S3).
func TestS3_OlderStateConverges(t *testing.T) {
	rnd := newRand(t)
	w := newWorld(t, testenv.MySQL(t), testenv.Elasticsearch(t))
	w.create(fewRows)
	w.sql("DROP TABLE journal") // rows without a key that are numbered anew are new rows
	w.start()
	eventually(t, readyEvery, func() string {
		if _, err := os.Stat(w.saved()); err != nil {
			return err.Error()
		}
		return ""
	})
	w.await(between(rnd, 0, 300*time.Millisecond)) // the first copy may hold half a snapshot
	w.kill()
	for _, name := range []string{"one", "two", "three"} {
		w.backup(name)
		w.start()
		stop := w.writing(rnd, load{writers: 2, rows: fewRows, tables: keyed})
		w.await(moment(rnd))
		w.kill()
		w.restore(name)
		w.start()
		w.await(moment(rnd))
		w.kill()
		w.start()
		stop()
		w.settled()
		w.kill()
	}
	w.start()
	w.settled()
	w.term()
}

// A copy that is older than a rise of a few minutes ago numbers below what was given out since: nothing can be written, and that must be
// said, with the position held, until somebody acts (rule S6).
func TestS6_CopyOlderThanARise(t *testing.T) {
	w := newWorld(t, testenv.MySQL(t), testenv.Elasticsearch(t))
	w.create(100)
	w.sql("DROP TABLE journal")
	w.start()
	w.settled()
	w.kill()
	w.backup("one")
	for range 2 { // two rises, of which the second starts where the first has ended
		w.start()
		w.settled()
		w.kill()
		w.backup("later")
		w.restore("later")
		if err := os.RemoveAll(w.beside("later")); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.ready()
		w.sql("UPDATE ints SET v = v + 1")
		w.settled()
		w.kill()
	}
	w.restore("one")
	w.start()
	eventually(t, readyEvery, func() string {
		if why := w.readiness(); !strings.Contains(why, "position held") {
			return "readiness says " + why
		}
		return ""
	})
	w.term()
	w.start()
	eventually(t, readyEvery, func() string { // a restart does not make it forget
		if why := w.readiness(); !strings.Contains(why, "position held") {
			return "readiness says " + why
		}
		return ""
	})
	w.term()
}

// keep remembers the saved position; rewind puts the saved position back, as if nothing had been saved since: not a copy but the very file, which a crash
// can leave behind.
func (w *world) keep() {
	w.t.Helper()
	w.move(os.Link, w.saved(), w.saved()+".kept")
}

func (w *world) rewind() {
	w.t.Helper()
	w.move(os.Rename, w.saved()+".kept", w.saved())
}

func (w *world) saved() string { return filepath.Join(w.state, "shop.json") }

func (w *world) move(how func(from, to string) error, from, to string) {
	w.t.Helper()
	if err := how(from, to); err != nil {
		w.t.Fatal(err)
	}
}
