package config

// Buffer is what holds a sink's events until they are written.
type Buffer struct {
	Type     string `yaml:"type,enum=memory"`
	Limit    Size   `yaml:"limit"` // of all its chunks together
	Chunk    Chunk  `yaml:"chunk"`
	Overflow string `yaml:"overflow,enum=block"` // what happens at the limit: the source waits
}

// Chunk says when a chunk is closed: at the first of these.
type Chunk struct {
	Bytes Size     `yaml:"bytes"`
	Count int      `yaml:"count"` // events
	Age   Duration `yaml:"age"`   // of its oldest event; 0: at once
}

// Check looks at the sizes.
func (b Buffer) Check() error {
	switch {
	case b.Chunk.Bytes <= 0:
		return Field("chunk.bytes", "must be more than zero")
	case b.Chunk.Count <= 0:
		return Field("chunk.count", "must be more than zero")
	case b.Limit < b.Chunk.Bytes:
		return Field("limit", "%s is less than the %s of one chunk", b.Limit, b.Chunk.Bytes)
	}
	return nil
}

// Retry says when a failed write is tried again.
type Retry struct {
	First    Duration `yaml:"first"`    // pause before the second attempt; it doubles from there, with jitter
	Max      Duration `yaml:"max"`      // the longest pause
	Attempts int      `yaml:"attempts"` // then the chunk's events are dead letters; 0: without end
}

// Check looks at the pauses.
func (r Retry) Check() error {
	switch {
	case r.First <= 0:
		return Field("first", "must be more than zero")
	case r.Max < r.First:
		return Field("max", "%s is less than the first pause, %s", r.Max, r.First)
	case r.Attempts < 0:
		return Field("attempts", "must be zero (without end) or more")
	}
	return nil
}
