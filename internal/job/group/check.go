package group

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// groupCheck makes plans of the rows of a file of classes and groups.
type groupCheck struct{ *reach.Check }

// groupRow is one row and what it means.
type groupRow struct {
	*sheet.Row
	id         int // The key in the Database ID, or 0.
	externalID string
	name       string
	educators  []string
	school     *db.Organization
	g          *db.Group // On record, or nil.
	byName     bool      // Found by the name, which stays as it is on record.
}

// groupLookup is what a batch of rows needs to know about groups.
type groupLookup struct {
	*reach.GroupFinder
	// taken are the external ids that groups have which the submitter does not see.
	taken     map[reach.InSchool]bool
	educators *reach.EducatorFinder
	setBy     *reach.SetBy
	// near are groups whose IDs look like those of new ones, by the school and the new ID.
	near map[reach.InSchool][]*db.Group
	// teaching are the educators of a group.
	teaching map[int]map[int]bool
}

// CheckRows implements kind.Checker.
func (c *groupCheck) CheckRows(ctx context.Context, rows []*sheet.Row) error {
	var all []*groupRow
	for _, r := range rows {
		if r.Refused {
			continue
		}
		line := &groupRow{
			Row:        r,
			externalID: r.ID(field.ColExternalID),
			name:       roster.Clean(r.Text(field.ColName)),
			educators:  reach.EducatorTexts(r),
		}
		line.id = reach.KeyOf(globalid.Group, r.Text(field.ColDatabaseID))
		r.Label = reach.GroupLabel(line.name, line.externalID)
		r.CannotClear(slices.Concat([]string{field.ColDatabaseID}, fixed, []string{field.ColSchool, field.ColEducators})...)
		c.place(line)
		all = append(all, line)
	}
	found, err := c.find(ctx, all)
	if err != nil {
		return err
	}
	for _, r := range all {
		if !r.Refused {
			c.match(r, found)
		}
	}
	if err := c.findTeaching(ctx, all, found); err != nil {
		return err
	}
	for _, r := range all {
		if !r.Refused {
			c.planRow(r, found)
		}
	}
	return nil
}

func (c *groupCheck) place(r *groupRow) {
	r.school = c.AtSchool()
	if cell := r.Text(field.ColSchool); cell != "" {
		school, p := c.FindSchool(r.Row, cell)
		if p != nil {
			r.Fail(field.ColSchool, p)
			return
		}
		r.school = school
	}
	switch {
	case r.school == nil && r.Text(field.ColDatabaseID) == "" && !r.Clears(field.ColSchool):
		r.Needs(field.ColSchool, "A class or group belongs to a school.")
	case r.school != nil && !c.Reaches(r.school.ID):
		c.RefuseOtherSchool(r.Row, field.ColSchool)
	}
}

func (c *groupCheck) find(ctx context.Context, rows []*groupRow) (*groupLookup, error) {
	found := &groupLookup{taken: map[reach.InSchool]bool{}, teaching: map[int]map[int]bool{}}
	var wishes []reach.GroupWish
	var texts, names []string
	externalIDs, schoolIDs := map[string]bool{}, map[int]bool{}
	for _, r := range rows {
		texts = append(texts, r.educators...)
		if r.Layout.Names(field.ColEducators) {
			names = append(names, r.educators...)
		}
		if r.id != 0 {
			wishes = append(wishes, reach.GroupWish{Text: globalid.Encode(globalid.Group, r.id)})
		}
		if r.school == nil {
			continue
		}
		schoolIDs[r.school.ID] = true
		for _, text := range []string{r.externalID, r.name} {
			if text != "" {
				wishes = append(wishes, reach.GroupWish{Text: text, Schools: []int{r.school.ID}})
			}
		}
		if r.externalID != "" {
			externalIDs[r.externalID] = true
		}
	}
	var err error
	if found.GroupFinder, err = c.FindGroups(ctx, wishes); err != nil {
		return nil, err
	}
	for _, g := range found.ByID {
		schoolIDs[g.OrganizationID] = true
	}
	taken, err := c.DB.Client(ctx).Group.Query().
		Where(group.OrganizationIDIn(slices.Sorted(maps.Keys(schoolIDs))...),
			group.ExternalIDIn(slices.Sorted(maps.Keys(externalIDs))...)).
		Select(group.FieldID, group.FieldOrganizationID, group.FieldExternalID).
		All(viewer.AsSystem(ctx, "whether an external id is taken"))
	if err != nil {
		return nil, err
	}
	for _, g := range taken {
		found.taken[reach.InSchool{School: g.OrganizationID, Text: *g.ExternalID}] = true
	}
	if err := c.findNear(ctx, rows, found); err != nil {
		return nil, err
	}
	if found.educators, err = c.FindEducators(ctx, texts, names); err != nil {
		return nil, err
	}
	found.setBy, err = c.FindSetters(ctx, found.educators.IDs())
	return found, err
}

// findNear reads groups whose IDs look like those of new ones, with one statement for a
// batch, or none if there are no groups yet.
func (c *groupCheck) findNear(ctx context.Context, rows []*groupRow, found *groupLookup) error {
	found.near = map[reach.InSchool][]*db.Group{}
	wanted, schools := map[string][]string{}, map[int]bool{}
	for _, r := range rows {
		if r.school == nil || r.id != 0 || r.externalID == "" || found.taken[r.at()] {
			continue
		}
		shape, err := c.ShapeOfGroupIDs(ctx)
		if err != nil {
			return err
		}
		for _, other := range shape.Near(r.externalID) {
			wanted[other] = append(wanted[other], r.externalID)
			schools[r.school.ID] = true
		}
	}
	for list := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), 2*bulk.StatementRows) {
		groups, err := c.DB.Client(ctx).Group.Query().
			Where(group.OrganizationIDIn(slices.Sorted(maps.Keys(schools))...), group.ExternalIDIn(list...)).
			Order(db.Asc(group.FieldID)).All(ctx)
		if err != nil {
			return err
		}
		for _, g := range groups {
			for _, id := range wanted[*g.ExternalID] {
				at := reach.InSchool{School: g.OrganizationID, Text: id}
				found.near[at] = append(found.near[at], g)
			}
		}
	}
	return nil
}

// warnOfTwin warns of a new group beside one of the school with the same name, or with an ID
// that looks the same.
func (c *groupCheck) warnOfTwin(r *groupRow, found *groupLookup) {
	describe := func(g *db.Group) string { return reach.GroupLabel(g.Name, row.Deref(g.ExternalID)) }
	const thing, id = "a class or group", "external ID"
	named := found.ByName[reach.InSchool{School: r.school.ID, Text: fold.Text(r.name)}]
	if alike := found.near[r.at()]; len(alike) > 0 {
		r.Warn(field.ColExternalID, reach.Twice(thing, reach.SameID, reach.NamesOf(alike, describe), id))
	} else if len(named) > 0 {
		r.Warn(field.ColName, reach.Twice(thing, "this name", reach.NamesOf(named, describe), id))
	}
	if r.externalID == "" {
		return
	}
	if first := c.LooksLikeEarlier("group id", reach.KeyAt(r.school.ID, ""), r.externalID, r.Number); first != 0 {
		r.Warn(field.ColExternalID, reach.Twice(thing, reach.SameID, "see row "+strconv.Itoa(first), id))
	}
}

// match finds the group of a row: by Database ID, by external id in the school,
// or, for a row without ids, by its name if exactly one group of the school has it.
func (c *groupCheck) match(r *groupRow, found *groupLookup) {
	switch at := r.at(); {
	case r.Text(field.ColDatabaseID) != "":
		r.g = found.ByID[r.id]
		if r.g == nil {
			r.Fail(field.ColDatabaseID,
				row.Problemf(row.UnknownGroup, "Copy the Database ID again, or clear the cell.",
					"There is no class or group with this Database ID among those you may see."))
			return
		}
		c.Note(r.Row, r.g)
		if r.school != nil && r.school.ID != r.g.OrganizationID && r.Text(field.ColSchool) != "" {
			r.Fail(field.ColSchool,
				row.Problemf(row.GroupsDoNotMove, "Create a new one at the other school.", "A class or group stays at its school."))
			return
		}
		if r.school = c.Schools.ByID[r.g.OrganizationID]; r.school == nil || !c.Reaches(r.school.ID) {
			c.RefuseOtherSchool(r.Row, field.ColDatabaseID)
			return
		}
	case r.externalID != "":
		r.g = found.ByExternal[at]
		if r.g == nil && found.taken[at] {
			r.Fail(field.ColExternalID,
				reach.UnseenUnless(false,
					row.Problemf(row.ExternalIDTaken, "Check the external ID, or ask an administrator.",
						"Another class or group of the school has this external ID.")))
			return
		}
	case r.name != "":
		named := reach.Exactly(r.name, found.ByName[reach.InSchool{School: r.school.ID, Text: fold.Text(r.name)}],
			reach.GroupName)
		if len(named) > 1 {
			p := found.Ambiguous(r.name, named)
			r.Fail(field.ColName, p)
			return
		}
		if len(named) == 1 {
			r.g, r.byName = named[0], true
		}
	default:
		r.Needs(field.ColName, "A new class or group needs one.")
		return
	}
	switch {
	case r.g != nil:
		c.Duplicate(r.Row, "class or group", "group", strconv.Itoa(r.g.ID))
	case r.externalID != "":
		c.Duplicate(r.Row, "class or group", "group id", reach.KeyAt(r.school.ID, r.externalID))
	default:
		c.Duplicate(r.Row, "class or group", "group name", reach.KeyAt(r.school.ID, fold.Key(r.name)))
	}
}

func (r *groupRow) at() reach.InSchool {
	if r.school == nil {
		return reach.InSchool{}
	}
	return reach.InSchool{School: r.school.ID, Text: r.externalID}
}

func (c *groupCheck) findTeaching(ctx context.Context, rows []*groupRow, found *groupLookup) error {
	var ids []int
	for _, r := range rows {
		if r.g != nil {
			ids = append(ids, r.g.ID)
		}
	}
	teaching, err := c.DB.Client(ctx).GroupEducator.Query().Where(groupeducator.GroupIDIn(ids...)).All(ctx)
	for _, t := range teaching {
		if found.teaching[t.GroupID] == nil {
			found.teaching[t.GroupID] = map[int]bool{}
		}
		found.teaching[t.GroupID][t.EducatorID] = true
	}
	return err
}

func (c *groupCheck) planRow(r *groupRow, found *groupLookup) {
	p := &row.Plan{Do: row.Create}
	if r.g != nil {
		p.Do = row.Update
		r.TargetID, r.Version = r.g.ID, r.g.Version
		r.Label = reach.GroupLabel(r.g.Name, row.Deref(r.g.ExternalID))
	} else {
		p.SchoolID = r.school.ID
	}
	for _, f := range values {
		if r.byName && f.DB == group.FieldName {
			continue
		}
		v, changes := sheet.Value(r.Row, f, r.g, "class or group")
		if changes && (f.DB != group.FieldExternalID || v.After == "" || c.isFree(r, v.After, found)) {
			p.SetColumn(f.DB, v.Value)
			p.Show(f.File.Name, v.Before, v.After)
		}
	}
	sheet.SetMade(p, roster.GroupFields, r.g)
	if r.g == nil {
		p.Show(field.ColSchool, "", r.school.Name)
	}
	c.teachers(r, p, found)
	if r.g == nil && !r.Refused {
		c.warnOfTwin(r, found)
	}
	if r.g != nil && r.g.Synced == 1 && len(p.Changes) > 0 {
		r.Fail("", row.Problemf(row.SyncedGroup, "Make the change in the school's information system.",
			"The school's information system keeps %s.", r.g.Name))
	}
	if !r.Refused && len(p.Changes) > 0 {
		r.Plan = p
	}
}

// isFree reports whether no other group of the school has a new external ID.
func (c *groupCheck) isFree(r *groupRow, id string, found *groupLookup) bool {
	if found.taken[r.at()] {
		r.Fail(field.ColExternalID,
			reach.UnseenUnless(found.ByExternal[r.at()] != nil,
				row.Problemf(row.ExternalIDTaken, "Check the external ID.",
					"Another class or group of the school has this external ID.")))
		return false
	}
	return c.IsFirst(r.Row, "group id", reach.KeyAt(r.school.ID, id))
}

// teachers plans who is added to the teachers of the group. A file never removes anybody.
// A teacher who creates a group teaches it.
func (c *groupCheck) teachers(r *groupRow, p *row.Plan, found *groupLookup) {
	var names []string
	there := map[int]bool{}
	if r.g != nil {
		there = maps.Clone(found.teaching[r.g.ID])
		if there == nil {
			there = map[int]bool{}
		}
	}
	add := func(id int, name string) {
		if !there[id] {
			there[id] = true
			p.Teach = append(p.Teach, id)
			names = append(names, name)
		}
	}
	for _, text := range r.educators {
		e, problem := found.educators.Find(text)
		if problem != nil {
			problem.Value = text
			r.Outside = r.Outside || found.educators.IsElsewhere(text)
			r.Fail(field.ColEducators, problem)
			continue
		}
		if !there[e.ID] {
			found.setBy.WarnOfClass(r.Row, e, r.school.ID, r.school.DistrictID)
		}
		add(e.ID, e.FirstName+" "+e.LastName)
	}
	if r.g == nil && !c.Viewer.Administers(r.school.ID, r.school.DistrictID) && !there[c.Viewer.EducatorID] {
		p.Teach = append(p.Teach, c.Viewer.EducatorID)
		names = append(names, found.educators.Self)
	}
	if len(names) > 0 {
		slices.Sort(names)
		p.Show(field.ColEducators, "", reach.ListedNames(names))
	}
}
