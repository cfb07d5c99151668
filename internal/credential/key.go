package credential

import (
	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db/predicate"
)

// KeyStands is an SQL condition on service_keys: whoever made the key still has an account
// that is not disabled, and administers the organization of the key. A maker knows the key,
// so without this condition a disabled administrator could go on as a program. Nobody stands
// behind a key of the operator's.
const KeyStands = "(service_keys.created_by IS NULL OR EXISTS (SELECT 1 FROM role_assignments r " +
	"JOIN educators e ON e.id = r.educator_id WHERE e.id = service_keys.created_by AND e.disabled = 0 AND " +
	"(r.role = 'DISTRICT_ADMIN' AND r.organization_id = service_keys.district_id OR " +
	"r.role = 'SCHOOL_ADMIN' AND r.organization_id = service_keys.organization_id)))"

// KeysThatStand is KeyStands as a predicate.
func KeysThatStand() predicate.ServiceKey {
	return func(s *sql.Selector) { s.Where(sql.ExprP(KeyStands)) }
}
