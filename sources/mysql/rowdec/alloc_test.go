package rowdec

import (
	"testing"

	"yamabiko/event"
)

func TestRowsAllocateNothing(t *testing.T) {
	for name, file := range map[string][]byte{"orders": readGolden(t, "orders.binlog"), "types": readGolden(t, "types.binlog")} {
		for _, r := range parseLog(t, file, goldenDB) {
			p := r.plan(t)
			h, err := Header("shop", r.e)
			if err != nil {
				t.Fatal(err)
			}
			h.Olds = true
			b, s := &event.Batch{}, &Scratch{}
			n := testing.AllocsPerRun(10, func() {
				if _, err := walkAll(p, h, r.rows(), b, s); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%s: table %s: %g allocations an event", name, r.tm.Table, n)
			}
		}
	}
}
