package importer

import (
	"context"
	"maps"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/internal/csvfile"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/quote"
	"homeroom/internal/roster"
)

// educatorFinder holds the educators whom a batch of rows may mean. They are
// educators whom everybody sees who has a hand in the job.
type educatorFinder struct {
	byID       map[int]*db.Educator
	byExternal map[string]*db.Educator
	byEmail    map[string]*db.Educator
	// elsewhere are the texts that mean somebody who is not of the school for which the
	// file was uploaded. For the row there is nobody; but what else it says is about
	// somebody elsewhere.
	elsewhere map[string]bool
	// self is the submitter's own name.
	self string
}

// educatorTexts are the educators that a cell names, each as it stands there.
func educatorTexts(r *fileRow) []string {
	texts := csvfile.SplitList(r.text(colEducators))
	for i, t := range texts {
		texts[i] = roster.Clean(t)
	}
	if r.clearsAmongOthers(colEducators, texts, "Take it out. Educators are added by a file, and are never taken away.") {
		return nil
	}
	if len(texts) > roster.MaxGroupsAtOne {
		r.fail(colEducators, problemf(TooMany, "Add the others in the dashboard.", "The cell names %d educators; at most %d can be.", len(texts), roster.MaxGroupsAtOne))
		return nil
	}
	return texts
}

// findEducators reads what texts may mean: Database IDs, external ids, addresses. A
// file for one school means educators of that school.
func (c *check) findEducators(ctx context.Context, texts []string) (*educatorFinder, error) {
	f := &educatorFinder{elsewhere: map[string]bool{}, byID: map[int]*db.Educator{}, byExternal: map[string]*db.Educator{}, byEmail: map[string]*db.Educator{}}
	ids := map[int]bool{c.v.EducatorID: true}
	externalIDs, keys := map[string]bool{}, map[string]bool{}
	for _, text := range texts {
		if id, ok := globalid.Key(globalid.Educator, text); ok {
			ids[id] = true
		}
		externalIDs[text], keys[fold.Key(text)] = true, true
	}
	query := func() *db.EducatorQuery {
		return c.db.Client(ctx).Educator.Query().Where(educator.DistrictID(c.job.DistrictID))
	}
	for list := range chunks(ids) {
		if err := f.keep(ctx, query().Where(educator.IDIn(list...))); err != nil {
			return nil, err
		}
	}
	for list := range chunks(externalIDs) {
		if err := f.keep(ctx, query().Where(educator.ExternalIDIn(list...))); err != nil {
			return nil, err
		}
	}
	for list := range chunks(keys) {
		if err := f.keep(ctx, query().Where(educator.EmailKeyIn(list...))); err != nil {
			return nil, err
		}
	}
	if err := c.dropElsewhere(ctx, f); err != nil {
		return nil, err
	}
	if e := f.byID[c.v.EducatorID]; e != nil {
		f.self = e.FirstName + " " + e.LastName
	}
	return f, nil
}

// dropElsewhere takes those out who are not of the school for which the file was
// uploaded.
func (c *check) dropElsewhere(ctx context.Context, f *educatorFinder) error {
	local, err := c.local(ctx, slices.Collect(maps.Keys(f.byID)))
	if err != nil {
		return err
	}
	for id, e := range f.byID {
		if local[id] {
			continue
		}
		delete(f.byID, id)
		f.elsewhere[globalid.Encode(globalid.Educator, id)] = true
		if e.ExternalID != nil {
			delete(f.byExternal, *e.ExternalID)
			f.elsewhere[*e.ExternalID] = true
		}
		if e.EmailKey != nil {
			delete(f.byEmail, *e.EmailKey)
			f.elsewhere[*e.EmailKey] = true
		}
	}
	return nil
}

// local are those of some educators who are of the school for which the file was
// uploaded, or all of them where that was done for a district.
func (c *check) local(ctx context.Context, ids []int) (map[int]bool, error) {
	local := map[int]bool{}
	if c.atSchool() == nil {
		return local, addIDs(local)(ids, nil)
	}
	slices.Sort(ids)
	for chunk := range slices.Chunk(ids, statementRows) {
		if err := addIDs(local)(c.db.Client(ctx).Educator.Query().Where(educator.IDIn(chunk...)).IDs(c.here(ctx))); err != nil {
			return nil, err
		}
	}
	return local, nil
}

// isElsewhere reports whether a text means somebody who is not of the school.
func (f *educatorFinder) isElsewhere(text string) bool {
	return text != "" && (f.elsewhere[text] || f.elsewhere[fold.Key(text)])
}

func (f *educatorFinder) keep(ctx context.Context, q *db.EducatorQuery) error {
	all, err := q.All(ctx)
	for _, e := range all {
		f.byID[e.ID] = e
		if e.ExternalID != nil {
			f.byExternal[*e.ExternalID] = e
		}
		if e.EmailKey != nil {
			f.byEmail[*e.EmailKey] = e
		}
	}
	return err
}

func (f *educatorFinder) find(text string) (*db.Educator, *problem) {
	if id, ok := globalid.Key(globalid.Educator, text); ok && f.byID[id] != nil {
		return f.byID[id], nil
	}
	if e := f.byExternal[text]; e != nil {
		return e, nil
	}
	if e := f.byEmail[fold.Key(text)]; e != nil {
		return e, nil
	}
	return nil, problemf(UnknownEducator, "Write the external ID, email address or Database ID of somebody who has an account.",
		"There is no educator %s in your purview.", quote.Text(text))
}

func listedNames(names []string) string { return csvfile.JoinList(names) }
