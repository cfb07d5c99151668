package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
)

// selects reports whether the current field selects one of the paths below it, such as
// "nodes.groups".
func selects(ctx context.Context, paths ...string) bool {
	if !graphql.HasOperationContext(ctx) {
		return false
	}
	op := graphql.GetOperationContext(ctx)
	top := graphql.CollectFieldsCtx(ctx, nil)
	for _, path := range paths {
		if selected(op, top, strings.Split(path, ".")) {
			return true
		}
	}
	return false
}

func selected(op *graphql.OperationContext, fields []graphql.CollectedField, path []string) bool {
	for _, f := range fields {
		if f.Name != path[0] {
			continue
		}
		if len(path) == 1 || selected(op, collect(op, f.Selections), path[1:]) {
			return true
		}
	}
	return false
}

func collect(op *graphql.OperationContext, set ast.SelectionSet) []graphql.CollectedField {
	return graphql.CollectFields(op, set, nil)
}

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
	if selects(ctx, under(prefixes, "organization")...) {
		if err := l.SchoolByID.Prime(ctx, schools); err != nil {
			return err
		}
	}
	if !selects(ctx, under(prefixes, "groups")...) {
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
	return primeGroups(ctx, groups, under(prefixes, "groups")...)
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
	if selects(ctx, under(prefixes, "organization")...) {
		if err := l.SchoolByID.Prime(ctx, schools); err != nil {
			return err
		}
	}
	if selects(ctx, under(prefixes, "educators")...) {
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
			if selects(ctx, under(prefixes, name)...) {
				if err := field.prime(ctx, field.ids); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func under(prefixes []string, field string) []string {
	paths := make([]string, len(prefixes))
	for i, p := range prefixes {
		paths[i] = strings.TrimPrefix(p+"."+field, ".")
	}
	return paths
}
