package csvfile

import "bytes"

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

	start := bytes.ToLower(bytes.TrimLeft(head[:min(len(head), 512)], "\xEF\xBB\xBF \t\r\n"))
	for _, tag := range [...]string{"<!doctype", "<html", "<head", "<table", "<?xml"} {
		if bytes.HasPrefix(start, []byte(tag)) {
			return notText("This is a web page, not a CSV file.",
				"Perhaps you were signed out while downloading it, or the program exports its lists as web pages: "+
					"open the file in your spreadsheet program and save it as CSV.")
		}
	}
	return nil
}

// refuseZip names what is in a zip archive; a modern workbook is one.
func refuseZip(head []byte) error {
	switch {
	case bytes.Contains(head, []byte("word/")):
		return notText("This is a word processor document, not a CSV file.",
			"Copy the list into a spreadsheet and save it as CSV.")
	case bytes.Contains(head, []byte("[Content_Types].xml")), bytes.Contains(head, []byte("xl/")):
		return notText("This is an Excel workbook (.xlsx), not a CSV file.", hintSaveAsCSV)
	case bytes.Contains(head, []byte("opendocument")):
		return notText("This is an OpenDocument workbook (.ods), not a CSV file.", hintSaveAsCSV)
	}
	return notText("This is a zip archive or a workbook, not a CSV file.",
		"If it is a workbook, save it as CSV. If it is an archive, unpack it and upload the CSV file inside.")
}
