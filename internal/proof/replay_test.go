package proof

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// Elasticsearch forgets at a restart which documents were deleted. A crash then has the stream read again rows that are gone: their documents
// may come back until their deletes do, and so long the program must not say that it is ready (rule E2).
func TestE2_ReplayAfterForgottenTombstones(t *testing.T) {
	db, es := servers(t)
	w := newWorld(t, db, es)
	const rows = 20000
	w.create(100)
	w.start()
	w.settled()
	w.kill()
	w.keep()
	w.start()
	w.sql("SET SESSION cte_max_recursion_depth = 1000000",
		"INSERT INTO ints "+seriesSQL(rows)+fmt.Sprintf("%d + n, n, 'to be deleted' FROM s", rows))
	for i := range 50 { // the replay has some way to go
		w.sql(fmt.Sprintf("UPDATE ints SET v = v + 1 WHERE id > %d AND id %% 50 = %d", rows, i))
	}
	w.sql(fmt.Sprintf("DELETE FROM ints WHERE id > %d", rows))
	w.settled()
	highest := w.seq()
	w.kill()
	w.rewind()
	es.Kill()
	es.Start()
	w.start()
	w.ready()
	if seq := w.seq(); seq < highest {
		t.Errorf("ready at %d, below %d, which it had reached before", seq, highest)
	}
	w.settled()
	w.term()
}

// seq is the highest Seq that the source says it has given out.
func (w *world) seq() uint64 {
	w.t.Helper()
	resp, err := http.Get("http://" + w.admin + "/status")
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var status struct {
		Sources []struct {
			Seq uint64 `json:"seq,string"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil || len(status.Sources) != 1 {
		w.t.Fatalf("status: %v, %d sources", err, len(status.Sources))
	}
	return status.Sources[0].Seq
}
