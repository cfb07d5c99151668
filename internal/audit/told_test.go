package audit_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestASchoolIsNotToldOfRolesElsewhere is about the roles in entries that a school sees.
func TestASchoolIsNotToldOfRolesElsewhere(t *testing.T) {
	t.Parallel()
	const district, north, south = 1, 2, 3
	at := func(role string, id int) string { return role + "@" + globalid.Encode(globalid.Organization, id) }
	who := func(role viewer.Role, id int) *viewer.Viewer {
		return &viewer.Viewer{EducatorID: 9, DistrictID: district,
			Assignments: []viewer.Assignment{{Role: role, OrganizationID: id, DistrictID: district}}}
	}
	all := at("DISTRICT_ADMIN", district) + " " + at("SCHOOL_ADMIN", north) + " " + at("TEACHER", south) + " and 3 more"
	for name, c := range map[string]struct {
		by         *viewer.Viewer
		kind       audit.ActorKind
		have, want string
	}{
		"the district is told all": {who(viewer.DistrictAdmin, district), audit.Educator, all, all},
		"the server is told all":   {viewer.System("test"), audit.Educator, all, all},
		"a school its own": {who(viewer.SchoolAdmin, north), audit.Educator, all,
			at("DISTRICT_ADMIN", district) + " " + at("SCHOOL_ADMIN", north)},
		"another one its own": {who(viewer.SchoolAdmin, south), audit.Educator, all,
			at("DISTRICT_ADMIN", district) + " " + at("TEACHER", south)},
		"scopes of a key are no role": {who(viewer.SchoolAdmin, north), audit.ServiceKey, "USAGE_WRITE", "USAGE_WRITE"},
		"nothing of nothing":          {who(viewer.SchoolAdmin, north), audit.Educator, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := audit.RolesTold(c.by, &db.AuditEvent{DistrictID: district, ActorKind: string(c.kind), Roles: c.have})
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
