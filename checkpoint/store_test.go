package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yamabiko/internal/faultfs"
)

func open(t *testing.T, dir string, fs faultfs.FS) *Store {
	t.Helper()
	s, err := OpenStore(dir, fs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func state(i int) State {
	return State{Format: Format, Identity: "uuid-1", Rule: "mysql/1", Position: []byte(fmt.Sprintf("pos\x00%d", i)), Seq: 1<<62 + uint64(i)}
}

func save(t *testing.T, s *Store, i int) {
	t.Helper()
	if err := s.Save("shop", 1, state(i)); err != nil {
		t.Fatal(err)
	}
}

func wantState(t *testing.T, dir string, i int, want Loaded) Loaded {
	t.Helper()
	st, from, err := Load(dir, "shop", faultfs.OS{})
	if err != nil {
		t.Fatal(err)
	}
	why := from.Why
	from.Why = nil
	if diff := cmp.Diff(state(i), st); diff != "" {
		t.Fatalf("state differs (-want +got):\n%s", diff)
	}
	if from != want {
		t.Fatalf("loaded %+v (%v), want %+v", from, why, want)
	}
	from.Why = why
	return from
}

func TestStoreRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	s := open(t, dir, faultfs.OS{})
	if _, from, err := s.Load("shop"); err != nil || from.Found {
		t.Fatalf("a source never saved: found %v, %v", from.Found, err)
	}
	for i := range 3 {
		save(t, s, i)
		wantState(t, dir, i, Loaded{Found: true})
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, dir + "/shop.json": 0o600, dir + "/shop.json.prev": 0o600, dir + "/lock": 0o600} {
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, st.Mode().Perm(), err, want)
		}
	}
}

func TestStoreSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, faultfs.OS{})
	_, err := OpenStore(dir, faultfs.OS{})
	if want := fmt.Sprintf("process %d", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("second owner: %v; want a refusal that names %s and %q", err, dir, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, faultfs.OS{})
}

func TestStoreFencesOlderEpoch(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, faultfs.OS{})
	if err := s.Save("shop", 7, state(7)); err != nil {
		t.Fatal(err)
	}
	err := s.Save("shop", 6, state(6))
	if !errors.Is(err, ErrFenced) {
		t.Fatalf("save of epoch 6 over 7: %v", err)
	}
	wantState(t, dir, 7, Loaded{Found: true})
	if err := s.Save("shop", 7, state(8)); err != nil {
		t.Fatalf("the owner's own next save: %v", err)
	}
	// The epoch is known from the generation before when the newest is damaged.
	damage(t, dir+"/shop.json")
	if err := s.Save("shop", 6, state(6)); !errors.Is(err, ErrFenced) {
		t.Fatalf("save of epoch 6 over a damaged file: %v", err)
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // in place: the inode stays
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{b[len(b)/2] ^ 1}, int64(len(b)/2)); err != nil {
		t.Fatal(err)
	}
}

func TestStoreDamagedNewestFallsBackLoudly(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"one bit":  damage,
		"empty":    func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) },
		"cut":      func(t *testing.T, path string) { must(t, os.Truncate(path, 40)) },
		"not JSON": func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("\x00\x00\x00"), 0o600)) },
		"removed":  func(t *testing.T, path string) { must(t, os.Remove(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, faultfs.OS{})
			save(t, s, 1)
			save(t, s, 2)
			spoil(t, dir+"/shop.json")
			from := wantState(t, dir, 1, Loaded{Found: true, Previous: true})
			if from.Why == nil || !strings.Contains(from.Why.Error(), dir+"/shop.json") {
				t.Fatalf("the reason must name the file: %v", from.Why)
			}
			// The damaged file must not push the good one out before a new one is there.
			in := faultfs.NewInjector()
			s.fs = in
			in.Fail(faultfs.Rename, "shop.json", 1, syscall.EIO)
			if err := s.Save("shop", 1, state(3)); err == nil {
				t.Fatal("save succeeded though its rename failed")
			}
			wantState(t, dir, 1, Loaded{Found: true, Previous: true})
			save(t, s, 4)
			wantState(t, dir, 4, Loaded{Found: true})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStoreBothGenerationsDamaged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, faultfs.OS{})
	save(t, s, 1)
	save(t, s, 2)
	damage(t, dir+"/shop.json")
	damage(t, dir+"/shop.json.prev")
	wantLost(t, s, dir+"/shop.json.prev")
	must(t, os.Remove(dir+"/shop.json.prev"))
	wantLost(t, s, dir+"/shop.json")
}

// wantLost wants an error that names the file and the remedy, not a start anew in silence.
func wantLost(t *testing.T, s *Store, path string) {
	t.Helper()
	_, from, err := s.Load("shop")
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "start anew") {
		t.Fatalf("nothing whole is left: %+v, %v", from, err)
	}
}

func TestStoreRefusesNewerFormat(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, faultfs.OS{})
	save(t, s, 1)
	save(t, s, 2)
	newer := `{"format":9,"cursor":{}}`
	must(t, os.WriteFile(dir+"/shop.json", fmt.Appendf(nil, `{"crc32c":%q,"state":%s}`, checksum([]byte(newer)), newer), 0o600))
	for what, err := range map[string]error{"load": second(s.Load("shop")), "save": s.Save("shop", 1, state(3))} {
		if err == nil || !strings.Contains(err.Error(), "format 9") || !strings.Contains(err.Error(), dir+"/shop.json") {
			t.Errorf("%s beside a newer format: %v", what, err)
		}
	}
}

func second(_ State, _ Loaded, err error) error { return err }

// TestS3_RestoredFolderIsNoticed covers the ways in which people put a state folder back.
func TestS3_RestoredFolderIsNoticed(t *testing.T) {
	for name, script := range map[string]string{
		"copied":               `cp -a state copy && rm -r state && mv copy state`,
		"unpacked":             `tar cf b.tar state && rm -r state && tar xf b.tar`,
		"inode numbers reused": `cp -a state backup && rm -r state && cp -a backup state`,
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := parent + "/state"
			s := open(t, dir, faultfs.OS{})
			save(t, s, 1)
			wantState(t, dir, 1, Loaded{Found: true})
			tick(t, dir)
			cmd := exec.Command("sh", "-c", script)
			cmd.Dir = parent
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			wantState(t, dir, 1, Loaded{Found: true, Restored: true})
			s.Close()
			s = open(t, dir, faultfs.OS{})
			save(t, s, 2)
			wantState(t, dir, 2, Loaded{Found: true})
			damage(t, dir+"/shop.json")
			wantState(t, dir, 1, Loaded{Found: true, Previous: true, Restored: true})
		})
	}
	t.Run("moved", func(t *testing.T) { // not restored: the same files elsewhere
		parent := t.TempDir()
		s := open(t, parent+"/state", faultfs.OS{})
		save(t, s, 1)
		must(t, os.Rename(parent+"/state", parent+"/new"))
		wantState(t, parent+"/new", 1, Loaded{Found: true})
	})
}

// tick waits for the file system's clock, which gives files their times, to move: it ticks every few milliseconds.
func tick(t *testing.T, dir string) {
	t.Helper()
	made := func() string {
		path := filepath.Join(dir, "tick")
		must(t, os.WriteFile(path, nil, 0o600))
		defer os.Remove(path)
		return fileID(path)
	}
	for first := made(); made() == first; {
	}
}

// Every operation of a Save fails in turn, and the machine stops at each in turn: what is loaded is always whole, and the next Save works.
func TestP1_SaveIsAllOrNothing(t *testing.T) {
	faults := map[string]func(in *faultfs.Injector, nth int){
		"disk full": func(in *faultfs.Injector, nth int) { in.Fail(faultfs.Any, "*", nth, syscall.ENOSPC) },
		"crash":     func(in *faultfs.Injector, nth int) { in.Crash(nth) },
	}
	for name, fault := range faults {
		for before := range 3 { // generations already there
			t.Run(fmt.Sprintf("%s over %d", name, before), func(t *testing.T) {
				nth := 1
				for ; failedSave(t, before, nth, fault); nth++ {
				}
				if nth < 7 {
					t.Fatalf("a save has only %d operations?", nth)
				}
			})
		}
	}
}

// failedSave saves `before` times, then once with the fault, and reports whether the fault came to pass.
func failedSave(t *testing.T, before, nth int, fault func(*faultfs.Injector, int)) bool {
	dir := t.TempDir()
	in := faultfs.NewInjector()
	s := open(t, dir, in)
	for i := range before {
		save(t, s, i)
	}
	in.Log()
	fault(in, nth)
	err := s.Save("shop", 1, state(before))
	log := in.Log()
	if err == nil && len(log) >= nth {
		t.Fatalf("operation %d of %q failed and Save did not", nth, log)
	}
	if err != nil && !strings.Contains(err.Error(), dir+"/shop.json") {
		t.Fatalf("the error names no path: %v", err)
	}
	st, from, lerr := Load(dir, "shop", faultfs.OS{})
	old, now := before-1, before
	switch {
	case lerr != nil || from.Previous || from.Restored:
		t.Fatalf("after %q failed at its end: %+v, %v", log, from, lerr)
	case !from.Found && (before > 0 || err == nil):
		t.Fatalf("after %q failed at its end the state is gone", log)
	case from.Found && st.Seq != state(old).Seq && st.Seq != state(now).Seq:
		t.Fatalf("after %q failed at its end: seq %d", log, st.Seq)
	}
	s.Close()
	again := open(t, dir, faultfs.OS{})
	save(t, again, 9)
	wantState(t, dir, 9, Loaded{Found: true})
	return err != nil
}

func TestP1_SaveIsDurableWhenItReturns(t *testing.T) {
	in := faultfs.NewInjector()
	s := open(t, t.TempDir(), in)
	save(t, s, 1)
	in.Log()
	save(t, s, 2)
	log := in.Log()
	sync, rename := slices.Index(log, "sync shop.json.tmp"), slices.Index(log, "rename shop.json")
	if sync < 0 || rename < sync || !strings.HasPrefix(log[len(log)-1], "syncdir ") {
		t.Fatalf("a save must fsync the file, rename it and fsync the folder, in this order: %q", log)
	}
}
