package job_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// TestAFurtherRoleInAFile has several rows about an educator on record, each with a role.
func TestAFurtherRoleInAFile(t *testing.T) {
	t.Parallel()
	const header = "Teacher ID,First Name,Last Name,Email,Role,School\n"
	for name, c := range map[string]struct {
		rows           string
		updated, wrong int
		roles          string
	}{
		"two schools": {"T,Tara,Teach,,Teacher,North School\nT,Tara,Teach,,Teacher,South School\n", 1, 0,
			"North School TEACHER, South School TEACHER"},
		"two further roles": {"T,,,,School Administrator,North School\nT,,,,Teacher,South School\n", 2, 0,
			"North School SCHOOL_ADMIN, North School TEACHER, South School TEACHER"},
		"the same role again": {"T,,,,Teacher,South School\nT,,,,Teacher,South School\n", 1, 0,
			"North School TEACHER, South School TEACHER"},
		"another name": {"T,Tara,Teach,,Teacher,North School\nT,Tina,Teach,,Teacher,South School\n", 0, 1,
			"North School TEACHER"},
		"an account that changes": {"T,Tara,Teacher,,Teacher,North School\nT,Tara,Teacher,,Teacher,South School\n", 1, 1,
			"North School TEACHER"},
		"a row that is refused": {"T,,,,Janitor,North School\nT,,,,Teacher,South School\n", 0, 2, "North School TEACHER"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				b := newBench(t, d)
				b.NorthTeacher.Update().SetExternalID("T").SetFirstName("Tara").SetLastName("Teach").ExecX(fixture.System())
				before := b.world()
				job := b.verified(b.DistrictAdmin, b.Alpha, educators, header+c.rows)
				if job.Updated != c.updated || job.Errors != c.wrong {
					t.Errorf("%d updated, %d refused: %s", job.Updated, job.Errors, b.problems(job))
				}
				job = b.applied(b.DistrictAdmin, job)
				var roles []string
				for _, r := range b.Client().RoleAssignment.Query().Where(roleassignment.EducatorID(b.NorthTeacher.ID)).
					Order(roleassignment.ByOrganizationID(), roleassignment.ByRole()).WithOrganization().AllX(fixture.System()) {
					roles = append(roles, r.Edges.Organization.Name+" "+string(r.Role))
				}
				if got := strings.Join(roles, ", "); got != c.roles {
					t.Errorf("roles: %s; want %s", got, c.roles)
				}
				if c.updated == 0 {
					return
				}
				b.undone(b.DistrictAdmin, job, undone, c.updated, 0)
				if after := b.world(); after != before {
					t.Error(diff(before, after))
				}
			})
		})
	}
}
