package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"yamabiko/internal/faultfs"
)

// ErrFenced is what a Save with an older epoch than the stored one fails with: another owner has taken over.
var ErrFenced = errors.New("the state belongs to a newer owner")

// Loaded says where a State comes from.
type Loaded struct {
	Found bool // false: this source has never been saved
	// Previous says that the newest generation was missing or damaged, for the reason in Why, and that the State is the one
	// before. Seq must rise (rule S3), and the operator must hear of it.
	Previous bool
	Why      error
	// Restored says that the file was not written at its place but copied or restored there: Seq must rise (rules S1, S3).
	Restored bool
}

// Store keeps the states of all sources in one folder, DIR/<source>.json, and of each the generation before,
// DIR/<source>.json.prev. It is safe for several goroutines.
type Store struct {
	dir  string
	fs   faultfs.FS
	lock *flock.Flock
	mu   sync.Mutex
}

// OpenStore makes dir where it is missing and locks it; a folder in use is refused with its process's pid. Close unlocks it.
func OpenStore(dir string, fsys faultfs.FS) (*Store, error) {
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	return &Store{dir: dir, fs: fsys, lock: l}, nil
}

// Close gives the folder free.
func (s *Store) Close() error { return s.lock.Close() }

// Load returns what is saved of a source.
func (s *Store) Load(source string) (State, Loaded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Load(s.dir, source, s.fs)
}

// Load reads the state of a source without locking the folder, for commands beside a running process: a
// file is replaced as a whole or not at all.
func Load(dir, source string, fsys faultfs.FS) (State, Loaded, error) {
	path := filepath.Join(dir, source+".json")
	p, err := read(fsys, path, source)
	from := Loaded{Found: true}
	if err != nil && !errors.Is(err, errNewer) { // an unreadable file too: what it holds may never come back
		from.Previous, from.Why = true, err
		path += ".prev"
		if p, err = read(fsys, path, source); errors.Is(err, fs.ErrNotExist) {
			if errors.Is(from.Why, fs.ErrNotExist) {
				return State{}, Loaded{}, nil
			}
			err = fmt.Errorf("%w, and there is no generation before it; restore it, or move it away to start anew", from.Why)
		} else if err != nil {
			err = fmt.Errorf("%w; and %w; restore one, or move both away to start anew", from.Why, err)
		}
	}
	if err != nil {
		return State{}, Loaded{}, fmt.Errorf("checkpoint of %s: %w", source, err)
	}
	if id := fileID(path); id != "" && p.File != "" && id != p.File {
		from.Restored = true
	}
	return State{Format: p.Format, Identity: p.Identity, Rule: p.Rule, Position: p.Position, Seq: p.Seq}, from, nil
}

func missingOrDamaged(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDamaged)
}

// read reads one generation.
func read(fsys faultfs.FS, path, source string) (payload, error) {
	b, err := fsys.ReadFile(path)
	if err != nil {
		return payload{}, err
	}
	p, err := decode(b)
	if err == nil && p.Source != source {
		err = fmt.Errorf("%w: it is the state of %q", errDamaged, p.Source)
	}
	if err != nil {
		return payload{}, fmt.Errorf("%s %w", path, err)
	}
	return p, nil
}

// Save stores st durably, or fails and leaves what was saved before, whole; after a failure Save may be called again. An epoch
// below the stored one fails with ErrFenced.
func (s *Store) Save(source string, epoch uint64, st State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.save(source, epoch, st); err != nil {
		return fmt.Errorf("checkpoint: save %s: %w", filepath.Join(s.dir, source+".json"), err)
	}
	return nil
}

func (s *Store) save(source string, epoch uint64, st State) error {
	path := filepath.Join(s.dir, source+".json")
	prev, temp := path+".prev", path+".tmp"
	stored, err := read(s.fs, path, source)
	good := err == nil
	if missingOrDamaged(err) { // then the generation before tells the epoch
		stored, err = read(s.fs, prev, source)
	}
	if err != nil && !missingOrDamaged(err) {
		return err
	}
	if epoch < stored.Epoch {
		return fmt.Errorf("%w: stored epoch %d, ours %d", ErrFenced, stored.Epoch, epoch)
	}
	if err := s.writeTemp(temp, payload{
		Format: Format, Source: source, Epoch: epoch,
		Identity: st.Identity, Rule: st.Rule, Position: st.Position, Seq: st.Seq,
	}); err != nil {
		return err
	}
	if good { // a damaged file never takes the place of the good one before it
		if err := s.keep(path, prev); err != nil {
			return err
		}
	}
	if err := s.fs.Rename(temp, path); err != nil {
		return err
	}
	return s.fs.SyncDir(s.dir)
}

// keep gives the newest generation the name of the one before, as a second name: the newest is never missing.
func (s *Store) keep(path, prev string) error {
	if err := s.fs.Remove(prev); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.fs.Link(path, prev)
}

// writeTemp writes a new file, with its own fileID in it, and makes it durable. The file must be new: what a rename
// puts at its place then has the id that its content names.
func (s *Store) writeTemp(temp string, p payload) (err error) {
	if err := s.fs.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := s.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	p.File = fileID(temp)
	b, err := encode(p)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Sync()
}
