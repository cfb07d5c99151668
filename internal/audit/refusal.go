package audit

import (
	"context"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// maxRefusals is how many different refusals a server records individually in a minute.
// The rest is counted together.
const maxRefusals = 500

// One caller can be refused in as many ways as a program can invent operations, and must
// not hide what happens to others. So one caller, and all callers together who are not
// signed in, get only a part of them.
const (
	maxRefusalsOfOne       = 50
	maxRefusalsOfStrangers = 400
)

// refusal identifies equal refusals. Only the first is recorded; the others are counted.
type refusal struct {
	action       Action
	code         string
	kind         ActorKind
	actor        int
	network      string
	district     int
	organization int
	target       Subject
	operation    string
}

// counted is a refusal that was recorded, and how often it came again.
type counted struct {
	entry entry
	again int
}

// refusals are those of the current minute.
type refusals struct {
	mu     sync.Mutex
	minute time.Time
	seen   map[refusal]*counted
	// callers counts the recorded refusals of each caller; further counts the rest.
	callers   map[refuser]int
	further   map[refuser]*counted
	strangers int
	others    counted
}

// refuser is who was refused, and in which chain.
type refuser struct {
	kind     ActorKind
	actor    int
	network  string
	district int
}

func newRefusals() refusals {
	return refusals{seen: map[refusal]*counted{}, callers: map[refuser]int{}, further: map[refuser]*counted{}}
}

// Refused records a refusal. Within a minute, the same refusal of the same caller is
// recorded once and then counted, so a flood of refusals neither fills the disk nor passes
// unnoticed. Refused never waits: if the writer has no room, the refusal is counted as
// well.
func (s *Service) Refused(ctx context.Context, e Event) {
	if !s.writing() {
		s.countRefusals()
	}
	d := describe(ctx, e)
	key := refusal{e.Action, e.Code, d.actor.Kind, d.actor.ID, viewer.OriginOf(ctx).Network(), e.DistrictID,
		e.OrganizationID, e.Target, d.operation}
	if s.refusals.isNew(key, d) && !s.hand(ctx, d, 0) {
		s.refusals.again(key)
	}
}

// writing reports whether the writer is running, which then records repeated refusals by
// itself.
func (s *Service) writing() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.running
}

func (r *refusals) isNew(key refusal, e entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	caller := refuser{key.kind, key.actor, key.network, key.district}
	switch known, further := r.seen[key], r.further[caller]; {
	case known != nil:
		known.again++
		return false
	case further != nil:
		further.again++
		return false
	case len(r.seen) >= maxRefusals, key.kind == Anonymous && r.strangers >= maxRefusalsOfStrangers:
		r.others.again++
		return false
	case r.callers[caller] >= maxRefusalsOfOne:
		e.Code, e.operation, e.Target = "", "", Subject{}
		r.further[caller] = &counted{entry: e, again: 1}
		return false
	default:
		r.seen[key] = &counted{entry: e}
		r.callers[caller]++
		if key.kind == Anonymous {
			r.strangers++
		}
		return true
	}
}

// again counts a refusal that could not be recorded.
func (r *refusals) again(key refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.seen[key]; known != nil {
		known.again++
	} else {
		r.others.again++
	}
}

// countRefusals records how often refusals came again when their minute is over, if no
// writer runs.
func (s *Service) countRefusals() {
	for _, e := range s.refusals.over(s.now(), false) {
		s.hand(context.Background(), e, handPatience)
	}
}

func (r *refusals) over(now time.Time, ends bool) (entries []entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	minute := now.Truncate(time.Minute)
	if minute.Equal(r.minute) && !ends {
		return nil
	}
	r.minute = minute
	for _, c := range r.seen {
		if c.again > 0 {
			e := c.entry
			e.Facts = Facts{"refusals": c.again, "of": string(e.Action)}
			e.Action, e.requestID = RefusalsCounted, ""
			entries = append(entries, e)
		}
	}
	for _, c := range r.further {
		e := c.entry
		e.Action, e.requestID, e.Facts = RefusalsCounted, "", Facts{"refusals": c.again, "of": "several kinds"}
		entries = append(entries, e)
	}
	if n := r.others.again; n > 0 {
		entries = append(entries,
			entry{
				Event: Event{Action: RefusalsCounted, Facts: Facts{"refusals": n, "of": "several callers"}},
				actor: Actor{Kind: Anonymous},
			})
	}
	clear(r.seen)
	clear(r.callers)
	clear(r.further)
	r.strangers = 0
	r.others.again = 0
	return entries
}
