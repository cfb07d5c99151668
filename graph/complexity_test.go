package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/page"
)

// TestHowMuchFitsIntoAnOperation sends fields as often as they fit, and once more.
func TestHowMuchFitsIntoAnOperation(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	kinds := map[string]string{
		"ids":    "[ID!]!",
		"few":    "[ID!]!",
		"erase":  "[StudentToErase!]!",
		"events": "[UsageEventInput!]!",
	}
	values := map[string]any{
		"ids":    make1000("x"),
		"few":    make1000("x")[:100],
		"erase":  slices.Repeat([]any{map[string]any{"id": "x", "externalId": "x"}}, 20),
		"events": slices.Repeat([]any{map[string]any{"eventId": "x", "studentExternalId": "x", "productCode": "x", "startedAt": "2026-11-18T08:00:00Z", "seconds": 60}}, 1000),
	}
	student := func(password string) string {
		return `createStudent(input: {organizationId: "x", externalId: "x", firstName: "x", lastName: "x", username: "xxx", grade: "1"` + password + `})`
	}
	for field, fits := range map[string]int{
		`correctBulkJobRow(input: {jobId: "x", row: 1, values: [{column: "Grade", value: "1"}]})`: 4,
		`signIn(input: {email: "x", password: "x"})`:                                              2,
		`signInWithCode(input: {code: "x", verifier: "x"})`:                                       2,
		`setPasswordByLink(input: {token: "x", password: "a long password"})`:                     2,
		`requestPasswordReset(email: "x")`:                                                        9,
		student(`, password: "a long password"`):                                                  19,
		student(``):                                                                               20,
		`deleteStudents(input: {studentIds: $ids})`:                                               5,
		`restoreStudents(input: {studentIds: $ids})`:                                              4,
		`assignStudentsToGroups(input: {studentIds: $ids, groupIds: $few})`:                       2,
		`removeStudentsFromGroups(input: {studentIds: $ids, groupIds: $few})`:                     2,
		`recordUsage(input: {organizationId: "x", events: $events})`:                              5,
		`eraseStudents(input: {students: $erase, reference: "x"})`:                                2,
		`createGroup(input: {organizationId: "x", name: "x", studentIds: $ids})`:                  5,
	} {
		for _, n := range []int{fits, fits + 1} {
			declared, fields := []string{}, ""
			for name, kind := range kinds {
				if strings.Contains(field, "$"+name) {
					declared = append(declared, "$"+name+": "+kind)
				}
			}
			for i := range n {
				fields += fmt.Sprintf("a%d: %s { userErrors { code } } ", i, field)
			}
			query := "mutation { " + fields + "}"
			if len(declared) > 0 {
				query = "mutation(" + strings.Join(declared, ", ") + ") { " + fields + "}"
			}
			got := s.call(t, s.NorthAdmin, query, values).code()
			switch {
			case n == fits && (strings.HasPrefix(got, "TOO_") || strings.HasPrefix(got, "GRAPHQL_")):
				t.Errorf("%s %d times: got %s", field, n, got)
			case n > fits && got != "TOO_COMPLEX" && got != "TOO_MANY_ROOT_FIELDS":
				t.Errorf("%s %d times: got %q", field, n, got)
			}
		}
	}
	for query, want := range map[string]string{
		`{ deletedStudents(organizationId: "x", first: 500) { nodes { groups { id name } } } }`:                                       "",
		`{ deletedStudents(organizationId: "x", first: 500) { nodes { groups { students(first: 500) { nodes { id } } } } } }`:         "TOO_COMPLEX",
		`{ deletedStudents(organizationId: "x") { nodes { groups { students { nodes { id } } } } } }`:                                 "",
		`{ bulkJobs(first: 100) { nodes { changes(first: 500) { nodes { row } } } } }`:                                                "TOO_COMPLEX",
		`{ auditEvents(first: 500) { nodes { subjects { changes { field before after } } } } }`:                                       "",
		`{ viewer { organizations { children { children { id } } } } }`:                                                               "TOO_COMPLEX",
		`query($n: Int = 500) { students(first: $n) { nodes { groups { students(last: $n) { nodes { id } } } } } }`:                   "TOO_COMPLEX",
		`query($n: Int! = 500) { deletedStudents(organizationId: "x", last: $n) { nodes { groups { students { nodes { id } } } } } }`: "TOO_COMPLEX",
	} {
		got := s.call(t, s.NorthAdmin, query, nil).code()
		if refused := got == "TOO_COMPLEX"; refused != (want != "") || strings.HasPrefix(got, "GRAPHQL_") {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

// TestWhatIsSentToAFieldHasItsBounds sends the last good and the first bad number of entries.
func TestWhatIsSentToAFieldHasItsBounds(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	const mapping = `query($headers: [String!]!, $rows: [[String!]!]) {
		importMapping(kind: IMPORT_STUDENTS, headers: $headers, rows: $rows) { problem } }`
	numbered := func(n int) (list []any) {
		for i := range n {
			list = append(list, fmt.Sprint("Header ", i))
		}
		return list
	}
	for what, c := range map[string]struct {
		query string
		most  int
		send  func(n int) map[string]any
	}{
		"nodes": {`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, page.Max, func(n int) map[string]any {
			return map[string]any{"ids": slices.Repeat([]any{"x"}, n)}
		}},
		"headers": {mapping, 300, func(n int) map[string]any { return map[string]any{"headers": numbered(n)} }},
		"bytes of a header": {mapping, 255, func(n int) map[string]any {
			return map[string]any{"headers": []any{strings.Repeat("x", n)}}
		}},
		"rows": {mapping, 100, func(n int) map[string]any {
			return map[string]any{"headers": numbered(1), "rows": slices.Repeat([]any{[]any{"x"}}, n)}
		}},
	} {
		for n, want := range map[int]string{c.most: "", c.most + 1: "BAD_USER_INPUT"} {
			if got := s.call(t, s.NorthAdmin, c.query, c.send(n)).code(); got != want {
				t.Errorf("%d %s: got %q, want %q", n, what, got, want)
			}
		}
	}
}
