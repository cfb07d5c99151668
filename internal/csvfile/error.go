package csvfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Code is the stable name of a reason for which a whole file is refused.
type Code string

// The reasons to refuse a file. A file with a header and no rows is not refused; it has
// zero rows.
const (
	EmptyFile       Code = "EMPTY_FILE"       // Nothing but blank lines.
	NotText         Code = "NOT_TEXT"         // A workbook, a picture, or text in no known encoding.
	FileTooLarge    Code = "FILE_TOO_LARGE"   // More than Limits.Bytes.
	NoHeader        Code = "NO_HEADER"        // The first row cannot be column names.
	DuplicateHeader Code = "DUPLICATE_HEADER" // Two columns have the same name.
	// Two delimiters fit equally well, or sep= names an unknown one.
	UnclearDelimiter  Code = "UNCLEAR_DELIMITER"
	UnclearEncoding   Code = "UNCLEAR_ENCODING"   // The letters can be read in several ways.
	TooManyColumns    Code = "TOO_MANY_COLUMNS"   // More than Limits.Columns in one row.
	CellTooLarge      Code = "CELL_TOO_LARGE"     // More than Limits.CellBytes in one cell.
	RowTooLarge       Code = "ROW_TOO_LARGE"      // More than Limits.RowBytes in one row.
	TooManyRows       Code = "TOO_MANY_ROWS"      // More than Limits.Rows under the header.
	UnterminatedQuote Code = "UNTERMINATED_QUOTE" // A quotation mark is opened and never closed.
	FileChanged       Code = "FILE_CHANGED"       // The Reader found a different file than Inspect.
)

// Error refuses a whole file. Message says what is wrong and Hint says what to do; both
// are sentences for the person who uploaded the file. A failure to read the stream is not
// an Error.
type Error struct {
	Code    Code
	Message string
	Hint    string

	// Row is the row of the problem, counted like Record.Row. It is 0 if the problem is in
	// the header or in the file as a whole.
	Row int
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

const (
	hintSaveAsCSV = `Open it in your spreadsheet program and save it as "CSV UTF-8".`
	hintFirstRow  = "The first row must hold the column names, such as Student ID and First Name. " +
		"Delete any title above it."
)

// notText refuses a file that is not a table of text.
func notText(message, hint string) *Error {
	return &Error{Code: NotText, Message: message, Hint: hint}
}

// noHeader refuses a first row that cannot be column names.
func noHeader(message string) *Error {
	return &Error{Code: NoHeader, Message: message, Hint: hintFirstRow}
}

func emptyFile() *Error {
	return &Error{
		Code:    EmptyFile,
		Message: "The file is empty.",
		Hint:    "Check that you chose the right file, and that it was saved before you uploaded it.",
	}
}

func fileTooLarge(limit int64) *Error {
	return &Error{
		Code:    FileTooLarge,
		Message: fmt.Sprintf("The file is larger than %s.", size(limit)),
		Hint:    "Split it into several files, each with the same first row.",
	}
}

// NotTooMany refuses a file with more rows under its header than a limit.
func NotTooMany(rows, limit int64) error {
	if rows <= limit {
		return nil
	}
	return &Error{
		Code:    TooManyRows,
		Message: fmt.Sprintf("The file has more than %s under the column names.", quote.Count(int(limit), "row")),
		Hint:    "Split it into several files, each with the same first row.",
	}
}

func duplicateHeader(first, second string) *Error {
	message := fmt.Sprintf("Two columns have the name %s.", quote.Text(first))
	if first != second {
		message = fmt.Sprintf("Two columns have the same name: %s and %s.", quote.Text(first), quote.Text(second))
	}
	return &Error{
		Code:    DuplicateHeader,
		Message: message,
		Hint:    "Delete or rename one of the two columns.",
	}
}

func tooManyColumns(row, limit int) *Error {
	return &Error{
		Code:    TooManyColumns,
		Message: fmt.Sprintf("%s has more than %d columns.", place(row), limit),
		Hint:    "Delete the columns that are not needed, also the empty ones on the right.",
		Row:     row,
	}
}

func cellTooLarge(row, limit int) *Error {
	return &Error{
		Code:    CellTooLarge,
		Message: fmt.Sprintf("%s has a cell with more than %s of text.", place(row), size(int64(limit))),
		Hint:    `Shorten the text. If the cell is not that long, look for a quotation mark (") that is not closed.`,
		Row:     row,
	}
}

func rowTooLarge(row, limit int) *Error {
	return &Error{
		Code:    RowTooLarge,
		Message: fmt.Sprintf("%s has more than %s of text.", place(row), size(int64(limit))),
		Hint:    "Shorten the texts, or delete the columns that are not needed.",
		Row:     row,
	}
}

func unterminatedQuote(row int) *Error {
	return &Error{
		Code:    UnterminatedQuote,
		Message: fmt.Sprintf(`%s has a quotation mark (") that is opened and never closed.`, place(row)),
		Hint:    "Close the quotation mark or delete it. A quotation mark inside a quoted cell is written twice.",
		Row:     row,
	}
}

// unclearEncoding shows the names in the file in each code page that makes sense, and in
// the one in which the file would have been read without this check.
func unclearEncoding(plausible, all []*reading) *Error {
	slices.SortStableFunc(plausible, func(a, b *reading) int { return b.evidence(nil) - a.evidence(nil) })
	shown := plausible[:min(len(plausible), 3)]
	if usual := all[0]; usual.page.name == Windows1252 && !slices.Contains(shown, usual) {
		shown = append([]*reading{usual}, shown[:min(len(shown), 2)]...)
	}
	var says []string
	for _, r := range shown {
		says = append(says, fmt.Sprintf("In %s it says %s.", r.page.name, r.names(shown)))
	}
	return &Error{
		Code:    UnclearEncoding,
		Message: "The accents and special letters of this file can be read in several ways. " + strings.Join(says, " "),
		Hint: "Open the file in a program that shows the names as they are written, such as the one that it comes from, " +
			`and save it as "CSV UTF-8", or as an Excel workbook (.xlsx).`,
	}
}

func fileChanged(message string) *Error {
	return &Error{
		Code:    FileChanged,
		Message: message,
		Hint:    "Upload the file again.",
	}
}

// place returns the beginning of a sentence, with the number of a row.
func place(row int) string {
	if row == 0 {
		return "The header"
	}
	return "Row " + strconv.Itoa(row) + " under the header"
}

// size formats a number of bytes in the largest unit that keeps it a whole number.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + " MB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + " KB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
