package job_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// TestNobodyIsOldOnceAllHaveBeenAway deletes and restores all students of a school, ten a
// day, so that none of them has been there without a break. Then a crowd comes, and all
// the others go.
func TestNobodyIsOldOnceAllHaveBeenAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, now := dayBench(t, d, 30)
		people := roster.New(d, roster.Options{Now: now.Now, Log: testlog.New(t), Recount: b.recounted.add})
		now.Add(60 * 24 * time.Hour)
		north := b.As(t, b.NorthAdmin)
		for i := 0; i < len(all); i += 10 {
			var ids []int
			for _, st := range all[i : i+10] {
				ids = append(ids, st.ID)
			}
			if err := people.DeleteStudents(north, ids); err != nil {
				t.Fatal(err)
			}
			now.Add(25 * time.Hour)
			if _, err := people.RestoreStudents(north, ids); err != nil {
				t.Fatal(err)
			}
		}
		file := header
		for i := range 400 {
			file += fmt.Sprintf(",crowd%d,New,One,crowd%d,,7,,\n", i, i)
		}
		b.want(b.imported(b.NorthAdmin, b.North, students, file), completed, 400, 0, 0, 0)
		now.Add(25 * time.Hour)
		list := make([]*db.Student, 0, len(all))
		for _, st := range all {
			list = append(list, b.Client().Student.GetX(fixture.System(), st.ID))
		}
		b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(list...)), held)
	})
}
