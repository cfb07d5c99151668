package importer

import (
	"slices"
	"strings"

	"homeroom/internal/csvfile"
	"homeroom/internal/roster"
)

// clearWord in a cell empties what can be emptied; a blank cell changes nothing.
const clearWord = roster.ClearWord

// fileRow is one row of a file on its way to a plan.
type fileRow struct {
	Row int // As Record.Row of csvfile counts.
	N   int // Rows that are not blank, from 1.

	layout   *layout
	cells    []string
	beyond   []string // What stood to the right of the last column.
	flaws    []csvfile.Flaw
	problems []*problem
	refused  bool
	// by are those who have corrected the row.
	by []int
	// outside is set where the plan or a problem names something outside of the school
	// for which the file was uploaded; see seesAll.
	outside bool

	// What the check has found out; a row without a plan changes nothing.
	plan     *plan
	targetID int
	version  int
	label    string
}

// newRow returns nil for a row of other column names than those of the file.
func newRow(l *layout, n int, rec csvfile.Record) *fileRow {
	r := &fileRow{Row: rec.Row, N: n, layout: l, cells: rec.Cells, beyond: rec.Beyond, flaws: rec.Flaws}
	for _, cells := range [][]string{r.cells, r.beyond} {
		for i, cell := range cells {
			cells[i] = csvfile.UnguardFormula(cell)
		}
	}
	if rec.Extra > 0 {
		// Every cell may stand under a wrong header, so none is shown or used.
		r.fail("", problemf(ExtraCells, "Put a cell that holds the separator between quotation marks, or delete what stands to the right of the last column.",
			"The row has more cells than the first row has column names, so its cells may have slipped."))
	}
	switch again, other := l.repeats(r.cells); {
	case again:
		r.fail("", problemf(HeaderAgain, "Delete the row.", "The row holds the column names again."))
	case other:
		return nil
	}
	r.refuseFailed()
	return r
}

// refuseFailed refuses a row of a workbook for formulas that have no value, in
// those columns that are read.
func (r *fileRow) refuseFailed() {
	for _, f := range r.flaws {
		for column, at := range r.layout.index {
			switch {
			case at != f.Column:
			case f.Kind == csvfile.Failed:
				r.fail(column, problemf(CellError, "Correct the formula in the spreadsheet program, or write the value.",
					"The cell shows an error of the spreadsheet program instead of a value."))
			case f.Kind == csvfile.NotCalculated:
				r.fail(column, problemf(NotCalculated, "Open the workbook in your spreadsheet program, let it calculate, and save it.",
					"The cell holds a formula whose value is not in the file."))
			}
		}
	}
}

// flaw is what is wrong with a cell of a workbook, or 0.
func (r *fileRow) flaw(column string) csvfile.FlawKind {
	at, ok := r.layout.index[column]
	if !ok {
		return 0
	}
	for _, f := range r.flaws {
		if f.Column == at {
			return f.Kind
		}
	}
	return 0
}

// text returns a cell, or "" where the file has no such column, where the cell is
// blank, and where it says [clear].
func (r *fileRow) text(column string) string {
	if cell := r.cell(column); !strings.EqualFold(cell, clearWord) {
		return cell
	}
	return ""
}

// clears reports whether a cell says [clear].
func (r *fileRow) clears(column string) bool {
	return strings.EqualFold(r.cell(column), clearWord)
}

func (r *fileRow) cell(column string) string {
	i, ok := r.layout.index[column]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return r.cells[i]
}

// fail refuses the row because of a cell; column is empty for the row as a whole.
func (r *fileRow) fail(column string, p *problem) {
	r.refused = true
	r.note(column, p)
}

// warn notes something odd that keeps nothing from happening.
func (r *fileRow) warn(column string, p *problem) {
	p.Warning = true
	r.note(column, p)
}

func (r *fileRow) note(column string, p *problem) {
	p.Row, p.Column = r.Row, r.layout.header[column]
	if column != colPassword && p.Value == "" {
		p.Value = r.cell(column)
	}
	r.problems = append(r.problems, p)
}

// reported are the problems of the row as they are written down.
func (r *fileRow) reported() []*problem {
	for _, p := range r.problems {
		p.outside = r.outside
	}
	return r.problems
}

// needs refuses the row for want of a value; column may be missing in the file.
func (r *fileRow) needs(column, why string) {
	r.fail(column, problemf(Required, "Fill in "+column+", or add the column.", "%s is missing. %s", column, why))
}

// cannotClear refuses [clear] in cells that cannot be emptied.
func (r *fileRow) cannotClear(columns ...string) {
	for _, column := range columns {
		if r.clears(column) {
			r.fail(column, problemf(CannotClear, "Write the value, or leave the cell blank to change nothing.", "%s cannot be emptied.", column))
		}
	}
}

// refusedAt reports whether a cell has been refused already.
func (r *fileRow) refusedAt(column string) bool {
	for _, p := range r.problems {
		if !p.Warning && p.Column != "" && strings.EqualFold(p.Column, r.layout.header[column]) {
			return true
		}
	}
	return false
}

// clearsAmongOthers refuses [clear] as one of several items of a cell: there is
// nothing that goes by this name, and nothing can.
func (r *fileRow) clearsAmongOthers(column string, texts []string, hint string) bool {
	among := slices.ContainsFunc(texts, func(t string) bool { return strings.EqualFold(t, clearWord) })
	if among {
		r.fail(column, problemf(CannotClear, hint, "%s empties a cell, and stands in it alone.", clearWord))
	}
	return among
}

// countIn counts the row, which has been checked.
func (r *fileRow) countIn(t *tally) {
	t.rows++
	for _, p := range r.problems {
		if p.Warning {
			t.warnings++
		}
	}
	switch {
	case r.refused:
		t.errors++
	case r.plan == nil:
		t.unchanged++
	default:
		t.plan(r.plan)
	}
}
