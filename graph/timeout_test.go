package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestWhatTakesTooLongIsUnavailable says that an operation whose time is over in the
// middle is answered like one that could not begin.
func TestWhatTakesTooLongIsUnavailable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		free := dbtest.Block(t, d, "sign_in_marks")
		defer free()
		for _, accept := range []string{anyJSON, resultJSON} {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql",
				postBody(`mutation { signIn(input: {email: "a@example.org", password: "`+password+`"}) { token } }`))
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

// TestAFormHasATime says that an operation that comes as a form has an end, with files or
// without.
func TestAFormHasATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d, func(l *graph.Limits) { l.Patience = 200 * time.Millisecond })
		token := s.token(t, s.NorthAdmin)
		free := dbtest.Block(t, d, "audit_heads") // which every change ends with
		defer free()
		for name, query := range map[string]string{
			"without": `{"query":"mutation { createGroup(input: {organizationId: \"{{North}}\", name: \"New\"}) { group { id } userErrors { code } } }"}`,
			"with":    `{"query":"mutation($file: Upload!) { submitBulkImport(input: {organizationId: \"{{North}}\", kind: IMPORT_GROUPS, file: $file}) { job { id } userErrors { code } } }","variables":{"file":null}}`,
		} {
			var file bytes.Buffer
			form := multipart.NewWriter(&file)
			_ = form.WriteField("operations", s.names(nil).Replace(query))
			if name == "with" {
				_ = form.WriteField("map", `{"0":["variables.file"]}`)
				part, _ := form.CreateFormFile("0", "x.csv")
				_, _ = part.Write([]byte("Class Name,School\nSome class,North\n"))
			} else {
				_ = form.WriteField("map", `{}`)
			}
			_ = form.Close()
			if w := s.send(t, token, http.MethodPost, "", form.FormDataContentType(), anyJSON,
				&file); w.status != http.StatusServiceUnavailable || w.code() != "TIMEOUT" {
				t.Errorf("%s a file: got %d %s", name, w.status, w.text)
			}
		}
	})
}
