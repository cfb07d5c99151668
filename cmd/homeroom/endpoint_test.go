package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/httpd"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// endpointCallers is the order of the columns below. All but the first send a
// bearer token.
var endpointCallers = []string{
	"nobody", "teacher", "school admin", "district admin", "other district's admin", "service key", "disabled account",
	"expired session", "no token at all",
}

// endpoint says what each caller gets at an address: a status, and for pages a
// word of what they show.
type endpoint struct {
	pattern, method, path, body string
	columns                     [9]string
}

const (
	viewerQuery = `{"query": "{ viewer { educator { id } } }"}`
	signedOut   = "401 UNAUTHENTICATED"
)

// everybody gets the same.
func everybody(what string) (columns [9]string) {
	for i := range columns {
		columns[i] = what
	}
	return columns
}

var endpoints = []endpoint{
	{"/{$}", "GET", "/", "", everybody("200")},
	{"/healthz", "GET", "/healthz", "", everybody("200")},
	{"/readyz", "GET", "/readyz", "", everybody("200")},
	{"/", "GET", "/nothing/here", "", everybody("404 NOT_FOUND")},
	{"/", "GET", "/students", "", everybody("200")},
	{"/", "POST", "/students", "", everybody("405")},
	{"/account/set-password", "GET", "/account/set-password", "", everybody("200")},
	{"/account/security", "GET", "/account/security", "", [9]string{"200 sign-in", "200", "200", "200", "200", "200 sign-in", "200 sign-in", "200 sign-in", "200 sign-in"}},
	{"/account/sso/", "GET", "/account/sso/unknown/start", "", everybody("404")},
	{"/graphql", "POST", "/graphql", viewerQuery, [9]string{signedOut, "200", "200", "200", "200", "400 FORBIDDEN", signedOut, signedOut, signedOut}},
	{"/graphql", "GET", "/graphql?query=%7Bviewer%7Beducator%7Bid%7D%7D%7D", "", [9]string{signedOut, "200", "200", "200", "200", "400 FORBIDDEN", signedOut, signedOut, signedOut}},
	{"/graphiql", "GET", "/graphiql", "", [9]string{"200 sign-in", "403", "200 workbench", "200 workbench", "200 workbench", "403", "200 sign-in", "200 sign-in", "200 sign-in"}},
	{"/graphiql/", "GET", "/graphiql/nothing.js", "", everybody("404")},
	{"/downloads/", "GET", "/downloads/nothing.csv", "", everybody("404")},
	{"/downloads/", "GET", "{{csv}}", "", everybody("200")},
	{"/downloads/", "GET", "{{forged}}", "", everybody("404")},
	{"/downloads/", "GET", "{{rows of a program}}", "", everybody("200")},
	{"/downloads/", "GET", "{{rows of another program}}", "", everybody("404")},
	{"/downloads/", "GET", "{{rows of an ended key}}", "", everybody("404")},
	{"/downloads/", "POST", "{{csv}}", "", everybody("405")},
}

// TestEveryEndpointForEveryCaller fills the cells of address × caller on a real
// server, on both kinds of database.
func TestEveryEndpointForEveryCaller(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "300")
		in.run("seed", "--students", "300", "--add")
		s := in.start("serve", "--log-level", "warn")
		admin := signIn(t, s.address, "district@example.com", "homeroom")
		tokens := map[string]string{
			"nobody": "", "no token at all": "nonsense",
			"teacher":                signIn(t, s.address, "teacher@example.com", "homeroom").token,
			"school admin":           signIn(t, s.address, "school@example.com", "homeroom").token,
			"district admin":         admin.token,
			"other district's admin": signIn(t, s.address, "district@d3.example.com", "homeroom").token,
			"service key":            in.newKey(everyScope),
			"disabled account":       signIn(t, s.address, "teacher@d3.example.com", "homeroom").token,
			"expired session":        signIn(t, s.address, "school@d3.example.com", "homeroom").token,
		}
		in.run("educator", "disable", "teacher@d3.example.com")
		in.expire("school@d3.example.com")
		csv := strings.TrimPrefix(*admin.notice().CSVURL, s.address)
		rows, ended := in.refusedBy(in.newKey(everyScope), admin), in.refusedBy(in.newKey("roster-import"), admin)
		in.run("key", "revoke", keyOf(ended))
		addresses := strings.NewReplacer("{{csv}}", csv, "{{forged}}", strings.Replace(csv, "signature=", "signature=A", 1),
			"{{rows of a program}}", rows, "{{rows of another program}}", strings.Replace(rows, keyOf(rows), keyOf(ended), 1),
			"{{rows of an ended key}}", ended)
		for _, e := range endpoints {
			for i, caller := range endpointCallers {
				if got := gets(t, e.method, s.address+addresses.Replace(e.path), tokens[caller], e.body); got != e.columns[i] {
					t.Errorf("%s %s as %s: %s; want %s", e.method, e.path, caller, got, e.columns[i])
				}
			}
		}
		s.stop()
	})
}

// TestEveryEndpointHasARow fails if the server has a pattern that the table lacks.
func TestEveryEndpointHasARow(t *testing.T) {
	t.Parallel()
	for _, pattern := range httpd.Patterns() {
		if !slices.ContainsFunc(endpoints, func(e endpoint) bool { return e.pattern == pattern }) {
			t.Errorf("%s has no row in the table of endpoints", pattern)
		}
	}
}

// gets sends a request and sums the answer up.
func gets(t *testing.T, method, address, token, body string) string {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/graphql-response+json, text/html")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := answer.Status[:3]
	var refused struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	if json.Unmarshal(content, &refused) == nil && len(refused.Errors) > 0 {
		got += " " + refused.Errors[0].Extensions.Code
	}
	for mark, word := range map[string]string{`id="sign-in"`: " sign-in", `id="graphiql"`: " workbench"} {
		if strings.Contains(string(content), mark) {
			got += word
		}
	}
	return got
}

const everyScope = "usage-write,roster-import"

// newKey makes a service key of the first district.
func (in installation) newKey(scopes string) string {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	_, rows := queried(in.t, conn, "SELECT MIN(id) FROM organizations")
	// Messages about the key go to the other stream.
	said, err := in.command("key", "create", "--name", "Everything", "--organization", "org_"+rows[0][0], "--scope",
		scopes).Output()
	if err != nil {
		in.t.Fatal(err)
	}
	return testlog.Secret(strings.TrimSpace(string(said)))
}

// refusedBy has a program submit a file with a row that is refused, for the
// organization of an administrator, and returns the address of its refused rows.
func (in installation) refusedBy(key string, admin *client) string {
	in.t.Helper()
	program := &client{t: in.t, address: admin.address, token: key, organization: admin.organization}
	refused := program.wait(program.submitFile("by a program.csv", []byte("Student ID,Grade\nprogram1,99\n")), "READY")
	address := program.failedRows(refused)
	if address == "" || refused.Counts.Errors != 1 {
		in.t.Fatalf("%+v", refused)
	}
	return strings.TrimPrefix(address, admin.address)
}

// keyOf returns the id of the service key that an address belongs to.
func keyOf(address string) string {
	_, query, _ := strings.Cut(address, "?")
	q, _ := url.ParseQuery(query)
	return q.Get("key")
}

// expire ends the sessions of an account by the clock.
func (in installation) expire(email string) {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	if _, err := conn.Exec(
		"UPDATE sessions SET expires_at = '2026-01-01 00:00:00' WHERE educator_id = (SELECT id "+
			"FROM educators WHERE email_key = ?)", email); err != nil {
		in.t.Fatal(err)
	}
}
