// Package grade lists the grades of a school in their order.
package grade

import (
	"strconv"
	"strings"
)

// Grade is PK, K or 1 to 12, ordered by age: PK is -1, K is 0.
type Grade int8

// The grades that have names.
const (
	PK Grade = -1
	K  Grade = 0
	// Highest is the last grade of a school.
	Highest Grade = 12
)

// aliases are other ways in which school systems write a grade.
var aliases = map[string]Grade{
	"PK": PK, "PREK": PK, "PRE-K": PK, "P": PK, "PREKINDERGARTEN": PK, "PRE-KINDERGARTEN": PK,
	"K": K, "KG": K, "KINDERGARTEN": K,
}

// Parse reads a grade as files write it: PK, K or 1 to 12, also with a leading zero or in
// lower case. OneRoster's code for kindergarten is KG.
func Parse(s string) (Grade, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if g, ok := aliases[s]; ok {
		return g, true
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > int(Highest) || len(s) > 2 {
		return 0, false
	}
	return Grade(n), true
}

// String returns the grade as the API and the files write it.
func (g Grade) String() string {
	switch g {
	case PK:
		return "PK"
	case K:
		return "K"
	default:
		return strconv.Itoa(int(g))
	}
}
