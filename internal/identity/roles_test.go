package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// rolesOf are the roles of somebody as a text.
func (h *house) rolesOf(who *db.Educator) string {
	var all []string
	for _, r := range h.Client().RoleAssignment.Query().Where(roleassignment.EducatorID(who.ID)).WithOrganization().
		AllX(fixture.System()) {
		all = append(all, string(r.Role)+" "+r.Edges.Organization.Name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// TestWhoSetsWhoseRole is a table of who gives and ends which role.
func TestWhoSetsWhoseRole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		give := func(who *db.Educator, at *db.Organization, role viewer.Role) {
			h.Client().RoleAssignment.Create().SetEducatorID(who.ID).SetOrganizationID(at.ID).SetDistrictID(at.DistrictID).
				SetRole(roleassignment.Role(role)).ExecX(fixture.System())
		}
		both := h.Educator(t, h.Alpha, "Both Schools", viewer.SchoolAdmin, h.South)
		give(both, h.North, viewer.Teacher)
		chief := h.Educator(t, h.Alpha, "Chief Teaches", viewer.DistrictAdmin, h.Alpha)
		give(chief, h.North, viewer.Teacher)
		callers := []*db.Educator{h.DistrictAdmin, h.NorthAdmin, h.SouthAdmin, h.NorthTeacher, h.BetaAdmin}
		const no, nf, wrong = "FORBIDDEN", "NOT_FOUND", "WRONG_ORGANIZATION"
		for _, row := range []struct {
			what   string
			target *db.Educator
			at     *db.Organization
			role   viewer.Role // empty ends them
			want   [5]string
			after  string
		}{
			{"a teacher becomes an administrator", h.NorthTeacher, h.North, viewer.SchoolAdmin, [5]string{"", "", nf, no, nf}, "SCHOOL_ADMIN North School"},
			{"an administrator becomes a teacher", h.NorthAdmin, h.North, viewer.Teacher, [5]string{"", no, nf, no, nf}, "TEACHER North School"},
			{"a role that is there", h.SouthTeacher, h.South, viewer.Teacher, [5]string{"", nf, "", nf, nf}, "TEACHER South School"},
			{"one of the district for a teacher", h.NorthTeacher, h.Alpha, viewer.DistrictAdmin, [5]string{"", nf, nf, nf, nf}, "DISTRICT_ADMIN Alpha District, TEACHER North School"},
			{"a school's role at the district", h.NorthTeacher, h.Alpha, viewer.Teacher, [5]string{wrong, nf, nf, nf, nf}, "TEACHER North School"},
			{"the district's role at a school", h.NorthTeacher, h.North, viewer.DistrictAdmin, [5]string{wrong, wrong, nf, no, nf}, "TEACHER North School"},
			{"somebody of another district", h.BetaAdmin, h.North, viewer.Teacher, [5]string{nf, nf, nf, no, nf}, "DISTRICT_ADMIN Beta District"},
			{"a teacher ends", h.NorthTeacher, h.North, "", [5]string{"", "", nf, no, nf}, ""},
			{"a school's own part of somebody who administers another", both, h.North, "", [5]string{"", "", nf, no, nf}, "SCHOOL_ADMIN South School"},
			{"the school's part of somebody who administers the district", chief, h.North, "", [5]string{"", no, nf, no, nf}, "DISTRICT_ADMIN Alpha District"},
			{"a second role for such a person", chief, h.North, viewer.SchoolAdmin, [5]string{"", no, nf, no, nf}, "DISTRICT_ADMIN Alpha District, SCHOOL_ADMIN North School"},
			{"somebody who administers the district, at another school", chief, h.South, viewer.Teacher, [5]string{"", nf, nf, nf, nf}, "DISTRICT_ADMIN Alpha District, TEACHER North School, TEACHER South School"},
		} {
			for i, caller := range callers {
				t.Run(row.what+" by "+caller.FirstName, func(t *testing.T) {
					before := h.rolesOf(row.target)
					held := h.Client().RoleAssignment.Query().Where(roleassignment.EducatorID(row.target.ID)).AllX(fixture.System())
					defer func() {
						h.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(row.target.ID)).ExecX(fixture.System())
						for _, r := range held {
							h.Client().RoleAssignment.Create().SetEducatorID(r.EducatorID).SetOrganizationID(r.OrganizationID).
								SetDistrictID(r.DistrictID).SetRole(r.Role).SetCreatedAt(r.CreatedAt).ExecX(fixture.System())
						}
					}()
					var role *viewer.Role
					if row.role != "" {
						role = &row.role
					}
					want, after := row.want[i], row.after
					if caller.ID == row.target.ID {
						want = no
						if row.want[i] == nf || row.want[i] == wrong {
							want = row.want[i]
						}
					}
					if want != "" {
						after = before
					}
					times := 2 // the second time nothing changes
					if role == nil {
						times = 1 // who has no role at a school any more is not seen there
					}
					for range times {
						if _, err := h.SetRole(h.As(t, caller), row.target.ID, row.at.ID, role); code(err) != want {
							t.Errorf("%v; want %q", err, want)
						}
					}
					if got := h.rolesOf(row.target); got != after {
						t.Errorf("then the roles are %q; want %q", got, after)
					}
				})
			}
		}
	})
}

// TestWhoHasNoRoleTeachesNothing ends a role; the person is then in no group of the school,
// and sees nobody.
func TestWhoHasNoRoleTeachesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		synced := h.Group(t, h.North, "Synced").Update().SetSynced(1).SaveX(fixture.System())
		elsewhere := h.Group(t, h.South, "Elsewhere")
		for _, g := range []*db.Group{synced, elsewhere} {
			h.Teach(t, h.NorthTeacher, g)
		}
		if _, err := h.SetRole(h.As(t, h.NorthAdmin), h.NorthTeacher.ID, h.North.ID, nil); err != nil {
			t.Fatal(err)
		}
		left := h.Client().GroupEducator.Query().Where(groupeducator.EducatorID(h.NorthTeacher.ID)).
			Select(groupeducator.FieldGroupID).IntsX(fixture.System())
		if !slices.Equal(left, []int{elsewhere.ID}) {
			t.Errorf("the person still teaches %v", left)
		}
		if g := h.Client().Group.GetX(fixture.System(), synced.ID); g.Version != synced.Version+1 {
			t.Errorf("the group has version %d, and had %d", g.Version, synced.Version)
		}
		if got := h.rolesOf(h.NorthTeacher); got != "" {
			t.Errorf("roles: %s", got)
		}
		e := h.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.EducatorRolesChanged))).
			OnlyX(fixture.System())
		if e.OrganizationID != h.North.ID || e.TargetID != h.NorthTeacher.ID {
			t.Errorf("the entry is about %d at %d", e.TargetID, e.OrganizationID)
		}
		// Nobody of the school sees the person any more; the district does.
		if _, err := h.SetRole(h.As(t, h.NorthAdmin), h.NorthTeacher.ID, h.North.ID, nil); code(err) != "NOT_FOUND" {
			t.Errorf("again: %v", err)
		}
	})
}

// TestARoleOfMoreEndsCredentialsOfLess raises somebody whose password a school knows.
func TestARoleOfMoreEndsCredentialsOfLess(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.hand(t, h.NorthAdmin, h.NorthTeacher)
		role := viewer.SchoolAdmin
		e, err := h.SetRole(h.As(t, h.DistrictAdmin), h.NorthTeacher.ID, h.North.ID, &role)
		if err != nil || e.PasswordHash == "" {
			t.Errorf("what the school may do as well ends the password: %v", err)
		}
		role = viewer.DistrictAdmin
		e, err = h.SetRole(h.As(t, h.DistrictAdmin), h.NorthTeacher.ID, h.Alpha.ID, &role)
		if err != nil || e.PasswordHash != "" {
			t.Errorf("an administrator of the district has a password that a school knows: %v", err)
		}
	})
}

// TestTwoWhoEndEachOther leaves one of them.
func TestTwoWhoEndEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		other := h.Educator(t, h.Alpha, "Otto Other", viewer.DistrictAdmin, h.Alpha)
		one, two := h.As(t, h.DistrictAdmin), h.As(t, other)
		if _, err := h.SetRole(one, other.ID, h.Alpha.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := h.SetRole(two, h.DistrictAdmin.ID, h.Alpha.ID, nil); code(err) != "FORBIDDEN" {
			t.Errorf("somebody without a role ends one: %v", err)
		}
		if all, err := credential.RolesOf(fixture.System(), h.Client(), []int{h.DistrictAdmin.ID}); err != nil ||
			len(all[h.DistrictAdmin.ID]) != 1 {
			t.Errorf("%v %v", all, err)
		}
	})
}
