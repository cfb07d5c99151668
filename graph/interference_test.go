package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhatIsOutsideThePurviewHasNoInfluence asks made-up operations, changes
// everything that the caller must not see, and asks them again: every answer is
// the same to the byte. So neither a row nor a name, a count, a cursor, an order
// or the text of an error depends on it.
func TestWhatIsOutsideThePurviewHasNoInfluence(t *testing.T) {
	t.Parallel()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		for _, caller := range callerNames[1:] {
			t.Run(fmt.Sprint(kind, " as ", caller), func(t *testing.T) {
				t.Parallel()
				w := newMarkedWorld(t, newServer(t, dbtest.Open(t, kind)))
				who := w.callers()[caller]
				operations := w.madeUp(t)
				before := make([]string, len(operations))
				for i, operation := range operations {
					before[i] = w.told(t, who, operation)
				}
				w.disturb(t, who)
				for i, operation := range operations {
					if after := w.told(t, who, operation); after != before[i] {
						t.Fatalf("rows outside of the purview change what %s is told by\n%s\nbefore %s\nafter  %s", caller, operation,
							before[i], after)
					}
				}
			})
		}
	}
}

// madeUp are operations of the crawler from every query field.
func (w *marked) madeUp(t *testing.T) (operations []string) {
	t.Helper()
	schema, numbers := loadSchema(t), rand.New(rand.NewPCG(3, 5))
	for range *crawl {
		for _, field := range schema.Query.Fields {
			// The audit trail records earlier questions; its purview has its own tests.
			if !strings.HasPrefix(field.Name, "__") && field.Name != "auditEvents" {
				c := crawler{random: numbers, schema: schema, ids: w.ids}
				operations = append(operations, "{ "+c.field(field, 1)+" }")
			}
		}
	}
	return operations
}

func (w *marked) told(t *testing.T, who *db.Educator, operation string) string {
	t.Helper()
	text, err := json.Marshal(w.ask(t, who, operation, nil))
	if err != nil {
		t.Fatal(err)
	}
	return random.ReplaceAllString(string(text), "$1=…")
}

// random are the parts of a download's address that are other ones each time: what
// is encrypted in it, and the signature over that.
var random = regexp.MustCompile(`(filter|signature)=[\w-]+`)

// disturb changes, adds to and renames whatever an educator must not see.
func (w *marked) disturb(t *testing.T, who *db.Educator) {
	t.Helper()
	const name = "Zdisturbed"
	seen := w.seenBy(who)
	system, client := fixture.System(), w.Client()
	for i, o := range []*db.Organization{w.Alpha, w.Beta, w.North, w.South, w.East} {
		if seen[o.Name] {
			continue
		}
		client.Organization.UpdateOne(o).SetName(fmt.Sprint(name, i)).
			SetNameKey(strings.ToLower(fmt.Sprint(name, i))).ExecX(system)
		if o.ParentID == nil {
			continue
		}
		g := w.Group(t, o, name)
		for range 3 {
			w.Student(t, o, name, "Aa", 900)
			w.Student(t, o, name, "Zz", 0, g)
		}
		w.serviceKey(t, o, viewer.UsageWrite)
		w.Educator(t, &db.Organization{ID: o.DistrictID}, fmt.Sprint(name, i)+" Person", viewer.SchoolAdmin, o)
	}
	hidden := 0
	for _, g := range []*db.Group{w.Algebra, w.Biology, w.Synced, w.Chemistry, w.Drama} {
		if seen[g.Name] {
			continue
		}
		hidden++
		school := client.Organization.GetX(system, g.OrganizationID)
		w.Student(t, school, name, "Bb", 900, g)
		// A student whom the caller sees, in a group that the caller does not see.
		for _, st := range client.Student.Query().
			Where(student.OrganizationID(school.ID), student.GroupCountGT(0)).AllX(system) {
			if seen[st.FirstName] {
				client.Enrollment.Create().SetStudentID(st.ID).SetGroupID(g.ID).ExecX(system)
				client.Student.UpdateOne(st).AddGroupCount(1).ExecX(system)
				client.Group.UpdateOne(g).AddStudentCount(1).ExecX(system)
			}
		}
		client.Group.UpdateOne(g).SetName(g.Name + name).SetNameKey("aaa" + name).AddVersion(1).ExecX(system)
	}
	if hidden == 0 {
		t.Fatal("there is nothing to disturb")
	}
}

// TestAForeignIDIsLikeNone asks for what exists outside of the purview and for
// what does not exist at all: the answers are the same to the byte, and so is the
// number of statements, on which the time depends.
func TestAForeignIDIsLikeNone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		compared := 0
		for column, caller := range callerNames[1:] {
			who := s.callers()[caller]
			for i, row := range authorization {
				if want := row.columns[column+1]; want != nf && want != null || strings.HasPrefix(row.operation, "subscription") {
					continue
				}
				text, ids := s.template(t, fmt.Sprintf("foreign%d.%d", column, i), row.operation)
				foreign, there := s.saidOf(t, who, text, ids)
				none, absent := s.saidOf(t, who, text, s.unknown(t, who, ids))
				compared++
				if foreign != none {
					t.Errorf("%s %s as %s: what is not seen is answered by\n%s\nand what does not exist by\n%s", row.field, row.what,
						caller, foreign, none)
				}
				if there != absent {
					t.Errorf("%s %s as %s: what is not seen takes %d statements, and what does not exist %d", row.field, row.what,
						caller, there, absent)
				}
			}
		}
		if compared < 100 {
			t.Errorf("only %d cells were compared", compared)
		}
	})
}

// template is the operation of a cell with {{Id0}} and so on for the ids in it.
func (s *server) template(t *testing.T, name, operation string) (text string, ids []string) {
	t.Helper()
	text = s.cell(t, name, operation)
	parts := strings.Split(text, `"`)
	for i := 1; i < len(parts); i += 2 {
		if _, _, is := globalid.Decode(parts[i]); is {
			ids = append(ids, parts[i])
			parts[i] = fmt.Sprintf("{{Id%d}}", len(ids)-1)
		}
	}
	return strings.Join(parts, `"`), ids
}

// unknown replaces the ids that the caller does not see by ids of the same types that do
// not exist.
func (s *server) unknown(t *testing.T, who *db.Educator, ids []string) []string {
	t.Helper()
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id
		if s.ask(t, who, fmt.Sprintf("{ node(id: %q) { id } }", id), nil).at("node") == nil {
			kind, _, _ := globalid.Decode(id)
			list[i] = globalid.Encode(kind, 987_654_321+i)
		}
	}
	return list
}

// saidOf asks about some ids and returns the answer without them, and how many
// statements it took.
func (s *server) saidOf(t *testing.T, who *db.Educator, text string, ids []string) (string, int64) {
	t.Helper()
	s.token(t, who)
	in, out := []string{}, []string{}
	for i, id := range ids {
		place := fmt.Sprintf("{{Id%d}}", i)
		in, out = append(in, place, id), append(out, id, place)
	}
	operation := strings.NewReplacer(in...).Replace(text)
	var a answer
	if strings.Contains(operation, "$file") {
		a = s.upload(t, who, operation, "rows.csv", "Student ID\n1\n")
	} else {
		a = s.ask(t, who, operation, nil)
	}
	said, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(out...).Replace(string(said)), s.statements.Load()
}
