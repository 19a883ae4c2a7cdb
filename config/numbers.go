package config

import (
	"fmt"
	"reflect"
	"strconv"
)

func (d *decoder) bool(n *node, v reflect.Value) {
	if n.kind == scalar && !n.quoted && (n.text == "true" || n.text == "false") {
		v.SetBool(n.text == "true")
		return
	}
	d.wrong(n, unquoteHint(n, n.text == "true" || n.text == "false"), "must be true or false, not %s", n.says())
}

// integer takes decimal numbers only: what a leading 0 or an exponent means should not be a matter of taste.
func (d *decoder) integer(n *node, v reflect.Value) {
	text := n.text
	if !v.CanInt() && !v.CanUint() {
		panic("config: cannot decode into " + v.Type().String())
	}
	_, isInt := strconv.ParseInt(text, 10, 64)
	_, isUint := strconv.ParseUint(text, 10, 64)
	number := isInt == nil || isUint == nil
	if n.kind != scalar || n.quoted || !number || len(text) > 1 && text[0] == '0' {
		d.wrong(n, unquoteHint(n, number), "must be a whole number, not %s", n.says())
		return
	}
	bits := v.Type().Bits()
	if v.CanInt() {
		i, err := strconv.ParseInt(text, 10, bits)
		if err == nil {
			v.SetInt(i)
			return
		}
		most := int64(1)<<(bits-1) - 1
		d.wrong(n, "", "must be between %d and %d, not %s", -most-1, most, text)
		return
	}
	u, err := strconv.ParseUint(text, 10, bits)
	if err == nil {
		v.SetUint(u)
		return
	}
	d.wrong(n, "", "must be between 0 and %d, not %s", uint64(1)<<(bits-1)<<1-1, text)
}

func (d *decoder) float(n *node, v reflect.Value) {
	f, err := strconv.ParseFloat(n.text, v.Type().Bits())
	if n.kind != scalar || n.quoted || err != nil {
		d.wrong(n, unquoteHint(n, err == nil), "must be a number, not %s", n.says())
		return
	}
	v.SetFloat(f)
}

// unquoteHint says so where only the quotes are wrong.
func unquoteHint(n *node, fits bool) string {
	if n.kind == scalar && n.quoted && fits {
		return fmt.Sprintf("write %s without quotes", n.text)
	}
	return ""
}
