package download_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/download"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestDownload(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		w.Student(t, w.North, "Ada", "Lovelace", 600)
		w.Student(t, w.North, "=cmd()", "Żółć", 600)
		w.Student(t, w.South, "Sam", "South", 600)
		w.Student(t, w.North, "In", "Algebra", 600, w.Algebra)

		log := slog.New(slog.DiscardHandler)
		now := fixture.Today
		clock := func() time.Time { return now }
		people := identity.New(d,
			identity.Options{Hasher: passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1}), Now: clock, Log: log})
		usages := usage.New(d, clock, log)
		students := roster.New(d, roster.Options{Now: clock, Log: log})
		options := download.Options{
			Secret:        []byte("a secret of the tests, 32 bytes."),
			PublicURL:     "https://homeroom.test/",
			Notify:        notify.New(d, usages, log),
			Export:        export.New(d, students, usages),
			Audit:         audit.New(d, clock, log),
			SessionViewer: people.SessionViewer,
			KeyViewer:     people.KeyViewer,
			Now:           clock,
			Log:           log,
		}
		s, err := download.New(options)
		if err != nil {
			t.Fatal(err)
		}
		get := func(address string) *httptest.ResponseRecorder {
			r := httptest.NewRecorder()
			s.ServeHTTP(r, httptest.NewRequest(http.MethodGet, address, nil))
			return r
		}
		address := s.UnassignedURL(signedIn(t, w, w.NorthAdmin), w.North.ID)
		u, err := url.Parse(address)
		if err != nil || u.Host != "homeroom.test" {
			t.Fatalf("%s, %v", address, err)
		}
		path := strings.TrimPrefix(address, "https://homeroom.test")

		t.Run("the file holds exactly the students of the notice, and reads back", func(t *testing.T) {
			r := get(path)
			if r.Code != http.StatusOK || !strings.HasPrefix(r.Header().Get("Content-Type"), "text/csv") ||
				!strings.Contains(r.Header().Get("Content-Disposition"), "attachment") {
				t.Fatalf("%d %v", r.Code, r.Header())
			}
			if kept := r.Header().Get("Cache-Control"); kept != "no-store" {
				t.Errorf("a cache may keep the file: %q", kept)
			}
			entries := w.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.NoticeDownloaded))).
				AllX(fixture.System())
			if len(entries) != 1 || entries[0].OrganizationID != w.North.ID || entries[0].ActorID != w.NorthAdmin.ID {
				t.Errorf("the entries are %v", entries)
			}
			format, err := csvfile.Inspect(strings.NewReader(r.Body.String()), csvfile.Limits{})
			if err != nil || format.Rows != 2 || format.Encoding != csvfile.UTF8BOM {
				t.Fatalf("%+v, %v", format, err)
			}
			want := "Database ID,Student ID,First Name,Last " +
				"Name,Username,Password,Grade,School,Classes/Groups,Minutes,Last Active"
			if got := strings.Join(format.Header, ","); got != want {
				t.Errorf("header %s; want %s", got, want)
			}
			if !strings.Contains(r.Body.String(), ",'=cmd(),Żółć,") {
				t.Errorf("a formula was not guarded:\n%s", r.Body.String())
			}
		})
		t.Run("an address ends with the secret key, also where the old one is known", func(t *testing.T) {
			filtered, err := s.StudentsURL(signedIn(t, w, w.NorthAdmin), w.North.ID, roster.StudentFilter{Search: "Ada"})
			if err != nil {
				t.Fatal(err)
			}
			for want, old := range map[int][][]byte{http.StatusNotFound: nil,
				http.StatusGone: {[]byte("a key of long ago, of 32 bytes.."), options.Secret}} {
				rotated := options
				rotated.Secret, rotated.OldSecrets = []byte("the next secret, of 32 bytes too"), old
				next, err := download.New(rotated)
				if err != nil {
					t.Fatal(err)
				}
				// Whoever has the old key can create addresses with it at any time.
				for _, address := range []string{path, strings.TrimPrefix(filtered, "https://homeroom.test")} {
					r := httptest.NewRecorder()
					next.ServeHTTP(r, httptest.NewRequest(http.MethodGet, address, nil))
					if r.Code != want || strings.Contains(r.Body.String(), "Lovelace") {
						t.Errorf("with %d old keys: %d, want %d", len(old), r.Code, want)
					}
				}
				for _, given := range []string{next.UnassignedURL(signedIn(t, w, w.NorthAdmin), w.North.ID),
					mustURL(next.StudentsURL(signedIn(t, w, w.NorthAdmin), w.North.ID, roster.StudentFilter{Search: "Ada"}))} {
					address := strings.TrimPrefix(given, "https://homeroom.test")
					r := httptest.NewRecorder()
					if next.ServeHTTP(r, httptest.NewRequest(http.MethodGet, address, nil)); r.Code != http.StatusOK {
						t.Errorf("an address of the new key: %d", r.Code)
					}
					if r := get(address); r.Code != http.StatusNotFound {
						t.Errorf("an address of the new key, where only the old one is known: %d", r.Code)
					}
				}
			}
		})
		t.Run("without a public address an address is relative", func(t *testing.T) {
			relative := options
			relative.PublicURL = ""
			s, err := download.New(relative)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.UnassignedURL(w.As(t, w.NorthAdmin), w.North.ID); !strings.HasPrefix(got, download.Path) {
				t.Errorf("%s", got)
			}
		})
		t.Run("an address that was changed is none", func(t *testing.T) {
			for name, value := range map[string]string{
				"organization": globalid.Encode(globalid.Organization, w.South.ID),
				"session":      globalid.Encode(globalid.Session, viewer.FromContext(signedIn(t, w, w.DistrictAdmin)).SessionID),
				"expires":      "99999999999", "signature": "x",
			} {
				q := u.Query()
				q.Set(name, value)
				if r := get(u.Path + "?" + q.Encode()); r.Code != http.StatusNotFound {
					t.Errorf("%s: %d", name, r.Code)
				}
			}
			if r := get("/downloads/other.csv?" + u.RawQuery); r.Code != http.StatusNotFound {
				t.Errorf("another path: %d", r.Code)
			}
		})
		t.Run("an address is worth what its educator may see now", func(t *testing.T) {
			for who, e := range map[string]*db.Educator{
				"administrator of another school": w.SouthAdmin,
				"teacher":                         w.NorthTeacher,
				"another district":                w.BetaAdmin,
			} {
				r := get(strings.TrimPrefix(s.UnassignedURL(signedIn(t, w, e), w.North.ID), "https://homeroom.test"))
				if r.Code != http.StatusNotFound || strings.Contains(r.Body.String(), "Lovelace") {
					t.Errorf("%s: %d", who, r.Code)
				}
			}
			w.NorthAdmin.Update().SetDisabled(1).ExecX(fixture.System())
			if r := get(path); r.Code != http.StatusNotFound {
				t.Errorf("disabled account: %d", r.Code)
			}
			w.NorthAdmin.Update().SetDisabled(0).ExecX(fixture.System())
		})
		t.Run("an address waits while a second factor is to be set up", func(t *testing.T) {
			w.Client().Organization.UpdateOneID(w.North.ID).SetSecondFactorRequired(organization.SecondFactorRequiredALL).
				ExecX(fixture.System())
			if r := get(path); r.Code != http.StatusNotFound || strings.Contains(r.Body.String(), "Lovelace") {
				t.Errorf("%d %s", r.Code, r.Body)
			}
			w.Client().Organization.UpdateOneID(w.North.ID).ClearSecondFactorRequired().ExecX(fixture.System())
			if r := get(path); r.Code != http.StatusOK {
				t.Errorf("when it is required no more: %d", r.Code)
			}
		})
		t.Run("an address ends with its session, and without one there is none", func(t *testing.T) {
			for what, end := range map[string]func(session int){
				"signed out": func(session int) { w.Client().Session.DeleteOneID(session).ExecX(fixture.System()) },
				"expired":    func(session int) { w.Client().Session.UpdateOneID(session).SetExpiresAt(now).ExecX(fixture.System()) },
				"idle": func(session int) {
					w.Client().Session.UpdateOneID(session).SetLastUsedAt(now.Add(-3 * time.Hour)).ExecX(fixture.System())
				},
			} {
				ctx := signedIn(t, w, w.NorthAdmin)
				address := strings.TrimPrefix(s.UnassignedURL(ctx, w.North.ID), "https://homeroom.test")
				if r := get(address); r.Code != http.StatusOK {
					t.Fatalf("%s: before its end %d", what, r.Code)
				}
				end(viewer.FromContext(ctx).SessionID)
				if r := get(address); r.Code != http.StatusNotFound {
					t.Errorf("%s: %d", what, r.Code)
				}
			}
			if r := get(strings.TrimPrefix(s.UnassignedURL(w.As(t, w.NorthAdmin), w.North.ID),
				"https://homeroom.test")); r.Code != http.StatusNotFound {
				t.Errorf("no session: %d", r.Code)
			}
		})
		t.Run("an address expires", func(t *testing.T) {
			now = now.Add(download.Lifetime + time.Second)
			defer func() { now = fixture.Today }()
			if r := get(path); r.Code != http.StatusGone {
				t.Errorf("%d; want %d", r.Code, http.StatusGone)
			}
		})
		t.Run("the students of a filter, which the address does not tell", func(t *testing.T) {
			north := signedIn(t, w, w.NorthAdmin)
			address, err := s.StudentsURL(north, w.North.ID, roster.StudentFilter{Search: "lovelace"})
			if err != nil || strings.Contains(address, "lovelace") {
				t.Fatalf("%s, %v", address, err)
			}
			path := strings.TrimPrefix(address, "https://homeroom.test")
			r := get(path)
			if r.Code != http.StatusOK ||
				!strings.Contains(r.Header().Get("Content-Disposition"), `filename="students-2026-11-18.csv"`) {
				t.Fatalf("%d %v", r.Code, r.Header())
			}
			if n := strings.Count(r.Body.String(), "\n"); n != 2 || !strings.Contains(r.Body.String(), "Lovelace") {
				t.Errorf("%d lines:\n%s", n, r.Body.String())
			}
			other, err := s.StudentsURL(north, w.North.ID, roster.StudentFilter{})
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(address)
			o, _ := url.Parse(other)
			q := u.Query()
			q.Set("filter", o.Query().Get("filter"))
			if r := get(u.Path + "?" + q.Encode()); r.Code != http.StatusNotFound {
				t.Errorf("the filter of another address: %d", r.Code)
			}
			if r := get("/downloads/unassigned-active-students.csv?" + u.RawQuery); r.Code != http.StatusNotFound {
				t.Errorf("the path of another file: %d", r.Code)
			}
			w.NorthAdmin.Update().SetDisabled(1).ExecX(fixture.System())
			defer w.NorthAdmin.Update().SetDisabled(0).ExecX(fixture.System())
			if r := get(path); r.Code != http.StatusNotFound {
				t.Errorf("disabled account: %d", r.Code)
			}
		})
		t.Run("no address is made for what would be refused", func(t *testing.T) {
			many := roster.StudentFilter{ProductCodes: slices.Repeat([]string{"MATH"}, 1000)}
			for who, c := range map[*db.Educator]struct {
				f    roster.StudentFilter
				kind fault.Kind
			}{w.NorthTeacher: {kind: fault.Forbidden}, w.SouthAdmin: {kind: fault.NotFound}, w.NorthAdmin: {many, fault.Invalid},
				w.DistrictAdmin: {roster.StudentFilter{Search: "a b c d e f g h i"}, fault.Invalid}} {
				if address, err := s.StudentsURL(w.As(t, who), w.North.ID, c.f); fault.KindOf(err) != c.kind {
					t.Errorf("%s: %q, %v", who.FirstName, address, err)
				}
			}
		})
		t.Run("programs with a service key get no list of students", func(t *testing.T) {
			key, _, err := people.CreateKey(fixture.System(),
				identity.NewKey{
					Name:           "Program",
					OrganizationID: w.Alpha.ID,
					Scopes:         viewer.Scopes(),
					ExpiresAt:      now.Add(time.Hour),
				})
			if err != nil {
				t.Fatal(err)
			}
			v, err := people.KeyViewer(context.Background(), key.ID)
			if err != nil {
				t.Fatal(err)
			}
			address := s.UnassignedURL(viewer.NewContext(context.Background(), v), w.North.ID)
			if !strings.Contains(address, "key=") || strings.Contains(address, "session=") {
				t.Errorf("%s", address)
			}
			if r := get(strings.TrimPrefix(address, "https://homeroom.test")); r.Code != http.StatusNotFound {
				t.Errorf("%d", r.Code)
			}
		})
		t.Run("nothing is written through it", func(t *testing.T) {
			r := httptest.NewRecorder()
			s.ServeHTTP(r, httptest.NewRequest(http.MethodPost, path, nil))
			if r.Code != http.StatusMethodNotAllowed {
				t.Errorf("%d", r.Code)
			}
		})
	})
}

// signedIn returns a context with a session of an educator.
func signedIn(t *testing.T, w *fixture.World, e *db.Educator) context.Context {
	t.Helper()
	session := w.Client().Session.Create().SetEducatorID(e.ID).SetTokenHash(rand.Text()).SetCreatedAt(fixture.Today).
		SetLastUsedAt(fixture.Today).SetExpiresAt(fixture.Today.Add(time.Hour)).SaveX(fixture.System())
	v := *viewer.FromContext(w.As(t, e))
	v.SessionID = session.ID
	return viewer.NewContext(context.Background(), &v)
}

func mustURL(address string, err error) string {
	if err != nil {
		panic(err)
	}
	return address
}
