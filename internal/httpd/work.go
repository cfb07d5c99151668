package httpd

import (
	"net/http"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// What requests may hold that are being answered, in bytes. A header that is whole stays
// until its request is answered, and that is for as long as the client may take to read.
const (
	// strangersEach is for one network, strangersAll for all of whom nobody has found out
	// who they are.
	strangersEach = 16 << 20
	strangersAll  = 128 << 20
	// callersEach is for somebody who has signed in, callersAll for all of them, of which
	// a district has half where there are others. Half of it is enough for all
	// subscriptions that there may be.
	callersEach = 8 << 20
	callersAll  = 384 << 20
	// healthEach and healthAll are for those who ask whether the server is well.
	healthEach = 256 << 10
	healthAll  = 2 << 20
	// refusedEach and refusedAll are for those who are told that there is no room.
	refusedEach = 256 << 10
	refusedAll  = 2 << 20
	// leastWork is what an answer over HTTP/2 takes by itself: a connection has hundreds
	// of them. Over HTTP/1 it has one, and connections are bounded.
	leastWork = 16 << 10
	// headerWork is what a line of a header takes beside its text.
	headerWork = 64
)

const (
	// refusedPatience is how long somebody may take to read that there is no room.
	refusedPatience = 2 * time.Second
	// crowdedSeconds is when to try again.
	crowdedSeconds = "5"
	// crowdedEvery is how often the log says that requests were refused or cut off.
	crowdedEvery = 10 * time.Second
)

// The keys of the groups that share what requests may hold.
type (
	networkKey string
	healthKey  string
	refusedKey string
	callerKey  struct{ educator, key int }
	districtID int
	allOf      string
)

// enter has a request take what it holds until it is answered. Where its network, or all,
// hold too much, the one makes room that has been waiting for its client for longest.
func (s *Server) enter(a *answer, r *http.Request) error {
	network := viewer.OriginOf(r.Context()).Network()
	levels := []allowance.Level{
		{Key: networkKey(network), Most: strangersEach}, {Key: allOf("strangers"), Most: strangersAll}}
	if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		levels = []allowance.Level{
			{Key: healthKey(network), Most: healthEach}, {Key: allOf("health"), Most: healthAll}}
	}
	a.holds(s.work, func() { s.crowded.note(r, "cut off") }, levels...)
	return a.work.Claim(workOf(r))
}

// told counts a request to who has sent it, as long as it is not answered.
func (a *answer) told(v *viewer.Viewer) error {
	who := callerKey{educator: v.EducatorID}
	if v.Key != nil {
		who.key = v.Key.ID
	}
	if who == (callerKey{}) {
		return nil
	}
	return a.work.Move(
		allowance.Level{Key: who, Most: callersEach},
		allowance.Level{Key: districtID(v.District()), Most: callersAll / 2, Alone: callersAll},
		allowance.Level{Key: allOf("callers"), Most: callersAll})
}

// workOf is what a request takes in memory, about.
func workOf(r *http.Request) int64 {
	var size int64
	if r.ProtoMajor > 1 {
		size = leastWork
	}
	size += int64(len(r.RequestURI))
	for name, values := range r.Header {
		for _, v := range values {
			size += int64(len(name) + len(v) + headerWork)
		}
	}
	return size
}

// refuse tells that there is no room. The answer needs some itself; where there is none
// of that either, the request is cut off.
func (s *Server) refuse(a *answer, r *http.Request) {
	s.crowded.note(r, "refused")
	network := viewer.OriginOf(r.Context()).Network()
	a.patience = refusedPatience
	a.holds(s.work, nil,
		allowance.Level{Key: refusedKey(network), Most: refusedEach},
		allowance.Level{Key: allOf("refused"), Most: refusedAll})
	defer a.work.Leave()
	if a.work.Take(workOf(r)) != nil {
		panic(http.ErrAbortHandler)
	}
	harden(a.Header(), a.requestID)
	a.Header().Set("Retry-After", crowdedSeconds)
	a.Header().Set("Connection", "close")
	a.fail(http.StatusServiceUnavailable, "UNAVAILABLE", "the server is busy with other requests; try again in a moment")
	a.finish()
}

// crowd counts the requests that found no room, or made it, for the log.
type crowd struct {
	log func(r *http.Request, counts map[string]int)

	mu     sync.Mutex
	counts map[string]int
	logged time.Time
}

// note counts a request, and logs how many there have been, once in a while.
func (c *crowd) note(r *http.Request, what string) {
	c.mu.Lock()
	c.counts[what]++
	if time.Since(c.logged) < crowdedEvery {
		c.mu.Unlock()
		return
	}
	counts := c.counts
	c.counts, c.logged = map[string]int{}, time.Now()
	c.mu.Unlock()
	c.log(r, counts)
}
