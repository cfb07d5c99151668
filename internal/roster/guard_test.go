package roster_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// TestASyncedStudentKeepsEachField goes over the fields of a change, including future
// ones.
func TestASyncedStudentKeepsEachField(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		st := w.Student(t, w.North, "Syn", "Ced", 0)
		st.Update().SetSynced(1).ExecX(fixture.System())
		values := map[string]any{"OrganizationID": &w.South.ID, "ExternalID": ptr("X1"), "FirstName": ptr("Other"),
			"LastName": ptr("Other"), "Username": ptr("other"),
			"Grade": ptr("9"), "Password": ptr("secret")}
		kind := reflect.TypeFor[roster.StudentChange]()
		for i := range kind.NumField() {
			name := kind.Field(i).Name
			if name == "ID" {
				continue
			}
			if values[name] == nil {
				t.Fatalf("say what becomes of %s", name)
			}
			ch := roster.StudentChange{ID: st.ID}
			reflect.ValueOf(&ch).Elem().Field(i).Set(reflect.ValueOf(values[name]))
			_, err := r.UpdateStudent(w.As(t, w.DistrictAdmin), ch)
			if name == "Password" {
				if err != nil {
					t.Errorf("a password, which is not synced: %v", err)
				}
				continue
			}
			refused(t, err, "SYNCED_STUDENT", "id")
		}
		now := w.Client().Student.GetX(fixture.System(), st.ID)
		if now.FirstName != "Syn" || now.OrganizationID != w.North.ID || now.PasswordHash != "hash of secret" {
			t.Errorf("the student is %v", now)
		}
	})
}

// TestWhoMovesAndRevives is about people with a role here and another one there.
func TestWhoMovesAndRevives(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		system := fixture.System()
		role := func(e *db.Educator, at *db.Organization, role roleassignment.Role) {
			w.Client().RoleAssignment.Create().SetEducatorID(e.ID).SetOrganizationID(at.ID).SetDistrictID(at.DistrictID).
				SetRole(role).ExecX(system)
		}
		t.Run("nobody moves a student to another district", func(t *testing.T) {
			role(w.DistrictAdmin, w.East, roleassignment.RoleSCHOOL_ADMIN)
			st := w.Student(t, w.North, "Mo", "Ver", 0)
			_, err := r.UpdateStudent(w.As(t, w.DistrictAdmin), roster.StudentChange{ID: st.ID, OrganizationID: &w.East.ID})
			refused(t, err, "FORBIDDEN", "organizationId")
		})
		t.Run("who administers the old school and teaches at the new one revives nobody there", func(t *testing.T) {
			role(w.NorthAdmin, w.South, roleassignment.RoleTEACHER)
			w.Teach(t, w.NorthAdmin, w.Chemistry)
			admin := w.As(t, w.NorthAdmin)
			st := w.Student(t, w.North, "Re", "Vive", 0)
			if err := r.DeleteStudents(admin, ids(st)); err != nil {
				t.Fatal(err)
			}
			_, err := r.CreateStudent(admin, roster.NewStudent{OrganizationID: w.South.ID, ExternalID: st.ExternalID,
				FirstName: "A", LastName: "B", Username: "revive", Grade: "1",
				GroupIDs: []int{w.Chemistry.ID}})
			refused(t, err, "EXTERNAL_ID_TAKEN", "externalId")
		})
		t.Run("a Student ID of another district is another student", func(t *testing.T) {
			beta := w.As(t, w.BetaAdmin)
			st := w.Student(t, w.East, "Far", "Away", 0)
			if err := r.DeleteStudents(beta, ids(st)); err != nil {
				t.Fatal(err)
			}
			made, err := r.CreateStudent(w.As(t, w.SouthAdmin), roster.NewStudent{OrganizationID: w.South.ID,
				ExternalID: st.ExternalID, FirstName: "A", LastName: "B", Username: "here", Grade: "1"})
			if err != nil || made.ID == st.ID {
				t.Errorf("%v, %v", made, err)
			}
		})
		t.Run("the sums of who comes back and who moves are those of the school", func(t *testing.T) {
			product := w.Client().Product.Create().SetCode("reading").SaveX(system)
			for name, change := range map[string]func(st *db.Student) error{
				"restore": func(st *db.Student) error {
					if err := r.DeleteStudents(w.As(t, w.DistrictAdmin), ids(st)); err != nil {
						return err
					}
					_, err := r.RestoreStudents(w.As(t, w.DistrictAdmin), ids(st))
					return err
				},
				"move": func(st *db.Student) error {
					_, err := r.UpdateStudent(w.As(t, w.DistrictAdmin), roster.StudentChange{ID: st.ID, OrganizationID: &w.South.ID})
					return err
				},
			} {
				st := w.Student(t, w.North, "Sum", "Up", 7)
				w.Client().UsageDay.Create().SetStudentID(st.ID).SetProductID(product.ID).SetDay(calendar.Date(2026, 10,
					5)).SetSeconds(90).ExecX(system)
				if err := change(st); err != nil {
					t.Fatal(name, err)
				}
				if st = w.Client().Student.GetX(system, st.ID); st.SecondsThisYear != 90 || st.Active != 1 {
					t.Errorf("%s: %d seconds, active %d; want 90 and 1", name, st.SecondsThisYear, st.Active)
				}
			}
		})
	})
}

// TestWhatIsChosenIsThere checks that a refusal names the place of what is missing.
func TestWhatIsChosenIsThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin, st := w.As(t, w.NorthAdmin), w.Student(t, w.North, "Sam", "Some", 0)
		_, err := r.RestoreStudents(admin, []int{})
		refused(t, err, "REQUIRED", "studentIds")
		refused(t, r.DeleteStudents(admin, []int{}), "REQUIRED", "studentIds")
		_, err = r.AssignStudents(admin, []int{}, []int{w.Algebra.ID})
		refused(t, err, "REQUIRED", "studentIds")
		_, err = r.AssignStudents(admin, ids(st), []int{})
		refused(t, err, "REQUIRED", "groupIds")

		refused(t, r.DeleteStudents(admin, []int{st.ID, 999}), "NOT_FOUND", "studentIds.1")
		_, err = r.AssignStudents(admin, []int{st.ID, 999}, []int{w.Algebra.ID})
		refused(t, err, "NOT_FOUND", "studentIds.1")
		_, err = r.AssignStudents(admin, ids(st), []int{w.Algebra.ID, w.Synced.ID})
		refused(t, err, "SYNCED_GROUP", "groupIds.1")
		synced := w.Student(t, w.North, "Syn", "Ced", 0)
		synced.Update().SetSynced(1).ExecX(fixture.System())
		refused(t, r.DeleteStudents(admin, []int{st.ID, synced.ID}), "SYNCED_STUDENT", "studentIds.1")
		taught := w.Student(t, w.North, "Tau", "Ght", 0, w.Algebra)
		refused(t, r.DeleteStudents(w.As(t, w.NorthTeacher), []int{st.ID, taught.ID}), "FORBIDDEN", "studentIds.1")
	})
}

// TestWhoTeachesAGroup is about the educators of a new group, and of one that changes.
func TestWhoTeachesAGroup(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		teachers := func(g *db.Group) []int {
			list := w.Client().GroupEducator.Query().Where(groupeducator.GroupID(g.ID)).Select(groupeducator.FieldEducatorID).
				IntsX(fixture.System())
			slices.Sort(list)
			return list
		}
		for _, c := range []struct {
			by   *db.Educator
			want []int
		}{{w.NorthAdmin, nil}, {w.DistrictAdmin, nil}, {w.NorthTeacher, []int{w.NorthTeacher.ID}}} {
			g, err := r.CreateGroup(w.As(t, c.by), roster.NewGroup{OrganizationID: w.North.ID, Name: "New"})
			if err != nil || !slices.Equal(teachers(g), c.want) {
				t.Errorf("a group that %s creates is taught by %v (%v); want %v", c.by.FirstName, teachers(g), err, c.want)
			}
		}
		admin := w.As(t, w.NorthAdmin)
		w.Teach(t, w.NorthTeacher, w.Biology)
		_, err := r.UpdateGroup(admin, roster.GroupChange{ID: w.Algebra.ID, EducatorIDs: []int{w.BetaAdmin.ID}})
		refused(t, err, "NOT_FOUND", "educatorIds.0")
		if got := teachers(w.Algebra); !slices.Equal(got, []int{w.NorthTeacher.ID}) {
			t.Errorf("after a refusal the group is taught by %v", got)
		}
		if _, err := r.UpdateGroup(admin, roster.GroupChange{ID: w.Algebra.ID,
			EducatorIDs: []int{w.NorthAdmin.ID}}); err != nil {
			t.Fatal(err)
		}
		if got := teachers(w.Algebra); !slices.Equal(got, []int{w.NorthAdmin.ID}) {
			t.Errorf("the group is taught by %v", got)
		}
		if got := teachers(w.Biology); !slices.Equal(got, []int{w.NorthTeacher.ID}) {
			t.Errorf("another group is taught by %v", got)
		}
		teacher := w.As(t, w.SouthTeacher)
		_, err = r.UpdateGroup(teacher, roster.GroupChange{ID: w.Chemistry.ID, EducatorIDs: []int{}})
		refused(t, err, "FORBIDDEN", "educatorIds")
	})
}

// TestAnswersAboutWhomNobodySeesAreCounted lets people find out who exists.
func TestAnswersAboutWhomNobodySeesAreCounted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		r := roster.New(d, roster.Options{
			Hash:    func(context.Context, string) (string, error) { return "hash", nil },
			Recount: usage.RecountStudents, Now: clock, Log: testlog.New(t), Probes: probe.New(d, 2, clock, testlog.New(t)),
		})
		south, north := w.Student(t, w.South, "So", "Uth", 0), w.Student(t, w.North, "No", "Rth", 0, w.Algebra)
		deleted := w.Student(t, w.North, "De", "Leted", 0)
		deleted.Update().SetDeletedAt(fixture.Today).ExecX(fixture.System())
		ask := func(e *db.Educator, taken roster.StudentChange, code string) {
			t.Helper()
			taken.ID = w.Student(t, w.North, "As", "King", 0, w.Algebra).ID
			_, err := r.UpdateStudent(w.As(t, e), taken)
			refused(t, err, code, "")
		}
		for range 3 {
			ask(w.NorthAdmin, roster.StudentChange{Username: &north.Username}, "USERNAME_TAKEN")
			ask(w.NorthAdmin, roster.StudentChange{Username: &deleted.Username}, "USERNAME_TAKEN")
			ask(w.NorthTeacher, roster.StudentChange{ExternalID: &north.ExternalID}, "EXTERNAL_ID_TAKEN")
		}
		ask(w.NorthAdmin, roster.StudentChange{Username: &south.Username}, "USERNAME_TAKEN")
		ask(w.NorthAdmin, roster.StudentChange{ExternalID: &south.ExternalID}, "EXTERNAL_ID_TAKEN")
		ask(w.NorthAdmin, roster.StudentChange{Username: &south.Username}, probe.Stopped)
		_, err := r.CreateStudent(w.As(t, w.NorthTeacher), roster.NewStudent{OrganizationID: w.North.ID,
			ExternalID: south.ExternalID, FirstName: "A", LastName: "B",
			Username: "free", Grade: "1", GroupIDs: []int{w.Algebra.ID}})
		refused(t, err, "EXTERNAL_ID_TAKEN", "")
	})
}

// TestWhatFilesCannotSay is about texts that mean something else in a file, or that come
// back from one as something else.
func TestWhatFilesCannotSay(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"[clear]", "[CLEAR]", "[Clear]"} {
		for what, err := range map[string]*fault.Error{
			"a Student ID": roster.CheckExternalID(word), "a name": roster.CheckName(word, "name",
				roster.MaxName), "a username": roster.CheckUsername(word),
		} {
			if err == nil || err.Code != "RESERVED" {
				t.Errorf("%s is %s: %v", what, word, err)
			}
		}
	}
	for typed, want := range map[string]string{
		"\u200BAda\u200B": "Ada", "\uFEFFAda": "Ada", "A\x00da": "A da", "A\x1bda": "A da", "A\u0085da": "A da",
		"Zoe\u0308": "Zoë", " A \t b ": "A b",
	} {
		if got := roster.Clean(typed); got != want {
			t.Errorf("%q becomes %q, want %q", typed, got, want)
		}
	}
	// The ligature is one character, and three when it is folded.
	for name, want := range map[string]string{strings.Repeat("ﬃ", 45) + strings.Repeat("x", 55): "",
		strings.Repeat("ﬃ", 46) + strings.Repeat("x", 53): "TOO_LONG"} {
		err := roster.CheckName(name, "name", roster.MaxName)
		if code := codeOf(err); code != want {
			t.Errorf("a name that folds into %d characters: %q, want %q", 45*3+55, code, want)
		}
	}
	for grade, known := range map[string]bool{"": false, "14": false, "x": false, "PK": true, "TK": true, "13": true} {
		if _, err := roster.CheckGrade(grade); (err == nil) != known {
			t.Errorf("the grade %q: %v", grade, err)
		}
	}
}

// TestEnrollmentsAreCountedOnce writes enrollments as jobs do, past the checks.
func TestEnrollmentsAreCountedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, system := fixture.New(t, d), fixture.System()
		one := w.Student(t, w.North, "Uno", "One", 0)
		in := func(change func(ctx context.Context, client *db.Client) error) {
			t.Helper()
			if err := d.InTx(system, change); err != nil {
				t.Fatal(err)
			}
			healthy(t, d)
		}
		pair := roster.Pair{StudentID: one.ID, GroupID: w.Algebra.ID}
		t.Run("the same one twice is one", func(t *testing.T) {
			in(func(ctx context.Context, client *db.Client) error {
				added, err := roster.Enroll(ctx, client, []roster.Pair{pair, pair})
				if len(added) != 1 {
					t.Errorf("%d were added", len(added))
				}
				return err
			})
		})
		t.Run("the first enrollments of new students count in the group", func(t *testing.T) {
			in(func(ctx context.Context, client *db.Client) error {
				made := client.Student.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).SetExternalID("N1").
					SetUsername("n1").SetUsernameKey("n1").
					SetFirstName("New").SetLastName("One").SetSortName("one new").SetGrade(1).SetGroupCount(1).
					SetUngrouped(0).SaveX(ctx)
				if err := roster.WriteWords(ctx, client, []*db.Student{made}, true); err != nil {
					return err
				}
				return roster.EnrollNew(ctx, client, []roster.Pair{{StudentID: made.ID, GroupID: w.Biology.ID}})
			})
			if n := w.Client().Group.GetX(system, w.Biology.ID).StudentCount; n != 1 {
				t.Errorf("the group counts %d", n)
			}
		})
		t.Run("who is erased is in no group any more, now or formerly", func(t *testing.T) {
			gone := w.Student(t, w.North, "Go", "Ne", 0, w.Biology)
			in(func(ctx context.Context, client *db.Client) error {
				if err := roster.KeepFormer(ctx, client, []roster.Pair{{StudentID: gone.ID, GroupID: w.Algebra.ID}}); err != nil {
					return err
				}
				n, err := roster.Erase(ctx, client, []*db.Student{gone})
				if n != 1 {
					t.Errorf("%d enrollments were removed", n)
				}
				return err
			})
			for _, table := range []string{"enrollments", "former_enrollments", "student_words"} {
				rows, err := d.Query(system, "SELECT 1 FROM "+table+" WHERE student_id = ?", gone.ID)
				if err != nil {
					t.Fatal(err)
				}
				if rows.Next() {
					t.Errorf("%s still names the student", table)
				}
				rows.Close()
			}
		})
		t.Run("those of more students than a statement names are found", func(t *testing.T) {
			rows := make([]*db.StudentCreate, 501)
			for i := range rows {
				id := fmt.Sprint("many", i)
				rows[i] = w.Client().Student.Create().SetDistrictID(w.Beta.ID).SetOrganizationID(w.East.ID).SetExternalID(id).
					SetUsername(id).SetUsernameKey(id).
					SetFirstName("M").SetLastName(id).SetSortName(id).SetGrade(1)
			}
			many := append(w.Client().Student.CreateBulk(rows[:300]...).SaveX(system),
				w.Client().Student.CreateBulk(rows[300:]...).SaveX(system)...)
			w.Client().Enrollment.Create().SetStudentID(many[500].ID).SetGroupID(w.Drama.ID).ExecX(system)
			pairs, err := roster.Enrolled(system, w.Client(), ids(many...))
			if err != nil || len(pairs) != 1 {
				t.Errorf("%v, %v", pairs, err)
			}
		})
	})
}
