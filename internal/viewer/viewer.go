// Package viewer says who is asking. It depends only on the standard library, so that
// every layer, down to the database policies, can use it.
package viewer

import (
	"context"
	"slices"
)

// Role is what an educator does at one organization.
type Role string

// The roles, by the names that the API uses.
const (
	DistrictAdmin Role = "DISTRICT_ADMIN"
	SchoolAdmin   Role = "SCHOOL_ADMIN"
	Teacher       Role = "TEACHER"
)

// Assignment is one role at one organization: a district for DistrictAdmin, and a school
// for the other roles.
type Assignment struct {
	Role           Role
	OrganizationID int
	DistrictID     int
}

// Viewer is the person or process on whose behalf something runs. The zero
// value may see and do nothing.
type Viewer struct {
	EducatorID  int
	DistrictID  int
	SessionID   int
	Assignments []Assignment
	// BeforeSecondFactor is true for a person who must have a second factor and has shown
	// none. Such a session can only set one up, and holds no roles.
	BeforeSecondFactor bool
	// Key is set for a program with a service key; the fields above are then empty.
	Key *Key

	// reason is set for the server's own work, which no purview limits.
	reason string
	// with are others whose purviews limit this one; see Jointly.
	with []*Viewer
}

// System returns the viewer of the server's own work: migrations, counters, the worker's
// bookkeeping. The reason is a short noun phrase that says why the purview does not apply.
// Code that acts for a person never uses it for what the person will see.
func System(reason string) *Viewer {
	if reason == "" {
		panic("viewer: a system viewer needs a reason")
	}
	return &Viewer{reason: reason}
}

// Reason says why no purview limits the viewer; it is empty if one does.
func (v *Viewer) Reason() string {
	if v == nil {
		return ""
	}
	return v.reason
}

// IsSystem reports whether the viewer is the server itself.
func (v *Viewer) IsSystem() bool { return v != nil && v.reason != "" }

// AdminDistricts returns the districts that the viewer administers as a whole.
func (v *Viewer) AdminDistricts() []int { return v.organizations(DistrictAdmin) }

// AdminSchools returns the schools that the viewer administers individually, without those
// that a district role covers.
func (v *Viewer) AdminSchools() []int { return v.organizations(SchoolAdmin) }

// TeacherSchools returns the schools at which the viewer teaches.
func (v *Viewer) TeacherSchools() []int { return v.organizations(Teacher) }

// IsAdmin reports whether the viewer administers anything. If several act together, each
// of them must.
func (v *Viewer) IsAdmin() bool {
	return v.everybody(func(v *Viewer) bool {
		return v != nil && slices.ContainsFunc(v.Assignments, func(a Assignment) bool { return a.Role != Teacher })
	})
}

// IsTeacher reports whether the viewer, or one of those who act together, holds a
// teacher's role anywhere.
func (v *Viewer) IsTeacher() bool {
	return slices.ContainsFunc(v.Hands(), func(v *Viewer) bool {
		return v != nil && slices.ContainsFunc(v.Assignments, func(a Assignment) bool { return a.Role == Teacher })
	})
}

// Administers reports whether the viewer administers an organization, given together with
// its district. If several act together, each of them must.
func (v *Viewer) Administers(organizationID, districtID int) bool {
	return v.everybody(func(v *Viewer) bool {
		return v.IsSystem() ||
			slices.Contains(v.AdminDistricts(), districtID) ||
			slices.Contains(v.AdminSchools(), organizationID)
	})
}

// TeachesAt reports whether the viewer holds a teacher's role at the school. If several
// act together, each of them must.
func (v *Viewer) TeachesAt(organizationID int) bool {
	return v.everybody(func(v *Viewer) bool { return slices.Contains(v.TeacherSchools(), organizationID) })
}

// WorksAt reports whether the viewer administers a school or teaches there. If several act
// together, each of them must do one or the other.
func (v *Viewer) WorksAt(organizationID, districtID int) bool {
	return v.everybody(func(v *Viewer) bool {
		return v.Administers(organizationID, districtID) || v.TeachesAt(organizationID)
	})
}

// organizations returns those at which the viewer holds a role. If several act together,
// these are the ones where each of them does. That is less than what they see together; a
// rule finds that out by asking for each of the Hands.
func (v *Viewer) organizations(role Role) []int {
	var ids []int
	for i, h := range v.Hands() {
		own := h.held(role)
		if i == 0 {
			ids = own
			continue
		}
		ids = slices.DeleteFunc(ids, func(id int) bool { return !slices.Contains(own, id) })
	}
	return ids
}

func (v *Viewer) held(role Role) []int {
	if v == nil {
		return nil
	}
	var ids []int
	for _, a := range v.Assignments {
		if a.Role == role && !slices.Contains(ids, a.OrganizationID) {
			ids = append(ids, a.OrganizationID)
		}
	}
	return ids
}

type contextKey struct{}

type askerKey struct{}

// NewContext returns a context that carries the viewer. Work that the server then
// does for itself in the same context (AsSystem) still knows who asked; see Asker.
func NewContext(ctx context.Context, v *Viewer) context.Context {
	if v != nil && !v.IsSystem() {
		ctx = context.WithValue(ctx, askerKey{}, v)
	}
	return context.WithValue(ctx, contextKey{}, v)
}

// Asker returns the person or program on whose behalf something happens, even if the
// server acts for itself on the way. It is nil if nobody asked. It never decides what
// somebody may see; it is for the audit trail.
func Asker(ctx context.Context) *Viewer {
	v, _ := ctx.Value(askerKey{}).(*Viewer)
	return v
}

// FromContext returns the viewer of a context, or nil if nobody has signed in.
func FromContext(ctx context.Context) *Viewer {
	v, _ := ctx.Value(contextKey{}).(*Viewer)
	return v
}

// AsSystem returns a context in which the server acts for itself; see System.
func AsSystem(ctx context.Context, reason string) context.Context {
	return NewContext(ctx, System(reason))
}
