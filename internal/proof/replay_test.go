package proof

import (
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
	w.kill()
	w.rewind()
	es.Kill()
	es.Start()
	w.start()
	w.ready()
	status, body := es.Do(t, "POST", "/"+w.prefix+"ints/_refresh", "")
	if status != http.StatusOK {
		t.Fatalf("refresh: %d %s", status, body)
	}
	if d := w.differences(); d != "" {
		t.Errorf("ready, and %s", d)
	}
	w.settled()
	w.term()
}
