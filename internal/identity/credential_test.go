package identity_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	const district, north, south = 1, 2, 3
	at := func(id int, role viewer.Role, organizations ...int) *viewer.Viewer {
		v := &viewer.Viewer{EducatorID: id, DistrictID: district}
		for _, o := range organizations {
			v.Assignments = append(v.Assignments, viewer.Assignment{Role: role, OrganizationID: o, DistrictID: district})
		}
		return v
	}
	districts, norths, both, teacher := at(1, viewer.DistrictAdmin, district), at(2, viewer.SchoolAdmin, north),
		at(3, viewer.SchoolAdmin, north, south), at(4, viewer.Teacher, north)
	system := viewer.FromContext(fixture.System())
	guard := credential.NewGuard(map[string]string{"sso.example": "Google"})
	for _, c := range []struct {
		what   string
		by     *viewer.Viewer
		change credential.Change
		want   string
	}{
		{"an account of the own school", norths, credential.Change{EducatorID: 9, Roles: at(9, viewer.Teacher, north).Assignments, Password: true}, ""},
		{"an equal account", norths, credential.Change{EducatorID: 9, Roles: norths.Assignments, Password: true}, ""},
		{"an account of another school", norths, credential.Change{EducatorID: 9, Roles: at(9, viewer.Teacher, south).Assignments, Password: true}, credential.WiderRole},
		{"an account of two schools, one of them the own", norths, credential.Change{EducatorID: 9, Roles: both.Assignments, Password: true}, credential.WiderRole},
		{"an account of two own schools", both, credential.Change{EducatorID: 9, Roles: both.Assignments, Password: true}, ""},
		{"a district's account", norths, credential.Change{EducatorID: 9, Roles: districts.Assignments, Old: "a@example.org", New: "b@example.org"}, credential.WiderRole},
		{"a school's account by the district", districts, credential.Change{EducatorID: 9, Roles: both.Assignments, Password: true}, ""},
		{"a teacher's account by a teacher", teacher, credential.Change{EducatorID: 9, Roles: at(9, viewer.Teacher, north).Assignments, Password: true}, credential.WiderRole},
		{"what the district may do and the school beside it may not", viewer.Jointly(districts, norths), credential.Change{EducatorID: 9, Roles: both.Assignments, Password: true}, credential.WiderRole},
		{"what both may do", viewer.Jointly(districts, norths), credential.Change{EducatorID: 9, Roles: norths.Assignments, Password: true}, ""},
		{"the own account", districts, credential.Change{EducatorID: 1}, credential.OwnAccount},
		{"the own account, in the hands of another one as well", viewer.Jointly(districts, norths), credential.Change{EducatorID: 2, Roles: norths.Assignments}, credential.OwnAccount},
		{"the own account, by a program whose key one has made", districts, credential.Change{EducatorID: 2, Behind: []int{2}}, credential.OwnAccount},
		{"whatever the operator does", system, credential.Change{EducatorID: 9, Roles: districts.Assignments, Password: true, Old: "a@example.org", New: "a@example.org"}, ""},
		{"a password of somebody who signs in at a provider", system, credential.Change{EducatorID: 9, Old: "a@sso.example", New: "a@sso.example", Password: true}, credential.ByProvider},
		{"a password together with an address there", districts, credential.Change{Old: "", New: "a@sso.example", Password: true}, credential.ByProvider},
		{"a password together with an address elsewhere", districts, credential.Change{EducatorID: 9, Old: "a@sso.example", New: "a@example.org", Password: true}, credential.ByProvider},
		{"an address elsewhere, for which a link could be asked", districts, credential.Change{EducatorID: 9, Old: "a@sso.example", New: "a@example.org"}, credential.ByProvider},
		{"no address any more", districts, credential.Change{EducatorID: 9, Old: "a@sso.example"}, credential.ByProvider},
		{"another address there", districts, credential.Change{EducatorID: 9, Old: "a@sso.example", New: "b@sso.example"}, ""},
		{"an address there for somebody who had none", districts, credential.Change{EducatorID: 9, New: "b@sso.example"}, ""},
		{"a password at another domain", districts, credential.Change{EducatorID: 9, Old: "a@sub.sso.example", New: "a@sub.sso.example", Password: true}, ""},
	} {
		got := ""
		if err := guard.Refuse(c.by, c.change); err != nil {
			got = err.Code
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestCredentialsOfOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		invite := func(who *identity.Service, email string, role viewer.Role, at int) error {
			_, err := who.Invite(h.As(t, h.NorthAdmin),
				identity.NewEducator{Email: email, FirstName: "A", LastName: "B", Role: role, OrganizationID: at})
			return err
		}
		t.Run("nobody invites the own account, or one with a wider role", func(t *testing.T) {
			h.Client().Educator.Update().ClearPasswordHash().ExecX(fixture.System())
			for _, email := range []string{h.NorthAdmin.Email, h.DistrictAdmin.Email, h.SouthTeacher.Email} {
				if err := invite(h.Service, email, viewer.Teacher, h.North.ID); code(err) != "EMAIL_TAKEN" {
					t.Errorf("%s: %v", email, err)
				}
			}
			if err := invite(h.Service, h.NorthTeacher.Email, viewer.Teacher, h.North.ID); err != nil {
				t.Error(err)
			}
			h.delivered(t, 1)
		})
		t.Run("the operator sets no password where a provider is required", func(t *testing.T) {
			h.providerOf = map[string]string{"example.com": "Google"}
			s := h.server()
			if err := s.SetPassword(fixture.System(), h.NorthTeacher.ID, "a new password"); code(err) != credential.ByProvider {
				t.Error(err)
			}
			if e := h.Client().Educator.GetX(fixture.System(), h.NorthTeacher.ID); e.PasswordHash != "" {
				t.Error("there is a password")
			}
		})
		t.Run("a password by a link or by the operator ends the sessions and the other links", func(t *testing.T) {
			for what, set := range map[string]func(secret string) error{
				"a link":       func(secret string) error { return h.SetPasswordByLink(from("192.0.2.7"), secret, password) },
				"the operator": func(string) error { return h.SetPassword(fixture.System(), h.NorthTeacher.ID, password) },
			} {
				h.Client().Session.Create().SetEducatorID(h.NorthTeacher.ID).SetTokenHash(what).SetExpiresAt(h.clock().Add(1e12)).
					SetLastUsedAt(h.clock()).ExecX(fixture.System())
				secret, other := h.link(t, h.NorthTeacher, "RESET"), h.link(t, h.NorthTeacher, "INVITE")
				if err := set(secret); err != nil {
					t.Fatal(err)
				}
				if n := h.Client().Session.Query().CountX(fixture.System()); n != 0 {
					t.Errorf("%s: %d sessions", what, n)
				}
				if err := h.SetPasswordByLink(from("192.0.2.7"), other, password); code(err) != "LINK_ENDED" {
					t.Errorf("%s: the other link: %v", what, err)
				}
			}
		})
	})
}
