package job_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestASecondAdministrator has somebody make, or get hold of, the account that approves.
func TestASecondAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, now := dayBench(t, d, 60)
		by := b.educator
		files := func(who *db.Educator, rows string) {
			b.t.Helper()
			if job := b.imported(who, b.North, educators, educatorHeader+rows); job.Errors > 0 {
				b.t.Fatal(b.problems(job))
			}
		}
		heldBy := func(b *bench, who *db.Educator) *db.BulkJob {
			b.t.Helper()
			return b.starts(who, b.deleting(who, these(all[:20]...)), held)
		}
		approves := func(b *bench, who *db.Educator, job *db.BulkJob, words string) {
			b.t.Helper()
			_, err := b.Approve(b.As(b.t, who), job.ID, nil)
			if words == "" {
				if err != nil {
					b.t.Error(err)
				}
				_, err = b.Cancel(b.As(b.t, who), job.ID)
				if err != nil {
					b.t.Error(err)
				}
				return
			}
			b.refused(err, fault.Forbidden, "FORBIDDEN", words)
			if _, err := b.Cancel(b.As(b.t, b.NorthAdmin), job.ID); err != nil {
				b.t.Error(err)
			}
		}
		nils := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		t.Run("an account that is younger than the job approves nothing, whoever has made it", func(t *testing.T) {
			b := b.on(t)
			job := heldBy(b, b.NorthAdmin)
			now.Add(time.Minute)
			files(nils, ",E1,Young,One,young@example.com,School administrator,N,known password\n")
			approves(b, by("E1"), job, "is newer than")
		})
		now.Add(time.Hour)
		t.Run("nor a role that is", func(t *testing.T) {
			b := b.on(t)
			job := heldBy(b, b.NorthAdmin)
			now.Add(time.Minute)
			b.Client().RoleAssignment.Create().SetCreatedAt(now.Now()).SetEducatorID(b.NorthTeacher.ID).
				SetOrganizationID(b.North.ID).
				SetDistrictID(b.Alpha.ID).SetRole("SCHOOL_ADMIN").ExecX(fixture.System())
			approves(b, b.NorthTeacher, job, "is newer than")
		})
		now.Add(time.Hour)
		t.Run("nor one that the submitter has made, or made its maker", func(t *testing.T) {
			b := b.on(t)
			files(b.NorthAdmin, ",E2,Second,One,two@example.com,School administrator,N,known password\n")
			now.Add(time.Minute)
			files(by("E2"), ",E3,Third,One,three@example.com,School administrator,N,known password\n")
			now.Add(365 * 24 * time.Hour)
			approves(b, by("E2"), heldBy(b, b.NorthAdmin), "one of you made")
			approves(b, by("E3"), heldBy(b, b.NorthAdmin), "one of you made")
		})
		t.Run("nor the maker of an account that has submitted not long ago, nor another that the same has made",
			func(t *testing.T) {
				b := b.on(t)
				files(nils, ",E4,Fourth,One,four@example.com,School administrator,N,known "+
					"password\n,E5,Fifth,One,five@example.com,School administrator,N,known password\n")
				now.Add(time.Hour)
				approves(b, nils, heldBy(b, by("E4")), "one of you made")
				approves(b, by("E5"), heldBy(b, by("E4")), "one of you made")
				now.Add(31 * 24 * time.Hour)
				approves(b, nils, heldBy(b, by("E4")), "one of you made")
				b.byLink(by("E4"), "a password of their own")
				approves(b, nils, heldBy(b, by("E4")), "")
				approves(b, by("E5"), heldBy(b, by("E4")), "")
			})
		t.Run("nor one that somebody has made who has corrected a row", func(t *testing.T) {
			b := b.on(t)
			job := heldBy(b, b.NorthAdmin)
			b.Client().BulkJob.UpdateOne(job).SetCorrectedBy([]int{nils.ID}).ExecX(fixture.System())
			approves(b, by("E5"), job, "one of you made")
		})
		t.Run("nor one whose password or address the submitter has set", func(t *testing.T) {
			b := b.on(t)
			approves(b, nils, heldBy(b, b.NorthAdmin), "")
			b.want(b.imported(b.NorthAdmin, b.North, educators, educatorHeader+edu(nils)+",,,,,,,known password\n"),
				completed, 0, 1, 0, 0)
			now.Add(time.Hour)
			approves(b, nils, heldBy(b, b.NorthAdmin), "one of you made")
			saul := b.Educator(t, b.Alpha, "Nemo Northerner", viewer.SchoolAdmin, b.North)
			b.want(b.imported(b.NorthAdmin, b.North, educators, educatorHeader+edu(saul)+",,,,mine@example.com,,,\n"),
				completed, 0, 1, 0, 0)
			now.Add(time.Hour)
			approves(b, saul, heldBy(b, b.NorthAdmin), "one of you made")
			approves(b, b.DistrictAdmin, heldBy(b, b.NorthAdmin), "")
		})
		t.Run("nor whoever has put the old password or address of the submitter back", func(t *testing.T) {
			b := b.on(t)
			for id, change := range map[string]string{"O1": ",,,,,,,another password\n", "O2": ",,,,new@example.com,,,\n"} {
				files(b.DistrictAdmin, ","+id+",Old,One,"+id+"@example.com,School administrator,N,old password\n")
				b.byLink(by(id), "a password of their own")
				now.Add(31 * 24 * time.Hour)
				approves(b, b.DistrictAdmin, heldBy(b, by(id)), "")
				job := b.imported(nils, b.North, educators, educatorHeader+edu(by(id))+change)
				b.want(job, completed, 0, 1, 0, 0)
				approves(b, b.DistrictAdmin, heldBy(b, by(id)), "")
				b.undone(b.DistrictAdmin, job, undone, 1, 0)
				approves(b, b.DistrictAdmin, heldBy(b, by(id)), "one of you made")
			}
		})
		t.Run("nor one of which the submitter has corrected the row", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.North, educators,
				educatorHeader+",E7,Seventh,One,nowhere,School administrator,N,\n")
			if _, err := b.correct(b.NorthAdmin, job, 1, "Email", "seven@example.com", "Password",
				"known password"); err != nil {
				t.Fatal(err)
			}
			b.want(b.applied(b.DistrictAdmin, b.job(job.ID)), completed, 1, 0, 0, 0)
			now.Add(31 * 24 * time.Hour)
			approves(b, by("E7"), heldBy(b, b.NorthAdmin), "one of you made")
		})
		t.Run("nor one that has been made by whoever made the key of the program", func(t *testing.T) {
			b := b.on(t)
			agent := b.Educator(t, b.Alpha, "Program Program", viewer.SchoolAdmin, b.North)
			agent.Update().SetService(1).ExecX(fixture.System())
			b.Client().ServiceKey.Create().SetDistrictID(b.Alpha.ID).SetOrganizationID(b.North.ID).SetAgentID(agent.ID).
				SetName("Program").
				SetScopes([]string{string(viewer.RosterImport)}).SetKeyHash("x").SetBeginning("hrk_x").
				SetCreatedBy(b.NorthAdmin.ID).
				SetExpiresAt(now.Now().AddDate(1, 0, 0)).SaveX(fixture.System())
			approves(b, by("E2"), heldBy(b, agent), "one of you made")
			approves(b, b.DistrictAdmin, heldBy(b, agent), "")
		})
		t.Run("nor, of an undo, one that has been made by whoever asks for it", func(t *testing.T) {
			b := b.on(t)
			file := header
			for i := range 30 {
				file += fmt.Sprintf(",late%d,Late,One,lateone%d,,7,,Algebra\n", i, i)
			}
			job := b.imported(b.NorthAdmin, b.North, students, file)
			files(b.DistrictAdmin, ",E9,Ninth,One,nine@example.com,School administrator,N,known password\n")
			now.Add(time.Hour)
			got, err := b.Undo(b.As(t, b.DistrictAdmin), job.ID)
			if err != nil || got.Status != held {
				t.Fatalf("%+v, %v", got, err)
			}
			approves(b, by("E9"), got, "one of you made")
		})
	})
}

// TestARowThatIsSubmittedAnewKeepsItsHands has somebody correct a refused row of a job
// that somebody else has submitted.
func TestARowThatIsSubmittedAnewKeepsItsHands(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		job := b.imported(b.NorthAdmin, b.North, educators,
			educatorHeader+
				",H1,Ann,Arrow,ann,School administrator,N,\n,H2,Al,Good,al@example.com,School administrator,N,\n")
		b.want(job, withErrors, 1, 0, 0, 1)
		again, err := b.correct(second, job, 1, "Email", "ann@example.com")
		if err != nil {
			t.Fatal(err)
		}
		b.drained(again.Job.ID)
		b.want(b.applied(second, again.Job), completed, 1, 0, 0, 0)
		made := b.educator("H1")
		for _, hand := range []*db.Educator{b.NorthAdmin, second} {
			if n := b.number("SELECT COUNT(*) FROM account_hands WHERE educator_id = ? AND hand_id = ?", made.ID,
				hand.ID); n != 1 {
				t.Errorf("%s has no hand in the account", hand.FirstName)
			}
		}
	})
}
