package proof

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"yamabiko/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// patience bounds every wait; each ends as soon as its condition holds.
const patience = 2 * time.Minute

// binary builds the program as it is now.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "yamabiko")
	if out, err := exec.Command("go", "build", "-o", path, "yamabiko/cmd/yamabiko").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// newRand gives a test its random choices, and says how to have them again.
func newRand(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("YAMABIKO_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("YAMABIKO_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("YAMABIKO_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// between is a random time from a to b.
func between(r *rand.Rand, a, b time.Duration) time.Duration {
	return a + time.Duration(r.Int64N(int64(b-a)))
}

// eventually waits until cond returns "", and fails with what it said last.
func eventually(t *testing.T, every time.Duration, cond func() string) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		why := cond()
		if why == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after %s: %s", patience, why)
		}
	}
}
