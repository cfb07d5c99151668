package graph_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"homeroom/ent/db"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
	"homeroom/internal/fixture"
)

// TestWhatTakesTooLongIsUnavailable says that an operation whose time is over in the
// middle is answered like one that could not begin.
func TestWhatTakesTooLongIsUnavailable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		free := block(t, d, "sign_in_marks")
		defer free()
		for _, accept := range []string{anyJSON, resultJSON} {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", postBody(`mutation { signIn(input: {email: "a@example.org", password: "`+password+`"}) { token } }`))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			s.endpoint.ServeHTTP(w, req)
			var a answer
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
			if w.Code != http.StatusServiceUnavailable || a.code() != "TIMEOUT" || a.Data != nil {
				t.Errorf("%s: got %d %s", accept, w.Code, w.Body)
			}
		}
	})
}

// block keeps others from writing a table until the returned function is called.
func block(t *testing.T, d *database.DB, table string) (free func()) {
	t.Helper()
	held, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
			if d.Kind() == database.MySQL {
				if _, err := client.ExecContext(ctx, "LOCK TABLES "+table+" WRITE"); err != nil {
					return err
				}
				defer func() { _, _ = client.ExecContext(ctx, "UNLOCK TABLES") }()
			}
			close(held)
			<-end
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-held
	return func() { close(end); <-ended }
}
