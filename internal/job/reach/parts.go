package reach

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// A cell may separate several groups by something other than a semicolon, or may contain
// the name of one group as a spreadsheet program has changed it. Only the existing groups
// show which it is, because a name may also contain a comma. So if no group has the whole
// text as its name, the parts of the text, and what it may have been, are looked up.

// maxParts is how many parts a text may have to count as a list of groups.
const maxParts = 12

// maxAskedParts is about how many parts are looked up for one batch of rows.
const maxAskedParts = 5000

var (
	// separators separate groups and hardly ever occur in a name.
	separators = regexp.MustCompile(`(?i)\s*(?:[,;/|&+\n\t\\•·、，／；｜]|\s(?:and|y|et|und)\s)\s*`)
	// perhaps also matches separators that occur in names, so the person must be asked.
	perhaps = regexp.MustCompile(`(?i)\s*(?:[,;/|&+\n\t\\•·、，／；｜:]|\s(?:and|y|et|und)\s|\s[-–—]\s|\s)\s*`)
)

// pieces returns the positions of the parts of a text.
func pieces(text string, between *regexp.Regexp) (at [][2]int) {
	from := 0
	for _, s := range between.FindAllStringIndex(text, -1) {
		if s[0] > from {
			at = append(at, [2]int{from, s[0]})
		}
		from = s[1]
	}
	if from < len(text) {
		at = append(at, [2]int{from, len(text)})
	}
	return at
}

// partsOf returns all texts that may be one of several groups in a text: its parts, and
// several parts together with what separates them.
func partsOf(text string) (texts []string) {
	at := pieces(text, perhaps)
	if len(at) < 2 || len(at) > maxParts {
		if at = pieces(text, separators); len(at) < 2 || len(at) > maxParts {
			return nil
		}
	}
	for i := range at {
		for j := i; j < len(at); j++ {
			if i > 0 || j < len(at)-1 {
				texts = append(texts, roster.Clean(text[at[i][0]:at[j][1]]))
			}
		}
	}
	return texts
}

// findParts looks up the parts of wishes that no group matches, and what the wishes may
// have been before a spreadsheet program changed them.
func (c *Check) findParts(ctx context.Context, f *GroupFinder, wishes []GroupWish, query func() *db.GroupQuery) error {
	var parts []GroupWish
	for _, w := range wishes {
		if _, isID := globalid.Key(globalid.Group, w.Text); isID || !w.Parts || len(f.in(w.Text, w.Schools)) > 0 {
			continue
		}
		if len(parts) > maxAskedParts {
			break // These are not the names of groups at all.
		}
		if w.Raw != "" {
			f.raw[w.Text] = w.Raw
		}
		for _, text := range append(partsOf(f.rawOf(w.Text)), sheet.Unspoiled(w.Text)...) {
			parts = append(parts, GroupWish{Text: text, Schools: w.Schools})
		}
	}
	if parts = f.notAsked(parts); len(parts) == 0 {
		return nil
	}
	clear(f.meant)
	return c.findHere(ctx, f, parts, query)
}

// rawOf returns a text as its cell has it, with its line breaks.
func (f *GroupFinder) rawOf(text string) string {
	if raw := f.raw[text]; raw != "" {
		return raw
	}
	return text
}

// split divides a text into parts that each name one group. It returns the number of ways
// to do so, up to two, and the groups of the first way.
func (f *GroupFinder) split(text string, between *regexp.Regexp, schools []int) (groups []*db.Group, ways int) {
	at := pieces(text, between)
	if len(at) < 2 || len(at) > maxParts {
		return nil, 0
	}
	named := func(i, j int) *db.Group {
		found := f.called(roster.Clean(text[at[i][0]:at[j][1]]), schools)
		if len(found) != 1 {
			return nil
		}
		return found[0]
	}
	// From the end: the ways to divide the rest of the text from each part on.
	all := make([][][]*db.Group, len(at)+1)
	all[len(at)] = [][]*db.Group{nil}
	for i := len(at) - 1; i >= 0; i-- {
		for j := i; j < len(at); j++ {
			g := named(i, j)
			if g == nil {
				continue
			}
			for _, rest := range all[j+1] {
				if len(all[i]) < 2 {
					all[i] = append(all[i], append([]*db.Group{g}, rest...))
				}
			}
		}
	}
	if len(all[0]) == 0 {
		return nil, 0
	}
	return all[0][0], len(all[0])
}

// called returns the groups that a text names in some schools, also by a Database ID.
func (f *GroupFinder) called(text string, schools []int) []*db.Group {
	if id, ok := globalid.Key(globalid.Group, text); ok {
		if g := f.ByID[id]; g != nil && slices.Contains(schools, g.OrganizationID) {
			return []*db.Group{g}
		}
		return nil
	}
	return f.in(text, schools)
}

// FindAllOwn is FindOwn for a text that may name several groups of a school.
func (f *GroupFinder) FindAllOwn(text string, school int, member []*db.Group) ([]*db.Group, *row.Problem) {
	g, p := f.FindOwn(text, school, member)
	if p == nil {
		return []*db.Group{g}, nil
	}
	if p.Code != row.UnknownGroup || strings.Contains(text, ";") {
		return nil, p // A semicolon that is still there belongs to the name.
	}
	if groups, ways := f.split(f.rawOf(text), separators, []int{school}); ways == 1 {
		return groups, nil
	}
	return nil, p
}

// listed matches what may separate several names, and hardly ever stands in one.
var listed = regexp.MustCompile(`[;|\n\t\\•·、，／；｜,]`)

// Missing reports whether a text that no group of a school matches can be the name of a new
// one: it is not the ID of a group elsewhere, and nothing is on record that it may mean. A
// text that may be a list of names could become one group or several, so it is none.
func (f *GroupFinder) Missing(text string, school int) bool {
	if _, isID := globalid.Key(globalid.Group, text); isID || sheet.IsNothing(text) {
		return false
	}
	if sheet.CleanID(text) != text || listed.MatchString(f.rawOf(text)) || len(f.ElsewhereByExternal[text]) > 0 {
		return false
	}
	p := f.instead(text, []int{school})
	return p == nil || p.Vague
}

// instead returns the problem of a text that no group matches, if something similar
// exists: its parts, or what a spreadsheet program has changed. Otherwise it returns nil.
func (f *GroupFinder) instead(text string, schools []int) *row.Problem {
	if len(schools) == 0 {
		return nil
	}
	var meant []*db.Group
	for _, other := range sheet.Unspoiled(text) {
		meant = Union(meant, f.called(other, schools))
	}
	if len(meant) > 0 {
		return row.Problemf(row.UnknownGroup,
			"Write the name as it is on record, and format the column as text in your spreadsheet program.",
			"There is no class or group %s that you can use here. A spreadsheet program may have made that of: %s.",
			quote.Text(text), NamesOf(meant, f.describe))
	}
	if groups, ways := f.split(f.rawOf(text), perhaps, schools); ways > 0 {
		names := NamesOf(groups, func(g *db.Group) string { return quote.Text(g.Name) })
		return row.Problemf(row.UnknownGroup,
			"If the cell means several, separate them by semicolons; in a file with one class or group in each row, write a "+
				"row for each.",
			"There is no class or group %s that you can use here. Its parts are the names of several: %s.",
			quote.Text(text), names)
	}
	var known, missing []string
	for _, at := range pieces(f.rawOf(text), separators) {
		part := roster.Clean(f.rawOf(text)[at[0]:at[1]])
		if len(f.called(part, schools)) > 0 {
			known = append(known, part)
		} else {
			missing = append(missing, part)
		}
	}
	switch {
	case len(known) > 0 && len(missing) > 0:
		return row.Problemf(row.UnknownGroup,
			"If the cell means several, separate them by semicolons, and correct the ones that are not there.",
			"There is no class or group %s that you can use here. Of its parts, %s is one, and %s is not.", quote.Text(text),
			quoted(known), quoted(missing))
	case len(missing) > 1:
		p := row.Problemf(row.UnknownGroup,
			"Check the spelling. If the cell means several, separate them by semicolons.",
			"There is no class or group %s that you can use here, and none of its parts is one.", quote.Text(text))
		p.Vague = true
		return p
	default:
		return nil
	}
}

// quoted lists a few texts.
func quoted(texts []string) string {
	return NamesOf(texts, func(text string) string { return quote.Text(row.Shorten(text, 64)) })
}
