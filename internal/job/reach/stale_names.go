package reach

import (
	"context"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// A plan knows schools and groups by their keys, but its preview shows their names. If
// one was renamed, somebody has agreed to something other than what would be written.

// RefuseRenamedSchools refuses the rows that put somebody or something into a school
// which has got another name since the preview was made.
func RefuseRenamedSchools(ctx context.Context, client *db.Client, b *row.Batch) error {
	ids := row.IDs(b.Rows, func(r *row.Planned) []int {
		if r.Plan.SchoolID == 0 {
			return nil
		}
		return []int{r.Plan.SchoolID, r.Plan.FromID}
	})
	if len(ids) == 0 {
		return nil
	}
	names := map[int]string{}
	schools, err := client.Organization.Query().Where(organization.IDIn(ids...)).
		Select(organization.FieldID, organization.FieldName).All(row.SystemFor(ctx))
	if err != nil {
		return err
	}
	for _, o := range schools {
		names[o.ID] = o.Name
	}
	for _, r := range b.Open() {
		if r.Plan.SchoolID != 0 && !showsSchools(r.Plan, names) {
			r.Stale("The school was renamed after the file was checked.")
		}
	}
	return nil
}

// showsSchools reports whether the preview of a plan calls its schools by their
// names, or names none.
func showsSchools(p *row.Plan, names map[int]string) bool {
	name := names[p.SchoolID]
	for _, c := range p.Changes {
		switch {
		case c.Field == field.ColSchool && p.FromID != 0 && row.Deref(c.Before) != names[p.FromID]:
			return false
		case c.After == nil:
		case c.Field == field.ColSchool && *c.After != name,
			c.Field == field.ColRole && !strings.HasSuffix(*c.After, " at "+name):
			return false
		}
	}
	return true
}

// RefuseRenamedGroups refuses the rows that list a group which has got another name
// since the preview was made, be it one that the student joins or leaves or not.
func RefuseRenamedGroups(b *row.Batch, groups map[int]*db.Group) {
	names := map[int]string{}
	for id, g := range groups {
		names[id] = g.Name
	}
	for _, r := range b.Open() {
		joins := slices.Clone(r.Plan.Join)
		for i, g := range r.Plan.New {
			if r.NewIDs[i] != 0 {
				joins = append(joins, r.NewIDs[i])
				continue
			}
			names[-g.N] = g.Name
			joins = append(joins, -g.N)
		}
		for _, c := range r.Plan.Changes {
			if c.Field == field.ColGroups &&
				!(Shows(c.Before, names, r.Plan.Leave, r.Plan.Keep) && Shows(c.After, names, joins, r.Plan.Keep)) {
				r.Stale("A class or group of this row was renamed after the file was checked.")
			}
		}
	}
}

// Shows reports whether a list of names, or a single name, has the names of exactly the
// given keys.
func Shows(list *string, known map[int]string, ids ...[]int) bool {
	var names []string
	for _, id := range slices.Concat(ids...) {
		name, ok := known[id]
		if !ok {
			return false
		}
		names = append(names, name)
	}
	if len(names) == 1 && names[0] == row.Deref(list) {
		return true
	}
	for i, name := range names {
		names[i] = csvfile.Clean(name)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" }) // As lists do.
	shown := csvfile.SplitList(row.Deref(list))
	slices.Sort(names)
	slices.Sort(shown)
	return slices.Equal(names, shown)
}
