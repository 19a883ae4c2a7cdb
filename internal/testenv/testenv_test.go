package testenv

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestMySQL_SharedServerIsSetUpForReplication(t *testing.T) {
	s := MySQL(t)
	got := s.Query(t, "SELECT @@gtid_mode, @@binlog_format, @@binlog_row_image, @@binlog_row_metadata, @@log_bin")
	if want := "ON ROW FULL FULL 1"; strings.Join(got[0], " ") != want {
		t.Errorf("settings %v, want %s", got[0], want)
	}
	db := s.DB(t)
	s.Exec(t, "USE "+db, "CREATE TABLE a (id INT PRIMARY KEY, s TEXT)", "INSERT INTO a VALUES (1, 'ü'), (2, NULL)")
	rows := s.Query(t, "SELECT id, s FROM "+db+".a ORDER BY id")
	if len(rows) != 2 || rows[0][1] != "ü" || rows[1][1] != "NULL" {
		t.Errorf("rows %q", rows)
	}
	if _, err := os.Stat(filepath.Join(s.DataDir, "ca.pem")); err != nil {
		t.Error(err)
	}
}

func TestMySQL_KilledServerKeepsItsData(t *testing.T) {
	s := PrivateMySQL(t, "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", "--plugin-load-add=semisync_source.so")
	s.Exec(t, "CREATE DATABASE d", "CREATE TABLE d.a (id INT PRIMARY KEY)", "INSERT INTO d.a VALUES (7)")
	uuid := s.Query(t, "SELECT @@server_uuid")[0][0]
	s.Kill()
	s.Start()
	rows := s.Query(t, "SELECT id, @@server_uuid, @@gtid_mode, @@rpl_semi_sync_source_enabled FROM d.a")
	if want := "7 " + uuid + " OFF 0"; len(rows) != 1 || strings.Join(rows[0], " ") != want {
		t.Errorf("after kill -9: %q, want %s", rows, want)
	}
	s.Restart("--binlog-row-metadata=MINIMAL")
	if got := s.Query(t, "SELECT @@binlog_row_metadata, @@gtid_mode")[0]; strings.Join(got, " ") != "MINIMAL OFF" {
		t.Errorf("after Restart: %q", got)
	}
	if other := MySQL(t).Query(t, "SELECT @@server_uuid")[0][0]; other == uuid {
		t.Errorf("two servers have the server_uuid %s", uuid)
	}
}

func TestElasticsearch_KilledServerKeepsItsData(t *testing.T) {
	s := PrivateElasticsearch(t, "http.max_content_length=1mb")
	if status, body := s.Do(t, "PUT", "/a/_doc/1?refresh=true", `{"n":7}`); status != 201 {
		t.Fatalf("status %d: %s", status, body)
	}
	s.Kill()
	s.Start()
	if doc := s.Docs(t, "a")["1"]; string(doc) != `{"n":7}` {
		t.Errorf("after kill -9: %s", doc)
	}
	if status, _ := s.Do(t, "POST", "/_bulk", strings.Repeat(" ", 2<<20)); status != 413 {
		t.Errorf("a body above http.max_content_length: status %d, want 413", status)
	}
}

func TestElasticsearch_PrefixIsRemovedWithItsTest(t *testing.T) {
	for name, s := range map[string]*ESServer{"elasticsearch": Elasticsearch(t), "opensearch": OpenSearch(t)} {
		var prefix string
		t.Run(name, func(t *testing.T) {
			prefix = s.Prefix(t)
			s.Do(t, "PUT", "/_index_template/"+prefix+"x", `{"index_patterns":["`+prefix+`*"]}`)
			bulk := strings.Repeat(`{"index":{}}`+"\n"+`{"n":1}`+"\n", 6000)
			if status, body := s.Do(t, "POST", "/"+prefix+"a/_bulk?filter_path=errors", bulk); status != 200 {
				t.Fatalf("status %d: %s", status, body)
			}
			if n := len(s.Docs(t, prefix+"a")); n != 6000 {
				t.Errorf("%d documents, want 6000", n)
			}
			if n := len(s.Docs(t, prefix+"none")); n != 0 {
				t.Errorf("%d documents in an index that does not exist", n)
			}
		})
		if status, body := s.Do(t, "GET", "/_cat/indices/"+prefix+"*?format=json", ""); status != 200 || string(body) != "[]" {
			t.Errorf("%s: left: %d %s", name, status, body)
		}
		if status, _ := s.Do(t, "GET", "/_index_template/"+prefix+"x", ""); status != 404 {
			t.Errorf("%s: the template is still there: %d", name, status)
		}
	}
}

func TestElasticsearch_RootTellsTheVersion(t *testing.T) {
	_, body := Elasticsearch(t).Do(t, "GET", "/", "")
	var root struct{ Version struct{ Number string } }
	if err := json.Unmarshal(body, &root); err != nil || !strings.HasPrefix(root.Version.Number, "8.") {
		t.Errorf("%v: %s", err, body)
	}
}
