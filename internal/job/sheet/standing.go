package sheet

import (
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Lists of information systems also contain people who have left, who are to be deleted,
// or who have other roles. Separate columns say so. No kind has a field for them, so they
// are read here, for all kinds: a row that does not count never reaches the checker of its
// kind.

// meaning is what a column says about its rows as a whole.
type meaning int

const (
	// aStatus is a word such as Active, Withdrawn or tobedeleted.
	aStatus meaning = iota + 1
	// aCode is a status that PowerSchool writes as a number.
	aCode
	// isActive is Yes if a row counts, and isGone if it does not.
	isActive
	isGone
	// anEnd is the day from which a row no longer counts.
	anEnd
	// aReason is why somebody has left; only those who have left have one.
	aReason
	// aRole is a person's role. aPersonType may say the same, but also other things, and
	// aType usually says other things.
	aRole
	aPersonType
	aType
)

// teller is a column that says which rows count.
type teller struct {
	at      int
	header  string
	meaning meaning
}

// Role is the role of a person at a school, if it matters for the kind of a file.
type Role int

// The roles. Staff are people who work at a school and do not teach; Family are parents
// and other contacts.
const (
	Student Role = iota + 1
	Teacher
	Staff
	Family
)

// readTellers finds the columns that say which rows count, among the columns without a
// field.
func (l *Layout) readTellers(headers []string, taken []bool) {
	aboutStudents := slices.Equal(l.Format.Roles, []Role{Student})
	for i, h := range headers {
		m := meanings[l.keys[i]]
		switch {
		case m == 0 || taken[i]:
		case m >= aRole && len(l.Format.Roles) == 0, m == aType && !aboutStudents:
		default:
			l.tellers = append(l.tellers, teller{i, h, m})
		}
	}
	decides := slices.ContainsFunc(l.tellers, func(t teller) bool { return t.meaning < aReason })
	l.tellers = slices.DeleteFunc(l.tellers, func(t teller) bool { return t.meaning == aReason && decides })
	for _, t := range l.tellers {
		taken[t.at] = t.meaning != aType
	}
	if at, is := l.Index[field.ColRole]; is && len(l.Format.Roles) > 0 {
		// The kind reads the roles that it knows, and refuses those that it does not.
		l.tellers = append(l.tellers, teller{at, l.Header[field.ColRole], aPersonType})
	}
}

// Standing says whether a row counts, and why not.
type Standing struct {
	// Passed is true if the row is passed over: its own columns say that it does not count.
	Passed bool
	// Left is true if that is because somebody has left, or something has ended.
	Left bool
	// Problem is the problem to report, also for a value that nobody understands.
	Problem *row.Problem
}

// Standing reads the columns that say whether a row counts. A column that says no
// outweighs the others.
func (r *Row) Standing(today time.Time) Standing {
	var doubt Standing
	for _, t := range r.Layout.tellers {
		if t.at >= len(r.Cells) {
			continue
		}
		cell := roster.Clean(r.Cells[t.at])
		switch s := r.Layout.standing(t, cell, today); {
		case s.Passed:
			s.Problem.Column, s.Problem.Value = t.header, cell
			return s
		case s.Problem != nil && doubt.Problem == nil:
			s.Problem.Column, s.Problem.Value = t.header, cell
			doubt = s
		}
	}
	return doubt
}

func (l *Layout) standing(t teller, cell string, today time.Time) Standing {
	if isNothing(cell) {
		return Standing{}
	}
	if t.meaning >= aRole {
		return l.ofRole(t, cell)
	}
	switch v := t.meaning.verdict(cell, today); {
	case v == gone:
		return Standing{Passed: true, Left: true, Problem: row.Problemf(row.NotActive,
			"You need not do anything. If the row counts all the same, correct this cell and upload the row again.",
			"The row was passed over, because its column %s says %s.", quote.Text(t.header), t.meaning.inWords(cell))}
	case v == counts:
		return Standing{}
	case t.meaning == anEnd:
		return Standing{Problem: row.Problemf(row.UnknownStatus,
			"Write the day as 2026-06-30, or clear the cell if there is none.",
			"The column %s says %s, which can be read as no day, or as several. So it is not clear whether the row still "+
				"counts.",
			quote.Text(t.header), quote.Text(row.Shorten(cell, 64)))}
	case t.meaning == isActive || t.meaning == isGone:
		return Standing{Problem: row.Problemf(row.UnknownStatus,
			"Write Yes or No. If the column does not matter, delete it.",
			"The column %s says %s, so it is not clear whether the row counts.",
			quote.Text(t.header), quote.Text(row.Shorten(cell, 64)))}
	default:
		return Standing{Problem: row.Problemf(row.UnknownStatus,
			"Write Active if the row counts, and Inactive if not. If the column does not matter, delete it.",
			"The column %s says %s, so it is not clear whether the row counts.",
			quote.Text(t.header), t.meaning.inWords(cell))}
	}
}

// inWords quotes a cell, and says what its number means.
func (m meaning) inWords(cell string) string {
	text := quote.Text(row.Shorten(cell, 64))
	if means := codes[cell]; m == aCode && means != "" {
		text += " (" + means + ")"
	}
	return text
}

// codes are the numbers of a status in PowerSchool.
var codes = map[string]string{
	"-2": "inactive before the enrollment", "-1": "registered before the enrollment", "0": "enrolled", "1": "inactive",
	"2": "transferred out", "3": "graduated", "4": "imported as history",
}

// ofRole compares a role with the roles of the people in the file.
func (l *Layout) ofRole(t teller, cell string) Standing {
	known, others := rolesIn(cell)
	fits := slices.ContainsFunc(known, func(role Role) bool { return slices.Contains(l.Format.Roles, role) })
	switch {
	case fits && (len(known) == 1 || isList(cell)):
		return Standing{}
	case len(known) > 0 && !fits && !others:
		return Standing{Passed: true, Problem: row.Problemf(row.OtherRole,
			"You need not do anything. Upload other people as a list of their own, or this file once more as one of them.",
			"The row was passed over: its column %s says %s, and this is a list of %s.",
			quote.Text(t.header), quote.Text(row.Shorten(cell, 64)), l.Format.Plural)}
	case t.meaning != aRole:
		return Standing{}
	default:
		return Standing{Problem: row.Problemf(row.UnknownRole,
			"Write "+l.Format.roleNames()+" if the row is about one, and delete the row if not. If the column holds no roles, "+
				"delete or rename the column.",
			"The column %s says %s, so it is not clear whether the row belongs into a list of %s.",
			quote.Text(t.header), quote.Text(row.Shorten(cell, 64)), l.Format.Plural)}
	}
}

// roleNames returns what to write for the roles of a file.
func (f *Format) roleNames() string {
	names := map[Role]string{Student: "Student", Teacher: "Teacher", Staff: "School Administrator"}
	list := make([]string, len(f.Roles))
	for i, role := range f.Roles {
		list[i] = names[role]
	}
	return strings.Join(list, " or ")
}

// PassOver records why a row is passed over, or refuses it because of a doubt.
func (r *Row) PassOver(s Standing) {
	p := s.Problem
	p.Row, p.Warning = r.Number, s.Passed
	if len(p.Value) > 0 {
		p.Value = row.Shorten(p.Value, 255)
	}
	r.Refused = r.Refused || !s.Passed
	r.Problems = append(r.Problems, p)
}

// isList reports whether a cell holds several values.
func isList(cell string) bool { return strings.ContainsAny(cell, ",;|/") }
