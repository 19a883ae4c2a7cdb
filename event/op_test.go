package event_test

import (
	"testing"

	"yamabiko/event"
)

func TestOpNames(t *testing.T) {
	want := []string{"log", "read", "insert", "update", "delete", "truncate", "ddl", "sweep", "unknown"}
	for i, name := range want {
		if got := event.Op(i).String(); got != name {
			t.Errorf("op %d is called %s, want %s", i, got, name)
		}
	}
}
