package reach

import (
	"context"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// GroupWish is a text that should be one group, and the schools in which to look.
type GroupWish struct {
	Text    string
	Schools []int
	// Parts is true if the text may name several groups, or one as a spreadsheet program
	// has changed it. Raw is the text with its line breaks, if it has any.
	Parts bool
	Raw   string
}

// GroupFinder holds the groups that the rows of a file may mean, among those that the
// submitter sees. Rows name the same groups again and again, so each group is looked up
// once; whether it has changed is checked when the rows are written.
type GroupFinder struct {
	schools    *schools
	ByID       map[int]*db.Group
	ByExternal map[InSchool]*db.Group
	ByName     map[InSchool][]*db.Group
	// named are the keys of the groups in byName.
	named map[int]bool
	// meant are the groups that a text has been found to mean in one school, as long
	// as no further groups have been read.
	meant map[InSchool][]*db.Group

	// AskedIDs are the keys of groups that have been asked for because a student is
	// in them, whether or not they are in the purview.
	AskedIDs map[int]bool
	// Elsewhere are groups of other schools, for those wishes that nothing in
	// their own school fulfills.
	ElsewhereByExternal map[string][]*db.Group
	elsewhereByName     map[string][]*db.Group

	// asked are the names that have been looked up, with school 0 for those without a
	// school.
	asked                             map[InSchool]bool
	askedElsewhere, askedElsewhereKey map[string]bool
	// raw are the texts of wishes as their cells have them, if they differ.
	raw map[string]string
}

func newGroupFinder(s *schools) *GroupFinder {
	return &GroupFinder{
		schools: s, ByID: map[int]*db.Group{}, AskedIDs: map[int]bool{}, meant: map[InSchool][]*db.Group{},
		ByExternal: map[InSchool]*db.Group{}, ByName: map[InSchool][]*db.Group{}, named: map[int]bool{},
		ElsewhereByExternal: map[string][]*db.Group{}, elsewhereByName: map[string][]*db.Group{},
		raw: map[string]string{}, asked: map[InSchool]bool{},
		askedElsewhere: map[string]bool{}, askedElsewhereKey: map[string]bool{},
	}
}

// InSchool is a text that means something in one school.
type InSchool struct {
	School int
	Text   string
}

// maxElsewhere limits how many groups of other schools are read for hints. A thousand
// schools may each have a group called Math.
const maxElsewhere = 200

// maxAsked limits what a finder remembers. A district has fewer groups, but a file of
// a million wrong names has more names; then the finder starts again.
const maxAsked = 50_000

// FindGroups reads the groups that a batch of wishes may mean: first by Database ID
// and in the schools of the wishes and then, only for wishes that are still open,
// elsewhere. If a wish names no school, its group may be anywhere.
func (c *Check) FindGroups(ctx context.Context, wishes []GroupWish) (*GroupFinder, error) {
	if c.finder == nil || len(c.finder.asked) > maxAsked {
		c.finder = newGroupFinder(c.Schools)
	}
	f := c.finder
	for _, w := range wishes {
		if clean := sheet.CleanID(w.Text); clean != w.Text {
			wishes = append(slices.Clip(wishes), GroupWish{Text: clean, Schools: w.Schools})
		}
	}
	wishes = f.notAsked(wishes)
	if len(wishes) == 0 {
		return f, nil
	}
	query := func() *db.GroupQuery { return c.DB.Client(ctx).Group.Query().Where(group.DistrictID(c.Job.DistrictID)) }
	if err := c.findHere(ctx, f, wishes, query); err != nil {
		return nil, err
	}
	if err := c.findElsewhere(ctx, f, wishes, query); err != nil {
		return nil, err
	}
	return f, c.findParts(ctx, f, wishes, query)
}

// findHere reads the groups that wishes mean by Database ID, and in their own schools.
func (c *Check) findHere(ctx context.Context, f *GroupFinder, wishes []GroupWish, query func() *db.GroupQuery) error {
	clear(f.meant)
	ids, texts, keys, schoolIDs := map[int]bool{}, map[string]bool{}, map[string]bool{}, map[int]bool{}
	for _, w := range wishes {
		if id, ok := globalid.Key(globalid.Group, w.Text); ok {
			ids[id] = true
		}
		texts[w.Text], keys[fold.Text(w.Text)] = true, true
		for _, id := range w.Schools {
			schoolIDs[id] = true
		}
	}
	for list := range Chunks(ids) {
		if err := f.Keep(ctx, query().Where(group.IDIn(list...)), f.AddID); err != nil {
			return err
		}
	}
	at := group.OrganizationIDIn(slices.Sorted(maps.Keys(schoolIDs))...)
	for list := range Chunks(texts) {
		if err := f.Keep(ctx, query().Where(at, group.ExternalIDIn(list...)), f.addExternal); err != nil {
			return err
		}
	}
	for list := range Chunks(keys) {
		if err := f.Keep(ctx, query().Where(at, group.NameKeyIn(list...)), f.addName); err != nil {
			return err
		}
	}
	return nil
}

// findElsewhere reads nothing if the file was uploaded for one school: administrators
// of that school read the hints, and may not see other schools.
func (c *Check) findElsewhere(ctx context.Context, f *GroupFinder, wishes []GroupWish,
	query func() *db.GroupQuery) error {
	if c.AtSchool() != nil {
		return nil
	}
	texts, keys := map[string]bool{}, map[string]bool{}
	for _, w := range wishes {
		if len(f.in(w.Text, w.Schools)) > 0 {
			continue
		}
		key := fold.Text(w.Text)
		if !f.askedElsewhere[w.Text] {
			texts[w.Text] = true
		}
		if !f.askedElsewhereKey[key] {
			keys[key] = true
		}
	}
	maps.Copy(f.askedElsewhere, texts)
	maps.Copy(f.askedElsewhereKey, keys)
	for list := range Chunks(texts) {
		err := f.Keep(ctx, query().Where(group.ExternalIDIn(list...)).Order(db.Asc(group.FieldID)), func(g *db.Group) {
			f.ElsewhereByExternal[*g.ExternalID] = append(f.ElsewhereByExternal[*g.ExternalID], g)
		})
		if err != nil {
			return err
		}
	}
	for list := range Chunks(keys) {
		err := f.Keep(ctx, query().Where(group.NameKeyIn(list...)).Order(db.Asc(group.FieldID)).Limit(maxElsewhere+len(list)),
			func(g *db.Group) {
				f.elsewhereByName[g.NameKey] = append(f.elsewhereByName[g.NameKey], g)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// notAsked keeps the wishes, or those schools of them, that are new, and
// remembers them.
func (f *GroupFinder) notAsked(wishes []GroupWish) []GroupWish {
	var left []GroupWish
	for _, w := range wishes {
		schools := w.Schools
		if len(schools) == 0 {
			schools = []int{0}
		}
		var open []int
		for _, id := range schools {
			if at := (InSchool{id, w.Text}); !f.asked[at] {
				f.asked[at] = true
				open = append(open, id)
			}
		}
		switch {
		case len(open) == 0:
		case len(w.Schools) == 0:
			left = append(left, w)
		default:
			left = append(left, GroupWish{w.Text, open, w.Parts, w.Raw})
		}
	}
	return left
}

// Chunks walks over a set in order, a bounded number of elements at a time, and
// not at all over an empty one.
func Chunks[K int | string](set map[K]bool) func(yield func([]K) bool) {
	return slices.Chunk(slices.Sorted(maps.Keys(set)), 2*bulk.StatementRows)
}

// Keep runs a query and hands each group of it on.
func (f *GroupFinder) Keep(ctx context.Context, q *db.GroupQuery, add func(*db.Group)) error {
	groups, err := q.All(ctx)
	for _, g := range groups {
		add(g)
	}
	return err
}

// AddID notes a group by its key.
func (f *GroupFinder) AddID(g *db.Group) { f.ByID[g.ID] = g }

func (f *GroupFinder) addExternal(g *db.Group) {
	f.ByExternal[InSchool{g.OrganizationID, *g.ExternalID}] = g
	f.AddID(g)
}

func (f *GroupFinder) addName(g *db.Group) {
	at := InSchool{g.OrganizationID, g.NameKey}
	if !f.named[g.ID] {
		f.named[g.ID] = true
		f.ByName[at] = append(f.ByName[at], g)
	}
	f.AddID(g)
}

// in returns the groups of schools that a text names: by external id and by name.
func (f *GroupFinder) in(text string, schools []int) []*db.Group {
	if len(schools) != 1 {
		return f.lookIn(text, schools)
	}
	at := InSchool{schools[0], text}
	found, known := f.meant[at]
	if !known {
		found = f.lookIn(text, schools)
		f.meant[at] = found
	}
	return found
}

func (f *GroupFinder) lookIn(text string, schools []int) []*db.Group {
	var found, named []*db.Group
	for _, id := range schools {
		if g := f.ByExternal[InSchool{id, text}]; g != nil {
			found = append(found, g)
		}
		named = append(named, f.ByName[InSchool{id, fold.Text(text)}]...)
	}
	return Union(found, Exactly(text, named, GroupName))
}

// Find returns the one group that a text means in some schools. Groups of which the
// student is already a member are always found, wherever they are: an export names them,
// and must be understood when it is uploaded again.
func (f *GroupFinder) Find(text string, schools []int, member []*db.Group) (*db.Group, *row.Problem) {
	if id, ok := globalid.Key(globalid.Group, text); ok {
		if g := f.ByID[id]; g != nil {
			return g, nil
		}
		return nil, row.Problemf(row.UnknownGroup, "Copy the Database ID again, or write the name.",
			"There is no class or group with the Database ID %s among those you may see.", text)
	}
	found := f.in(text, schools)
	if clean := sheet.CleanID(text); len(found) == 0 && clean != text {
		text, found = clean, f.in(clean, schools)
	}
	if also := calledByName(text, member); len(also) > 0 {
		found = Union(found, also)
	}
	switch len(found) {
	case 0:
		return nil, f.unknown(text, schools)
	case 1:
		return found[0], nil
	default:
		return nil, f.Ambiguous(text, found)
	}
}

// Called returns those of some groups that a text means: by Database ID, external ID or
// name.
func Called(text string, groups []*db.Group) []*db.Group {
	if id, ok := globalid.Key(globalid.Group, text); ok {
		return slices.DeleteFunc(slices.Clone(groups), func(g *db.Group) bool { return g.ID != id })
	}
	return calledByName(text, groups)
}

func calledByName(text string, groups []*db.Group) (called []*db.Group) {
	for _, g := range groups {
		if row.Deref(g.ExternalID) == text || fold.Key(g.Name) == fold.Key(text) {
			called = append(called, g)
		}
	}
	return called
}

// CalledByName returns those of some groups that have a name.
func CalledByName(name string, groups []*db.Group) (called []*db.Group) {
	for _, g := range groups {
		if fold.Key(g.Name) == fold.Key(name) {
			called = append(called, g)
		}
	}
	return called
}

// Ambiguous is the problem of a text that several groups go by; its hint lists some.
func (f *GroupFinder) Ambiguous(text string, found []*db.Group) *row.Problem {
	return row.Problemf(row.AmbiguousGroup, "Write the Database ID of the one you mean: "+NamesOf(found, f.describe)+".",
		"%d classes or groups match %s.", len(found), quote.Text(text))
}

func (f *GroupFinder) unknown(text string, schools []int) *row.Problem {
	elsewhere := Union(f.ElsewhereByExternal[text], f.elsewhereByName[fold.Text(text)])
	if p := f.instead(text, schools); p != nil && len(elsewhere) == 0 {
		return p
	}
	if len(elsewhere) == 0 {
		return row.Problemf(row.UnknownGroup, "Check the spelling, or create it first.",
			"There is no class or group %s that you can use here.", quote.Text(text))
	}
	return row.Problemf(row.UnknownGroup,
		"Another school has one; if you mean that one, write its Database ID: "+NamesOf(elsewhere, f.describe)+".",
		"There is no class or group %s at the student's school.", quote.Text(text))
}

// describe shows a group in a hint, with its school.
func (f *GroupFinder) describe(g *db.Group) string {
	text := candidate(g.Name, g.ExternalID, globalid.Encode(globalid.Group, g.ID))
	if school := f.schools.Name(g.OrganizationID); school != "" {
		text += " at " + school
	}
	return text
}

// GroupName returns the name of a group.
func GroupName(g *db.Group) string { return g.Name }

// Union joins lists of groups, each group once. A school may have thousands of
// groups with one name.
func Union(lists ...[]*db.Group) []*db.Group {
	var all []*db.Group
	var seen map[int]bool
	for _, g := range slices.Concat(lists...) {
		switch {
		case seen[g.ID], seen == nil && slices.ContainsFunc(all, func(o *db.Group) bool { return o.ID == g.ID }):
			continue
		case len(all) == manyGroups:
			seen = map[int]bool{}
			for _, o := range all {
				seen[o.ID] = true
			}
		}
		if seen != nil {
			seen[g.ID] = true
		}
		all = append(all, g)
	}
	return all
}

// manyGroups is the length from which a list is no longer searched for each group.
const manyGroups = 16

// SyncedGroup is why nobody enters or leaves a group by hand or by file.
func SyncedGroup(g *db.Group) *row.Problem {
	return row.Problemf(row.SyncedGroup, "Make the change in the school's information system.",
		"The school's information system keeps %s; add and remove its students there.", g.Name)
}
