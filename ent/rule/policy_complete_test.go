package rule_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/migrate"
)

const theTable = "policies() in ent/rule/policy_table_test.go"

// TestEveryColumnHasItsPolicy walks what ent has generated: an entity, a column, an
// edge or a way to change something that the table does not know fails here.
func TestEveryColumnHasItsPolicy(t *testing.T) {
	t.Parallel()
	known := policies()
	for name, client := range clients(db.NewClient()) {
		p, ok := known[name]
		if !ok {
			t.Errorf("%s has no line in %s: add its table, its columns and its edges, and who reads, creates, "+
				"changes and deletes it", name, theTable)
			continue
		}
		builder := call(client, "Update").Type()
		changed := p.changed()
		for _, column := range columnsOf(p.table) {
			_, settable := methodFor(builder, "Set", column.Name)
			switch isChanged, isFixed := slices.Contains(changed, column.Name),
				slices.Contains(strings.Fields(p.fixed), column.Name); {
			case !isChanged && !isFixed && settable:
				t.Errorf("column %s of %s has no line in %s: add it to the update of those who may change it (server, "+
					"where only the server may)", column.Name, name, theTable)
			case !isChanged && !isFixed:
				t.Errorf("column %s of %s has no line in %s: add it to fixed, because it is Immutable", column.Name, name, theTable)
			case isChanged != settable:
				t.Errorf("column %s of %s: in %s it is changed after the creation: %v, in ent/schema: %v", column.Name, name,
					theTable, isChanged, settable)
			}
		}
		if len(columnsOf(p.table)) != len(changed)+len(strings.Fields(p.fixed)) {
			t.Errorf("%s knows other columns of %s than ent/schema, or one twice, or another table than %q",
				theTable, name, p.table)
		}
		checkEdges(t, name, p, client.Type())
		checkBuilder(t, name, p, builder)
	}
	if len(known) != len(migrate.Tables) {
		t.Errorf("%s knows %d entities; ent has generated %d tables", theTable, len(known), len(migrate.Tables))
	}
}

func (p policy) changed() (names []string) {
	for _, c := range p.update {
		names = append(names, strings.Fields(c.names)...)
	}
	return names
}

func checkEdges(t *testing.T, name string, p policy, client reflect.Type) {
	t.Helper()
	var edges []string
	for i := range client.NumMethod() {
		m := client.Method(i)
		if edge, ok := strings.CutPrefix(m.Name, "Query"); ok && edge != "" && m.Type.NumIn() == 2 {
			edges = append(edges, edge)
			if !slices.Contains(strings.Fields(p.edges), edge) {
				t.Errorf("edge %s of %s has no line in %s: add it to edges, and see what the policy says about a change through it",
					edge, name, theTable)
			}
		}
	}
	if len(edges) != len(strings.Fields(p.edges)) {
		t.Errorf("%s knows other edges of %s than ent/schema, which has %v", theTable, name, edges)
	}
}

// changing are the methods of a builder that change something.
var changing = regexp.MustCompile(`^(Set|Clear|Add|Append|Remove)(Nillable)?(.+?)(IDs?)?$`)

// checkBuilder finds ways to change something that are neither about a column nor
// about an edge.
func checkBuilder(t *testing.T, name string, p policy, builder reflect.Type) {
	t.Helper()
	var known []string
	for _, n := range slices.Concat(p.changed(), strings.Fields(p.edges)) {
		known = append(known, stem(n))
	}
	for i := range builder.NumMethod() {
		m := changing.FindStringSubmatch(builder.Method(i).Name)
		if m != nil && !slices.Contains(known, stem(m[3])) && !slices.Contains(known, stem(m[3]+m[4])) {
			t.Errorf("%s.%s changes something that %s does not know", name, m[0], theTable)
		}
	}
}

// stem is a name without case, underscores and the ending of a plural.
func stem(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", ""))
	if strings.HasSuffix(name, "ren") {
		return strings.TrimSuffix(name, "ren")
	}
	return strings.TrimSuffix(name, "s")
}
