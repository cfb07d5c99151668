package rule_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// row is a row of a table, by the names of its columns; numbers are int.
type row map[string]any

// id returns a column with a key; it is 0 if the column is NULL.
func (r row) id(column string) int { n, _ := r[column].(int); return n }

// text returns a column with text; it is empty if the column is NULL.
func (r row) text(column string) string { s, _ := r[column].(string); return s }

// world is what the reference looks at: the rows of all tables, read with plain SQL.
type world struct {
	*fixture.World
	tables  map[string][]row
	callers []caller
}

// caller is somebody who asks.
type caller struct {
	name   string
	viewer *viewer.Viewer // nil for nobody
}

func (c caller) context() context.Context {
	if c.viewer == nil {
		return context.Background()
	}
	return viewer.NewContext(context.Background(), c.viewer)
}

func (c caller) isSystem() bool { return c.viewer.IsSystem() }

// isBeforeSecondFactor says whether the caller, or one of several hands, is still to
// set up a second factor.
func (c caller) isBeforeSecondFactor() bool {
	return slices.ContainsFunc(c.viewer.Hands(), func(h *viewer.Viewer) bool { return h != nil && h.BeforeSecondFactor })
}

// district builds two districts of two schools from a seed: educators with any
// roles, groups that anybody teaches, and students, jobs and whatever else people
// read, anywhere.
func district(t *testing.T, d *database.DB, seed uint64) *world {
	t.Helper()
	rnd, ctx := rand.New(rand.NewPCG(seed, 1)), fixture.System()
	w := &world{World: fixture.New(t, d), tables: map[string][]row{}}
	c := w.Client()
	west := w.School(t, w.Beta, "West School", "W")
	schools := []*db.Organization{w.North, w.South, w.East, west}
	groups := []*db.Group{w.Algebra, w.Biology, w.Synced, w.Chemistry, w.Drama, w.Group(t, west, "Ethics")}
	educators := c.Educator.Query().AllX(ctx)
	educators = append(educators, w.Educator(t, w.Beta, "Edna East", viewer.Teacher, w.East),
		w.Educator(t, w.Beta, "Wim West", viewer.SchoolAdmin, west))
	// Those who are more than one thing, and one who was a teacher.
	mixed := w.Educator(t, w.Alpha, "Mia Mixed", viewer.SchoolAdmin, w.North)
	many := w.Educator(t, w.Alpha, "Max Many", viewer.Teacher, w.North)
	both := w.Educator(t, w.Alpha, "Dora Both", viewer.DistrictAdmin, w.Alpha)
	former := c.Educator.Create().SetDistrictID(w.Alpha.ID).SetFirstName("Flo").SetLastName("Former").
		SetSortName("former").SaveX(ctx)
	for i, e := range []*db.Educator{mixed, many, both} {
		c.RoleAssignment.Create().SetEducatorID(e.ID).SetOrganizationID([]int{w.South.ID, w.South.ID, w.North.ID}[i]).
			SetDistrictID(w.Alpha.ID).SetRole(roleassignment.RoleTEACHER).ExecX(ctx)
		w.Teach(t, e, w.Chemistry)
	}
	w.Teach(t, former, w.Biology)
	for i, at := range []*db.Organization{w.North, w.South, west} {
		w.Educator(t, &db.Organization{ID: at.DistrictID}, fmt.Sprintf("Program%d Agent", i), viewer.SchoolAdmin, at).
			Update().SetService(1).ExecX(ctx)
	}
	educators = append(educators, mixed, many, both, former)
	for i := range 6 {
		school := schools[rnd.IntN(len(schools))]
		person := c.Educator.Create().SetDistrictID(school.DistrictID).SetFirstName(fmt.Sprint("Person", i)).
			SetLastName("Random").SetSortName(fmt.Sprint(i)).SaveX(ctx)
		educators = append(educators, person)
		for range rnd.IntN(4) {
			at, role := schools[rnd.IntN(len(schools))], roleassignment.RoleTEACHER
			switch {
			case at.DistrictID != school.DistrictID:
				continue
			case rnd.IntN(3) == 0:
				role = roleassignment.RoleSCHOOL_ADMIN
			case rnd.IntN(6) == 0:
				at, role = &db.Organization{ID: at.DistrictID, DistrictID: at.DistrictID}, roleassignment.RoleDISTRICT_ADMIN
			}
			_ = c.RoleAssignment.Create().SetEducatorID(person.ID).SetOrganizationID(at.ID).SetDistrictID(at.DistrictID).
				SetRole(role).Exec(ctx)
		}
	}
	for _, g := range groups {
		for range rnd.IntN(3) {
			_ = c.GroupEducator.Create().SetGroupID(g.ID).SetEducatorID(educators[rnd.IntN(len(educators))].ID).Exec(ctx)
		}
	}
	product := c.Product.Create().SetCode("reading").SaveX(ctx)
	for i := range 24 {
		var in []*db.Group
		for _, g := range groups {
			if rnd.IntN(8) == 0 {
				in = append(in, g)
			}
		}
		s := w.Student(t, schools[i%len(schools)], "Student", fmt.Sprint(i), 0, in...)
		if rnd.IntN(5) == 0 {
			s.Update().SetDeletedAt(fixture.Today).ExecX(ctx)
		}
		c.UsageDay.Create().SetStudentID(s.ID).SetProductID(product.ID).SetDay(calendar.Date(2026, time.October, 5)).
			SetSeconds(60).ExecX(ctx)
	}
	kinds := []bulkjob.Kind{bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_EDUCATORS, bulkjob.KindEDIT_STUDENTS,
		bulkjob.KindDELETE_STUDENTS}
	for i := range 60 {
		who, kind := educators[i%len(educators)], kinds[rnd.IntN(len(kinds))]
		job := c.BulkJob.Create().SetDistrictID(who.DistrictID).SetSubmittedBy(who.ID).SetKind(kind).
			SetOrganizationID(who.DistrictID)
		switch rnd.IntN(3) {
		case 0: // at a school
			s := schools[rnd.IntN(len(schools))]
			job.SetOrganizationID(s.ID).SetDistrictID(s.DistrictID)
		case 1: // a selection from several schools
			var from strings.Builder
			for _, s := range schools {
				if s.DistrictID == who.DistrictID && rnd.IntN(3) > 0 {
					fmt.Fprintf(&from, "|%d|", s.ID)
				}
			}
			job.SetSchools(from.String())
		}
		j := job.SaveX(ctx)
		outside := int8(rnd.IntN(2))
		c.BulkJobRow.Create().SetJobID(j.ID).SetRow(1).SetLabel("row").SetPlan([]byte("{}")).SetChangeCount(1).
			SetOutside(outside).ExecX(ctx)
		c.BulkJobProblem.Create().SetJobID(j.ID).SetRow(1).SetSeverity(bulkjobproblem.SeverityERROR).SetCode("CODE").
			SetMessage("message").SetOutside(outside).ExecX(ctx)
		c.BulkJobRefusedRow.Create().SetJobID(j.ID).SetRow(1).SetN(0).SetCells([]byte("[]")).SetOutside(outside).ExecX(ctx)
	}
	// Selections by people with different roles at two schools, from each school and from
	// both, and jobs that they submitted at a school where they have no role.
	for _, who := range []*db.Educator{mixed, many, both, w.NorthTeacher, w.NorthAdmin} {
		for _, kind := range []bulkjob.Kind{bulkjob.KindEDIT_STUDENTS, bulkjob.KindDELETE_STUDENTS} {
			north, south := fmt.Sprintf("|%d|", w.North.ID), fmt.Sprintf("|%d|", w.South.ID)
			for _, from := range []string{north, south, north + south} {
				c.BulkJob.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.Alpha.ID).SetSubmittedBy(who.ID).SetKind(kind).
					SetSchools(from).ExecX(ctx)
			}
		}
		c.BulkJob.Create().SetDistrictID(w.Beta.ID).SetOrganizationID(west.ID).SetSubmittedBy(who.ID).
			SetKind(bulkjob.KindIMPORT_EDUCATORS).
			SetSchools("").ExecX(ctx)
	}
	for i, o := range c.Organization.Query().AllX(ctx) {
		c.ServiceKey.Create().SetDistrictID(o.DistrictID).SetOrganizationID(o.ID).SetName("key").SetScopes([]string{}).
			SetKeyHash(fmt.Sprint(i)).
			SetBeginning("hrk_").SetExpiresAt(fixture.Today).ExecX(ctx)
		c.AuditEvent.Create().SetDistrictID(o.DistrictID).SetOrganizationID(o.ID).SetSeq(1 + i).SetAction("A").
			SetActorKind("SERVER").SetPrevHash("").SetHash("").ExecX(ctx)
		c.AuditEvent.Create().SetDistrictID(o.DistrictID).SetSeq(100 + i).SetAction("A").SetActorKind("SERVER").
			SetPrevHash("").SetHash("").ExecX(ctx)
	}
	for _, e := range educators {
		c.Session.Create().SetEducatorID(e.ID).SetTokenHash(fmt.Sprint(e.ID)).SetExpiresAt(fixture.Today).ExecX(ctx)
	}
	w.callers = w.everybody(t)
	w.callers = append(w.callers, w.several(rnd)...)
	return w
}

// everybody returns all callers: every person of the districts, and programs with every
// scope at a district and at the schools.
func (w *world) everybody(t *testing.T) []caller {
	t.Helper()
	all := []caller{{"nobody", nil}, {"the server", viewer.System("rehearsal")},
		{"somebody without an account", &viewer.Viewer{}}}
	for _, e := range w.Client().Educator.Query().Order(educator.ByID()).AllX(fixture.System()) {
		v := viewer.FromContext(w.As(t, e))
		name := fmt.Sprintf("educator %d of district %d", e.ID, e.DistrictID)
		for _, a := range v.Assignments {
			name += fmt.Sprintf(", %s at %d", a.Role, a.OrganizationID)
		}
		all = append(all, caller{name, v})
	}
	all = append(all,
		caller{"a teacher who has lost the role", &viewer.Viewer{EducatorID: w.NorthTeacher.ID, DistrictID: w.Alpha.ID}},
		caller{"an administrator before the second factor",
			&viewer.Viewer{EducatorID: w.NorthAdmin.ID, DistrictID: w.Alpha.ID, BeforeSecondFactor: true}})
	for _, o := range w.Client().Organization.Query().Order(organization.ByID()).AllX(fixture.System()) {
		for _, scopes := range [][]viewer.Scope{nil, {viewer.UsageWrite}, {viewer.RosterImport}, viewer.Scopes()} {
			agent := w.NorthTeacher.ID
			if o.DistrictID == w.Beta.ID {
				agent = w.BetaAdmin.ID
			}
			key := &viewer.Key{ID: 1, OrganizationID: o.ID, DistrictID: o.DistrictID, AgentID: agent, Scopes: scopes}
			all = append(all, caller{fmt.Sprintf("key %v at %d", scopes, o.ID), &viewer.Viewer{Key: key}})
		}
	}
	return all
}

// several returns groups of people who act together: some with different roles, and any
// two or three.
func (w *world) several(rnd *rand.Rand) (all []caller) {
	byID := map[int]*viewer.Viewer{}
	var people []*viewer.Viewer
	for _, c := range w.callers {
		if c.viewer != nil && c.viewer.EducatorID != 0 && !c.isBeforeSecondFactor() && len(c.viewer.Assignments) > 0 {
			byID[c.viewer.EducatorID] = c.viewer
			people = append(people, c.viewer)
		}
	}
	dana, nora, tess, bea := byID[w.DistrictAdmin.ID], byID[w.NorthAdmin.ID], byID[w.NorthTeacher.ID], byID[w.BetaAdmin.ID]
	hands := [][]*viewer.Viewer{
		{dana, bea}, {bea, dana}, {dana, nora}, {nora, tess}, {tess, nora}, {tess, dana}, {dana, viewer.AdministratorOf(w.North.ID, w.Alpha.ID)},
		{dana, {EducatorID: w.NorthAdmin.ID, DistrictID: w.Alpha.ID, BeforeSecondFactor: true}},
	}
	for _, c := range w.callers {
		if c.viewer.Holds(viewer.RosterImport, w.Alpha.ID, w.Alpha.ID) {
			hands = append(hands, []*viewer.Viewer{c.viewer, tess}, []*viewer.Viewer{dana, c.viewer})
		}
	}
	anybody := func() *viewer.Viewer { return people[rnd.IntN(len(people))] }
	for range 4 {
		hands = append(hands, []*viewer.Viewer{anybody(), anybody()}, []*viewer.Viewer{anybody(), anybody(), anybody()})
	}
	for _, h := range hands {
		var name strings.Builder
		for _, v := range h {
			fmt.Fprintf(&name, "%d %v with ", v.SubmitterID(), v.Assignments)
		}
		all = append(all, caller{strings.TrimSuffix(name.String(), " with "), viewer.Jointly(h[0], h[1:]...)})
	}
	return all
}

// load reads a table with plain SQL.
func (w *world) load(t *testing.T, table string) []row {
	t.Helper()
	if rows, ok := w.tables[table]; ok {
		return rows
	}
	rows, err := w.Client().QueryContext(context.Background(), "SELECT * FROM `"+table+"` ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	list := []row{}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		r := row{}
		for i, c := range columns {
			switch v := (*values[i].(*any)).(type) {
			case int64:
				r[c] = int(v)
			case []byte:
				r[c] = string(v)
			default:
				r[c] = v
			}
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	w.tables[table] = list
	return list
}
