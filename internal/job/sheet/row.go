// Package sheet turns files into rows. It knows the columns and their aliases, recognizes
// which kind of file it reads, writes templates, and stores refused rows.
package sheet

import (
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// clearWord in a cell empties what can be emptied; a blank cell changes nothing.
const clearWord = roster.ClearWord

// Row is one row of a file on its way to a plan.
type Row struct {
	Number int // As Record.Row of csvfile counts.
	N      int // Rows that are not blank, from 1.

	Layout   *Layout
	Cells    []string
	Beyond   []string // What stood to the right of the last column.
	Flaws    []csvfile.Flaw
	Problems []*row.Problem
	Refused  bool
	// By are the people who have corrected the row.
	By []int
	// Outside is true if the plan or a problem names something outside the school for
	// which the file was uploaded; see seesAll.
	Outside bool

	// What the check has found out; a row without a plan changes nothing.
	Plan     *row.Plan
	TargetID int
	Version  int
	Label    string
	// About is the key of the student on record whom the row is about; 0 if there is none or
	// if it is not known. Left is true if the row says that the student has left.
	About int
	Left  bool
	// Unclear is true for a row that does not count if it may be about somebody on record
	// whom it does not name for certain.
	Unclear bool
}

// NewRow returns nil for a row with column names that differ from those of the file.
func NewRow(l *Layout, n int, rec csvfile.Record) *Row {
	r := &Row{Number: rec.Row, N: n, Layout: l, Cells: rec.Cells, Beyond: rec.Beyond, Flaws: rec.Flaws}
	for _, cells := range [][]string{r.Cells, r.Beyond} {
		for i, cell := range cells {
			cells[i] = csvfile.UnguardFormula(cell)
			if !slices.Contains(l.secret, i) {
				cells[i] = csvfile.Unescape(cells[i])
			}
		}
	}
	r.refuseSlipped(rec)
	r.refuseStray(rec)
	switch again, other := l.repeats(r.Cells); {
	case again:
		r.Fail("", row.Problemf(row.HeaderAgain, "Delete the row.", "The row repeats the column names."))
	case other:
		return nil
	}
	r.refuseFailed()
	r.refuseUnclearName()
	return r
}

// refuseFailed refuses a row of a workbook for formulas that have no value, in
// those columns that are read.
func (r *Row) refuseFailed() {
	for _, f := range r.Flaws {
		for column, at := range r.Layout.Index {
			switch {
			case at != f.Column:
			case f.Kind == csvfile.Failed:
				r.Fail(column, row.Problemf(row.CellError, "Correct the formula in the spreadsheet program, or write the value.",
					"The cell holds a spreadsheet error instead of a value."))
			case f.Kind == csvfile.NotCalculated:
				r.Fail(column,
					row.Problemf(row.NotCalculated, "Open the workbook in your spreadsheet program, let it calculate, and save it "+
						"again.",
						"The cell holds a formula, but the file does not hold its value."))
			}
		}
	}
}

// flaw returns what is wrong with a cell of a workbook, or 0.
func (r *Row) flaw(column string) csvfile.FlawKind {
	at, ok := r.Layout.Index[column]
	if !ok {
		return 0
	}
	for _, f := range r.Flaws {
		if f.Column == at {
			return f.Kind
		}
	}
	return 0
}

// Text returns a cell, or "" if the file has no such column, or if the cell is blank
// or [clear].
func (r *Row) Text(column string) string {
	if cell := r.Cell(column); !strings.EqualFold(cell, clearWord) {
		return cell
	}
	return ""
}

// Clears reports whether a cell says [clear].
func (r *Row) Clears(column string) bool {
	return strings.EqualFold(r.Cell(column), clearWord)
}

// Cell returns a cell as the file has it, or "" if the file has no such column.
func (r *Row) Cell(column string) string {
	i, ok := r.Layout.Index[column]
	if !ok || i >= len(r.Cells) {
		return ""
	}
	if second, is := r.Layout.joined[column]; is && second < len(r.Cells) {
		return strings.TrimSpace(r.Cells[i] + " " + r.Cells[second])
	}
	if p := r.Layout.split[column]; p != nil {
		return p.of(r.Cells[i], column)
	}
	return r.Cells[i]
}

// Fail refuses the row because of a cell; column is empty for the row as a whole.
func (r *Row) Fail(column string, p *row.Problem) {
	r.Refused = true
	r.note(column, p)
}

// Warn notes something odd that keeps nothing from happening.
func (r *Row) Warn(column string, p *row.Problem) {
	p.Warning = true
	r.note(column, p)
}

// Quiet returns a copy of the row that reports no problems.
func (r *Row) Quiet() *Row {
	return &Row{Number: r.Number, N: r.N, Layout: r.Layout, Cells: r.Cells, Flaws: r.Flaws, By: r.By}
}

func (r *Row) note(column string, p *row.Problem) {
	p.Row, p.Column = r.Number, r.Layout.Header[column]
	if !r.Layout.isSecret(column) && p.Value == "" {
		p.Value = r.Cell(column)
	}
	r.Problems = append(r.Problems, p)
}

// Reported are the problems of the row as they are written down.
func (r *Row) Reported() []*row.Problem {
	for _, p := range r.Problems {
		p.Outside = r.Outside
	}
	return r.Problems
}

// Needs refuses the row for want of a value; column may be missing in the file.
func (r *Row) Needs(column, why string) {
	if r.unclearName(column) {
		return
	}
	r.Fail(column, row.Problemf(row.Required, "Fill in "+column+", or add the column.", "%s is missing. %s", column, why))
}

// CannotClear refuses [clear] in cells that cannot be emptied.
func (r *Row) CannotClear(columns ...string) {
	for _, column := range columns {
		if r.Clears(column) {
			r.Fail(column,
				row.Problemf(row.CannotClear, "Write the value, or leave the cell blank to change nothing.",
					"%s cannot be emptied.", column))
		}
	}
}

// RefusedAt reports whether a cell has been refused already.
func (r *Row) RefusedAt(column string) bool {
	for _, p := range r.Problems {
		if !p.Warning && p.Column != "" && strings.EqualFold(p.Column, r.Layout.Header[column]) {
			return true
		}
	}
	return false
}

// ClearsAmongOthers refuses [clear] as one of several items of a cell: there is
// nothing that goes by this name, and nothing can.
func (r *Row) ClearsAmongOthers(column string, texts []string, hint string) bool {
	among := slices.ContainsFunc(texts, func(t string) bool { return strings.EqualFold(t, clearWord) })
	if among {
		r.Fail(column, row.Problemf(row.CannotClear, hint, "%s empties a cell, so the cell must hold nothing "+
			"else.", clearWord))
	}
	return among
}

// CountIn counts the row, which has been checked.
func (r *Row) CountIn(t *row.Tally) {
	t.Rows++
	for _, p := range r.Problems {
		if p.Warning {
			t.Warnings++
		}
	}
	switch {
	case r.Refused:
		t.Errors++
	case r.Plan == nil:
		t.Unchanged++
	default:
		t.Plan(r.Plan)
	}
}
