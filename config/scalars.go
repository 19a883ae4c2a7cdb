// Package config turns strict YAML into typed structs and reports every error with its place.
package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes; written with a unit: 64MiB, 10kB, 1GiB. A bare number is an error, 0 excepted.
type Size int64

// Duration is written with a unit: 20ms, 5m. A bare number is an error, 0 excepted.
type Duration time.Duration

// Std returns d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes d as the standard library does: 1m30s.
func (d Duration) String() string { return time.Duration(d).String() }

// UnmarshalText reads what the standard library's ParseDuration reads, negative durations excepted.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	switch {
	case err == nil && v >= 0:
		*d = Duration(v)
		return nil
	case err == nil:
		return hinted("a duration of zero or more", "%s is negative", quote(string(text)))
	case isNumber(string(text)):
		return hinted("write the unit: 20ms, 30s, 5m, 1h", "%s has no unit", quote(string(text)))
	}
	return hinted("durations look like 20ms, 30s, 5m, 1h", "%s is not a duration", quote(string(text)))
}

// unit is a name and how many bytes it stands for.
type unit struct {
	name  string
	bytes int64
}

// sizeUnits are in falling order, so that String finds the largest that fits; kB and its like are powers of 1000.
func sizeUnits() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
		{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"B", 1},
	}
}

// String writes s with the largest binary unit that leaves a whole number: 64MiB.
func (s Size) String() string {
	for _, u := range sizeUnits() {
		if binary := u.bytes&(u.bytes-1) == 0; binary && s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return "0"
}

// UnmarshalText reads a whole number and a unit: B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024).
func (s *Size) UnmarshalText(text []byte) error {
	const examples = "sizes look like 64MiB, 10kB, 1GiB"
	t := string(text)
	end := strings.IndexFunc(t, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 && strings.Trim(t, "0") == "" && t != "" {
		*s = 0
		return nil
	}
	if isNumber(t) {
		return hinted("write the unit: 64MiB, 10kB, 1GiB", "%s has no unit", quote(t))
	}
	if end <= 0 {
		return hinted(examples, "%s is not a size", quote(t))
	}
	number, name := t[:end], strings.TrimLeft(t[end:], " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return hinted(examples, "%s is too large", quote(t))
	}
	for _, u := range sizeUnits() {
		if u.name == name {
			if n > math.MaxInt64/u.bytes {
				return hinted(examples, "%s is too large", quote(t))
			}
			*s = Size(n * u.bytes)
			return nil
		}
	}
	return hinted(unitHint(number, name), "%s is not a size", quote(t))
}

// unitHint guesses what was meant by a unit that does not exist: MB and MiB differ, so that 64M is not taken for either.
func unitHint(number, name string) string {
	for _, u := range sizeUnits() {
		if strings.EqualFold(u.name, name) || len(name) == 1 && strings.EqualFold(u.name, name+"iB") {
			return fmt.Sprintf("did you mean %s%s?", number, u.name)
		}
	}
	return "units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB"
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
