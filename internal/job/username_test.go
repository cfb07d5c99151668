package job_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

// TestUsernamesChangeHands passes usernames on in one file, in batches of three rows: the
// rows that are written at once would be in two of them.
func TestUsernamesChangeHands(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := benchOn(t, fixture.New(t, d), func(o *jobs.Options) { o.Batch = 3 })
		b.Client().Organization.UpdateOne(b.Alpha).SetHoldChangedPercent(100).SetHoldDeletedPercent(100).
			ExecX(fixture.System())
		var ids []string
		for _, name := range []string{"Ann", "Ben", "Cyd", "Dot", "Eva", "Fay", "Gil"} {
			st := b.Student(t, b.North, name, "Same", 0)
			ids = append(ids, st.ExternalID)
		}
		name := func(i int) string { return b.student(ids[i]).Username }
		names := []string{name(0), name(1), name(2), name(3), name(4), name(5), name(6)}
		line := func(i int, username string) string { return "," + ids[i] + ",,," + username + ",,,,\n" }
		job := b.verified(b.NorthAdmin, b.North, students, header+
			line(0, "ann.new")+
			line(1, names[1])+ // Nothing changes.
			line(2, names[0])+ // Given up by row 1.
			line(3, names[4])+ // Given up by the next row, which would be in another batch, forth and back.
			line(4, names[3])+
			line(5, "fay.new")+
			line(6, "gil.new"))
		b.want(job, ready, 0, 6, 1, 0)
		job = b.applied(b.NorthAdmin, job)
		b.want(job, completed, 0, 6, 1, 0)
		for i, want := range []string{"ann.new", names[1], names[0], names[4], names[3], "fay.new", "gil.new"} {
			if got := name(i); got != want {
				t.Errorf("%d is %s, not %s", i, got, want)
			}
		}
		b.consistent()
		b.undone(b.NorthAdmin, job, undone, 6, 0)
		for i, want := range names {
			if got := name(i); got != want {
				t.Errorf("%d is %s again, not %s", i, got, want)
			}
		}
	})
}
