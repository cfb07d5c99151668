package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const educatorHeader = "Database ID,External ID,First Name,Last Name,Email,Role,School,Password\n"

func (b *bench) educator(externalID string) *db.Educator {
	b.t.Helper()
	return b.Client().Educator.Query().Where(educator.ExternalID(externalID)).OnlyX(fixture.System())
}

// signedIn notes a session of an educator.
func (b *bench) signedIn(e *db.Educator) {
	b.t.Helper()
	b.Client().Session.Create().SetEducatorID(e.ID).SetTokenHash("token " + e.FirstName).
		SetExpiresAt(fixture.Today.Add(time.Hour)).
		SetLastUsedAt(fixture.Today).ExecX(fixture.System())
}

func (b *bench) sessions(e *db.Educator) int {
	b.t.Helper()
	return b.number("SELECT COUNT(*) FROM sessions WHERE educator_id = ?", e.ID)
}

func TestUndoOfEducators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		t.Run("fields, roles and passwords go back, and accounts that nobody has used go", func(t *testing.T) {
			b := b.on(t)
			b.Client().Educator.UpdateOne(b.NorthTeacher).SetPasswordHash("the old one").ExecX(fixture.System())
			b.signedIn(b.NorthTeacher)
			before := b.world()
			job := b.imported(b.DistrictAdmin, b.Alpha, educators, educatorHeader+
				edu(b.SouthAdmin)+",E1,Saul,Renamed,,Teacher,S,\n"+
				edu(b.NorthTeacher)+",,,,,,,a new password\n"+
				",E9,Una,One,una@example.com,School administrator,N,secret password\n"+
				",E8,No,Password,no@example.com,Teacher,N,\n")
			b.want(job, completed, 2, 2, 0, 0)
			if b.sessions(b.NorthTeacher) != 0 {
				t.Error("a new password leaves the sessions that the old one has begun")
			}
			b.signedIn(b.NorthTeacher)
			b.Client().OneTimeLink.Create().SetEducatorID(b.educator("E9").ID).SetPurpose("INVITE").SetTokenHash("link").
				SetExpiresAt(fixture.Today.Add(time.Hour)).ExecX(fixture.System())
			b.undone(b.DistrictAdmin, job, undone, 4, 0)
			if after := b.world(); after != before {
				t.Error(diff(before, after))
			}
			if n := b.sessions(b.NorthTeacher) + b.number("SELECT COUNT(*) FROM one_time_links"); n != 0 {
				t.Errorf("%d sessions and links are left", n)
			}
			b.healthy()
		})
		t.Run("accounts that somebody has used, and passwords that somebody has changed, stay", func(t *testing.T) {
			b := b.on(t)
			var file strings.Builder
			file.WriteString(educatorHeader)
			names := []string{"Signed", "Role", "Taught", "Linked", "Secret", "Submitted", "Renamed", "Unused"}
			for _, name := range names {
				file.WriteString(",U" + name + "," + name + ",Person," + name + "@example.com,Teacher,N,a password\n")
			}
			file.WriteString(edu(b.SouthAdmin) + ",,Susan,,,,,a password\n")
			file.WriteString(",UActed,Acted,Person,acted@example.com,Teacher,N,a password\n")
			before := b.world()
			job := b.imported(b.DistrictAdmin, b.Alpha, educators, file.String())
			b.want(job, completed, 9, 1, 0, 0)
			b.signedIn(b.educator("USigned"))
			// The session is over; the trail still shows it.
			b.exec("INSERT INTO audit_events (created_at, district_id, seq, action, actor_kind, actor_id, prev_hash, "+
				"hash) VALUES (?, 4711, 1, 'SIGNED_IN', 'EDUCATOR', ?, '', '')",
				fixture.Today, b.educator("UActed").ID)
			b.Client().RoleAssignment.Create().SetDistrictID(b.Alpha.ID).SetEducatorID(b.educator("URole").ID).
				SetOrganizationID(b.South.ID).
				SetRole("TEACHER").ExecX(fixture.System())
			b.Teach(t, b.educator("UTaught"), b.Algebra)
			b.Client().OneTimeLink.Create().SetEducatorID(b.educator("ULinked").ID).SetPurpose("INVITE").SetTokenHash("used").
				SetExpiresAt(fixture.Today.Add(time.Hour)).SetUsedAt(fixture.Today).ExecX(fixture.System())
			b.exec("UPDATE educators SET password_hash = 'another one' WHERE external_id = 'USecret'")
			b.exec("UPDATE educators SET password_hash = 'another one' WHERE id = ?", b.SouthAdmin.ID)
			b.submitted(b.educator("USubmitted"), b.North, students, header+",S1,A,B,user1,,7,,Algebra\n")
			b.exec("UPDATE educators SET last_name = 'Else' WHERE external_id = 'URenamed'")
			got := b.undone(b.DistrictAdmin, job, partly, 1, 9)
			b.wantProblems(got,
				`row 1 warning  CHANGED_SINCE "Signed Person (USigned)"`, `row 2 warning  CHANGED_SINCE "Role Person (URole)"`,
				`row 3 warning  CHANGED_SINCE "Taught Person (UTaught)"`, `row 4 warning  CHANGED_SINCE "Linked Person (ULinked)"`,
				`row 5 warning  CHANGED_SINCE "Secret Person (USecret)"`,
				`row 6 warning  CHANGED_SINCE "Submitted Person (USubmitted)"`,
				`row 7 warning  CHANGED_SINCE "Renamed Person (URenamed)"`, `row 9 warning  CHANGED_SINCE "Saul South"`,
				`row 10 warning  CHANGED_SINCE "Acted Person (UActed)"`)
			if n := b.number("SELECT COUNT(*) FROM educators WHERE external_id = 'UUnused'"); n != 0 {
				t.Error("the account that nobody has used is still there")
			}
			if after := b.world(); !strings.Contains(after, "another one") || strings.Contains(after, "Susan") ||
				before == after {
				t.Error(after)
			}
			b.healthy()
		})
		t.Run("a school administrator undoes nothing elsewhere", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthAdmin, b.North, educators, educatorHeader+",X1,Ex,One,x1@example.com,Teacher,N,\n")
			b.exec("UPDATE role_assignments SET organization_id = ? WHERE educator_id = ?", b.South.ID, b.educator("X1").ID)
			got := b.undone(b.NorthAdmin, job, partly, 0, 1)
			b.wantProblems(got, `row 1 warning  CHANGED_SINCE "Ex One (X1)"`)
		})
	})
}

func TestUndoOfOrganizations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		before := b.world()
		file := "External ID,Name\nN,North High\n"
		uses := map[string]func(*db.Organization){
			"Students": func(o *db.Organization) { b.Student(t, o, "In", "School", 0) },
			"Deleted": func(o *db.Organization) {
				b.exec("UPDATE students SET deleted_at = ? WHERE id = ?", fixture.Today, b.Student(t, o, "Gone", "Student", 0).ID)
			},
			"Groups":   func(o *db.Organization) { b.Group(t, o, "A group") },
			"Roles":    func(o *db.Organization) { b.Educator(t, b.Alpha, "Rolf Role", viewer.Teacher, o) },
			"Jobs":     func(o *db.Organization) { b.submitted(b.DistrictAdmin, o, students, header+",S1,A,B,user1,,7,,\n") },
			"Settings": func(o *db.Organization) { b.exec("UPDATE organizations SET usage_goal_minutes = 5 WHERE id = ?", o.ID) },
			"Factors": func(o *db.Organization) {
				b.exec("UPDATE organizations SET second_factor_required = 'ALL' WHERE id = ?", o.ID)
			},
			"Renamed": func(o *db.Organization) { b.exec("UPDATE organizations SET name = 'Else' WHERE id = ?", o.ID) },
		}
		for name := range uses {
			file += name + "," + name + " School\n"
		}
		job := b.imported(b.DistrictAdmin, b.Alpha, schools, file)
		b.want(job, completed, len(uses), 1, 0, 0)
		b.undone(b.DistrictAdmin, job, undone, len(uses)+1, 0)
		if after := b.world(); after != before {
			t.Error(diff(before, after))
		}

		job = b.imported(b.DistrictAdmin, b.Alpha, schools, file+"Empty,Empty School\n")
		for name, use := range uses {
			use(b.Client().Organization.Query().Where(organization.ExternalID(name)).OnlyX(fixture.System()))
		}
		got := b.undone(b.DistrictAdmin, job, partly, 2, len(uses))
		if n := strings.Count(b.problems(got), "CHANGED_SINCE"); n != len(uses) {
			t.Errorf("%d of %d schools that are in use are named:\n%s", n, len(uses), b.problems(got))
		}
		if n := b.number("SELECT COUNT(*) FROM organizations WHERE external_id = 'Empty'"); n != 0 {
			t.Error("the empty school is still there")
		}
		if n := b.number("SELECT COUNT(*) FROM organizations WHERE name = 'North High'"); n != 0 {
			t.Error("North High has not got its name back")
		}
		if b.job(job.ID).Status != bulkjob.StatusPARTIALLY_UNDONE {
			t.Error(b.job(job.ID).Status)
		}
		b.healthy()
	})
}
