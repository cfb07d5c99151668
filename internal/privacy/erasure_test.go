package privacy_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/erasure"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func (w *world) requested(st *db.Student) *db.Erasure {
	w.t.Helper()
	list, err := w.privacy.Request(w.As(w.t, w.NorthAdmin),
		[]privacy.Confirmed{{ID: st.ID, ExternalID: st.ExternalID}}, "letter 17")
	if err != nil || len(list) != 1 {
		w.t.Fatal(list, err)
	}
	return list[0]
}

func TestAStudentIsHiddenWithTheRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		admin, system := w.As(t, w.NorthAdmin), fixture.System()
		st := w.Student(t, w.North, "Ada", "Erasable", 0, w.Algebra)
		was := w.Student(t, w.North, "Bea", "Deleted", 0)
		if err := w.roster.DeleteStudents(admin, []int{was.ID}); err != nil {
			t.Fatal(err)
		}
		first, second := w.requested(st), w.requested(was)
		if first.State != erasure.StateREQUESTED || first.Enrollments != 1 {
			t.Errorf("%+v", first)
		}
		w.healthy()
		t.Run("nobody sees or brings back who is to be erased", func(t *testing.T) {
			if n := w.Client().Student.Query().CountX(admin); n != 0 {
				t.Errorf("an administrator sees %d students", n)
			}
			deleted, err := w.roster.Deleted(admin, w.North.ID, "")
			if err != nil {
				t.Fatal(err)
			}
			if n, err := deleted.Count(admin); n != 0 || err != nil {
				t.Errorf("%d deleted students, %v", n, err)
			}
			for _, id := range []int{st.ID, was.ID} {
				if _, err := w.roster.RestoreStudents(admin, []int{id}); err == nil {
					t.Error("a student who is to be erased was restored")
				}
			}
			_, err = w.roster.CreateStudent(admin, roster.NewStudent{OrganizationID: w.North.ID, ExternalID: st.ExternalID,
				Username: "somebody.new", FirstName: "Some", LastName: "Body", Grade: "7"})
			if !strings.Contains(fmt.Sprint(err), "has this Student ID") {
				t.Errorf("the Student ID is free before the erasure: %v", err)
			}
			job := w.job(w.NorthAdmin, students, "a.csv", header+","+st.ExternalID+",Some,Body,somebody.new,,7,,\n", false)
			if job.Created != 0 || job.Errors != 1 {
				t.Errorf("%d created, %d errors", job.Created, job.Errors)
			}
			w.clock.days(100)
			if n := w.purged(); n != 0 {
				t.Errorf("a purge took %d of them, who then have no certificate", n)
			}
		})
		t.Run("who may erase sees how far it is, and nobody else", func(t *testing.T) {
			for _, who := range []*db.Educator{w.NorthAdmin, w.DistrictAdmin} {
				if e, err := w.privacy.Erasure(w.As(t, who), first.ID); err != nil || e.ID != first.ID {
					t.Errorf("%v, %v", e, err)
				}
			}
			for _, who := range []*db.Educator{w.NorthTeacher, w.SouthAdmin, w.BetaAdmin} {
				if _, err := w.privacy.Erasure(w.As(t, who), first.ID); fault.KindOf(err) != fault.NotFound {
					t.Errorf("%v", err)
				}
			}
		})
		t.Run("asking again is asking for the same", func(t *testing.T) {
			if again := w.requested(st); again.ID != first.ID {
				t.Errorf("erasure %d and erasure %d", first.ID, again.ID)
			}
		})
		t.Run("the work behind it ends with certificates", func(t *testing.T) {
			if worked, err := w.privacy.EraseNext(context.Background()); !worked || err != nil {
				t.Fatal(worked, err)
			}
			for _, e := range []*db.Erasure{first, second} {
				e, err := w.privacy.Erasure(admin, e.ID)
				if err != nil || e.State != erasure.StateDONE || e.FinishedAt == nil || e.JobsDone != e.JobsTotal ||
					e.JobsTotal != 1 {
					t.Fatalf("%+v, %v", e, err)
				}
				if c, err := privacy.CertificateOf(e); err != nil || c == nil || c.Erased.Students != 1 || c.Digest == "" ||
					c.OrganizationKey != w.North.ID {
					t.Errorf("%+v, %v", c, err)
				}
			}
			for _, action := range []audit.Action{audit.ErasureRequested, audit.ErasureCertified} {
				for _, entry := range w.Client().AuditEvent.Query().Where(auditevent.Action(string(action))).AllX(system) {
					if entry.ActorID != w.NorthAdmin.ID || entry.OrganizationID != w.North.ID {
						t.Errorf("%+v", entry)
					}
				}
			}
			w.wantNowhere(true, "Erasable", st.Username)
			if worked, err := w.privacy.EraseNext(context.Background()); worked || err != nil {
				t.Error(worked, err)
			}
			w.healthy()
		})
	})
}

// countingClock ends a context when it has been asked for the time so often, as a
// server that dies at some page of the work.
type countingClock struct {
	mu    sync.Mutex
	asked int
	most  int
	end   context.CancelFunc
}

func (c *countingClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked++; c.asked == c.most {
		c.end()
	}
	return fixture.Today
}

func TestAnErasureGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		gone := w.Student(t, w.North, "Zyxwhere", "Erasable", 0)
		for i := range 12 {
			w.job(w.NorthAdmin, students, fmt.Sprintf("%d.csv", i),
				header+fmt.Sprintf(",%d,Zyxwhere,Erasable,,,99,,\n", i), false)
		}
		e := w.requested(gone)
		stopped := -1
		for round := 0; ; round++ {
			ctx, end := context.WithCancel(context.Background())
			clock := &countingClock{most: 20, end: end}
			s := privacy.New(w.DB, privacy.Options{Importer: w.importer, Now: clock.Now, Log: slog.New(slog.DiscardHandler)})
			_, err := s.EraseNext(ctx)
			end()
			e = w.Client().Erasure.GetX(fixture.System(), e.ID)
			if err == nil && e.State == erasure.StateDONE {
				break
			}
			if e.JobsDone <= stopped || round == 12 {
				t.Fatalf("round %d ended after job %d of %d, the one before it after %d", round, e.JobsDone, e.JobsTotal, stopped)
			}
			stopped = e.JobsDone
			if n := w.Client().Student.Query().CountX(fixture.System()); n != 1 {
				t.Fatal("the student is erased, and the erasure is not")
			}
		}
		if stopped < 1 {
			t.Error("it was never stopped in the middle")
		}
		if n := w.Client().BulkJobRefusedRow.Query().CountX(fixture.System()); n != 0 {
			t.Errorf("%d refused rows are left that name the student", n)
		}
	})
}

func TestWhatWasWrittenDuringAnErasureIsLookedThroughToo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		gone := w.Student(t, w.North, "Zyxwhere", "Erasable", 0)
		w.job(w.NorthAdmin, students, "a.csv", header+",1,Zyxwhere,Erasable,,,99,,\n", false)
		e := w.requested(gone)
		ctx, end := context.WithCancel(context.Background())
		// The round has begun, and no job has been looked through.
		s := privacy.New(w.DB,
			privacy.Options{
				Importer: w.importer,
				Now:      (&countingClock{most: 5, end: end}).Now,
				Log:      slog.New(slog.DiscardHandler),
			})
		if _, err := s.EraseNext(ctx); err == nil {
			t.Fatal("it was not stopped")
		}
		if e = w.Client().Erasure.GetX(fixture.System(), e.ID); e.State != erasure.StateRUNNING {
			t.Fatalf("%+v", e)
		}
		w.job(w.NorthAdmin, students, "Zyxwhere Erasable.csv", header+",2,Zyxwhere,Erasable,,,99,,\n", false)
		if _, err := w.privacy.EraseNext(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := w.Client().BulkJobRefusedRow.Query().CountX(fixture.System()); n != 0 {
			t.Errorf("%d refused rows are left that name the student", n)
		}
		w.wantNowhere(false, "Zyxwhere")
	})
}

// TestARequestReadsNoJob counts statements: the request must not wait for the search
// through jobs.
func TestARequestReadsNoJob(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		statements := func() int {
			st := w.Student(t, w.North, "Ada", "Erasable", 0)
			ctx, counter := database.WithCounter(w.As(t, w.NorthAdmin))
			if _, err := w.privacy.Request(ctx, []privacy.Confirmed{{ID: st.ID, ExternalID: st.ExternalID}},
				"letter 17"); err != nil {
				t.Error(err)
			}
			return counter.Statements()
		}
		statements() // The first entry of the trail begins it.
		before := statements()
		for range 5 {
			w.job(w.NorthAdmin, students, "a.csv", header+strings.Repeat(",1,Ada,Erasable,,,99,,\n", 300), false)
		}
		if after := statements(); after != before {
			t.Errorf("%d statements without jobs, %d with some", before, after)
		}
	})
}
