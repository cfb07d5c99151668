package roster_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/doctor"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func TestRestoreStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		s := newRoster(d)
		admin := w.As(t, w.NorthAdmin)
		system := fixture.System()
		ada := w.Student(t, w.North, "Ada", "Lovelace", 0, w.Algebra, w.Biology)
		bob := w.Student(t, w.North, "Bob", "Noone", 0)
		names := func(t *testing.T, ctx context.Context, org int) (list []string) {
			t.Helper()
			l, err := s.Deleted(ctx, org, "")
			if err != nil {
				t.Fatal(err)
			}
			p, err := l.Page(ctx, page.Args{})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := l.Count(ctx); err != nil || n != len(p.Items) {
				t.Errorf("counted %d, %v; listed %d", n, err, len(p.Items))
			}
			for _, st := range p.Items {
				list = append(list, st.FirstName+" until "+st.PurgeAt.Format(time.DateOnly))
			}
			return list
		}
		refuses := func(t *testing.T, ctx context.Context, code string, ids ...int) {
			t.Helper()
			_, err := s.RestoreStudents(ctx, ids)
			refused(t, err, code, "")
		}
		t.Run("the deleted are listed with the day from which they are erased", func(t *testing.T) {
			if err := s.DeleteStudents(admin, []int{ada.ID, bob.ID}); err != nil {
				t.Fatal(err)
			}
			if got := names(t, admin, w.North.ID); len(got) != 2 || got[0] != "Bob until 2027-02-16" {
				t.Errorf("%v", got)
			}
			if got := names(t, w.As(t, w.DistrictAdmin), w.Alpha.ID); len(got) != 2 {
				t.Errorf("%v", got)
			}
			if got := names(t, w.As(t, w.SouthAdmin), w.South.ID); len(got) != 0 {
				t.Errorf("South sees %v", got)
			}
		})
		t.Run("for others they do not exist, and one who is not deleted cannot be restored", func(t *testing.T) {
			for _, who := range []*db.Educator{w.SouthAdmin, w.NorthTeacher, w.BetaAdmin} {
				refuses(t, w.As(t, who), "NOT_FOUND", ada.ID)
			}
			here := w.Student(t, w.North, "Here", "Now", 0)
			refuses(t, admin, "NOT_DELETED", here.ID, ada.ID)
			refuses(t, admin, "NOT_FOUND", 1<<40)
			refuses(t, w.As(t, w.SouthAdmin), "NOT_FOUND", here.ID)
		})
		t.Run("a refusal restores nobody", func(t *testing.T) {
			refuses(t, admin, "NOT_FOUND", ada.ID, 1<<40)
			if got := names(t, admin, w.North.ID); len(got) != 2 {
				t.Errorf("%v", got)
			}
		})
		t.Run("a student comes back into the groups that are still there", func(t *testing.T) {
			if err := s.DeleteGroup(admin, w.Biology.ID); err != nil {
				t.Fatal(err)
			}
			groups, err := s.FormerGroups(admin, []int{ada.ID, bob.ID})
			if err != nil || len(groups[ada.ID]) != 1 || groups[ada.ID][0].ID != w.Algebra.ID {
				t.Errorf("%v, %v", groups, err)
			}
			got, err := s.RestoreStudents(admin, []int{ada.ID, bob.ID})
			if err != nil || got.Rejoined != 1 || got.Lost != 1 || len(got.Students) != 2 || got.Students[0].GroupCount != 1 ||
				got.Students[0].DeletedAt != nil {
				t.Fatalf("%+v, %v", got, err)
			}
			if n := w.Client().FormerEnrollment.Query().CountX(system); n != 0 {
				t.Errorf("%d former enrollments are left", n)
			}
			if got := w.Client().Group.GetX(system, w.Algebra.ID); got.StudentCount != 1 {
				t.Errorf("%d students in the group", got.StudentCount)
			}
			if _, err := doctor.New(d).
				Examine(system, false, func(f doctor.Finding) error { t.Error(f); return nil }); err != nil {
				t.Error(err)
			}
		})
		t.Run("whoever comes back by the Student ID is in the groups that were asked for", func(t *testing.T) {
			if err := s.DeleteStudents(admin, []int{ada.ID}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.CreateStudent(admin,
				roster.NewStudent{
					OrganizationID: w.North.ID,
					ExternalID:     ada.ExternalID,
					FirstName:      "Ada",
					LastName:       "King",
					Username:       "ada.king",
					Grade:          "7",
				}); err != nil {
				t.Fatal(err)
			}
			if n := w.Client().FormerEnrollment.Query().CountX(system); n != 0 {
				t.Errorf("%d former enrollments are left", n)
			}
		})
		t.Run("when the time of a school is over, its students are gone, and those of another are not", func(t *testing.T) {
			south := w.Student(t, w.South, "Sue", "South", 0)
			for _, id := range []int{bob.ID, south.ID} {
				w.Client().Student.UpdateOneID(id).SetDeletedAt(fixture.Today.AddDate(0, 0, -50)).ExecX(system)
			}
			w.North.Update().SetRetentionDays(40).ExecX(system)
			if got := names(t, w.As(t, w.DistrictAdmin), w.Alpha.ID); len(got) != 1 || got[0] != "Sue until 2026-12-28" {
				t.Errorf("%v", got)
			}
			refuses(t, admin, "NOT_FOUND", bob.ID)
		})
	})
}
