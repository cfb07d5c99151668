package hold_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
)

var benchStudents = flag.Int("students", 20_000, "how many students the district of the benchmark has")

// BenchmarkStudents measures whether losses of a district are too many: a few, more than
// may be where all have been there for longer, and the same where all have just come. The
// baseline is counting the students of the district.
func BenchmarkStudents(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			d := dbtest.Open(b, kind)
			w := fixture.New(b, d)
			c, system := w.Client(), fixture.System()
			fill(b, w)
			run := func(name string, f func() error) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := f(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			losing := func(n int) func() error {
				return func() error {
					own, err := hold.OwnOf(system, c, fixture.Today, w.Alpha, w.NorthAdmin.ID)
					if err != nil {
						return err
					}
					sums := hold.Sums{}
					sums.Add(loss.ThingSTUDENT, loss.VerbDELETED, n)
					_, err = hold.Students(system, c, fixture.Today, w.Alpha, own, loss.VerbDELETED, hold.Job{}, sums,
						hold.Limit{Percent: 10})
					return err
				}
			}
			run("baseline: all are counted", func() error {
				_, err := c.Student.Query().Where(student.DistrictID(w.Alpha.ID), student.DeletedAtIsNil()).Count(system)
				return err
			})
			run("11 are deleted", losing(11))
			run("1 percent is deleted", losing(*benchStudents/100))
			run("9 percent are deleted", losing(*benchStudents*9/100))
			run("20 percent are deleted", losing(*benchStudents/5))
			if _, err := c.ExecContext(b.Context(), "UPDATE students SET created_at = ?",
				database.Instant(fixture.Today.Add(-time.Hour))); err != nil {
				b.Fatal(err)
			}
			run("11 are deleted, all have just come", losing(11))
			run("9 percent are deleted, all have just come", losing(*benchStudents*9/100))
		})
	}
}

// fill writes the students of the district, with the names in no order.
func fill(b *testing.B, w *fixture.World) {
	b.Helper()
	first := w.Student(b, w.North, "Many", "One", 0)
	concat, random := "CONCAT(external_id, '%c')", "MD5(RAND())"
	if w.DB.Kind() == database.SQLite {
		concat, random = "external_id || '%c'", "HEX(RANDOMBLOB(16))"
	}
	columns := "created_at, district_id, organization_id, username, first_name, last_name, grade, synced, " +
		"group_count, ungrouped, seconds_this_year, active, version"
	for n, letter := 1, 'a'; n < *benchStudents; n, letter = 2*n, letter+1 {
		id := fmt.Sprintf(concat, letter)
		_, err := w.Client().ExecContext(b.Context(), "INSERT INTO students ("+columns+", external_id, username_key, "+
			"sort_name) SELECT "+columns+", "+id+", "+id+", "+random+" FROM students WHERE district_id = ? LIMIT ?",
			first.DistrictID, *benchStudents-n)
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := w.DB.Optimize(b.Context()); err != nil {
		b.Fatal(err)
	}
}
