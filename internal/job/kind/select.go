package kind

import (
	"context"
	"encoding/json"

	"github.com/openhomeroom/homeroom/internal/roster"
)

// Selection says what a job without a file is about. It is fixed when the job is
// submitted: who matches later is not among them.
type Selection struct {
	// StudentIDs are the students one by one; nil if Matching is set.
	StudentIDs []int
	// Matching is a list of students, and OrganizationID the organization that it
	// was limited to, or 0.
	Matching       *roster.StudentList
	OrganizationID int
}

// Picked is one selected thing: its key and its school.
type Picked struct{ ID, School int }

// Selector is a kind whose rows were selected, not read from a file.
type Selector interface {
	// Pick reads what a viewer has selected, in the order in which lists show it. It returns
	// fault.Invalid for an empty selection, and roster.Refusals for what the viewer does
	// not see.
	Pick(ctx context.Context, sel Selection) ([]Picked, error)
	// Header names the columns in which refused rows are shown, as in an export.
	Header() []string
	// Cells returns the present values, by the keys of the selected things. Things that
	// the viewer does not see are left out.
	Cells(ctx context.Context, keys []int) (map[int][]string, error)
}

// Edit is what happens to the students of a selection. A part that is empty
// leaves them as they are.
type Edit struct {
	AddTo, RemoveFrom []int
	Grade             string
}

// Editor is a kind that can edit what was selected.
type Editor interface {
	// StoreEdit checks an edit for the viewer, and returns it as the job holds it.
	StoreEdit(ctx context.Context, in Edit) (json.RawMessage, error)
}
