package roster_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin, teacher := w.As(t, w.NorthAdmin), w.As(t, w.NorthTeacher)
		zoe := roster.NewStudent{OrganizationID: w.North.ID, ExternalID: "0042", FirstName: " Zoe\u0308 ", LastName: "O'Hara",
			Username: "Zoe.OHara", Password: ptr("secret"), Grade: "k", GroupIDs: []int{w.Algebra.ID}}

		t.Run("a student is created with what was typed, cleaned", func(t *testing.T) {
			s, err := r.CreateStudent(admin, zoe)
			if err != nil {
				t.Fatal(err)
			}
			if s.ExternalID != "0042" || s.FirstName != "Zoë" || s.Grade.String() != "K" || s.GroupCount != 1 ||
				s.PasswordHash != "hash of secret" {
				t.Errorf("created %v", s)
			}
			healthy(t, d)
		})
		t.Run("a taken Student ID or username is refused", func(t *testing.T) {
			again := zoe
			again.Username = "other"
			_, err := r.CreateStudent(admin, again)
			refused(t, err, "EXTERNAL_ID_TAKEN", "externalId")
			again = zoe
			again.ExternalID, again.Username = "0043", "zoe.ohara"
			_, err = r.CreateStudent(admin, again)
			refused(t, err, "USERNAME_TAKEN", "username")
		})
		t.Run("everything that is wrong is told at once", func(t *testing.T) {
			_, err := r.CreateStudent(admin,
				roster.NewStudent{
					OrganizationID: w.North.ID,
					ExternalID:     " ",
					Username:       "ab",
					FirstName:      "A",
					Grade:          "14",
					Password:       ptr("abc"),
				})
			refused(t, err, "REQUIRED", "externalId")
			refused(t, err, "REQUIRED", "lastName")
			refused(t, err, "TOO_SHORT", "username")
			refused(t, err, "UNKNOWN_GRADE", "grade")
			refused(t, err, "PASSWORD_TOO_SHORT", "password")
		})
		t.Run("a name that grows when it is folded is refused before the database does", func(t *testing.T) {
			in := zoe
			in.ExternalID, in.Username = "0044", strings.Repeat("ﬃ", 100)
			_, err := r.CreateStudent(admin, in)
			refused(t, err, "TOO_LONG", "username")
		})
		t.Run("a district is not a school, and a foreign school does not exist", func(t *testing.T) {
			in := zoe
			in.OrganizationID, in.ExternalID, in.Username = w.Alpha.ID, "0050", "zoe50"
			_, err := r.CreateStudent(w.As(t, w.DistrictAdmin), in)
			refused(t, err, "NOT_A_SCHOOL", "organizationId")
			in.OrganizationID = w.South.ID
			_, err = r.CreateStudent(admin, in)
			refused(t, err, "NOT_FOUND", "organizationId")
		})
		t.Run("a teacher creates students of own groups only", func(t *testing.T) {
			in := zoe
			in.ExternalID, in.Username, in.GroupIDs = "0060", "zoe60", nil
			_, err := r.CreateStudent(teacher, in)
			refused(t, err, "GROUP_REQUIRED", "groupIds")
			in.GroupIDs = []int{w.Biology.ID}
			_, err = r.CreateStudent(teacher, in)
			refused(t, err, "NOT_FOUND", "groupIds.0")
			in.GroupIDs = []int{w.Algebra.ID}
			if _, err = r.CreateStudent(teacher, in); err != nil {
				t.Error(err)
			}
		})
		t.Run("a change leaves what was not given, and the search follows it", func(t *testing.T) {
			s := w.Student(t, w.North, "Old", "Name", 60)
			s, err := r.UpdateStudent(admin, roster.StudentChange{ID: s.ID, FirstName: ptr("Świętosława")})
			if err != nil || s.FirstName != "Świętosława" || s.LastName != "Name" {
				t.Fatalf("%v, %v", s, err)
			}
			list, err := r.Students(admin, 0, roster.StudentFilter{Search: "swieto nam"})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := list.Count(admin); err != nil || n != 1 {
				t.Errorf("found %d, %v; want 1", n, err)
			}
			healthy(t, d)
		})
		t.Run("a synced student is changed in the school's system, but for the password", func(t *testing.T) {
			s := w.Student(t, w.North, "Syn", "Ced", 60)
			s.Update().SetSynced(1).ExecX(fixture.System())
			_, err := r.UpdateStudent(admin, roster.StudentChange{ID: s.ID, LastName: ptr("Other")})
			refused(t, err, "SYNCED_STUDENT", "id")
			if _, err := r.UpdateStudent(admin, roster.StudentChange{ID: s.ID, Password: ptr("new secret")}); err != nil {
				t.Error(err)
			}
			refused(t, r.DeleteStudents(admin, ids(s)), "SYNCED_STUDENT", "studentIds.0")
		})
		t.Run("only an administrator of both schools can move a student", func(t *testing.T) {
			s := w.Student(t, w.North, "Mo", "Ver", 60)
			_, err := r.UpdateStudent(admin, roster.StudentChange{ID: s.ID, OrganizationID: &w.South.ID})
			refused(t, err, "NOT_FOUND", "organizationId")
			_, err = r.UpdateStudent(w.As(t, w.SouthAdmin), roster.StudentChange{ID: s.ID, OrganizationID: &w.South.ID})
			refused(t, err, "NOT_FOUND", "id")
			s, err = r.UpdateStudent(w.As(t, w.DistrictAdmin), roster.StudentChange{ID: s.ID, OrganizationID: &w.South.ID})
			if err != nil || s.OrganizationID != w.South.ID {
				t.Errorf("%v, %v", s, err)
			}
		})
		t.Run("and not one who teaches at the other school", func(t *testing.T) {
			both := w.Educator(t, w.Alpha, "Bo Both", viewer.SchoolAdmin, w.North)
			w.Client().RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(w.South.ID).SetDistrictID(w.Alpha.ID).
				SetRole(roleassignment.RoleTEACHER).ExecX(fixture.System())
			w.Teach(t, both, w.Chemistry)
			goes, comes := w.Student(t, w.North, "Go", "Es", 60), w.Student(t, w.South, "Co", "Mes", 60, w.Chemistry)
			_, err := r.UpdateStudent(w.As(t, both), roster.StudentChange{ID: goes.ID, OrganizationID: &w.South.ID})
			refused(t, err, "FORBIDDEN", "organizationId")
			_, err = r.UpdateStudent(w.As(t, both), roster.StudentChange{ID: comes.ID, OrganizationID: &w.North.ID})
			refused(t, err, "FORBIDDEN", "organizationId")
		})
		t.Run("a teacher changes students of own groups only", func(t *testing.T) {
			lone := w.Student(t, w.North, "Un", "Grouped", 60)
			mine := w.Student(t, w.North, "My", "Own", 60, w.Algebra)
			_, err := r.UpdateStudent(teacher, roster.StudentChange{ID: lone.ID, FirstName: ptr("X")})
			refused(t, err, "FORBIDDEN", "id")
			if _, err = r.UpdateStudent(teacher, roster.StudentChange{ID: mine.ID, FirstName: ptr("X")}); err != nil {
				t.Error(err)
			}
			refused(t, r.DeleteStudents(teacher, ids(mine)), "FORBIDDEN", "studentIds.0")
		})
	})
}

func TestDeletedStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin := w.As(t, w.NorthAdmin)
		s := w.Student(t, w.North, "Gone", "Soon", 600, w.Algebra)
		foreign := w.Student(t, w.South, "Far", "Away", 600)

		refused(t, r.DeleteStudents(admin, ids(s, foreign)), "NOT_FOUND", "studentIds.1")
		if _, err := r.Student(admin, s.ID); err != nil {
			t.Fatalf("a refusal deleted the student: %v", err)
		}
		if err := r.DeleteStudents(admin, ids(s)); err != nil {
			t.Fatal(err)
		}
		_, err := r.Student(admin, s.ID)
		refused(t, err, "NOT_FOUND", "")
		healthy(t, d)

		back := roster.NewStudent{
			OrganizationID: w.North.ID,
			ExternalID:     s.ExternalID,
			FirstName:      "Back",
			LastName:       "Again",
			Username:       "back.again",
			Grade:          "8",
		}
		t.Run("the username stays reserved", func(t *testing.T) {
			other := back
			other.ExternalID, other.Username = "another", s.Username
			_, err := r.CreateStudent(admin, other)
			refused(t, err, "USERNAME_TAKEN", "username")
		})
		t.Run("an administrator of another school does not bring the student back", func(t *testing.T) {
			other := back
			other.OrganizationID = w.South.ID
			_, err := r.CreateStudent(w.As(t, w.SouthAdmin), other)
			refused(t, err, "EXTERNAL_ID_TAKEN", "externalId")
		})
		t.Run("the same Student ID brings the student back", func(t *testing.T) {
			again, err := r.CreateStudent(admin, back)
			if err != nil || again.ID != s.ID || again.FirstName != "Back" || again.GroupCount != 0 {
				t.Fatalf("%v, %v; want student %d", again, err, s.ID)
			}
			healthy(t, d)
		})
		t.Run("after 90 days nothing brings the student back", func(t *testing.T) {
			d.Client(admin).Student.UpdateOneID(s.ID).SetDeletedAt(clock().Add(-91 * 24 * time.Hour)).ExecX(fixture.System())
			_, err := r.CreateStudent(admin, back)
			refused(t, err, "EXTERNAL_ID_TAKEN", "externalId")
		})
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin, teacher := w.As(t, w.NorthAdmin), w.As(t, w.NorthTeacher)
		ada := w.Student(t, w.North, "Ada", "Lovelace", 600)

		t.Run("a teacher who creates a group teaches it", func(t *testing.T) {
			g, err := r.CreateGroup(teacher,
				roster.NewGroup{OrganizationID: w.North.ID, Name: " Chess  Club ", StudentIDs: ids(ada)})
			if err != nil || g.Name != "Chess Club" || g.StudentCount != 1 {
				t.Fatalf("%v, %v", g, err)
			}
			if _, err := r.Group(teacher, g.ID); err != nil {
				t.Errorf("the teacher does not see the group: %v", err)
			}
			healthy(t, d)
			_, err = r.UpdateGroup(teacher, roster.GroupChange{ID: g.ID, EducatorIDs: []int{}})
			refused(t, err, "FORBIDDEN", "educatorIds")
			refused(t, r.DeleteGroup(teacher, g.ID), "FORBIDDEN", "id")
			if err := r.DeleteGroup(admin, g.ID); err != nil {
				t.Fatal(err)
			}
			healthy(t, d)
			if s, err := r.Student(admin, ada.ID); err != nil || s.Ungrouped != 1 {
				t.Errorf("%v, %v; want the student in no group", s, err)
			}
		})
		t.Run("an external id is unique in the school, not in the district", func(t *testing.T) {
			district := w.As(t, w.DistrictAdmin)
			if _, err := r.CreateGroup(district,
				roster.NewGroup{OrganizationID: w.North.ID, Name: "One", ExternalID: ptr("X1")}); err != nil {
				t.Fatal(err)
			}
			_, err := r.CreateGroup(district, roster.NewGroup{OrganizationID: w.North.ID, Name: "Two", ExternalID: ptr("X1")})
			refused(t, err, "EXTERNAL_ID_TAKEN", "externalId")
			if _, err := r.CreateGroup(district,
				roster.NewGroup{OrganizationID: w.South.ID, Name: "Two", ExternalID: ptr("X1")}); err != nil {
				t.Error(err)
			}
		})
		t.Run("who teaches a group is replaced as a whole", func(t *testing.T) {
			g, err := r.UpdateGroup(w.As(t, w.DistrictAdmin),
				roster.GroupChange{ID: w.Algebra.ID, EducatorIDs: []int{w.SouthTeacher.ID}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Group(teacher, g.ID); err == nil {
				t.Error("the teacher who was replaced still sees the group")
			}
			if _, err := r.Group(w.As(t, w.SouthTeacher), g.ID); err != nil {
				t.Errorf("the new teacher does not see the group: %v", err)
			}
		})
		t.Run("a synced group and a foreign one are refused", func(t *testing.T) {
			_, err := r.UpdateGroup(admin, roster.GroupChange{ID: w.Synced.ID, Name: ptr("Mine")})
			refused(t, err, "SYNCED_GROUP", "id")
			refused(t, r.DeleteGroup(admin, w.Synced.ID), "SYNCED_GROUP", "id")
			refused(t, r.DeleteGroup(admin, w.Chemistry.ID), "NOT_FOUND", "id")
			_, err = r.CreateGroup(admin, roster.NewGroup{OrganizationID: w.North.ID, Name: "  "})
			refused(t, err, "REQUIRED", "name")
			_, err = r.CreateGroup(admin,
				roster.NewGroup{OrganizationID: w.North.ID, Name: "New", EducatorIDs: []int{w.BetaAdmin.ID}})
			refused(t, err, "NOT_FOUND", "educatorIds.0")
		})
	})
}

// TestStudentPages reads lists forwards and backwards in every order and
// compares them with the order of the whole list.
func TestStudentPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		names := []string{"Kim", "Kim Lee", "kim", "Ångström", "Angstrom", "O'Brien", "Zhou", "张", "محمد", "Kim"}
		for i, name := range names {
			s := w.Student(t, w.North, "First", name, i%3*60)
			s.Update().SetGrade(grade.All()[(7*i)%len(grade.All())]).ExecX(fixture.System())
			if i%2 == 0 {
				s.Update().SetLastActiveAt(clock().Add(time.Duration(i%4) * time.Hour)).ExecX(fixture.System())
			}
		}
		ctx := w.As(t, w.NorthAdmin)
		list, err := r.Students(ctx, 0, roster.StudentFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range []string{"NAME", "EXTERNAL_ID", "USERNAME", "GRADE", "LAST_ACTIVE", "MINUTES"} {
			for _, desc := range []bool{false, true} {
				whole, err := list.Page(ctx, page.Args{}, order, desc)
				if err != nil || len(whole.Items) != len(names) {
					t.Fatalf("%s: %d rows, %v", order, len(whole.Items), err)
				}
				var forwards, backwards []int
				for args := (page.Args{First: ptr(3)}); ; {
					p, err := list.Page(ctx, args, order, desc)
					if err != nil {
						t.Fatal(err)
					}
					forwards = append(forwards, ids(p.Items...)...)
					if !p.HasNextPage {
						break
					}
					args.After = &p.Cursors[len(p.Cursors)-1]
				}
				for args := (page.Args{Last: ptr(4)}); ; {
					p, err := list.Page(ctx, args, order, desc)
					if err != nil {
						t.Fatal(err)
					}
					backwards = append(ids(p.Items...), backwards...)
					if !p.HasPrevious {
						break
					}
					args.Before = &p.Cursors[0]
				}
				if order == "GRADE" && !slices.IsSortedFunc(whole.Items, func(a, b *db.Student) int {
					before, after := slices.Index(grade.All(), a.Grade), slices.Index(grade.All(), b.Grade)
					if desc {
						before, after = after, before
					}
					return before - after
				}) {
					t.Errorf("by grade, the students are %v", whole.Items)
				}
				same(t, order, ids(whole.Items...), forwards)
				same(t, order+" backwards", ids(whole.Items...), backwards)
			}
		}
	})
}

func same(t *testing.T, what string, want, got []int) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d rows; want %d", what, len(got), len(want))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("%s: row %d is %d; want %d", what, i, got[i], want[i])
		}
	}
}
