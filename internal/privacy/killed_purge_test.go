package privacy_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/lease"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/privacy"
)

// TestAPurgeThatIsKilledAnywhereEndsAsOthers kills servers at each sign of life of a
// purge: between two pages of the jobs and between two batches of students. The next
// server begins its round again, which repeats nothing but reading.
func TestAPurgeThatIsKilledAnywhereEndsAsOthers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.leavers(120)
		stays := w.Student(t, w.North, "Stays", "Here", 0)
		for j := range 4 {
			var file strings.Builder
			file.WriteString("Student ID,First Name,Last Name,Username,Grade\n")
			for i := range 20 {
				fmt.Fprintf(&file, "leaver%03d,L,Leaver%03d,leaver%03d,99\n", 20*j+i, 20*j+i, 20*j+i)
			}
			in := jobs.Submission{
				OrganizationID: w.North.ID,
				Kind:           bulkjob.KindIMPORT_STUDENTS,
				FileName:       "list.csv",
				File:           strings.NewReader(file.String()),
			}
			if _, err := w.importer.Submit(w.As(t, w.NorthAdmin), in); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.importer.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		system := fixture.System()
		// What the jobs keep is encrypted.
		kept := func() (rows, problems int) {
			return w.Client().BulkJobRefusedRow.Query().CountX(system),
				w.Client().BulkJobProblem.Query().Where(bulkjobproblem.SealedNotNil()).CountX(system)
		}
		if rows, problems := kept(); rows != 80 || problems < 80 {
			t.Fatalf("the jobs keep %d rows and %d problems", rows, problems)
		}
		w.clock.days(91)
		// signs is how often a server says that it lives, before it is killed.
		purge := func(signs int) (said int, err error) {
			ctx, kill := context.WithCancel(context.Background())
			defer kill()
			now := func() time.Time {
				if said++; said == signs {
					kill()
				}
				return w.clock.Now()
			}
			s := privacy.New(w.DB, privacy.Options{Importer: w.importer, Now: now, Log: slog.New(slog.DiscardHandler)})
			_, err = s.Purge(ctx)
			return said, err
		}
		kills, erasedBetween := 0, false
		for signs := 1; ; signs++ {
			before := w.Client().Student.Query().CountX(system)
			if _, err := purge(signs); err == nil {
				break
			}
			if kills++; kills > 1000 {
				t.Fatal("no purge comes to its end")
			}
			left := w.Client().Student.Query().CountX(system)
			erasedBetween = erasedBetween || left > 1 && left < before
			// A killed server does not give its lease back.
			w.Client().Lease.Update().Where(lease.Name("purge")).SetOwner("killed").
				SetUntil(w.clock.Now().Add(time.Minute)).ExecX(system)
			w.clock.minutes(2)
		}
		if rows, problems := kept(); rows != 0 || problems != 0 {
			t.Errorf("the jobs still keep %d rows and %d problems", rows, problems)
		}
		if kills < 5 || !erasedBetween {
			t.Errorf("%d servers were killed, between two batches: %v", kills, erasedBetween)
		}
		if left := w.Client().Student.Query().AllX(system); len(left) != 1 || left[0].ID != stays.ID {
			t.Errorf("%d students are left", len(left))
		}
		for line := range strings.Lines(w.dump(false)) {
			// Jobs have a column of that name.
			if strings.Contains(strings.ToLower(strings.ReplaceAll(line, "leavers", "")), "leaver") {
				t.Errorf("there is still %s", line)
			}
		}
		seconds := 0
		for _, total := range w.Client().UsageTotal.Query().AllX(system) {
			seconds += total.Seconds
		}
		if got := w.Client().Organization.GetX(system, w.Alpha.ID).ErasedStudents; got != 120 || seconds != 120*60 {
			t.Errorf("%d students are counted, with %d seconds", got, seconds)
		}
		for _, job := range w.Client().BulkJob.Query().Order(db.Asc(bulkjob.FieldID)).AllX(system) {
			if job.Errors != 20 {
				t.Errorf("job %d counts %d errors", job.ID, job.Errors)
			}
		}
		w.healthy()
	})
}
