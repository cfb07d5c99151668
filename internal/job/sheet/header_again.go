package sheet

import (
	"fmt"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// words returns the forms of all headers that mean something in such a file.
func (f *Format) words() map[string]bool {
	words := map[string]bool{}
	for _, c := range f.Columns {
		for _, h := range c.Headers() {
			words[HeaderKey(h)] = true
		}
	}
	return words
}

// repeats reports whether a row contains column names instead of data, as when several
// files were joined. again means that they are the same as in the first row; other means
// that they differ, so that the meaning of the cells below is unknown.
func (l *Layout) repeats(cells []string) (again, other bool) {
	filled, known, same := 0, 0, 0
	for i, c := range cells {
		if c == "" {
			continue
		}
		filled++
		key := HeaderKey(c)
		if key != "" && key == l.keys[i] {
			known, same = known+1, same+1
		} else if l.words[key] {
			known++
		}
		if filled == 2 && known == 0 {
			return false, false // as nearly every row
		}
	}
	switch {
	case filled == 0:
		return false, false
	case same == filled:
		return true, false
	default:
		return false, known == filled && known >= 2 || known >= 3 && 2*known > filled
	}
}

// otherHeader refuses a file in which the columns change on the way.
func otherHeader(number int) *csvfile.Error {
	return &csvfile.Error{Code: row.OtherHeader, Row: number,
		Message: fmt.Sprintf("Row %d under the header holds column names again, but not the same ones as the first "+
			"row.", number),
		Hint: "It seems that several files were joined. Upload each of them separately."}
}
