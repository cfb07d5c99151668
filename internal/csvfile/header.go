package csvfile

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/cases"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// checkHeader returns the column names, or refuses a header that makes no sense.
func checkHeader(raw [][]byte, e Encoding, t tally) ([]string, error) {
	names := make([]string, len(raw))
	for i, cell := range raw {
		names[i] = Clean(string(decode(cell, e)))
	}
	return names, CheckHeader(names, 2*t.wide > t.sampled)
}

// CheckHeader refuses column names that make no sense. Each name is as Clean returns it.
// Columns without a name are allowed: they are common at the right edge, and callers find
// columns by name. wide says that most rows have text in several columns.
func CheckHeader(names []string, wide bool) error {
	named, only := 0, ""
	for _, name := range names {
		if strings.ContainsFunc(name, isControl) {
			return notText("The first row of this file is not text.", hintSaveAsCSV)
		}
		if name != "" {
			named, only = named+1, name
		}
	}
	switch {
	case named == 0:
		return noHeader("The first row of this file has no column names.")
	case len(names) == 1 && strings.ContainsAny(only, ",;\t"):
		return &Error{
			Code:    NoHeader,
			Message: fmt.Sprintf("All column names of this file are in one cell: %s.", excerpt(only)),
			Hint: "Perhaps whole rows are enclosed in quotation marks. Open the original file in your spreadsheet " +
				"program and save it as CSV.",
		}
	case named == 1 && wide:
		return noHeader(
			fmt.Sprintf("The first row of this file holds only %s, but the rows under it have several columns.", excerpt(only)))
	}
	return refuseDuplicates(names)
}

// refuseDuplicates refuses two names that people would read as the same one, because it is
// unclear which of the two columns is meant.
func refuseDuplicates(names []string) error {
	fold := cases.Fold()
	seen := make(map[string]string, len(names))
	for _, name := range names {
		key := strings.Join(strings.Fields(fold.String(name)), "")
		if key == "" {
			continue
		}
		if first, ok := seen[key]; ok {
			return duplicateHeader(first, name)
		}
		seen[key] = name
	}
	return nil
}

// isControl reports whether r is a control character that a column name must not contain.
func isControl(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

// decode returns text as UTF-8, given its encoding.
func decode(text []byte, e Encoding) []byte {
	if p := codePageOf(e); p != nil {
		return p.appendUTF8(nil, text)
	}
	return text
}

// excerpt quotes the beginning of a text that may be long.
func excerpt(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) <= most {
		return quote.Text(s)
	}
	return quote.Text(string(runes[:most]) + "…")
}
