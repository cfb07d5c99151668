package document

import "github.com/openhomeroom/homeroom/internal/viewer"

// Introspection says who may read the schema from the endpoint. Error messages
// suggest names of the schema to the same people only.
type Introspection int

// Who may read the schema.
const (
	// ForAdministrators is the default: only administrators use GraphiQL.
	ForAdministrators Introspection = iota
	ForEverybody
	ForNobody
)

// Allows reports whether a caller may read the schema.
func (i Introspection) Allows(v *viewer.Viewer) bool {
	return i == ForEverybody || i == ForAdministrators && v.IsAdmin()
}
