package viewer_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// The places of the tests: a district with two schools, and a school of another one.
const (
	district, north, south = 1, 2, 3
	elsewhere, east        = 4, 5
)

func person(id int, roles ...viewer.Assignment) *viewer.Viewer {
	return &viewer.Viewer{EducatorID: id, DistrictID: district, Assignments: roles}
}

func at(role viewer.Role, organizationID int) viewer.Assignment {
	if organizationID == elsewhere || organizationID == east {
		return viewer.Assignment{Role: role, OrganizationID: organizationID, DistrictID: elsewhere}
	}
	return viewer.Assignment{Role: role, OrganizationID: organizationID, DistrictID: district}
}

// TestWhatIsHeldAlone says what each role is good for at each place.
func TestWhatIsHeldAlone(t *testing.T) {
	t.Parallel()
	type answers struct{ admin, teacher, administers, teaches, works bool }
	for _, c := range []struct {
		name string
		v    *viewer.Viewer
		at   int
		want answers
	}{
		{"nobody", nil, north, answers{}},
		{"somebody without a role", person(1), north, answers{}},
		{"the server", viewer.System("test"), north, answers{administers: true, works: true}},
		{"a district administrator at a school", person(1, at(viewer.DistrictAdmin, district)), north,
			answers{admin: true, administers: true, works: true}},
		{"a district administrator at the district", person(1, at(viewer.DistrictAdmin, district)), district,
			answers{admin: true, administers: true, works: true}},
		{"a district administrator elsewhere", person(1, at(viewer.DistrictAdmin, district)), east, answers{admin: true}},
		{"a school administrator at the school", person(1, at(viewer.SchoolAdmin, north)), north,
			answers{admin: true, administers: true, works: true}},
		{"a school administrator at the next school", person(1, at(viewer.SchoolAdmin, north)), south, answers{admin: true}},
		{"a school administrator at the district", person(1, at(viewer.SchoolAdmin, north)), district, answers{admin: true}},
		{"a teacher at the school", person(1, at(viewer.Teacher, north)), north,
			answers{teacher: true, teaches: true, works: true}},
		{"a teacher at the next school", person(1, at(viewer.Teacher, north)), south, answers{teacher: true}},
		{"an administrator who teaches at the next school", person(1, at(viewer.SchoolAdmin, north), at(viewer.Teacher,
			south)), south,
			answers{admin: true, teacher: true, teaches: true, works: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			of := district
			if c.at == east {
				of = elsewhere
			}
			got := answers{c.v.IsAdmin(), c.v.IsTeacher(), c.v.Administers(c.at, of), c.v.TeachesAt(c.at), c.v.WorksAt(c.at, of)}
			if got != c.want {
				t.Errorf("%+v; want %+v", got, c.want)
			}
		})
	}
}

// TestTogetherPeopleHoldWhatEachHolds tries any two of some people: what they may do
// together is what each may do.
func TestTogetherPeopleHoldWhatEachHolds(t *testing.T) {
	t.Parallel()
	people := []*viewer.Viewer{
		person(1, at(viewer.DistrictAdmin, district)), person(2, at(viewer.SchoolAdmin, north)), person(3,
			at(viewer.SchoolAdmin, south)),
		person(4, at(viewer.Teacher, north)), person(5, at(viewer.Teacher, north), at(viewer.Teacher, south)),
		person(6, at(viewer.SchoolAdmin, north), at(viewer.Teacher, south)), person(7, at(viewer.SchoolAdmin, north),
			at(viewer.SchoolAdmin, south)), person(8),
		{EducatorID: 9, DistrictID: elsewhere, Assignments: []viewer.Assignment{at(viewer.Teacher,
			east)}}, viewer.AdministratorOf(north, district),
	}
	places := map[int]int{district: district, north: district, south: district, elsewhere: elsewhere, east: elsewhere}
	for _, a := range people {
		for _, b := range people {
			both := viewer.Jointly(a, b)
			who := fmt.Sprintf("%d and %d", a.EducatorID, b.EducatorID)
			if got, want := both.IsAdmin(), a.IsAdmin() && b.IsAdmin(); got != want {
				t.Errorf("%s administer: %v", who, got)
			}
			if got, want := both.IsTeacher(), a.IsTeacher() || b.IsTeacher(); got != want {
				t.Errorf("one of %s teaches: %v", who, got)
			}
			for o, d := range places {
				if got, want := both.Administers(o, d), a.Administers(o, d) && b.Administers(o, d); got != want {
					t.Errorf("%s administer %d: %v", who, o, got)
				}
				if got, want := both.TeachesAt(o), a.TeachesAt(o) && b.TeachesAt(o); got != want {
					t.Errorf("%s teach at %d: %v", who, o, got)
				}
				if got, want := both.WorksAt(o, d), a.WorksAt(o, d) && b.WorksAt(o, d); got != want {
					t.Errorf("%s work at %d: %v", who, o, got)
				}
			}
			for name, list := range map[string]func(*viewer.Viewer) []int{
				"districts": (*viewer.Viewer).AdminDistricts, "schools": (*viewer.Viewer).AdminSchools,
				"schools that they teach at": (*viewer.Viewer).TeacherSchools,
			} {
				if got, want := list(both), common(list(a), list(b)); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s of %s: %v, want %v", name, who, got, want)
				}
			}
		}
	}
}

func common(a, b []int) (both []int) {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both = append(both, x)
			}
		}
	}
	return both
}

// TestWhoIsAmongThoseWhoAsk is about accounts; a viewer without an account is none.
func TestWhoIsAmongThoseWhoAsk(t *testing.T) {
	t.Parallel()
	nora, tess, school := person(2, at(viewer.SchoolAdmin, north)), person(4,
		at(viewer.Teacher, north)), viewer.AdministratorOf(north, district)
	both := viewer.Jointly(nora, tess, school)
	for id, want := range map[int]bool{2: true, 4: true, 5: false, 0: false} {
		if got := both.IsAmong(id); got != want {
			t.Errorf("account %d is among them: %v", id, got)
		}
	}
	if (*viewer.Viewer)(nil).IsAmong(0) {
		t.Error("no account is one")
	}
}

// TestTheSameHandCountsOnce distinguishes people by their accounts. The same account with
// different roles counts with what both have.
func TestTheSameHandCountsOnce(t *testing.T) {
	t.Parallel()
	nora := person(2, at(viewer.SchoolAdmin, north))
	now := person(2, at(viewer.Teacher, north))
	other := person(3, at(viewer.SchoolAdmin, north))
	key := &viewer.Viewer{Key: &viewer.Key{ID: 1, OrganizationID: north, DistrictID: district}}
	for name, c := range map[string]struct {
		v    *viewer.Viewer
		want int
	}{
		"the same account":                     {viewer.Jointly(nora, nora, person(2, at(viewer.SchoolAdmin, north))), 1},
		"two accounts with the same roles":     {viewer.Jointly(nora, other), 2},
		"one account that has got other roles": {viewer.Jointly(nora, now), 2},
		"a person and the server":              {viewer.Jointly(nora, viewer.System("test")), 1},
		"a person and nobody":                  {viewer.Jointly(nil, nora, nil), 1},
		"a person and a program":               {viewer.Jointly(nora, key), 2},
		"several who are among each other already": {viewer.Jointly(viewer.Jointly(nora, other),
			viewer.Jointly(other, key)), 3},
	} {
		if got := len(c.v.Hands()); got != c.want {
			t.Errorf("%s: %d hands, want %d", name, got, c.want)
		}
	}
	if both := viewer.Jointly(nora, now); both.Administers(north, district) {
		t.Error("who has lost the role administers by what it was")
	}
}
