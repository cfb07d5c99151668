package graph_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var crawl = flag.Int("crawl", 60, "how many operations the crawler makes up for each caller")

// crawlDepth is how many fields deep the crawler goes.
const crawlDepth = 6

// TestNothingOutsideThePurviewIsTold makes up operations from the schema, walks
// through every field with ids of rows inside and outside of the purview, and
// looks for the marks of rows that the caller must not see. What a caller sees is
// computed here again, from the rules as people know them, without the policies.
func TestNothingOutsideThePurviewIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		w := newMarkedWorld(t, s)
		schema := loadSchema(t)
		for _, caller := range callerNames[1:] {
			who := s.callers()[caller]
			t.Run(caller, func(t *testing.T) {
				random := rand.New(rand.NewPCG(7, 11))
				seen := w.seenBy(who)
				if len(seen) == 0 || len(seen) == len(w.marks) {
					t.Fatalf("%s sees %d of %d rows", caller, len(seen), len(w.marks))
				}
				answered := 0
				for range *crawl {
					for _, field := range schema.Query.Fields {
						if strings.HasPrefix(field.Name, "__") {
							continue
						}
						c := crawler{random: random, schema: schema, ids: w.ids}
						operation := "{ " + c.field(field, 1) + " }"
						a := s.ask(t, who, operation, nil)
						if len(a.Errors) == 0 {
							answered++
						}
						text, _ := json.Marshal(a)
						for mark, what := range w.marks {
							if !seen[mark] && strings.Contains(string(text), mark) {
								t.Fatalf("%s is told of %s by\n%s\n%s", caller, what, operation, text)
							}
						}
					}
				}
				if answered < *crawl {
					t.Errorf("only %d operations were answered", answered)
				}
			})
		}
	})
}

// marked is a world in which every row has a mark that occurs nowhere else.
type marked struct {
	*server
	// marks say what carries them; ids are the ids of all rows, for arguments.
	marks map[string]string
	ids   []string
	rows  []markedRow
}

type markedRow struct {
	mark    string
	visible func(who *db.Educator) bool
}

func newMarkedWorld(t *testing.T, s *server) *marked {
	w := &marked{server: s, marks: map[string]string{}}
	add := func(id, mark, what string, visible func(*db.Educator) bool) {
		w.marks[mark] = what
		w.ids = append(w.ids, id)
		w.rows = append(w.rows, markedRow{mark, visible})
	}
	alpha, north, south := s.DistrictAdmin, s.NorthAdmin, s.SouthAdmin
	among := func(people ...*db.Educator) func(*db.Educator) bool {
		return func(who *db.Educator) bool {
			return slices.ContainsFunc(people, func(p *db.Educator) bool { return p.ID == who.ID })
		}
	}
	inNorth, inSouth := among(alpha, north, s.NorthTeacher), among(alpha, south, s.SouthTeacher)
	for o, visible := range map[*db.Organization]func(*db.Educator) bool{
		s.Alpha: among(alpha), s.Beta: among(s.BetaAdmin), s.North: inNorth, s.South: inSouth, s.East: among(s.BetaAdmin),
	} {
		add(globalid.Encode(globalid.Organization, o.ID), o.Name, "the organization "+o.Name, visible)
	}
	for g, visible := range map[*db.Group]func(*db.Educator) bool{
		s.Algebra:   inNorth,
		s.Biology:   among(alpha, north),
		s.Synced:    among(alpha, north),
		s.Chemistry: inSouth,
		s.Drama:     among(s.BetaAdmin),
	} {
		add(globalid.Encode(globalid.Group, g.ID), g.Name, "the group "+g.Name, visible)
	}
	for e, visible := range map[*db.Educator]func(*db.Educator) bool{
		s.DistrictAdmin: among(alpha), s.NorthAdmin: inNorth, s.SouthAdmin: inSouth, s.BetaAdmin: among(s.BetaAdmin),
		s.NorthTeacher: inNorth, s.SouthTeacher: inSouth,
	} {
		add(globalid.Encode(globalid.Educator, e.ID), e.Email, "the educator "+e.Email, visible)
	}
	for o, visible := range map[*db.Organization]func(*db.Educator) bool{
		s.Alpha: among(alpha), s.North: among(alpha, north), s.South: among(alpha, south), s.East: among(s.BetaAdmin),
	} {
		k, _, err := s.identity.CreateKey(fixture.System(), identity.NewKey{
			Name:           "Qkey of " + o.Name[:5],
			OrganizationID: o.ID,
			Scopes:         []viewer.Scope{viewer.UsageWrite},
			ExpiresAt:      fixture.Today.Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		add(globalid.Encode(globalid.ServiceKey, k.ID), k.Name, "the service key "+k.Name, visible)
	}
	student := func(school *db.Organization, mark string, visible func(*db.Educator) bool, groups ...*db.Group) {
		st := s.Student(t, school, mark, "Zz", 600, groups...)
		add(studentID(st), mark, "the student "+mark, visible)
	}
	student(s.North, "Qalgebra", inNorth, s.Algebra)
	student(s.North, "Qbiology", among(alpha, north), s.Biology)
	student(s.North, "Qlonenorth", inNorth)
	student(s.South, "Qlonesouth", inSouth)
	student(s.South, "Qchemistry", inSouth, s.Chemistry)
	student(s.East, "Qdrama", among(s.BetaAdmin), s.Drama)
	student(s.East, "Qloneeast", among(s.BetaAdmin))
	return w
}

func (w *marked) seenBy(who *db.Educator) map[string]bool {
	seen := map[string]bool{}
	for _, row := range w.rows {
		if row.visible(who) {
			seen[row.mark] = true
		}
	}
	return seen
}

// crawler makes up one operation.
type crawler struct {
	random *rand.Rand
	schema *ast.Schema
	ids    []string
	alias  int
}

// field writes a field with made-up arguments and everything below it.
func (c *crawler) field(f *ast.FieldDefinition, depth int) string {
	c.alias++
	text := fmt.Sprintf("f%d: %s", c.alias, f.Name)
	if args := c.arguments(f.Arguments); args != "" {
		text += "(" + args + ")"
	}
	def := c.schema.Types[f.Type.Name()]
	if def.IsLeafType() {
		return text
	}
	return text + " { " + c.selection(def, depth+1) + " }"
}

// selection selects every leaf, and two of the other fields.
func (c *crawler) selection(def *ast.Definition, depth int) string {
	parts := []string{"__typename"}
	var deeper []string
	for _, f := range def.Fields {
		switch {
		case strings.HasPrefix(f.Name, "__"):
		case c.schema.Types[f.Type.Name()].IsLeafType():
			parts = append(parts, c.field(f, depth))
		case depth < crawlDepth:
			deeper = append(deeper, c.field(f, depth))
		}
	}
	if def.IsAbstractType() && depth < crawlDepth {
		for _, possible := range c.schema.PossibleTypes[def.Name] {
			deeper = append(deeper, "... on "+possible.Name+" { "+c.selection(possible, depth+1)+" }")
		}
	}
	c.random.Shuffle(len(deeper), func(i, j int) { deeper[i], deeper[j] = deeper[j], deeper[i] })
	most := 2
	if def.IsAbstractType() {
		most = len(deeper)
	}
	return strings.Join(append(parts, deeper[:min(most, len(deeper))]...), " ")
}

func (c *crawler) arguments(list ast.ArgumentDefinitionList) string {
	var parts []string
	for _, a := range list {
		switch a.Name {
		case "after", "before", "last", "from", "to":
			continue
		}
		if !a.Type.NonNull && c.random.IntN(2) == 0 {
			continue
		}
		parts = append(parts, a.Name+": "+c.value(a.Type))
	}
	return strings.Join(parts, ", ")
}

func (c *crawler) value(t *ast.Type) string {
	if t.Elem != nil {
		items := make([]string, 1+c.random.IntN(3))
		for i := range items {
			items[i] = c.value(t.Elem)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	def := c.schema.Types[t.NamedType]
	switch {
	case t.NamedType == "ID":
		return `"` + c.ids[c.random.IntN(len(c.ids))] + `"`
	case t.NamedType == "Int":
		return fmt.Sprint(1 + c.random.IntN(5))
	case t.NamedType == "Boolean":
		return []string{"true", "false"}[c.random.IntN(2)]
	case t.NamedType == "String":
		return []string{`"q"`, `"1"`, `"7"`, `"MATH"`, `"zz"`}[c.random.IntN(5)]
	case def.Kind == ast.Enum:
		for {
			if v := def.EnumValues[c.random.IntN(len(def.EnumValues))].Name; v != "CUSTOM" {
				return v
			}
		}
	default:
		return "{" + c.inputFields(def) + "}"
	}
}

func (c *crawler) inputFields(def *ast.Definition) string {
	var parts []string
	for _, f := range def.Fields {
		if f.Type.NonNull || c.random.IntN(3) == 0 {
			parts = append(parts, f.Name+": "+c.value(f.Type))
		}
	}
	return strings.Join(parts, ", ")
}
