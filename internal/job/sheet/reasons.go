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

var Reasons = []string{colRefusedRow, colRefusedBecause, colWhatToDo}

func IsReason(header string) bool {
	return slices.ContainsFunc(Reasons, func(r string) bool { return HeaderKey(r) == HeaderKey(header) })
}
