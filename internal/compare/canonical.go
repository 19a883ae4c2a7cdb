package compare

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
)

// parse reads a JSON object; numbers keep their digits.
func parse(text []byte) (map[string]any, error) {
	var row map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := d.Decode(&row)
	return row, err
}

// canonical writes a row so that equal rows are equal texts: names in order, numbers by their value, and those of a FLOAT column as far as 32
// bits tell them apart, since MySQL prints them as doubles.
func (t *table) canonical(row map[string]any) string {
	for name, v := range row {
		row[name] = plain(v)
	}
	for _, c := range t.columns {
		if n, ok := row[c.name].(json.Number); ok && c.kind == "float" {
			f, err := strconv.ParseFloat(n.String(), 32)
			if err == nil {
				row[c.name] = json.Number(strconv.FormatFloat(f, 'g', -1, 32))
			}
		}
	}
	b, err := json.Marshal(row)
	if err != nil {
		panic("BUG: compare: " + err.Error()) // it came out of a JSON decoder
	}
	return string(b)
}

// plain writes every number in v in one way.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = plain(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = plain(inner)
		}
	case json.Number:
		r, ok := new(big.Rat).SetString(v.String())
		if !ok {
			return v
		}
		if r.IsInt() {
			return json.Number(r.Num().String())
		}
		f, exact := r.Float64()
		if short := strconv.FormatFloat(f, 'g', -1, 64); exact || sameValue(short, r) {
			return json.Number(short)
		}
		digits, _ := r.FloatPrec()
		return json.Number(r.FloatString(digits))
	}
	return v
}

func sameValue(text string, r *big.Rat) bool {
	other, ok := new(big.Rat).SetString(text)
	return ok && other.Cmp(r) == 0
}
