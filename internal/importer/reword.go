package importer

import "strings"

// ofSelection are the words that stand for those about files where there is none.
var ofSelection = strings.NewReplacer(
	"the person who uploaded the file", "the person who asked for it",
	"since the file was checked", "since the selection was checked",
	"Upload the row again to see what it would change now.", "Select the student again to see what would change now.",
	", or leave the cell as it was", "",
	"of this row", "of this edit",
	"has a hand in the upload", "has a hand in it",
)

// reword makes a problem of a file one of a selection.
func reword(p *problem) {
	p.Message, p.Hint = ofSelection.Replace(p.Message), ofSelection.Replace(p.Hint)
}
