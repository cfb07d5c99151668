package csvfile

import (
	"bytes"
	"regexp"
)

// sniffBytes is how many bytes at the beginning of a file are examined to find its type.
const sniffBytes = 4096

// sniff finds the encoding of a file from its first bytes, and the length of its byte
// order mark. The encoding is "" if the file may be UTF-8 or in a code page; only the
// whole file shows which. Files that are clearly not tables of text are refused.
func sniff(head []byte) (e Encoding, mark int, err error) {
	if err := refuseSignature(head); err != nil {
		return "", 0, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return UTF8BOM, 3, nil
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return UTF16LE, 2, nil
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return UTF16BE, 2, nil
	}
	return encodingByZeros(head), 0, nil
}

// encodingByZeros recognizes UTF-16 without a byte order mark. Most characters of a table
// are ASCII, so in UTF-16 most pairs of bytes contain a zero, always on the same side. It
// requires a clear majority: any other zero means that the file is not text, which is
// found out later.
func encodingByZeros(head []byte) Encoding {
	pairs, even, odd := len(head)/2, 0, 0
	for i := range pairs {
		if head[2*i] == 0 {
			even++
		}
		if head[2*i+1] == 0 {
			odd++
		}
	}
	switch {
	case 2*odd > pairs && 10*even <= odd:
		return UTF16LE
	case 2*even > pairs && 10*odd <= even:
		return UTF16BE
	}
	return ""
}

// refuseSignature refuses the kinds of file that people upload in place of a CSV file, so
// that the message can say what they have uploaded.
func refuseSignature(head []byte) error {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return refuseZip(head)
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return notText("This is an old Excel workbook (.xls), which cannot be read.",
			`Open it in your spreadsheet program and save it as "CSV UTF-8", or as an Excel workbook (.xlsx).`)
	case bytes.HasPrefix(head, []byte("%PDF")):
		return notText("This is a PDF document, not a CSV file.",
			"Export the list as CSV from the program that made the PDF.")
	case bytes.HasPrefix(head, []byte("\x1F\x8B")):
		return notText("This is a compressed file (.gz), not a CSV file.", "Unpack it and upload the CSV file inside.")
	case bytes.HasPrefix(head, []byte("\x89PNG")), bytes.HasPrefix(head, []byte("\xFF\xD8\xFF")):
		return notText("This is a picture, not a CSV file.", "Choose the CSV file with the list.")
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return notText("This is a word processor document, not a CSV file.",
			"Copy the list into a spreadsheet and save it as CSV.")
	}

	return refuseMarkup(head)
}

// signatures are the first bytes of other kinds of files, with what they are.
var signatures = []struct{ begins, is, do string }{
	{"PAR1", "a Parquet file", "Export the list as CSV from the program that it comes from."},
	{"SQLite format 3\x00", "a database (SQLite)", "Export the list as CSV from the program that it comes from."},
	{"\x00\x01\x00\x00Standard ", "a database (Access)", "Export the list as CSV from the program that it comes from."},
	{"7z\xBC\xAF\x27\x1C", "a packed file (.7z)", hintUnpack},
	{"Rar!", "a packed file (.rar)", hintUnpack},
	{"BZh", "a packed file (.bz2)", hintUnpack},
	{"\xFD7zXZ", "a packed file (.xz)", hintUnpack},
	{"GIF8", "a picture", "Choose the CSV file with the list."},
	{"%!PS", "a printed document (PostScript)", "Export the list as CSV from the program that made it."},
	{"\x09\x08", "an old Excel workbook (.xls)", hintSaveAsCSV},
	{"\x09\x04", "an old Excel workbook (.xls)", hintSaveAsCSV},
	{"\x09\x02", "an old Excel workbook (.xls)", hintSaveAsCSV},
	{"\x00\x00\x1A\x00", "a Lotus 1-2-3 workbook", hintSaveAsCSV},
	{"MIME-Version:", "a web archive (.mht)", hintSaveAsCSV},
	{"BEGIN:VCARD", "a list of contacts (vCard)", "Export the list as CSV from the program that it comes from."},
	{"BEGIN:VCALENDAR", "a calendar", "Choose the CSV file with the list."},
	{"[InternetShortcut]", "a link to a web page (.url)", "Open the link, and download the list as CSV."},
}

const hintUnpack = "Unpack it and upload the CSV file inside."

// refuseMarkup refuses web pages and other text that is no table, in one byte or two bytes
// a letter.
func refuseMarkup(head []byte) error {
	text := bytes.ReplaceAll(head, []byte{0}, nil)
	for _, mark := range []string{"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"} {
		text = bytes.TrimPrefix(text, []byte(mark))
	}
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.begins)) || bytes.HasPrefix(text, []byte(s.begins)) {
			return notText("This is "+s.is+", not a CSV file.", s.do)
		}
	}
	if bytes.HasPrefix(text, []byte("ID;P")) && sylkCell.Match(text) {
		return notText("This is a SYLK file (.slk), not a CSV file.", hintSaveAsCSV)
	}
	if isDIF(text) {
		return notText("This is a DIF file (Data Interchange Format), not a CSV file.", hintSaveAsCSV)
	}
	start := bytes.ToLower(bytes.TrimLeft(text[:min(len(text), 1024)], " \t\r\n"))
	has := func(word string) bool { return bytes.Contains(start, []byte(word)) }
	for _, tag := range [...]string{"<!doctype", "<html", "<head", "<table", "<meta", "<?xml", "<workbook"} {
		switch {
		case !bytes.HasPrefix(start, []byte(tag)):
		case has("microsoft-com:office:spreadsheet") && !has("<html"), has("excel.sheet"):
			return notText("This is an Excel workbook in an old XML format (XML Spreadsheet 2003), which cannot be read.",
				`Open it in your spreadsheet program and save it as an Excel workbook (.xlsx), or as "CSV UTF-8".`)
		case has("opendocument"):
			return notText("This is an OpenDocument workbook in one XML file (.fods), not a CSV file.", hintSaveAsCSV)
		case tag == "<?xml" && !has("<html") && !has("<!doctype html"):
			return notText("This is an XML file, not a CSV file.", "Export the list as CSV from the program that it comes from.")
		default:
			return notText("This is a web page, not a CSV file.",
				"Perhaps you were signed out while downloading it, or the program exports its lists as web pages: "+
					"open the file in your spreadsheet program and save it as CSV.")
		}
	}
	if isJSON(start) {
		return notText("This is a JSON file, not a CSV file.", "Export the list as CSV from the program that it comes from.")
	}
	if sqlDump.Match(start) {
		return notText("This is a file of SQL statements, not a CSV file.",
			"Export the list as CSV from the program that it comes from.")
	}
	return nil
}

// sqlDump is how a file of SQL statements begins, with comments or without.
var sqlDump = regexp.MustCompile(`^(?:(?:--|#)[^\n]*\n\s*|/\*[^*]*\*/;?\s*)*` +
	`(?:insert\s+into\s|create\s+(?:table|database)\s|drop\s+table\s|begin;|set\s+names\s)`)

// sylkCell is a cell in a SYLK file, with its column or row. A file with semicolons may
// begin with ID;P as well, as in ID;Pupil.
var sylkCell = regexp.MustCompile(`(?m)^C;(?:[^\r\n]*;)?[XY]\d+`)

// isDIF reports whether a file begins as one of the Data Interchange Format does.
func isDIF(text []byte) bool {
	lines := bytes.Fields(text[:min(len(text), 64)])
	return len(lines) >= 2 && bytes.EqualFold(lines[0], []byte("TABLE")) && bytes.HasPrefix(lines[1], []byte("0,"))
}

// isJSON reports whether a text begins as an object, or as a list of objects or lists.
func isJSON(start []byte) bool {
	if len(start) == 0 || start[0] != '{' && start[0] != '[' {
		return false
	}
	inner := bytes.TrimLeft(start[1:], " \t\r\n")
	if len(inner) == 0 {
		return false
	}
	if start[0] == '{' {
		return inner[0] == '"' || inner[0] == '}'
	}
	return inner[0] == '{' || inner[0] == '['
}

// refuseZip names what is in a zip archive, because a modern workbook is one.
func refuseZip(head []byte) error {
	switch {
	case bytes.Contains(head, []byte("word/")):
		return notText("This is a word processor document, not a CSV file.",
			"Copy the list into a spreadsheet and save it as CSV.")
	case bytes.Contains(head, []byte("[Content_Types].xml")), bytes.Contains(head, []byte("xl/")):
		// A whole workbook is read before anybody asks what else the file may be.
		return notText("This Excel workbook (.xlsx) is damaged, or was not copied to its end.",
			"Try to open it in your spreadsheet program. If it opens, save it again and upload the new file. If it does not, "+
				"get the file again from where it came from.")
	case bytes.Contains(head, []byte("opendocument")):
		return notText("This is an OpenDocument workbook (.ods), not a CSV file.", hintSaveAsCSV)
	}
	return notText("This is a zip archive or a workbook, not a CSV file.",
		"If it is a workbook, open it in your spreadsheet program and save it again, as .xlsx or as CSV. If it is an "+
			"archive, unpack it and upload the file inside.")
}
