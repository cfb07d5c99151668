package importer

import (
	"context"
	"slices"
	"strings"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/internal/csvfile"
)

// A plan knows schools and groups by their keys, and its preview shows their names.
// Where one goes by another name by now, somebody has agreed to something else than
// what would be written.

// refuseRenamedSchools refuses the rows that put somebody or something into a school
// which has got another name since the preview was made.
func refuseRenamedSchools(ctx context.Context, client *db.Client, b *batch) error {
	ids := grouped(b.rows, func(r *plannedRow) []int {
		if r.plan.SchoolID == 0 {
			return nil
		}
		return []int{r.plan.SchoolID, r.plan.FromID}
	})
	if len(ids) == 0 {
		return nil
	}
	names := map[int]string{}
	schools, err := client.Organization.Query().Where(organization.IDIn(ids...)).
		Select(organization.FieldID, organization.FieldName).All(systemFor(ctx))
	if err != nil {
		return err
	}
	for _, o := range schools {
		names[o.ID] = o.Name
	}
	for _, r := range b.open() {
		if r.plan.SchoolID != 0 && !showsSchools(r.plan, names) {
			r.stale("The school has got another name since the file was checked.")
		}
	}
	return nil
}

// showsSchools reports whether the preview of a plan calls its schools by their
// names, or names none.
func showsSchools(p *plan, names map[int]string) bool {
	name := names[p.SchoolID]
	for _, c := range p.Changes {
		switch {
		case c.Field == colSchool && p.FromID != 0 && deref(c.Before) != names[p.FromID]:
			return false
		case c.After == nil:
		case c.Field == colSchool && *c.After != name, c.Field == colRole && !strings.HasSuffix(*c.After, " at "+name):
			return false
		}
	}
	return true
}

// refuseRenamedGroups refuses the rows that list a group which has got another name
// since the preview was made, be it one that the student joins or leaves or not.
func refuseRenamedGroups(b *batch, groups map[int]*db.Group) {
	names := map[int]string{}
	for id, g := range groups {
		names[id] = g.Name
	}
	for _, r := range b.open() {
		for _, c := range r.plan.Changes {
			if c.Field == colGroups && !(shows(c.Before, names, r.plan.Leave, r.plan.Keep) && shows(c.After, names, r.plan.Join, r.plan.Keep)) {
				r.stale("A class or group of this row has got another name since the file was checked.")
			}
		}
	}
}

// shows reports whether a list of names, or a name alone, has those of some keys
// and no others.
func shows(list *string, known map[int]string, ids ...[]int) bool {
	var names []string
	for _, id := range slices.Concat(ids...) {
		name, ok := known[id]
		if !ok {
			return false
		}
		names = append(names, name)
	}
	if len(names) == 1 && names[0] == deref(list) {
		return true
	}
	for i, name := range names {
		names[i] = csvfile.Clean(name)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" }) // As lists do.
	shown := csvfile.SplitList(deref(list))
	slices.Sort(names)
	slices.Sort(shown)
	return slices.Equal(names, shown)
}
