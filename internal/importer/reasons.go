package importer

import "slices"

// The columns that a file of failed rows has at its end. An import passes exactly
// these over without naming them as unknown.
const (
	colRefusedRow     = "Refused Row"
	colRefusedBecause = "Refused Because"
	colWhatToDo       = "What To Do"
)

var reasons = []string{colRefusedRow, colRefusedBecause, colWhatToDo}

func isReason(header string) bool {
	return slices.ContainsFunc(reasons, func(r string) bool { return headerKey(r) == headerKey(header) })
}
