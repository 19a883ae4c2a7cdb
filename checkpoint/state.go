package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"yamabiko/event"
)

// State is what is saved of a source.
type State struct {
	Format   int            // the format of the file that it was read from; Save ignores it and writes the newest
	Identity string         // who the upstream is: server_uuid, system identifier
	Rule     string         // the counting rule of Seq, with its version (rule S2)
	Position event.Position // where to go on reading; opaque
	Seq      uint64         // the highest Seq that Position stands for
}

// Format is the format that this program writes. It reads every format from 1 to this one and refuses a newer one.
const Format = 1

// A state file is one line of JSON: {"crc32c":"<8 hex digits>","state":{…}}. The checksum (Castagnoli) is over the bytes of the
// value of "state", as they stand. A newer format keeps this outer shape, so that an older program can
// tell "newer" from "damaged".
type frame struct {
	CRC   string          `json:"crc32c"`
	State json.RawMessage `json:"state"`
}

// payload is "state" in format 1. A format 2 gets a struct of its own and its case in decode.
type payload struct {
	Format   int    `json:"format"`
	Source   string `json:"source"`
	Epoch    uint64 `json:"epoch,string"`
	File     string `json:"file,omitempty"` // fileID when it was written; empty: unknown
	Identity string `json:"identity"`
	Rule     string `json:"rule"`
	Position []byte `json:"position"`
	Seq      uint64 `json:"seq,string"` // a string: it passes 2^53, and people use jq
}

var (
	// errNewer is a file of a newer program: the one kind of bad file that an older generation must not stand in for.
	errNewer   = errors.New("was written by a newer yamabiko")
	errDamaged = errors.New("is damaged")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) string { return fmt.Sprintf("%08x", crc32.Checksum(b, castagnoli)) }

func encode(p payload) ([]byte, error) {
	state, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "{\"crc32c\":%q,\"state\":%s}\n", checksum(state), state), nil
}

func decode(file []byte) (payload, error) {
	var f frame
	if err := json.Unmarshal(file, &f); err != nil {
		return payload{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if got := checksum(f.State); got != f.CRC {
		return payload{}, fmt.Errorf("%w: its checksum is %s, it says %q", errDamaged, got, f.CRC)
	}
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(f.State, &head); err != nil {
		return payload{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	switch {
	case head.Format == 1:
		return decodeV1(f.State)
	case head.Format > Format:
		return payload{}, fmt.Errorf("%w: format %d, this one reads up to %d; run that version, or move the file away to start anew",
			errNewer, head.Format, Format)
	}
	return payload{}, fmt.Errorf("%w: format %d", errDamaged, head.Format)
}

func decodeV1(state []byte) (payload, error) {
	var p payload
	d := json.NewDecoder(bytes.NewReader(state))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return payload{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return p, nil
}
