package testenv

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
)

func TestMain(m *testing.M) {
	if os.Getenv("TESTENV_CRASH") != "" {
		crash()
	}
	Main(m)
}

// crash is the process that TestServersEndWithTheirProcess kills.
func crash() {
	s, err := startInRunDir(context.Background(), StartMySQL)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.Addr)
	select {}
}

func TestServersEndWithTheirProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a server that its process has gone")
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "TESTENV_CRASH=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	addr = strings.TrimSpace(addr)
	conn, dialErr := net.Dial("tcp", addr)
	if err = errors.Join(err, dialErr, child.Process.Kill()); err != nil {
		t.Fatal(addr, err)
	}
	defer conn.Close()
	_ = child.Wait() // killed
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the server outlives its killed process")
	}
}

func TestSweep_RemovesWhatDeadProcessesLeft(t *testing.T) {
	runs := t.TempDir()
	hour := time.Now().Add(-time.Hour)
	for _, name := range []string{"dead", "living", "young"} {
		if err := os.Mkdir(filepath.Join(runs, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	held, err := lock(filepath.Join(runs, "living"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for _, name := range []string{"dead", "living"} {
		if err := os.Chtimes(filepath.Join(runs, name), hour, hour); err != nil {
			t.Fatal(err)
		}
	}
	sweep(runs)
	left, err := filepath.Glob(filepath.Join(runs, "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("left %v (%v), want living and young", left, err)
	}
}

func TestRun_StartKeepsAServerUntilInterrupted(t *testing.T) {
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	start := func(use func(s *MySQLServer)) {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		r, w := io.Pipe()
		code := make(chan int, 1)
		go func() {
			code <- run(ctx, []string{"start", "mysql", "--dir", dir, "--port", strconv.Itoa(port)}, w, w)
			w.Close()
		}()
		line, _ := bufio.NewReader(r).ReadString('\n')
		if !strings.HasPrefix(line, "MySQL 9.") {
			t.Fatalf("%q", line)
		}
		use(newMySQL(fmt.Sprintf("127.0.0.1:%d", port), ""))
		interrupt()
		if c := <-code; c != 0 {
			t.Errorf("exit code %d", c)
		}
	}
	start(func(s *MySQLServer) { s.Exec(t, "CREATE DATABASE kept") })
	start(func(s *MySQLServer) { s.Exec(t, "DROP DATABASE kept") })
}

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
	conn, err := client.Connect(s.Socket, s.RootUser, "", "")
	if err != nil {
		t.Fatalf("by its socket: %v", err)
	}
	conn.Close()
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
