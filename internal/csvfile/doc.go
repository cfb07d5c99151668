// Package csvfile reads and writes the table files that schools exchange: text separated
// by commas, semicolons, tabs or vertical bars, in any encoding and with any line ending.
//
// A file is read twice. Inspect reads the whole stream once, in constant memory. It either
// reports what the file is, or refuses it with a message that tells the person who
// uploaded it what to do. NewReader then reads the same bytes again and returns the
// records. The first pass is necessary for certainty: the first letter which shows that a
// file is not UTF-8 may be in row 50,000, and by then half of the rows would have been
// read wrongly.
//
// Both passes must agree where a record ends, which rows are blank and how large a cell
// may be. That code therefore exists once, in scanner and blank. If the second pass does
// not find what the first one found, the Reader reports FILE_CHANGED.
//
// The package knows cells and rows. It does not know students, column names, passwords or
// databases.
package csvfile
