package job_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestAFileGivesNobodyAReservedExternalID writes the External IDs of accounts that the
// server makes for itself, in every way that looks like them.
func TestAFileGivesNobodyAReservedExternalID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.DistrictAdmin, b.Alpha, educators, "Database ID,External ID,First Name,Last Name,School\n"+
			edu(b.NorthTeacher)+",homeroom-operator,,,\n"+
			",Homeroom-Operator,New,Name,N\n"+
			",ｈomeroom－operator,New,Name,N\n"+
			",homeroom-key-abcdef,New,Name,N\n"+
			",homeroom-operators,New,Name,N\n")
		b.wantProblems(job, `row 1 External ID EXTERNAL_ID_TAKEN "homeroom-operator"`,
			`row 2 External ID EXTERNAL_ID_TAKEN "Homeroom-Operator"`,
			`row 3 External ID EXTERNAL_ID_TAKEN "ｈomeroom－operator"`,
			`row 4 External ID EXTERNAL_ID_TAKEN "homeroom-key-abcdef"`)
		b.want(b.applied(b.DistrictAdmin, job), withErrors, 1, 0, 0, 4)
		t.Run("nor does one that was checked before they were reserved", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, educators,
				"External ID,First Name,Last Name,School\nhomeroom-opxxxxxx,Other,Person,N\n")
			b.exec("UPDATE bulk_job_rows SET plan = REPLACE(plan, 'homeroom-opxxxxxx', 'homeroom-operator') WHERE job_id = ?",
				job.ID)
			b.wantProblems(b.applied(b.DistrictAdmin, job), `row 1  EXTERNAL_ID_TAKEN ""`)
		})
	})
}
