package csvfile_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

func TestInspectRefuses(t *testing.T) {
	t.Parallel()
	small := csvfile.Limits{Bytes: 300, Columns: 4, CellBytes: 20}
	zip := "PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00"
	tests := []struct {
		name string
		file string
		code csvfile.Code
		row  int
		says string // What the message or the hint must mention.
	}{
		{"a file of no bytes", "", csvfile.EmptyFile, 0, "empty"},
		{"a file with only a byte order mark", "\uFEFF", csvfile.EmptyFile, 0, "empty"},
		{"a file of blank lines", "\r\n \n\t\r\n", csvfile.EmptyFile, 0, "empty"},
		{"a file with only the line sep=;", "sep=;\r\n", csvfile.EmptyFile, 0, "empty"},

		{"an Excel workbook", zip + "[Content_Types].xml", csvfile.NotText, 0, "Excel workbook (.xlsx)"},
		{"an OpenDocument workbook", zip + "mimetypeapplication/vnd.oasis.opendocument.spreadsheet", csvfile.NotText, 0, "(.ods)"},
		{"a zip archive", zip + "students.csv", csvfile.NotText, 0, "unpack it"},
		{"an old Excel workbook", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\x00\x00", csvfile.NotText, 0, "Excel workbook (.xls)"},
		{"a picture in PNG", "\x89PNG\r\n\x1A\n\x00", csvfile.NotText, 0, "picture"},
		{"a picture in JPEG", "\xFF\xD8\xFF\xE0\x00", csvfile.NotText, 0, "picture"},
		{"a compressed file", "\x1F\x8B\x08\x00", csvfile.NotText, 0, "(.gz)"},
		{"a letter", `{\rtf1\ansi`, csvfile.NotText, 0, "word processor"},
		{"a PDF", "%PDF-1.7\n", csvfile.NotText, 0, "PDF"},
		{"a workbook in XML", "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook>", csvfile.NotText, 0, "XML Spreadsheet 2003"},
		{"a workbook in XML and UTF-16", "\xFF\xFE<\x00?\x00x\x00m\x00l\x00 \x00E\x00x\x00c\x00e\x00l\x00.\x00S\x00h\x00e\x00e\x00t\x00", csvfile.NotText, 0, "XML Spreadsheet 2003"},
		{"an OpenDocument workbook in XML", "<?xml version=\"1.0\"?><office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\">", csvfile.NotText, 0, "(.fods)"},
		{"another XML file", "<?xml version=\"1.0\"?><students/>", csvfile.NotText, 0, "XML file"},
		{"a SYLK file", "ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K\"ID\"\r\n", csvfile.NotText, 0, "SYLK"},
		{"a DIF file", "TABLE\r\n0,1\r\n\"EXCEL\"\r\nVECTORS\r\n", csvfile.NotText, 0, "DIF"},
		{"a list of objects", "[\n {\"id\": 1}\n]", csvfile.NotText, 0, "JSON"},
		{"an object", "{\"students\": []}", csvfile.NotText, 0, "JSON"},
		{"a web archive", "MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", csvfile.NotText, 0, "(.mht)"},
		{"contacts", "BEGIN:VCARD\r\nN:Sol;Han\r\n", csvfile.NotText, 0, "vCard"},
		{"a web page", "\uFEFF\r\n<!DOCTYPE html>\n<title>Sign in</title>", csvfile.NotText, 0, "web page"},
		{"a NUL in the middle", "ID,Name\n1,A\x00\n", csvfile.NotText, 0, "not a text file"},
		{"a NUL after two letters", "a,b\x00", csvfile.NotText, 0, ""},
		{"a NUL in UTF-16", "\xFF\xFEI\x00D\x00\x00\x00", csvfile.NotText, 0, "not a text file"},
		{"UTF-32", "\xFF\xFE\x00\x00I\x00\x00\x00D\x00\x00\x00", csvfile.NotText, 0, "not a text file"},
		{"control characters in the header", "\x01\x02,\x03\n", csvfile.NotText, 0, "first row"},
		{"half a surrogate pair in UTF-16", "\xFF\xFEI\x00D\x00\n\x00\x3D\xD8x\x00", csvfile.NotText, 0, "CSV UTF-8"},
		{"half a surrogate pair at the end of UTF-16", "\xFF\xFEI\x00D\x00\n\x00\x3D\xD8", csvfile.NotText, 0, "CSV UTF-8"},
		{"half a character at the end of UTF-16", "\xFF\xFEI\x00D", csvfile.NotText, 0, "CSV UTF-8"},
		{"bytes that no known encoding has", "ID,Name\n1,Fr\x8D\x81n\n", csvfile.NotText, 0, "CSV UTF-8"},
		{"a UTF-8 mark on a file that is not UTF-8", "\uFEFFID,Name\n1,Jos\xE9\n", csvfile.NotText, 0, "CSV UTF-8"},

		{"a header of nothing but delimiters", ",,\n1,2,3\n", csvfile.NoHeader, 0, "no column names"},
		{"a header of no-break spaces", "\u00A0,\u00A0\n1,2\n", csvfile.NoHeader, 0, "no column names"},
		{"a title above the header", "Lincoln School,,\nID,First,Last\n1,A,B\n", csvfile.NoHeader, 0, `"Lincoln School"`},
		{"a title without delimiters", "Lincoln School\nID,First,Last\n1,A,B\n", csvfile.NoHeader, 0, `"Lincoln School"`},
		{"whole rows in quotation marks", "\"ID,Name\"\n\"1,Ana\"\n", csvfile.NoHeader, 0, "one cell"},
		{"the wrong delimiter in sep=", "sep=;\nID,Name\n1,Ana\n", csvfile.NoHeader, 0, "one cell"},
		{"the same name twice", "ID,Name,ID\n", csvfile.DuplicateHeader, 0, `the name "ID"`},
		{"the same name twice but for case and spaces", "Student ID,Name,STUDENT\u00A0 id\n", csvfile.DuplicateHeader, 0, `"Student ID"`},
		{"the same name twice but for how the accent is stored", "Año,An\u0303o\n", csvfile.DuplicateHeader, 0, "Año"},

		{"two delimiters that fit equally", "a,b;c\n1,2;3\n", csvfile.UnclearDelimiter, 0, "not clear"},
		{"an unknown delimiter in sep=", "sep=^\na^b\n", csvfile.UnclearDelimiter, 0, `"^"`},
		{"an unknown delimiter", "ID^Name\n1^Ana\n", csvfile.UnclearDelimiter, 0, `"^"`},
		{"colons between the columns", "ID:Name:Grade\n1:Ana:3\n2:Bo:\n", csvfile.UnclearDelimiter, 0, `":"`},
		{"a broken bar in Windows-1252", "ID\xA6Name\xA6Grade\n1\xA6Ana\xA63\n", csvfile.UnclearDelimiter, 0, `"¦"`},
		{"a control character between the columns", "ID\x1FName\x1FGrade\n1\x1FAna\x1F3\n", csvfile.UnclearDelimiter, 0, "control"},
		{"columns of a fixed width", "ID    Name    Grade\n1     Ana     3\n", csvfile.UnclearDelimiter, 0, "spaces"},

		{"too many columns in the header", "a,b,c,d,e\n", csvfile.TooManyColumns, 0, "The header has more than 4"},
		{"too many columns in a row", "a,b\n1,2\n\n1,2,3,4,5\n", csvfile.TooManyColumns, 3, "Row 3 under the header"},
		{"a cell that is too large", "a,b\n1," + strings.Repeat("x", 21) + "\n", csvfile.CellTooLarge, 1, "20 bytes"},
		{"a quoted cell that is too large", "a,b\n1,\"" + strings.Repeat("x", 21) + "\"\n", csvfile.CellTooLarge, 1, "20 bytes"},
		{"a quoted cell that is too large before a doubled quote", "a,b\n1,\"" + strings.Repeat("x", 21) + "\"\"y\"\n", csvfile.CellTooLarge, 1, "20 bytes"},
		{"a file that is too large", "a,b\n" + strings.Repeat("1,2\n", 75), csvfile.FileTooLarge, 0, "300 bytes"},

		{"a quote that stays open", "a,b\n1,2\n\n3,\"4\n5,6\n", csvfile.UnterminatedQuote, 3, "Row 3 under the header"},
		{"a quote that stays open longer than a cell may be", "a,b\n3,\"4\n" + strings.Repeat("5,6\n", 30), csvfile.UnterminatedQuote, 1, "never closed"},
		{"a quote that stays open in the header", "a,\"b\n1,2\n", csvfile.UnterminatedQuote, 0, "The header"},
		{"a quote that is the last character", "a,b\n1,\"", csvfile.UnterminatedQuote, 1, "never closed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := refusal(t, test.file, small)
			equal(t, err.Code, test.code)
			equal(t, err.Row, test.row)
			if !strings.Contains(err.Message+" "+err.Hint, test.says) {
				t.Errorf("%q does not mention %q", err.Message+" "+err.Hint, test.says)
			}
			if err.Message == "" || err.Hint == "" {
				t.Errorf("message %q or hint %q is empty", err.Message, err.Hint)
			}
		})
	}
}

func TestInspectNamesTheBytesBeforeTheDelimiter(t *testing.T) {
	t.Parallel()
	// The header alone would be refused for its two delimiters, but that follows
	// from the file being no text at all.
	err := refusal(t, "a,b;c\n"+strings.Repeat("1\n", 5000)+"\x00", csvfile.Limits{})
	equal(t, err.Code, csvfile.NotText)
}

// TestEachLimitOfAFileHasItsBound inspects a file under a limit that it just keeps, and
// under one that is one less.
func TestEachLimitOfAFileHasItsBound(t *testing.T) {
	t.Parallel()
	file := "a,b\n1,2\n\n,\n12345,\"a\"\"cd\"\n"
	for code, limits := range map[csvfile.Code]func(less int) csvfile.Limits{
		csvfile.FileTooLarge:   func(less int) csvfile.Limits { return csvfile.Limits{Bytes: int64(len(file) - less)} },
		csvfile.TooManyColumns: func(less int) csvfile.Limits { return csvfile.Limits{Columns: 2 - less} },
		csvfile.CellTooLarge:   func(less int) csvfile.Limits { return csvfile.Limits{CellBytes: 5 - less} },
		csvfile.TooManyRows:    func(less int) csvfile.Limits { return csvfile.Limits{Rows: int64(2 - less)} },
		csvfile.RowTooLarge:    func(less int) csvfile.Limits { return csvfile.Limits{RowBytes: 9 - less} },
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			if _, err := csvfile.Inspect(strings.NewReader(file), limits(0)); err != nil {
				t.Error(err)
			}
			equal(t, refusal(t, file, limits(1)).Code, code)
		})
	}
}
