package job_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// someone is a person or program with a hand in a job.
type someone struct {
	name string
	ctx  context.Context
	// wide is set for people who may do everything in the district.
	wide bool
	// kinds are the kinds of files to submit; nil stands for all.
	kinds []bulkjob.Kind
}

// program is a service key of an organization.
func (b *bench) program(at *db.Organization) context.Context {
	b.t.Helper()
	agent := b.Client().Educator.Create().SetDistrictID(at.DistrictID).SetService(1).SetFirstName("Service key").
		SetLastName("SIS").
		SetSortName(fold.SortName("SIS", "Service key")).SaveX(fixture.System())
	role := roleassignment.RoleSCHOOL_ADMIN
	if at.ID == at.DistrictID {
		role = roleassignment.RoleDISTRICT_ADMIN
	}
	b.Client().RoleAssignment.Create().SetEducatorID(agent.ID).SetOrganizationID(at.ID).SetDistrictID(at.DistrictID).
		SetRole(role).ExecX(fixture.System())
	key := b.Client().ServiceKey.Create().SetDistrictID(at.DistrictID).SetOrganizationID(at.ID).SetName("SIS").
		SetScopes([]string{string(viewer.RosterImport)}).
		SetKeyHash(fmt.Sprint("key ", agent.ID)).SetBeginning("hrk_x").SetExpiresAt(fixture.Today.AddDate(1, 0, 0)).
		SetAgentID(agent.ID).SaveX(fixture.System())
	if b.Client().ServiceKey.Query().Where(servicekey.ID(key.ID)).CountX(fixture.System()) != 1 {
		b.t.Fatal("no key")
	}
	return viewer.NewContext(context.Background(),
		&viewer.Viewer{Key: &viewer.Key{ID: key.ID, OrganizationID: at.ID, DistrictID: at.DistrictID,
			AgentID: agent.ID, Scopes: []viewer.Scope{viewer.RosterImport}}})
}

// attempt is one row of a job for North: its cells, whether it touches only what is in
// everybody's purview, and how to see that it was carried out.
type attempt struct {
	what  string
	cells map[string]string
	// inside rows are carried out for everybody, wide rows if all hands are wide, and the
	// others never: a job for North does nothing elsewhere.
	inside, wide bool
	state        func() string
}

// columnsOf are the columns of the files in the table.
var columnsOf = map[bulkjob.Kind][]string{
	students: {"Database ID", "Student ID", "First Name", "Last Name", "Username", "Password", "Grade", "School",
		"Classes/Groups"},
	groups:      {"Database ID", "External ID", "Name", "School", "Educators"},
	educators:   {"Database ID", "External ID", "First Name", "Last Name", "Email", "Password", "Role", "School"},
	enrollments: {"Class", "Person ID"},
}

// hidden is in rows about other schools; somebody who sees only North must not read it
// anywhere.
const hidden = "Zebedee"

// attempts makes new things for one job to be about, inside and outside of North.
func (b *bench) attempts(kind bulkjob.Kind) []attempt {
	b.t.Helper()
	client, system := b.Client(), fixture.System()
	pupil := func(at *db.Organization, groups ...*db.Group) *db.Student {
		return b.Student(b.t, at, "Pu", "Pil", 0, groups...)
	}
	stateOf := func(st *db.Student) func() string {
		return func() string {
			now := client.Student.GetX(system, st.ID)
			return fmt.Sprint(now.OrganizationID, now.FirstName, now.Grade, now.PasswordHash != "", now.DeletedAt,
				b.groupsOf(now))
		}
	}
	groupState := func(g *db.Group) func() string {
		return func() string {
			return fmt.Sprint(client.Group.GetX(system, g.ID).Name,
				b.number("SELECT COUNT(*) FROM group_educators WHERE group_id = ?", g.ID))
		}
	}
	accountState := func(e *db.Educator) func() string {
		return func() string {
			now := client.Educator.GetX(system, e.ID)
			return fmt.Sprint(now.FirstName, now.Email, now.PasswordHash,
				b.number("SELECT COUNT(*) FROM role_assignments WHERE educator_id = ?", e.ID))
		}
	}
	switch kind {
	case students:
		in, mover, joiner := pupil(b.North, b.Algebra), pupil(b.North, b.Algebra), pupil(b.North, b.Algebra)
		out, named, comes := pupil(b.South, b.Chemistry), pupil(b.South, b.Chemistry), pupil(b.South, b.Chemistry)
		return []attempt{
			{"a student of the school", map[string]string{"Database ID": stu(in), "Grade": "9"}, true, true, stateOf(in)},
			{"a student of another school", map[string]string{"Database ID": stu(out), "First Name": hidden, "Grade": "9", "Password": "a password"}, false, false, stateOf(out)},
			{"a student of another school by Student ID", map[string]string{"Student ID": named.ExternalID, "Last Name": hidden, "First Name": hidden, "Grade": "9", "Username": strings.ToLower(hidden) + named.ExternalID}, false, false, stateOf(named)},
			{"a student who is moved here from another school", map[string]string{"Database ID": stu(comes), "First Name": hidden, "School": "N"}, false, true, stateOf(comes)},
			{"a student who is moved to another school", map[string]string{"Database ID": stu(mover), "School": "S"}, false, true, stateOf(mover)},
			{"a student who joins a group of another school", map[string]string{"Database ID": stu(joiner), "Classes/Groups": grp(b.Chemistry)}, false, false, stateOf(joiner)},
		}
	case groups:
		in, out, taught := b.Group(b.t, b.North, "In"), b.Group(b.t, b.South, hidden), b.Group(b.t, b.North, "Taught")
		for _, g := range []*db.Group{in, taught} {
			b.Teach(b.t, b.NorthTeacher, g)
		}
		return []attempt{
			{"a group of the school", map[string]string{"Database ID": grp(in), "Name": "Renamed"}, true, true, groupState(in)},
			{"a group of another school", map[string]string{"Database ID": grp(out), "Name": hidden + " 2"}, false, false, groupState(out)},
			{"a group that somebody of another school is to teach", map[string]string{"Database ID": grp(taught), "Educators": edu(b.SouthTeacher)}, false, false, groupState(taught)},
		}
	case educators:
		n := b.number("SELECT COUNT(*) FROM educators")
		in := b.Educator(b.t, b.Alpha, fmt.Sprintf("Ina%d Inside", n), viewer.Teacher, b.North)
		out := b.Educator(b.t, b.Alpha, fmt.Sprintf("Otto%d %s", n, hidden), viewer.Teacher, b.South)
		wanted := b.Educator(b.t, b.Alpha, fmt.Sprintf("Olga%d %s", n, hidden), viewer.Teacher, b.South)
		more := b.Educator(b.t, b.Alpha, fmt.Sprintf("Mo%d Inside", n), viewer.Teacher, b.North)
		above := b.Educator(b.t, b.Alpha, fmt.Sprintf("Abby%d %s", n, hidden), viewer.DistrictAdmin, b.Alpha)
		both := b.Educator(b.t, b.Alpha, fmt.Sprintf("Bo%d Both", n), viewer.Teacher, b.North)
		client.RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
			SetRole(roleassignment.RoleTEACHER).ExecX(system)
		return []attempt{
			{"an educator of the school", map[string]string{"Database ID": edu(in), "First Name": "Renamed", "Email": fmt.Sprintf("in%d@example.org", n), "Password": "a new password"}, true, true, accountState(in)},
			{"an educator of another school", map[string]string{"Database ID": edu(out), "First Name": hidden, "Password": "a new password"}, false, false, accountState(out)},
			{"an educator of another school who is to have a role here", map[string]string{"Database ID": edu(wanted), "Role": "Teacher", "School": "N"}, false, false, accountState(wanted)},
			{"an administrator of the district", map[string]string{"Database ID": edu(above), "Email": fmt.Sprintf("taken%d@example.org", n), "Password": "a new password"}, false, false, accountState(above)},
			{"an educator with a role elsewhere", map[string]string{"Database ID": edu(both), "Password": "a new password"}, false, false, accountState(both)},
			{"an educator who is to have a role elsewhere", map[string]string{"Database ID": edu(more), "Role": "Teacher", "School": "S"}, false, false, accountState(more)},
		}
	default:
		in, out, joiner := pupil(b.North, b.Algebra), pupil(b.South), pupil(b.North)
		chess := b.Group(b.t, b.North, "Chess")
		return []attempt{
			{"a student of the school", map[string]string{"Class": grp(chess), "Person ID": stu(in)}, true, true, stateOf(in)},
			{"a student of another school", map[string]string{"Class": grp(b.Chemistry), "Person ID": stu(out)}, false, false, stateOf(out)},
			{"a student of the school and a group of another one", map[string]string{"Class": grp(b.Chemistry), "Person ID": stu(joiner)}, false, false, stateOf(joiner)},
			{"an educator of another school", map[string]string{"Class": grp(chess), "Person ID": edu(b.SouthTeacher)}, false, false, groupState(chess)},
		}
	}
}

// told returns everything that somebody can read about a job.
func (b *bench) told(ctx context.Context, job *db.BulkJob) string {
	b.t.Helper()
	var out strings.Builder
	most := 500
	changes, err := b.Changes(ctx, job.ID, &most, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range changes.Items {
		fmt.Fprintln(&out, c.Label, c.Field, text(c.Before), text(c.After))
	}
	problems, err := b.Problems(ctx, job.ID, &most, nil, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, p := range problems.Items {
		fmt.Fprintln(&out, p.Row, p.Code, p.Value, p.Message, p.Hint)
	}
	rows, err := b.RefusedRows(ctx, job.ID, &most, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range rows.Items {
		fmt.Fprintln(&out, r.Row, r.Cells)
	}
	if n, err := b.CountRefusedRows(ctx, job.ID); err != nil || n != len(rows.Items) {
		b.t.Errorf("%d refused rows are counted, %d shown, %v", n, len(rows.Items), err)
	}
	var file bytes.Buffer
	if n, err := b.FailedRows(ctx, &file, job.ID); n != len(rows.Items) || err != nil && n > 0 {
		b.t.Errorf("%d rows in the file, %d shown, %v", n, len(rows.Items), err)
	}
	return out.String() + file.String()
}

// TestHands lets everybody who can submit, correct and start jobs for one school, with
// rows inside and outside the purview of each. A row is carried out if each of them may do
// it alone, and nobody reads anything about other schools.
func TestHands(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		system := viewer.AsSystem(context.Background(), "the operator starts a job")
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		submitters := []someone{
			{"a district's administrator", b.As(t, b.DistrictAdmin), true, nil},
			{"a district's program", b.program(b.Alpha), true, nil},
			{"a school's administrator", b.As(t, b.NorthAdmin), false, nil},
			{"a school's program", b.program(b.North), false, nil},
			{"a teacher", b.As(t, b.NorthTeacher), false, []bulkjob.Kind{students, groups}},
		}
		other := b.Educator(t, b.Alpha, "Dora Districts", viewer.DistrictAdmin, b.Alpha)
		correctors := []someone{{"nobody", nil, true, nil},
			{"another administrator of the district", b.As(t, other), true, nil}, {"another administrator of the school", b.As(t, second), false, nil}}
		starters := []someone{{"the operator", system, true, nil},
			{"another administrator of the district", b.As(t, other), true, nil}, {"another administrator of the school", b.As(t, second), false, nil}}
		for _, submitter := range submitters {
			for _, corrector := range correctors {
				for _, starter := range starters {
					for _, kind := range slices.Sorted(maps.Keys(columnsOf)) {
						if submitter.kinds != nil && !slices.Contains(submitter.kinds, kind) {
							continue
						}
						t.Run(fmt.Sprintf("%s by %s, corrected by %s, started by %s", kind, submitter.name, corrector.name, starter.name),
							func(t *testing.T) {
								b.on(t).tryHands(kind, submitter, corrector, starter)
							})
					}
				}
			}
		}
		b.consistent()
	})
}

func (b *bench) tryHands(kind bulkjob.Kind, submitter, corrector, starter someone) {
	b.t.Helper()
	attempts := b.attempts(kind)
	before := make([]string, len(attempts))
	var file strings.Builder
	fmt.Fprintln(&file, strings.Join(columnsOf[kind], ","))
	for i, a := range attempts {
		before[i] = a.state()
		cells := make([]string, len(columnsOf[kind]))
		for at, column := range columnsOf[kind] {
			if corrector.ctx == nil {
				cells[at] = a.cells[column]
			}
		}
		if corrector.ctx != nil {
			cells[0] = "nothing"
		}
		fmt.Fprintln(&file, strings.Join(cells, ","))
	}
	job, err := b.Submit(submitter.ctx,
		jobs.Submission{OrganizationID: b.North.ID, Kind: kind, File: strings.NewReader(file.String())})
	if err != nil {
		b.t.Fatal(err)
	}
	job = b.drained(job.ID)
	north := b.As(b.t, b.NorthAdmin)
	corrected := map[int]string{}
	if corrector.ctx != nil {
		for i, a := range attempts {
			in := jobs.Correction{JobID: job.ID, Row: i + 1}
			for _, column := range columnsOf[kind] {
				in.Values = append(in.Values, sheet.Cell{Column: column, Value: a.cells[column]})
			}
			c, err := b.Correct(corrector.ctx, in)
			if err != nil {
				b.t.Fatalf("%s: %v", a.what, err)
			}
			for _, p := range c.Problems {
				corrected[i] += p.Code + " " + p.Message + " " + p.Hint + "\n"
			}
			if !corrector.wide && !a.inside && len(c.Changes) > 0 {
				b.t.Errorf("%s: is shown what it changes: %+v", a.what, c.Changes)
			}
			if all := corrected[i]; !corrector.wide && strings.Contains(all, hidden) {
				b.t.Errorf("%s: is told %s", a.what, all)
			}
		}
	}
	if _, err := b.Start(starter.ctx, job.ID); err != nil {
		b.t.Fatal(err)
	}
	job = b.drained(job.ID)
	b.balanced(job)
	for i, a := range attempts {
		wanted := a.inside || a.wide && submitter.wide && corrector.wide && starter.wide
		if got := a.state() != before[i]; got != wanted {
			b.t.Errorf("%s: carried out %v, want %v (%s → %s)\n%s", a.what, got, wanted, before[i], a.state(), b.problems(job))
		}
	}
	// What somebody has typed who sees North alone is no secret of elsewhere.
	if corrector.wide && submitter.wide {
		for _, name := range []string{hidden, "South School", "Chemistry", "Theo"} {
			if told := b.told(north, job); strings.Contains(told, name) {
				b.t.Errorf("an administrator of the school reads %s:\n%s", name, told)
			}
		}
	}
}
