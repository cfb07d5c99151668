package viewer

import "slices"

// Jointly returns a viewer that sees and does only what each of several people may see and
// do. It acts in the name of the first one. The server's own work limits nothing and is
// left out, unless there is nobody else.
func Jointly(first *Viewer, others ...*Viewer) *Viewer {
	var hands []*Viewer
	for _, v := range append([]*Viewer{first}, others...) {
		for _, h := range v.Hands() {
			if h != nil && !h.IsSystem() && !slices.ContainsFunc(hands, h.isSameAs) {
				hands = append(hands, h)
			}
		}
	}
	if len(hands) == 0 {
		return first
	}
	joint := *hands[0]
	joint.with = hands[1:]
	return &joint
}

// AdministratorOf returns an administrator of one school and of nothing else, without an
// account: it stands for what a school may be shown.
func AdministratorOf(schoolID, districtID int) *Viewer {
	return &Viewer{DistrictID: districtID, Assignments: []Assignment{{SchoolAdmin, schoolID, districtID}}}
}

// Hands returns those who act together, each alone; usually that is one. A policy combines
// what each of them may see.
func (v *Viewer) Hands() []*Viewer {
	if v == nil || len(v.with) == 0 {
		return []*Viewer{v}
	}
	first := *v
	first.with = nil
	return append([]*Viewer{&first}, v.with...)
}

// isSameAs compares people by their accounts. Viewers without an account are equal if
// their purviews are.
func (v *Viewer) isSameAs(o *Viewer) bool {
	return v.EducatorID == o.EducatorID && v.Key == o.Key && slices.Equal(v.Assignments, o.Assignments)
}

// IsAmong reports whether an educator is one of those who act together.
func (v *Viewer) IsAmong(educatorID int) bool {
	return educatorID != 0 &&
		slices.ContainsFunc(v.Hands(), func(h *Viewer) bool { return h != nil && h.EducatorID == educatorID })
}

// everybody reports whether something holds for each of those who act together.
func (v *Viewer) everybody(holds func(*Viewer) bool) bool {
	return !slices.ContainsFunc(v.Hands(), func(h *Viewer) bool { return !holds(h) })
}
