// Package trace finds what jobs have stored about a person: in rows, problems, refused
// rows and file names. It shows that to people who may know it, and erases it.
package trace

import (
	"context"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// erasedLabel and erasedText replace the data of an erased person.
const (
	erasedLabel = "Erased"
	erasedText  = "The personal data of this row was erased."
)

// ofStudents are the kinds whose rows may have a student as their target.
func (t *Traces) ofStudents() (names []bulkjob.Kind) {
	for name, k := range t.kinds {
		if k.About().OfStudents {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Traces finds what jobs store about a person, to show it or to erase it.
type Traces struct {
	env   row.Env
	vault *vault.Vault
	kinds kind.Table
}

// NewTraces returns the traces in a database.
func NewTraces(e row.Env, v *vault.Vault, kinds kind.Table) *Traces {
	return &Traces{env: e, vault: v, kinds: kinds}
}

// storedRow is a row of a job with what is needed to erase or to show it.
type storedRow struct {
	id, job, row int
	state        int8
	plan         *row.Plan
}

// rowsAbout reads the rows of jobs that are about some students.
func (t *Traces) rowsAbout(ctx context.Context, client *db.Client, districtID int,
	studentIDs []int) (list []storedRow, err error) {
	system := viewer.AsSystem(ctx, "rows of jobs that are about students")
	kinds := map[int]bulkjob.Kind{}
	for chunk := range slices.Chunk(studentIDs, bulk.StatementRows) {
		rows, err := client.BulkJobRow.Query().Where(bulkjobrow.TargetIDIn(chunk...)).
			Order(db.Asc(bulkjobrow.FieldID)).All(system)
		if err != nil {
			return nil, err
		}
		if err := kindsOfJobs(system, client, districtID, rows, kinds); err != nil {
			return nil, err
		}
		for _, stored := range rows {
			name := kinds[stored.JobID]
			if !t.kinds.About(name).OfStudents {
				continue
			}
			p, err := row.ReadPlan(stored.Plan)
			if err != nil {
				return nil, fmt.Errorf("plan of row %d of job %d: %w", stored.Row, stored.JobID, err)
			}
			// The target of a line of enrollments may be a group with the same key.
			if !t.kinds.About(name).OneByOne || p.AboutStudent() {
				list = append(list, storedRow{id: stored.ID, job: stored.JobID, row: stored.Row, state: stored.State, plan: p})
			}
		}
	}
	return list, nil
}

// kindsOfJobs adds what the jobs of some rows do, of those in a district.
func kindsOfJobs(system context.Context, client *db.Client, districtID int, rows []*db.BulkJobRow,
	kinds map[int]bulkjob.Kind) error {
	var ids []int
	for _, stored := range rows {
		if _, known := kinds[stored.JobID]; !known {
			kinds[stored.JobID] = ""
			ids = append(ids, stored.JobID)
		}
	}
	for chunk := range slices.Chunk(ids, bulk.StatementRows) {
		jobs, err := client.BulkJob.Query().Where(bulkjob.IDIn(chunk...), bulkjob.DistrictID(districtID)).
			Select(bulkjob.FieldID, bulkjob.FieldKind).All(system)
		if err != nil {
			return err
		}
		for _, job := range jobs {
			kinds[job.ID] = job.Kind
		}
	}
	return nil
}

// EraseRows removes the data of students from the rows of jobs about them: labels,
// previews, what an undo would put back, and their problems and refused rows. The
// counts of the jobs stay. A row that is not yet written counts as refused, and a
// problem says why. An undo reports such rows as CANNOT_UNDO, and the audit trail
// treats a row without a target as erased.
//
// Call it in the transaction that erases the students. It returns how many rows it has
// emptied.
func (t *Traces) EraseRows(ctx context.Context, client *db.Client, districtID int, studentIDs []int) (int, error) {
	// A job that is being checked may have looked the student up before the erasure and
	// write that after it. Such a job is checked again from the beginning, as if it had
	// come now. A job that no server has taken up waits for the end of this transaction.
	ofStudents := t.ofStudents()
	_, err := client.ExecContext(ctx,
		"UPDATE bulk_jobs SET fence = fence + 1, lease_owner = '', lease_until = NULL WHERE district_id = ? AND status = ? "+
			"AND lease_owner <> ? AND kind IN ("+bulk.Placeholders(len(ofStudents))+")",
		append([]any{districtID, string(bulkjob.StatusVERIFYING), vault.Uploading}, bulk.Args(ofStudents)...)...)
	if err != nil {
		return 0, err
	}
	rows, err := t.rowsAbout(ctx, client, districtID, studentIDs)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if rows, err = t.withdrawErased(ctx, client, districtID, studentIDs, rows); err != nil {
		return 0, err
	}
	updates := make([]bulk.Change, len(rows))
	perJob, withdrawn := map[int][]int{}, map[int][]int{}
	for i, r := range rows {
		text, err := (&row.Plan{N: r.plan.N, Do: r.plan.Do, Changes: []row.Change{}, Student: r.plan.Student}).Encode()
		if err != nil {
			return 0, err
		}
		state := r.state
		if state == row.StatePlanned {
			state = row.StateRefused
			withdrawn[r.job] = append(withdrawn[r.job], r.row)
		}
		updates[i] = bulk.Change{
			ID: r.id,
			Set: map[string]any{
				"target_id":    0,
				"label":        erasedLabel,
				"plan":         text,
				"before":       nil,
				"change_count": 0,
				"state":        state,
			},
		}
		perJob[r.job] = append(perJob[r.job], r.row)
	}
	if err := bulk.Update(ctx, client, "bulk_job_rows", "", updates); err != nil {
		return 0, err
	}
	for job, numbers := range perJob {
		if err := eraseBeside(ctx, client, job, numbers); err != nil {
			return 0, err
		}
	}
	for job, numbers := range withdrawn {
		if err := t.vault.WriteProblems(ctx, client, job, erasedRows(numbers)); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// erasedRows say why rows that were still to be carried out are refused.
func erasedRows(numbers []int) []*row.Problem {
	problems := make([]*row.Problem, len(numbers))
	for i, n := range numbers {
		problems[i] = row.Problemf(row.Erased, "You need not do anything, unless the row is about somebody else.",
			"%s", erasedText)
		problems[i].Row = n
	}
	return problems
}

// withdrawn subtracts unwritten rows from the counts of a job, and raises its fence if
// no server holds it, so that nobody corrects, starts or approves the former plan.
func withdrawn(ctx context.Context, client *db.Client, jobID int, t *row.Tally) error {
	_, err := client.ExecContext(ctx,
		"UPDATE bulk_jobs SET created = created - ?, updated = updated - ?, deleted = deleted - ?, errors = errors + ?, "+
			"passwords = passwords - ?, enrollments_added = enrollments_added - ?, "+
			"enrollments_removed = enrollments_removed - ?, "+raisedUnlessHeld+
			" WHERE id = ?",
		t.Created, t.Updated, t.Deleted, t.Rows, t.Passwords, t.Added, t.Removed, jobID)
	return err
}

// raisedUnlessHeld raises the fence of a job that waits for a person.
const raisedUnlessHeld = "fence = CASE WHEN status IN ('READY', 'HELD') THEN fence + 1 ELSE fence END"

// withdrawErased takes rows that were still to be carried out off the counts of
// their jobs. The jobs are locked, so that nobody is just carrying them out, and
// the rows are read again under the locks.
func (t *Traces) withdrawErased(ctx context.Context, client *db.Client, districtID int, studentIDs []int,
	rows []storedRow) ([]storedRow, error) {
	var jobs []int
	for _, r := range rows {
		if r.state == row.StatePlanned {
			jobs = append(jobs, r.job)
		}
	}
	if len(jobs) == 0 {
		return rows, nil
	}
	slices.Sort(jobs)
	jobs = slices.Compact(jobs)
	if t.env.Locks() {
		q := client.BulkJob.Query().Where(bulkjob.IDIn(jobs...)).Order(db.Asc(bulkjob.FieldID)).ForUpdate()
		if _, err := q.IDs(viewer.AsSystem(ctx, "jobs that were to change an erased student")); err != nil {
			return nil, err
		}
		var err error
		if rows, err = t.rowsAbout(ctx, client, districtID, studentIDs); err != nil {
			return nil, err
		}
	}
	tallies := map[int]*row.Tally{}
	for _, r := range rows {
		if r.state != row.StatePlanned {
			continue
		}
		if tallies[r.job] == nil {
			tallies[r.job] = &row.Tally{}
		}
		tallies[r.job].Plan(r.plan)
		tallies[r.job].Rows++
	}
	for job, t := range tallies {
		if err := withdrawn(ctx, client, job, t); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// eraseBeside empties the problems of rows and removes the rows as they stood in
// the file.
func eraseBeside(ctx context.Context, client *db.Client, job int, numbers []int) error {
	for chunk := range slices.Chunk(numbers, bulk.StatementRows) {
		in := " WHERE job_id = ? AND `row` IN (" + bulk.Placeholders(len(chunk)) + ")"
		args := append([]any{job}, bulk.Args(chunk)...)
		if _, err := client.ExecContext(ctx, vault.EraseProblems+in, append([]any{erasedText}, args...)...); err != nil {
			return err
		}
		if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_refused_rows"+in, args...); err != nil {
			return err
		}
	}
	return nil
}
