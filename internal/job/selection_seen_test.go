package job_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhoTeachesHereAndAdministersThereDeletes has somebody select students of both
// schools to delete.
func TestWhoTeachesHereAndAdministersThereDeletes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		mix := b.Educator(t, b.Alpha, "Max Mix", viewer.Teacher, b.North)
		b.Client().RoleAssignment.Create().SetEducatorID(mix.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
			SetRole(roleassignment.RoleSCHOOL_ADMIN).ExecX(fixture.System())
		taught, own := b.Student(t, b.North, "Ta", "Ught", 0), b.Student(t, b.South, "Ow", "N", 0)
		job := b.deleting(mix, these(taught, own))
		if seen, err := b.Job(b.As(t, mix), job.ID); err != nil || seen.Status != ready {
			t.Fatalf("the submitter does not see it: %v", err)
		}
		b.want(job, ready, 0, 0, 0, 1)
		b.wantProblems(job, `row 2  FORBIDDEN ""`)
		if _, err := b.Cancel(b.As(t, mix), job.ID); err != nil {
			t.Error(err)
		}
		_, err := b.SubmitDeletion(b.As(t, mix), these(taught))
		b.refused(err, fault.Forbidden, "FORBIDDEN", "only administrators of the school")
		if n := b.number("SELECT COUNT(*) FROM bulk_jobs"); n != 1 {
			t.Errorf("%d jobs", n)
		}
	})
}
