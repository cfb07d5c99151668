package roster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// ledger shows what a change of the roster leaves behind: entries of the audit trail,
// losses, and versions that have moved.
type ledger struct {
	*fixture.World
	entry, lost int
	versions    map[string]int
}

// since returns what is new since the last call, a line for each thing.
func (l *ledger) since(t *testing.T) (lines []string) {
	t.Helper()
	system, c := fixture.System(), l.Client()
	for _, e := range c.AuditEvent.Query().Where(auditevent.IDGT(l.entry)).Order(db.Asc(auditevent.FieldID)).AllX(system) {
		l.entry = e.ID
		line := fmt.Sprintf("%s at %s", e.Action, l.name(globalid.Organization, e.OrganizationID))
		for _, d := range c.AuditDetail.Query().Where(auditdetail.DistrictID(e.DistrictID),
			auditdetail.Seq(e.Seq)).Order(db.Asc(auditdetail.FieldPosition)).AllX(system) {
			var changes audit.Changes
			if err := json.Unmarshal([]byte(*d.Body), &changes); err != nil {
				t.Fatal(err)
			}
			line += ", " + l.name(globalid.Type(d.SubjectType), d.SubjectID)
			for _, ch := range changes {
				line += " " + ch.Field
			}
		}
		lines = append(lines, line)
	}
	for _, x := range c.Loss.Query().Where(loss.IDGT(l.lost)).Order(db.Asc(loss.FieldID)).AllX(system) {
		l.lost = x.ID
		where := ""
		if x.LeftAt != nil {
			where = " where it was before"
		}
		lines = append(lines, fmt.Sprintf("lost: %s %s%s",
			l.name(map[loss.Thing]globalid.Type{loss.ThingSTUDENT: globalid.Student, loss.ThingGROUP: globalid.Group}[x.Thing],
				x.SubjectID), x.Verb, where))
	}
	now := map[string]int{}
	for _, s := range c.Student.Query().AllX(system) {
		now[l.name(globalid.Student, s.ID)] = s.Version
	}
	for _, g := range c.Group.Query().AllX(system) {
		now[l.name(globalid.Group, g.ID)] = g.Version
	}
	for name, version := range now {
		if before, was := l.versions[name]; was && before != version {
			lines = append(lines, "newer: "+name)
		}
	}
	l.versions = now
	slices.Sort(lines)
	return lines
}

// name is what a thing is called in the lines; a student by the Student ID, which stays.
func (l *ledger) name(kind globalid.Type, id int) string {
	system, c := fixture.System(), l.Client()
	switch kind {
	case globalid.Organization:
		return strings.TrimSuffix(c.Organization.GetX(system, id).Name, " School")
	case globalid.Student:
		return "student " + c.Student.GetX(system, id).ExternalID
	case globalid.Group:
		return fmt.Sprint("group ", id-l.Algebra.ID)
	default:
		return fmt.Sprint(kind, id)
	}
}

// TestWhatAChangeLeavesBehind makes each change of the roster once.
func TestWhatAChangeLeavesBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		l := &ledger{World: w}
		admin, district := w.As(t, w.NorthAdmin), w.As(t, w.DistrictAdmin)
		one, two := w.Student(t, w.North, "Uno", "One", 0), w.Student(t, w.North, "Dos", "Two", 0, w.Biology)
		var made *db.Student
		var group *db.Group
		update := func(ctx context.Context, ch roster.StudentChange) error {
			ch.ID = one.ID
			_, err := r.UpdateStudent(ctx, ch)
			return err
		}
		change := func(ch roster.GroupChange) error {
			ch.ID = group.ID
			_, err := r.UpdateGroup(admin, ch)
			return err
		}
		l.since(t)
		for _, step := range []struct {
			what string
			do   func() error
			want []string
		}{
			{"a student is created", func() (err error) {
				made, err = r.CreateStudent(admin, roster.NewStudent{OrganizationID: w.North.ID, ExternalID: "M1",
					FirstName: "Mia", LastName: "Made", Username: "mia.made",
					Password: ptr("secret"), Grade: "3", GroupIDs: []int{w.Algebra.ID}})
				return err
			}, []string{
				"STUDENT_CREATED at North, student M1 organization externalId firstName lastName username grade groups password", "newer: group 0"}},
			{"a name", func() error { return update(admin, roster.StudentChange{FirstName: ptr("Una"), LastName: ptr("Won")}) },
				[]string{"STUDENT_UPDATED at North, student 00001 firstName lastName", "lost: student 00001 CHANGED",
					"newer: student 00001"}},
			{"a username", func() error { return update(admin, roster.StudentChange{Username: ptr("Una.Won")}) },
				[]string{"STUDENT_UPDATED at North, student 00001 username", "lost: student 00001 CHANGED",
					"newer: student 00001"}},
			{"a grade", func() error { return update(admin, roster.StudentChange{Grade: ptr("9")}) },
				[]string{"STUDENT_UPDATED at North, student 00001 grade", "lost: student 00001 CHANGED", "newer: student 00001"}},
			{"a password", func() error { return update(admin, roster.StudentChange{Password: ptr("secret")}) },
				[]string{"STUDENT_UPDATED at North, student 00001 password", "lost: student 00001 CHANGED",
					"newer: student 00001"}},
			{"nothing", func() error { return update(admin, roster.StudentChange{Grade: ptr("9")}) },
				[]string{"STUDENT_UPDATED at North, student 00001", "newer: student 00001"}},
			{"a move", func() error { return update(district, roster.StudentChange{OrganizationID: &w.South.ID}) },
				[]string{"STUDENT_MOVED at North, student 00001 organization", "STUDENT_MOVED at South, student 00001 organization",
					"STUDENT_UPDATED at South, student 00001 organization", "lost: student 00001 LEFT", "newer: student 00001"}},
			{"a move of somebody in groups", func() error {
				_, err := r.UpdateStudent(district, roster.StudentChange{ID: made.ID, OrganizationID: &w.South.ID})
				return err
			}, []string{"STUDENT_MOVED at North, student M1 organization groups, group 0",
				"STUDENT_MOVED at South, student M1 organization", "STUDENT_UPDATED at South, student M1 organization",
				"lost: student M1 LEFT", "newer: group 0", "newer: student M1"}},
			{"a move back", func() error {
				_, err := r.UpdateStudent(district, roster.StudentChange{ID: made.ID, OrganizationID: &w.North.ID})
				return err
			}, []string{"STUDENT_MOVED at North, student M1 organization", "STUDENT_MOVED at South, student M1 organization",
				"STUDENT_UPDATED at North, student M1 organization", "lost: student M1 LEFT", "newer: student M1"}},
			{"an assignment to the former group", func() error {
				_, err := r.AssignStudents(admin, ids(made), []int{w.Algebra.ID})
				return err
			}, []string{"STUDENTS_ASSIGNED at North, group 0, student M1 groups", "newer: group 0", "newer: student M1"}},
			{"an assignment", func() error {
				_, err := r.AssignStudents(admin, ids(two, made),
					[]int{w.Biology.ID})
				return err
			},
				[]string{"STUDENTS_ASSIGNED at North, group 1, student M1 groups", "newer: group 1", "newer: student M1"}},
			{"an assignment of those who are there", func() error {
				_, err := r.AssignStudents(admin, ids(two),
					[]int{w.Biology.ID})
				return err
			}, nil},
			{"a removal", func() error { _, err := r.RemoveStudents(admin, ids(two, made), []int{w.Biology.ID}); return err },
				[]string{"STUDENTS_REMOVED at North, group 1, student 00002 groups, student M1 groups",
					"lost: student 00002 CHANGED", "lost: student M1 CHANGED",
					"newer: group 1", "newer: student 00002", "newer: student M1"}},
			{"a group is created", func() (err error) {
				group, err = r.CreateGroup(admin, roster.NewGroup{OrganizationID: w.North.ID, Name: "New", ExternalID: ptr("G1"),
					EducatorIDs: []int{w.NorthTeacher.ID}, StudentIDs: ids(two)})
				return err
			}, []string{"GROUP_CREATED at North, group 5 name externalId educators, student 00002 groups",
				"newer: student 00002"}},
			{"the name of a group", func() error { return change(roster.GroupChange{Name: ptr("Ängste")}) },
				[]string{"GROUP_UPDATED at North, group 5 name", "lost: group 5 CHANGED", "newer: group 5"}},
			{"the external id of a group", func() error { return change(roster.GroupChange{ExternalID: ptr("G2")}) },
				[]string{"GROUP_UPDATED at North, group 5 externalId", "lost: group 5 CHANGED", "newer: group 5"}},
			{"an external id that goes", func() error { return change(roster.GroupChange{ExternalID: ptr("")}) },
				[]string{"GROUP_UPDATED at North, group 5 externalId", "lost: group 5 CHANGED", "newer: group 5"}},
			{"an educator who comes", func() error {
				return change(roster.GroupChange{EducatorIDs: []int{w.NorthTeacher.ID, w.NorthAdmin.ID}})
			},
				[]string{"GROUP_UPDATED at North, group 5 educators", "newer: group 5"}},
			{"an educator who goes", func() error { return change(roster.GroupChange{EducatorIDs: []int{w.NorthAdmin.ID}}) },
				[]string{"GROUP_UPDATED at North, group 5 educators", "lost: group 5 CHANGED", "newer: group 5"}},
			{"nothing of a group", func() error { return change(roster.GroupChange{Name: ptr("Ängste")}) },
				[]string{"GROUP_UPDATED at North, group 5", "newer: group 5"}},
			{"a deletion", func() error { return r.DeleteStudents(admin, ids(two, made)) },
				[]string{"STUDENTS_DELETED at North, student 00002 deleted groups, student M1 deleted groups",
					"lost: student 00002 DELETED", "lost: student M1 DELETED", "lost: student M1 DELETED where it was before",
					"newer: group 0", "newer: group 5", "newer: student 00002", "newer: student M1"}},
			{"a restoration", func() error { _, err := r.RestoreStudents(admin, ids(two)); return err },
				[]string{"STUDENTS_RESTORED at North, student 00002 deleted groups", "newer: group 5", "newer: student 00002"}},
			{"a deletion of somebody in no group", func() error { return r.DeleteStudents(district, ids(one)) },
				[]string{"STUDENTS_DELETED at South, student 00001 deleted", "lost: student 00001 DELETED", "lost: student 00001 DELETED where it was before",
					"newer: student 00001"}},
			{"a restoration of somebody in no group", func() error {
				_, err := r.RestoreStudents(district,
					ids(one))
				return err
			},
				[]string{"STUDENTS_RESTORED at South, student 00001 deleted", "newer: student 00001"}},
			{"a student who comes back at another school", func() error {
				_, err := r.CreateStudent(district, roster.NewStudent{OrganizationID: w.South.ID, ExternalID: "M1",
					FirstName: "Mia", LastName: "Back", Username: "mia.back", Grade: "4"})
				return err
			}, []string{"STUDENT_MOVED at North, student M1 organization", "STUDENT_MOVED at South, student M1 organization",
				"STUDENT_REVIVED at South, student M1 organization lastName username grade deleted",
				"lost: student M1 LEFT", "newer: student M1"}},
			{"a group is deleted", func() error { return r.DeleteGroup(admin, group.ID) },
				[]string{"GROUP_DELETED at North, group 5 name educators, student 00002 groups", "lost: group 5 DELETED",
					"lost: student 00002 CHANGED", "newer: student 00002"}},
		} {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.what, err)
			}
			if got := l.since(t); !slices.Equal(got, step.want) {
				t.Errorf("%s leaves\n  %s\nwant\n  %s", step.what, strings.Join(got, "\n  "), strings.Join(step.want, "\n  "))
			}
			healthy(t, d)
			folded(t, w)
		}
		if st := w.Client().Student.GetX(fixture.System(),
			made.ID); st.OrganizationID != w.South.ID || st.LastName != "Back" || st.PasswordHash != "" {
			t.Errorf("who came back is %v", st)
		}
	})
}

// folded checks the computed columns, by which lists are sorted and names are found.
func folded(t *testing.T, w *fixture.World) {
	t.Helper()
	for _, s := range w.Client().Student.Query().AllX(fixture.System()) {
		if s.SortName != fold.SortName(s.LastName, s.FirstName) || s.UsernameKey != fold.Key(s.Username) {
			t.Errorf("%s %s, %s is sorted by %q and found by %q", s.FirstName, s.LastName, s.Username, s.SortName, s.UsernameKey)
		}
	}
	for _, g := range w.Client().Group.Query().AllX(fixture.System()) {
		if g.NameKey != fold.Text(g.Name) {
			t.Errorf("%s is found by %q", g.Name, g.NameKey)
		}
	}
}
