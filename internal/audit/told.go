package audit

import (
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// RolesTold are the roles of the actor of an entry, as far as a viewer is told of them:
// those at the organizations where the viewer works, and those of the whole district. A
// school is not told what else its people are, as it is not by the educators it sees.
func RolesTold(v *viewer.Viewer, e *db.AuditEvent) string {
	if ActorKind(e.ActorKind) != Educator || v.Administers(e.DistrictID, e.DistrictID) {
		return e.Roles
	}
	var told []string
	for role := range strings.FieldsSeq(e.Roles) {
		_, at, _ := strings.Cut(role, "@")
		id, ok := globalid.Key(globalid.Organization, at)
		if ok && (id == e.DistrictID || v.WorksAt(id, e.DistrictID)) {
			told = append(told, role)
		}
	}
	return strings.Join(told, " ")
}
