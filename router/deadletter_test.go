package router_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/router"
	"yamabiko/router/buffer/buffertest"
	"yamabiko/sources"
)

func letter(seq uint64) router.DeadLetter {
	b := buffertest.Batch("cdc.s.t", row(seq, "k"))
	return router.DeadLetter{Ref: event.Ref{Batch: b}, Route: "cdc.**", Sink: "s", Attempt: 2, Why: errors.New("bad \"value\"\n")}
}

func read(t *testing.T, dir string) (seqs []uint64, broken []string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for l, err := range router.ReadDeadLetters(f) {
			if err != nil {
				broken = append(broken, err.Error())
			} else {
				seqs = append(seqs, l.Seq)
			}
		}
	}
	return seqs, broken
}

func TestDeadLetterLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose clock starts on 2000-01-01
		dir := filepath.Join(t.TempDir(), "dead")
		d := router.NewDeadLetters(dir, faultfs.OS{})
		defer d.Close()
		if err := d.Write(letter(1 << 62)); err != nil {
			t.Fatal(err)
		}
		path := dir + "/20000101.ndjson"
		line, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"tag":"cdc.s.t","time":"2027-01-15T08:00:00.000000Z","op":"update","source":"test","schema":"s","table":"t","key":{"id":"k"},` +
			`"row":{"id":"k","pad":""},"seq":"4611686018427387904","error":"bad \"value\"\n","route":"cdc.**","sink":"s","attempt":2}` + "\n"
		if string(line) != want {
			t.Fatalf("line\n%s, want\n%s", line, want)
		}
		for path, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
			if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
				t.Errorf("%s: %v, %v; want %v", path, st.Mode().Perm(), err, want)
			}
		}
		<-time.After(24 * time.Hour)
		if err := d.Write(letter(2)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir + "/20000102.ndjson"); err != nil {
			t.Fatalf("the next day has no file: %v", err)
		}
	})
}

func TestDeadLetterOfSourceWithoutRecord(t *testing.T) {
	dir := t.TempDir()
	d := router.NewDeadLetters(dir, faultfs.OS{})
	defer d.Close()
	table := &event.Table{Source: "shop", Schema: "s", Name: "big", Key: []int{0}, Columns: []event.Column{{Name: "id", Kind: event.Int}}}
	l := sources.DeadLetter{
		Tag: "cdc.s.big", Table: table, Op: event.Insert, Seq: 7, Key: event.AppendInt(event.AppendArrayHeader(nil, 1), 42),
		Time: time.Unix(1_800_000_000, 0), Tx: "uuid:1", Why: errors.New("row of 80 MiB is above limits.row"),
	}
	if err := d.WriteSource("shop", l); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(dir + "/*")
	for got, err := range router.ReadDeadLetters(files[0]) {
		if err != nil {
			t.Fatal(err)
		}
		if got.Table != "big" || string(got.Key) != `{"id":42}` || string(got.Row) != "null" || got.Seq != 7 || got.Tx != "uuid:1" ||
			got.Time != "2027-01-15T08:00:00.000000Z" || got.Error != l.Why.Error() || got.Source != "shop" {
			t.Fatalf("read %+v", got)
		}
	}
}

// What cannot even be read as msgpack is kept byte for byte, with both reasons.
func TestDeadLetterWithoutEnvelope(t *testing.T) {
	dir := t.TempDir()
	d := router.NewDeadLetters(dir, faultfs.OS{})
	defer d.Close()
	l := letter(5)
	l.Data = append([]byte(nil), l.Data...)
	l.Data[12] = 0xc1 // never used in msgpack
	if err := d.Write(l); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(dir + "/*")
	n := 0
	for got, err := range router.ReadDeadLetters(files[0]) {
		n++
		if err != nil || !slices.Equal(got.Raw, l.Data) || !slices.Equal(got.RawKey, buffertest.Key("k")) || got.Seq != 5 ||
			!strings.HasPrefix(got.Error, "bad") || !strings.Contains(got.Error, "no envelope") {
			t.Fatalf("read %+v, %v", got, err)
		}
	}
	if n != 1 {
		t.Fatalf("%d letters", n)
	}
}

// A letter whose write fails in any way is whole after the next try, and so are its neighbours.
func TestP1_DeadLetterIsWholeOrNotThere(t *testing.T) {
	for _, fault := range []struct {
		op  string
		nth int
	}{{faultfs.Write, 1}, {faultfs.Sync, 1}, {faultfs.Truncate, 0}, {faultfs.Close, 0}} {
		t.Run(fault.op, func(t *testing.T) {
			dir, in := t.TempDir(), faultfs.NewInjector()
			d := router.NewDeadLetters(dir, in)
			defer d.Close()
			if err := d.Write(letter(1)); err != nil {
				t.Fatal(err)
			}
			in.Fail(fault.op, "*", fault.nth, syscall.ENOSPC)
			in.Fail(faultfs.Write, "*", 1, syscall.ENOSPC)
			if err := d.Write(letter(2), letter(3)); err == nil || !strings.Contains(err.Error(), dir) {
				t.Fatalf("%v; want an error that names the file", err)
			}
			in.Heal()
			if err := d.Write(letter(2), letter(3)); err != nil {
				t.Fatal(err)
			}
			seqs, broken := read(t, dir)
			if fault.op == faultfs.Truncate { // then half of the first try stays, and cannot be taken back
				if len(broken) > 1 || !slices.Equal(seqs[len(seqs)-2:], []uint64{2, 3}) {
					t.Fatalf("read %d, broken %q", seqs, broken)
				}
				return
			}
			if !slices.Equal(seqs, []uint64{1, 2, 3}) || broken != nil {
				t.Fatalf("read %d, broken %q", seqs, broken)
			}
		})
	}
}

func TestP1_DeadLetterSurvivesCrash(t *testing.T) {
	for nth := 1; ; nth++ {
		dir, in := t.TempDir(), faultfs.NewInjector()
		d := router.NewDeadLetters(dir, in)
		in.Crash(nth)
		err1, err2 := d.Write(letter(1)), d.Write(letter(2))
		d.Close()
		after := router.NewDeadLetters(dir, faultfs.OS{})
		if err := after.Write(letter(9)); err != nil {
			t.Fatal(err)
		}
		after.Close()
		seqs, broken := read(t, dir)
		for seq, err := range map[uint64]error{1: err1, 2: err2, 9: nil} {
			if err == nil && !slices.Contains(seqs, seq) {
				t.Fatalf("crash at operation %d: letter %d was confirmed; read %d, broken %q", nth, seq, seqs, broken)
			}
		}
		if err2 == nil {
			if nth < 5 {
				t.Fatalf("only %d operations?", nth)
			}
			return
		}
	}
}

// A line that a power loss cut must not swallow the next letter.
func TestP1_DeadLetterAfterCutLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/20000101.ndjson", []byte(`{"tag":"a","seq":"1"}`+"\n"+`{"tag":"a","se`), 0o600); err != nil {
			t.Fatal(err)
		}
		d := router.NewDeadLetters(dir, faultfs.OS{})
		defer d.Close()
		if err := d.Write(letter(2)); err != nil {
			t.Fatal(err)
		}
		seqs, broken := read(t, dir)
		if !slices.Equal(seqs, []uint64{1, 2}) || len(broken) != 1 || !strings.Contains(broken[0], ".ndjson:2: ") {
			t.Fatalf("read %d, broken %q", seqs, broken)
		}
	})
}

func TestReadDeadLettersNamesBrokenLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ndjson")
	long, _ := json.Marshal(strings.Repeat("x", 200_000))
	content := `{"tag":"a","seq":"1"}` + "\n" + `{"tag":"a","se` + "\n\n" + `{"seq":"2"}` + "\n" + `{"tag":"a","seq":"3","error":` + string(long) + `}`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	var broken []string
	for l, err := range router.ReadDeadLetters(path) {
		if err != nil {
			broken = append(broken, err.Error())
			continue
		}
		seqs = append(seqs, l.Seq)
	}
	if !slices.Equal(seqs, []uint64{1, 3}) || len(broken) != 2 || !strings.HasPrefix(broken[0], path+":2: ") || !strings.HasPrefix(broken[1], path+":4: ") {
		t.Fatalf("read %d, broken %q", seqs, broken)
	}
}
