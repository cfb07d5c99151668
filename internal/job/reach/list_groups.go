package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// ByName compares groups by name and then by key.
func ByName(a, b *db.Group) int {
	return cmp.Or(cmp.Compare(a.NameKey, b.NameKey), cmp.Compare(a.ID, b.ID))
}

// Listed is a list of groups as a cell holds it.
func Listed(groups []*db.Group) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return csvfile.JoinList(names)
}

func idsOf(groups []*db.Group) []int {
	var ids []int
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	return ids
}

// Regroup notes in a plan that a student who is in some groups joins and leaves others, and
// joins new ones.
func Regroup(p *row.Plan, member, join, leave []*db.Group, made ...row.NewGroup) {
	keep := slices.DeleteFunc(slices.Clone(member), func(g *db.Group) bool { return slices.Contains(leave, g) })
	after := slices.Concat(keep, join)
	for _, g := range made {
		after = append(after, &db.Group{Name: g.Name, NameKey: fold.Text(g.Name)})
	}
	slices.SortFunc(after, ByName)
	p.Show(field.ColGroups, Listed(member), Listed(after))
	p.Join, p.Leave, p.Keep, p.New = idsOf(join), idsOf(leave), idsOf(keep), made
}

// GroupLabel is what the preview calls a group: the name and, if there is one, the
// external ID.
func GroupLabel(name, externalID string) string {
	if externalID == "" {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, externalID)
}

// KeyAt is the key of a claim that holds within one school.
func KeyAt(school int, text string) string { return strconv.Itoa(school) + " " + text }
