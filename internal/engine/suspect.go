package engine

import (
	"fmt"

	"yamabiko/sources"
)

// suspected notes that a sink refused an event of this source for a version above it (rule S6). The position is held until the source's
// own count has passed that version: then it can have been assigned by this source, before a crash.
func (p *pipeline) suspected(stored uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stored <= p.status().Seq || stored <= p.suspect {
		return
	}
	p.suspect = stored
	p.ledger.Hold(true)
}

// settleSuspect lets the position go once the count has passed the suspect.
func (p *pipeline) settleSuspect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.suspect != 0 && p.status().Seq >= p.suspect {
		p.suspect = 0
		p.ledger.Hold(false)
	}
}

// status is what the source says of itself; of one that says nothing, that it streams.
func (p *pipeline) status() sources.Status {
	if s, ok := p.source.(sources.Statuser); ok {
		return s.Status()
	}
	return sources.Status{Phase: "streaming", CaughtUp: true, LagBytes: -1}
}

// foreign tells of a suspect that remains though the source has read everything there is.
func (p *pipeline) foreign(st sources.Status) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.suspect == 0 || !st.AtTip {
		return ""
	}
	return fmt.Sprintf("a sink holds version %d, above every Seq that this source has given out (%d): somebody else writes there, or history forked; "+
		"the position is held. yamabiko position set %s snapshot reads everything again with higher versions", p.suspect, st.Seq, p.name)
}
