package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// formHead is a form up to the first byte of its file.
func formHead(operations, places string) string {
	part := func(name, more string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"" + more + "\r\n\r\n"
	}
	return part("operations", "") + operations + "\r\n" + part("map", "") + places + "\r\n" +
		part("0", `; filename="a.csv"`)
}

const fileAt = `{"0":["variables.file"]}`

// importing is the operations part of an import.
func (s *server) importing(organization, kind string) string {
	return s.names(nil).Replace(`{"query":"mutation($file: Upload!) { submitBulkImport(input: {organizationId: \"` +
		organization + `\", kind: ` + kind + `, file: $file}) { job { id } userErrors { code } } }","variables":{"file":null}}`)
}

// TestNoFileIsReadThatNobodyTakes sends the beginning of forms and nothing of their files.
// The answer comes all the same.
func TestNoFileIsReadThatNobodyTakes(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	key, _ := s.ask(t, s.NorthAdmin, s.names(nil).Replace(`mutation { r: createServiceKey(input: {organizationId: "{{North}}",
		name: "N", scopes: [USAGE_WRITE], expiresAt: "2027-06-30T00:00:00Z"}) { key } }`), nil).at("r.key").(string)
	variables := `,"variables":{"file":null}}`
	for name, c := range map[string]struct {
		token, operations, want string
	}{
		"a stranger": {"", s.importing("{{North}}", "IMPORT_STUDENTS"), "UNAUTHENTICATED"},
		"no operation": {s.token(t, s.NorthAdmin), `{"query":"this is no operation"` + variables,
			"GRAPHQL_PARSE_FAILED"},
		"an operation that is not valid": {s.token(t, s.NorthAdmin),
			`{"query":"mutation($file: Upload!) { unknown(file: $file) }"` + variables, "GRAPHQL_VALIDATION_FAILED"},
		"an import that is skipped": {s.token(t, s.NorthAdmin), strings.Replace(s.importing("{{North}}", "IMPORT_STUDENTS"),
			"{ submitBulkImport", "{ __typename submitBulkImport", 1), "BAD_REQUEST"},
		"a key that may not import": {key, s.importing("{{North}}", "IMPORT_STUDENTS"), "FORBIDDEN"},
		"a kind that teachers do not import": {s.token(t, s.NorthTeacher), s.importing("{{North}}", "IMPORT_EDUCATORS"),
			`"job":null,"userErrors":[{"code":"FORBIDDEN"`},
		"another district": {s.token(t, s.BetaAdmin), s.importing("{{North}}", "IMPORT_STUDENTS"),
			`"job":null,"userErrors":[{"code":"NOT_FOUND"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operations := c.operations
			if name == "an import that is skipped" {
				operations = strings.Replace(operations, "file: $file})", "file: $file}) @skip(if: true)", 1)
			}
			r := s.beginForm(t, c.token)
			r.write(formHead(operations, fileAt))
			if resp, body := r.status(); !strings.Contains(body, c.want) {
				t.Errorf("got %s %s; want %s", resp.Status, body, c.want)
			}
		})
	}
}

// TestFilesThatArriveAreBounded has callers send files that do not end.
func TestFilesThatArriveAreBounded(t *testing.T) {
	t.Parallel()
	// One caller has 256 KiB, a district 512 KiB and all 1 MiB.
	s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) {
		l.UploadBytes, l.UploadStorage, l.Uploads = 256<<10, 1<<20, 20
	})
	for _, who := range []*db.Educator{s.NorthAdmin, s.SouthAdmin, s.DistrictAdmin, s.BetaAdmin} {
		s.token(t, who)
	}
	s.behind(t)
	begin := func(who *db.Educator, size int) *sending {
		at := "{{North}}"
		switch who {
		case s.SouthAdmin:
			at = "{{South}}"
		case s.BetaAdmin:
			at = "{{Beta}}"
		}
		r := s.beginForm(t, s.token(t, who))
		head := formHead(s.importing(at, "IMPORT_STUDENTS"), fileAt)
		r.write(fmt.Sprintf("%s%s", head, strings.Repeat("x", size)))
		return r
	}
	whole := func(who *db.Educator, size int) (*http.Response, string) {
		r := begin(who, size)
		r.write("\r\n--x--\r\n")
		return r.status()
	}
	full := func(who *db.Educator, size int, what string) {
		t.Helper()
		resp, body := whole(who, size)
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "5" ||
			!strings.Contains(body, `"retryAfterSeconds":5`) || !strings.Contains(body, what) {
			t.Errorf("got %s %s", resp.Status, body)
		}
	}
	served := func(who *db.Educator) {
		t.Helper()
		if resp, body := whole(who, 100); !strings.Contains(body, `"data"`) {
			t.Errorf("got %s %s", resp.Status, body)
		}
	}
	served(s.BetaAdmin)
	// Twice in a row there is no room for half as much: the first half has been stored. A
	// request that asked for room before that was refused itself, and begins again.
	hold := func(who *db.Educator) *sending {
		t.Helper()
		held, refusals := begin(who, 200<<10), 0
		eventually(t, func() bool {
			if held.answered() {
				held, refusals = begin(who, 200<<10), 0
			}
			if _, body := whole(who, 100<<10); strings.Contains(body, "as much room as you have") {
				refusals++
			} else {
				refusals = 0
			}
			return refusals > 1 && !held.answered()
		})
		return held
	}
	held := hold(s.NorthAdmin)
	full(s.NorthAdmin, 100<<10, "as much room as you have")
	served(s.NorthAdmin)
	hold(s.SouthAdmin)
	full(s.DistrictAdmin, 150<<10, "Your district")
	served(s.BetaAdmin)
	// A connection that is aborted gives its room back.
	_ = held.conn.Close()
	eventually(t, func() bool {
		_, body := whole(s.NorthAdmin, 150<<10)
		return strings.Contains(body, `"data"`)
	})
}

// answered reports whether there is an answer, without waiting for one.
func (c *sending) answered() bool {
	_ = c.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.answer.Peek(1)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// beginForm sends the head of a request with a form of no known length.
func (s *server) beginForm(t *testing.T, token string) *sending {
	t.Helper()
	r := s.beginOf(t, "198.51.100.1", token, "multipart/form-data; boundary=x", 0)
	return &sending{r.t, chunking{r.conn}, r.answer}
}

// chunking sends what is written as chunks, as a body of unknown length.
type chunking struct{ net.Conn }

func (c chunking) Write(p []byte) (int, error) {
	if _, err := fmt.Fprintf(c.Conn, "%x\r\n%s\r\n", len(p), p); err != nil {
		return 0, err
	}
	if bytes.HasSuffix(p, []byte("--x--\r\n")) {
		if _, err := io.WriteString(c.Conn, "0\r\n\r\n"); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
