package engine

import (
	"bytes"
	"encoding/json"
	"errors"
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

// appendRow writes a row in the msgpack forms that its source gave it (event.Kind), as far as JSON does not tell them: a row without a key is
// named after its bytes.
func appendRow(dst []byte, t *event.Table, row json.RawMessage) ([]byte, error) {
	kinds := map[string]event.Kind{}
	for _, c := range t.Columns {
		kinds[c.Name] = c.Kind
	}
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	tok, err := d.Token()
	if err != nil || tok != json.Delim('{') {
		return dst, errors.Join(errors.New("its row is not an object"), err)
	}
	return appendNested(dst, d, true, func(dst []byte, name string, v json.RawMessage) ([]byte, error) {
		return appendColumn(dst, kinds[name], v)
	})
}

// appendColumn writes one value of a row.
func appendColumn(dst []byte, k event.Kind, text json.RawMessage) ([]byte, error) {
	if string(text) == "null" {
		return event.AppendNil(dst), nil
	}
	var err error
	switch k {
	case event.Binary:
		var b []byte
		err = json.Unmarshal(text, &b)
		return event.AppendBin(dst, b), err
	case event.Float32:
		var f float32
		err = json.Unmarshal(text, &f)
		return event.AppendFloat32(dst, f), err
	case event.Float64:
		var f float64
		err = json.Unmarshal(text, &f)
		return event.AppendFloat64(dst, f), err
	}
	return appendJSONValue(dst, text)
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
	return appendNested(dst, d, tok == json.Delim('{'), func(dst []byte, _ string, v json.RawMessage) ([]byte, error) {
		return appendJSONValue(dst, v)
	})
}

// appendNested writes the rest of an object or array that d has opened. The count comes first in msgpack, so the values are kept until it is
// known. value writes one of them; name is an object's.
func appendNested(dst []byte, d *json.Decoder, object bool, value func(dst []byte, name string, v json.RawMessage) ([]byte, error)) ([]byte, error) {
	var body []byte
	n := 0
	for ; d.More(); n++ {
		var name string
		if object {
			tok, err := d.Token()
			if err != nil {
				return dst, err
			}
			name = tok.(string) // the decoder lets nothing else stand there
			body = event.AppendString(body, name)
		}
		var v json.RawMessage
		err := d.Decode(&v)
		if err == nil {
			body, err = value(body, name, v)
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

// appendNumber writes a number in the first form that gives its digits back.
func appendNumber(dst []byte, text string) []byte {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && text != "-0" {
		return event.AppendInt(dst, i)
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return event.AppendUint(dst, u)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		float := event.AppendFloat64(nil, f)
		if again, err := event.AppendJSON(nil, float); err == nil && string(again) == text {
			return append(dst, float...)
		}
	}
	return event.AppendExt(dst, event.ExtNumber, []byte(text))
}
