package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// soon has every session looked up again, however short ago that was done.
func soon(l *graph.Limits) { l.SessionAge, l.OperationWait = time.Nanosecond, time.Minute }

// heldBack is a body whose first byte comes only after something was done. The caller has
// been looked up by then.
type heldBack struct {
	io.Reader
	meanwhile func()
	once      sync.Once
}

func (h *heldBack) Read(p []byte) (int, error) {
	h.once.Do(h.meanwhile)
	return h.Reader.Read(p)
}

// hold sends an operation whose body comes when something has been done.
func (s *server) hold(t testing.TB, token, media, accept string, body io.Reader, meanwhile func()) string {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql",
		&heldBack{Reader: body, meanwhile: meanwhile})
	req.Header.Set("Content-Type", media)
	req.Header.Set("Accept", accept)
	req.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.endpoint.ServeHTTP(w, req)
	noteSecrets(w.Body.String())
	return w.Body.String()
}

// heldBackBy are the transports whose requests have a body.
var heldBackBy = map[string]func(operation string) (media, accept string, body io.Reader){
	"JSON": func(operation string) (string, string, io.Reader) {
		return "application/json", resultJSON, strings.NewReader(operation)
	},
	"a stream": func(operation string) (string, string, io.Reader) {
		return "application/json", "text/event-stream", strings.NewReader(operation)
	},
	"a form": func(operation string) (string, string, io.Reader) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("operations", operation)
		_ = form.WriteField("map", `{}`)
		_ = form.Close()
		return form.FormDataContentType(), resultJSON, &body
	},
}

// TestABodyThatIsHeldBackHasNoOldRights ends sessions, or takes roles away, after a
// request has begun and before its body is there.
func TestABodyThatIsHeldBackHasNoOldRights(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d, soon)
		other := s.anotherServer(t)
		operation, _ := json.Marshal(map[string]string{"query": s.names(nil).Replace(`mutation { createServiceKey(input: {
			organizationId: "{{Alpha}}", name: "New", scopes: [USAGE_WRITE], expiresAt: "2026-12-01T00:00:00Z"
		}) { serviceKey { id } userErrors { code } } }`)})
		all := maps.Clone(endings)
		demanded := all["a lost role"]
		demanded.code = "SECOND_FACTOR_SETUP_REQUIRED"
		demanded.end = func(_ testing.TB, s *server, _ *db.Educator) {
			s.Client().Organization.Update().Where(organization.ID(s.Alpha.ID)).
				SetSecondFactorRequired(organization.SecondFactorRequiredALL).ExecX(fixture.System())
		}
		all["a second factor that is asked for"] = demanded
		people := 0
		for name, by := range heldBackBy {
			for what, ending := range all {
				people++
				who := s.Educator(t, s.Alpha, fmt.Sprintf("Held%d Back", people), viewer.DistrictAdmin, s.Alpha)
				s.setPassword(t, who)
				token := s.token(t, who)
				other.tokens.Store(who.ID, token)
				media, accept, body := by(string(operation))
				got := s.hold(t, token, media, accept, body, func() { ending.end(t, other, who) })
				if ending.code == un && !strings.Contains(got, un) || strings.Contains(got, `"id"`) {
					t.Errorf("%s and %s: got %s", name, what, got)
				}
				if what == "a second factor that is asked for" && !strings.Contains(got, ending.code) {
					t.Errorf("%s: got %s", name, got)
				}
				s.Client().Organization.Update().SetSecondFactorRequired(organization.SecondFactorRequiredNONE).
					ExecX(fixture.System())
			}
			s.tokens.Delete(s.NorthAdmin.ID)
			media, accept, schema := by(`{"query":"{ __schema { types { name } } }"}`)
			if got := s.hold(t, s.token(t, s.NorthAdmin), media, accept, schema, func() {
				s.Client().Session.Delete().Where(session.EducatorID(s.NorthAdmin.ID)).ExecX(fixture.System())
			}); !strings.Contains(got, "INTROSPECTION_DISABLED") {
				t.Errorf("%s: whoever has signed out reads the schema: %.200s", name, got)
			}
			id, secret := s.serviceKey(t, s.North, viewer.UsageWrite)
			k, _ := globalid.Key(globalid.ServiceKey, id)
			media, accept, body := by(s.names(nil).Replace(
				`{"query":"mutation { recordUsage(input: {organizationId: \"{{North}}\", events: []}) { accepted } }"}`))
			got := s.hold(t, secret, media, accept, body, func() {
				if _, err := s.identity.RevokeKey(fixture.System(), k); err != nil {
					t.Error(err)
				}
			})
			if !strings.Contains(got, un) {
				t.Errorf("%s and a revoked key: got %s", name, got)
			}
		}
		if n := s.Client().ServiceKey.Query().CountX(fixture.System()); n != len(heldBackBy) {
			t.Errorf("there are %d keys", n)
		}
	})
}

// TestAnEndInTheMiddleOfAMutation checks that a field has the rights of the moment at
// which it begins, even if the field before has signed in somebody else.
func TestAnEndInTheMiddleOfAMutation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d, soon)
		create := ` b: createGroup(input: {organizationId: "{{North}}", name: "New"}) { group { id } }`
		s.token(t, s.NorthAdmin)
		own := s.Client().Session.Query().Where(session.EducatorID(s.NorthAdmin.ID)).OnlyIDX(fixture.System())
		a := s.ask(t, s.NorthAdmin, s.names(nil).Replace(
			`mutation { a: revokeSession(id: "`+globalid.Encode(globalid.Session, own)+`") { revokedIds }`+create+` }`), nil)
		if a.code() != un || len(a.Errors) != 1 || len(a.Errors[0].Path) != 1 || a.Errors[0].Path[0] != "b" {
			t.Errorf("got %+v", a)
		}
		s.tokens.Delete(s.NorthAdmin.ID)
		a = s.ask(t, s.NorthTeacher, s.names(nil).Replace(`mutation { a: signIn(input: {email: "`+s.NorthAdmin.Email+
			`", password: "`+password+`"}) { token }`+create+` }`), nil)
		if a.at("b.group.id") == nil {
			t.Errorf("whoever has just signed in gets %+v", a)
		}
	})
}

// TestAnEndWhileAnOperationWaits ends the session of an operation that waits for another
// one of the same person.
func TestAnEndWhileAnOperationWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d, soon, func(l *graph.Limits) { l.Operations = 1 })
		waiting := s.token(t, s.NorthAdmin)
		s.tokens.Delete(s.NorthAdmin.ID)
		ending := s.token(t, s.NorthAdmin)
		free := dbtest.Block(t, d, "audit_heads")
		var ended sync.WaitGroup
		ask := func(token, query string) (got string) {
			media, accept, body := heldBackBy["JSON"](`{"query":"` + query + `"}`)
			return s.hold(t, token, media, accept, body, func() {})
		}
		ended.Go(func() {
			if got := ask(ending, `mutation { revokeOtherSessions { revokedIds } }`); !strings.Contains(got, "ses_") {
				t.Errorf("got %s", got)
			}
		})
		isAt(t, "identity.(*Service).revoke")
		ended.Go(func() {
			if got := ask(waiting, `{ viewer { educator { email } } }`); !strings.Contains(got, un) {
				t.Errorf("got %s", got)
			}
		})
		isAt(t, "graph/share.(*Gate).Enter")
		free()
		ended.Wait()
	})
}

// isAt waits until an operation of the test, which calls hold, is in a function.
func isAt(t *testing.T, function string) {
	t.Helper()
	stacks := make([]byte, 16<<20)
	for t.Context().Err() == nil {
		for one := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(one, function) && strings.Contains(one, "TestAnEndWhileAnOperationWaits") {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}
