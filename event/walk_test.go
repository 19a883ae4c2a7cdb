package event_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"yamabiko/event"
)

func TestFieldsInOrder(t *testing.T) {
	rec := []byte("\x83\xa1b\x01\xa1a\x92\x02\x03\xa1b\xc0")
	for range 2 { // the sequence can be walked again
		var got []string
		var err error
		for name, value := range event.Fields(rec, &err) {
			got = append(got, fmt.Sprintf("%s=%x", name, value))
		}
		if want := []string{"b=01", "a=920203", "b=c0"}; !slices.Equal(got, want) || err != nil {
			t.Errorf("have %v, %v, want %v", got, err, want)
		}
	}
}

func TestFieldsReportWhatIsWrong(t *testing.T) {
	for msg, want := range map[string]error{
		"":                   event.ErrTruncated,
		"\x90":               event.ErrForm,
		"\x82\xa1a\x01\xa1b": event.ErrTruncated,
		"\x81\x07\x01":       event.ErrForm,
		"\x81\xa1a\xc1":      event.ErrInvalid,
		"\x82\xa1a\x01\x07":  event.ErrForm,
	} {
		var err error
		n := 0
		for range event.Fields([]byte(msg), &err) {
			n++
		}
		if !errors.Is(err, want) || n > 1 {
			t.Errorf("%q: %d fields, %v", msg, n, err)
		}
	}
}

func TestFieldsBreak(t *testing.T) {
	err := errors.New("stale")
	for name := range event.Fields([]byte("\x82\xa1a\x01\xa1b\xc1"), &err) {
		if string(name) == "a" {
			break
		}
	}
	if err != nil {
		t.Errorf("left before the bad field, yet: %v", err)
	}
}

func TestElements(t *testing.T) {
	var got []string
	var err error
	for i, value := range event.Elements([]byte("\x93\x01\xa1x\x91\xc0"), &err) {
		got = append(got, fmt.Sprintf("%d=%x", i, value))
	}
	if want := []string{"0=01", "1=a178", "2=91c0"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("have %v, %v, want %v", got, err, want)
	}
	for range event.Elements([]byte("\x92\x01\xa1"), &err) {
	}
	if !errors.Is(err, event.ErrTruncated) {
		t.Errorf("cut array: %v", err)
	}
}

func TestFind(t *testing.T) {
	rec := []byte("\x84\x07\xa1n\xa1a\x81\xa1b\x01\xa1b\x02\xa1b\x03")
	for name, want := range map[string]string{"a": "\x81\xa1b\x01", "b": "\x02"} {
		if got, ok := event.Find(rec, name); !ok || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	for msg, name := range map[string]string{
		string(rec): "c", "\x81\xa1a": "a", "\x81\xa1a\xc1": "a", "\x90": "a", "": "a", "\x82\xa1x\xc1\xa1a\x01": "a",
	} {
		if got, ok := event.Find([]byte(msg), name); ok {
			t.Errorf("%q has %s = %x", msg, name, got)
		}
	}
}
