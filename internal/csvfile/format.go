package csvfile

// Encoding names how the characters of a file are stored.
type Encoding string

// The encodings that Inspect distinguishes. UTF-16 has the same name with and without a
// byte order mark. Windows-1252 is also what most people call ANSI or Latin-1. The other
// code pages are in codepage.go.
const (
	UTF8        Encoding = "UTF-8"
	UTF8BOM     Encoding = "UTF-8 with BOM"
	UTF16LE     Encoding = "UTF-16LE"
	UTF16BE     Encoding = "UTF-16BE"
	Windows1252 Encoding = "Windows-1252"
)

// String returns the name as it is shown to people.
func (e Encoding) String() string { return string(e) }

// Delimiter names the character between two cells.
type Delimiter string

// The delimiters that Inspect distinguishes. A file with a single column has none, and is
// reported to use the comma.
const (
	Comma     Delimiter = "comma"
	Semicolon Delimiter = "semicolon"
	Tab       Delimiter = "tab"
	Pipe      Delimiter = "pipe"
)

// delimiters are those that Inspect tells apart, in the order in which it tries them.
var delimiters = [...]Delimiter{Comma, Semicolon, Tab, Pipe}

// String returns the name as it is shown to people.
func (d Delimiter) String() string { return string(d) }

// char returns the character that d names, and 0 for any other name.
func (d Delimiter) char() byte {
	switch d {
	case Comma:
		return ','
	case Semicolon:
		return ';'
	case Tab:
		return '\t'
	case Pipe:
		return '|'
	}
	return 0
}

// delimiterOf is the inverse of char. It returns "" for any other character.
func delimiterOf(c byte) Delimiter {
	for _, d := range delimiters {
		if d.char() == c {
			return d
		}
	}
	return ""
}

// LineEnding names what separates two records. Line breaks inside quoted cells do not
// count.
type LineEnding string

// The line endings that Inspect reports. Each of the first three ends a record in every
// file, so Mixed is information and not a problem. NoLineEnding is a file of one line
// without a line ending.
const (
	LF           LineEnding = "LF"
	CRLF         LineEnding = "CRLF"
	CR           LineEnding = "CR"
	Mixed        LineEnding = "mixed"
	NoLineEnding LineEnding = "none"
)

// String returns the name as it is shown to people.
func (l LineEnding) String() string { return string(l) }

// Format is what Inspect found out about a file.
type Format struct {
	Encoding   Encoding
	Delimiter  Delimiter
	LineEnding LineEnding

	// Bytes is the size of the file as it is stored, byte order mark included.
	Bytes int64

	// Rows counts the data records under the header. Blank lines and rows with only blank
	// cells are not counted, so it is exactly the number of records that a Reader returns.
	Rows int64

	// Header holds the column names after Clean. A column without a name is "", so that
	// the positions match those of the cells. So is a column beyond the last name in which
	// every row has a blank cell.
	Header []string

	// HeaderRow is the row in which a spreadsheet shows the header: 1, or more if there
	// are blank lines above it. A record is shown in HeaderRow + Record.Row.
	HeaderRow int
}

// Limits bounds what a file may ask of the server. A field that is zero or negative gets
// its value from DefaultLimits.
type Limits struct {
	// Bytes is the largest file as it is stored.
	Bytes int64

	// Columns is the largest number of cells in one row, the header included.
	Columns int

	// CellBytes is the largest cell without its quotes. It counts bytes as stored, except
	// for UTF-16, where it counts bytes of UTF-8.
	CellBytes int

	// RowBytes is the most text in one row, the header included.
	RowBytes int

	// Rows is the largest number of rows under the header that are not blank.
	Rows int64

	// Spend is called for every piece of the file that is read, so that a caller can count
	// the cost. If it returns an error, reading ends with that error.
	Spend func() error
}

// DefaultLimits allows a district of a million students, each in ten classes: 256 MiB, ten
// million rows, 256 columns, 64 KiB in a cell, which is twice as many letters as a
// spreadsheet allows, and 128 KiB in a row.
func DefaultLimits() Limits {
	return Limits{Bytes: 256 << 20, Columns: 256, CellBytes: 64 << 10, RowBytes: 128 << 10, Rows: 10_000_000,
		Spend: func() error { return nil }}
}

// OrDefault fills in the fields that were left out.
func (l Limits) OrDefault() Limits {
	d := DefaultLimits()
	if l.Bytes > 0 {
		d.Bytes = l.Bytes
	}
	if l.Columns > 0 {
		d.Columns = l.Columns
	}
	if l.CellBytes > 0 {
		d.CellBytes = l.CellBytes
	}
	if l.RowBytes > 0 {
		d.RowBytes = l.RowBytes
	}
	if l.Rows > 0 {
		d.Rows = l.Rows
	}
	if l.Spend != nil {
		d.Spend = l.Spend
	}
	return d
}
