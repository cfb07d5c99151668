package educator

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/credential"
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

// educatorLookup is what a batch of rows needs to know about educators.
type educatorLookup struct {
	// first are the first rows about educators on record, by their keys, and given the roles that
	// rows give them.
	first map[int]*educatorRow
	given map[int]map[roleAtSchool]bool
	*reach.EducatorFinder
	editable map[int]bool
	// External ids of the district and addresses of the installation that
	// somebody has, whether or not the submitter sees that one.
	taken  map[string]int
	emails map[string]int
	// roles are the roles that educators hold: "TEACHER 17" by educator.
	roles map[int]map[string]bool
	// all are all roles of educators, including those that the submitter does not see.
	all map[int][]viewer.Assignment
	// behind are the makers of the service key, if a program submitted the file.
	behind  []int
	program bool
	// near are educators with IDs that look like those of new ones, and named those with their
	// names, by the new ID and by the name for sorting.
	near  map[string][]*db.Educator
	named map[string][]*db.Educator
	// setters knows who has set the credentials of educators.
	setters *credential.Setters
}

// CheckRows implements kind.Checker.
func (c *educatorCheck) CheckRows(ctx context.Context, rows []*sheet.Row) error {
	var all []*educatorRow
	for _, r := range rows {
		if r.Refused {
			continue
		}
		person := &educatorRow{
			Row:        r,
			externalID: r.ID(field.ColExternalID),
			email:      r.ID(field.ColEmail),
		}
		person.id = reach.KeyOf(globalid.Educator, r.Text(field.ColDatabaseID))
		r.Label = reach.Label(roster.Clean(r.Text(field.ColFirstName)),
			roster.Clean(r.Text(field.ColLastName)), person.externalID)
		all = append(all, person)
	}
	found, err := c.find(ctx, all)
	if err != nil {
		return err
	}
	for _, r := range all {
		c.match(r, found)
		if !r.Refused {
			c.planRow(r, found)
		}
	}
	return nil
}

func (c *educatorCheck) find(ctx context.Context, rows []*educatorRow) (*educatorLookup, error) {
	found := &educatorLookup{
		first:    map[int]*educatorRow{},
		given:    map[int]map[roleAtSchool]bool{},
		editable: map[int]bool{},
		taken:    map[string]int{},
		emails:   map[string]int{},
		roles:    map[int]map[string]bool{},
	}
	var texts, externalIDs, keys []string
	for _, r := range rows {
		if r.id != 0 {
			texts = append(texts, globalid.Encode(globalid.Educator, r.id))
		}
		if r.externalID != "" {
			texts, externalIDs = append(texts, r.externalID), append(externalIDs, r.externalID)
		}
		if r.email != "" {
			texts, keys = append(texts, r.email), append(keys, fold.Addresses(r.email)...)
		}
	}
	var err error
	if found.EducatorFinder, err = c.FindEducators(ctx, texts, nil); err != nil {
		return nil, err
	}
	client := c.DB.Client(ctx)
	system := viewer.AsSystem(ctx, "whether an external id or address is taken")
	taken, err := client.Educator.Query().
		Where(educator.DistrictID(c.Job.DistrictID), educator.ExternalIDIn(externalIDs...)).
		Select(educator.FieldID, educator.FieldExternalID).All(system)
	if err != nil {
		return nil, err
	}
	for _, e := range taken {
		found.taken[*e.ExternalID] = e.ID
	}
	emails, err := client.Educator.Query().Where(educator.EmailKeyIn(keys...)).
		Select(educator.FieldID, educator.FieldEmailKey).All(system)
	if err != nil {
		return nil, err
	}
	for _, e := range emails {
		found.emails[fold.Address(*e.EmailKey)] = e.ID
	}
	if err := c.findTwins(ctx, rows, found); err != nil {
		return nil, err
	}
	return found, c.findRoles(ctx, found)
}

// findTwins reads educators with the names of new ones, or with IDs that look like theirs,
// with two statements for a batch, or none if there is no educator yet.
func (c *educatorCheck) findTwins(ctx context.Context, rows []*educatorRow, found *educatorLookup) error {
	found.near, found.named = map[string][]*db.Educator{}, map[string][]*db.Educator{}
	wanted, names := map[string][]string{}, map[string]bool{}
	for _, r := range rows {
		if r.id != 0 || r.externalID == "" || found.taken[r.externalID] != 0 {
			continue
		}
		shape, err := c.ShapeOfEducatorIDs(ctx)
		if err != nil {
			return err
		}
		if !shape.Some {
			return nil
		}
		for _, other := range shape.Near(r.externalID) {
			wanted[other] = append(wanted[other], r.externalID)
		}
		names[r.sortName()] = true
	}
	here := func() *db.EducatorQuery {
		return c.DB.Client(ctx).Educator.Query().Where(educator.DistrictID(c.Job.DistrictID)).Order(db.Asc(educator.FieldID))
	}
	var all []*db.Educator
	for list := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), 2*bulk.StatementRows) {
		some, err := here().Where(educator.ExternalIDIn(list...)).All(c.Here(ctx))
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	for list := range reach.Chunks(names) {
		some, err := here().Where(educator.SortNameIn(list...)).All(c.Here(ctx))
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	seen := map[int]bool{}
	for _, e := range all {
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		for _, id := range wanted[row.Deref(e.ExternalID)] {
			found.near[id] = append(found.near[id], e)
		}
		found.named[e.SortName] = append(found.named[e.SortName], e)
	}
	return nil
}

// sortName is the name for sorting of the educator of a row.
func (r *educatorRow) sortName() string {
	return fold.SortName(roster.Clean(r.Text(field.ColLastName)), roster.Clean(r.Text(field.ColFirstName)))
}

// warnOfTwin warns of a new educator beside one with the same name, or with an ID that looks
// the same.
func (c *educatorCheck) warnOfTwin(r *educatorRow, found *educatorLookup) {
	describe := func(e *db.Educator) string { return reach.Label(e.FirstName, e.LastName, row.Deref(e.ExternalID)) }
	const thing, id = "an educator", "external ID"
	if alike := found.near[r.externalID]; len(alike) > 0 {
		r.Warn(field.ColExternalID, reach.Twice(thing, reach.SameID, reach.NamesOf(alike, describe), id))
	} else if named := found.named[r.sortName()]; len(named) > 0 {
		r.Warn(field.ColLastName, reach.Twice(thing, "this name", reach.NamesOf(named, describe), id))
	}
	if r.externalID == "" {
		return
	}
	if first := c.LooksLikeEarlier("educator id", "", r.externalID, r.Number); first != 0 {
		r.Warn(field.ColExternalID, reach.Twice(thing, reach.SameID, "see row "+strconv.Itoa(first), id))
	}
}

func (c *educatorCheck) findRoles(ctx context.Context, found *educatorLookup) error {
	ctx = c.Here(ctx)
	client := c.DB.Client(ctx)
	var ids []int
	for id := range found.ByID {
		ids = append(ids, id)
	}
	var err error
	if found.all, err = credential.RolesOf(ctx, client, ids); err != nil {
		return err
	}
	if found.setters, err = credential.SettersOf(ctx, client, ids); err != nil {
		return err
	}
	if found.behind, found.program, err = c.kind.behind(ctx, c.Job); err != nil {
		return err
	}
	editable, err := client.Educator.Query().
		Where(educator.IDIn(ids...), rule.EducatorsEdited(viewer.FromContext(ctx))).IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range editable {
		found.editable[id] = true
	}
	roles, err := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...)).All(ctx)
	for _, r := range roles {
		if found.roles[r.EducatorID] == nil {
			found.roles[r.EducatorID] = map[string]bool{}
		}
		found.roles[r.EducatorID][roleAt(string(r.Role), r.OrganizationID)] = true
	}
	return err
}

func roleAt(role string, organizationID int) string { return role + " " + strconv.Itoa(organizationID) }
