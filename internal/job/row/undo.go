package row

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// UndoBatch is some rows that are put back in one transaction.
type UndoBatch struct {
	Job *db.BulkJob
	// Viewer is who asked for the undo, with the roles of this moment.
	Viewer *viewer.Viewer
	Rows   []*Applied
}

// Applied is a row on its way back.
type Applied struct {
	// ID is the key of the stored row, Row its number in the file.
	ID, Row int
	// TargetID is what the row is about, AppliedVersion the version that it had when the
	// row had been carried out, and Label what people call it.
	TargetID, AppliedVersion int
	Label                    string
	// Outside is true if the row names something outside the school of the job.
	Outside bool

	Plan   *Plan
	Before *Before
	// ComesBack is set for a student who was deleted, at a school that the person
	// administers, and so comes back to all groups.
	ComesBack bool
	// Kept says why the row stays as it is, partly what of it does.
	Kept, Partly *Problem
}

// Keep leaves the row as it is, with the reason; the first reason stays.
func (r *Applied) Keep(code, hint, format string, args ...any) {
	if r.Kept == nil {
		r.Kept = r.warning(code, hint, format, args...)
	}
}

// KeepPart notes that a part of the row is not put back.
func (r *Applied) KeepPart(code, hint, format string, args ...any) {
	if r.Partly == nil {
		r.Partly = r.warning(code, hint, format, args...)
	}
}

func (r *Applied) warning(code, hint, format string, args ...any) *Problem {
	p := Problemf(code, hint, format, args...)
	p.Row, p.Warning, p.Value, p.Outside = r.Row, true, r.Label, r.Outside
	return p
}

const (
	HintChanged = "Check it, and change it by hand if needed."
	HintAsk     = "Ask an administrator of the school."
)

// ChangedSince keeps the row because somebody has changed its target since.
func (r *Applied) ChangedSince(what string) {
	r.Keep(ChangedSince, HintChanged, "Somebody has changed %s since then; it stays as it is.", what)
}

// Gone leaves a row about something that no longer exists, or that the person who
// asked for the undo may not see. The message does not say which of the two.
func (r *Applied) Gone(what string) {
	r.Keep(ChangedSince, HintChanged, goneFor, what)
}

// PartGone is gone for a part of the row.
func (r *Applied) PartGone(what string) {
	r.KeepPart(ChangedSince, HintChanged, goneFor+" Everything else was put back.", what)
}

const goneFor = "%s no longer exists, or the person who asked for the undo may not see it."

// Open are the rows that are put back.
func (b *UndoBatch) Open() []*Applied {
	return slices.DeleteFunc(slices.Clone(b.Rows), func(r *Applied) bool { return r.Kept != nil || r.Before.Already })
}

// Targets are the keys of what rows are about, sorted and each once.
func Targets(rows []*Applied, wanted func(*Applied) bool) []int {
	var ids []int
	for _, r := range rows {
		if r.TargetID != 0 && wanted(r) {
			ids = append(ids, r.TargetID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Every is true of all rows; see Targets.
func Every(*Applied) bool { return true }
