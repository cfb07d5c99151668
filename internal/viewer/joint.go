package viewer

import "slices"

// Jointly returns a viewer that sees and does only what each of some people may see
// and do by themselves. It asks in the name of the first one. The server's own work
// limits nothing and is left out, unless it is all there is.
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

// AdministratorOf is an administrator of one school and of nothing else, who is
// nobody in particular: what a school may be shown.
func AdministratorOf(schoolID, districtID int) *Viewer {
	return &Viewer{DistrictID: districtID, Assignments: []Assignment{{SchoolAdmin, schoolID, districtID}}}
}

// Hands are those who ask together, each by itself; most often that is one. A
// policy joins what each of them may see.
func (v *Viewer) Hands() []*Viewer {
	if v == nil || len(v.with) == 0 {
		return []*Viewer{v}
	}
	first := *v
	first.with = nil
	return append([]*Viewer{&first}, v.with...)
}

// isSameAs compares people by their accounts; whoever has none is only equal in the
// purview.
func (v *Viewer) isSameAs(o *Viewer) bool {
	return v.EducatorID == o.EducatorID && v.Key == o.Key && slices.Equal(v.Assignments, o.Assignments)
}

// IsAmong reports whether an educator is one of those who ask.
func (v *Viewer) IsAmong(educatorID int) bool {
	return educatorID != 0 &&
		slices.ContainsFunc(v.Hands(), func(h *Viewer) bool { return h != nil && h.EducatorID == educatorID })
}

// everybody reports whether something holds for each of those who ask.
func (v *Viewer) everybody(holds func(*Viewer) bool) bool {
	return !slices.ContainsFunc(v.Hands(), func(h *Viewer) bool { return !holds(h) })
}
