package job_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func logTo(out *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(out, nil)) }

func these(list ...*db.Student) jobs.Selection {
	ids := []int{}
	for _, st := range list {
		ids = append(ids, st.ID)
	}
	return jobs.Selection{StudentIDs: ids}
}

// matching is the selection that a person makes by a filter.
func (b *bench) matching(who *db.Educator, at *db.Organization, f roster.StudentFilter) jobs.Selection {
	b.t.Helper()
	id := 0
	if at != nil {
		id = at.ID
	}
	list, err := roster.New(b.DB, roster.Options{Now: time.Now}).Students(b.As(b.t, who), id, f)
	if err != nil {
		b.t.Fatal(err)
	}
	return jobs.Selection{Matching: list, OrganizationID: id}
}

func (b *bench) edited(who *db.Educator, sel jobs.Selection, edit kind.Edit) *db.BulkJob {
	b.t.Helper()
	job, err := b.SubmitEdit(b.As(b.t, who), sel, edit)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.drained(job.ID)
}

func (b *bench) deleting(who *db.Educator, sel jobs.Selection) *db.BulkJob {
	b.t.Helper()
	job, err := b.SubmitDeletion(b.As(b.t, who), sel)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.drained(job.ID)
}

func TestBulkEdit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra)
		bob := b.Student(t, b.North, "Bob", "Adams", 0)
		cyd := b.Student(t, b.North, "Cyd", "Curie", 0, b.Biology).Update().SetSynced(1).SaveX(fixture.System())
		dee := b.Student(t, b.North, "Dee", "Darwin", 0, b.Algebra).Update().SetGrade(8).SaveX(fixture.System())
		job := b.edited(b.NorthAdmin, these(ada, bob, cyd, dee),
			kind.Edit{AddTo: []int{b.Biology.ID}, RemoveFrom: []int{b.Algebra.ID}, Grade: "8"})
		b.want(job, ready, 0, 3, 0, 1)
		if job.Kind != bulkjob.KindEDIT_STUDENTS || job.OrganizationID != b.North.ID || job.EnrollmentsAdded != 3 ||
			job.EnrollmentsRemoved != 2 {
			t.Errorf("%+v", job)
		}
		// In the order of lists: Adams, Curie, Darwin, Lovelace.
		b.wantProblems(job, `row 2 Grade SYNCED_STUDENT ""`)
		b.wantChanges(b.NorthAdmin, job,
			"1 Bob Adams (00002) Grade: 7 → 8", "1 Bob Adams (00002) Classes/Groups: - → Biology",
			"3 Dee Darwin (00004) Classes/Groups: Algebra → Biology",
			"4 Ada Lovelace (00001) Grade: 7 → 8", "4 Ada Lovelace (00001) Classes/Groups: Algebra → Biology")
		b.Client().Student.UpdateOne(bob).SetLastName("Other").AddVersion(1).ExecX(fixture.System())
		job = b.applied(b.NorthAdmin, job)
		b.want(job, withErrors, 0, 2, 0, 2)
		b.wantProblems(job, `row 1  STALE ""`, `row 2 Grade SYNCED_STUDENT ""`)
		if hint := b.hint(job, "STALE"); strings.Contains(hint, "file") || strings.Contains(hint, "pload") {
			t.Errorf("words of a file: %s", hint)
		}
		if b.student("00001").Grade != 8 || b.groupsOf(ada) != "Biology" || b.groupsOf(dee) != "Biology" ||
			b.groupsOf(bob) != "" {
			t.Errorf("%s; %s", b.groupsOf(ada), b.groupsOf(dee))
		}
		b.consistent()

		t.Run("what is so already is no change, and a synced group is refused where somebody would join it",
			func(t *testing.T) {
				b := b.on(t)
				b.want(b.edited(b.NorthAdmin, these(ada, dee), kind.Edit{AddTo: []int{b.Biology.ID}, Grade: "8"}),
					ready, 0, 0, 2, 0)
				job := b.edited(b.NorthAdmin, these(ada, dee), kind.Edit{AddTo: []int{b.Synced.ID}})
				b.want(job, ready, 0, 0, 0, 2)
				b.wantProblems(job, `row 1 Classes/Groups SYNCED_GROUP "Homeroom 7"`,
					`row 2 Classes/Groups SYNCED_GROUP "Homeroom 7"`)
			})
		t.Run("a teacher edits students of the own groups", func(t *testing.T) {
			b := b.on(t)
			eve := b.Student(t, b.North, "Eve", "Ungrouped", 0)
			fay := b.Student(t, b.North, "Fay", "Taught", 0, b.Algebra)
			job := b.edited(b.NorthTeacher, these(eve, fay), kind.Edit{AddTo: []int{b.Algebra.ID}, Grade: "9"})
			b.want(job, ready, 0, 1, 0, 1)
			b.wantProblems(job, `row 2 Grade FORBIDDEN ""`)
			b.want(b.applied(b.NorthTeacher, job), withErrors, 0, 1, 0, 1)
			assigned := b.applied(b.NorthTeacher, b.edited(b.NorthTeacher, these(eve), kind.Edit{AddTo: []int{b.Algebra.ID}}))
			b.want(assigned, completed, 0, 1, 0, 0)
			b.consistent()
		})
	})
}

func TestSelectionsThatAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 0, b.Biology)
		sue := b.Student(t, b.South, "Sue", "South", 0)
		tim := b.Student(t, b.North, "Tim", "Taught", 0, b.Algebra)
		ctx := b.As(t, b.NorthAdmin)
		edit := kind.Edit{Grade: "8"}
		for _, c := range []struct {
			what, code, field string
			submit            func() error
		}{
			{"students of others do not exist", "NOT_FOUND", "selection.studentIds.1", func() error { _, err := b.SubmitEdit(ctx, these(ada, sue), edit); return err }},
			{"nobody is selected", "REQUIRED", "selection.studentIds", func() error { _, err := b.SubmitEdit(ctx, these(), edit); return err }},
			{"nobody matches", "REQUIRED", "selection.matching", func() error {
				_, err := b.SubmitDeletion(ctx, b.matching(b.NorthAdmin, b.North, roster.StudentFilter{Search: "zzz"}))
				return err
			}},
			{"neither ids nor a filter", "BAD_USER_INPUT", "selection", func() error { _, err := b.SubmitEdit(ctx, jobs.Selection{}, edit); return err }},
			{"both ids and a filter", "BAD_USER_INPUT", "selection", func() error {
				sel := b.matching(b.NorthAdmin, b.North, roster.StudentFilter{})
				sel.StudentIDs = []int{ada.ID}
				_, err := b.SubmitEdit(ctx, sel, edit)
				return err
			}},
			{"nothing is to change", "REQUIRED", "", func() error { _, err := b.SubmitEdit(ctx, these(ada), kind.Edit{}); return err }},
			{"a grade that there is not", "UNKNOWN_GRADE", "grade", func() error { _, err := b.SubmitEdit(ctx, these(ada), kind.Edit{Grade: "14"}); return err }},
			{"groups of others do not exist", "NOT_FOUND", "addToGroupIds.1", func() error {
				_, err := b.SubmitEdit(ctx, these(ada), kind.Edit{AddTo: []int{b.Algebra.ID, b.Chemistry.ID}})
				return err
			}},
			{"a group cannot be joined and left", "BAD_USER_INPUT", "removeFromGroupIds.0", func() error {
				_, err := b.SubmitEdit(ctx, these(ada), kind.Edit{AddTo: []int{b.Algebra.ID}, RemoveFrom: []int{b.Algebra.ID}})
				return err
			}},
			{"teachers never delete", "FORBIDDEN", "selection", func() error { _, err := b.SubmitDeletion(b.As(t, b.NorthTeacher), these(tim)); return err }},
			{"a teacher does not see students of other groups", "NOT_FOUND", "selection.studentIds.0", func() error {
				_, err := b.SubmitEdit(b.As(t, b.NorthTeacher), these(ada), edit)
				return err
			}},
		} {
			err := c.submit()
			var list roster.Refusals
			e := fault.From(err)
			if errors.As(err, &list) {
				e = list[0]
			}
			if e == nil || e.Code != c.code || e.Field != c.field {
				t.Errorf("%s: %v", c.what, err)
			}
		}
		if n := b.number("SELECT COUNT(*) FROM bulk_jobs"); n != 0 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestBulkDelete(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra, b.Chemistry)
		bob := b.Student(t, b.North, "Bob", "Adams", 0)
		cyd := b.Student(t, b.North, "Cyd", "Curie", 0).Update().SetSynced(1).SaveX(fixture.System())
		sue := b.Student(t, b.South, "Sue", "South", 0, b.Chemistry)
		job := b.deleting(b.DistrictAdmin, these(ada, bob, cyd, sue))
		if job.Deleted != 3 || job.Errors != 1 || job.EnrollmentsRemoved != 3 || job.OrganizationID != b.Alpha.ID {
			t.Errorf("%+v", job)
		}
		b.wantProblems(job, `row 2  SYNCED_STUDENT ""`)
		b.wantChanges(b.DistrictAdmin, job, "1 Bob Adams (00002) Deleted: no → yes",
			"3 Ada Lovelace (00001) Deleted: no → yes", "3 Ada Lovelace (00001) Classes/Groups: Algebra;Chemistry → -",
			"4 Sue South (00004) Deleted: no → yes", "4 Sue South (00004) Classes/Groups: Chemistry → -")
		// Those who see North alone must not read in this job about South.
		if _, err := b.Job(b.As(t, b.NorthAdmin), job.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("North sees it: %v", err)
		}
		b.Client().Student.UpdateOne(bob).SetGrade(1).AddVersion(1).ExecX(fixture.System())
		job = b.applied(b.DistrictAdmin, job)
		if job.Status != withErrors || job.Deleted != 2 || job.Errors != 2 || job.EnrollmentsRemoved != 3 {
			t.Errorf("%+v", job)
		}
		for st, gone := range map[*db.Student]bool{ada: true, bob: false, cyd: false, sue: true} {
			if got := b.Client().Student.GetX(fixture.System(), st.ID); (got.DeletedAt != nil) != gone ||
				gone && got.GroupCount != 0 {
				t.Errorf("%s: %+v", st.FirstName, got)
			}
		}
		b.consistent()
		b.healthy()
	})
}

// TestASelectionByFilterIsFixed selects 5,000 students by what they match; who
// matches later is not among them.
func TestASelectionByFilterIsFixed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		const n = 5000
		b := newBench(t, d)
		var file strings.Builder
		file.WriteString(header)
		for i := range n {
			fmt.Fprintf(&file, ",S%05d,First,Same%d,user%05d,,7,North School,\n", i, i%7, i)
		}
		b.imported(b.NorthAdmin, b.North, students, file.String())
		late := b.Student(t, b.North, "Too", "Late", 0, b.Biology)
		job, err := b.SubmitEdit(b.As(t, b.NorthTeacher),
			b.matching(b.NorthTeacher, nil, roster.StudentFilter{NoGroups: true}), kind.Edit{AddTo: []int{b.Algebra.ID}})
		if err != nil {
			t.Fatal(err)
		}
		b.exec("DELETE FROM enrollments")
		b.exec("UPDATE students SET group_count = 0, ungrouped = 1")
		b.exec("UPDATE `groups` SET student_count = 0")
		job = b.drained(job.ID)
		b.want(job, ready, 0, n, 0, 0)
		if job.TotalRows != n || job.OrganizationID != b.North.ID {
			t.Errorf("%+v", job)
		}
		b.exec("UPDATE organizations SET hold_changed_percent = 100")
		job = b.applied(b.NorthTeacher, job)
		b.want(job, completed, 0, n, 0, 0)
		if in := b.Client().Group.GetX(fixture.System(), b.Algebra.ID).StudentCount; in != n || b.groupsOf(late) != "" {
			t.Errorf("%d in the group", in)
		}
		if first := b.Client().BulkJobRow.Query().Order(db.Asc("row")).
			FirstX(fixture.System()); first.TargetID != b.Client().Student.Query().
			Order(db.Asc(student.FieldSortName, student.FieldID)).Where(student.IDNEQ(late.ID)).FirstX(fixture.System()).ID {
			t.Error("the rows are not in the order of names")
		}
		b.consistent()
	})
}
