package reach

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// EducatorFinder holds the educators that a batch of rows may mean: those whom
// everybody with a hand in the job sees.
type EducatorFinder struct {
	ByID       map[int]*db.Educator
	ByExternal map[string]*db.Educator
	ByEmail    map[string]*db.Educator
	byName     map[string][]*db.Educator // By the name for sorting.
	// elsewhere are the texts that mean somebody who is not of the school for which the
	// file was uploaded. For the row there is nobody; but what else it says is about
	// somebody elsewhere.
	elsewhere map[string]bool
	// Self is the submitter's own name.
	Self string
}

// EducatorTexts are the educators that a cell names, as the cell has them.
func EducatorTexts(r *sheet.Row) []string {
	texts := csvfile.SplitList(r.Text(field.ColEducators))
	for i, t := range texts {
		texts[i] = sheet.CleanID(t)
	}
	texts = slices.DeleteFunc(texts, sheet.IsNothing)
	if r.ClearsAmongOthers(field.ColEducators, texts,
		"Remove it. A file can add educators, but cannot remove them.") {
		return nil
	}
	if len(texts) > roster.MaxGroupsAtOne {
		r.Fail(field.ColEducators,
			row.Problemf(row.TooMany, "Add the others in the dashboard.", "The cell names %d educators, but at most %d are "+
				"allowed.",
				len(texts), roster.MaxGroupsAtOne))
		return nil
	}
	return texts
}

// FindEducators reads what texts may mean: Database IDs, external IDs, addresses. A file
// for one school means educators of that school. A text never means an account in whose
// name a program or the operator acts.
func (c *Check) FindEducators(ctx context.Context, texts, names []string) (*EducatorFinder, error) {
	f := &EducatorFinder{
		elsewhere:  map[string]bool{},
		ByID:       map[int]*db.Educator{},
		ByExternal: map[string]*db.Educator{},
		ByEmail:    map[string]*db.Educator{},
		byName:     map[string][]*db.Educator{},
	}
	ids := map[int]bool{c.Viewer.EducatorID: true}
	externalIDs, keys := map[string]bool{}, map[string]bool{}
	for _, text := range texts {
		if id, ok := globalid.Key(globalid.Educator, text); ok {
			ids[id] = true
		}
		externalIDs[text] = true
		for _, key := range fold.Addresses(text) {
			keys[key] = true
		}
	}
	query := func() *db.EducatorQuery {
		return c.DB.Client(ctx).Educator.Query().Where(educator.DistrictID(c.Job.DistrictID), educator.Service(0))
	}
	for list := range Chunks(ids) {
		if err := f.keep(ctx, query().Where(educator.IDIn(list...))); err != nil {
			return nil, err
		}
	}
	for list := range Chunks(externalIDs) {
		if err := f.keep(ctx, query().Where(educator.ExternalIDIn(list...))); err != nil {
			return nil, err
		}
	}
	for list := range Chunks(keys) {
		if err := f.keep(ctx, query().Where(educator.EmailKeyIn(list...))); err != nil {
			return nil, err
		}
	}
	if err := c.dropElsewhere(ctx, f); err != nil {
		return nil, err
	}
	if err := c.findNamed(ctx, f, names); err != nil {
		return nil, err
	}
	if e := f.ByID[c.Viewer.EducatorID]; e != nil {
		f.Self = e.FirstName + " " + e.LastName
	}
	return f, nil
}

// findNamed reads those of whom texts may be the names, as far as they are nothing else.
// Somebody who is not of the school for which the file was uploaded is not among them.
func (c *Check) findNamed(ctx context.Context, f *EducatorFinder, texts []string) error {
	names := map[string]bool{}
	for _, text := range texts {
		if f.known(text) == nil && f.ByEmail[fold.Address(text)] == nil && !f.IsElsewhere(text) {
			for _, name := range sortNames(text) {
				names[name] = true
			}
		}
	}
	var found []*db.Educator
	for list := range Chunks(names) {
		some, err := c.DB.Client(ctx).Educator.Query().
			Where(educator.DistrictID(c.Job.DistrictID), educator.SortNameIn(list...)).Order(db.Asc(educator.FieldID)).All(ctx)
		if err != nil {
			return err
		}
		found = append(found, some...)
	}
	if len(found) == 0 {
		return nil
	}
	ids := make([]int, len(found))
	for i, e := range found {
		ids[i] = e.ID
	}
	local, err := c.Local(ctx, ids)
	if err != nil {
		return err
	}
	for _, e := range found {
		if local[e.ID] {
			f.byName[e.SortName] = append(f.byName[e.SortName], e)
		}
	}
	return nil
}

// sortNames are the names for sorting of somebody whom a text may name: last name, comma
// and first name, or the first name before the last one, of which each may have several
// words.
func sortNames(text string) (names []string) {
	if last, first, comma := strings.Cut(text, ","); comma {
		return []string{fold.SortName(strings.TrimSpace(last), strings.TrimSpace(first))}
	}
	words := strings.Fields(text)
	if len(words) > 5 {
		return nil
	}
	for i := 1; i < len(words); i++ {
		names = append(names, fold.SortName(strings.Join(words[i:], " "), strings.Join(words[:i], " ")))
	}
	return names
}

// dropElsewhere takes those out who are not of the school for which the file was
// uploaded.
func (c *Check) dropElsewhere(ctx context.Context, f *EducatorFinder) error {
	local, err := c.Local(ctx, slices.Collect(maps.Keys(f.ByID)))
	if err != nil {
		return err
	}
	for id, e := range f.ByID {
		if local[id] {
			continue
		}
		delete(f.ByID, id)
		f.elsewhere[globalid.Encode(globalid.Educator, id)] = true
		if e.ExternalID != nil {
			delete(f.ByExternal, *e.ExternalID)
			f.elsewhere[*e.ExternalID] = true
		}
		if e.EmailKey != nil {
			delete(f.ByEmail, fold.Address(e.Email))
			f.elsewhere[fold.Address(e.Email)] = true
		}
	}
	return nil
}

// Local are those educators who belong to the school for which the file was uploaded,
// or all of them if it was uploaded for a district.
func (c *Check) Local(ctx context.Context, ids []int) (map[int]bool, error) {
	local := map[int]bool{}
	if c.AtSchool() == nil {
		return local, bulk.AddIDs(local)(ids, nil)
	}
	slices.Sort(ids)
	for chunk := range slices.Chunk(ids, bulk.StatementRows) {
		if err := bulk.AddIDs(local)(c.DB.Client(ctx).Educator.Query().Where(educator.IDIn(chunk...)).
			IDs(c.Here(ctx))); err != nil {
			return nil, err
		}
	}
	return local, nil
}

// IsElsewhere reports whether a text means somebody who is not of the school.
func (f *EducatorFinder) IsElsewhere(text string) bool {
	return text != "" && (f.elsewhere[text] || f.elsewhere[fold.Address(text)])
}

// IDs are those of all educators whom the finder may find.
func (f *EducatorFinder) IDs() map[int]bool {
	ids := map[int]bool{}
	for id := range f.ByID {
		ids[id] = true
	}
	for _, named := range f.byName {
		for _, e := range named {
			ids[e.ID] = true
		}
	}
	return ids
}

func (f *EducatorFinder) keep(ctx context.Context, q *db.EducatorQuery) error {
	all, err := q.All(ctx)
	for _, e := range all {
		f.ByID[e.ID] = e
		if e.ExternalID != nil {
			f.ByExternal[*e.ExternalID] = e
		}
		if e.EmailKey != nil {
			f.ByEmail[fold.Address(e.Email)] = e
		}
	}
	return err
}

// known returns the one educator who has an ID or an address, or nil.
func (f *EducatorFinder) known(text string) *db.Educator {
	if id, ok := globalid.Key(globalid.Educator, text); ok && f.ByID[id] != nil {
		return f.ByID[id]
	}
	return f.ByExternal[text]
}

// Find returns the one educator whom a text means, or why there is none. If names have been
// looked for, one is enough if nobody else in reach has it.
func (f *EducatorFinder) Find(text string) (*db.Educator, *row.Problem) {
	if e := f.known(text); e != nil {
		return e, nil
	}
	if e := f.ByEmail[fold.Address(text)]; e != nil {
		if !fold.SameAddress(e.Email, text) {
			return nil, Similar(e, text)
		}
		return e, nil
	}
	var named []*db.Educator
	for _, name := range sortNames(text) {
		named = append(named, f.byName[name]...)
	}
	switch len(named) {
	case 0:
	case 1:
		return named[0], nil
	default:
		return nil, row.Problemf(row.AmbiguousPerson,
			"Write the external ID, email address or Database ID of the one you mean: "+
				NamesOf(named, func(e *db.Educator) string {
					return candidate(e.FirstName+" "+e.LastName, e.ExternalID, globalid.Encode(globalid.Educator, e.ID))
				})+".", "%d educators are called %s.", len(named), quote.Text(text))
	}
	return nil, row.Problemf(row.UnknownEducator,
		"Write the external ID, email address or Database ID of somebody with an account.",
		"There is no educator %s among those you may see.", quote.Text(text))
}

// Similar refuses an address that has the key of an account, and may be somebody else's
// mailbox.
func Similar(e *db.Educator, written string) *row.Problem {
	there, here := fold.Difference(e.Email, written)
	return row.Problemf(row.EmailTaken, "Write the address as the account has it, or another one.",
		"%s %s signs in with an address that counts as this one, but has %s for %s: %s.", e.FirstName, e.LastName,
		quote.Text(there), quote.Text(here), e.Email)
}

// ListedNames is a list of names as a cell holds it.
func ListedNames(names []string) string { return csvfile.JoinList(names) }
