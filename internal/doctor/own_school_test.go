package doctor_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/doctor"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// TestEnrollmentsAcrossSchoolsAreEnded has students in groups of other schools, as earlier
// versions left them, more than one transaction ends.
func TestEnrollmentsAcrossSchoolsAreEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		system := fixture.System()
		examine := func(repair bool) (lines []string) {
			t.Helper()
			_, err := doctor.New(d).Examine(system, repair, func(f doctor.Finding) error {
				lines = append(lines, f.String())
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return lines
		}
		here := w.Student(t, w.North, "He", "Re", 0, w.Algebra)
		var strays []*db.Student
		for range 510 {
			strays = append(strays, w.Student(t, w.South, "Stra", "Y", 0, w.Algebra))
		}
		both := w.Student(t, w.South, "Bo", "Th", 0, w.Algebra, w.Synced, w.Chemistry)
		found := examine(false)
		first := fmt.Sprintf("students %d: enrollment is in group %d of another school and should be ended",
			strays[0].ID, w.Algebra.ID)
		if len(found) != 512 || found[0] != first {
			t.Fatalf("%d findings, the first %s", len(found), found[0])
		}
		if again := examine(false); len(again) != len(found) {
			t.Error("what was only looked at has changed")
		}
		if repaired := examine(true); len(repaired) != 512 {
			t.Errorf("%d were repaired", len(repaired))
		}
		if left := examine(false); len(left) != 0 {
			t.Errorf("left are %v", left)
		}
		for st, want := range map[*db.Student]int{here: 1, strays[0]: 0, strays[509]: 0, both: 1} {
			if now := w.Client().Student.GetX(system, st.ID); now.GroupCount != want {
				t.Errorf("%s is in %d groups, want %d", st.FirstName, now.GroupCount, want)
			}
		}
		for g, want := range map[*db.Group]int{w.Algebra: 1, w.Synced: 0, w.Chemistry: 1} {
			if now := w.Client().Group.GetX(system, g.ID); now.StudentCount != want {
				t.Errorf("%s has %d students, want %d", g.Name, now.StudentCount, want)
			}
		}
		if n := w.Client().AuditEvent.Query().Where(auditevent.OrganizationID(w.South.ID)).CountX(system); n != 2 {
			t.Errorf("%d entries of the trail, want one for each transaction", n)
		}
	})
}
