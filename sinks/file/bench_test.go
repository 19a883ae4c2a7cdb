package file

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"yamabiko/internal/faultfs"
	"yamabiko/internal/ndjson"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

func BenchmarkWrite(b *testing.B) {
	batch := sinktest.Batch("web.access", nil)
	for i := range 10_000 {
		batch.Log(uint64(i+1), "n", i, "host", "web1", "path", "/search", "message", strings.Repeat("echo valley ", 15))
	}
	c := sinktest.Chunk(0, batch.Build())
	for _, ending := range endings {
		b.Run("ndjson"+ending, func(b *testing.B) {
			s, err := Open(Config{Path: filepath.Join(b.TempDir(), "x"+ending), Format: ndjson.Envelope},
				sinks.Env{Lanes: 1, Log: slog.New(slog.DiscardHandler)}, faultfs.OS{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.SetBytes(c.Bytes)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Write(context.Background(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
