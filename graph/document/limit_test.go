package document_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/generated"
)

// TestDocumentsAtTheirLimits has documents that just fit, and those with one more of the same.
func TestDocumentsAtTheirLimits(t *testing.T) {
	t.Parallel()
	l := document.DefaultLimits()
	guard := document.NewGuard(l, generated.NewExecutableSchema(generated.Config{}))
	many := func(n int, text string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(text, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	query := func(fields string) string { return "query A { " + fields + " }" }
	for what, c := range map[string]struct {
		limit int
		// document has n of something, and code refuses more.
		document func(n int) string
		code     string
	}{
		"bytes": {l.Bytes, func(n int) string {
			const short = "query A { __typename }"
			return short + strings.Repeat(" ", n-len(short))
		}, "DOCUMENT_TOO_LARGE"},
		"tokens": {l.Tokens, func(n int) string {
			return query("a(x: [" + many(n-11, "1 ") + "])")
		}, "TOO_MANY_TOKENS"},
		"nested fields": {l.Depth, func(n int) string {
			return query(many(n-1, "viewer { ") + "id" + strings.Repeat(" }", n-1))
		}, "TOO_DEEP"},
		"nested fields of a fragment": {l.Depth, func(n int) string {
			return query("viewer { id }") + "fragment F on Viewer { " + many(n-1, "viewer { ") + "id" +
				strings.Repeat(" }", n-1) + " }"
		}, "TOO_DEEP"},
		"fields": {l.Fields, func(n int) string { return query("viewer { " + many(n-1, "id ") + "}") }, "TOO_MANY_FIELDS"},
		"fields of a fragment": {l.Fields, func(n int) string {
			return query("viewer { id }") + "fragment F on Viewer { " + many(n, "id ") + "}"
		}, "TOO_MANY_FIELDS"},
		"fields of several operations": {l.Fields, func(n int) string {
			return query("viewer { "+many(n/2-1, "id ")+"}") + "query B { viewer { " + many(n-n/2-1, "id ") + "} }"
		}, "TOO_MANY_FIELDS"},
		"fields of a fragment that is used twice": {l.Fields, func(n int) string {
			return query("viewer { ...F ...F "+many((n-3)%2, "id ")+"}") + "fragment F on Viewer { " + many((n-3)/2, "id ") + "}"
		}, "TOO_MANY_FIELDS"},
		"aliases":     {l.Aliases, func(n int) string { return query("viewer { " + many(n, "a#: id ") + "}") }, "TOO_MANY_ALIASES"},
		"root fields": {l.RootFields, func(n int) string { return query(many(n, "viewer { id } ")) }, "TOO_MANY_ROOT_FIELDS"},
		"root fields of the second operation": {l.RootFields, func(n int) string {
			return query("viewer { id }") + "query B { " + many(n, "viewer { id } ") + "}"
		}, "TOO_MANY_ROOT_FIELDS"},
		"fragments": {l.Fragments, func(n int) string {
			return query("viewer { id }") + many(n, "fragment F# on Viewer { id } ")
		}, "TOO_MANY_FRAGMENTS"},
		"directives": {l.Directives, func(n int) string {
			return "query A($x: Int @a) @a { viewer @a { id @a ... @a { id } ...F @a } } fragment F on Viewer @a { id " +
				many(n-7, "@a ") + "}"
		}, "TOO_MANY_DIRECTIVES"},
	} {
		for n, want := range map[int]string{c.limit: "", c.limit + 1: c.code} {
			got := ""
			params := &graphql.RawParams{Query: c.document(n)}
			if bad := guard.MutateOperationParameters(context.Background(), params); bad != nil {
				got = fmt.Sprint(bad.Extensions["code"])
			}
			if got != want {
				t.Errorf("%d %s: %q; want %q", n, what, got, want)
			}
		}
	}
}

// TestAnOperationAtItsPrice allows exactly what an operation costs, and a point less.
func TestAnOperationAtItsPrice(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{})
	const text = `query A { students(first: 10) { nodes { groups { id } } } }` // 71 points
	doc, errs := gqlparser.LoadQueryWithRules(schema.Schema(), text, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	for limit, want := range map[int]string{71: "", 70: "TOO_COMPLEX"} {
		l := document.DefaultLimits()
		l.Complexity = limit
		got := ""
		if bad := document.NewGuard(l, schema).MutateOperationContext(context.Background(),
			&graphql.OperationContext{RawQuery: text, Doc: doc, Operation: doc.Operations[0]}); bad != nil {
			got = fmt.Sprint(bad.Extensions["code"])
		}
		if got != want {
			t.Errorf("71 points of %d: %q; want %q", limit, got, want)
		}
		if _, err := document.NewChecker(l).Check(text); (err == nil) != (want == "") {
			t.Errorf("71 points of %d, checked without a server: %v", limit, err)
		}
	}
}
