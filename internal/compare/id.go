package compare

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// id is a row's document id as docs/sinks/elasticsearch.md ("Ids") says.
func (t *table) id(row map[string]any) (string, error) {
	parts := make([]string, len(t.key))
	for i, c := range t.key {
		switch v := row[c.name].(type) {
		case json.Number:
			if len(t.key) == 1 {
				return v.String(), nil
			}
			parts[i] = "i" + v.String()
		case string:
			if binary(c.kind) {
				raw, err := base64.StdEncoding.DecodeString(v)
				if err != nil {
					return "", fmt.Errorf("%s: %w", c.name, err)
				}
				parts[i] = "x" + hex.EncodeToString(raw)
				continue
			}
			if len(t.key) == 1 && v != "" && len(v) <= 512 && v[0] != '~' {
				return v, nil
			}
			parts[i] = "t" + encode(v)
		default:
			return "", fmt.Errorf("compare does not know keys like %s = %v", c.name, v)
		}
	}
	id := "~" + strings.Join(parts, ",")
	if len(id) > 512 {
		sum := sha256.Sum256([]byte(id))
		id = "~h" + hex.EncodeToString(sum[:])
	}
	return id, nil
}

func binary(kind string) bool {
	return strings.HasSuffix(kind, "binary") || strings.HasSuffix(kind, "blob")
}

// encode writes a text so that commas, per cent signs, spaces and control characters are %xx.
func encode(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r <= ' ' || r == ',' || r == '%' || r == 0x7f {
			fmt.Fprintf(&b, "%%%02x", r)
		} else {
			b.Write(utf8.AppendRune(nil, r))
		}
	}
	return b.String()
}
