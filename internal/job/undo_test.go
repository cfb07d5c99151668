package job_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/doctor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// world returns everything about the existing students, the groups and their members,
// without versions and creation times.
func (b *bench) world() string {
	b.t.Helper()
	var out strings.Builder
	for _, st := range b.Client().Student.Query().Where(student.DeletedAtIsNil()).Order(db.Asc(student.FieldID)).
		WithSearchWords().AllX(fixture.System()) {
		var words []string
		for _, w := range st.Edges.SearchWords {
			words = append(words, w.Word)
		}
		slices.Sort(words)
		fmt.Fprintln(&out, "student", st.ID, st.OrganizationID, st.ExternalID, st.Username, st.UsernameKey, st.FirstName,
			st.LastName, st.SortName, st.Grade, st.PasswordHash, st.Synced, st.GroupCount, st.Ungrouped, st.SecondsThisYear,
			st.Active, words)
	}
	// Who is hidden, and since when.
	for _, st := range b.Client().Student.Query().Where(student.DeletedAtLT(fixture.Today)).Order(db.Asc(student.FieldID)).
		AllX(fixture.System()) {
		fmt.Fprintln(&out, "hidden", st.ID, st.ExternalID, st.FirstName, st.LastName, st.OrganizationID,
			st.GroupCount, st.DeletedAt)
	}
	for _, g := range b.Client().Group.Query().Order(db.Asc(group.FieldID)).AllX(fixture.System()) {
		fmt.Fprintln(&out, "group", g.ID, g.Name, g.NameKey, optional(g.ExternalID), g.StudentCount)
	}
	for _, e := range b.Client().Enrollment.Query().Order(db.Asc(enrollment.FieldStudentID, enrollment.FieldGroupID)).
		AllX(fixture.System()) {
		fmt.Fprintln(&out, "enrollment", e.StudentID, e.GroupID)
	}
	for _, e := range b.Client().GroupEducator.Query().Order(db.Asc("group_id", "educator_id")).AllX(fixture.System()) {
		fmt.Fprintln(&out, "teaches", e.GroupID, e.EducatorID)
	}
	for _, e := range b.Client().Educator.Query().Order(db.Asc("id")).AllX(fixture.System()) {
		fmt.Fprintln(&out, "educator", e.ID, optional(e.ExternalID), e.FirstName, e.LastName, e.SortName, e.Email,
			e.Username, e.PasswordHash)
	}
	for _, r := range b.Client().RoleAssignment.Query().Order(db.Asc("educator_id", "organization_id", "role")).
		AllX(fixture.System()) {
		fmt.Fprintln(&out, "role", r.EducatorID, r.OrganizationID, r.Role)
	}
	for _, o := range b.Client().Organization.Query().Order(db.Asc("id")).AllX(fixture.System()) {
		fmt.Fprintln(&out, "organization", o.ID, o.Name, o.NameKey)
	}
	return out.String()
}

func optional(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// healthy recomputes every derived number.
func (b *bench) healthy() {
	b.t.Helper()
	// Students of the fixture have sums without daily usage.
	b.exec("UPDATE students SET seconds_this_year = 0, active = 0")
	_, err := doctor.New(b.DB).Examine(fixture.System(), false, func(f doctor.Finding) error {
		b.t.Error(f)
		return nil
	})
	if err != nil {
		b.t.Error(err)
	}
}

// undone undoes a job and checks how it ended.
func (b *bench) undone(who *db.Educator, job *db.BulkJob, status bulkjob.Status, rows, kept int) *db.BulkJob {
	b.t.Helper()
	got, err := b.Undo(b.As(b.t, who), job.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	if got.Status != undoing || got.FinishedAt != nil || progress.ProgressOf(got).Percent != 0 {
		b.t.Errorf("begins as %s at %v %%", got.Status, progress.ProgressOf(got).Percent)
	}
	got = b.drained(job.ID)
	if got.Status != status || got.UndoneRows != rows || got.KeptRows != kept || got.FinishedAt == nil ||
		progress.ProgressOf(got).Percent != 100 {
		b.t.Errorf("%s, %d undone, %d kept; want %s, %d, %d\n%s", got.Status, got.UndoneRows, got.KeptRows, status, rows,
			kept, b.problems(got))
	}
	b.balanced(got)
	b.consistent()
	return got
}

// school is a small school in which everything occurs that an undo must restore.
func (b *bench) smallSchool() {
	b.t.Helper()
	for _, name := range []string{"Ada Lovelace", "Bob Adams", "Cyd Curie", "Dee Darwin"} {
		first, last, _ := strings.Cut(name, " ")
		b.Student(b.t, b.North, first, last, 90, b.Algebra, b.Biology)
	}
	b.exec("UPDATE students SET password_hash = 'old hash' WHERE first_name = 'Ada'")
	b.Student(b.t, b.South, "Sue", "South", 0, b.Chemistry)
	b.Student(b.t, b.North, "Gone", "Away", 0).Update().SetDeletedAt(fixture.Today.Add(-24 * time.Hour)).
		ExecX(fixture.System())
}

func TestUndoOfStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		before := b.world()
		file := header +
			",00001,Augusta,Lovelace-King,augusta,newpass1,9,,Algebra\n" + // Everything, and a password.
			",00002,,,,,,South School,Chemistry\n" + // Moves.
			",00003,,,,[clear],8,,[clear]\n" +
			",00004,,,,,,,Biology\n" +
			",00006,Back,Again,,,,North School,Biology\n" + // Comes back.
			",n1,New,One,newone,,7,North School,Algebra;Biology\n"
		job := b.imported(b.DistrictAdmin, b.Alpha, students, file, mode(bulkjob.GroupsModeREPLACE))
		b.want(job, completed, 1, 5, 0, 0)
		if b.student("00001").PasswordHash == "old hash" || b.world() == before {
			t.Fatal("the import did nothing")
		}
		b.undone(b.DistrictAdmin, job, undone, 6, 0)
		// A student who is hidden again is hidden from now on, and not purged at once.
		if st := b.student("00006"); st.DeletedAt == nil || !st.DeletedAt.Equal(fixture.Today) {
			t.Errorf("who was brought back is deleted at %v", st.DeletedAt)
		}
		before = regexp.MustCompile("(?m)^hidden .*\n").ReplaceAllString(before, "")
		if after := b.world(); after != before {
			t.Error(diff(before, after))
		}
		if st := b.student("n1"); st.DeletedAt == nil || st.GroupCount != 0 {
			t.Errorf("the new student is there: %+v", st)
		}
		if n := b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE `before` IS NOT NULL"); n != 0 {
			t.Errorf("%d old values are still on record", n)
		}
		_, err := b.Undo(b.As(t, b.DistrictAdmin), job.ID)
		b.refused(err, fault.Conflict, "NOT_UNDOABLE", "has been undone")
		b.healthy()
	})
}

func TestUndoOfEditsAndDeletions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		before := b.world()
		edit := b.applied(b.NorthAdmin, b.edited(b.NorthAdmin, b.matching(b.NorthAdmin, b.North, roster.StudentFilter{}),
			kind.Edit{RemoveFrom: []int{b.Algebra.ID}, Grade: "12"}))
		b.want(edit, completed, 0, 4, 0, 0)
		deletion := b.applied(b.DistrictAdmin,
			b.deleting(b.DistrictAdmin, b.matching(b.DistrictAdmin, nil, roster.StudentFilter{})))
		if deletion.Deleted != 5 || b.number("SELECT COUNT(*) FROM students WHERE deleted_at IS NULL") != 0 {
			t.Fatalf("%+v", deletion)
		}
		b.undone(b.DistrictAdmin, deletion, undone, 5, 0)
		if len(b.recounted.ids) != 5 {
			t.Errorf("usage computed anew of %v", b.recounted.ids)
		}
		// The deletion and its undo have raised every version; the values that the edit
		// has set are still there.
		b.undone(b.NorthAdmin, edit, undone, 4, 0)
		if after := b.world(); after != before {
			t.Error(diff(before, after))
		}
		b.healthy()
	})
}

func TestUndoLeavesWhatSomebodyChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		extra := b.Group(t, b.North, "Extra")
		job := b.imported(b.NorthAdmin, b.North, students, header+
			",00001,,,renamed,,8,,\n,00002,,,,,8,,Extra\n,00003,,,,,8,,\n,00004,,,,,8,,Extra\n,n1,New,One,newone,,7,,\n,n2,New,Two,newtwo,,7,,\n")
		b.want(job, completed, 2, 4, 0, 0)
		service := roster.New(d,
			roster.Options{Now: time.Now, Hash: func(_ context.Context, p string) (string, error) { return p, nil }})
		ctx := b.As(t, b.NorthAdmin)
		grade, ada := "10", b.student("00003")
		if _, err := service.UpdateStudent(ctx, roster.StudentChange{ID: ada.ID, Grade: &grade}); err != nil {
			t.Fatal(err)
		}
		if _, err := service.AssignStudents(ctx, []int{b.student("n2").ID}, []int{b.Algebra.ID}); err != nil {
			t.Fatal(err)
		}
		// Somebody takes the username that the first row gave up.
		if _, err := service.CreateStudent(ctx,
			roster.NewStudent{
				OrganizationID: b.North.ID,
				ExternalID:     "x1",
				FirstName:      "X",
				LastName:       "Y",
				Username:       "ada00001",
				Grade:          "7",
			}); err != nil {
			t.Fatal(err)
		}
		got := b.undone(b.NorthAdmin, job, partly, 3, 3)
		b.wantProblems(got, `row 1 warning  USERNAME_TAKEN "Ada Lovelace (00001)"`,
			`row 3 warning  CHANGED_SINCE "Cyd Curie (00003)"`, `row 6 warning  CHANGED_SINCE "New Two (n2)"`)
		if b.student("00001").Username != "renamed" || b.student("00002").Grade != 7 || b.student("00003").Grade != 10 ||
			b.student("n1").DeletedAt == nil || b.student("n2").DeletedAt != nil ||
			b.groupsOf(b.student("00004")) != "Algebra, Biology" {
			t.Error("something else was put back")
		}
		if n := b.Client().Group.GetX(fixture.System(), extra.ID).StudentCount; n != 0 {
			t.Errorf("%d in Extra", n)
		}
		b.healthy()
	})
}

func TestUndoOfADeletionWhoseGroupIsGone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		gone := b.Group(t, b.North, "Gone")
		ada := b.Student(t, b.North, "Ada", "Lovelace", 0, gone, b.Algebra)
		job := b.applied(b.NorthAdmin, b.deleting(b.NorthAdmin, these(ada)))
		b.Client().Group.DeleteOneID(gone.ID).ExecX(fixture.System())
		got := b.undone(b.NorthAdmin, job, partly, 0, 1)
		b.wantProblems(got, `row 1 warning  CHANGED_SINCE "Ada Lovelace (00001)"`)
		if st := b.student("00001"); st.DeletedAt != nil || b.groupsOf(st) != "Algebra" {
			t.Errorf("%+v in %s", st, b.groupsOf(st))
		}
		b.healthy()
	})
}

func TestUndoOfEnrollments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		b.Client().Educator.UpdateOne(b.NorthTeacher).SetExternalID("T1").ExecX(fixture.System())
		b.Group(t, b.North, "Chess")
		music := b.Group(t, b.North, "Music")
		before := b.world()
		job := b.imported(b.NorthAdmin, b.North, enrollments,
			"Class,Person ID\nChess,00001\nMusic,00001\nChess,00002\nChess,T1\nAlgebra,00001\n")
		b.want(job, completed, 4, 0, 1, 0)
		b.undone(b.NorthAdmin, job, undone, 4, 0)
		if after := b.world(); after != before {
			t.Error(diff(before, after))
		}
		out := b.imported(b.NorthAdmin, b.North, enrollments,
			"Class,Person ID\nAlgebra,00001\nBiology,00001\nAlgebra,00002\n", mode(bulkjob.GroupsModeREMOVE))
		b.want(out, completed, 0, 3, 0, 0)
		service := roster.New(d, roster.Options{Now: time.Now})
		if _, err := service.AssignStudents(b.As(t, b.NorthAdmin), []int{b.student("00002").ID},
			[]int{b.Algebra.ID, music.ID}); err != nil {
			t.Fatal(err)
		}
		got := b.undone(b.NorthAdmin, out, partly, 2, 1)
		b.wantProblems(got, `row 3 warning  CHANGED_SINCE "Bob Adams (00002)"`)
		if b.groupsOf(b.student("00001")) != "Algebra, Biology" ||
			b.groupsOf(b.student("00002")) != "Algebra, Biology, Music" {
			t.Error(b.world())
		}
		b.healthy()
	})
}

func TestUndoOfTheOtherKinds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Client().Group.UpdateOne(b.Biology).SetExternalID("B1").ExecX(fixture.System())
		t.Run("new groups go, unless somebody has joined them", func(t *testing.T) {
			b := b.on(t)
			before := b.world()
			job := b.imported(b.NorthAdmin, b.North, groups,
				"External ID,Name,Educators\nB1,Botany,tara@example.com\nC1,Chess,tara@example.com\nD1,Dance,\n")
			b.want(job, completed, 2, 1, 0, 0)
			b.undone(b.NorthAdmin, job, undone, 3, 0)
			if after := b.world(); after != before {
				t.Error(diff(before, after))
			}
			job = b.imported(b.NorthAdmin, b.North, groups, "External ID,Name\nB1,Botany\nC1,Chess\nD1,Dance\n")
			b.Student(t, b.North, "In", "Chess", 0, b.Client().Group.Query().Where(group.Name("Chess")).OnlyX(fixture.System()))
			b.exec("UPDATE `groups` SET name = 'Botanics', version = version + 1 WHERE external_id = 'B1'")
			got := b.undone(b.NorthAdmin, job, partly, 1, 2)
			b.wantProblems(got, `row 1 warning  CHANGED_SINCE "Biology (B1)"`, `row 2 warning  CHANGED_SINCE "Chess (C1)"`)
		})
		t.Run("a teacher does not undo what was created", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthTeacher, b.North, students, header+",t1,New,One,tnewone,,7,,Algebra\n")
			_, err := b.Undo(b.As(t, b.NorthTeacher), job.ID)
			b.refused(err, fault.Forbidden, "FORBIDDEN", "only administrators can delete")
			b.undone(b.NorthAdmin, job, undone, 1, 0)
		})
	})
}

// TestUndoSurvivesCrashes ends the server again and again while it undoes.
func TestUndoSurvivesCrashes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		before := b.world()
		job := b.imported(b.NorthAdmin, b.North, students, strings.ReplaceAll(manyStudents(1700), ",99,", ",9,"))
		if _, err := b.Undo(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		seen, crashes := -1.0, 0
		for ; b.job(job.ID).Status == undoing && crashes < 300; crashes++ {
			now := &clock{now: fixture.Today.Add(62 * time.Second * time.Duration(crashes+1))}
			server := benchOn(t, b.World, func(o *jobs.Options) { o.Now = now.Now })
			ctx, cancel := context.WithTimeout(context.Background(), after(crashes))
			_ = server.Drain(ctx)
			cancel()
			if p := progress.ProgressOf(b.job(job.ID)).Percent; p < seen {
				t.Errorf("the progress went back from %v to %v", seen, p)
			} else {
				seen = p
			}
			if crashes%2 == 0 {
				b.exec("UPDATE bulk_jobs SET lease_owner = 'dead', lease_until = ? WHERE id = ? AND status = 'UNDOING'",
					now.Now().Add(30*time.Second), job.ID)
			}
		}
		got := b.job(job.ID)
		if got.Status != undone || got.UndoneRows != 1700 || crashes < 2 {
			t.Errorf("%s after %d crashes, %d undone", got.Status, crashes, got.UndoneRows)
		}
		if after := b.world(); after != before {
			t.Error(diff(before, after))
		}
		b.healthy()
	})
}
