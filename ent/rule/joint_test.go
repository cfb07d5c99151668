package rule_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestSeveralHandsSeeWhatEachSees compares what two people see together with what
// each of them sees.
func TestSeveralHandsSeeWhatEachSees(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		w.Student(t, w.North, "No", "Group", 0)
		w.Student(t, w.North, "Al", "Gebra", 0, w.Algebra)
		w.Student(t, w.North, "Bi", "Ology", 0, w.Biology)
		w.Student(t, w.North, "Bo", "Th", 0, w.Algebra, w.Chemistry)
		w.Student(t, w.South, "Che", "Mistry", 0, w.Chemistry)
		w.Student(t, w.South, "Un", "Grouped", 0)
		w.Student(t, w.East, "Dra", "Ma", 0, w.Drama)
		second := w.Educator(t, w.Alpha, "Tilo Two", viewer.Teacher, w.North)
		w.Teach(t, second, w.Biology)
		w.Teach(t, second, w.Chemistry)
		people := map[string]*viewer.Viewer{"a school itself": viewer.AdministratorOf(w.North.ID, w.Alpha.ID)}
		for _, e := range []*db.Educator{w.DistrictAdmin, w.NorthAdmin, w.SouthAdmin, w.BetaAdmin, w.NorthTeacher,
			w.SouthTeacher, second} {
			v := viewer.FromContext(w.As(t, e))
			people[e.FirstName] = v
			w.Client().BulkJob.Create().SetDistrictID(v.DistrictID).SetOrganizationID(v.Assignments[0].OrganizationID).
				SetSubmittedBy(e.ID).
				SetKind("EDIT_STUDENTS").SaveX(fixture.System())
		}
		client := w.Client()
		lists := map[string]func(context.Context) ([]int, error){
			"students":      func(ctx context.Context) ([]int, error) { return client.Student.Query().IDs(ctx) },
			"groups":        func(ctx context.Context) ([]int, error) { return client.Group.Query().IDs(ctx) },
			"educators":     func(ctx context.Context) ([]int, error) { return client.Educator.Query().IDs(ctx) },
			"organizations": func(ctx context.Context) ([]int, error) { return client.Organization.Query().IDs(ctx) },
			"roles":         func(ctx context.Context) ([]int, error) { return client.RoleAssignment.Query().IDs(ctx) },
			"enrollments":   func(ctx context.Context) ([]int, error) { return client.Enrollment.Query().IDs(ctx) },
			"who teaches":   func(ctx context.Context) ([]int, error) { return client.GroupEducator.Query().IDs(ctx) },
			"jobs":          func(ctx context.Context) ([]int, error) { return client.BulkJob.Query().IDs(ctx) },
		}
		seen := func(v *viewer.Viewer, list string) []int {
			ids, err := lists[list](viewer.NewContext(context.Background(), v))
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(ids)
			return ids
		}
		alone := map[string][]int{}
		for name, v := range people {
			for list := range lists {
				alone[name+list] = seen(v, list)
			}
		}
		organizations := []*db.Organization{w.Alpha, w.North, w.South, w.Beta, w.East}
		for first, a := range people {
			for second, b := range people {
				both := viewer.Jointly(a, b)
				for list := range lists {
					want := slices.DeleteFunc(slices.Clone(alone[first+list]), func(id int) bool {
						return !slices.Contains(alone[second+list], id)
					})
					if got := seen(both, list); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("%s of %s and %s: %v, want %v", list, first, second, got, want)
					}
				}
				for _, o := range organizations {
					if got, want := both.Administers(o.ID, o.DistrictID),
						a.Administers(o.ID, o.DistrictID) && b.Administers(o.ID, o.DistrictID); got != want {
						t.Errorf("%s and %s administer %s: %v", first, second, o.Name, got)
					}
					if got, want := both.WorksAt(o.ID, o.DistrictID),
						a.WorksAt(o.ID, o.DistrictID) && b.WorksAt(o.ID, o.DistrictID); got != want {
						t.Errorf("%s and %s work at %s: %v", first, second, o.Name, got)
					}
				}
			}
		}
		t.Run("the server limits nobody, and is nobody", func(t *testing.T) {
			system, dana := viewer.FromContext(fixture.System()), people["Dana"]
			if v := viewer.Jointly(dana, nil, system, dana); v.IsSystem() || len(v.Hands()) != 1 ||
				v.EducatorID != dana.EducatorID {
				t.Errorf("%+v", v)
			}
			if v := viewer.Jointly(system); !v.IsSystem() {
				t.Errorf("%+v", v)
			}
		})
	})
}
