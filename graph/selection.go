package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// primeStudents reads what the selected fields of a page of students need, with one
// statement each. prefixes are the paths to the students below the current field; an empty
// one stands for the field itself.
func primeStudents(ctx context.Context, students []*db.Student, prefixes ...string) error {
	if len(students) == 0 {
		return nil
	}
	l := loader.From(ctx)
	ids := make([]int, len(students))
	schools := make([]int, len(students))
	for i, s := range students {
		ids[i], schools[i] = s.ID, s.OrganizationID
		l.StudentByID.Set(s.ID, s)
	}
	if selection.Has(ctx, selection.Under(prefixes, "organization")...) {
		if err := l.SchoolByID.Prime(ctx, schools); err != nil {
			return err
		}
	}
	if selection.Has(ctx, selection.Under(prefixes, "viewerCanEdit")...) {
		if err := primeEditable(ctx, students); err != nil {
			return err
		}
	}
	if !selection.Has(ctx, selection.Under(prefixes, "groups")...) {
		return nil
	}
	if err := l.GroupsByStudent.Prime(ctx, ids); err != nil {
		return err
	}
	var groups []*db.Group
	for _, id := range ids {
		list, err := l.GroupsByStudent.Load(ctx, id)
		if err != nil {
			return err
		}
		groups = append(groups, list...)
	}
	return primeGroups(ctx, groups, selection.Under(prefixes, "groups")...)
}

// primeEditable finds out which of the students that the viewer does not administer may be
// edited.
func primeEditable(ctx context.Context, students []*db.Student) error {
	var ids []int
	for _, s := range students {
		if !viewer.FromContext(ctx).Administers(s.OrganizationID, s.DistrictID) {
			ids = append(ids, s.ID)
		}
	}
	return loader.From(ctx).EditableStudents.Prime(ctx, ids)
}

// primeGroups is primeStudents for groups.
func primeGroups(ctx context.Context, groups []*db.Group, prefixes ...string) error {
	if len(groups) == 0 {
		return nil
	}
	l := loader.From(ctx)
	ids := make([]int, len(groups))
	schools := make([]int, len(groups))
	for i, g := range groups {
		ids[i], schools[i] = g.ID, g.OrganizationID
		l.GroupByID.Set(g.ID, g)
	}
	if selection.Has(ctx, selection.Under(prefixes, "organization")...) {
		if err := l.SchoolByID.Prime(ctx, schools); err != nil {
			return err
		}
	}
	if selection.Has(ctx, selection.Under(prefixes, "educators")...) {
		return l.EducatorsByGroup.Prime(ctx, ids)
	}
	return nil
}

// primeOrganizations is primeStudents for organizations.
func primeOrganizations(ctx context.Context, organizations []*db.Organization, prefixes ...string) error {
	l := loader.From(ctx)
	var ids, parents, districts []int
	for _, o := range organizations {
		l.OrganizationByID.Set(o.ID, o)
		l.SchoolByID.Set(o.ID, o)
		ids = append(ids, o.ID)
		if o.ParentID != nil {
			parents = append(parents, *o.ParentID)
		} else {
			districts = append(districts, o.ID)
		}
	}
	for _, field := range []struct {
		names []string
		prime func(context.Context, []int) error
		ids   []int
	}{
		{[]string{"parent"}, l.OrganizationByID.Prime, parents},
		{[]string{"children"}, l.SchoolsByDistrict.Prime, districts},
		{[]string{"schoolYear", "usageGoalMinutesPerWeek", "settings"}, l.Settings.Prime, ids},
		{[]string{"studentCount"}, l.StudentCount.Prime, ids},
		{[]string{"notifications"}, l.Notices.Prime, ids},
	} {
		for _, name := range field.names {
			if selection.Has(ctx, selection.Under(prefixes, name)...) {
				if err := field.prime(ctx, field.ids); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
