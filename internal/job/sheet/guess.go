package sheet

import (
	"regexp"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/grade"
)

// guess says what headers that are not read may mean: first those that are written nearly like
// a column, then those whose cells look like its values. It proposes and never reads.
func (l *Layout) guess(all []Reading, rows [][]string) {
	given := map[string]bool{}
	for i := range all {
		if all[i].How != NotRead || IsReason(all[i].Header) || slices.Contains(l.left, i) {
			continue
		}
		column := l.alike(all[i].Header, given)
		if column == "" {
			column = l.byContent(cellsOf(rows, i), given)
		}
		if column != "" {
			all[i].Maybe, given[column] = column, true
		}
	}
}

// open reports whether a column is still to be found in the file.
func (l *Layout) open(column field.Column, given map[string]bool) bool {
	return !column.Exported && !l.Has(column.Name) && !given[column.Name]
}

const (
	// leastAlike is how similar a header and the name of a column must be.
	leastAlike = 0.7
	// maxAlike is the longest header that is compared, in bytes.
	maxAlike = 255
)

// alike finds the column that is called nearly like a header: with few other letters, or as a
// part of it.
func (l *Layout) alike(header string, given map[string]bool) (column string) {
	if len(header) > maxAlike {
		return ""
	}
	m := formsOf(header)
	best := 0.0
	for _, c := range l.Format.Columns {
		if !l.open(c, given) {
			continue
		}
		for _, name := range slices.Concat(c.Headers(), c.Weak) {
			for _, key := range []string{m.said, m.plain, m.parted, m.own[l.Format.Whose]} {
				if s := similarity(key, HeaderKey(name)); s > best {
					best, column = s, c.Name
				}
			}
		}
	}
	if best < leastAlike {
		return ""
	}
	return column
}

// similarity is 1 for the same text and 0 for another one. A text within a longer one is
// nearly the same, unless it is very short.
func similarity(a, b string) float64 {
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	switch {
	case short == "":
		return 0
	case len(short) >= 5 && strings.Contains(long, short):
		return 0.75
	case float64(len(short)) < leastAlike*float64(len(long)):
		return 0 // so many letters are missing that the others need not be compared
	}
	return 1 - float64(distance(a, b))/float64(len(long))
}

// distance counts the letters to insert, remove or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// looks are what the cells of a column look like.
var looks = []struct {
	column string
	fits   func(cell string) bool
}{
	{field.ColEmail, regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`).MatchString},
	{field.ColGrade, func(cell string) bool { _, is := grade.Parse(cell); return is }},
	{field.ColRole, func(cell string) bool { known, others := rolesIn(cell); return len(known) > 0 && !others }},
}

// byContent finds the column of which all cells look like values.
func (l *Layout) byContent(cells []string, given map[string]bool) string {
	if len(cells) < 2 {
		return ""
	}
	for _, look := range looks {
		c, is := l.Format.Column(look.column)
		if is && l.open(c, given) && !slices.ContainsFunc(cells, func(cell string) bool { return !look.fits(cell) }) {
			return c.Name
		}
	}
	return ""
}

// cellsOf are the cells of a column that are not blank.
func cellsOf(rows [][]string, at int) (cells []string) {
	for _, r := range rows {
		if at < len(r) && strings.TrimSpace(r[at]) != "" {
			cells = append(cells, strings.TrimSpace(r[at]))
		}
	}
	return cells
}
