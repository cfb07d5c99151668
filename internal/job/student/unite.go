package student

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Many lists have a row for each student and class. Rows of one student that say the same
// but for the class are united: the first one has the plan, with the classes of all.

// claim notes whom a row is about. A further row about the same student is united with the
// first one, or refused.
func (c *checker) claim(r *studentRow, found *lookup, kind, key string) {
	number := c.Seen.Claim(kind, key, r.Number)
	if number == r.Number {
		found.first[number] = r
		return
	}
	first := found.first[number]
	switch {
	case first == nil:
		r.Fail("", row.Problemf(row.DuplicateInFile,
			"Put the rows of a student below each other, or write all classes into one cell, separated by semicolons.",
			"Row %d is about the same student, and is too far away to be united with this one.", number))
	case first.Refused:
		r.Fail("", row.Problemf(row.DuplicateInFile, fmt.Sprintf("Correct row %d, and upload both rows again.", number),
			"Row %d is about the same student, and is refused.", number))
	default:
		if others := differences(first, r); len(others) > 0 {
			r.Fail("", row.Problemf(row.DuplicateInFile,
				"Keep one of the two rows. Only the class may differ: then the rows are united.",
				"Row %d is about the same student, but differs in: %s.", number, strings.Join(others, ", ")))
			return
		}
		r.unites = first
		first.more = append(first.more, r)
	}
}

// differences are the columns in which a row says something else than the first row about
// the same student. A blank cell says nothing.
func differences(first, r *studentRow) (columns []string) {
	for _, column := range r.Layout.Format.Columns {
		if _, has := r.Layout.Index[column.Name]; !has || column.Exported {
			continue
		}
		a, b := first.Cell(column.Name), r.Cell(column.Name)
		same := b == "" || a == b
		switch {
		case column.Name == field.ColGroups:
			same = !(first.Clears(column.Name) || r.Clears(column.Name)) || a == b
		case !column.Secret && !same:
			same = fold.Key(roster.Clean(a)) == fold.Key(roster.Clean(b))
		}
		if !same {
			columns = append(columns, column.Name)
		}
	}
	return columns
}

// unite adds to a row the groups of further rows about its student. A group that is wrong
// is told in its own row, and the others are joined all the same.
func (c *checker) unite(r *studentRow, found *lookup) {
	var member []*db.Group
	if r.st != nil && !r.revives && r.st.OrganizationID == r.school.ID {
		member = found.groups[r.st.ID]
	}
	for _, m := range r.more {
		m.Outside = r.Outside
		for i, text := range m.tokens {
			_, p := found.finder.FindAllOwn(text, r.school.ID, member)
			if p != nil && !c.creates(r, text, p, found) {
				p.Value = text
				m.Fail(field.ColGroups, p)
				continue
			}
			m.adds = m.adds || !slices.Contains(r.tokens, text)
			if !slices.Contains(r.tokens, text) {
				r.tokens, r.raw = append(r.tokens, text), append(r.raw, m.raw[i])
			}
		}
	}
	if len(r.tokens) > roster.MaxGroupsAtOne {
		r.Fail(field.ColGroups, row.Problemf(row.TooMany, "Split them into several uploads.",
			"The rows of the student name %d classes or groups, but at most %d are allowed.", len(r.tokens),
			roster.MaxGroupsAtOne))
	}
}

// settleUnited says of further rows what has become of the first one.
func settleUnited(rows []*studentRow) {
	for _, r := range rows {
		switch first := r.unites; {
		case first == nil || r.Refused:
		case first.Refused:
			r.Fail("", row.Problemf(row.DuplicateInFile,
				fmt.Sprintf("Correct row %d, and upload both rows again.", first.Number),
				"Row %d is about the same student, and is refused.", first.Number))
		case !r.adds:
			r.Warn("", row.Problemf(row.DuplicateInFile, "Delete it; it changes nothing.", "This row repeats row %d.",
				first.Number))
		}
	}
}
