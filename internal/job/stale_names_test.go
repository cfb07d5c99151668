package job_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// If a preview shows a name, exactly that is written, or the row is stale.
func TestNamesThatHaveChangedSinceTheCheck(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		rename := func(g *db.Group, name string) {
			b.Client().Group.UpdateOneID(g.ID).SetName(name).SetNameKey(name).ExecX(fixture.System())
		}
		t.Run("of a group that students would join or leave", func(t *testing.T) {
			b := b.on(t)
			chess, music := b.Group(t, b.North, "Chess; and \"more\""), b.Group(t, b.North, "Music")
			imported := b.verified(b.NorthAdmin, b.North, students,
				header+`,00001,,,,,,,"Chess\; and ""more"""`+"\n,00002,,,,,,,Music\n,n1,New,One,newone,,7,,Music\n,00003,,,,,8,,\n")
			b.want(imported, ready, 1, 3, 0, 0)
			lines := b.verified(b.NorthAdmin, b.North, enrollments, "Class,Person ID\nMusic,00003\nAlgebra,00004\n")
			edited := b.edited(b.NorthAdmin, these(b.student("00004")),
				kind.Edit{AddTo: []int{music.ID}, RemoveFrom: []int{b.Biology.ID}})
			rename(music, "Expelled")
			b.Group(t, b.North, "Music")
			imported = b.applied(b.NorthAdmin, imported)
			b.want(imported, withErrors, 0, 2, 0, 2)
			b.wantProblems(imported, `row 2  STALE ""`, `row 3  STALE ""`)
			b.want(b.applied(b.NorthAdmin, lines), withErrors, 0, 0, 1, 1)
			b.want(b.applied(b.NorthAdmin, edited), withErrors, 0, 0, 0, 1)
			if got := b.groupsOf(b.student("00001")); got != `Algebra, Biology, Chess; and "more"` {
				t.Error(got)
			}
			if n := b.number("SELECT COUNT(*) FROM enrollments WHERE group_id = ?", music.ID); n != 0 {
				t.Errorf("%d students are in a group that nobody has agreed to", n)
			}
			left := b.verified(b.NorthAdmin, b.North, students, header+",00003,,,,,,,[clear]\n")
			rename(b.Biology, "Botany")
			b.want(b.applied(b.NorthAdmin, left), withErrors, 0, 0, 0, 1)
			rename(chess, "Chess")
			b.healthy()
		})
		t.Run("of a group that the preview lists and the student stays in", func(t *testing.T) {
			b := b.on(t)
			opera, ballet := b.Group(t, b.North, "Opera"), b.Group(t, b.North, "Ballet")
			st := b.Student(t, b.North, "Sing", "Er", 0, ballet)
			job := b.verified(b.NorthAdmin, b.North, students, header+","+st.ExternalID+",,,,,,,Opera\n")
			edited := b.edited(b.NorthAdmin, these(st), kind.Edit{AddTo: []int{opera.ID}})
			rename(ballet, "Opera")
			rename(opera, "Ballet")
			b.want(b.applied(b.NorthAdmin, job), withErrors, 0, 0, 0, 1)
			b.want(b.applied(b.NorthAdmin, edited), withErrors, 0, 0, 0, 1)
			if got := b.groupsOf(b.student(st.ExternalID)); got != "Opera" {
				t.Errorf("the student is in %q", got)
			}
			rename(ballet, "Dance")
			b.healthy()
		})
		t.Run("of a group that a deleted student would leave", func(t *testing.T) {
			b := b.on(t)
			drama := b.Group(t, b.North, "Drama")
			actor, other := b.Student(t, b.North, "Act", "Or", 0, drama), b.Student(t, b.North, "Oth", "Er", 0)
			job := b.deleting(b.DistrictAdmin, these(actor, other))
			rename(drama, "Theater")
			job = b.applied(b.DistrictAdmin, job)
			if job.Status != withErrors || job.Deleted != 1 || job.Errors != 1 || job.TotalRows != 2 {
				t.Errorf("%s: %d deleted and %d refused of %d", job.Status, job.Deleted, job.Errors, job.TotalRows)
			}
			if got := b.groupsOf(b.student(actor.ExternalID)); got != "Theater" {
				t.Errorf("the student is in %q", got)
			}
			b.healthy()
		})
		t.Run("in nothing but case, and the rows are handed back", func(t *testing.T) {
			b := b.on(t)
			choir := b.Group(t, b.North, "Choir")
			job := b.verified(b.NorthAdmin, b.North, students, header+",00003,,,,,,,Choir\n,00004,,,,,9,,\n")
			b.want(job, ready, 0, 2, 0, 0)
			rename(choir, "CHOIR")
			job = b.applied(b.NorthAdmin, job)
			b.want(job, withErrors, 0, 1, 0, 1)
			if _, lines := b.failedRows(b.NorthAdmin, job); lines[1][1] != "00003" {
				t.Errorf("%q", lines)
			}
			b.healthy()
		})
		t.Run("that are the old ones refuse nothing", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.DistrictAdmin, b.Alpha, students, header+",n9,New,Nine,newnine,,7,North School,Algebra\n")
			b.want(job, completed, 1, 0, 0, 0)
			job = b.applied(b.DistrictAdmin, b.deleting(b.DistrictAdmin, these(b.student("n9"))))
			if job.Status != completed || job.Deleted != 1 {
				t.Errorf("%s: %d deleted", job.Status, job.Deleted)
			}
		})
		t.Run("a group that the student stays in, and the teacher does not see any more, has no other name",
			func(t *testing.T) {
				b := b.on(t)
				stays, joins := b.Group(t, b.North, "Stays"), b.Group(t, b.North, "Joins")
				for _, g := range []*db.Group{stays, joins, b.Algebra} {
					if g != b.Algebra {
						b.Teach(t, b.NorthTeacher, g)
					}
				}
				st := b.Student(t, b.North, "Ke", "Ep", 0, b.Algebra, stays)
				job := b.verified(b.NorthTeacher, b.North, students, header+","+st.ExternalID+",,,,,,,Joins\n")
				b.exec("DELETE FROM group_educators WHERE educator_id = ? AND group_id = ?", b.NorthTeacher.ID, stays.ID)
				b.want(b.applied(b.NorthTeacher, job), completed, 0, 1, 0, 0)
			})
		t.Run("of an educator", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Tim Timely", viewer.Teacher, b.North)
			call := func(last string) { b.Client().Educator.UpdateOneID(who.ID).SetLastName(last).ExecX(fixture.System()) }
			taught := b.verified(b.NorthAdmin, b.North, groups,
				"Name,Educators\nRobots,"+edu(who)+"\nRockets,"+edu(b.NorthTeacher)+";"+edu(who)+"\nRoses,"+
					edu(b.NorthTeacher)+"\n")
			line := b.verified(b.NorthAdmin, b.North, enrollments, "Class,Person ID,Role\nAlgebra,"+edu(who)+",Teacher\n")
			b.want(taught, ready, 3, 0, 0, 0)
			b.want(line, ready, 1, 0, 0, 0)
			call("Tardy")
			b.want(b.applied(b.NorthAdmin, taught), withErrors, 1, 0, 0, 2)
			b.want(b.applied(b.NorthAdmin, line), withErrors, 0, 0, 0, 1)
			b.Teach(t, who, b.Algebra)
			leaves := b.verified(b.NorthAdmin, b.North, enrollments, "Class,Person ID,Role\nAlgebra,"+edu(who)+",Teacher\n",
				mode(bulkjob.GroupsModeREMOVE))
			b.want(leaves, ready, 0, 1, 0, 0)
			call("Timely")
			b.want(b.applied(b.NorthAdmin, leaves), withErrors, 0, 0, 0, 1)
		})
		t.Run("of a school", func(t *testing.T) {
			b := b.on(t)
			file := header + ",n2,New,Two,newtwo,,7,North School,\n,00002,,,,,,South School,\n,00003,,,,,9,,\n"
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file)
			made := b.verified(b.DistrictAdmin, b.Alpha, groups, "External ID,Name,School\nX1,New group,North School\n")
			moved := b.verified(b.DistrictAdmin, b.Alpha, students,
				header+","+b.Student(t, b.South, "Mo", "Ved", 0).ExternalID+",,,,,,North School,\n")
			b.want(moved, ready, 0, 1, 0, 0)
			roles := b.verified(b.DistrictAdmin, b.Alpha, educators,
				"Database ID,Role,School\n"+edu(b.NorthTeacher)+",Teacher,South School\n"+edu(b.SouthTeacher)+
					",Teacher,North School\n")
			b.imported(b.DistrictAdmin, b.Alpha, schools, "External ID,Name\nN,Closed School\n")
			job = b.applied(b.DistrictAdmin, job)
			b.want(job, withErrors, 0, 1, 0, 2)
			b.wantProblems(job, `row 1  STALE ""`, `row 2  STALE ""`)
			b.want(b.applied(b.DistrictAdmin, made), withErrors, 0, 0, 0, 1)
			b.want(b.applied(b.DistrictAdmin, moved), withErrors, 0, 0, 0, 1)
			b.want(b.applied(b.DistrictAdmin, roles), withErrors, 0, 1, 0, 1)
			if got := b.student("00002").OrganizationID; got != b.North.ID {
				t.Errorf("the student is at school %d", got)
			}
		})
	})
}
