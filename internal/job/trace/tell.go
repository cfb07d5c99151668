package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// ToldRow is what a bulk job keeps about one student in one row: in a preview, for
// an undo, in its problems, or as the row stood in the file.
type ToldRow struct {
	Job       string    `json:"job"`
	Kind      string    `json:"kind"`
	FileName  string    `json:"fileName,omitempty"`
	Submitted time.Time `json:"submitted"`
	Row       int       `json:"row"`
	State     string    `json:"state,omitempty"`
	Label     string    `json:"label,omitempty"`
	// Changes are the changes in the preview.
	Changes []ToldChange `json:"changes,omitempty"`
	// Replaced are the values, and Joined and Left the groups, that the row replaced, for
	// an undo. PasswordReplaced says that a password was replaced.
	Replaced         map[string]any `json:"replaced,omitempty"`
	PasswordReplaced bool           `json:"passwordReplaced,omitempty"`
	Joined           []string       `json:"joined,omitempty"`
	Left             []string       `json:"left,omitempty"`
	// Cells are the refused row as the file had it, without the password.
	Cells    []ToldCell    `json:"cells,omitempty"`
	Problems []ToldProblem `json:"problems,omitempty"`
}

// ToldChange is one field of a preview.
type ToldChange struct {
	Field  string  `json:"field"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

// ToldCell is one cell of a refused row.
type ToldCell struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}

// ToldProblem is a problem of a row. Its wording is left out, because it may name
// somebody else.
type ToldProblem struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Column   string `json:"column,omitempty"`
	Value    string `json:"value,omitempty"`
}

// states are the states of a row in words.
var states = map[int8]string{
	row.StatePlanned: "PLANNED",
	row.StateApplied: "WRITTEN",
	row.StateRefused: "REFUSED",
	row.StateUndone:  "UNDONE",
	row.StateKept:    "KEPT",
}

// Tell calls fn with every row about a student in the jobs of a district, job by job,
// and with refused rows that name the student. Of rows about others that only name the
// student, it passes the job, the number and the codes of their problems. The caller
// has checked who asks.
func (t *Traces) Tell(ctx context.Context, st *db.Student, fn func(ToldRow) error) error {
	system := viewer.AsSystem(ctx, "what jobs keep about one student")
	client := t.env.DB.Client(ctx)
	m := newMentions([]*db.Student{st})
	rows, err := t.rowsAbout(system, client, st.DistrictID, []int{st.ID})
	if err != nil {
		return err
	}
	own := map[int][]int{}
	for _, r := range rows {
		own[r.job] = append(own[r.job], r.id)
	}
	jobs, err := client.BulkJob.Query().Where(bulkjob.DistrictID(st.DistrictID), bulkjob.ForgottenLT(state.ForgottenRows),
		vault.IsWhole()).Order(db.Asc(bulkjob.FieldID)).All(system)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		told := map[int]*ToldRow{}
		at := func(number int) *ToldRow {
			if told[number] == nil {
				told[number] = &ToldRow{
					Job:       globalid.Encode(globalid.BulkJob, job.ID),
					Kind:      string(job.Kind),
					FileName:  job.FileName,
					Submitted: job.CreatedAt,
					Row:       number,
				}
			}
			return told[number]
		}
		for chunk := range slices.Chunk(own[job.ID], bulk.StatementRows) {
			if err := tellRows(system, client, chunk, at); err != nil {
				return err
			}
		}
		if err := t.tellRefused(system, client, job, st, at); err != nil {
			return err
		}
		if err := t.tellProblems(system, client, job.ID, m, told, at); err != nil {
			return err
		}
		numbers := make([]int, 0, len(told))
		for number := range told {
			numbers = append(numbers, number)
		}
		slices.Sort(numbers)
		for _, number := range numbers {
			if err := fn(*told[number]); err != nil {
				return err
			}
		}
	}
	return nil
}

func tellRows(system context.Context, client *db.Client, ids []int, at func(int) *ToldRow) error {
	rows, err := client.BulkJobRow.Query().Where(bulkjobrow.IDIn(ids...)).All(system)
	if err != nil {
		return err
	}
	for _, r := range rows {
		p, err := row.ReadPlan(r.Plan)
		if err != nil {
			return fmt.Errorf("plan of row %d: %w", r.Row, err)
		}
		before, err := row.ReadBefore(r.Before, p)
		if err != nil {
			return fmt.Errorf("before-image of row %d: %w", r.Row, err)
		}
		t := at(r.Row)
		t.State, t.Label = states[r.State], r.Label
		for _, c := range p.Changes {
			t.Changes = append(t.Changes, ToldChange(c))
		}
		if before == nil {
			continue
		}
		for column, value := range before.Set {
			if column == student.FieldPasswordHash {
				t.PasswordReplaced = true
				continue
			}
			if t.Replaced == nil {
				t.Replaced = map[string]any{}
			}
			t.Replaced[column] = value
		}
		t.Joined, t.Left = encoded(before.Joined), encoded(before.Left)
	}
	return nil
}

func encoded(groups []int) (ids []string) {
	for _, id := range groups {
		ids = append(ids, globalid.Encode(globalid.Group, id))
	}
	return ids
}

func (t *Traces) tellRefused(system context.Context, client *db.Client, job *db.BulkJob, st *db.Student,
	at func(int) *ToldRow) error {
	sealed, err := t.vault.SealOf(job.ID, vault.ForRows)
	if err != nil {
		return err
	}
	for after := 0; ; {
		page, err := client.BulkJobRefusedRow.Query().Where(bulkjobrefusedrow.JobID(job.ID), bulkjobrefusedrow.IDGT(after)).
			Order(db.Asc(bulkjobrefusedrow.FieldID)).Limit(2 * bulk.StatementRows).All(system)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			after = r.ID
			text, err := sealed.Open(r.Row, r.Cells)
			if err != nil {
				continue // Encrypted with the key of another server, which alone can read it.
			}
			var stored vault.StoredCells
			if err := json.Unmarshal(text, &stored); err != nil {
				return err
			}
			cells := stored.Cells
			if t.kinds.BySelection(job.Kind) {
				if slices.Contains(cells, strconv.Itoa(st.ID)) {
					at(r.Row)
				}
				continue
			}
			if !isRowOf(st, stored.All()) {
				continue
			}
			t := at(r.Row)
			for i, cell := range cells {
				column := ""
				if i < len(job.Headers) {
					column = job.Headers[i]
				}
				if cell != "" {
					t.Cells = append(t.Cells, ToldCell{column, cell})
				}
			}
			for _, column := range slices.Sorted(maps.Keys(stored.Also)) {
				t.Cells = append(t.Cells, ToldCell{column, stored.Also[column]})
			}
		}
	}
}

// isRowOf reports whether a refused row is about a student, and not about somebody else
// with one of the student's values, such as the username.
func isRowOf(st *db.Student, cells []string) bool {
	for _, cell := range cells {
		if t, id, ok := globalid.Decode(roster.Clean(cell)); ok && t == globalid.Student && id != st.ID {
			return false
		}
	}
	// Without the username, which somebody else may have been given by mistake.
	return newMentions(
		[]*db.Student{{
			ID:         st.ID,
			ExternalID: st.ExternalID,
			Username:   st.ExternalID,
			FirstName:  st.FirstName,
			LastName:   st.LastName,
		}}).inCells(cells)
}

// tellProblems adds the problems of the rows. For other rows that name the student, it
// adds only the codes of the problems.
func (t *Traces) tellProblems(system context.Context, client *db.Client, jobID int, m *mentions, told map[int]*ToldRow,
	at func(int) *ToldRow) error {
	for after := 0; ; {
		page, err := t.vault.ReadProblems(system, jobID,
			client.BulkJobProblem.Query().Where(bulkjobproblem.JobID(jobID), bulkjobproblem.IDGT(after)).
				Order(db.Asc(bulkjobproblem.FieldID)).Limit(2*bulk.StatementRows))
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			after = p.ID
			about := told[p.Row] != nil && (told[p.Row].Label != "" || len(told[p.Row].Cells) > 0)
			switch problem := (ToldProblem{Severity: string(p.Severity), Code: p.Code, Column: p.Column}); {
			case about:
				problem.Value = p.Value
				told[p.Row].Problems = append(told[p.Row].Problems, problem)
			case told[p.Row] != nil || m.inProblem(p):
				t := at(p.Row)
				t.Problems = append(t.Problems, problem)
			}
		}
	}
}
