package download_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/download"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// slow is a client that accepts nothing until it is told to.
type slow struct {
	*httptest.ResponseRecorder
	begun, accept chan struct{}
	has           atomic.Bool
	once          sync.Once
}

func newSlow() *slow {
	return &slow{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), accept: make(chan struct{})}
}

func (s *slow) Write(p []byte) (int, error) {
	if s.has.CompareAndSwap(false, true) {
		close(s.begun)
	}
	<-s.accept
	return s.ResponseRecorder.Write(p)
}

// SetWriteDeadline is what http.ResponseController looks for.
func (s *slow) SetWriteDeadline(time.Time) error {
	s.all()
	return nil
}

// all accepts everything from now on.
func (s *slow) all() { s.once.Do(func() { close(s.accept) }) }

// making is a file whose making continues only when it is told to.
type making struct {
	*httptest.ResponseRecorder
	begun, goOn  chan struct{}
	once         sync.Once
	turns, taken atomic.Int64
}

type makingKey struct{}

// TestDownloadsAreFew begins more downloads than there may be at a time.
func TestDownloadsAreFew(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for range 150 {
			w.Student(t, w.North, "Ada", "Lovelace", 600)
		}
		s := newDownloads(t, d, func() time.Time { return fixture.Today }, download.Options{Each: 2, All: 6,
			Turn: func(ctx context.Context) (func(), error) {
				c, ours := ctx.Value(makingKey{}).(*making)
				if !ours {
					return func() {}, nil
				}
				c.turns.Add(1)
				c.taken.Add(1)
				c.once.Do(func() { close(c.begun) })
				<-c.goOn
				return func() { c.turns.Add(-1) }, nil
			}})
		address := func(who *db.Educator) string {
			if who == w.BetaAdmin {
				return s.UnassignedURL(signedIn(t, w, who), w.Beta.ID)
			}
			return s.UnassignedURL(signedIn(t, w, who), w.Alpha.ID)
		}
		other := w.Educator(t, w.Alpha, "Olga Other", "DISTRICT_ADMIN", w.Alpha)
		third := w.Educator(t, w.Alpha, "Zoltan Third", "DISTRICT_ADMIN", w.Alpha)
		ended := make(chan *making, 10)
		begin := func(who *db.Educator) *making {
			c := &making{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), goOn: make(chan struct{})}
			request := httptest.NewRequestWithContext(context.WithValue(t.Context(), makingKey{}, c), http.MethodGet,
				address(who), nil)
			go func() {
				s.ServeHTTP(c, request)
				ended <- c
			}()
			return c
		}
		// A caller who does not want to wait is refused at once.
		refused := func(who *db.Educator) *httptest.ResponseRecorder {
			ctx, cancel := context.WithCancel(t.Context())
			r := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, address(who), nil)
			time.AfterFunc(50*time.Millisecond, cancel)
			s.ServeHTTP(r, request)
			return r
		}
		must := func(r *httptest.ResponseRecorder, status int) {
			t.Helper()
			if r.Code != status || r.Header().Get("Retry-After") != "10" ||
				!strings.Contains(r.Body.String(), "open the address again") {
				t.Errorf("got %d %v %s; want %d", r.Code, r.Header(), r.Body, status)
			}
		}
		// As long as a district is alone it has all places but one.
		running := []*making{begin(w.DistrictAdmin), begin(w.DistrictAdmin), begin(other), begin(other), begin(third)}
		for _, c := range running {
			<-c.begun
		}
		must(refused(w.DistrictAdmin), http.StatusTooManyRequests)
		must(refused(third), http.StatusServiceUnavailable)
		// The one that is left is there for another district, from when on each has half.
		beta := begin(w.BetaAdmin)
		<-beta.begun
		full := func(got *making, rows int) {
			t.Helper()
			if got.Code != http.StatusOK || strings.Count(got.Body.String(), "Lovelace") != rows || got.turns.Load() != 0 ||
				got.taken.Load() < 1 {
				t.Errorf("got %d with %d turns, of which %d have not ended", got.Code, got.taken.Load(), got.turns.Load())
			}
		}
		for _, c := range running[3:] {
			close(c.goOn)
			full(<-ended, 150)
		}
		must(refused(third), http.StatusServiceUnavailable)
		// One that waits gets its turn when another one has ended.
		waiting := begin(third)
		close(waiting.goOn)
		for _, c := range running[:3] {
			close(c.goOn)
			full(<-ended, 150)
		}
		full(<-ended, 150)
		close(beta.goOn)
		full(<-ended, 0)
	})
}

// TestWhoReadsSlowlyHoldsNoPlace has more clients read nothing than files may be made.
func TestWhoReadsSlowlyHoldsNoPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for from := range 4 {
			longNames(w, 1000*from)
		}
		// A file is about 500 KiB. A caller has room for two that wait, and all for four.
		s := newDownloads(t, d, func() time.Time { return fixture.Today },
			download.Options{Each: 1, All: 2, KeptEach: 1200 << 10, KeptAll: 4 << 20})
		first := w.Educator(t, w.Alpha, "Ann Admin", "DISTRICT_ADMIN", w.Alpha)
		second := w.Educator(t, w.Alpha, "Bob Admin", "DISTRICT_ADMIN", w.Alpha)
		type end struct {
			*slow
			cut bool
		}
		begin := func(who *db.Educator) (*slow, chan end) {
			c, ended := newSlow(), make(chan end, 1)
			t.Cleanup(c.all)
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet,
				s.UnassignedURL(signedIn(t, w, who), w.South.ID), nil)
			go func() {
				defer func() {
					err, _ := recover().(error)
					ended <- end{c, errors.Is(err, http.ErrAbortHandler)}
				}()
				s.ServeHTTP(c, request)
			}()
			<-c.begun
			return c, ended
		}
		served := func(who *db.Educator) {
			t.Helper()
			r := httptest.NewRecorder()
			s.ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet,
				s.UnassignedURL(signedIn(t, w, who), w.South.ID), nil))
			if r.Code != http.StatusOK || r.Body.Len() < 400_000 {
				t.Errorf("got %d with %d bytes", r.Code, r.Body.Len())
			}
		}
		_, oldest := begin(first)
		_, _ = begin(first)
		other, others := begin(second)
		served(w.DistrictAdmin)
		served(first)
		// If a caller has no more room, that caller's file makes room that has waited for
		// longest.
		_, _ = begin(first)
		if e := <-oldest; !e.cut {
			t.Error("the oldest one ended by itself")
		}
		// What another caller's client has not read yet is there.
		other.all()
		if e := <-others; e.cut || e.Code != http.StatusOK || e.Body.Len() < 400_000 {
			t.Errorf("got %d with %d bytes, cut off: %v", e.Code, e.Body.Len(), e.cut)
		}
	})
}

// longNames makes 500 students whose names are long.
func longNames(w *fixture.World, from int) {
	long := strings.Repeat("Long", 25)
	w.Client().Student.MapCreateBulk(make([]int, 500), func(c *db.StudentCreate, i int) {
		id := fmt.Sprint(from + i)
		c.SetDistrictID(w.Alpha.ID).SetOrganizationID(w.South.ID).SetExternalID("x" + id).SetUsername("user" + id).
			SetUsernameKey("user" + id).
			SetFirstName(long).SetLastName(long).SetSortName("x").SetGrade(7).SetUngrouped(1).SetActive(1).
			SetSecondsThisYear(600)
	}).ExecX(fixture.System())
}

// newDownloads is a service over the world of a test.
func newDownloads(t *testing.T, d *database.DB, now func() time.Time, o download.Options) *download.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	people := identity.New(d,
		identity.Options{Hasher: passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1}), Now: now, Log: log})
	usages := usage.New(d, now, log)
	o.Secret, o.Now, o.Log, o.Audit = []byte("a secret of the tests, 32 bytes."), now, log, audit.New(d, now, log)
	o.Notify, o.Export = notify.New(d, usages, log),
		export.New(d, roster.New(d, roster.Options{Now: now, Log: log}), usages)
	o.SessionViewer, o.KeyViewer = people.SessionViewer, people.KeyViewer
	s, err := download.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// crawling is a client that takes long for each piece.
type crawling struct {
	*httptest.ResponseRecorder
	accepting func(bytes int)
}

func (c *crawling) Write(p []byte) (int, error) {
	c.accepting(len(p))
	return c.ResponseRecorder.Write(p)
}

// TestASlowClientIsCutOff has clients accept a small file in some time, and a large one
// at some speed.
func TestASlowClientIsCutOff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for range 20 {
			w.Student(t, w.North, "Ada", "Lovelace", 600)
		}
		for from := range 8 {
			longNames(w, 1000*from)
		}
		piece := func(took time.Duration) func(int) time.Duration { return func(int) time.Duration { return took } }
		each4KiB := func(took time.Duration) func(int) time.Duration {
			return func(bytes int) time.Duration { return took * time.Duration(bytes) / (4 << 10) }
		}
		for _, test := range []struct {
			at    *db.Organization
			takes func(bytes int) time.Duration // For a piece.
			whole bool
		}{
			{w.North, piece(59 * time.Second), true}, {w.North, piece(61 * time.Second), false},
			{w.South, each4KiB(900 * time.Millisecond), true}, {w.South, each4KiB(1100 * time.Millisecond), false},
		} {
			today := &clock{now: fixture.Today}
			s := newDownloads(t, d, today.Now, download.Options{})
			c := &crawling{httptest.NewRecorder(), func(bytes int) { today.Add(test.takes(bytes)) }}
			cut := func() (cut bool) {
				defer func() {
					err, _ := recover().(error)
					cut = errors.Is(err, http.ErrAbortHandler)
				}()
				s.ServeHTTP(c,
					httptest.NewRequest(http.MethodGet, s.UnassignedURL(signedIn(t, w, w.DistrictAdmin), test.at.ID), nil))
				return false
			}()
			if cut == test.whole || test.whole && test.at == w.South && c.Body.Len() < 500_000 {
				t.Errorf("%s at %v for 4 KiB: %d bytes, cut off: %v", test.at.Name, test.takes(4<<10), c.Body.Len(), cut)
			}
		}
	})
}

// clock is one that a client moves while a file is made.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
