package event

import "iter"

// View is what one sink's buffer holds of a batch: filters narrow Sel, never the batch (rule O3).
type View struct {
	*Batch
	Sel []uint32 // indices into Entries, rising; nil is all
}

// Len is the number of events in the view.
func (v View) Len() int {
	if v.Sel == nil {
		return len(v.Entries)
	}
	return len(v.Sel)
}

// At returns the index in Entries of the view's i-th event.
func (v View) At(i int) int {
	if v.Sel == nil {
		return i
	}
	return int(v.Sel[i])
}

// Chunk is what one Sink.Write delivers: views of several batches and tags, in order, of one lane. A chunk with
// a barrier (Op.Barrier) holds nothing else.
type Chunk struct {
	ID     [16]byte
	Lane   int
	Views  []View
	Bytes  int64
	Events int

	// OnReject stores a dead letter; set by the router.
	OnReject func(v View, entry int, why error) error
	// OnRejectAll stores several, which wait for the disk once; nil: OnReject is asked for each.
	OnRejectAll func(all []Rejection) error
}

// All yields every event of the chunk: its number, which Reject and RetryError take, its view and its index in
// the view's Entries.
func (c *Chunk) All() iter.Seq2[int, Ref] {
	return func(yield func(int, Ref) bool) {
		n := 0
		for _, v := range c.Views {
			for i := range v.Len() {
				if !yield(n, Ref{v.Batch, v.At(i)}) {
					return
				}
				n++
			}
		}
	}
}

// Ref names one event: a batch and the index of its entry.
type Ref struct {
	*Batch
	I int
}

// Barrier returns the chunk's barrier event, if it is one.
func (c *Chunk) Barrier() (Ref, bool) {
	if c.Events == 1 {
		for _, r := range c.All() { // the event need not stand in the first view
			return r, r.Entries[r.I].Op.Barrier()
		}
	}
	return Ref{}, false
}

// Reject hands event i to the dead letters with the reason. It returns nil once the dead letter is durable;
// on an error the event is still the sink's to deliver.
func (c *Chunk) Reject(i int, why error) error {
	v, at := c.find(i)
	return c.OnReject(v, at, why)
}

// Rejection is an event, by its number in the chunk, that cannot be delivered, and the reason. OnRejectAll gets Ref too.
type Rejection struct {
	I   int
	Why error
	Ref Ref // set by RejectAll
}

// RejectAll is Reject for several events: on nil all dead letters are durable, on an error all events are still the sink's to deliver. Each
// Reject costs an fsync; this costs one.
func (c *Chunk) RejectAll(all []Rejection) error {
	if c.OnRejectAll == nil {
		for _, r := range all {
			if err := c.Reject(r.I, r.Why); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range all {
		v, at := c.find(all[i].I)
		all[i].Ref = Ref{v.Batch, at}
	}
	return c.OnRejectAll(all)
}

// find returns event i's view and the index of its entry.
func (c *Chunk) find(i int) (View, int) {
	for _, v := range c.Views {
		if i < v.Len() {
			return v, v.At(i)
		}
		i -= v.Len()
	}
	panic("BUG: event: reject of an event that the chunk does not hold")
}
