package rowdec

import (
	"testing"
	"time"
)

// Every day that a TIMESTAMP can hold is the day that package time says.
func TestTimestamp_EveryDayIsRight(t *testing.T) {
	for sec := uint32(1); sec < 1<<32-86400; sec += 86399 {
		want := time.Unix(int64(sec), 120000000).UTC().Format("\xb82006-01-02T15:04:05.000Z")
		if got := string(appendDateTime(nil, fromUnix(sec, 120000), 'T', 3, true)); got != want {
			t.Fatalf("%d is %q, not %q", sec, got, want)
		}
	}
}

// The formats from before MySQL 5.6, which go-mysql does not read in full, in values that MySQL's manual gives the
// limits of.
func TestOldTemporalTypes(t *testing.T) {
	for _, c := range []struct {
		col  column
		wire []byte
		want string // empty: no such value
	}{
		{column{code: codeOldTime}, le(123456, 3), "\xa812:34:56"},
		{column{code: codeOldTime}, le(1<<24-8385959, 3), "\xaa-838:59:59"},
		{column{code: codeOldTime}, le(8385959, 3), "\xa9838:59:59"},
		{column{code: codeOldTime}, le(6000, 3), ""},
		{column{code: codeOldTime}, le(8390000, 3), ""},
		{column{code: codeOldDateTime}, le(20260102030405, 8), "\xb32026-01-02T03:04:05"},
		{column{code: codeOldDateTime}, le(20261302030405, 8), ""},
		{column{code: codeOldDateTime}, le(20260102240000, 8), ""},
		{column{code: codeOldDateTime}, le(0, 8), "\xc0"},
		{column{code: codeOldDateTime}, le(1<<63, 8), ""},
	} {
		got, ok := c.col.appendTemporal(nil, c.wire, false)
		if ok != (c.want != "") || ok && string(got) != c.want {
			t.Errorf("%x is %q, %t; not %q", c.wire, got, ok, c.want)
		}
	}
}
