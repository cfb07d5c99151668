package download_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/download"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestADatabaseThatHangsKeepsNoDownload says that a file whose first byte does not come
// is refused as what passes.
func TestADatabaseThatHangsKeepsNoDownload(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		w.Student(t, w.North, "Ada", "Lovelace", 600)
		log := slog.New(slog.DiscardHandler)
		clock := func() time.Time { return fixture.Today }
		owner := signedIn(t, w, w.NorthAdmin)
		hangs := false
		usages := usage.New(d, clock, log)
		s, err := download.New(
			download.Options{
				Secret:    []byte("a secret of the tests, 32 bytes."),
				PublicURL: "https://homeroom.test",
				Notify:    notify.New(d, usages, log),
				Export:    export.New(d, roster.New(d, roster.Options{Now: clock, Log: log}), usages),
				Audit:     audit.New(d, clock, log),
				SessionViewer: func(ctx context.Context, _ int) (*viewer.Viewer, error) {
					if hangs {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					return viewer.FromContext(owner), nil
				},
				Patience: 200 * time.Millisecond,
				Now:      clock,
				Log:      log,
			})
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(s.UnassignedURL(owner, w.North.ID), "https://homeroom.test")
		refused := func(t *testing.T) {
			t.Helper()
			r := httptest.NewRecorder()
			s.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
			if r.Code != http.StatusServiceUnavailable || r.Header().Get("Retry-After") != "5" ||
				strings.Contains(r.Body.String(), "Ada") {
				t.Errorf("got %d %v %s", r.Code, r.Header(), r.Body)
			}
		}
		t.Run("while the owner is looked up", func(t *testing.T) {
			hangs = true
			defer func() { hangs = false }()
			refused(t)
		})
		t.Run("while the file is read", func(t *testing.T) {
			if d.Kind() == database.SQLite {
				return // it has no reads that wait
			}
			free := dbtest.Block(t, d, "students")
			defer free()
			refused(t)
		})
		t.Run("and afterwards it is there", func(t *testing.T) {
			r := httptest.NewRecorder()
			s.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
			if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "Ada") {
				t.Errorf("got %d %s", r.Code, r.Body)
			}
		})
	})
}
