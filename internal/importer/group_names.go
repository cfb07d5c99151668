package importer

import (
	"context"
	"maps"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/quote"
)

// groupWish is a text that should be one group, and the schools in which to look.
type groupWish struct {
	text    string
	schools []int
}

// groupFinder holds the groups that the rows of a file may mean. They are groups
// that the submitter sees. Rows name the same groups again and again, so what has
// been asked once is not asked again; whether a group is still as it was is seen
// when the rows are written.
type groupFinder struct {
	schools    *schools
	byID       map[int]*db.Group
	byExternal map[inSchool]*db.Group
	byName     map[inSchool][]*db.Group
	// named are the keys of the groups in byName.
	named map[int]bool
	// meant are the groups that a text has been found to mean in one school, as long
	// as no further groups have been read.
	meant map[inSchool][]*db.Group

	// askedIDs are the keys of groups that have been asked for because a student is
	// in them, whether or not they are in the purview.
	askedIDs map[int]bool
	// Elsewhere are groups of other schools, for those wishes that nothing in
	// their own school fulfills.
	elsewhereByExternal map[string][]*db.Group
	elsewhereByName     map[string][]*db.Group

	// asked are the wishes that have been looked for, with school 0 for those that
	// name none.
	asked                             map[inSchool]bool
	askedElsewhere, askedElsewhereKey map[string]bool
}

func newGroupFinder(s *schools) *groupFinder {
	return &groupFinder{
		schools: s, byID: map[int]*db.Group{}, askedIDs: map[int]bool{}, meant: map[inSchool][]*db.Group{},
		byExternal: map[inSchool]*db.Group{}, byName: map[inSchool][]*db.Group{}, named: map[int]bool{},
		elsewhereByExternal: map[string][]*db.Group{}, elsewhereByName: map[string][]*db.Group{},
		asked: map[inSchool]bool{}, askedElsewhere: map[string]bool{}, askedElsewhereKey: map[string]bool{},
	}
}

type inSchool struct {
	school int
	text   string
}

// maxElsewhere bounds how many groups of other schools are read for hints. A name
// such as Math may stand in each of a thousand schools.
const maxElsewhere = 200

// maxAsked bounds what a finder remembers. A district has fewer groups; a file of
// a million wrong names has more, and then the finder begins anew.
const maxAsked = 50_000

// findGroups reads what a batch of wishes may mean: first by Database ID and in
// the schools of the wishes, then, only for what is still open, elsewhere. Where
// a wish names no school, its group may be anywhere.
func (c *check) findGroups(ctx context.Context, wishes []groupWish) (*groupFinder, error) {
	if c.finder == nil || len(c.finder.asked) > maxAsked {
		c.finder = newGroupFinder(c.schools)
	}
	f := c.finder
	wishes = f.notAsked(wishes)
	if len(wishes) == 0 {
		return f, nil
	}
	clear(f.meant)
	ids, texts, keys, schoolIDs := map[int]bool{}, map[string]bool{}, map[string]bool{}, map[int]bool{}
	for _, w := range wishes {
		if id, ok := globalid.Key(globalid.Group, w.text); ok {
			ids[id] = true
		}
		texts[w.text], keys[fold.Text(w.text)] = true, true
		for _, id := range w.schools {
			schoolIDs[id] = true
		}
	}
	client := c.db.Client(ctx)
	query := func() *db.GroupQuery { return client.Group.Query().Where(group.DistrictID(c.job.DistrictID)) }
	for list := range chunks(ids) {
		if err := f.keep(ctx, query().Where(group.IDIn(list...)), f.addID); err != nil {
			return nil, err
		}
	}
	at := group.OrganizationIDIn(slices.Sorted(maps.Keys(schoolIDs))...)
	for list := range chunks(texts) {
		if err := f.keep(ctx, query().Where(at, group.ExternalIDIn(list...)), f.addExternal); err != nil {
			return nil, err
		}
	}
	for list := range chunks(keys) {
		if err := f.keep(ctx, query().Where(at, group.NameKeyIn(list...)), f.addName); err != nil {
			return nil, err
		}
	}
	return f, c.findElsewhere(ctx, f, wishes, query)
}

// findElsewhere reads nothing where the file was uploaded for one school: whoever
// administers that school reads the hints, and may see no other one.
func (c *check) findElsewhere(ctx context.Context, f *groupFinder, wishes []groupWish, query func() *db.GroupQuery) error {
	if c.atSchool() != nil {
		return nil
	}
	texts, keys := map[string]bool{}, map[string]bool{}
	for _, w := range wishes {
		if len(f.in(w.text, w.schools)) > 0 {
			continue
		}
		key := fold.Text(w.text)
		if !f.askedElsewhere[w.text] {
			texts[w.text] = true
		}
		if !f.askedElsewhereKey[key] {
			keys[key] = true
		}
	}
	maps.Copy(f.askedElsewhere, texts)
	maps.Copy(f.askedElsewhereKey, keys)
	for list := range chunks(texts) {
		err := f.keep(ctx, query().Where(group.ExternalIDIn(list...)).Order(db.Asc(group.FieldID)), func(g *db.Group) {
			f.elsewhereByExternal[*g.ExternalID] = append(f.elsewhereByExternal[*g.ExternalID], g)
		})
		if err != nil {
			return err
		}
	}
	for list := range chunks(keys) {
		err := f.keep(ctx, query().Where(group.NameKeyIn(list...)).Order(db.Asc(group.FieldID)).Limit(maxElsewhere+len(list)), func(g *db.Group) {
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
func (f *groupFinder) notAsked(wishes []groupWish) []groupWish {
	var left []groupWish
	for _, w := range wishes {
		schools := w.schools
		if len(schools) == 0 {
			schools = []int{0}
		}
		var open []int
		for _, id := range schools {
			if at := (inSchool{id, w.text}); !f.asked[at] {
				f.asked[at] = true
				open = append(open, id)
			}
		}
		switch {
		case len(open) == 0:
		case len(w.schools) == 0:
			left = append(left, w)
		default:
			left = append(left, groupWish{w.text, open})
		}
	}
	return left
}

// chunks walks over a set in order, a bounded number of elements at a time, and
// not at all over an empty one.
func chunks[K int | string](set map[K]bool) func(yield func([]K) bool) {
	return slices.Chunk(slices.Sorted(maps.Keys(set)), 2*statementRows)
}

func (f *groupFinder) keep(ctx context.Context, q *db.GroupQuery, add func(*db.Group)) error {
	groups, err := q.All(ctx)
	for _, g := range groups {
		add(g)
	}
	return err
}

func (f *groupFinder) addID(g *db.Group) { f.byID[g.ID] = g }

func (f *groupFinder) addExternal(g *db.Group) {
	f.byExternal[inSchool{g.OrganizationID, *g.ExternalID}] = g
	f.addID(g)
}

func (f *groupFinder) addName(g *db.Group) {
	at := inSchool{g.OrganizationID, g.NameKey}
	if !f.named[g.ID] {
		f.named[g.ID] = true
		f.byName[at] = append(f.byName[at], g)
	}
	f.addID(g)
}

// in returns the groups of schools that a text names: by external id and by name.
func (f *groupFinder) in(text string, schools []int) []*db.Group {
	if len(schools) != 1 {
		return f.lookIn(text, schools)
	}
	at := inSchool{schools[0], text}
	found, known := f.meant[at]
	if !known {
		found = f.lookIn(text, schools)
		f.meant[at] = found
	}
	return found
}

func (f *groupFinder) lookIn(text string, schools []int) []*db.Group {
	var found, named []*db.Group
	for _, id := range schools {
		if g := f.byExternal[inSchool{id, text}]; g != nil {
			found = append(found, g)
		}
		named = append(named, f.byName[inSchool{id, fold.Text(text)}]...)
	}
	return union(found, exactly(text, named, groupName))
}

// find returns the one group that a text means in some schools. Groups of which
// the student is a member already are in reach, wherever they are: an export
// names them, and must be understood when it comes back.
func (f *groupFinder) find(text string, schools []int, member []*db.Group) (*db.Group, *problem) {
	if id, ok := globalid.Key(globalid.Group, text); ok {
		if g := f.byID[id]; g != nil {
			return g, nil
		}
		return nil, problemf(UnknownGroup, "Copy the Database ID again, or write the name.", "There is no class or group with the Database ID %s in your purview.", text)
	}
	found := f.in(text, schools)
	var also []*db.Group
	for _, g := range member {
		if deref(g.ExternalID) == text || fold.Key(g.Name) == fold.Key(text) {
			also = append(also, g)
		}
	}
	if len(also) > 0 {
		found = union(found, also)
	}
	switch len(found) {
	case 0:
		return nil, f.unknown(text)
	case 1:
		return found[0], nil
	default:
		return nil, f.ambiguous(text, found)
	}
}

func (f *groupFinder) ambiguous(text string, found []*db.Group) *problem {
	return problemf(AmbiguousGroup, "Write the Database ID of the one you mean: "+namesOf(found, f.describe)+".",
		"%d classes or groups go by %s.", len(found), quote.Text(text))
}

func (f *groupFinder) unknown(text string) *problem {
	elsewhere := union(f.elsewhereByExternal[text], f.elsewhereByName[fold.Text(text)])
	if len(elsewhere) == 0 {
		return problemf(UnknownGroup, "Check the spelling, or create it first.", "There is no class or group %s within reach.", quote.Text(text))
	}
	return problemf(UnknownGroup, "It exists elsewhere; if you mean that one, write its Database ID: "+namesOf(elsewhere, f.describe)+".",
		"There is no class or group %s at the student's school.", quote.Text(text))
}

// describe shows a group in a hint, with its school.
func (f *groupFinder) describe(g *db.Group) string {
	text := candidate(g.Name, g.ExternalID, globalid.Encode(globalid.Group, g.ID))
	if school := f.schools.name(g.OrganizationID); school != "" {
		text += " at " + school
	}
	return text
}

func groupName(g *db.Group) string { return g.Name }

// union joins lists of groups, each group once. A school may have thousands of
// groups with one name.
func union(lists ...[]*db.Group) []*db.Group {
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

// manyGroups is from where on a list is not looked through for each group.
const manyGroups = 16

func syncedGroup(g *db.Group) *problem {
	return problemf(SyncedGroup, "Make the change in the school's information system.",
		"%s is kept by the school's information system; students enter and leave it there.", g.Name)
}
