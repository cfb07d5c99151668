package sheet

import (
	"slices"
)

// The columns that a file of failed rows has at its end. An import passes exactly
// these over without naming them as unknown.
const (
	colRefusedRow     = "Refused Row"
	colRefusedBecause = "Refused Because"
	colWhatToDo       = "What To Do"
)

// Reasons are the columns at the end of a file of failed rows.
var Reasons = []string{colRefusedRow, colRefusedBecause, colWhatToDo}

// IsReason reports whether a header is one of Reasons.
func IsReason(header string) bool {
	return slices.ContainsFunc(Reasons, func(r string) bool { return HeaderKey(r) == HeaderKey(header) })
}
