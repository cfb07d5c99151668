package audit

import (
	"context"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// maxRefusals is how many refusals of different kinds a server records one by one
// in a minute. What comes after them is counted together.
const maxRefusals = 500

// Somebody can be refused in as many ways as a program can think of operations, and
// that must not hide what happens to others: one caller uses up only a part of them,
// and all callers that are not signed in together leave some to those who are.
const (
	maxRefusalsOfOne       = 50
	maxRefusalsOfStrangers = 400
)

// refusal is what makes two refusals the same: then the second one is counted and
// not recorded.
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

// counted is a refusal that has been recorded, and how often it came again.
type counted struct {
	entry entry
	again int
}

// refusals are those of the current minute.
type refusals struct {
	mu     sync.Mutex
	minute time.Time
	seen   map[refusal]*counted
	// callers counts the kinds that were recorded of each; further those that were not.
	callers   map[refuser]int
	further   map[refuser]*counted
	strangers int
	others    counted
}

// refuser is who is refused, and in whose chain.
type refuser struct {
	kind     ActorKind
	actor    int
	network  string
	district int
}

func newRefusals() refusals {
	return refusals{seen: map[refusal]*counted{}, callers: map[refuser]int{}, further: map[refuser]*counted{}}
}

// Refused records that something was refused. The same refusal of the same caller
// is recorded once in a minute, and then counted: a flood of refusals neither fills
// the disk nor leaves no trace. It waits for nobody: where the writer has no room, the
// refusal is counted as well.
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

// writing reports whether the writer runs, which counts what came again itself.
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

// countRefusals records how often refusals came again, when their minute is over, and
// no writer runs that does.
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
