package file

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"yamabiko/sinks"
)

func codecs(t testing.TB) map[string]codec {
	all := map[string]codec{}
	for _, ending := range endings {
		c, err := codecOf("x"+ending, 1)
		if err != nil {
			t.Fatal(err)
		}
		all["ndjson"+ending] = c
	}
	return all
}

// frames returns three frames after another and where each ends.
func frames(c codec) (file []byte, ends []int64) {
	ends = []int64{0}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3 {
		var lines bytes.Buffer
		for range 20 {
			fmt.Fprintf(&lines, "{\"frame\":%d,\"text\":\"%x\"}\n", i, r.Uint64())
		}
		file = append(file, c.appendFrame(nil, lines.Bytes())...)
		ends = append(ends, int64(len(file)))
	}
	return file, ends
}

// Cut at every length, a file keeps exactly its whole frames (and a plain one its whole lines).
func TestAnyCutKeepsTheWholeFrames(t *testing.T) {
	for name, c := range codecs(t) {
		t.Run(name, func(t *testing.T) {
			file, ends := frames(c)
			for n := range len(file) + 1 {
				want := int64(0)
				for _, end := range ends {
					if end <= int64(n) {
						want = end
					}
				}
				if name == "ndjson" {
					want = int64(bytes.LastIndexByte(file[:n], '\n') + 1)
				}
				if got, err := c.whole(bytes.NewReader(file[:n]), int64(n)); err != nil || got != want {
					t.Fatalf("cut at %d: %d, %v; want %d", n, got, err, want)
				}
			}
		})
	}
}

// A page that a crash left unwritten spoils the frame that holds it and those after it, which were not acknowledged.
func TestHoleEndsTheFile(t *testing.T) {
	for name, c := range codecs(t) {
		t.Run(name, func(t *testing.T) {
			lines := []byte(strings.Repeat("{}\n", 10))
			for range 2000 {
				lines = fmt.Appendf(lines, "{\"text\":\"%x\"}\n", rand.Uint64())
			}
			first := c.appendFrame(nil, lines[:30])
			want := int64(len(first))
			second := bytes.Clone(c.appendFrame(nil, lines))
			file := append(bytes.Clone(first), second...)
			file = append(file, first...)
			for _, at := range []int{len(first), len(first) + 7, len(first) + len(second)/2} {
				spoilt := bytes.Clone(file)
				clear(spoilt[at : at+2*sector])
				got, err := c.whole(bytes.NewReader(spoilt), int64(len(spoilt)))
				if err != nil || got > int64(at) || (name != "ndjson" && got != want) {
					t.Errorf("hole at %d: %d, %v; want %d", at, got, err, want)
				}
			}
		})
	}
}

// Damage in the middle is no crash's: cutting there would throw away what was acknowledged.
func TestDamageInTheMiddleIsNotCut(t *testing.T) {
	for name, c := range codecs(t) {
		if name == "ndjson" {
			continue // a line has no checksum
		}
		t.Run(name, func(t *testing.T) {
			file, ends := frames(c)
			for at := ends[1]; at < ends[2]; at++ {
				spoilt := bytes.Clone(file)
				spoilt[at] ^= 0x5a
				got, err := c.whole(bytes.NewReader(spoilt), int64(len(spoilt)))
				if got != int64(len(file)) && !sinks.IsPermanent(err) {
					t.Errorf("byte %d of %d: keeps %d, %v; want a permanent error", at, len(spoilt), got, err)
				}
			}
		})
	}
}

func FuzzWhole(f *testing.F) {
	all := codecs(f)
	for _, c := range all {
		file, _ := frames(c)
		f.Add(file)
		f.Add(file[:len(file)-5])
	}
	f.Add([]byte("\x50\x2a\x4d\x18\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for name, c := range all {
			good, err := c.whole(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				continue
			}
			if good < 0 || good > int64(len(file)) {
				t.Fatalf("%s: %d of %d bytes", name, good, len(file))
			}
			again, err := c.whole(bytes.NewReader(file[:good]), good)
			if err != nil || again != good {
				t.Fatalf("%s: %d, and of those %d, %v", name, good, again, err)
			}
		}
	})
}
