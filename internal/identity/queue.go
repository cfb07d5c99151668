package identity

import (
	"context"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// maxEntering is how many transactions of people who are signing in run at a time
	// on one server. It is a part of the connections to the database: a flood of
	// attempts leaves the others to those who have signed in.
	maxEntering = 8
	// maxTrying is how many attempts of one network are on their way on one server. An
	// attempt takes from the limits when it begins and gives back when it was right;
	// were more of a school on their way than the limit of a network lets through, it
	// would refuse right passwords.
	maxTrying = 32
	// tryingPatience is how long an attempt waits for those before it; whoever comes
	// later is better told at once than served after the browser has given up.
	tryingPatience = 15 * time.Second
)

// queue lets those in who are signing in: a few of one network, and of all networks
// not many more. Networks take turns, so that a long queue of one keeps nobody else
// waiting; of one network, whoever comes first is first.
type queue struct {
	each int
	// all is nil where only each network is bounded.
	all chan struct{}

	mu       sync.Mutex
	networks map[string]*entrance
}

// entrance is where those of one network wait.
type entrance struct {
	turn chan struct{}
	// users are those who are in or wait.
	users int
}

// newQueue returns a queue; all is 0 where only each network is bounded.
func newQueue(each, all int) *queue {
	q := &queue{each: each, networks: map[string]*entrance{}}
	if all > 0 {
		q.all = make(chan struct{}, all)
	}
	return q
}

// enter waits for a turn. It fails where ctx ends first.
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

// inTurn runs a transaction of somebody who is signing in, or is about to, in the
// turn of the network: one after the other, because they change the same row, that of
// the limit of the network. They would wait for each other in any case, and each would
// hold a connection meanwhile. It must not be called inside of itself.
func (s *Service) inTurn(system context.Context, fn func(ctx context.Context, client *db.Client) error) error {
	leave, err := s.entering.enter(system, viewer.OriginOf(system).Network())
	if err != nil {
		return err
	}
	defer leave()
	return s.db.InTx(system, fn)
}

// try waits until an attempt with a password can begin, but not for long. It takes
// nothing from the limits meanwhile.
func (s *Service) try(system context.Context) (leave func(), err error) {
	patient, cancel := context.WithTimeout(system, tryingPatience)
	defer cancel()
	leave, err = s.trying.enter(patient, viewer.OriginOf(system).Network())
	if err != nil && system.Err() == nil {
		return nil, errBusy
	}
	return leave, err
}
