package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// dayBench is a school of a number of students, with a clock and the usual holds.
func dayBench(t *testing.T, d *database.DB, n int) (b *bench, all []*db.Student, now *clock) {
	b, now = newBench(t, d), &clock{now: fixture.Today}
	b.holds()
	b.Service = benchOn(t, b.World, func(o *jobs.Options) { o.Now = now.Now }).Service
	for i := range n {
		all = append(all, b.Student(t, b.North, "St", fmt.Sprintf("%03d", i), 0, b.Algebra))
	}
	return b, all, now
}

// starts starts a job and checks its status afterwards.
func (b *bench) starts(who *db.Educator, job *db.BulkJob, want bulkjob.Status) *db.BulkJob {
	b.t.Helper()
	got, err := b.Start(b.As(b.t, who), job.ID)
	if err != nil || got.Status != want {
		b.t.Fatalf("%v, %v; want %s\n%s", got, err, want, b.hint(job, "HELD"))
	}
	if want == processing {
		return b.drained(job.ID)
	}
	return got
}

// TestAHoldCountsADay has one person delete and change a school piece by piece.
func TestAHoldCountsADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, now := dayBench(t, d, 100)
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		people := roster.New(d, roster.Options{Now: now.Now, Log: slog.New(slog.DiscardHandler)})
		ids := func(list []*db.Student) (ids []int) {
			for _, st := range list {
				ids = append(ids, st.ID)
			}
			return ids
		}
		t.Run("several small jobs add up", func(t *testing.T) {
			b := b.on(t)
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[:6]...)), processing)
			job := b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[6:11]...)), held)
			if text := b.hint(job, "HELD"); !strings.Contains(text,
				"Counting what was done in the last 24 hours, this would delete 11 of 100 students. A change of more than 10 %") {
				t.Error(text)
			}
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[11:15]...)), processing)
		})
		t.Run("deletions that are no jobs add up with them", func(t *testing.T) {
			b := b.on(t)
			err := people.DeleteStudents(b.As(t, b.NorthAdmin), ids(all[15:16]))
			b.refused(err, fault.Conflict, "HOLD_REQUIRED",
				"this would delete 11 of 100 students of North School, and more than 10 % need a second administrator; "+
					"submit it with bulkDeleteStudents")
			if n := b.number("SELECT COUNT(*) FROM students WHERE deleted_at IS NOT NULL"); n != 10 {
				t.Errorf("%d are deleted", n)
			}
		})
		t.Run("and are counted for a colleague who does much as well", func(t *testing.T) {
			b := b.on(t)
			job := b.starts(second, b.deleting(second, these(all[20:30]...)), held)
			if _, err := b.Cancel(b.As(t, second), job.ID); err != nil {
				t.Fatal(err)
			}
			b.starts(second, b.deleting(second, these(all[20:22]...)), processing)
		})
		t.Run("a job that has been put back counts no more", func(t *testing.T) {
			b := b.on(t)
			jobs := b.Client().BulkJob.Query().Where(bulkjob.StatusEQ(completed)).AllX(fixture.System())
			for _, job := range jobs {
				b.undone(b.DistrictAdmin, job, undone, job.Deleted, 0)
			}
			job := b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[30:40]...)), processing)
			b.undone(b.DistrictAdmin, job, undone, 10, 0)
		})
		t.Run("nor does one that was canceled, nor one that a second administrator has approved", func(t *testing.T) {
			b := b.on(t)
			job, err := b.Start(b.As(t, b.NorthAdmin), b.deleting(b.NorthAdmin, these(all[:10]...)).ID)
			if err != nil || job.Status != processing {
				t.Fatalf("%+v, %v", job, err)
			}
			if _, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
			if n := b.number("SELECT COALESCE(SUM(number), 0) FROM losses WHERE job_id = ?", job.ID); n != 0 {
				t.Errorf("%d losses of a job that has written nothing", n)
			}
			job = b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[50:61]...)), held)
			if _, err := b.Approve(b.As(t, second), job.ID, nil); err != nil {
				t.Fatal(err)
			}
			b.drained(job.ID)
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[:10]...)), processing)
		})
		t.Run("after a day it counts no more", func(t *testing.T) {
			b := b.on(t)
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[90:91]...)), held)
			now.Add(25 * time.Hour)
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[90:94]...)), processing)
			if err := b.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := b.number("SELECT COUNT(*) FROM losses WHERE thing <> 'STUDENT' OR verb <> 'DELETED'"); n != 0 {
				t.Errorf("%d losses of the day before are on record, beside those of students who were deleted", n)
			}
		})
		t.Run("a program that changes the same students every hour changes them once", func(t *testing.T) {
			b := b.on(t)
			now.Add(25 * time.Hour)
			edit := func(list []*db.Student, grade string) *db.BulkJob {
				return b.edited(b.NorthAdmin, these(list...), kind.Edit{Grade: grade})
			}
			b.starts(b.NorthAdmin, edit(all[40:50], "1"), processing)
			b.starts(b.NorthAdmin, edit(all[61:89], "1"), processing)
			b.starts(b.NorthAdmin, edit(all[61:89], "2"), processing)
			b.starts(b.NorthAdmin, edit(all[61:89], "3"), processing)
			job := b.starts(b.NorthAdmin, edit(append(all[10:30:30], all[61:89]...), "4"), held)
			if text := b.hint(job, "HELD"); !strings.Contains(text, "this would change 58 of 75 students") {
				t.Error(text)
			}
		})
		t.Run("putting everybody into groups is never counted", func(t *testing.T) {
			b := b.on(t)
			now.Add(25 * time.Hour)
			before := b.number("SELECT COUNT(*) FROM losses WHERE created_at > ?", now.Now().Add(-time.Hour))
			b.starts(b.NorthAdmin,
				b.edited(b.NorthAdmin, b.matching(b.NorthAdmin, b.North, roster.StudentFilter{}),
					kind.Edit{AddTo: []int{b.Biology.ID}}), processing)
			if _, err := people.AssignStudents(b.As(t, b.NorthAdmin), ids(all[61:89]),
				[]int{b.Algebra.ID, b.Biology.ID}); err != nil {
				t.Fatal(err)
			}
			if n := b.number("SELECT COUNT(*) FROM losses WHERE created_at > ?", now.Now().Add(-time.Hour)); n != before {
				t.Errorf("%d losses", n-before)
			}
		})
		t.Run("students who have just been imported make no room for more", func(t *testing.T) {
			b := b.on(t)
			now.Add(25 * time.Hour)
			var file strings.Builder
			file.WriteString(header)
			for i := range 500 {
				fmt.Fprintf(&file, ",crowd%d,New,One,crowd%d,,7,,\n", i, i)
			}
			b.starts(b.NorthAdmin, b.verified(b.NorthAdmin, b.North, students, file.String()), processing)
			there := b.Client().Student.Query().Where(student.DeletedAtIsNil(), student.FirstName("St")).AllX(fixture.System())
			part := these(there[:len(there)/5]...)
			job := b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, part), held)
			if text := b.hint(job, "HELD"); !strings.Contains(text, fmt.Sprintf("of %d students", len(there))) {
				t.Error(text)
			}
			now.Add(25 * time.Hour)
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, part), held)
			now.Add(31 * 24 * time.Hour)
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, part), processing)
		})
		t.Run("groups, accounts and schools have the same limits", func(t *testing.T) {
			b := b.on(t)
			now.Add(25 * time.Hour)
			var file strings.Builder
			file.WriteString("External ID,Name\n")
			for i := range 20 {
				fmt.Fprintf(&file, "g%d,Group %d\n", i, i)
			}
			job := b.starts(b.NorthAdmin, b.verified(b.NorthAdmin, b.North, groups, file.String()), processing)
			got, err := b.Undo(b.As(t, b.NorthAdmin), job.ID)
			if err != nil || got.Status != held ||
				!strings.Contains(b.hint(got, "HELD"), "Undoing this would delete 20 classes or groups, where 3 have been there for longer") {
				t.Errorf("%+v, %v\n%s", got, err, b.hint(job, "HELD"))
			}
			for i := range 10 {
				g := b.Group(t, b.North, fmt.Sprintf("Few %d", i))
				if err := people.DeleteGroup(b.As(t, b.NorthAdmin), g.ID); err != nil {
					t.Fatal(err)
				}
			}
			err = people.DeleteGroup(b.As(t, b.NorthAdmin), b.Group(t, b.North, "One more").ID)
			b.refused(err, fault.Conflict, "HOLD_REQUIRED", "this would delete 11 of 14 classes or groups of North School")
		})
	})
}

// TestAHoldCountsAMonth has somebody stay below the limit of a day, day after day.
func TestAHoldCountsAMonth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, now := dayBench(t, d, 100)
		people := roster.New(d, roster.Options{Now: now.Now, Log: slog.New(slog.DiscardHandler),
			Recount: func(context.Context, *db.Client, []int) error { return nil }})
		keys := func(list []*db.Student) (ids []int) {
			for _, st := range list {
				ids = append(ids, st.ID)
			}
			return ids
		}
		deletes := func(b *bench, who *db.Educator, list []*db.Student, want bulkjob.Status) *db.BulkJob {
			b.t.Helper()
			return b.starts(who, b.deleting(who, these(list...)), want)
		}
		nextDay := func(b *bench) {
			b.t.Helper()
			now.Add(25 * time.Hour)
			if err := b.Sweep(b.t.Context()); err != nil {
				b.t.Fatal(err)
			}
		}
		first := deletes(b, b.NorthAdmin, all[:9], processing)
		nextDay(b)
		if err := people.DeleteStudents(b.As(t, b.NorthAdmin), keys(all[10:18])); err != nil {
			t.Fatal(err)
		}
		nextDay(b)
		t.Run("twice the limit of a day is enough for a month", func(t *testing.T) {
			b := b.on(t)
			job := deletes(b, b.NorthAdmin, all[20:24], held)
			if text := b.hint(job, "HELD"); !strings.Contains(text,
				"Counting what was deleted in the last 30 days, this would delete 21 of 100 students. A change of more than 20 %") {
				t.Error(text)
			}
			err := people.DeleteStudents(b.As(t, b.NorthAdmin), keys(all[20:24]))
			b.refused(err, fault.Conflict, "HOLD_REQUIRED",
				"of the last 30 days, this would delete 21 of 100 students of North School, and more than 20 %")
			deletes(b, b.NorthAdmin, all[20:23], processing)
			if _, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
		})
		nextDay(b)
		t.Run("also with an account of the own making", func(t *testing.T) {
			b := b.on(t)
			puppet := b.Educator(t, b.Alpha, "Paula Puppet", viewer.SchoolAdmin, b.North)
			if err := hold.Note(fixture.System(), b.Client(), now.Now(), []int{b.NorthAdmin.ID}, puppet.ID); err != nil {
				t.Fatal(err)
			}
			deletes(b, puppet, all[30:31], held)
			deletes(b, b.DistrictAdmin, all[30:31], processing)
		})
		t.Run("who is there again, by whatever way, does not count", func(t *testing.T) {
			b := b.on(t)
			if _, err := people.RestoreStudents(b.As(t, b.NorthAdmin), keys(all[:5])); err != nil {
				t.Fatal(err)
			}
			// They count as students who were there before, because they would count again.
			deletes(b, b.NorthAdmin, all[50:55], held)
			b.undone(b.NorthAdmin, deletes(b, b.NorthAdmin, all[50:53], processing), undone, 3, 0)
			deletes(b, b.NorthAdmin, all[54:57], processing)
			if b.undone(b.NorthAdmin, b.job(first.ID), partly, 4,
				5); b.number("SELECT COUNT(*) FROM students WHERE deleted_at IS NOT NULL") != 3+8+3+1 {
				t.Error("others are gone than those who count")
			}
		})
		t.Run("nor what a second administrator has approved, nor what is older", func(t *testing.T) {
			b := b.on(t)
			job := deletes(b, b.NorthAdmin, all[70:100], held)
			if _, err := b.Approve(b.As(t, b.DistrictAdmin), job.ID, nil); err != nil {
				t.Fatal(err)
			}
			b.drained(job.ID)
			deletes(b, b.NorthAdmin, all[60:63], processing)
			now.Add(31 * 24 * time.Hour)
			nextDay(b)
			if n := b.number("SELECT COUNT(*) FROM losses"); n != 0 {
				t.Errorf("%d losses are on record", n)
			}
			deletes(b, b.NorthAdmin, all[64:68], processing)
		})
	})
}

// TestTwoStartsAtOnce starts two jobs on two servers at the same moment; each alone would
// not be held.
func TestTwoStartsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, _ := dayBench(t, d, 60)
		other := benchOn(t, b.World, nil)
		for round := range 5 {
			part := all[12*round : 12*round+12]
			both := []*db.BulkJob{b.deleting(b.NorthAdmin, these(part[:6]...)), b.deleting(b.NorthAdmin, these(part[6:]...))}
			var wg sync.WaitGroup
			var statuses [2]bulkjob.Status
			for i, s := range []*jobs.Service{b.Service, other.Service} {
				ctx := b.As(t, b.NorthAdmin)
				wg.Go(func() {
					got, err := s.Start(ctx, both[i].ID)
					if err != nil {
						t.Error(err)
						return
					}
					statuses[i] = got.Status
				})
			}
			wg.Wait()
			if statuses[0] == statuses[1] {
				t.Errorf("round %d: %s and %s", round, statuses[0], statuses[1])
			}
			for _, job := range both {
				if _, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
