package database_test

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/grade"
)

// TestPKGetsItsNewNumber applies the migration that makes place for TK to students whom an
// earlier version has stored.
func TestPKGetsItsNewNumber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		ctx := fixture.System()
		w := fixture.New(t, d)
		for n, last := range map[grade.Grade]string{-1: "Pk", 0: "Kay", 7: "Seven"} {
			w.Student(t, w.North, "An", last, 0).Update().SetGrade(n).ExecX(ctx)
		}
		if _, err := w.Client().ExecContext(ctx, "DELETE FROM schema_revisions WHERE name LIKE '%places_for_grades.sql'"); err != nil {
			t.Fatal(err)
		}
		if done, err := d.Migrate(context.Background()); err != nil || len(done) != 1 {
			t.Fatalf("applied %v, %v", done, err)
		}
		for last, want := range map[string]grade.Grade{"Pk": grade.PK, "Kay": grade.K, "Seven": 7} {
			if got := w.Client().Student.Query().Where(student.LastName(last)).OnlyX(ctx).Grade; got != want {
				t.Errorf("%s has grade %d; want %d", last, got, want)
			}
		}
	})
}
