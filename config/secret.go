package config

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// maxSecret bounds a secret's file: who names a device or a log by mistake gets an error, not a full memory.
const maxSecret = 1 << 20

// Secret is given by reference only: {env: NAME} or {file: PATH}. It is read when the configuration is loaded and never
// printed. A relative PATH is relative to the file in which it is written.
type Secret struct {
	// A pointer, because fmt calls no methods on what lies in unexported fields: there it prints an address.
	value *string
}

// NewSecret is for tests and for callers that hold the secret already.
func NewSecret(v string) Secret { return Secret{&v} }

// Value returns the secret itself; empty where none was given.
func (s Secret) Value() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero tells whether no secret was given; an empty one was.
func (s Secret) IsZero() bool { return s.value == nil }

const hidden = "(secret)"

// String hides the value.
func (s Secret) String() string { return hidden }

// GoString hides the value.
func (s Secret) GoString() string { return hidden }

// Format hides the value, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalJSON hides the value.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText hides the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// secretRef is how a secret is written.
type secretRef struct {
	Env  string `yaml:"env"`
	File string `yaml:"file,path"`
}

const secretHint = "write {env: NAME} or {file: PATH}; a secret never stands in the configuration itself"

// UnmarshalNode reads the variable or the file that n names.
func (s *Secret) UnmarshalNode(n Node) error {
	if n.n.kind == scalar {
		n.report.mask(n.n)
		return hinted(secretHint, "must not be written here")
	}
	var ref secretRef
	if err := n.Decode(&ref); err != nil {
		if !n.n.only("env", "file") {
			n.report.mask(n.n) // whatever it is, it may be the secret
		}
		return err
	}
	switch {
	case (ref.Env == "") == (ref.File == ""):
		return hinted(secretHint, "needs either env or file")
	case ref.Env != "":
		v, ok := os.LookupEnv(ref.Env)
		if !ok {
			return FieldHint("env", "export "+ref.Env+" where yamabiko starts", "variable %s is not set", quote(ref.Env))
		}
		*s = NewSecret(v)
		return nil
	}
	b, err := readBounded(ref.File, maxSecret)
	if err != nil {
		return Field("file", "%w", err)
	}
	v := strings.TrimSuffix(string(b), "\n")
	*s = NewSecret(strings.TrimSuffix(v, "\r"))
	return nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is larger than %s", path, Size(limit))
	}
	return b, nil
}
