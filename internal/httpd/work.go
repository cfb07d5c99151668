package httpd

import (
	"net/http"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// How many bytes requests may hold until they are answered. A complete header stays in
// memory until its request is answered, and a client may take long to read the answer.
const (
	// strangersEach is for one network, strangersAll for all callers who are not
	// identified.
	strangersEach = 16 << 20
	strangersAll  = 128 << 20
	// callersEach is for one caller who has signed in, and callersAll for all of them; a
	// district gets half of that if there are other districts. Half is enough for all
	// subscriptions that are allowed.
	callersEach = 8 << 20
	callersAll  = 384 << 20
	// healthEach and healthAll are for health checks.
	healthEach = 256 << 10
	healthAll  = 2 << 20
	// refusedEach and refusedAll are for telling clients that there is no room.
	refusedEach = 256 << 10
	refusedAll  = 2 << 20
	// leastWork is what any answer over HTTP/2 takes: a connection has hundreds of them.
	// Over HTTP/1 it has only one, and connections are limited.
	leastWork = 16 << 10
	// headerWork is what a header line takes in addition to its text.
	headerWork = 64
)

const (
	// refusedPatience is how long a client may take to read that there is no room.
	refusedPatience = 2 * time.Second
	// crowdedSeconds is after how many seconds to try again.
	crowdedSeconds = "5"
	// crowdedEvery is how often the log says that requests were refused or cut off.
	crowdedEvery = 10 * time.Second
)

// The keys of the groups that share the memory for requests.
type (
	networkKey string
	healthKey  string
	refusedKey string
	callerKey  struct{ educator, key int }
	districtID int
	allOf      string
)

// enter counts what a request holds until it is answered. If its network, or all requests
// together, hold too much, the request makes room that has waited for its client for
// longest.
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

// told counts a request to its caller until it is answered, once the caller is known.
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

// workOf returns about how much memory a request takes.
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

// refuse answers that there is no room. This answer needs some room as well; if there is
// none for it either, the request is cut off.
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

// crowd counts the requests that found no room, or that made room, for the log.
type crowd struct {
	log func(r *http.Request, counts map[string]int)

	mu     sync.Mutex
	counts map[string]int
	logged time.Time
}

// note counts a request, and once in a while logs how many there were.
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
