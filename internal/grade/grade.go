// Package grade lists the grades of a school in their order.
package grade

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// Grade is PK, TK, K, 1 to 13, Adult or UG. The numbers are those of the database, in the order
// of age; UG, which has none, comes last.
type Grade int8

// The grades that have names. 13 is a year beyond the last grade of a school.
const (
	PK    Grade = -3
	TK    Grade = -2
	K     Grade = 0
	Adult Grade = 20
	UG    Grade = 30

	// Highest is the last grade that is a number.
	Highest Grade = 13
)

// formerPK was the number of PK before there was TK. It stands in plans of jobs and in what an
// undo puts back, and is read as PK for ever.
const formerPK Grade = -1

// Wanted says which grades there are, for messages.
const Wanted = "PK, TK, K, 1 to 13, UG or Adult"

// All returns the grades in their order.
func All() []Grade {
	list := []Grade{PK, TK}
	for g := K; g <= Highest; g++ {
		list = append(list, g)
	}
	return append(list, Adult, UG)
}

// Stored returns the grade with a number of the database.
func Stored(n int) Grade {
	if Grade(n) == formerPK {
		return PK
	}
	return Grade(n)
}

// names are other ways to write a grade, in capital letters and without signs. JUNIOR and the
// like are those of American high schools.
var names = map[string]Grade{
	"PK": PK, "P": PK, "PREK": PK, "PREKINDERGARTEN": PK, "PREKINDER": PK, "PREKG": PK, "PK3": PK, "PK4": PK,
	"PREK3": PK, "PREK4": PK, "TK": TK, "TRANSITIONALKINDERGARTEN": TK, "TRANSITIONALKINDER": TK, "TRANSITIONALK": TK,
	"K": K, "KG": K, "KDG": K, "KIND": K, "KINDER": K, "KINDERGARTEN": K, "0": K, "00": K,
	"KFULLDAY": K, "KHALFDAY": K, "KAM": K, "KPM": K, "KINDERGARTENFULLDAY": K, "KINDERGARTENHALFDAY": K,
	"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5, "SIX": 6, "SEVEN": 7, "EIGHT": 8, "NINE": 9, "TEN": 10,
	"ELEVEN": 11, "TWELVE": 12, "FIRST": 1, "SECOND": 2, "THIRD": 3, "FOURTH": 4, "FIFTH": 5, "SIXTH": 6, "SEVENTH": 7,
	"EIGHTH": 8, "NINTH": 9, "TENTH": 10, "ELEVENTH": 11, "TWELFTH": 12, "THIRTEEN": 13, "THIRTEENTH": 13,
	"FRESHMAN": 9, "SOPHOMORE": 10, "JUNIOR": 11, "SENIOR": 12, "POSTGRADUATE": 13,
	"UG": UG, "UNGRADED": UG, "ADULT": Adult, "ADULTED": Adult, "ADULTEDUCATION": Adult, "AE": Adult,
}

// elsewhere are grades of information systems that Homeroom does not have: the codes of
// OneRoster and CEDS for infants, for years before PK and for studies after school, and those
// of single states. They are no spellings of another grade: PS is preschool for some and
// postsecondary for others.
var elsewhere = []string{"IT", "PR", "PS", "EE", "OTHER", "INFANT", "TODDLER", "PRESCHOOL", "NURSERY", "POSTSECONDARY",
	"ABE", "JK", "SK"}

// written is a grade as people write it: the word grade before or behind it, with or without
// an ordinal number, leading zeros, or the fraction that a spreadsheet program adds.
var written = regexp.MustCompile(`^(?:GRADE|GRD|GR|G|GRADO)?[ .:_-]*(.*?)(?:[ .]*(?:GRADE|GRADO|GRD|GR)\.?)?$`)

var (
	ordinal  = regexp.MustCompile(`^0?(\d{1,2})(?:ST|ND|RD|TH|º|°|ER)$`)
	fraction = regexp.MustCompile(`^(\d{1,2})\.0+$`)
	signs    = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "_", "")
)

// Parse reads a grade as it stands in a file, in the usual spellings, such as 03, 3rd, Grade 3
// and Kindergarten. OneRoster's code for kindergarten is KG. A text that could mean two grades
// is none.
func Parse(s string) (Grade, bool) {
	s = strings.ToUpper(strings.TrimSpace(width.Narrow.String(s)))
	if n, err := strconv.Atoi(s); err == nil && 1 <= n && n <= int(Highest) && len(s) <= 2 {
		return Grade(n), true // As nearly every grade.
	}
	if strings.HasPrefix(s, "-") || len(s) > 40 {
		return 0, false
	}
	if g, is := names[signs.Replace(s)]; is {
		return g, true
	}
	parts := written.FindStringSubmatch(s)
	if parts == nil {
		return 0, false
	}
	core := parts[1]
	for _, form := range []*regexp.Regexp{ordinal, fraction} {
		if m := form.FindStringSubmatch(core); m != nil {
			core = m[1]
		}
	}
	if n, err := strconv.Atoi(core); err == nil && 0 <= n && n <= int(Highest) && len(core) <= 3 {
		return Grade(n), true
	}
	g, is := names[signs.Replace(core)]
	return g, is
}

// IsElsewhere reports whether a text is a grade that information systems have and Homeroom
// does not.
func IsElsewhere(s string) bool {
	return slices.Contains(elsewhere, signs.Replace(strings.ToUpper(strings.TrimSpace(s))))
}

// Follows reports whether a student of grade before is usually of grade g a year later.
func (g Grade) Follows(before Grade) bool {
	switch before {
	case PK:
		return g == TK || g == K
	case TK:
		return g == K
	default:
		return g == before+1 && g <= Highest
	}
}

// String returns the grade as the API and the files write it.
func (g Grade) String() string {
	switch g {
	case PK, formerPK:
		return "PK"
	case TK:
		return "TK"
	case K:
		return "K"
	case Adult:
		return "Adult"
	case UG:
		return "UG"
	default:
		return strconv.Itoa(int(g))
	}
}
