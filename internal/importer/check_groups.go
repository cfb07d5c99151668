package importer

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/ent/db/groupeducator"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// groupCheck makes plans of the rows of a file of classes and groups.
type groupCheck struct{ *check }

// groupRow is one row and what it means.
type groupRow struct {
	*fileRow
	id         int // The key in the Database ID, or 0.
	externalID string
	name       string
	educators  []string
	school     *db.Organization
	g          *db.Group // On record, or nil.
}

// groupLookup is what a batch of rows needs to know about groups.
type groupLookup struct {
	*groupFinder
	// taken are the external ids that groups have which the submitter does not see.
	taken     map[inSchool]bool
	educators *educatorFinder
	// teaching are the educators of a group.
	teaching map[int]map[int]bool
}

func (c *groupCheck) checkRows(ctx context.Context, rows []*fileRow) error {
	var all []*groupRow
	for _, r := range rows {
		if r.refused {
			continue
		}
		row := &groupRow{fileRow: r, externalID: roster.Clean(r.text(colExternalID)), name: roster.Clean(r.text(colName)), educators: educatorTexts(r)}
		row.id = keyOf(globalid.Group, r.text(colDatabaseID))
		r.label = groupLabel(row.name, row.externalID)
		r.cannotClear(colDatabaseID, colName, colSchool, colEducators)
		c.place(row)
		all = append(all, row)
	}
	found, err := c.find(ctx, all)
	if err != nil {
		return err
	}
	for _, r := range all {
		if !r.refused {
			c.match(r, found)
		}
	}
	if err := c.findTeaching(ctx, all, found); err != nil {
		return err
	}
	for _, r := range all {
		if !r.refused {
			c.planRow(r, found)
		}
	}
	return nil
}

func (c *groupCheck) place(r *groupRow) {
	r.school = c.atSchool()
	if cell := r.text(colSchool); cell != "" {
		school, p := c.findSchool(r.fileRow, cell)
		if p != nil {
			r.fail(colSchool, p)
			return
		}
		r.school = school
	}
	switch {
	case r.school == nil && r.text(colDatabaseID) == "" && !r.clears(colSchool):
		r.needs(colSchool, "A class or group belongs to a school.")
	case r.school != nil && !c.reaches(r.school.ID):
		c.refuseOtherSchool(r.fileRow, colSchool)
	}
}

func (c *groupCheck) find(ctx context.Context, rows []*groupRow) (*groupLookup, error) {
	found := &groupLookup{taken: map[inSchool]bool{}, teaching: map[int]map[int]bool{}}
	var wishes []groupWish
	var texts []string
	externalIDs, schoolIDs := map[string]bool{}, map[int]bool{}
	for _, r := range rows {
		texts = append(texts, r.educators...)
		if r.id != 0 {
			wishes = append(wishes, groupWish{text: globalid.Encode(globalid.Group, r.id)})
		}
		if r.school == nil {
			continue
		}
		schoolIDs[r.school.ID] = true
		for _, text := range []string{r.externalID, r.name} {
			if text != "" {
				wishes = append(wishes, groupWish{text, []int{r.school.ID}})
			}
		}
		if r.externalID != "" {
			externalIDs[r.externalID] = true
		}
	}
	var err error
	if found.groupFinder, err = c.findGroups(ctx, wishes); err != nil {
		return nil, err
	}
	for _, g := range found.byID {
		schoolIDs[g.OrganizationID] = true
	}
	taken, err := c.db.Client(ctx).Group.Query().
		Where(group.OrganizationIDIn(slices.Sorted(maps.Keys(schoolIDs))...), group.ExternalIDIn(slices.Sorted(maps.Keys(externalIDs))...)).
		Select(group.FieldID, group.FieldOrganizationID, group.FieldExternalID).
		All(viewer.AsSystem(ctx, "whether an external id is taken"))
	if err != nil {
		return nil, err
	}
	for _, g := range taken {
		found.taken[inSchool{g.OrganizationID, *g.ExternalID}] = true
	}
	found.educators, err = c.findEducators(ctx, texts)
	return found, err
}

// match finds the group of a row: by Database ID, by external id in the school,
// or, for a row without ids, by its name if exactly one group of the school has it.
func (c *groupCheck) match(r *groupRow, found *groupLookup) {
	switch at := r.at(); {
	case r.text(colDatabaseID) != "":
		r.g = found.byID[r.id]
		if r.g == nil {
			r.fail(colDatabaseID, problemf(UnknownGroup, "Copy the Database ID again, or clear the cell.", "There is no class or group with this Database ID in your purview."))
			return
		}
		c.note(r.fileRow, r.g)
		if r.school != nil && r.school.ID != r.g.OrganizationID && r.text(colSchool) != "" {
			r.fail(colSchool, problemf(GroupsDoNotMove, "Create a new one at the other school.", "A class or group stays at its school."))
			return
		}
		if r.school = c.schools.byID[r.g.OrganizationID]; r.school == nil || !c.reaches(r.school.ID) {
			c.refuseOtherSchool(r.fileRow, colDatabaseID)
			return
		}
	case r.externalID != "":
		r.g = found.byExternal[at]
		if r.g == nil && found.taken[at] {
			r.fail(colExternalID, unseenUnless(false, problemf(ExternalIDTaken, "Check the external ID, or ask an administrator.", "Another class or group of the school has this external ID.")))
			return
		}
	case r.name != "":
		named := exactly(r.name, found.byName[inSchool{r.school.ID, fold.Text(r.name)}], groupName)
		if len(named) > 1 {
			p := found.ambiguous(r.name, named)
			r.fail(colName, p)
			return
		}
		if len(named) == 1 {
			r.g = named[0]
		}
	default:
		r.needs(colName, "A new class or group needs one.")
		return
	}
	switch {
	case r.g != nil:
		c.duplicate(r.fileRow, "class or group", "group", strconv.Itoa(r.g.ID))
	case r.externalID != "":
		c.duplicate(r.fileRow, "class or group", "group id", keyAt(r.school.ID, r.externalID))
	default:
		c.duplicate(r.fileRow, "class or group", "group name", keyAt(r.school.ID, fold.Key(r.name)))
	}
}

func (r *groupRow) at() inSchool {
	if r.school == nil {
		return inSchool{}
	}
	return inSchool{r.school.ID, r.externalID}
}

func (c *groupCheck) findTeaching(ctx context.Context, rows []*groupRow, found *groupLookup) error {
	var ids []int
	for _, r := range rows {
		if r.g != nil {
			ids = append(ids, r.g.ID)
		}
	}
	teaching, err := c.db.Client(ctx).GroupEducator.Query().Where(groupeducator.GroupIDIn(ids...)).All(ctx)
	for _, t := range teaching {
		if found.teaching[t.GroupID] == nil {
			found.teaching[t.GroupID] = map[int]bool{}
		}
		found.teaching[t.GroupID][t.EducatorID] = true
	}
	return err
}

func (c *groupCheck) planRow(r *groupRow, found *groupLookup) {
	p := &plan{Do: doCreate}
	name, externalID := "", ""
	if r.g != nil {
		p.Do = doUpdate
		r.targetID, r.version = r.g.ID, r.g.Version
		name, externalID = r.g.Name, deref(r.g.ExternalID)
		r.label = groupLabel(name, externalID)
	} else {
		p.SchoolID = r.school.ID
	}
	c.externalID(r, p, externalID, found)
	switch value := r.legible(colName, name); {
	case value == "" && name == "" && !r.refusedAt(colName):
		r.needs(colName, "A new class or group needs one.")
	case value == "" || value == name:
	default:
		if err := roster.CheckName(value, "name of the class or group", roster.MaxGroupName); err != nil {
			r.fail(colName, fromFault(err, "Shorten it."))
		} else if utf8.RuneCountInString(fold.Text(value)) > maxKey {
			r.fail(colName, problemf(TooLong, "Shorten it.", "The name is too long."))
		}
		p.set(group.FieldName, value)
		p.set(group.FieldNameKey, fold.Text(value))
		p.changes(colName, name, value)
	}
	if r.g == nil {
		p.changes(colSchool, "", r.school.Name)
	}
	c.teachers(r, p, found)
	if r.g != nil && r.g.Synced == 1 && len(p.Changes) > 0 {
		r.fail("", problemf(SyncedGroup, "Make the change in the school's information system.", "%s is kept by the school's information system.", r.g.Name))
	}
	if !r.refused && len(p.Changes) > 0 {
		r.plan = p
	}
}

func (c *groupCheck) externalID(r *groupRow, p *plan, current string, found *groupLookup) {
	value := r.undamaged(colExternalID, current)
	switch {
	case r.clears(colExternalID) && current != "":
		p.set(group.FieldExternalID, nil)
		p.changes(colExternalID, current, "")
		return
	case value == "" || value == current:
		return
	case utf8.RuneCountInString(value) > roster.MaxExternalID:
		r.fail(colExternalID, problemf(TooLong, "Shorten it.", "The external ID has more than %d characters.", roster.MaxExternalID))
		return
	case found.taken[r.at()]:
		r.fail(colExternalID, unseenUnless(found.byExternal[r.at()] != nil, problemf(ExternalIDTaken, "Check the external ID.", "Another class or group of the school has this external ID.")))
		return
	}
	if first := c.seen.first("group id", keyAt(r.school.ID, value)); first != 0 && first != r.Row {
		r.fail(colExternalID, problemf(DuplicateInFile, "Keep one of the two rows.", "Row %d has the same external ID.", first))
		return
	}
	c.seen.claim("group id", keyAt(r.school.ID, value), r.Row)
	p.set(group.FieldExternalID, value)
	p.changes(colExternalID, current, value)
}

// teachers plans who is added to those who teach the group. A file never takes
// anybody away. A teacher who creates a group teaches it.
func (c *groupCheck) teachers(r *groupRow, p *plan, found *groupLookup) {
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
		e, problem := found.educators.find(text)
		if problem != nil {
			problem.Value = text
			r.outside = r.outside || found.educators.isElsewhere(text)
			r.fail(colEducators, problem)
			continue
		}
		add(e.ID, e.FirstName+" "+e.LastName)
	}
	if r.g == nil && !c.v.Administers(r.school.ID, r.school.DistrictID) && !there[c.v.EducatorID] {
		p.Teach = append(p.Teach, c.v.EducatorID)
		names = append(names, found.educators.self)
	}
	if len(names) > 0 {
		slices.Sort(names)
		p.changes(colEducators, "", listedNames(names))
	}
}
