package job_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAnAgentIsNoEducator has people try to give the account in whose name a program acts
// an ID, a class or a role, by every kind of file.
func TestAnAgentIsNoEducator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		agent := b.Client().Educator.GetX(fixture.System(), viewer.FromContext(b.program(b.North)).Key.AgentID)
		agent = agent.Update().SetExternalID("agent").SetEmail("agent@example.com").SetEmailKey("agent@example.com").
			SaveX(fixture.System())
		for _, who := range []string{globalid.Encode(globalid.Educator, agent.ID), "agent", "agent@example.com"} {
			id, external, email := "", "", ""
			switch who {
			case "agent":
				external = who
			case "agent@example.com":
				email = who
			default:
				id = who
			}
			for kind, file := range map[string]string{
				"educators": "Database ID,External ID,First Name,Last Name,Email,Role,School\n" +
					fmt.Sprintf("%s,%s,Re,Named,%s,District Administrator,\n", id, external, email),
				"groups":      "Name,Educators\nOf a Program," + who + "\n",
				"enrollments": "Class ID,Person ID,Role\n" + grp(b.Algebra) + "," + who + ",Teacher\n",
			} {
				at, of := b.North, groups
				switch kind {
				case "educators":
					at, of = b.Alpha, educators
				case "enrollments":
					of = enrollments
				}
				if got := b.verified(b.DistrictAdmin, at, of, file); got.Errors != 1 {
					t.Errorf("%s with %s: %d errors", kind, who, got.Errors)
				}
			}
		}
		after := b.Client().Educator.Query().Where(educator.ID(agent.ID)).WithRoles().WithTeaching().OnlyX(fixture.System())
		if after.FirstName != agent.FirstName || len(after.Edges.Roles) != 1 || len(after.Edges.Teaching) != 0 {
			t.Errorf("%+v", after)
		}
	})
}

// TestAProgramDoesWhatItsKeySays, whatever roles somebody has given to the account in whose
// name it acts.
func TestAProgramDoesWhatItsKeySays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ctx := b.program(b.North)
		key := viewer.FromContext(ctx).Key
		b.Client().RoleAssignment.Create().SetEducatorID(key.AgentID).SetOrganizationID(b.Alpha.ID).
			SetDistrictID(b.Alpha.ID).SetRole(roleassignment.RoleDISTRICT_ADMIN).ExecX(fixture.System())
		here, there := b.Student(t, b.North, "He", "Re", 0), b.Student(t, b.South, "The", "Re", 0)
		file := header + stu(here) + ",,,,,,5,,\n" + stu(there) + ",,,,,,5,N,\n"
		b.want(b.drained(b.submits(ctx, file)), ready, 0, 1, 0, 1)

		// A scope that is gone, and a key that was revoked, let it do nothing.
		b.exec("UPDATE service_keys SET scopes = '[\"USAGE_WRITE\"]' WHERE id = ?", key.ID)
		b.lost(b.drained(b.submits(ctx, file)))
		b.exec("UPDATE service_keys SET scopes = '[\"ROSTER_IMPORT\"]', revoked_at = ? WHERE id = ?", fixture.Today, key.ID)
		b.lost(b.drained(b.submits(ctx, file)))
		b.exec("UPDATE service_keys SET revoked_at = NULL WHERE id = ?", key.ID)

		// So does a maker who is disabled, or has lost the role with which the key was made.
		b.exec("UPDATE service_keys SET created_by = ? WHERE id = ?", b.NorthAdmin.ID, key.ID)
		b.want(b.drained(b.submits(ctx, file)), ready, 0, 1, 0, 1)
		b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", b.NorthAdmin.ID)
		b.lost(b.drained(b.submits(ctx, file)))
		b.exec("UPDATE educators SET disabled = 0 WHERE id = ?", b.NorthAdmin.ID)
		b.demoted(b.NorthAdmin, viewer.Teacher, b.North)
		b.lost(b.drained(b.submits(ctx, file)))
	})
}

// submits has a program submit a file of students for North.
func (b *bench) submits(ctx context.Context, file string) int {
	b.t.Helper()
	got, err := b.Submit(ctx, jobs.Submission{OrganizationID: b.North.ID, Kind: students, FileName: "file.csv",
		File: strings.NewReader(file)})
	if err != nil {
		b.t.Fatal(err)
	}
	return got.ID
}

// lost checks that a job has failed because there is nobody any more for whom it could
// act.
func (b *bench) lost(job *db.BulkJob) {
	b.t.Helper()
	if job.Status != bulkjob.StatusFAILED || !strings.Contains(b.problems(job), "ACCOUNT_DISABLED") {
		b.t.Errorf("%s: %s", job.Status, b.problems(job))
	}
}
