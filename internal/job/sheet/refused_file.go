package sheet

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// writeAgain is the advice for a row whose password was left out.
const writeAgain = "This file leaves out passwords; enter the password again to set it."

// mendTheWhole is the advice for a row of a file of which nothing was written: the rows
// that are not in the file of refused rows would be lost.
const mendTheWhole = "Nothing in the file was written. Correct this row in the file that you uploaded, " +
	"and upload the whole file again."

// RefusedFile writes refused rows as a file that can be corrected and uploaded: the
// uploaded columns, followed by what is wrong.
type RefusedFile struct {
	// Headers are the headers of the uploaded file.
	Headers []string
	// Failed is true if no row of the file was written.
	Failed bool
	// Selector are the columns of a selection, which has no file; it is nil for a file.
	Selector []string

	file *csvfile.Writer
	// own are the positions of the person's own columns: a file that was itself one of
	// refused rows does not get the reasons twice.
	own []int
}

// Begin writes the header.
func (f *RefusedFile) Begin(w io.Writer) error {
	f.file = csvfile.NewWriter(w)
	header := slices.Clone(f.Selector)
	for i, h := range f.Headers {
		if !IsReason(h) {
			f.own = append(f.own, i)
			header = append(header, h)
		}
	}
	return f.file.Write(append(header, Reasons...))
}

// Write writes a row with its problems. Cells to the right of the last column are to
// the right of the reasons.
func (f *RefusedFile) Write(number int, cells []string, problems []*db.BulkJobProblem, hadPassword bool) error {
	own, beyond := cells, []string(nil)
	if f.Selector == nil {
		own, beyond = nil, cells[len(f.Headers):]
		for _, i := range f.own {
			own = append(own, cells[i])
		}
	}
	line := append(own, strconv.Itoa(number), because(problems), f.whatToDo(problems, hadPassword))
	return f.file.Write(append(line, beyond...))
}

// Flush writes what is still buffered.
func (f *RefusedFile) Flush() error { return f.file.Flush() }

func because(problems []*db.BulkJobProblem) string {
	var list []string
	for _, p := range problems {
		if p.Column != "" && !strings.HasPrefix(p.Message, p.Column) {
			list = append(list, p.Column+": "+p.Message)
		} else {
			list = append(list, p.Message)
		}
	}
	return strings.Join(list, " | ")
}

func (f *RefusedFile) whatToDo(problems []*db.BulkJobProblem, hadPassword bool) string {
	var list []string
	for _, p := range problems {
		if p.Hint != "" && !slices.Contains(list, p.Hint) {
			list = append(list, p.Hint)
		}
	}
	switch {
	case f.Failed:
		list = append(list, mendTheWhole)
	case hadPassword:
		list = append(list, writeAgain)
	}
	return strings.Join(list, " | ")
}
