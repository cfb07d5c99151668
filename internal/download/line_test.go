package download_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
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
	// turns are those that the file has now, and taken those that it has had.
	turns, taken atomic.Int64
	t            *testing.T
}

type slowKey struct{}

func (s *slow) Write(p []byte) (int, error) {
	if s.turns.Load() != 0 {
		s.t.Error("while a client is waited for, a turn is taken")
	}
	if s.has.CompareAndSwap(false, true) {
		close(s.begun)
	}
	<-s.accept
	return s.ResponseRecorder.Write(p)
}

// TestDownloadsAreFew begins more downloads than there may be at a time.
func TestDownloadsAreFew(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for range 150 {
			w.Student(t, w.North, "Ada", "Lovelace", 600)
		}
		now := func() time.Time { return fixture.Today }
		s := newDownloads(t, d, now, download.Options{Each: 2, All: 3,
			Turn: func(ctx context.Context) (func(), error) {
				c, ours := ctx.Value(slowKey{}).(*slow)
				if !ours {
					return func() {}, nil
				}
				c.turns.Add(1)
				c.taken.Add(1)
				return func() { c.turns.Add(-1) }, nil
			}})
		address := func(who *db.Educator) string { return s.UnassignedURL(signedIn(t, w, who), w.Alpha.ID) }
		other := w.Educator(t, w.Alpha, "Olga Other", "DISTRICT_ADMIN", w.Alpha)
		third := w.Educator(t, w.Alpha, "Zoltan Third", "DISTRICT_ADMIN", w.Alpha)
		ended := make(chan *slow, 10)
		begin := func(who *db.Educator) *slow {
			c := &slow{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), accept: make(chan struct{}), t: t}
			request := httptest.NewRequestWithContext(context.WithValue(t.Context(), slowKey{}, c), http.MethodGet,
				address(who), nil)
			go func() {
				s.ServeHTTP(c, request)
				ended <- c
			}()
			return c
		}
		// Whoever does not want to wait is told at once.
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
		running := []*slow{begin(w.DistrictAdmin), begin(w.DistrictAdmin), begin(other)}
		for _, c := range running {
			<-c.begun
		}
		must(refused(w.DistrictAdmin), http.StatusTooManyRequests)
		must(refused(third), http.StatusServiceUnavailable)
		full := func(got *slow) {
			t.Helper()
			if got.Code != http.StatusOK || strings.Count(got.Body.String(), "Lovelace") != 150 || got.turns.Load() != 0 ||
				got.taken.Load() < 1 {
				t.Errorf("got %d with %d turns, of which %d have not ended", got.Code, got.taken.Load(), got.turns.Load())
			}
		}
		// One that waits gets its turn when another one has ended.
		waiting := begin(w.DistrictAdmin)
		close(waiting.accept)
		for _, c := range running {
			close(c.accept)
			full(<-ended)
		}
		full(<-ended)
	})
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
		long := strings.Repeat("Long", 25)
		for from := range 8 {
			w.Client().Student.MapCreateBulk(make([]int, 500), func(c *db.StudentCreate, i int) {
				id := fmt.Sprint(1000*from + i)
				c.SetDistrictID(w.Alpha.ID).SetOrganizationID(w.South.ID).SetExternalID("x" + id).SetUsername("user" + id).
					SetUsernameKey("user" + id).
					SetFirstName(long).SetLastName(long).SetSortName("x").SetGrade(7).SetUngrouped(1).SetActive(1).
					SetSecondsThisYear(600)
			}).ExecX(fixture.System())
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
			today := fixture.Today
			now := func() time.Time { return today }
			s := newDownloads(t, d, now, download.Options{})
			c := &crawling{httptest.NewRecorder(), func(bytes int) { today = today.Add(test.takes(bytes)) }}
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
