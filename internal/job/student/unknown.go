package student

import (
	"context"
	"fmt"
	"strings"

	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// needed are the columns without which a file creates nobody.
var needed = []string{field.ColFirstName, field.ColLastName, field.ColUsername, field.ColGrade}

// missing are those of them that a file does not have. One name is enough for some people.
func missing(l *sheet.Layout) (names []string) {
	for _, column := range needed {
		if !l.Has(column) {
			names = append(names, column)
		}
	}
	return names
}

// findNear reads students whose IDs look like those of rows that nobody on record has. It
// takes no statement for a batch in which everybody is known, and none for new students
// whose IDs are like no others.
func (c *checker) findNear(ctx context.Context, rows []*studentRow, found *lookup) error {
	near := map[string][]string{} // What the IDs on record may be called in the file.
	for _, r := range rows {
		if r.externalID == "" || r.id != 0 || found.taken[r.externalID] != nil {
			continue
		}
		shape, err := c.ShapeOfStudentIDs(ctx)
		if err != nil {
			return err
		}
		found.shape = shape
		others := shape.Near(r.externalID)
		if shape.Some && len(missing(r.Layout)) > 0 {
			others = reach.SimilarIDs(r.externalID)
		}
		for _, other := range others {
			near[other] = append(near[other], r.externalID)
		}
	}
	var err error
	found.near, err = c.NearStudents(ctx, near)
	return err
}

// refuseUnknown refuses a row whose Student ID nobody has, where it cannot be that of a new
// student: it is damaged, or the file has no columns for new ones.
func (c *checker) refuseUnknown(r *studentRow, found *lookup) bool {
	if sheet.IsNothing(r.externalID) {
		r.Fail(field.ColStudentID, row.Problemf(row.DamagedID, "Write the Student ID, or delete the row.",
			"Many programs write %s for no value, so the row names nobody.", quote.Text(r.externalID)))
		return true
	}
	if why, hint := r.Damage(field.ColStudentID); why != "" {
		r.Fail(field.ColStudentID, row.Problemf(row.DamagedID, c.suggest(r, found)+hint, "The Student ID %s.", why))
		return true
	}
	lacks := missing(r.Layout)
	if len(lacks) == 0 {
		return false
	}
	hint := c.suggest(r, found)
	if hint == "" {
		c.lacks, c.strangers = lacks, c.strangers+1
		hint = fmt.Sprintf("Check the Student ID. For new students the file needs these columns as well: %s.",
			strings.Join(lacks, ", "))
	}
	r.Fail(field.ColStudentID, row.Problemf(row.UnknownStudent, strings.TrimSpace(hint),
		"You see no student with this Student ID."))
	return true
}

// Conclude implements kind.Concluder. A list that only says who the new students are, such as
// one of their accounts, is refused once and not in each of its rows. In a single row, the ID
// is the likelier mistake.
func (c *checker) Conclude(rows int) *row.Problem {
	if rows < 2 || c.strangers < rows {
		return nil
	}
	return row.Problemf(row.MissingColumn,
		"If the rows are about new students, add these columns. If not, check the Student IDs.",
		"None of the %d rows is about a student whom you see, and the file does not have the columns that new students "+
			"need: %s.", rows, quote.And(c.lacks))
}

// suggest names the students whom a row may mean by an unknown Student ID.
func (c *checker) suggest(r *studentRow, found *lookup) string {
	return reach.DidYouMean(found.near[r.externalID])
}

// warnOfLookalike warns of a new student whose ID looks like another one, on record or in
// the file, or like one that has lost the zeros in front.
func (c *checker) warnOfLookalike(r *studentRow, found *lookup) {
	if first := c.LooksLikeEarlier("student id", "", r.externalID, r.Number); first != 0 {
		r.Warn(field.ColStudentID, row.Problemf(row.PossibleDuplicate, "Check both. If they are two students, you need not "+
			"do anything.", "The Student ID differs from that of row %d only by case, zeros in front, signs, or letters that "+
			"look like digits.", first))
	}
	list := found.near[r.externalID]
	lost := found.shape.Lost(r.externalID)
	switch {
	case lost > 0:
		hint := c.suggest(r, found)
		r.Warn(field.ColStudentID, row.Problemf(row.DamagedID,
			hint+"If zeros are missing in front, format the column as text, and enter the right value.",
			"The Student IDs on record with zeros in front have %d digits, and this one has %d.", lost, len(r.externalID)))
	case len(list) > 0:
		p := row.Problemf(row.PossibleDuplicate, c.suggest(r, found)+"If not, you need not do anything.",
			"The Student ID looks like one that is on record.")
		for _, st := range list[:min(len(list), reach.MaxCandidates)] {
			p.Candidates = append(p.Candidates, st.ID)
		}
		r.Warn(field.ColStudentID, p)
	}
}
