package importer

import (
	"homeroom/ent/db"
	"homeroom/internal/viewer"
	"slices"
)

// undoBatch is some rows that are put back in one transaction.
type undoBatch struct {
	job *db.BulkJob
	// v is who asked for the undo, with the roles of this moment.
	v    *viewer.Viewer
	rows []*undoRow
}

// undoRow is a row on its way back.
type undoRow struct {
	// ID is the key of the stored row, Row its number in the file.
	ID, Row int
	// TargetID is what the row is about, AppliedVersion the version that it had when the
	// row had been carried out, and Label what people call it.
	TargetID, AppliedVersion int
	Label                    string
	// Outside is set where the row names something outside of the school of the job.
	Outside bool

	plan   *plan
	before *before
	// comesBack is set for a student who was deleted, at a school that the person
	// administers, and so comes back to groups of other schools as well.
	comesBack bool
	// kept says why the row stays as it is, partly what of it does.
	kept, partly *problem
}

func (r *undoRow) keep(code, hint, format string, args ...any) {
	if r.kept == nil {
		r.kept = r.warning(code, hint, format, args...)
	}
}

// keepPart notes that a part of the row is not put back.
func (r *undoRow) keepPart(code, hint, format string, args ...any) {
	if r.partly == nil {
		r.partly = r.warning(code, hint, format, args...)
	}
}

func (r *undoRow) warning(code, hint, format string, args ...any) *problem {
	p := problemf(code, hint, format, args...)
	p.Row, p.Warning, p.Value, p.outside = r.Row, true, r.Label, r.Outside
	return p
}

const (
	hintChanged = "Look at it, and change by hand what should be otherwise."
	hintAsk     = "Ask an administrator of the school."
)

func (r *undoRow) changedSince(what string) {
	r.keep(ChangedSince, hintChanged, "Somebody has changed %s since; it stays as it is.", what)
}

// gone keeps a row about something that is not there, or not for the person who asked
// for the undo: nobody is told which of the two.
func (r *undoRow) gone(what string) {
	r.keep(ChangedSince, hintChanged, goneFor, what)
}

// partGone is gone for a part of the row.
func (r *undoRow) partGone(what string) {
	r.keepPart(ChangedSince, hintChanged, goneFor+" Everything else was put back.", what)
}

const goneFor = "%s is no longer there, or not in the purview of the person who asked for the undo."

// open are the rows that are put back.
func (b *undoBatch) open() []*undoRow {
	return slices.DeleteFunc(slices.Clone(b.rows), func(r *undoRow) bool { return r.kept != nil || r.before.Already })
}

// targets are the keys of what rows are about, sorted and each once.
func targets(rows []*undoRow, wanted func(*undoRow) bool) []int {
	var ids []int
	for _, r := range rows {
		if r.TargetID != 0 && wanted(r) {
			ids = append(ids, r.TargetID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func every(*undoRow) bool { return true }
