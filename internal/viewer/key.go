package viewer

import "slices"

// Scope is something that a service key may do.
type Scope string

// The scopes, by the names that the API uses.
const (
	UsageWrite   Scope = "USAGE_WRITE"
	RosterImport Scope = "ROSTER_IMPORT"
)

// Scopes returns all scopes.
func Scopes() []Scope { return []Scope{UsageWrite, RosterImport} }

// Key is a program that has identified itself by a service key. It is no educator and
// holds no role, so everything is denied that does not ask for keys explicitly.
type Key struct {
	ID int
	// OrganizationID is where the key is valid; a district includes its schools.
	OrganizationID int
	DistrictID     int
	// AgentID is the account in whose name the key imports, or 0.
	AgentID int
	Scopes  []Scope
}

// Has reports whether the viewer is a key with a scope.
func (v *Viewer) Has(scope Scope) bool {
	return v != nil && v.Key != nil && slices.Contains(v.Key.Scopes, scope)
}

// Holds reports whether the viewer is a key with a scope at an organization, given
// together with its district.
func (v *Viewer) Holds(scope Scope, organizationID, districtID int) bool {
	return v.Has(scope) && v.Key.DistrictID == districtID &&
		(v.Key.OrganizationID == organizationID || v.Key.OrganizationID == districtID)
}

// SubmitterID returns the educator in whose name the viewer submits jobs: the viewer's own
// account, or the agent of a key.
func (v *Viewer) SubmitterID() int {
	if v != nil && v.Key != nil {
		return v.Key.AgentID
	}
	if v == nil {
		return 0
	}
	return v.EducatorID
}
