// Package csvfile reads and writes the table files that schools exchange:
// comma, semicolon or tab separated text in whatever encoding and with
// whatever line ends the program that saved it happened to choose.
//
// A file is read twice. Inspect goes over the whole stream once, in constant
// memory, and either says what the file is or refuses it in words that the
// person who uploaded it can act on. NewReader then goes over the same bytes
// again and hands out the records. Two passes are the price of certainty: the
// first accent that shows a file is not UTF-8 may stand in row 50,000, and by
// then half of the rows would already have been understood wrongly.
//
// What both passes must agree on (where a record ends, which rows are blank,
// how large a cell may be) is therefore written once, in scanner and blank,
// and the Reader reports FILE_CHANGED when the second pass does not find what
// the first one promised.
//
// The package knows cells and rows. It does not know students, column names,
// passwords or databases.
package csvfile
