package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// demoted takes the roles of somebody away, but for one.
func (b *bench) demoted(e *db.Educator, role viewer.Role, at *db.Organization) {
	b.t.Helper()
	b.exec("DELETE FROM role_assignments WHERE educator_id = ?", e.ID)
	b.gets(e, role, at)
}

// gets gives somebody a further role.
func (b *bench) gets(e *db.Educator, role viewer.Role, at *db.Organization) {
	b.t.Helper()
	b.exec("INSERT INTO role_assignments (created_at, educator_id, organization_id, district_id, "+
		"role) VALUES ('2026-01-01 00:00:00', ?, ?, ?, ?)",
		e.ID, at.ID, at.DistrictID, string(role))
}

// ungrouped takes a student out of all groups without the knowledge of the jobs about it.
func (b *bench) ungrouped(st *db.Student) {
	b.t.Helper()
	b.exec("DELETE FROM enrollments WHERE student_id = ?", st.ID)
	b.exec("UPDATE students SET group_count = 0, ungrouped = 1 WHERE id = ?", st.ID)
	b.exec("UPDATE `groups` SET student_count = (SELECT COUNT(*) FROM enrollments e WHERE e.group_id = `groups`.id)")
}

// TestUndoOutOfSight lets people ask for an undo, and lose a role, or sight of somebody,
// before it is carried out: whatever is outside the purview then stays.
func TestUndoOutOfSight(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		undone := func(b *bench, who *db.Educator, job *db.BulkJob, meanwhile func(), rows, kept int, problems ...string) {
			b.t.Helper()
			if job.Errors > 0 {
				b.t.Fatal(b.problems(job))
			}
			if _, err := b.Undo(b.As(b.t, who), job.ID); err != nil {
				b.t.Fatal(err)
			}
			meanwhile()
			got := b.drained(job.ID)
			if got.UndoneRows != rows || got.KeptRows != kept {
				b.t.Errorf("%d undone, %d kept; want %d, %d", got.UndoneRows, got.KeptRows, rows, kept)
			}
			b.wantProblems(got, problems...)
			b.balanced(got)
			b.consistent()
		}
		t.Run("of enrollments: those at another school", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Enno Enrolls", viewer.DistrictAdmin, b.Alpha)
			here, there := b.Student(t, b.North, "He", "Re", 0), b.Student(t, b.South, "The", "Re", 0)
			job := b.imported(who, b.Alpha, enrollments,
				"Class,Person ID\n"+grp(b.Algebra)+","+here.ExternalID+"\n"+grp(b.Chemistry)+","+there.ExternalID+"\n")
			undone(b, who, job, func() { b.demoted(who, viewer.SchoolAdmin, b.North) }, 1, 1,
				`row 2 warning  CHANGED_SINCE "The Re (`+there.ExternalID+`)"`)
			for st, want := range map[*db.Student]string{here: "", there: "Chemistry"} {
				if got := b.groupsOf(b.student(st.ExternalID)); got != want {
					t.Errorf("%s %s is in %q, want %q", st.FirstName, st.LastName, got, want)
				}
			}
		})
		t.Run("of groups: those of another school, and new ones that are only taught", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Gina Groups", viewer.DistrictAdmin, b.Alpha)
			here, there := b.Group(t, b.North, "Here"), b.Group(t, b.South, "There")
			job := b.imported(who, b.Alpha, groups,
				"Database ID,Name\n"+grp(here)+",Renamed here\n"+grp(there)+",Renamed there\n")
			undone(b, who, job, func() {
				b.demoted(who, viewer.SchoolAdmin, b.North)
			}, 1, 1, `row 2 warning  CHANGED_SINCE "There"`)
			for id, want := range map[int]string{here.ID: "Here", there.ID: "Renamed there"} {
				if got := b.Client().Group.GetX(fixture.System(), id).Name; got != want {
					t.Errorf("the group is called %s, want %s", got, want)
				}
			}
			teaches := b.Educator(t, b.Alpha, "Tea Teaches", viewer.SchoolAdmin, b.North)
			job = b.imported(teaches, b.North, groups, "Name,Educators\nTaught,"+edu(teaches)+"\n")
			undone(b, teaches, job, func() {
				b.demoted(teaches, viewer.Teacher, b.North)
			}, 0, 1, `row 1 warning  FORBIDDEN "Taught"`)
			if n := b.number("SELECT COUNT(*) FROM `groups` WHERE name = 'Taught'"); n != 1 {
				t.Error("a teacher has deleted the group")
			}
		})
		t.Run("of schools: all, without the district", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Oda Organizes", viewer.DistrictAdmin, b.Alpha)
			job := b.imported(who, b.Alpha, schools, "External ID,Name\nN,Renamed School\n")
			undone(b, who, job, func() {
				b.demoted(who, viewer.SchoolAdmin, b.North)
			}, 0, 1, `row 1 warning  FORBIDDEN "North School (N)"`)
			if n := b.number("SELECT COUNT(*) FROM organizations WHERE name = 'Renamed School'"); n != 1 {
				t.Error("the school has its name back")
			}
			b.exec("UPDATE organizations SET name = 'North School' WHERE id = ?", b.North.ID)
		})
		t.Run("of students: those of another school, and moves from there", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Stan Students", viewer.DistrictAdmin, b.Alpha)
			here, there, moved := b.Student(t, b.North, "He", "Re", 0), b.Student(t, b.South, "The", "Re", 0),
				b.Student(t, b.South, "Mo", "Ved", 0)
			job := b.imported(who, b.Alpha, students,
				header+stu(here)+",,,,,,5,,\n"+stu(there)+",,,,,,5,,\n"+stu(moved)+",,,,,,,N,\n")
			undone(b, who, job, func() { b.demoted(who, viewer.SchoolAdmin, b.North) }, 1, 2,
				`row 2 warning  CHANGED_SINCE "The Re (`+there.ExternalID+`)"`,
				`row 3 warning  FORBIDDEN "Mo Ved (`+moved.ExternalID+`)"`)
			if b.student(here.ExternalID).Grade != 7 || b.student(there.ExternalID).Grade != 5 ||
				b.student(moved.ExternalID).OrganizationID != b.North.ID {
				t.Error(b.world())
			}
		})
		t.Run("of a teacher's changes: those of students who are only seen by now", func(t *testing.T) {
			b := b.on(t)
			mine, seen := b.Student(t, b.North, "Mi", "Ne", 0, b.Algebra), b.Student(t, b.North, "See", "N", 0, b.Algebra)
			job := b.applied(b.NorthTeacher, b.edited(b.NorthTeacher, these(mine, seen), kind.Edit{Grade: "5"}))
			undone(b, b.NorthTeacher, job, func() {
				b.ungrouped(seen)
			}, 1, 1, `row 1 warning  FORBIDDEN "See N (`+seen.ExternalID+`)"`)
			if b.student(mine.ExternalID).Grade != 7 || b.student(seen.ExternalID).Grade != 5 {
				t.Error(b.world())
			}
		})
		t.Run("of accounts: those of another school, roles there, and whoever has got a role there", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Edda Educators", viewer.DistrictAdmin, b.Alpha)
			tom := b.Educator(t, b.Alpha, "Tom Teaches", viewer.Teacher, b.North)
			job := b.imported(who, b.Alpha, educators, educatorHeader+
				",H1,He,Re,here@example.com,Teacher,N,\n,H2,The,Re,there@example.com,Teacher,S,\n,H3,Bo,Th,both@example.com,Teacher,N,\n"+edu(tom)+",,,,,Teacher,S,\n")
			both := b.educator("H3")
			undone(b, who, job, func() {
				b.demoted(who, viewer.SchoolAdmin, b.North)
				b.gets(both, viewer.Teacher, b.South)
			}, 1, 3,
				`row 2 warning  CHANGED_SINCE "The Re (H2)"`, `row 3 warning  FORBIDDEN "Bo Th (H3)"`,
				`row 4 warning  FORBIDDEN "Tom Teaches"`)
			if n := b.number("SELECT COUNT(*) FROM role_assignments WHERE educator_id = ?", tom.ID); n != 2 {
				t.Errorf("Tom has %d roles", n)
			}
		})
	})
}

// TestStudentsOutOfSight has students go out of the purview between the check and
// the start, without a change of what the preview shows.
func TestStudentsOutOfSight(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		stays := func(b *bench, who *db.Educator, job *db.BulkJob, meanwhile func(), problems ...string) {
			b.t.Helper()
			if job.Errors > 0 {
				b.t.Fatal(b.problems(job))
			}
			meanwhile()
			got := b.applied(who, job)
			b.want(got, withErrors, 0, 0, 0, len(problems))
			b.wantProblems(got, problems...)
		}
		t.Run("an unassigned one who has got another teacher", func(t *testing.T) {
			b := b.on(t)
			free := b.Student(t, b.North, "Fre", "E", 0)
			job := b.verified(b.NorthTeacher, b.North, students, header+","+free.ExternalID+",,,,,,,Algebra\n")
			stays(b, b.NorthTeacher, job, func() {
				b.exec("INSERT INTO enrollments (created_at, student_id, group_id) VALUES ('2026-01-01 00:00:00', ?, ?)",
					free.ID, b.Biology.ID)
				b.exec("UPDATE students SET group_count = 1, ungrouped = 0 WHERE id = ?", free.ID)
				b.exec("UPDATE `groups` SET student_count = student_count + 1 WHERE id = ?", b.Biology.ID)
			}, `row 1  STALE ""`)
			if got := b.groupsOf(b.student(free.ExternalID)); got != "Biology" {
				t.Errorf("in %s", got)
			}
		})
		t.Run("one who is taught no more", func(t *testing.T) {
			b := b.on(t)
			taught := b.Student(t, b.North, "Taugh", "T", 0, b.Algebra)
			job := b.edited(b.NorthTeacher, these(taught), kind.Edit{Grade: "5"})
			stays(b, b.NorthTeacher, job, func() { b.ungrouped(taught) }, `row 1  FORBIDDEN ""`)
		})
		t.Run("one whom somebody has changed", func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "Chan", "Ged", 0)
			job := b.edited(b.NorthAdmin, these(st), kind.Edit{Grade: "5"})
			stays(b, b.NorthAdmin, job, func() {
				b.exec("UPDATE students SET version = version + 1 WHERE id = ?", st.ID)
			}, `row 1  STALE ""`)
		})
		t.Run("those who come from and go to a school that is administered no more", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Mo Moves", viewer.SchoolAdmin, b.North)
			b.gets(who, viewer.SchoolAdmin, b.South)
			goes, comes := b.Student(t, b.North, "Go", "Es", 0), b.Student(t, b.South, "Co", "Mes", 0)
			job := b.verified(who, b.North, students, header+stu(goes)+",,,,,,,S,\n"+stu(comes)+",,,,,,,N,\n")
			stays(b, who, job, func() { b.demoted(who, viewer.SchoolAdmin, b.North) }, `row 1  STALE ""`, `row 2  STALE ""`)
		})
		t.Run("those who come from and go to a school where one only teaches by now", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Ted Teaches", viewer.SchoolAdmin, b.North)
			b.gets(who, viewer.SchoolAdmin, b.South)
			club := b.Group(t, b.South, "Club")
			b.Teach(t, who, club)
			goes, comes := b.Student(t, b.North, "Go", "Es", 0), b.Student(t, b.South, "Co", "Mes", 0, club)
			job := b.verified(who, b.North, students, header+stu(goes)+",,,,,,,S,\n"+stu(comes)+",,,,,,,N,\n")
			stays(b, who, job, func() { b.demoted(who, viewer.SchoolAdmin, b.North); b.gets(who, viewer.Teacher, b.South) },
				`row 1  STALE ""`, `row 2  FORBIDDEN ""`)
		})
		t.Run("deleted ones of a school that is administered no more, and whose time is over", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Rita Revives", viewer.SchoolAdmin, b.North)
			b.gets(who, viewer.SchoolAdmin, b.South)
			there, late := b.Student(t, b.South, "The", "Re", 0), b.Student(t, b.North, "La", "Te", 0)
			b.exec("UPDATE students SET deleted_at = ? WHERE id IN (?, ?)", fixture.Today.Add(-time.Hour), there.ID, late.ID)
			job := b.verified(who, b.North, students,
				header+","+there.ExternalID+",The,Again,,,,N,\n,"+late.ExternalID+",La,Again,,,,N,\n")
			stays(b, who, job, func() {
				b.demoted(who, viewer.SchoolAdmin, b.North)
				b.exec("UPDATE students SET deleted_at = ? WHERE id = ?", fixture.Today.AddDate(-5, 0, 0), late.ID)
			}, `row 1  STALE ""`, `row 2  STALE ""`)
		})
	})
}

// TestHandsThatAreLost lets the people who have started and approved a job leave before it
// is carried out.
func TestHandsThatAreLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		var all []*db.Student
		for range 20 {
			all = append(all, b.Student(t, b.North, "St", "Udent", 0))
		}
		leaves := map[string]func(*bench, *db.Educator){
			"ROLE_LOST":        func(b *bench, e *db.Educator) { b.demoted(e, viewer.Teacher, b.South) },
			"ACCOUNT_DISABLED": func(b *bench, e *db.Educator) { b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", e.ID) },
		}
		for code, leave := range leaves {
			for kind, submits := range map[string]func(b *bench, list ...*db.Student) *db.BulkJob{
				"a file": func(b *bench, list ...*db.Student) *db.BulkJob {
					return b.verified(b.NorthAdmin, b.North, students, gradesFile(list))
				},
				"a deletion": func(b *bench, list ...*db.Student) *db.BulkJob { return b.deleting(b.NorthAdmin, these(list...)) },
			} {
				t.Run(kind+", "+code, func(t *testing.T) {
					b := b.on(t)
					name := strings.ReplaceAll(kind+code, " ", "") // A part of the address.
					fails := func(job *db.BulkJob, who *db.Educator) {
						b.t.Helper()
						leave(b, who)
						got := b.drained(job.ID)
						if got.Status != failed || !strings.Contains(b.problems(got), code) ||
							b.number("SELECT COUNT(*) FROM students WHERE deleted_at IS NOT NULL OR grade <> 7") != 0 {
							b.t.Errorf("%s: %s", got.Status, b.problems(got))
						}
					}
					starts := b.Educator(t, b.Alpha, "Starts"+name+" Them", viewer.SchoolAdmin, b.North)
					job, err := b.Start(b.As(t, starts), submits(b, all[0]).ID)
					if err != nil || job.Status != bulkjob.StatusPROCESSING {
						t.Fatalf("%+v, %v", job, err)
					}
					fails(job, starts)
					approves := b.Educator(t, b.Alpha, "Approves"+name+" Them", viewer.SchoolAdmin, b.North)
					job, err = b.Start(b.As(t, b.NorthAdmin), submits(b, all...).ID)
					if err != nil || job.Status != held {
						t.Fatalf("%+v, %v", job, err)
					}
					if _, err := b.Approve(b.As(t, approves), job.ID, nil); err != nil {
						t.Fatal(err)
					}
					fails(job, approves)
				})
			}
		}
	})
}
