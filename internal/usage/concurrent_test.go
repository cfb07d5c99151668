package usage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/db/usageday"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/usage"
)

func TestEventsThatAreSentAtTheSameTimeCountOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx := w.As(t, w.DistrictAdmin)
		const senders, events, seconds = 8, 60, 7
		students := crowd(t, w, w.North, "n", senders*5)
		mustRecord(t, ctx, s, w.Alpha.ID, event("first", students[0], "math", fixture.Today, seconds))
		var accepted, duplicates atomic.Int64
		var all sync.WaitGroup
		for sender := range senders {
			all.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(sender)))
				for _, half := range [][]int{random.Perm(events)[:events/2], random.Perm(events)} {
					var batch []usage.Event
					for _, i := range half {
						// All send the same events, for the same students.
						st := students[i%5]
						batch = append(batch, event(fmt.Sprintf("e%d", i), st, "math", fixture.Today, seconds))
					}
					a, dup, problems, err := s.Record(ctx, w.Alpha.ID, batch)
					if err != nil || len(problems) > 0 {
						t.Errorf("Record = %v, %v", problems, err)
					}
					accepted.Add(int64(a))
					duplicates.Add(int64(dup))
				}
			})
		}
		all.Wait()
		if accepted.Load() != events || duplicates.Load() != senders*(events+events/2)-events {
			t.Errorf("accepted %d of %d events, %d duplicates", accepted.Load(), events, duplicates.Load())
		}
		sum := w.Client().UsageDay.Query().Aggregate(db.Sum(usageday.FieldSeconds)).IntX(fixture.System())
		if want := (events + 1) * seconds; sum != want {
			t.Errorf("%d seconds were counted, want %d", sum, want)
		}
		wantTrueSums(t, d)
	})
}

func TestSumsStayTrueWhileDatesChangeAndStudentsMove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx, system := w.As(t, w.DistrictAdmin), fixture.System()
		students := crowd(t, w, w.North, "n", 30)
		starts := []string{"2026-08-01", "2026-10-01", "2026-11-01"}
		var all sync.WaitGroup
		for sender := range 4 {
			all.Go(func() {
				random := rand.New(rand.NewPCG(2, uint64(sender)))
				for round := range 12 {
					var batch []usage.Event
					for i := range 15 {
						started := fixture.Today.AddDate(0, 0, -random.IntN(110))
						batch = append(batch,
							event(fmt.Sprintf("%d-%d-%d", sender, round, i), students[random.IntN(len(students))], "math", started, 20))
					}
					if _, _, problems, err := s.Record(ctx, w.Alpha.ID, batch); err != nil || len(problems) > 0 {
						t.Errorf("Record = %v, %v", problems, err)
					}
				}
			})
		}
		for range 2 {
			all.Go(func() {
				for round := range 12 {
					start := day(t, starts[round%len(starts)])
					if err := d.InTx(system, func(ctx context.Context, client *db.Client) error {
						return client.Organization.UpdateOneID(w.North.ID).
							SetSchoolYearStartsOn(start).SetSchoolYearEndsOn(start + 300).Exec(ctx)
					}); err != nil {
						t.Errorf("change of dates: %v", err)
					}
					if _, err := s.Recount(ctx); err != nil {
						t.Errorf("Recount: %v", err)
					}
				}
			})
		}
		all.Go(func() {
			random := rand.New(rand.NewPCG(3, 3))
			for round := range 20 {
				to := []*db.Organization{w.South, w.North}[round%2]
				ids := []int{students[random.IntN(len(students))].ID, students[random.IntN(len(students))].ID}
				err := d.InTx(system, func(ctx context.Context, client *db.Client) error {
					if err := client.Student.Update().Where(student.IDIn(ids...)).SetOrganizationID(to.ID).Exec(ctx); err != nil {
						return err
					}
					return usage.RecountStudents(ctx, client, ids)
				})
				if err != nil {
					t.Errorf("move: %v", err)
				}
			}
		})
		all.Wait()
		if _, err := s.Recount(ctx); err != nil {
			t.Fatal(err)
		}
		wantTrueSums(t, d)
	})
}

// A recording that has read from which day a school counts may have to wait for a
// student. No recount of the school may pass by in that time.
func TestARecountWaitsForARecordingThatWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx, system := w.As(t, w.DistrictAdmin), fixture.System()
		sue, ann := w.Student(t, w.South, "Sue", "South", 0), w.Student(t, w.North, "Ann", "Able", 0)
		w.North.Update().SetSchoolYearStartsOn(day(t, "2026-10-01")).SetSchoolYearEndsOn(day(t, "2027-06-30")).ExecX(system)
		september := at(t, "2026-09-10T12:00:00Z")

		var all sync.WaitGroup
		err := d.InTx(system, func(ctx2 context.Context, client *db.Client) error {
			if err := client.Student.UpdateOneID(sue.ID).SetFirstName("Susan").Exec(ctx2); err != nil {
				return err
			}
			var recorded, recounted atomic.Bool
			all.Go(func() {
				defer recorded.Store(true)
				if _, _, problems, err := s.Record(ctx, w.Alpha.ID, []usage.Event{
					event("s", sue, "math", september, 60), event("a", ann, "math", september, 60),
				}); err != nil || len(problems) > 0 {
					t.Errorf("Record = %v, %v", problems, err)
				}
			})
			dbtest.AwaitLockWaits(t, d, 1, recorded.Load)
			all.Go(func() {
				defer recounted.Store(true)
				if n, err := s.Recount(ctx); err != nil || n != 1 {
					t.Errorf("recounted %d, %v", n, err)
				}
			})
			dbtest.AwaitLockWaits(t, d, 2, recounted.Load)
			return nil
		})
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
		wantSums(t, d, ann, 0, 0)
		wantTrueSums(t, d)
	})
}
