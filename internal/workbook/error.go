package workbook

import (
	"fmt"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// The reasons to refuse a workbook, besides those of csvfile.
const (
	BadWorkbook   csvfile.Code = "BAD_WORKBOOK"   // Damaged, or not written as programs write workbooks.
	Encrypted     csvfile.Code = "ENCRYPTED"      // Protected with a password.
	SeveralSheets csvfile.Code = "SEVERAL_SHEETS" // More than one visible sheet has content.
	MergedCells   csvfile.Code = "MERGED_CELLS"   // Cells of the table are merged.
)

const hintSaveAs = `Open it in your spreadsheet program and save it as "CSV UTF-8", ` +
	"or save it again as an Excel workbook (.xlsx)."

func damaged(message string) *csvfile.Error {
	return &csvfile.Error{Code: BadWorkbook, Message: message, Hint: hintSaveAs}
}

func encrypted() *csvfile.Error {
	return &csvfile.Error{Code: Encrypted, Message: "The workbook is protected with a password.",
		Hint: "Open it in your spreadsheet program, remove the password and save it."}
}

func tooLarge(limit int64) *csvfile.Error {
	return &csvfile.Error{
		Code:    csvfile.FileTooLarge,
		Message: fmt.Sprintf("The workbook is larger than %d MB.", limit>>20),
		Hint:    `Save it as "CSV UTF-8", which may be larger, or split it into several files.`,
	}
}

// unpacked refuses a workbook that is small only because it is compressed.
func unpacked() *csvfile.Error {
	return &csvfile.Error{Code: csvfile.FileTooLarge, Message: "The workbook is too large once unpacked.",
		Hint: `Save it as "CSV UTF-8", or split it into several files.`}
}

func severalSheets(filled []sheet) *csvfile.Error {
	var names []string
	for i, s := range filled {
		if i == 5 {
			names = append(names, "…")
			break
		}
		name := csvfile.Clean(s.name)
		if r := []rune(name); len(r) > 40 {
			name = string(r[:40]) + "…"
		}
		names = append(names, quote.Text(name))
	}
	return &csvfile.Error{
		Code:    SeveralSheets,
		Message: "Several sheets of the workbook are not empty: " + strings.Join(names, ", ") + ".",
		Hint:    "Save the sheet with the list as a workbook of its own, or hide the other sheets.",
	}
}

func mergedCells(cells string) *csvfile.Error {
	return &csvfile.Error{Code: MergedCells, Message: fmt.Sprintf("Cells of the table are merged: %s.", cells),
		Hint: "Unmerge them, and write the value into each cell to which it belongs. " +
			"The value of a merged cell counts only for its first row."}
}

func tooManyColumns(row, limit int) *csvfile.Error {
	return &csvfile.Error{
		Code:    csvfile.TooManyColumns,
		Message: fmt.Sprintf("%s has more than %d columns.", place(row), limit),
		Hint:    "Delete the columns that are not needed.",
		Row:     row,
	}
}

func cellTooLarge(row, limit int) *csvfile.Error {
	return &csvfile.Error{
		Code:    csvfile.CellTooLarge,
		Message: fmt.Sprintf("%s has a cell with more than %d KB of text.", place(row), limit>>10),
		Hint:    "Shorten the text.",
		Row:     row,
	}
}

func rowTooLarge(row, limit int) *csvfile.Error {
	return &csvfile.Error{
		Code:    csvfile.RowTooLarge,
		Message: fmt.Sprintf("%s has more than %d KB of text.", place(row), limit>>10),
		Hint:    "Shorten the texts, or delete the columns that are not needed.",
		Row:     row,
	}
}

// place returns the beginning of a sentence, with the number of a row; 0 is the header.
func place(row int) string {
	if row <= 0 {
		return "The header"
	}
	return fmt.Sprintf("Row %d under the header", row)
}
