package identity

import (
	"context"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// maxEntering is how many transactions of people who sign in run at a time on one
	// server. It is a part of the database connections, so a flood of attempts leaves the
	// rest to those who have signed in.
	maxEntering = 8
	// maxTrying is how many attempts of one network run at a time on one server. An
	// attempt takes from the limits when it starts, and gives back if the password was
	// right. If more people of a school tried at once than the network's limit allows,
	// right passwords would be refused.
	maxTrying = 32
	// maxTryingOne is how many attempts on one account run at a time. People who guess at
	// it wait for each other, and nobody else waits for them. A browser that is known for
	// the account does not wait with them.
	maxTryingOne = 1
	// tryingPatience is how long an attempt waits for earlier ones. It is better to refuse
	// early than to answer after the browser has given up.
	tryingPatience = 15 * time.Second
)

// queue admits people who are signing in: a few from each network, and not many more from
// all together. Networks take turns, so a long queue of one does not delay the others.
// Within a network, the first come first.
type queue struct {
	each int
	// all is nil if only each network is limited.
	all chan struct{}

	mu       sync.Mutex
	networks map[string]*entrance
}

// entrance is where the people of one network wait.
type entrance struct {
	turn chan struct{}
	// users counts who is in or waits.
	users int
}

// newQueue returns a queue. With all = 0, only each network is limited.
func newQueue(each, all int) *queue {
	q := &queue{each: each, networks: map[string]*entrance{}}
	if all > 0 {
		q.all = make(chan struct{}, all)
	}
	return q
}

// enter waits for a turn. It fails if ctx ends first.
func (q *queue) enter(ctx context.Context, network string) (leave func(), err error) {
	e := q.at(network)
	free := []chan struct{}{e.turn}
	if q.all != nil {
		free = append(free, q.all)
	}
	leave = func() {
		for _, place := range free {
			<-place
		}
		q.gone(network, e)
	}
	for i, place := range free {
		select {
		case place <- struct{}{}:
		case <-ctx.Done():
			free = free[:i]
			leave()
			return nil, ctx.Err()
		}
	}
	return leave, nil
}

func (q *queue) at(network string) *entrance {
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.networks[network]
	if e == nil {
		e = &entrance{turn: make(chan struct{}, q.each)}
		q.networks[network] = e
	}
	e.users++
	return e
}

func (q *queue) gone(network string, e *entrance) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.users--; e.users == 0 {
		delete(q.networks, network)
	}
}

// inTurn runs a transaction of somebody who is signing in, one at a time for each network.
// They change the same row, the limit of the network, so they would wait for each other
// anyway, each holding a connection. Do not nest it.
func (s *Service) inTurn(system context.Context, fn func(ctx context.Context, client *db.Client) error) error {
	leave, err := s.entering.enter(system, viewer.OriginOf(system).Network())
	if err != nil {
		return err
	}
	defer leave()
	return s.db.InTx(system, fn)
}

// try waits a little until an attempt with a password can start. While it waits, it takes
// nothing from the limits.
func (s *Service) try(system context.Context, account string) (leave func(), err error) {
	patient, cancel := context.WithTimeout(system, tryingPatience)
	defer cancel()
	network := viewer.OriginOf(system).Network()
	leaveOne, err := s.tryingOne.enter(patient, mark("trying", account, network, s.device(system, account)))
	if err == nil {
		var leaveAll func()
		if leaveAll, err = s.trying.enter(patient, network); err == nil {
			return func() { leaveAll(); leaveOne() }, nil
		}
		leaveOne()
	}
	if system.Err() == nil {
		return nil, passwd.ErrBusy
	}
	return nil, err
}
