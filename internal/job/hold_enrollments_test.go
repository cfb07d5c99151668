package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestHoldsOfEnrollments has students and educators join and leave groups by files with
// one line for each enrollment.
func TestHoldsOfEnrollments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, _ := dayBench(t, d, 60)
		class := func(i int) string { return fmt.Sprintf("Class number %d", i) }
		for i := range 14 {
			b.Group(t, b.North, class(i))
		}
		t.Run("students who leave again what they have joined are not deleted", func(t *testing.T) {
			b := b.on(t)
			file := "Class,Person ID,Role\n"
			for _, st := range all[:30] {
				file += class(0) + "," + globalid.Encode(globalid.Student, st.ID) + ",Student\n"
			}
			job := b.imported(b.NorthAdmin, b.North, enrollments, file)
			b.want(job, completed, 30, 0, 0, 0)
			if got, err := b.Undo(b.As(t, b.NorthAdmin), job.ID); err != nil || got.Status != undoing {
				t.Fatalf("%v, %v\n%s", got, err, b.hint(job, "HELD"))
			}
			if n := b.number("SELECT COUNT(*) FROM losses WHERE verb <> 'CHANGED'"); n != 0 {
				t.Errorf("%d losses that are no changes", n)
			}
			b.drained(job.ID)
		})
		teachers := "Class,Person ID,Role\n"
		for i := range 14 {
			teachers += class(i) + "," + globalid.Encode(globalid.Educator, b.NorthTeacher.ID) + ",Teacher\n"
		}
		t.Run("educators who leave most groups need a second administrator", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthAdmin, b.North, enrollments, teachers)
			b.want(job, completed, 14, 0, 0, 0)
			const words = "change 14 of 17 classes or groups"
			job = b.starts(b.NorthAdmin,
				b.verified(b.NorthAdmin, b.North, enrollments, teachers, mode(bulkjob.GroupsModeREMOVE)), held)
			if text := b.hint(job, "HELD"); !strings.Contains(text, words) {
				t.Error(text)
			}
		})
		t.Run("also where they joined them by a file that is undone", func(t *testing.T) {
			b := b.on(t)
			jobs := b.Client().BulkJob.Query().Where(bulkjob.StatusEQ(completed)).AllX(b.As(t, b.NorthAdmin))
			got, err := b.Undo(b.As(t, b.NorthAdmin), jobs[0].ID)
			if err != nil || got.Status != held ||
				!strings.Contains(b.hint(got, "HELD"), "Undoing this would change 14 of 17 classes or groups") {
				t.Errorf("%v, %v\n%s", got, err, b.hint(jobs[0], "HELD"))
			}
		})
	})
}
