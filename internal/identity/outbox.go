package identity

import (
	"slices"
	"sync"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// lane is one of the lines of mails that wait.
type lane int

const (
	// notices are about what has happened to an account. Only its owner, an administrator
	// and somebody with a factor of it can cause one, so none is refused.
	notices lane = iota
	invitations
	// links are for forgotten passwords. Anybody can ask for them.
	links
	lanes
)

const (
	// laneSize is how many invitations, and how many links, may wait.
	laneSize = 200
	// linksOfAddress is how many links for one address may wait, from browsers that say
	// that they are known. No more are mailed at once.
	linksOfAddress = 3
)

// outbox holds the mails that wait, in lanes, so that a burst of one kind delays no other.
type outbox struct {
	mu      sync.Mutex
	waiting [lanes][]delivery
	// more wakes the deliverers up.
	more chan struct{}
}

func newOutbox() *outbox { return &outbox{more: make(chan struct{}, deliverers)} }

func (d delivery) lane() lane {
	switch {
	case d.notice != "":
		return notices
	case d.by != "":
		return links
	default:
		return invitations
	}
}

// put adds a mail, or returns false if too many are waiting. A link that is waiting
// already for the same address is not added again. If the lane of links is full, the
// network that has most in it loses its latest, as long as it has more than the caller's.
func (o *outbox) put(d delivery) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := d.lane()
	if at == links {
		switch {
		case o.repeats(d):
			return true
		case len(o.waiting[links]) >= laneSize && !o.makeRoom(d.by):
			return false
		}
	}
	o.waiting[at] = append(o.waiting[at], d)
	select {
	case o.more <- struct{}{}:
	default: // every deliverer has been told
	}
	return true
}

// full reports whether as many invitations wait as may. It is asked before an account is
// created.
func (o *outbox) full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting[invitations]) >= laneSize
}

// repeats reports whether a link need not be added. What a browser keeps is not checked
// yet, so strangers may make it up; their links do not count with those of others.
func (o *outbox) repeats(d delivery) bool {
	same, claimed := 0, 0
	for _, w := range o.waiting[links] {
		if fold.Address(w.email) != fold.Address(d.email) {
			continue
		}
		if w.devices == d.devices {
			same++
		}
		if w.devices != "" && w.by == d.by {
			claimed++
		}
	}
	return same > 0 || d.devices != "" && claimed >= linksOfAddress
}

// makeRoom drops a link of the network that has most, and reports whether there is one.
func (o *outbox) makeRoom(by string) bool {
	count := map[string]int{}
	for _, w := range o.waiting[links] {
		count[w.by]++
	}
	last, most := -1, count[by]+1
	for i, w := range o.waiting[links] {
		if count[w.by] > most || last >= 0 && w.by == o.waiting[links][last].by {
			last, most = i, count[w.by]
		}
	}
	if last < 0 {
		return false
	}
	o.waiting[links] = slices.Delete(o.waiting[links], last, last+1)
	return true
}

// take returns the next mail of the first lane that has one.
func (o *outbox) take(order ...lane) (d delivery, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, at := range order {
		if len(o.waiting[at]) > 0 {
			d = o.waiting[at][0]
			o.waiting[at] = slices.Delete(o.waiting[at], 0, 1)
			return d, true
		}
	}
	return d, false
}

// orderOf is the order in which a deliverer looks at the lanes. Notices come first. Half of
// the deliverers prefer invitations and half prefer links, so neither kind waits for the
// other.
func orderOf(deliverer int) []lane {
	if deliverer%2 == 0 {
		return []lane{notices, invitations, links}
	}
	return []lane{notices, links, invitations}
}
