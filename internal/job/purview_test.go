package job_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestTeachersImportStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		mine := b.Student(t, b.North, "Ada", "Mine", 0, b.Algebra)
		free := b.Student(t, b.North, "Bob", "Free", 0)
		b.Student(t, b.North, "Cy", "Free", 0)
		b.Student(t, b.North, "Dee", "Others", 0, b.Biology)
		b.Student(t, b.South, "Eve", "South", 0)
		job := b.verified(b.NorthTeacher, b.North, students, header+
			",00001,,,,,8,,\n"+ // One of the submitter's own students.
			",00002,,,,,,,Algebra\n"+ // An unassigned student, assigned.
			",00003,,,,,8,,Algebra\n"+ // Assigned and changed in one row.
			",00004,,,,,8,,\n"+ // Of another teacher.
			",00005,,,,,8,,\n"+ // Of another school.
			",n1,New,One,newone,,7,,\n"+ // New, without a group.
			",n2,New,Two,newtwo,,7,,Algebra\n"+
			",n3,New,Three,newthree,,7,,Biology\n"+ // Into a group of another teacher.
			",n4,New,Four,newfour,,7,South School,Algebra\n"+
			stu(mine)+",00001,,,,,8,,\n"+
			stu(free)+",,,,,,,,[clear]\n")
		b.wantProblems(job,
			`row 3  FORBIDDEN ""`,
			`row 4 Student ID EXTERNAL_ID_TAKEN "00004"`,
			`row 5 Student ID EXTERNAL_ID_TAKEN "00005"`,
			`row 6 Classes/Groups GROUP_REQUIRED ""`,
			`row 8 Classes/Groups UNKNOWN_GROUP "Biology"`,
			`row 9 School UNKNOWN_SCHOOL "South School"`,
			`row 10  DUPLICATE_IN_FILE ""`,
			`row 11  DUPLICATE_IN_FILE ""`)
		job = b.applied(b.NorthTeacher, job)
		b.want(job, withErrors, 1, 2, 0, 8)
		if st := b.student("n2"); b.groupsOf(st) != "Algebra" || st.OrganizationID != b.North.ID {
			t.Errorf("%+v", st)
		}
		b.consistent()
	})
}

func TestMovingBetweenSchools(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 90, b.Algebra)
		row := header + stu(ada) + ",,,,,,,S,Chemistry\n"

		job := b.verified(b.NorthAdmin, b.North, students, row)
		b.wantProblems(job, `row 1 School UNKNOWN_SCHOOL "S"`)

		both := b.Educator(t, b.Alpha, "Both Schools", viewer.SchoolAdmin, b.North)
		b.Client().RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
			SetRole("TEACHER").ExecX(fixture.System())
		job = b.verified(both, b.North, students, row)
		b.wantProblems(job, `row 1 School FORBIDDEN "S"`)

		b.Client().RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
			SetRole("SCHOOL_ADMIN").ExecX(fixture.System())
		job = b.verified(both, b.North, students, row)
		b.wantChanges(both, job,
			"1 Ada Lovelace (00001) School: North School → South School",
			"1 Ada Lovelace (00001) Classes/Groups: Algebra → Chemistry")
		b.applied(both, job)
		if st := b.student("00001"); st.OrganizationID != b.South.ID || b.groupsOf(st) != "Chemistry" ||
			len(b.recounted.ids) != 1 {
			t.Errorf("%+v in %s; recounted %v", st, b.groupsOf(st), b.recounted.ids)
		}

		t.Run("a file for one school changes nobody of another", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.verified(b.DistrictAdmin, b.North, students, header+stu(ada)+",,,,,,9,,\n")
			b.wantProblems(job, `row 1 School OTHER_SCHOOL ""`)
			job = b.verified(b.DistrictAdmin, b.North, students,
				header+stu(ada)+",00001,Ada,Lovelace,ada00001,,7,South School,Chemistry\n")
			b.want(job, ready, 0, 0, 1, 0)
		})
	})
}

func TestWhoSubmitsWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		kinds := []bulkjob.Kind{schools, educators, groups, students, enrollments}
		for _, c := range []struct {
			name string
			ctx  context.Context
			at   int
			want string // For each of the kinds: y, f(orbidden) or n(ot found).
		}{
			{"the district's administrator at the district", b.As(t, b.DistrictAdmin), b.Alpha.ID, "yyyyy"},
			{"the district's administrator at a school", b.As(t, b.DistrictAdmin), b.North.ID, "fyyyy"},
			{"a school's administrator at the school", b.As(t, b.NorthAdmin), b.North.ID, "fyyyy"},
			{"a school's administrator at the district", b.As(t, b.NorthAdmin), b.Alpha.ID, "nnnnn"},
			{"a school's administrator at another school", b.As(t, b.NorthAdmin), b.South.ID, "nnnnn"},
			{"a teacher at the school", b.As(t, b.NorthTeacher), b.North.ID, "ffyyf"},
			{"a teacher at another school", b.As(t, b.NorthTeacher), b.South.ID, "nnnnn"},
			{"another district's administrator", b.As(t, b.BetaAdmin), b.North.ID, "nnnnn"},
		} {
			for i, kind := range kinds {
				_, err := b.Submit(c.ctx, jobs.Submission{OrganizationID: c.at, Kind: kind, File: strings.NewReader("a,b\n")})
				got := map[fault.Kind]string{fault.Forbidden: "f", fault.NotFound: "n"}[fault.KindOf(err)]
				if err == nil {
					got = "y"
				}
				if got != c.want[i:i+1] {
					t.Errorf("%s submits %s: %s (%v), want %s", c.name, kind, got, err, c.want[i:i+1])
				}
			}
		}
	})
}

func TestWhoSeesAndStarts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra)
		job := b.verified(b.NorthTeacher, b.North, students, header+",00001,,,,,8,,\n,00002,,,,,,,\n")
		for _, c := range []struct {
			who  *db.Educator
			sees bool
		}{{b.DistrictAdmin, true}, {b.NorthAdmin, true}, {b.NorthTeacher, true}, {b.SouthAdmin, false}, {b.BetaAdmin, false},
			{b.SouthTeacher, false}} {
			who, sees, ctx := c.who.FirstName, c.sees, b.As(t, c.who)
			_, err := b.Job(ctx, job.ID)
			if sees != (err == nil) || !sees && fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v", who, err)
			}
			changes, err := b.Changes(ctx, job.ID, nil, nil)
			n, _ := b.CountChanges(ctx, job.ID)
			problems, err2 := b.Problems(ctx, job.ID, nil, nil, nil)
			m, _ := b.CountProblems(ctx, job.ID, nil)
			if err != nil || err2 != nil || (len(changes.Items) == 1) != sees || (n == 1) != sees ||
				(len(problems.Items) > 0) != sees || (m > 0) != sees {
				t.Errorf("%s: %v %v %d %d %d %d", who, err, err2, len(changes.Items), n, len(problems.Items), m)
			}
			list, err := b.Jobs(ctx, 0, reader.JobFilter{})
			if err != nil {
				t.Fatal(err)
			}
			if count, err := list.Count(ctx); err != nil || (count == 1) != sees {
				t.Errorf("%s: %d jobs, %v", who, count, err)
			}
			if !sees {
				if _, err := b.Start(ctx, job.ID); fault.KindOf(err) != fault.NotFound {
					t.Errorf("%s starts: %v", who, err)
				}
			}
		}
		if _, err := b.Jobs(b.As(t, b.NorthAdmin), b.South.ID, reader.JobFilter{}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("jobs of another school: %v", err)
		}
		job = b.applied(b.NorthAdmin, job)
		b.want(job, withErrors, 0, 1, 0, 1)
		if _, err := b.Start(b.As(t, b.NorthTeacher), job.ID); fault.KindOf(err) != fault.Conflict ||
			!strings.Contains(err.Error(), "completed") {
			t.Errorf("start again: %v", err)
		}

		t.Run("a role that is lost after the check fails the job", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.verified(b.NorthTeacher, b.North, students, header+",00001,,,,,9,,\n")
			b.exec("DELETE FROM role_assignments WHERE educator_id = ?", b.NorthTeacher.ID)
			job = b.applied(b.NorthAdmin, job)
			b.want(job, failed, 0, 0, 1, 0)
			b.wantProblems(job, `row 0  ROLE_LOST ""`)
		})
		t.Run("whoever has lost the role there sees nothing more of the own jobs", func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "Once", "Seen", 0, b.Algebra)
			there, elsewhere := b.Educator(t, b.Alpha, "Tia There", viewer.Teacher, b.North),
				b.Educator(t, b.Alpha, "Elli Elsewhere", viewer.Teacher, b.North)
			for _, who := range []*db.Educator{there, elsewhere} {
				b.Teach(t, who, b.Algebra)
				edited := b.edited(who, these(st), kind.Edit{Grade: "3"})
				imported := b.verified(who, b.North, students, header+","+st.ExternalID+",,,,,99,,\n")
				for _, job := range []*db.BulkJob{edited, imported} {
					if _, err := b.Job(b.As(t, who), job.ID); err != nil {
						t.Errorf("before: %v", err)
					}
				}
				b.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(who.ID)).ExecX(fixture.System())
				if who == elsewhere {
					b.Client().RoleAssignment.Create().SetEducatorID(who.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
						SetRole(roleassignment.RoleTEACHER).ExecX(fixture.System())
				}
				ctx := b.As(t, who)
				for _, job := range []*db.BulkJob{edited, imported} {
					_, err := b.Job(ctx, job.ID)
					changes, err2 := b.Changes(ctx, job.ID, nil, nil)
					problems, err3 := b.Problems(ctx, job.ID, nil, nil, nil)
					if !errors.Is(err, jobs.ErrNoJob) || len(changes.Items)+len(problems.Items) > 0 || err2 != nil || err3 != nil {
						t.Errorf("%s sees job %d: %v, %+v, %+v, %v, %v", who.FirstName, job.ID, err, changes, problems, err2, err3)
					}
					if _, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID); err != nil {
						t.Error(err)
					}
				}
			}
		})
		t.Run("a selection from several schools is for whoever has a role at all of them", func(t *testing.T) {
			b := b.on(t)
			two := b.Educator(t, b.Alpha, "Toni Two", viewer.Teacher, b.North)
			b.Client().RoleAssignment.Create().SetEducatorID(two.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
				SetRole(roleassignment.RoleTEACHER).ExecX(fixture.System())
			b.Teach(t, two, b.Algebra)
			b.Teach(t, two, b.Chemistry)
			n, s := b.Student(t, b.North, "Nora", "North", 0, b.Algebra), b.Student(t, b.South, "Sue", "South", 0, b.Chemistry)
			sees := func(who *db.Educator, job *db.BulkJob) bool {
				t.Helper()
				_, err := b.Job(b.As(t, who), job.ID)
				changes, err2 := b.Changes(b.As(t, who), job.ID, nil, nil)
				if err2 != nil || (err == nil) != (len(changes.Items) > 0) {
					t.Errorf("%v, %v, %d changes", err, err2, len(changes.Items))
				}
				return err == nil
			}
			edited, both := b.edited(two, these(n, s), kind.Edit{Grade: "9"}),
				b.Educator(t, b.Alpha, "Bo Both", viewer.SchoolAdmin, b.North)
			b.Client().RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
				SetRole(roleassignment.RoleSCHOOL_ADMIN).ExecX(fixture.System())
			deletion, ofNorth := b.deleting(both, these(n, s)), b.deleting(both, these(n))
			if !sees(two, edited) || !sees(both, deletion) || !sees(both, ofNorth) || sees(two, deletion) {
				t.Error("whoever has submitted a job sees it, and nobody else does")
			}
			for _, who := range []*db.Educator{two, both} {
				b.exec("DELETE FROM role_assignments WHERE educator_id = ? AND organization_id = ?", who.ID, b.South.ID)
			}
			if sees(two, edited) || sees(both, deletion) || !sees(both, ofNorth) {
				t.Error("a role at one of two schools shows students of the other")
			}
			b.exec("UPDATE role_assignments SET role = 'TEACHER' WHERE educator_id = ?", both.ID)
			if sees(both, ofNorth) {
				t.Error("a teacher sees what administrators have deleted")
			}
			for _, job := range []*db.BulkJob{edited, deletion, ofNorth} {
				if _, err := b.Cancel(b.As(t, b.DistrictAdmin), job.ID); err != nil {
					t.Error(err)
				}
			}
		})
		t.Run("a teacher edits a student of another school whom the teacher teaches", func(t *testing.T) {
			b := b.on(t)
			who := b.Educator(t, b.Alpha, "Ali Across", viewer.Teacher, b.North)
			b.Teach(t, who, b.Algebra)
			here, across := b.Student(t, b.North, "He", "Re", 0, b.Algebra), b.Student(t, b.South, "Ac", "Ross", 0, b.Algebra)
			for _, sel := range [][]*db.Student{{across}, {here, across}} {
				job := b.edited(who, these(sel...), kind.Edit{Grade: "4"})
				if job = b.applied(who, job); job.Status != completed || job.Updated != len(sel) {
					t.Errorf("%s, %d updated: %s", job.Status, job.Updated, b.problems(job))
				}
				b.exec("UPDATE students SET grade = 7 WHERE id IN (?, ?)", here.ID, across.ID)
			}
		})
		t.Run("an account that was disabled fails the job", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.submitted(b.SouthAdmin, b.South, students, header+",00001,,,,,9,,\n")
			b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", b.SouthAdmin.ID)
			job = b.drained(job.ID)
			b.wantProblems(job, `row 0  ACCOUNT_DISABLED ""`)
			if job.Status != failed || b.number("SELECT COUNT(*) FROM bulk_job_chunks") != 0 {
				t.Errorf("%s", job.Status)
			}
		})
	})
}

// TestTwoSchoolsOfOneName imports what an export says of students whose school
// shares its name with another one.
func TestTwoSchoolsOfOneName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.School(t, b.Alpha, "North School", "N2")
		ada := b.Student(t, b.North, "Ada", "Lovelace", 90)
		job := b.verified(b.DistrictAdmin, b.Alpha, students, header+
			stu(ada)+",,,,,,,North School,Algebra\n"+ // The student's own.
			",n1,New,One,newone,,7,North School,\n") // Nobody's yet.
		b.wantProblems(job, `row 2 School AMBIGUOUS_SCHOOL "North School"`)
		b.want(job, ready, 0, 1, 0, 1)
		if n := b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ? AND change_count = 1", job.ID); n != 1 {
			t.Error("more changes than the group")
		}
	})
}
