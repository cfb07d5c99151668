package audit

import (
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// RolesTold returns those roles of an entry's actor that a viewer may see: roles at the
// organizations where the viewer works, and roles of the whole district. A school does not
// learn which other roles its people have; the same is true of the educators that it sees.
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
