package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"yamabiko/event"
)

func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("its time %q is not RFC 3339", text)
	}
	return t, nil
}

// appendJSONValue writes a JSON value as msgpack. Objects keep their order, numbers their digits.
func appendJSONValue(dst []byte, text json.RawMessage) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	tok, err := d.Token()
	if err != nil {
		return dst, err
	}
	switch v := tok.(type) {
	case nil:
		return event.AppendNil(dst), nil
	case bool:
		return event.AppendBool(dst, v), nil
	case string:
		return event.AppendString(dst, v), nil
	case json.Number:
		return appendNumber(dst, v.String()), nil
	}
	return appendNested(dst, d, tok == json.Delim('{'))
}

// appendNested writes the rest of an object or array that d has opened. The count comes first in msgpack, so the values are kept until it is
// known.
func appendNested(dst []byte, d *json.Decoder, object bool) ([]byte, error) {
	var body []byte
	n := 0
	for ; d.More(); n++ {
		if object {
			name, err := d.Token()
			if err != nil {
				return dst, err
			}
			body = event.AppendString(body, name.(string)) // the decoder lets nothing else stand there
		}
		var v json.RawMessage
		err := d.Decode(&v)
		if err == nil {
			body, err = appendJSONValue(body, v)
		}
		if err != nil {
			return dst, err
		}
	}
	if object {
		dst = event.AppendMapHeader(dst, n)
	} else {
		dst = event.AppendArrayHeader(dst, n)
	}
	return append(dst, body...), nil
}

func appendNumber(dst []byte, text string) []byte {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return event.AppendInt(dst, i)
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return event.AppendUint(dst, u)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && strconv.FormatFloat(f, 'g', -1, 64) == text {
		return event.AppendFloat64(dst, f)
	}
	return event.AppendExt(dst, event.ExtNumber, []byte(text))
}
