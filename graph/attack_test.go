package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// attack is a request that tries to cost more than it should.
type attack struct {
	what, query string
	variables   any
	// code is the code of the refusal; if it is empty, the operation is allowed and must
	// be cheap.
	code string
}

// nested returns fragments that each spread the next one twice.
func nested(levels int, leaf string) string {
	var b strings.Builder
	b.WriteString("{ viewer { educator { ...F0 } } }")
	for i := range levels {
		fmt.Fprintf(&b, " fragment F%d on Educator { ...F%d ...F%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Educator { %s }", levels, leaf)
	return b.String()
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// manyFragments are fragments that share their response names, so that every one
// is compared with every other one.
func manyFragments(fragments, fields int) string {
	return "{ viewer { educator { " + numbered(fragments, "...F%d ") + "} } }" +
		strings.ReplaceAll(numbered(fragments, " fragment F%d on Educator { FIELDS}"), "FIELDS",
			strings.Repeat("id name ", fields/2))
}

func attacks() []attack {
	tree := func(page string) string {
		return "{ groups(" + page + ") { nodes { students(" + page + ") { nodes { groups { students(" + page +
			") { nodes { id } } } } } } } }"
	}
	return []attack{
		{what: "a megabyte of names", query: strings.Repeat("a ", 500_000), code: "DOCUMENT_TOO_LARGE"},
		{what: "60 KB of names", query: strings.Repeat("a ", 30_000), code: "GRAPHQL_PARSE_FAILED"},
		{what: "60 KB of names in an operation", query: "{ " + strings.Repeat("a ", 30_000), code: "TOO_MANY_TOKENS"},
		{what: "60 KB of braces", query: strings.Repeat("{", 60_000), code: "GRAPHQL_PARSE_FAILED"},
		{what: "60 KB of lists", query: "{ a(b: " + strings.Repeat("[", 60_000), code: "GRAPHQL_PARSE_FAILED"},
		{what: "60 KB of comments", query: strings.Repeat("#\n", 30_000) + typename, code: "TOO_MANY_TOKENS"},
		{what: "6 KB of comments", query: strings.Repeat("#\n", 3_000) + typename},
		{what: "60 KB of one comment", query: "#" + strings.Repeat("a", 60_000) + "\n" + typename},
		{what: "60 KB of one name", query: "{ " + strings.Repeat("a", 60_000) + " }", code: "GRAPHQL_VALIDATION_FAILED"},
		{what: "60 KB of one string", query: `{ node(id: "` + strings.Repeat("a", 60_000) + `") { id } }`},
		{what: "fields inside each other", query: strings.Repeat("{ a", 1000) + strings.Repeat(" }", 1000), code: "TOO_DEEP"},
		{what: "inline fragments inside each other", query: strings.Repeat("{ ... ", 480) + "{ __typename }" + strings.Repeat(" }", 480)},
		{what: "a field again and again", query: "{ viewer { educator { " + strings.Repeat("id ", 4000) + "} } }", code: "TOO_MANY_FIELDS"},
		{what: "as many fields as there may be", query: "{ viewer { educator { " + strings.Repeat("id ", 490) + "} } }"},
		{what: "fragments with the same fields", query: manyFragments(45, 10)},
		{what: "aliases", query: "{ viewer { educator { " + numbered(101, "a%d: id ") + "} } }", code: "TOO_MANY_ALIASES"},
		{what: "the same field at the top with many names", query: "{ " + numbered(21, "a%d: viewer { educator { id } } ") + "}", code: "TOO_MANY_ROOT_FIELDS"},
		{what: "many passwords at once", query: "mutation { " + numbered(3, `a%d: signIn(input: {email: "nora@example.com", password: "x"}) { token } `) + "}", code: "TOO_COMPLEX"},
		{what: "directives", query: "{ viewer " + strings.Repeat("@include(if: true) ", 51) + "{ educator { id } } }", code: "TOO_MANY_DIRECTIVES"},
		{what: "many fragments", query: typename + numbered(51, " fragment F%d on Educator { id }"), code: "TOO_MANY_FRAGMENTS"},
		{what: "25 levels of fragments", query: nested(25, "id"), code: "TOO_MANY_FIELDS"},
		{what: "45 levels of fragments", query: nested(45, "id"), code: "TOO_MANY_FIELDS"},
		{what: "a fragment that contains itself", query: "{ viewer { educator { ...A } } } fragment A on Educator { groups { educators { ...B } } } fragment B on Educator { id ...A }", code: "FRAGMENT_CYCLE"},
		{what: "a fragment that contains itself and is not used", query: typename + " fragment A on Educator { ...A }", code: "FRAGMENT_CYCLE"},
		{what: "operations that are not run", query: numbered(160, "query Q%d { viewer { educator { id } } } "), code: "GRAPHQL_VALIDATION_FAILED"},
		{what: "large pages inside each other, by first", query: tree("first: 500"), code: "TOO_COMPLEX"},
		{what: "large pages inside each other, by last", query: tree("last: 500"), code: "TOO_COMPLEX"},
		{what: "pages inside each other, by themselves", query: tree("after: null"), code: "TOO_COMPLEX"},
		{what: "large pages, by a variable", query: strings.Replace(tree("first: $n"), "{", "query($n: Int) {", 1), variables: map[string]any{"n": 500}, code: "TOO_COMPLEX"},
		{what: "large pages below an interface", query: `{ node(id: "x") { ... on Group { students(first: 500) { nodes { groups { students(first: 500) { nodes { id } } } } } } } }`, code: "TOO_COMPLEX"},
		{what: "the schema inside itself", query: "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", code: "GRAPHQL_VALIDATION_FAILED"},
		{what: "the schema many times", query: "{ " + numbered(20, "a%d: __schema { types { fields { args { type { fields { args { name } } } } } } } ") + "}", code: "TOO_COMPLEX"},
		{what: "unknown fields", query: "{ " + strings.Repeat("idd ", 19) + "viewer { " + strings.Repeat("idd ", 470) + "} }", code: "GRAPHQL_VALIDATION_FAILED"},
		{what: "long variables", query: typename, variables: map[string]any{"x": strings.Repeat("x", 1<<20)}, code: "PAYLOAD_TOO_LARGE"},
		{what: "variables of lists inside each other", query: typename, variables: json.RawMessage(`{"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`), code: "PAYLOAD_TOO_LARGE"},
		{what: "variables of many lists", query: typename, variables: json.RawMessage(manyLists(300_000)), code: "PAYLOAD_TOO_LARGE"},
		{what: "variables of many objects", query: typename, variables: json.RawMessage(`{"x":[{"":0}` + strings.Repeat(`,{"":0}`, 100_000) + `]}`), code: "PAYLOAD_TOO_LARGE"},
		{what: "variables of 20,000 ids", query: typename, variables: map[string]any{"x": strings.Fields(numbered(20_000, "U3R1ZGVudDo%d "))}},
		{what: "a body of 8 MB", query: strings.Repeat(" ", 8<<20), code: "PAYLOAD_TOO_LARGE"},
	}
}

// call sends an operation past the network and returns what came.
func (s *server) call(t testing.TB, who *db.Educator, query string, variables any) answer {
	t.Helper()
	w := s.request(t, who, query, variables)()
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// request prepares a request, so that only what the server does with it is
// measured and not what it takes to write it down.
func (s *server) request(t testing.TB, who *db.Educator, query string,
	variables any) (send func() *httptest.ResponseRecorder) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.token(t, who))
	w := httptest.NewRecorder()
	return func() *httptest.ResponseRecorder {
		s.endpoint.ServeHTTP(w, req)
		return w
	}
}

// cost is what an operation takes, at best of five: another program on the
// machine makes it slower, nothing makes it faster. A number in a comment makes
// each a document that has not been seen before.
func (s *server) cost(t *testing.T, query string, variables any) (took time.Duration, allocated uint64) {
	took, allocated = time.Hour, 1<<62
	for i := range 5 {
		send := s.request(t, s.NorthAdmin, fmt.Sprintf("%s\n# %d", query, i), variables)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		send()
		took = min(took, time.Since(start))
		runtime.ReadMemStats(&after)
		allocated = min(allocated, after.TotalAlloc-before.TotalAlloc)
	}
	return took, allocated
}

// dearest is how many ordinary queries an attack may cost; the known ones cost up to 8.
const dearest = 20

const ordinary = `{ students(first: 50) { totalCount nodes { id firstName lastName groups { id name } organization {
	name } } } groups(first: 50) { nodes { id name educators { name } } } }`

// TestAttacks compares what an attack costs with an ordinary query in the same
// run. It measures the memory of the process, so it runs alone.
//
//nolint:paralleltest // it compares times, which other tests would change
func TestAttacks(t *testing.T) {
	s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) { l.RequestBytes = 2 << 20 })
	for i := range 50 {
		s.Student(t, s.North, fmt.Sprint("Name", i), "Last", 600, s.Algebra)
	}
	// What it takes to send a request and to count is not the attacked one's.
	if a := s.call(t, s.NorthAdmin, ordinary, nil); len(a.Errors) > 0 {
		t.Fatalf("got %+v", a)
	}
	usual, size := s.cost(t, ordinary, nil)
	t.Logf("an ordinary query takes %v and %d KB", usual, size>>10)
	for _, a := range attacks() {
		t.Run(a.what, func(t *testing.T) {
			if got := s.call(t, s.NorthAdmin, a.query, a.variables).code(); got != a.code {
				t.Errorf("got %q, want %q", got, a.code)
			}
			took, allocated := s.cost(t, a.query, a.variables)
			t.Logf("takes %v and %d KB: %.1f and %.1f ordinary queries", took, allocated>>10, float64(took)/float64(usual),
				float64(allocated)/float64(size))
			if took > dearest*usual || allocated > dearest*size+32<<20 {
				t.Errorf("takes %v and %d size; an ordinary query takes %v and %d", took, allocated, usual, size)
			}
		})
	}
}

// TestOrdinaryDocumentsPass runs what GraphiQL sends and what it shows as examples
// through the limits.
func TestOrdinaryDocumentsPass(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	files, err := filepath.Glob("../internal/httpd/page/example/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d examples, %v", len(files), err)
	}
	refusals := []string{"TOO_", "DOCUMENT_", "FRAGMENT_", "GRAPHQL_", "INTROSPECTION_", "PAYLOAD_"}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		variables := map[string]any{
			"id":             "x",
			"organizationId": "x",
			"input":          map[string]any{"studentIds": make1000("S"), "groupIds": make1000("G")[:5]},
		}
		a := s.ask(t, s.DistrictAdmin, string(text), variables)
		for _, r := range refusals {
			if strings.HasPrefix(a.code(), r) {
				t.Errorf("%s: %+v", file, a.Errors)
			}
		}
	}
	a := s.ask(t, s.DistrictAdmin, introspection, nil)
	if types, _ := a.at("__schema.types").([]any); len(a.Errors) > 0 || len(types) < 50 {
		t.Errorf("introspection: %d types, %+v", len(types), a.Errors)
	}
}

func make1000(prefix string) []string {
	return strings.Fields(numbered(1000, prefix+"%d "))
}

// TestIntrospection checks who may read the schema, by asking for it and by looking at the
// names that errors suggest.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	s := newServer(t, d)
	for name, who := range s.callers() {
		for _, query := range []string{introspection, `{ __type(name: "Student") { name } }`,
			`{ ...A } fragment A on Query { a: __schema { description } }`} {
			a := s.ask(t, who, query, nil)
			if allowed := strings.Contains(name, "admin"); allowed != (len(a.Errors) == 0) ||
				!allowed && a.code() != "INTROSPECTION_DISABLED" {
				t.Errorf("%s: %.40s: got %+v", name, query, a.Errors)
			}
		}
		for _, query := range []string{`{ viewr { id } }`, `{ viewer }`,
			`{ students(orderBy: {field: NAMES}) { totalCount } }`, `{ students(organisationId: 1) { totalCount } }`,
			`{ students(filter: {noGroup: true}) { totalCount } }`,
			`query($x: StudentFilte) { students(filter: $x) { totalCount } }`, `{ viewer { ... on Educatr { id } } }`} {
			a := s.ask(t, who, query, nil)
			if len(a.Errors) == 0 {
				t.Errorf("%s: %s has no error", name, query)
				continue
			}
			if suggests := strings.Contains(a.Errors[0].Message, "Did you mean"); suggests && !strings.Contains(name, "admin") {
				t.Errorf("%s: %s suggests: %s", name, query, a.Errors[0].Message)
			}
		}
	}
	if a := s.ask(t, s.NorthAdmin, `{ viewr { id } }`, nil); !strings.Contains(a.Errors[0].Message,
		`Did you mean "viewer"?`) {
		t.Errorf("an administrator is helped no more: %+v", a.Errors)
	}
}

// introspection is what GraphiQL asks for, with all its options.
const introspection = `query IntrospectionQuery { __schema { description queryType { name } mutationType { name }
	subscriptionType { name }
  types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`
