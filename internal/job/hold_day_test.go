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

// starts starts a job, and says how it then stands.
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
			job := b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(there[:len(there)/5+1]...)), held)
			if text := b.hint(job, "HELD"); !strings.Contains(text, fmt.Sprintf("of %d students", 2*len(there))) {
				t.Error(text)
			}
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(there[:len(there)/5]...)), processing)
			now.Add(25 * time.Hour)
			there = there[len(there)/5:]
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(there[:len(there)/5+1]...)), held)
			now.Add(7 * 24 * time.Hour)
			b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(there[:len(there)/5+1]...)), processing)
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
				!strings.Contains(b.hint(got, "HELD"), "Undoing this would delete 20 of 23 classes or groups") {
				t.Errorf("%+v, %v\n%s", got, err, b.hint(job, "HELD"))
			}
			for i := range 10 {
				g := b.Group(t, b.North, fmt.Sprintf("Few %d", i))
				if err := people.DeleteGroup(b.As(t, b.NorthAdmin), g.ID); err != nil {
					t.Fatal(err)
				}
			}
			err = people.DeleteGroup(b.As(t, b.NorthAdmin), b.Group(t, b.North, "One more").ID)
			b.refused(err, fault.Conflict, "HOLD_REQUIRED", "this would delete 11 of 34 classes or groups of North School")
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
			deletes(b, b.NorthAdmin, all[50:55], held)
			b.undone(b.NorthAdmin, deletes(b, b.NorthAdmin, all[50:54], processing), undone, 4, 0)
			deletes(b, b.NorthAdmin, all[54:58], processing)
			if b.undone(b.NorthAdmin, b.job(first.ID), partly, 4,
				5); b.number("SELECT COUNT(*) FROM students WHERE deleted_at IS NOT NULL") != 4+8+3+1 {
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
			deletes(b, b.NorthAdmin, all[60:64], processing)
			now.Add(31 * 24 * time.Hour)
			nextDay(b)
			if n := b.number("SELECT COUNT(*) FROM losses"); n != 0 {
				t.Errorf("%d losses are on record", n)
			}
			deletes(b, b.NorthAdmin, all[64:68], processing)
		})
	})
}

// TestTwoStartsAtOnce has two servers start two jobs at the same moment, each of which
// would be let go on alone.
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

// TestASecondAdministrator has somebody make, or get hold of, the account that approves.
func TestASecondAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, now := dayBench(t, d, 60)
		by := b.educator
		files := func(who *db.Educator, rows string) {
			b.t.Helper()
			if job := b.imported(who, b.North, educators, educatorHeader+rows); job.Errors > 0 {
				b.t.Fatal(b.problems(job))
			}
		}
		heldBy := func(b *bench, who *db.Educator) *db.BulkJob {
			b.t.Helper()
			return b.starts(who, b.deleting(who, these(all[:20]...)), held)
		}
		approves := func(b *bench, who *db.Educator, job *db.BulkJob, words string) {
			b.t.Helper()
			_, err := b.Approve(b.As(b.t, who), job.ID, nil)
			if words == "" {
				if err != nil {
					b.t.Error(err)
				}
				_, err = b.Cancel(b.As(b.t, who), job.ID)
				if err != nil {
					b.t.Error(err)
				}
				return
			}
			b.refused(err, fault.Forbidden, "FORBIDDEN", words)
			if _, err := b.Cancel(b.As(b.t, b.NorthAdmin), job.ID); err != nil {
				b.t.Error(err)
			}
		}
		nils := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		t.Run("an account that is younger than the job approves nothing, whoever has made it", func(t *testing.T) {
			b := b.on(t)
			job := heldBy(b, b.NorthAdmin)
			now.Add(time.Minute)
			files(nils, ",E1,Young,One,young@example.com,School administrator,N,known password\n")
			approves(b, by("E1"), job, "is newer than")
		})
		now.Add(time.Hour)
		t.Run("nor a role that is", func(t *testing.T) {
			b := b.on(t)
			job := heldBy(b, b.NorthAdmin)
			now.Add(time.Minute)
			b.Client().RoleAssignment.Create().SetCreatedAt(now.Now()).SetEducatorID(b.NorthTeacher.ID).
				SetOrganizationID(b.North.ID).
				SetDistrictID(b.Alpha.ID).SetRole("SCHOOL_ADMIN").ExecX(fixture.System())
			approves(b, b.NorthTeacher, job, "is newer than")
		})
		now.Add(time.Hour)
		t.Run("nor one that the submitter has made, or made its maker", func(t *testing.T) {
			b := b.on(t)
			files(b.NorthAdmin, ",E2,Second,One,two@example.com,School administrator,N,known password\n")
			now.Add(time.Minute)
			files(by("E2"), ",E3,Third,One,three@example.com,School administrator,N,known password\n")
			now.Add(365 * 24 * time.Hour)
			approves(b, by("E2"), heldBy(b, b.NorthAdmin), "one of you made")
			approves(b, by("E3"), heldBy(b, b.NorthAdmin), "one of you made")
		})
		t.Run("nor the maker of an account that has submitted not long ago, nor another that the same has made",
			func(t *testing.T) {
				b := b.on(t)
				files(nils, ",E4,Fourth,One,four@example.com,School administrator,N,known "+
					"password\n,E5,Fifth,One,five@example.com,School administrator,N,known password\n")
				now.Add(time.Hour)
				approves(b, nils, heldBy(b, by("E4")), "one of you made")
				approves(b, by("E5"), heldBy(b, by("E4")), "one of you made")
				now.Add(31 * 24 * time.Hour)
				approves(b, nils, heldBy(b, by("E4")), "one of you made")
				b.byLink(by("E4"), "a password of their own")
				approves(b, nils, heldBy(b, by("E4")), "")
				approves(b, by("E5"), heldBy(b, by("E4")), "")
			})
		t.Run("nor one that somebody has made who has corrected a row", func(t *testing.T) {
			b := b.on(t)
			job := heldBy(b, b.NorthAdmin)
			b.Client().BulkJob.UpdateOne(job).SetCorrectedBy([]int{nils.ID}).ExecX(fixture.System())
			approves(b, by("E5"), job, "one of you made")
		})
		t.Run("nor one whose password or address the submitter has set", func(t *testing.T) {
			b := b.on(t)
			approves(b, nils, heldBy(b, b.NorthAdmin), "")
			b.want(b.imported(b.NorthAdmin, b.North, educators, educatorHeader+edu(nils)+",,,,,,,known password\n"),
				completed, 0, 1, 0, 0)
			now.Add(time.Hour)
			approves(b, nils, heldBy(b, b.NorthAdmin), "one of you made")
			saul := b.Educator(t, b.Alpha, "Nemo Northerner", viewer.SchoolAdmin, b.North)
			b.want(b.imported(b.NorthAdmin, b.North, educators, educatorHeader+edu(saul)+",,,,mine@example.com,,,\n"),
				completed, 0, 1, 0, 0)
			now.Add(time.Hour)
			approves(b, saul, heldBy(b, b.NorthAdmin), "one of you made")
			approves(b, b.DistrictAdmin, heldBy(b, b.NorthAdmin), "")
		})
		t.Run("nor whoever has put the old password or address of the submitter back", func(t *testing.T) {
			b := b.on(t)
			for id, change := range map[string]string{"O1": ",,,,,,,another password\n", "O2": ",,,,new@example.com,,,\n"} {
				files(b.DistrictAdmin, ","+id+",Old,One,"+id+"@example.com,School administrator,N,old password\n")
				b.byLink(by(id), "a password of their own")
				now.Add(31 * 24 * time.Hour)
				approves(b, b.DistrictAdmin, heldBy(b, by(id)), "")
				job := b.imported(nils, b.North, educators, educatorHeader+edu(by(id))+change)
				b.want(job, completed, 0, 1, 0, 0)
				approves(b, b.DistrictAdmin, heldBy(b, by(id)), "")
				b.undone(b.DistrictAdmin, job, undone, 1, 0)
				approves(b, b.DistrictAdmin, heldBy(b, by(id)), "one of you made")
			}
		})
		t.Run("nor one of which the submitter has corrected the row", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.North, educators,
				educatorHeader+",E7,Seventh,One,nowhere,School administrator,N,\n")
			if _, err := b.correct(b.NorthAdmin, job, 1, "Email", "seven@example.com", "Password",
				"known password"); err != nil {
				t.Fatal(err)
			}
			b.want(b.applied(b.DistrictAdmin, b.job(job.ID)), completed, 1, 0, 0, 0)
			now.Add(31 * 24 * time.Hour)
			approves(b, by("E7"), heldBy(b, b.NorthAdmin), "one of you made")
		})
		t.Run("nor one that has been made by whoever made the key of the program", func(t *testing.T) {
			b := b.on(t)
			agent := b.Educator(t, b.Alpha, "Program Program", viewer.SchoolAdmin, b.North)
			agent.Update().SetService(1).ExecX(fixture.System())
			b.Client().ServiceKey.Create().SetDistrictID(b.Alpha.ID).SetOrganizationID(b.North.ID).SetAgentID(agent.ID).
				SetName("Program").
				SetScopes([]string{string(viewer.RosterImport)}).SetKeyHash("x").SetBeginning("hrk_x").
				SetCreatedBy(b.NorthAdmin.ID).
				SetExpiresAt(now.Now().AddDate(1, 0, 0)).SaveX(fixture.System())
			approves(b, by("E2"), heldBy(b, agent), "one of you made")
			approves(b, b.DistrictAdmin, heldBy(b, agent), "")
		})
		t.Run("nor, of an undo, one that has been made by whoever asks for it", func(t *testing.T) {
			b := b.on(t)
			file := header
			for i := range 30 {
				file += fmt.Sprintf(",late%d,Late,One,lateone%d,,7,,Algebra\n", i, i)
			}
			job := b.imported(b.NorthAdmin, b.North, students, file)
			files(b.DistrictAdmin, ",E9,Ninth,One,nine@example.com,School administrator,N,known password\n")
			now.Add(time.Hour)
			got, err := b.Undo(b.As(t, b.DistrictAdmin), job.ID)
			if err != nil || got.Status != held {
				t.Fatalf("%+v, %v", got, err)
			}
			approves(b, by("E9"), got, "one of you made")
		})
	})
}

// TestARowThatIsSubmittedAnewKeepsItsHands has somebody correct a refused row of a job
// that somebody else has submitted.
func TestARowThatIsSubmittedAnewKeepsItsHands(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		job := b.imported(b.NorthAdmin, b.North, educators,
			educatorHeader+
				",H1,Ann,,ann@example.com,School administrator,N,\n,H2,Al,Good,al@example.com,School administrator,N,\n")
		b.want(job, withErrors, 1, 0, 0, 1)
		again, err := b.correct(second, job, 1, "Last Name", "Arrow")
		if err != nil {
			t.Fatal(err)
		}
		b.drained(again.Job.ID)
		b.want(b.applied(second, again.Job), completed, 1, 0, 0, 0)
		made := b.educator("H1")
		for _, hand := range []*db.Educator{b.NorthAdmin, second} {
			if n := b.number("SELECT COUNT(*) FROM account_hands WHERE educator_id = ? AND hand_id = ?", made.ID,
				hand.ID); n != 1 {
				t.Errorf("%s has no hand in the account", hand.FirstName)
			}
		}
	})
}
