package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/viewer"
)

// erasedLabel and erasedText stand where the data of an erased person were.
const (
	erasedLabel = "Erased"
	erasedText  = "The personal data of this row have been erased."
)

// aboutStudents are the kinds whose rows may have a student as their target.
var aboutStudents = []bulkjob.Kind{bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_ENROLLMENTS, bulkjob.KindEDIT_STUDENTS, bulkjob.KindDELETE_STUDENTS}

// storedRow is a row of a job with what is needed to erase or to tell it.
type storedRow struct {
	id, job, row, target int
	kind                 bulkjob.Kind
	state                int8
	plan                 *plan
}

// rowsOf reads the rows of jobs that are about some students.
func rowsOf(ctx context.Context, client *db.Client, districtID int, studentIDs []int) (list []storedRow, err error) {
	for chunk := range slices.Chunk(studentIDs, statementRows) {
		args := append(anys(chunk), districtID)
		rows, err := client.QueryContext(ctx, "SELECT r.id, r.job_id, r.`row`, r.target_id, j.kind, r.state, r.plan FROM bulk_job_rows r JOIN bulk_jobs j ON j.id = r.job_id "+
			"WHERE r.target_id IN ("+places(len(chunk))+") AND j.district_id = ? AND j.kind IN ("+places(len(aboutStudents))+") ORDER BY r.id",
			append(args, anys(texts(aboutStudents))...)...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var r storedRow
			var text []byte
			if err = rows.Scan(&r.id, &r.job, &r.row, &r.target, &r.kind, &r.state, &text); err != nil {
				break
			}
			if r.plan, err = readPlan(text); err != nil {
				err = fmt.Errorf("plan of row %d of job %d: %w", r.row, r.job, err)
				break
			}
			// The target of a line of enrollments may be a group with the same key.
			if r.kind != bulkjob.KindIMPORT_ENROLLMENTS || r.plan.aboutStudent() {
				list = append(list, r)
			}
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// EraseRows takes the data of students out of the rows of jobs that are about
// them: labels, previews and what an undo would put back, and the problems and
// refused rows beside them. The counts of the jobs stay; a row that was still to
// be carried out counts as refused. An undo names such rows as CANNOT_UNDO.
//
// It belongs in the transaction that erases the students, and returns how many
// rows it has emptied.
func (s *Service) EraseRows(ctx context.Context, client *db.Client, districtID int, studentIDs []int) (int, error) {
	rows, err := rowsOf(ctx, client, districtID, studentIDs)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if rows, err = s.withdrawErased(ctx, client, districtID, studentIDs, rows); err != nil {
		return 0, err
	}
	updates := make([]changed, len(rows))
	perJob := map[int][]int{}
	for i, r := range rows {
		text, err := (&plan{N: r.plan.N, Do: r.plan.Do, Changes: []Change{}, Student: r.plan.Student}).encode()
		if err != nil {
			return 0, err
		}
		state := r.state
		if state == statePlanned {
			state = stateRefused
		}
		updates[i] = changed{r.id, map[string]any{"target_id": 0, "label": erasedLabel, "plan": text, "before": nil, "change_count": 0, "state": state}}
		perJob[r.job] = append(perJob[r.job], r.row)
	}
	if err := updateRows(ctx, client, "bulk_job_rows", "", updates); err != nil {
		return 0, err
	}
	for job, numbers := range perJob {
		if err := eraseBeside(ctx, client, job, numbers); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// withdrawErased takes rows that were still to be carried out off the counts of
// their jobs. The jobs are locked, so that nobody is just carrying them out, and
// the rows are read again under the locks.
func (s *Service) withdrawErased(ctx context.Context, client *db.Client, districtID int, studentIDs []int, rows []storedRow) ([]storedRow, error) {
	var jobs []int
	for _, r := range rows {
		if r.state == statePlanned {
			jobs = append(jobs, r.job)
		}
	}
	if len(jobs) == 0 {
		return rows, nil
	}
	slices.Sort(jobs)
	jobs = slices.Compact(jobs)
	if s.locks() {
		q := client.BulkJob.Query().Where(bulkjob.IDIn(jobs...)).Order(db.Asc(bulkjob.FieldID)).ForUpdate()
		if _, err := q.IDs(viewer.AsSystem(ctx, "jobs that were to change an erased student")); err != nil {
			return nil, err
		}
		var err error
		if rows, err = rowsOf(ctx, client, districtID, studentIDs); err != nil {
			return nil, err
		}
	}
	tallies := map[int]*tally{}
	for _, r := range rows {
		if r.state != statePlanned {
			continue
		}
		if tallies[r.job] == nil {
			tallies[r.job] = &tally{}
		}
		tallies[r.job].plan(r.plan)
		tallies[r.job].rows++
	}
	for job, t := range tallies {
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET created = created - ?, updated = updated - ?, deleted = deleted - ?, errors = errors + ?, "+
			"enrollments_added = enrollments_added - ?, enrollments_removed = enrollments_removed - ? WHERE id = ?",
			t.created, t.updated, t.deleted, t.rows, t.added, t.removed, job)
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// eraseBeside empties the problems of rows and removes the rows as they stood in
// the file.
func eraseBeside(ctx context.Context, client *db.Client, job int, numbers []int) error {
	for chunk := range slices.Chunk(numbers, statementRows) {
		in := " WHERE job_id = ? AND `row` IN (" + places(len(chunk)) + ")"
		args := append([]any{job}, anys(chunk)...)
		if _, err := client.ExecContext(ctx, "UPDATE bulk_job_problems SET value = '', hint = '', message = ?"+in, append([]any{erasedText}, args...)...); err != nil {
			return err
		}
		if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_refused_rows"+in, args...); err != nil {
			return err
		}
	}
	return nil
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
