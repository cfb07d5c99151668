package export

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// groupNames holds the groups of an organization, and the name under which a file must
// list each so that an import finds that group and no other. A district has some ten
// thousand groups, which fit into memory; its students may not.
type groupNames struct {
	client     *db.Client
	byID       map[int]*db.Group
	byName     map[inSchool]int // How many groups have a folded name.
	byExternal map[inSchool]int // The group with an external id.
}

type inSchool struct {
	school int
	text   string
}

func readGroups(ctx context.Context, client *db.Client, o *db.Organization) (*groupNames, error) {
	var of predicate.Group = group.OrganizationID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		of = group.DistrictID(o.ID)
	}
	n := &groupNames{client: client, byID: map[int]*db.Group{}, byName: map[inSchool]int{}, byExternal: map[inSchool]int{}}
	return n, n.read(ctx, of)
}

func (n *groupNames) read(ctx context.Context, where predicate.Group) error {
	groups, err := n.client.Group.Query().Where(where).
		Select(group.FieldID, group.FieldOrganizationID, group.FieldName, group.FieldExternalID).All(ctx)
	for _, g := range groups {
		n.byID[g.ID] = g
		n.byName[inSchool{g.OrganizationID, fold.Key(g.Name)}]++
		if g.ExternalID != nil {
			n.byExternal[inSchool{g.OrganizationID, *g.ExternalID}] = g.ID
		}
	}
	return err
}

// cells returns the cells with the groups of students, by the keys of the students.
func (n *groupNames) cells(ctx context.Context, students []*db.Student) (map[int]string, error) {
	ids := make([]int, len(students))
	for i, st := range students {
		ids[i] = st.ID
	}
	memberships, err := n.client.Enrollment.Query().Where(enrollment.StudentIDIn(ids...)).
		Select(enrollment.FieldStudentID, enrollment.FieldGroupID).All(ctx)
	if err != nil {
		return nil, err
	}
	if err := n.readMissing(ctx, memberships); err != nil {
		return nil, err
	}
	member := make(map[int][]*db.Group, len(students))
	for _, m := range memberships {
		if g := n.byID[m.GroupID]; g != nil {
			member[m.StudentID] = append(member[m.StudentID], g)
		}
	}
	cells := make(map[int]string, len(member))
	for _, st := range students {
		cells[st.ID] = n.cell(st.OrganizationID, member[st.ID])
	}
	return cells, nil
}

// readMissing reads groups of other schools, to which a student who has moved may still
// belong.
func (n *groupNames) readMissing(ctx context.Context, memberships []*db.Enrollment) error {
	var missing []int
	for _, m := range memberships {
		if n.byID[m.GroupID] == nil && !slices.Contains(missing, m.GroupID) {
			missing = append(missing, m.GroupID)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return n.read(ctx, group.IDIn(missing...))
}

// cell returns the cell for the groups of a student of a school, by name.
func (n *groupNames) cell(school int, groups []*db.Group) string {
	slices.SortFunc(groups, func(a, b *db.Group) int {
		return cmp.Or(cmp.Compare(fold.Text(a.Name), fold.Text(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
		if !n.isClear(g, school, groups) {
			names[i] = globalid.Encode(globalid.Group, g.ID)
		}
	}
	return csvfile.JoinList(names)
}

// isClear reports whether the name of a group identifies it. An import looks among the
// groups of the student's school and those that the student is in. It also reads a text as
// an external id, and as a Database ID if it looks like one.
func (n *groupNames) isClear(g *db.Group, school int, member []*db.Group) bool {
	_, isID := globalid.Key(globalid.Group, g.Name)
	external := n.byExternal[inSchool{school, g.Name}]
	switch {
	case isID, strings.EqualFold(g.Name, roster.ClearWord), roster.Clean(g.Name) != g.Name:
		return false
	case g.OrganizationID != school, n.byName[inSchool{school, fold.Key(g.Name)}] != 1, external != 0 && external != g.ID:
		return false
	}
	return !slices.ContainsFunc(member, func(o *db.Group) bool {
		return o.ID != g.ID && (o.ExternalID != nil && *o.ExternalID == g.Name || fold.Key(o.Name) == fold.Key(g.Name))
	})
}
