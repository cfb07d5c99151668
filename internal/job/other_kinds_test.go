package job_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func edu(e *db.Educator) string { return globalid.Encode(globalid.Educator, e.ID) }

func TestGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Client().Group.UpdateOne(b.Biology).SetExternalID("B1").ExecX(fixture.System())
		b.Group(t, b.South, "Twin")
		b.Group(t, b.South, "Twin")
		job := b.verified(b.DistrictAdmin, b.Alpha, groups, "Database ID,SIS ID,Section Name,School,Educators\n"+
			grp(b.Algebra)+",A1,Algebra I,,tara@example.com\n"+ // The teacher is there already.
			",B1,Biology,N,tara@example.com;"+edu(b.SouthTeacher)+"\n"+
			",C9,Art,N,\n"+
			",,Music,South School,theo@example.com\n"+
			",,Chemistry,S,\n"+ // Nothing changes.
			",,Twin,S,\n"+
			",B1,Botany,N,\n"+ // The same as row 2.
			",,,N,\n"+
			",D1,Drawing,,\n"+
			",D1,Drawing,Hogwarts,\n"+
			",D1,Drawing,N,merlin@example.com\n"+
			grp(b.Drama)+",,Theater,,\n"+
			grp(b.Biology)+",,Biology,S,\n"+
			grp(b.Synced)+",,Renamed,,\n"+
			",,Music,South School,\n"+
			"grp_zzz,,X,N,\n"+
			grp(b.Chemistry)+",,[clear],,\n")
		b.wantProblems(job,
			`row 6 Section Name AMBIGUOUS_GROUP "Twin"`,
			`row 7  DUPLICATE_IN_FILE ""`,
			`row 8 Section Name REQUIRED ""`,
			`row 9 School REQUIRED ""`,
			`row 10 School UNKNOWN_SCHOOL "Hogwarts"`,
			`row 11 Educators UNKNOWN_EDUCATOR "merlin@example.com"`,
			`row 12 Database ID UNKNOWN_GROUP "`+grp(b.Drama)+`"`,
			`row 13 School GROUP_SCHOOL_FIXED "S"`,
			`row 14  SYNCED_GROUP ""`,
			`row 15  DUPLICATE_IN_FILE ""`,
			`row 16 Database ID UNKNOWN_GROUP "grp_zzz"`,
			`row 17 Section Name CANNOT_CLEAR "[clear]"`)
		b.want(job, ready, 2, 2, 1, 12)
		b.wantChanges(b.DistrictAdmin, job,
			"1 Algebra External ID: - → A1", "1 Algebra Name: Algebra → Algebra I",
			"2 Biology (B1) Educators: - → Tara Teach;Theo Teach",
			"3 Art (C9) External ID: - → C9", "3 Art (C9) Name: - → Art", "3 Art (C9) School: - → North School",
			"4 Music Name: - → Music", "4 Music School: - → South School", "4 Music Educators: - → Theo Teach")
		job = b.applied(b.DistrictAdmin, job)
		b.want(job, withErrors, 2, 2, 1, 12)
		music := b.Client().Group.Query().Where(group.Name("Music")).WithTeaching().OnlyX(fixture.System())
		if music.ExternalID != nil || music.OrganizationID != b.South.ID || len(music.Edges.Teaching) != 1 ||
			music.NameKey != "music" {
			t.Errorf("%+v", music)
		}
		if n := b.Client().GroupEducator.Query().Where(groupeducator.GroupID(b.Biology.ID)).CountX(fixture.System()); n != 2 {
			t.Errorf("%d teach Biology", n)
		}

		t.Run("a teacher creates groups to teach, and changes own ones", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.imported(b.NorthTeacher, b.North, groups,
				"External ID,Name\nX1,Chess\nB1,Biology 2\nC9,Art 2\nA1,Algebra II\n")
			b.want(job, withErrors, 1, 2, 0, 1)
			b.wantProblems(job, `row 3 External ID EXTERNAL_ID_TAKEN "C9"`)
			chess := b.Client().Group.Query().Where(group.Name("Chess")).WithTeaching().OnlyX(fixture.System())
			if len(chess.Edges.Teaching) != 1 || chess.Edges.Teaching[0].EducatorID != b.NorthTeacher.ID ||
				*chess.ExternalID != "X1" {
				t.Errorf("%+v", chess)
			}
		})
		t.Run("a group that changed after the check is stale, and an external id that was taken is refused",
			func(t *testing.T) {
				b := &bench{World: b.World, Service: b.Service, t: t}
				job := b.verified(b.NorthAdmin, b.North, groups, "External ID,Name\nC9,Art!\nX2,Dance\nX3,Yoga\n")
				b.exec("UPDATE `groups` SET version = version + 1 WHERE external_id = 'C9'")
				b.Group(t, b.North, "Taken").Update().SetExternalID("X2").ExecX(fixture.System())
				job = b.applied(b.NorthAdmin, job)
				b.want(job, withErrors, 1, 0, 0, 2)
				b.wantProblems(job, `row 1  STALE ""`, `row 2  EXTERNAL_ID_TAKEN ""`)
			})
	})
}

func TestEducators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.DistrictAdmin, b.Alpha, educators,
			"Teacher SIS ID,First Name,Last Name,Email,Password,Role,School,Database ID,Secondary Email\n"+
				"E1,Una,One,una@example.com,,,N,,x@example.com\n"+
				"E2,Duo,Two,,geheim99,School Admin,South School,,\n"+
				"E3,Tri,Three,,,District Administrator,,,\n"+
				"E4,Four,Four,BELA@example.com,,,N,,\n"+ // Of another district.
				"E5,Five,Five,una@EXAMPLE.com,,,N,,\n"+
				"E6,Six,Six,not an address,,,N,,\n"+
				"E7,Seven,Seven,,,Janitor,N,,\n"+
				"E8,Eight,Eight,,,,,,\n"+
				"E9,,,,,,N,,\n"+
				",Tara,Teach,tara@example.com,,,N,,\n"+ // Nothing changes.
				",Theo,Teacher,,,,,"+edu(b.SouthTeacher)+",\n"+
				",Saul,South,saul@example.com,,teacher,S,,\n"+ // A further role.
				",X,X,x@example.com,,,,"+edu(b.BetaAdmin)+",\n"+
				",,,,,,,,\n"+
				"E1,Una,Uno,,,,N,,\n"+
				"E10,Ten,Ten,,seven77,,N,,\n"+ // Enough for a student.
				",,,,seven77,,,"+edu(b.NorthAdmin)+",\n")
		b.wantProblems(job,
			`row 4 Email EMAIL_TAKEN "BELA@example.com"`,
			`row 5 Email DUPLICATE_IN_FILE "una@EXAMPLE.com"`,
			`row 6 Email BAD_EMAIL "not an address"`,
			`row 7 Role UNKNOWN_ROLE "Janitor"`,
			`row 8 School REQUIRED ""`,
			`row 9 First Name REQUIRED ""`,
			`row 9 Last Name REQUIRED ""`,
			`row 13 Database ID UNKNOWN_EDUCATOR "`+edu(b.BetaAdmin)+`"`,
			`row 15  DUPLICATE_IN_FILE ""`,
			`row 16 Password PASSWORD_TOO_SHORT ""`,
			`row 17 Password PASSWORD_TOO_SHORT ""`)
		b.want(job, ready, 3, 2, 1, 10)
		job = b.applied(b.DistrictAdmin, job)
		b.want(job, withErrors, 3, 2, 1, 10)
		for id, want := range map[string]string{
			"E1": "TEACHER una@example.com",
			"E2": "SCHOOL_ADMIN ",
			"E3": "DISTRICT_ADMIN ",
		} {
			e := b.Client().Educator.Query().Where(educator.ExternalID(id)).WithRoles().OnlyX(fixture.System())
			if got := string(e.Edges.Roles[0].Role) + " " + e.Email; got != want || len(e.Edges.Roles) != 1 ||
				(e.EmailKey == nil) != (e.Email == "") {
				t.Errorf("%s: %s", id, got)
			}
		}
		if e := b.Client().Educator.GetX(fixture.System(), b.SouthTeacher.ID); e.LastName != "Teacher" ||
			e.SortName != "teacher  theo" {
			t.Errorf("%+v", e)
		}
		if n := b.Client().RoleAssignment.Query().Where(roleassignment.EducatorID(b.SouthAdmin.ID)).
			CountX(fixture.System()); n != 2 {
			t.Errorf("%d roles", n)
		}

		t.Run("a password that others guess is refused, and never quoted", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.verified(b.DistrictAdmin, b.Alpha, educators, "External ID,First Name,Last Name,Email,Password,School\n"+
				"G1,Gregor,Hand,g.hand@example.org,iloveyou,N\n"+
				"G2,Gregor,Hand,,gregor2026!,N\n"+
				"G3,Gregor,Hand,handyman@lakebrook.example.org,Lakebrook-77,N\n"+
				"G4,Gregor,Hand,,NorthSchool1,N\n"+
				"G5,Gregor,Hand,,an umbrella of cheese,N\n"+
				"E1,,,,una20262026,\n")
			b.wantProblems(job,
				`row 1 warning Password COMMON_PASSWORD ""`,
				`row 2 warning Password PERSONAL_PASSWORD ""`,
				`row 3 warning Password PERSONAL_PASSWORD ""`,
				`row 4 warning Password PERSONAL_PASSWORD ""`,
				`row 6 warning Password PERSONAL_PASSWORD ""`)
			job = b.verified(b.NorthAdmin, b.North, educators,
				"External ID,First Name,Last Name,Password\nG6,Gregor,Hand,alpha-2026\n")
			b.wantProblems(job, `row 1 warning Password PERSONAL_PASSWORD ""`)
		})
		t.Run("a school's administrator makes no district's and changes nobody with a role elsewhere", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			b.Client().RoleAssignment.Create().SetEducatorID(b.NorthTeacher.ID).SetOrganizationID(b.South.ID).
				SetDistrictID(b.Alpha.ID).SetRole("TEACHER").ExecX(fixture.System())
			job := b.verified(b.NorthAdmin, b.North, educators, "External ID,First Name,Last Name,Email,Role,School\n"+
				"F1,Eff,One,,District "+
				"Administrator,\nF2,Eff,Two,,Teacher,S\n,Tara,Changed,tara@example.com,,\nE2,Eff,Three,,,\nF3,Eff,Four,,,\n")
			b.wantProblems(job,
				`row 1 Role DISTRICT_ROLE_FORBIDDEN "District Administrator"`,
				`row 2 School UNKNOWN_SCHOOL "S"`,
				`row 3  FORBIDDEN ""`,
				`row 4 External ID EXTERNAL_ID_TAKEN "E2"`)
			b.want(job, ready, 1, 0, 0, 4)
		})
		t.Run("what was taken or changed after the check is refused", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.verified(b.DistrictAdmin, b.Alpha, educators, "External ID,First Name,Last Name,Email,School\n"+
				"G1,Gee,One,gee@example.com,N\nG2,Gee,Two,,N\nE2,Duo,Changed,,\nG3,Gee,Three,,N\n")
			b.Educator(t, b.Beta, "Gee Gee", viewer.Teacher, b.East)
			b.Educator(t, b.Alpha, "Gus Gee", viewer.Teacher, b.South).Update().SetExternalID("G2").ExecX(fixture.System())
			b.exec("UPDATE educators SET last_name = 'Otherwise' WHERE external_id = 'E2'")
			job = b.applied(b.DistrictAdmin, job)
			b.want(job, withErrors, 1, 0, 0, 3)
			b.wantProblems(job, `row 1  EMAIL_TAKEN ""`, `row 2  EXTERNAL_ID_TAKEN ""`, `row 3  STALE ""`)
		})
	})
}

func TestOrganizations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.DistrictAdmin, b.Alpha, schools, "External ID,Name,Type,Database ID\n"+
			"N,North High,School,\n"+
			",West School,,\n"+
			"S,South School,school,\n"+
			",West School,,\n"+
			"K,Kinder,District,\n"+
			"Alpha,Alpha,,\n"+
			",,,\n"+
			",East School,,"+globalid.Encode(globalid.Organization, b.East.ID)+"\n")
		b.wantProblems(job,
			`row 4  DUPLICATE_IN_FILE ""`,
			`row 5 Type UNSUPPORTED_TYPE "District"`,
			`row 6  NOT_A_SCHOOL ""`,
			`row 8 Database ID UNKNOWN_SCHOOL "`+globalid.Encode(globalid.Organization, b.East.ID)+`"`)
		b.want(job, ready, 1, 1, 1, 4)
		job = b.applied(b.DistrictAdmin, job)
		b.want(job, withErrors, 1, 1, 1, 4)
		west := b.Client().Organization.Query().Where(organization.Name("West School")).OnlyX(fixture.System())
		if west.ExternalID != nil || *west.ParentID != b.Alpha.ID || west.DistrictID != b.Alpha.ID ||
			west.UsageCountedFrom != b.Alpha.UsageCountedFrom {
			t.Errorf("%+v", west)
		}
		if o := b.Client().Organization.GetX(fixture.System(), b.North.ID); o.Name != "North High" ||
			o.NameKey != "north high" {
			t.Errorf("%+v", o)
		}
	})
}

func TestEnrollments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra)
		sue := b.Student(t, b.South, "Sue", "South", 0)
		b.Student(t, b.East, "Far", "Away", 0)
		b.Client().Educator.UpdateOne(b.NorthTeacher).SetExternalID("T1").ExecX(fixture.System())
		b.Client().Educator.UpdateOne(b.SouthTeacher).SetExternalID("00001").ExecX(fixture.System()) // As Ada.
		b.Client().Group.UpdateOne(b.Biology).SetExternalID("1").ExecX(fixture.System())
		b.Client().Group.UpdateOne(b.Chemistry).SetExternalID("1").ExecX(fixture.System())
		b.Client().Group.UpdateOne(b.Algebra).SetExternalID("A").ExecX(fixture.System())
		west := b.School(t, b.Alpha, "West School", "W")
		wes := b.Student(t, west, "Wes", "West", 0)
		file := "Section SIS ID,SIS ID,Role,Status\n" +
			"1,00001,student,Active\n" + // Biology, because Ada is at North.
			"1,00002,,\n" + // Chemistry, because Sue is at South.
			"A,00001,Student,\n" + // There already.
			"1,T1,,\n" + // Biology, because Tara teaches at North.
			"1,00001,Teacher,\n" + // Chemistry, which Theo of South teaches already.
			"1,00002,,\n" + // As row 2.
			"A,00001,,\n" + // Ada or Theo?
			"A,00003,,\n" + // Of another district.
			"A,T1,captain,\n" +
			"1,00004,,\n" + // There are two, at other schools.
			"A,00004,,\n" + // There is one A, at another school.
			"Homeroom 7,00002,student,\n" +
			"Homeroom 7," + stu(ada) + ",,\n" +
			",00002,,\n" +
			"A,,,\n" +
			grp(b.Algebra) + "," + stu(sue) + ",,\n"
		job := b.verified(b.DistrictAdmin, b.Alpha, enrollments, file)
		b.wantProblems(job,
			`row 6 warning  DUPLICATE_IN_FILE ""`,
			`row 7 SIS ID AMBIGUOUS_PERSON "00001"`,
			`row 8 SIS ID UNKNOWN_PERSON "00003"`,
			`row 9 Role UNKNOWN_ROLE "captain"`,
			`row 10 Section SIS ID OTHER_SCHOOL "1"`,
			`row 11 Section SIS ID OTHER_SCHOOL "A"`,
			`row 12 Section SIS ID OTHER_SCHOOL "Homeroom 7"`,
			`row 13 Section SIS ID SYNCED_GROUP "Homeroom 7"`,
			`row 14 Section SIS ID REQUIRED ""`,
			`row 15 SIS ID REQUIRED ""`,
			`row 16 Section SIS ID OTHER_SCHOOL "Algebra"`)
		b.want(job, ready, 3, 0, 3, 10)
		if got := strings.Join(job.IgnoredHeaders, ","); got != "" || job.Warnings != 1 || job.EnrollmentsAdded != 2 {
			t.Errorf("ignored %s; %d warnings, %d added", got, job.Warnings, job.EnrollmentsAdded)
		}
		b.wantChanges(b.DistrictAdmin, job,
			"1 Ada Lovelace (00001) Classes/Groups: - → Biology",
			"2 Sue South (00002) Classes/Groups: - → Chemistry",
			"4 Biology (1) Educators: - → Tara Teach")
		// Somebody does by hand what row 2 would do.
		b.exec("INSERT INTO enrollments (created_at, student_id, group_id) VALUES (?, ?, ?)", fixture.Today,
			sue.ID, b.Chemistry.ID)
		b.exec("UPDATE students SET group_count = 1, ungrouped = 0, version = version + 1 WHERE id = ?", sue.ID)
		b.exec("UPDATE `groups` SET student_count = 1, version = version + 1 WHERE id = ?", b.Chemistry.ID)
		job = b.applied(b.DistrictAdmin, job)
		b.want(job, withErrors, 2, 0, 4, 10)
		if job.EnrollmentsAdded != 1 {
			t.Errorf("%d added", job.EnrollmentsAdded)
		}
		for st, want := range map[*db.Student]string{ada: "Algebra, Biology", sue: "Chemistry", wes: ""} {
			if got := b.groupsOf(st); got != want {
				t.Errorf("%s: %s, want %s", st.FirstName, got, want)
			}
		}
		b.consistent()

		t.Run("the same lines take people out again", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.imported(b.DistrictAdmin, b.Alpha, enrollments,
				"Section SIS ID,SIS ID,Role\n1,00001,student\n1,T1,\nA,00002,\n1,00002,\n1,00002,\n",
				mode(bulkjob.GroupsModeREMOVE))
			b.want(job, completed, 0, 3, 2, 0)
			if job.EnrollmentsRemoved != 2 || b.groupsOf(ada) != "Algebra" || b.groupsOf(sue) != "" {
				t.Errorf("%d removed; %s; %s", job.EnrollmentsRemoved, b.groupsOf(ada), b.groupsOf(sue))
			}
			b.consistent()
		})
	})
}
