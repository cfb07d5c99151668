package graph_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// maxPrice is how many times what an ordinary query costs a document may cost
// that somebody made up, and maxGarbage what it may allocate.
const (
	maxPrice   = 400
	maxGarbage = 64 << 20
)

// FuzzDocument sends documents that somebody made up. Each is answered in JSON,
// none with an error of the server, and none costs much more than an ordinary
// query, in time or in memory.
func FuzzDocument(f *testing.F) {
	s := newServer(f, dbtest.Open(f, database.SQLite))
	s.Student(f, s.North, "Ada", "Lovelace", 600, s.Algebra)
	for _, a := range attacks() {
		if variables, err := json.Marshal(a.variables); err == nil && len(a.query)+len(variables) < 5000 {
			f.Add(a.query, string(variables))
		}
	}
	for _, row := range authorization {
		f.Add(s.names(nil).Replace(row.operation), "{}")
	}
	for _, query := range []string{
		"query($n: Int = 3, $f: StudentFilter) { students(first: $n, filter: $f, orderBy: {field: GRADE, direction: DESC}) { edges { cursor node { groups { name students(last: 2) { totalCount } } } } pageInfo { endCursor } } }",
		"{ a: node(id: \"stu_1\") { __typename ...S } } fragment S on Student @include(if: false) { id ... on Node { id } }",
		"\uFEFF{__typename}", "{ usageReport(organizationId: \"\", period: CUSTOM, from: \"2026-13-01\") { weeks { weekEnding } } }", "query A{__typename} query B{__typename}",
		`{ students(filter: {search: """\u{1F600}"""}, after: "e30") { nodes { id } } }`,
	} {
		f.Add(query, `{"n": 2, "f": {"search": "ada", "grades": ["K"]}}`)
	}
	// price is what an operation takes, at best of some attempts.
	price := func(t testing.TB, query string, variables any, attempts int) (took time.Duration, allocated uint64,
		answer []byte) {
		took, allocated = time.Hour, 1<<62
		for i := range attempts {
			send := s.request(t, s.NorthAdmin, fmt.Sprintf("%s\n# %d", query, i), variables)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			w := send()
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
			allocated = min(allocated, after.TotalAlloc-before.TotalAlloc)
			answer = w.Body.Bytes()
		}
		return took, allocated, answer
	}
	ordinary, _, _ := price(f, "{ viewer { educator { name } } }", nil, 20)
	f.Fuzz(func(t *testing.T, query, text string) {
		if strings.Contains(query, "signOut") || strings.Contains(query, "revoke") || len(query)+len(text) > 1<<16 {
			return // the session would be over
		}
		var variables any
		if json.Unmarshal([]byte(text), &variables) != nil {
			variables = nil
		}
		took, allocated, body := price(t, query, variables, 1)
		if took > maxPrice*ordinary || allocated > maxGarbage {
			took, allocated, _ = price(t, query, variables, 5)
		}
		if took > maxPrice*ordinary || allocated > maxGarbage {
			t.Fatalf("it takes %v and %d KB; an ordinary query takes %v", took, allocated>>10, ordinary)
		}
		var a answer
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatalf("the answer is no JSON: %v\n%s", err, body)
		}
		for _, e := range a.Errors {
			if code, _ := e.Extensions["code"].(string); code == "" || code == "INTERNAL" || code == "TIMEOUT" ||
				e.Message == "" {
				t.Fatalf("answered with %+v", e)
			}
		}
	})
}
