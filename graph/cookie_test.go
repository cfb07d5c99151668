package graph_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestASessionIsTakenFromItsOwnCookie sends the token of a session in cookies that this
// server may have set, and in those that somebody else could.
func TestASessionIsTakenFromItsOwnCookie(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		session, err := s.identity.SignIn(t.Context(), s.NorthAdmin.Email, password)
		if err != nil {
			t.Fatal(err)
		}
		token := testlog.Secret(session.Token)
		const plain, host = "homeroom_session", "__Host-homeroom_session"
		for _, c := range []struct {
			name        string
			secure, tls bool
			in          bool
		}{
			{plain, false, false, true}, {host, false, false, false},
			{plain, true, false, false}, {host, true, false, true},
			{plain, false, true, false}, {host, false, true, true},
		} {
			var seen *viewer.Viewer
			handler := graph.Authenticate(s.identity, c.secure, testlog.New(t),
				http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = viewer.FromContext(r.Context()) }))
			r := httptest.NewRequest(http.MethodPost, "http://homeroom.test/graphql", nil)
			if c.tls {
				r = httptest.NewRequest(http.MethodPost, "https://homeroom.test/graphql", nil)
			}
			r.AddCookie(&http.Cookie{Name: c.name, Value: token})
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if (seen != nil) != c.in {
				t.Errorf("%+v: %+v", c, seen)
			}
		}
		for secure, name := range map[bool]string{false: plain, true: host} {
			w := httptest.NewRecorder()
			graph.SetSession(w, secure, token, time.Now().Add(time.Hour))
			set := w.Result().Cookies()
			if len(set) != 1 || set[0].Name != name || set[0].Secure != secure || set[0].Path != "/" || set[0].Domain != "" ||
				!set[0].HttpOnly {
				t.Errorf("%v", set)
			}
		}
	})
}
