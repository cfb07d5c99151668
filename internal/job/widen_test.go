package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

const emailHeader = "Database ID,External ID,First Name,Last Name,Email,Role,School,Password\n"

// emails imports a file of educators for the district.
func (b *bench) emails(ctx context.Context, file string) *db.BulkJob {
	b.t.Helper()
	job, err := b.Submit(ctx, jobs.Submission{OrganizationID: b.Alpha.ID, Kind: educators,
		File: strings.NewReader(emailHeader + file)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.drained(job.ID)
	if _, err := b.Start(ctx, job.ID); err != nil {
		b.t.Fatal(err)
	}
	return b.drained(job.ID)
}

// TestCredentialsOfANarrowerHandEnd has a school make accounts with passwords that it
// knows, and somebody else give these accounts more than the school has, in every way
// in which that is done.
func TestCredentialsOfANarrowerHandEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		people := roster.New(d, roster.Options{Taught: b.people(nil).Taught, Now: time.Now,
			Log: slog.New(slog.DiscardHandler)})
		program := b.program(b.Alpha)
		district := func(file string) func(*bench, *db.Educator) *db.BulkJob {
			return func(b *bench, e *db.Educator) *db.BulkJob {
				return b.emails(b.As(b.t, b.DistrictAdmin), strings.NewReplacer("ID", edu(e), "MAIL", e.Email,
					"EXT", *e.ExternalID).Replace(file))
			}
		}
		for i, c := range []struct {
			name  string
			widen func(b *bench, e *db.Educator) *db.BulkJob
			// told is what the preview says about the account.
			told string
			// stays is set if nothing ends, and refused if the row does nothing.
			stays, password, refused bool
		}{
			{name: "a role of the district, by the address alone", told: "The address",
				widen: district(",,,,MAIL,District Administrator,,\n")},
			{name: "a role of the district, without the address", told: "The address",
				widen: district("ID,,,,,District Administrator,,\n")},
			{name: "a role and another address", told: "has this External ID from",
				widen: district(",EXT,,,new-MAIL,School Administrator,S,\n")},
			{name: "a role, another address and another password", password: true,
				widen: district("ID,,,,new-MAIL,School Administrator,S,known to the district\n")},
			{name: "a role and another password", told: "The address", password: true,
				widen: district("ID,,,,,School Administrator,S,known to the district\n")},
			{name: "a teacher's role at another school", told: "The address", widen: district("ID,,,,,Teacher,S,\n")},
			{name: "a role that the school gives as well", stays: true, widen: district("ID,,,,,School Administrator,N,\n")},
			{name: "a name", stays: true, widen: district("ID,,Other,,,,,\n")},
			{name: "a program that names the address", told: "The address",
				widen: func(b *bench, e *db.Educator) *db.BulkJob {
					return b.emails(program, ","+*e.ExternalID+",,,"+e.Email+",District Administrator,,\n")
				}},
			{name: "a program that does not name the address", refused: true, told: "The External ID of this account was set",
				widen: func(b *bench, e *db.Educator) *db.BulkJob {
					return b.emails(program, ","+*e.ExternalID+",,,,District Administrator,,\n")
				}},
			{name: "a class of another school, by a file", widen: func(b *bench, e *db.Educator) *db.BulkJob {
				b.imported(b.DistrictAdmin, b.Alpha, groups, "Database ID,Educators\n"+grp(b.Chemistry)+","+edu(e)+"\n")
				return nil
			}},
			{name: "a class of another school, by hand", widen: func(b *bench, e *db.Educator) *db.BulkJob {
				if _, err := people.UpdateGroup(b.As(b.t, b.DistrictAdmin),
					roster.GroupChange{ID: b.Chemistry.ID, EducatorIDs: []int{b.SouthTeacher.ID, e.ID}}); err != nil {
					b.t.Fatal(err)
				}
				return nil
			}},
			{name: "a new class of another school", widen: func(b *bench, e *db.Educator) *db.BulkJob {
				if _, err := people.CreateGroup(b.As(b.t, b.DistrictAdmin), roster.NewGroup{OrganizationID: b.South.ID,
					Name: "New", EducatorIDs: []int{e.ID}}); err != nil {
					b.t.Fatal(err)
				}
				return nil
			}},
			{name: "a class of the own school", stays: true, widen: func(b *bench, e *db.Educator) *db.BulkJob {
				if _, err := people.CreateGroup(b.As(b.t, b.DistrictAdmin), roster.NewGroup{OrganizationID: b.North.ID,
					Name: "Own", EducatorIDs: []int{e.ID}}); err != nil {
					b.t.Fatal(err)
				}
				return nil
			}},
			{name: "the undo of a file that took a class away", widen: func(b *bench, e *db.Educator) *db.BulkJob {
				b.Teach(b.t, e, b.Chemistry)
				job := b.imported(b.DistrictAdmin, b.Alpha, enrollments, "Class,Person ID,Role\n"+grp(b.Chemistry)+","+edu(e)+
					",Teacher\n", mode(bulkjob.GroupsModeREMOVE))
				b.want(job, completed, 0, 1, 0, 0)
				b.undone(b.DistrictAdmin, job, undone, 1, 0)
				return nil
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := b.on(t)
				id := fmt.Sprintf("W%d", i)
				b.imported(b.NorthAdmin, b.North, educators,
					emailHeader+","+id+",First"+id+",Last,"+strings.ToLower(id)+"@example.com,Teacher,N,known to the school\n")
				e := b.educator(id)
				b.signedIn(e)
				b.Client().OneTimeLink.Create().SetEducatorID(e.ID).SetPurpose(onetimelink.PurposeRESET).
					SetTokenHash("link " + id).SetExpiresAt(fixture.Today.Add(time.Hour)).ExecX(fixture.System())
				b.Client().ExternalIdentity.Create().SetEducatorID(e.ID).SetIssuer("https://login.example.net").
					SetSubject(id).SetLastUsedAt(fixture.Today).ExecX(fixture.System())
				job := c.widen(b, e)
				e = b.educator(id)
				open := b.sessions(e) + b.Client().ExternalIdentity.Query().
					Where(externalidentity.EducatorID(e.ID)).CountX(fixture.System()) +
					b.number("SELECT COUNT(*) FROM one_time_links WHERE educator_id = ? AND used_at IS NULL", e.ID)
				said := b.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.CredentialsEnded)),
					auditevent.TargetID(e.ID)).CountX(fixture.System())
				switch {
				case c.stays || c.refused:
					if e.PasswordHash == "" || open != 3 || said != 0 {
						t.Errorf("%q, %d sessions, links and persons are left, %d entries", e.PasswordHash, open, said)
					}
				case (e.PasswordHash != "") != c.password || open != 0 || said == 0 && !c.password:
					t.Errorf("%q, %d sessions, links and persons are left, %d entries", e.PasswordHash, open, said)
				}
				if job == nil {
					return
				}
				if c.told != "" && !strings.Contains(b.hint(job, row.SetByOthers), c.told) ||
					c.told == "" && b.problems(job) != "" || c.refused != (job.Errors == 1) {
					t.Errorf("the preview says: %s", b.problems(job))
				}
			})
		}
		t.Run("what the district has set stays, and so does what the person has, who is reached where the district says",
			func(t *testing.T) {
				b := b.on(t)
				b.imported(b.DistrictAdmin, b.Alpha, educators,
					emailHeader+",X1,Xa,One,xa@example.com,Teacher,N,known to the district\n")
				job := b.emails(b.As(t, b.DistrictAdmin), ",X1,,,,District Administrator,,\n")
				if told := b.problems(job); told != "" || b.educator("X1").PasswordHash == "" {
					t.Error(told)
				}
			})
	})
}

// TestARoleIsNoHandInTheAccount has a school give roles to the administrators of the
// district, who teach there.
func TestARoleIsNoHandInTheAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Teach(t, b.DistrictAdmin, b.Algebra)
		job := b.imported(b.NorthAdmin, b.North, educators,
			"Database ID,Role\n"+edu(b.DistrictAdmin)+",School Administrator\n"+edu(b.NorthTeacher)+",School Administrator\n")
		b.want(job, completed, 0, 2, 0, 0)
		if n := b.Client().AccountHand.Query().CountX(fixture.System()); n != 0 {
			t.Errorf("%d hands", n)
		}
		b.imported(b.NorthAdmin, b.North, educators, "Database ID,Email\n"+edu(b.NorthTeacher)+",mine@example.com\n")
		if n := b.Client().AccountHand.Query().CountX(fixture.System()); n != 1 {
			t.Errorf("%d hands in the account whose address was set", n)
		}
	})
}
