package contract_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/internal/contract"
)

// TestNothingBreaksSilently compares schema.graphql with that of the last release. What
// breaks clients has its line under Breaking in the part of CHANGELOG.md that is not
// released, with the coordinate in backquotes.
//
// With a release the schema becomes the one to compare with:
//
//	cp schema.graphql internal/contract/testdata/released.graphql
func TestNothingBreaksSilently(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, unreleased, _ := strings.Cut(string(text), "\n## Unreleased\n")
	unreleased, _, _ = strings.Cut(unreleased, "\n## ")
	_, breaking, _ := strings.Cut(unreleased, "\n### Breaking\n")
	breaking, _, _ = strings.Cut(breaking, "\n### ")
	for _, c := range contract.Breaking(load(t, "testdata/released.graphql"), load(t, "../../schema.graphql")) {
		if !strings.Contains(breaking, "`"+c.At+"`") {
			t.Errorf("%s: clients in use break. Keep it, or name `%s` under Breaking in CHANGELOG.md and say what they do",
				c, c.At)
		}
	}
}

func load(t *testing.T, file string) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func parse(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

const schema = `
directive @mark(as: String) repeatable on FIELD | QUERY
interface Node { id: ID! }
interface Named { name: String }
type Student implements Node & Named { id: ID! name: String tags: [String!] grade: Grade! }
type Group implements Node { id: ID! }
union Any = Student | Group
enum Grade { ONE TWO }
scalar Day
input Filter { search: String grades: [Grade] first: Int! = 50 }
input One { a: Int b: Int }
type Query {
  students(filter: Filter, first: Int = 50, day: Day): [Student!]!
  any: Any
  one(in: One): Int
}
`

// TestWhatBreaks changes one thing at a time.
func TestWhatBreaks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, now, want string }{
		{"type Group implements Node { id: ID! }\nunion Any = Student | Group", "union Any = Student",
			"Any can no longer be a Group, Group was removed"},
		{"scalar Day", "enum Day { MONDAY }", "Day was SCALAR and is ENUM"},
		{"implements Node & Named {", "implements Node {", "Student is no longer a Named"},
		{"ONE TWO", "ONE", "Grade.TWO was removed"},
		{"ONE TWO", "ONE TWO THREE", ""},
		{"name: String tags", "name: String! tags", ""},
		{"grade: Grade!", "grade: Grade", "Student.grade was Grade! and is Grade"},
		{"grade: Grade!", "grade: String!", "Student.grade was Grade! and is String!"},
		{"tags: [String!]", "tags: [String]", "Student.tags was [String!] and is [String]"},
		{"tags: [String!]", "tags: String", "Student.tags was [String!] and is String"},
		{"tags: [String!]", "tags: [String!]!", ""},
		{"  any: Any\n", "", "Query.any was removed"},
		{"  any: Any\n", "  any(of: Int): Any\n", ""},
		{"  any: Any\n", "  any(of: Int! = 1): Any\n", ""},
		{"  any: Any\n", "  any(of: Int!): Any\n", "Query.any(of:) is new and required"},
		{", day: Day", "", "Query.students(day:) was removed"},
		{"day: Day", "day: Day!", "Query.students(day:) was Day and is Day!"},
		{"day: Day", "day: [Day]", "Query.students(day:) was Day and is [Day]"},
		{"first: Int = 50", "first: Int = 20", "Query.students(first:) has the default 20, and had 50"},
		{"first: Int = 50", "first: Int", "Query.students(first:) has the default none, and had 50"},
		{"search: String ", "", "Filter.search was removed"},
		{"search: String", "search: String!", "Filter.search was String and is String!"},
		{"search: String", "search: String last: Int", ""},
		{"search: String", "search: String last: Int!", "Filter.last is new and required"},
		{"search: String", "search: String last: Int! = 1", ""},
		{"first: Int! = 50 }", "first: Int = 50 }", ""},
		{"[Grade]", "[Grade!]", "Filter.grades was [Grade] and is [Grade!]"},
		{"input One", "directive @oneOf on INPUT_OBJECT input One @oneOf", "One takes exactly one of its fields"},
		{"directive @mark(as: String) repeatable on FIELD | QUERY", "", "@mark was removed"},
		{"(as: String)", "", "@mark(as:) was removed"},
		{"FIELD | QUERY", "FIELD", "@mark is no longer valid on QUERY"},
		{"repeatable ", "", "@mark is no longer repeatable"},
	} {
		t.Run(fmt.Sprintf("%s becomes %s", c.old, c.now), func(t *testing.T) {
			t.Parallel()
			if strings.Count(schema, c.old) != 1 {
				t.Fatalf("the schema has %q %d times", c.old, strings.Count(schema, c.old))
			}
			var got []string
			for _, change := range contract.Breaking(parse(t, schema), parse(t, strings.Replace(schema, c.old, c.now, 1))) {
				got = append(got, change.String())
			}
			if joined := strings.Join(got, ", "); joined != c.want {
				t.Errorf("got %q, want %q", joined, c.want)
			}
		})
	}
	if same := contract.Breaking(parse(t, schema), parse(t, schema)); !slices.Equal(same, nil) {
		t.Errorf("a schema breaks itself: %v", same)
	}
}
