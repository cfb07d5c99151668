package job_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// people signs in and out on the bench's database.
func (b *bench) people(providerOf map[string]string) *identity.Service {
	now, log := func() time.Time { return fixture.Today }, testlog.New(b.t)
	return identity.New(b.DB,
		identity.Options{
			Hasher:     passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1}),
			Now:        now,
			Log:        log,
			Audit:      audit.New(b.DB, now, log),
			ProviderOf: providerOf,
			Send:       func(context.Context, identity.Mail) error { return nil },
		})
}

// opens reports whether an address and a password sign in.
func (b *bench) opens(email, password string) bool {
	b.t.Helper()
	ctx := viewer.WithOrigin(context.Background(), viewer.Origin{Address: netip.MustParseAddr("192.0.2.1")})
	_, err := b.people(nil).SignIn(ctx, email, testlog.Secret(password))
	if err != nil && fault.From(err) == nil {
		b.t.Error(err)
	}
	return err == nil
}

// TestNobodyIsTakenOver has an administrator of a school write somebody else into a job
// that the district has uploaded for the school.
func TestNobodyIsTakenOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		program := b.program(b.Alpha)
		submitters := map[string]context.Context{
			"an administrator of the district": b.As(t, b.DistrictAdmin),
			"a program of the district":        program,
		}
		submit := func(b *bench, ctx context.Context, kind bulkjob.Kind, file string) *db.BulkJob {
			b.t.Helper()
			job, err := b.Submit(ctx, jobs.Submission{OrganizationID: b.North.ID, Kind: kind, File: strings.NewReader(file)})
			if err != nil {
				b.t.Fatal(err)
			}
			return b.drained(job.ID)
		}
		for name, submitter := range submitters {
			t.Run("the account of the district's administrator, in a job of "+name, func(t *testing.T) {
				b := b.on(t)
				before := b.world()
				job := submit(b, submitter, educators, educatorHeader+",E77,Some,Body,no address,Teacher,N,\n")
				nobody, unknown := b.corrects(b.NorthAdmin, job, 1, "Database ID", "edu_zzz", "External ID", "", "Email",
					"mine@example.com", "Password", "a password of mine")
				someone, problems := b.corrects(b.NorthAdmin, job, 1, "Database ID", edu(b.DistrictAdmin), "Email",
					"mine@example.com", "Password", "a password of mine")
				if fmt.Sprint(nobody, unknown) != fmt.Sprint(someone, problems) || len(problems) != 1 ||
					problems[0] != "Database ID UNKNOWN_EDUCATOR" {
					t.Errorf("%q %q, and of nobody %q %q", someone, problems, nobody, unknown)
				}
				// Neither by the address alone, nor by one of another school.
				for _, e := range []*db.Educator{b.DistrictAdmin, b.SouthTeacher, b.SouthAdmin} {
					if changes, _ := b.corrects(b.NorthAdmin, job, 1, "Database ID", "", "External ID", "", "Email", e.Email,
						"Password", "a password of mine"); len(changes) > 0 {
						t.Errorf("%s: %q", e.Email, changes)
					}
				}
				if got := b.applied(b.NorthAdmin, b.job(job.ID)); got.Updated+got.Created != 0 {
					t.Errorf("%+v", got)
				}
				if after := b.world(); after != before {
					t.Error(diff(before, after))
				}
				if b.opens("mine@example.com", "a password of mine") || b.opens(b.DistrictAdmin.Email, "a password of mine") {
					t.Error("signed in as the district's administrator")
				}
			})
			t.Run("a student of another school, in a job of "+name, func(t *testing.T) {
				b := b.on(t)
				sue := b.Student(t, b.South, "Sue", "Secret", 0, b.Chemistry)
				before := b.world()
				job := submit(b, submitter, students, header+","+"k1,Ka,One,kaone"+",,99,,\n")
				for _, values := range [][]string{
					{"Database ID", stu(sue), "Student ID", "", "Username", "", "Grade", "9"},
					{"Database ID", stu(sue), "Student ID", "", "Username", "", "School", "N", "Grade", ""},
					{"Database ID", "", "Student ID", sue.ExternalID, "Username", "", "Grade", "9"},
					{"Database ID", "", "Student ID", "k1", "Username", sue.Username, "Grade", "9"},
				} {
					changes, problems := b.corrects(b.NorthAdmin, job, 1, values...)
					if len(changes) > 0 || len(problems) == 0 {
						t.Errorf("%q: %q %q", values, changes, problems)
					}
					if told := b.told(b.As(t, b.NorthAdmin), job); strings.Contains(told, "Secret") ||
						strings.Contains(told, "South") {
						t.Errorf("%q: %s", values, told)
					}
				}
				b.applied(b.NorthAdmin, b.job(job.ID))
				if after := b.world(); after != before {
					t.Error(diff(before, after))
				}
			})
		}
		t.Run("a row that names somebody elsewhere is not there for the school", func(t *testing.T) {
			b := b.on(t)
			sue := b.Student(t, b.South, "Sue", "Secret", 0)
			// Nothing changes.
			job := submit(b, b.As(t, b.DistrictAdmin), students,
				header+stu(sue)+","+sue.ExternalID+",Sue,Secret,"+sue.Username+",,7,South School,\n"+
					stu(sue)+",,Susan,Secret,,,9,,\n"+",k2,Ka,Two,katwo,,99,,\n")
			for row := range 2 {
				_, err := b.correct(b.NorthAdmin, job, row+1, "Grade", "3")
				b.refused(err, fault.NotFound, "NOT_FOUND", "no such row")
			}
			if _, problems := b.corrects(b.NorthAdmin, job, 3, "Grade", "3"); len(problems) > 0 {
				t.Errorf("%q", problems)
			}
			job = b.applied(b.NorthAdmin, b.job(job.ID))
			_, err := b.correct(b.NorthAdmin, job, 2, "Grade", "3")
			b.refused(err, fault.NotFound, "NOT_FOUND", "no such row")
			if _, err := b.correct(b.DistrictAdmin, job, 2, "Grade", "3"); err != nil {
				t.Errorf("the district's administrator: %v", err)
			}
		})
		t.Run("somebody who has lost the role carries nothing out by a correction", func(t *testing.T) {
			b := b.on(t)
			second := b.Educator(t, b.Alpha, "Nick Northerner", viewer.SchoolAdmin, b.North)
			job := submit(b, b.As(t, b.NorthAdmin), students, header+",l1,La,One,laone,,99,,\n,l2,La,Two,latwo,,99,,\n")
			b.corrects(second, job, 1, "Grade", "3")
			b.corrects(b.NorthAdmin, job, 2, "Grade", "3")
			// The cells that somebody has written stay that person's, whoever corrects the
			// rest.
			b.corrects(b.NorthAdmin, job, 1, "First Name", "Lana")
			b.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(second.ID)).ExecX(fixture.System())
			job = b.applied(b.NorthAdmin, b.job(job.ID))
			b.want(job, withErrors, 1, 0, 0, 1)
			b.wantProblems(job, `row 1  ROLE_LOST ""`)
		})
		t.Run("who has started or approved a job has to have the role when it is carried out", func(t *testing.T) {
			b := b.on(t)
			second := b.Educator(t, b.Alpha, "Nell Northerner", viewer.SchoolAdmin, b.North)
			job := submit(b, b.As(t, b.NorthAdmin), students, header+",m1,Ma,One,maone,,3,,\n")
			if _, err := b.Start(b.As(t, second), job.ID); err != nil {
				t.Fatal(err)
			}
			b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", second.ID)
			job = b.drained(job.ID)
			b.want(job, failed, 0, 0, 1, 0)
			b.wantProblems(job, `row 0  ACCOUNT_DISABLED ""`)
		})
		t.Run("who approves a job does not do by it what the approver may not do", func(t *testing.T) {
			b := b.on(t)
			b.holds()
			defer b.exec("UPDATE organizations SET hold_deleted_percent = 100, hold_changed_percent = 100")
			var file strings.Builder
			file.WriteString(header)
			for i := range 30 {
				st := b.Student(t, b.North, "He", fmt.Sprint("Ld", i), 0)
				fmt.Fprintf(&file, "%s,,,,,,5,,\n", stu(st))
			}
			mover := b.Student(t, b.North, "Mo", "Ver", 0)
			fmt.Fprintf(&file, "%s,,,,,,5,S,\n", stu(mover))
			job := submit(b, program, students, file.String())
			if job, err := b.Start(program, job.ID); err != nil || job.Status != held {
				t.Fatalf("%+v, %v", job, err)
			}
			if _, err := b.Approve(b.As(t, b.NorthAdmin), job.ID, nil); err != nil {
				t.Fatal(err)
			}
			job = b.drained(job.ID)
			b.want(job, withErrors, 0, 30, 0, 1)
			if st := b.student(mover.ExternalID); st.OrganizationID != b.North.ID || st.Grade != 7 {
				t.Errorf("%+v", st)
			}
		})
		t.Run("a teacher and an administrator do in one job what both may", func(t *testing.T) {
			b := b.on(t)
			own, other, away := b.Student(t, b.North, "Ow", "N", 0, b.Algebra), b.Student(t, b.North, "Oth", "Er", 0, b.Biology),
				b.Student(t, b.South, "Aw", "Ay", 0, b.Chemistry)
			job := submit(b, b.As(t, b.NorthTeacher), students, header+",t1,,,,,99,,\n,t2,,,,,99,,\n")
			for _, who := range []*db.Educator{b.NorthTeacher, b.NorthAdmin} {
				for st, want := range map[*db.Student]int{own: 0, other: 1, away: 1} {
					if _, problems := b.corrects(who, job, 1, "Database ID", stu(st), "Student ID", "", "Grade",
						"9"); len(problems) != want {
						t.Errorf("%s corrects %s: %q", who.FirstName, st.FirstName, problems)
					}
				}
				if _, problems := b.corrects(who, job, 2, "Student ID", "tnew", "First Name", "Ne", "Last Name", "W", "Username",
					"tnew", "Grade", "9", "Classes/Groups", "Biology"); len(problems) == 0 {
					t.Errorf("%s puts a new student into a group that the teacher does not teach", who.FirstName)
				}
			}
			b.corrects(b.NorthAdmin, job, 1, "Database ID", stu(own), "Student ID", "", "Grade", "9")
			b.want(b.applied(b.NorthAdmin, b.job(job.ID)), withErrors, 0, 1, 0, 1)
		})
		t.Run("of a job that is all or nothing nothing is written where the one who starts it may not do all",
			func(t *testing.T) {
				b := b.on(t)
				stays, mover := b.Student(t, b.North, "Sta", "Ys", 0), b.Student(t, b.North, "Mo", "Ves", 0)
				before := b.world()
				job := b.verified(b.DistrictAdmin, b.North, students,
					header+stu(stays)+",,,,,,3,,\n"+stu(mover)+",,,,,,3,S,\n", allOrNothing)
				job = b.applied(b.NorthAdmin, job)
				if after := b.world(); job.Status != failed || after != before {
					t.Error(job.Status, diff(before, after))
				}
				if told := b.told(b.As(t, b.NorthAdmin), job); strings.Contains(told, "Ves") || strings.Contains(told, "South") {
					t.Errorf("the school reads %s", told)
				}
			})
		t.Run("a selection is edited as far as the one who starts it may", func(t *testing.T) {
			b := b.on(t)
			here, away := b.Student(t, b.North, "He", "Re", 0), b.Student(t, b.North, "A", "Way", 0)
			job := b.edited(b.DistrictAdmin, these(here, away),
				kind.Edit{AddTo: []int{b.Algebra.ID, b.Chemistry.ID}, Grade: "4"})
			if told := b.told(b.As(t, b.NorthAdmin), job); strings.Contains(told, "Chemistry") {
				t.Errorf("the school reads %s", told)
			}
			job = b.applied(b.NorthAdmin, job)
			b.want(job, withErrors, 0, 0, 0, 2)
			if b.groupsOf(here) != "" || b.student(here.ExternalID).Grade != 7 {
				t.Error("it was edited all the same")
			}
		})
	})
}

// TestCredentials has accounts changed by files, corrections and undos.
func TestCredentials(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		links := func(b *bench, e *db.Educator) int {
			return b.number("SELECT COUNT(*) FROM one_time_links WHERE educator_id = ? AND used_at IS NULL", e.ID)
		}
		open := func(b *bench, e *db.Educator) {
			b.Client().Session.Delete().ExecX(fixture.System())
			b.Client().OneTimeLink.Delete().ExecX(fixture.System())
			b.signedIn(e)
			b.Client().OneTimeLink.Create().SetEducatorID(e.ID).SetPurpose(onetimelink.PurposeRESET).
				SetTokenHash(fmt.Sprint("link ", e.ID, b.number("SELECT COUNT(*) FROM one_time_links"))).
				SetExpiresAt(fixture.Today.Add(time.Hour)).ExecX(fixture.System())
			b.Client().ExternalIdentity.Delete().ExecX(fixture.System())
			b.Client().ExternalIdentity.Create().SetEducatorID(e.ID).SetIssuer("https://login.example.net").
				SetSubject("the old one").
				SetLastUsedAt(fixture.Today).ExecX(fixture.System())
		}
		linked := func(b *bench, e *db.Educator, want int, what string) {
			b.t.Helper()
			if got := b.number("SELECT COUNT(*) FROM external_identities WHERE educator_id = ?", e.ID); got != want {
				b.t.Errorf("%s: %d persons at providers are linked, want %d", what, got, want)
			}
		}
		ended := func(b *bench, e *db.Educator, want bool, what string) {
			b.t.Helper()
			if got := b.sessions(e) + links(b, e); want && got != 0 || !want && got != 2 {
				b.t.Errorf("%s: %d sessions and links are left", what, got)
			}
		}
		t.Run("another address or password ends sessions and links, other fields do not", func(t *testing.T) {
			b := b.on(t)
			for column, c := range map[string]struct {
				value string
				ends  bool
			}{
				"First Name": {"Renamed", false},
				"Role":       {"School Administrator", false},
				"Email":      {"another@example.com", true},
				"Password":   {"a new password", true},
			} {
				e := b.Educator(t, b.Alpha, "Per"+strings.ToLower(column[:1])+" Son", viewer.Teacher, b.North)
				open(b, e)
				job := b.imported(b.NorthAdmin, b.North, educators, "Database ID,"+column+"\n"+edu(e)+","+c.value+"\n")
				b.want(job, completed, 0, 1, 0, 0)
				ended(b, e, c.ends, column)
				stays := 1
				if column == "Email" {
					stays = 0
				}
				linked(b, e, stays, column)
				if column == "Role" {
					continue
				}
				open(b, e)
				b.undone(b.NorthAdmin, job, undone, 1, 0)
				ended(b, e, c.ends, "the undo of "+column)
				linked(b, e, stays, "the undo of "+column)
			}
		})
		t.Run("nobody changes the own account by a file, whatever of it", func(t *testing.T) {
			b := b.on(t)
			second := b.Educator(t, b.Alpha, "Ned Northerner", viewer.SchoolAdmin, b.North)
			for _, cells := range []string{",own@example.com,,", ",,Teacher,", "Other,,,", ",,,a new password"} {
				file := "Database ID,First Name,Email,Role,Password\n" + edu(b.NorthAdmin) + "," + cells + "\n"
				job := b.verified(b.NorthAdmin, b.North, educators, file)
				b.want(job, ready, 0, 0, 0, 1)
				if got := b.problems(job); !strings.Contains(got, credential.OwnAccount) ||
					!strings.Contains(b.hint(job, credential.OwnAccount), "another administrator") {
					t.Errorf("%s: %s", cells, got)
				}
				// Nor by a job of somebody else, which one starts or corrects.
				other := b.verified(second, b.North, educators, file)
				b.want(other, ready, 0, 1, 0, 0)
				other = b.applied(b.NorthAdmin, other)
				b.want(other, withErrors, 0, 0, 0, 1)
				b.wantProblems(other, `row 1  OWN_ACCOUNT ""`)
				corrected := b.verified(second, b.North, educators, "Database ID,First Name,Email,Role,Password\nedu_zzz,,,,\n")
				if _, problems := b.corrects(b.NorthAdmin, corrected, 1, "Database ID", edu(b.NorthAdmin), "First Name",
					"Other"); len(problems) != 1 || problems[0] != " OWN_ACCOUNT" {
					t.Errorf("%q", problems)
				}
			}
			// Nor by a program whose key one has made.
			program := b.program(b.North)
			b.exec("UPDATE service_keys SET created_by = ? WHERE id = ?", b.NorthAdmin.ID, viewer.FromContext(program).Key.ID)
			byProgram, err := b.Submit(program, jobs.Submission{OrganizationID: b.North.ID, Kind: educators,
				File: strings.NewReader("Database ID,Email\n" + edu(b.NorthAdmin) + ",own@example.com\n")})
			if err != nil {
				t.Fatal(err)
			}
			b.wantProblems(b.drained(byProgram.ID), `row 1  OWN_ACCOUNT ""`)
			// An unchanged export changes nothing, and is no takeover.
			job := b.verified(b.NorthAdmin, b.North, educators,
				"Database ID,First Name,Email\n"+edu(b.NorthAdmin)+",Nora,nora@example.com\n")
			b.want(job, ready, 0, 0, 1, 0)
			// Nor by an undo.
			job = b.imported(second, b.North, educators, "Database ID,First Name\n"+edu(b.NorthAdmin)+",Norah\n")
			b.want(job, completed, 0, 1, 0, 0)
			b.wantProblems(b.undone(b.NorthAdmin, job, partly, 0, 1), `row 1 warning  OWN_ACCOUNT "Nora North"`)
		})
		t.Run("an equal account is changed, one with a wider role is not", func(t *testing.T) {
			b := b.on(t)
			equal := b.Educator(t, b.Alpha, "Eve Equal", viewer.SchoolAdmin, b.North)
			wider := b.Educator(t, b.Alpha, "Wim Wider", viewer.SchoolAdmin, b.North)
			b.Client().RoleAssignment.Create().SetEducatorID(wider.ID).SetOrganizationID(b.Alpha.ID).SetDistrictID(b.Alpha.ID).
				SetRole(roleassignment.RoleDISTRICT_ADMIN).ExecX(fixture.System())
			job := b.imported(b.NorthAdmin, b.North, educators,
				"Database ID,Password\n"+edu(equal)+",a new password\n"+edu(wider)+",a new password\n")
			b.want(job, withErrors, 0, 1, 0, 1)
			b.wantProblems(job, `row 2  FORBIDDEN ""`)
			// A role that is given after the check counts as well, and so does one at the undo.
			late := b.Educator(t, b.Alpha, "Lea Late", viewer.Teacher, b.North)
			undo := b.imported(b.NorthAdmin, b.North, educators, "Database ID,Password\n"+edu(late)+",a new password\n")
			job = b.verified(b.NorthAdmin, b.North, educators, "Database ID,Password\n"+edu(late)+",another password\n")
			b.Client().RoleAssignment.Create().SetEducatorID(late.ID).SetOrganizationID(b.South.ID).SetDistrictID(b.Alpha.ID).
				SetRole(roleassignment.RoleTEACHER).ExecX(fixture.System())
			hash := b.Client().Educator.GetX(fixture.System(), late.ID).PasswordHash
			job = b.applied(b.NorthAdmin, job)
			b.want(job, withErrors, 0, 0, 0, 1)
			b.wantProblems(b.undone(b.NorthAdmin, undo, partly, 0, 1), `row 1 warning  FORBIDDEN "Lea Late"`)
			if now := b.Client().Educator.GetX(fixture.System(), late.ID).PasswordHash; now != hash {
				t.Error("the password was changed")
			}
		})
		t.Run("no password and no other address leads around a provider that is required", func(t *testing.T) {
			b := b.on(t)
			strict := benchOn(t, b.World, func(o *jobs.Options) {
				o.Kinds = catalog.Kinds(b.DB,
					catalog.Needs{Now: o.Now, Guard: b.people(map[string]string{"sso.example": "Google"}).Guard()})
			})
			inside := b.Educator(t, b.Alpha, "Ida Inside", viewer.Teacher, b.North)
			inside = inside.Update().SetEmail("ida@sso.example").SetEmailKey("ida@sso.example").SaveX(fixture.System())
			file := "Database ID,External ID,First Name,Last Name,Email,Password,School\n" +
				edu(inside) + ",,,,,a new password,\n" +
				edu(inside) + ",,,,ida@example.com,,\n" +
				edu(b.SouthTeacher) + ",,,,theo@sso.example,a new password,\n" +
				",P1,Pia,New,pia@sso.example,a new password,N\n" +
				",P2,Pit,New,pit@sso.example,,N\n" + // Signs in there.
				edu(b.NorthTeacher) + ",,,,tara@sso.example,,\n"
			for row, line := range strings.Split(strings.TrimSpace(file), "\n")[1:] {
				job := strict.verified(b.DistrictAdmin, b.Alpha, educators, strings.Split(file, "\n")[0]+"\n"+line+"\n")
				if refused := strings.Contains(strict.problems(job), credential.ByProvider); refused != (row < 4) ||
					job.Errors == 1 != refused {
					t.Errorf("row %d: %s", row+1, strict.problems(job))
				}
			}
			// A mail would go to the same mailbox, while the domain reads as another one.
			for _, address := range []string{"<pia@sso.example>", "Pia<pia@sso.example>", "(Pia)pia@sso.example",
				"pia@sso.example."} {
				job := strict.verified(b.DistrictAdmin, b.Alpha, educators,
					"External ID,First Name,Last Name,Email,Password,School\nP3,Pia,New,"+address+",a new password,N\n")
				strict.wantProblems(job, `row 1 Email BAD_EMAIL "`+address+`"`)
			}
			// It may be required when the job has been checked, or when it is undone.
			b.exec("UPDATE educators SET password_hash = 'an old one' WHERE id = ?", inside.ID)
			undo := b.imported(b.DistrictAdmin, b.Alpha, educators, "Database ID,Password\n"+edu(inside)+",a new password\n")
			job := b.verified(b.DistrictAdmin, b.Alpha, educators, "Database ID,Password\n"+edu(inside)+",another password\n")
			strict.want(strict.applied(b.DistrictAdmin, job), withErrors, 0, 0, 0, 1)
			strict.wantProblems(strict.undone(b.DistrictAdmin, undo, partly, 0, 1),
				`row 1 warning  SIGN_IN_WITH_PROVIDER "Ida Inside"`)
		})
	})
}
