// Package absence knows who of those on record is in the file of a job, so that the others
// can be listed and removed.
package absence

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// perRow is how many keys one row of the database has marks for.
const perRow = 1000

// The marks of a key.
const (
	absent  = '0'
	present = '1'
	// left is in the file, but only in rows that say that the person has left.
	left = '2'
)

// Removal is what happens to somebody who is not in the file, or who has left.
type Removal string

// The removals.
const (
	Ignore      Removal = "IGNORE"
	LeaveGroups Removal = "LEAVE_GROUPS"
	Delete      Removal = "DELETE"
)

// OfMissing and OfLeavers are what a job does.
func OfMissing(job *db.BulkJob) Removal { return Removal(job.Missing) }

// OfLeavers is OfMissing for those who have left.
func OfLeavers(job *db.BulkJob) Removal { return Removal(job.Leavers) }

// FileRows is how many rows the file of a job has. Rows of those who are not in it stand
// behind them.
func FileRows(job *db.BulkJob) int { return job.TotalRows - job.MissingRows }

// Seen are the people whom the rows of a file are about.
type Seen struct {
	marks map[int][]byte
	// leavers are the rows that say that somebody has left.
	leavers []*sheet.Row
	// unclear counts the rows of which it is not clear whom they are about, and
	// first is the first of them.
	unclear, first int
}

// NewSeen returns a Seen of nobody.
func NewSeen() *Seen { return &Seen{marks: map[int][]byte{}} }

// Add notes whom checked rows are about, and whom they may mean.
func (s *Seen) Add(rows []*sheet.Row) {
	for _, r := range rows {
		switch {
		case r.About != 0 && r.Left:
			if s.mark(r.About, left) {
				s.leavers = append(s.leavers, &sheet.Row{Number: r.Number, N: r.N, Layout: r.Layout, About: r.About})
			}
		case r.About != 0:
			s.mark(r.About, present)
		}
		for _, p := range r.Problems {
			for _, id := range p.Candidates {
				s.mark(id, present)
			}
		}
		if r.Unclear || r.Refused && isUnclear(r) {
			if s.unclear++; s.unclear == 1 {
				s.first = r.Number
			}
		}
	}
}

// isUnclear reports whether a refused row may be about somebody whom it does not name.
func isUnclear(r *sheet.Row) bool {
	return r.About == 0 || slices.ContainsFunc(r.Problems, func(p *row.Problem) bool {
		return p.Code == row.IDMismatch || p.Code == row.IDReused || p.Code == row.AmbiguousPerson
	})
}

// mark reports whether the key had no mark.
func (s *Seen) mark(id int, mark byte) bool {
	line := s.marks[id/perRow]
	if line == nil {
		line = bytes.Repeat([]byte{absent}, perRow)
		s.marks[id/perRow] = line
	}
	was := line[id%perRow]
	if was != present {
		line[id%perRow] = mark
	}
	return was == absent
}

// Leavers are the rows of those who have left by every row about them, one for each. A row
// has nothing but its place and whom it is about.
func (s *Seen) Leavers() (rows []*sheet.Row) {
	for _, r := range s.leavers {
		if s.marks[r.About/perRow][r.About%perRow] == left {
			rows = append(rows, r)
		}
	}
	return rows
}

// Unclear is why nobody is removed; nil if nothing is unclear.
func (s *Seen) Unclear() *row.Problem {
	if s.unclear == 0 {
		return nil
	}
	p := row.Problemf(row.MissingUnclear,
		"Correct these rows in your file, and upload the whole file again; or remove the students in the list by hand.",
		"Nobody is removed, because it is unclear who is meant in %s. The first of them is row %d.",
		quote.Count(s.unclear, "row"), s.first)
	p.Warning = true
	return p
}

// Kept says how many stay although they are not in the file.
func Kept(n int) *row.Problem {
	p := row.Problemf(row.MissingKept, "If they have left, make the change in the school's information system.",
		"%s not in the file, and stay, because the school's information system keeps them.", are(n))
	p.Warning = true
	return p
}

func are(n int) string {
	if n == 1 {
		return "1 student is"
	}
	return fmt.Sprintf("%d students are", n)
}

// Write stores the marks. to is the last key there was.
func (s *Seen) Write(ctx context.Context, client *db.Client, now time.Time, jobID, to int) error {
	if err := s.insert(ctx, client, now, jobID); err != nil {
		return err
	}
	_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET seen_to = ? WHERE id = ?", to, jobID)
	return err
}

func (s *Seen) insert(ctx context.Context, client *db.Client, now time.Time, jobID int) error {
	var lines [][]any
	for thousand, marks := range s.marks {
		lines = append(lines, []any{now, jobID, thousand, string(bytes.ReplaceAll(marks, []byte{left}, []byte{present}))})
	}
	slices.SortFunc(lines, func(a, b []any) int { return a[2].(int) - b[2].(int) })
	return bulk.Insert(ctx, client, "bulk_job_seens", "created_at, job_id, thousand, marks", lines)
}

// Clear removes what Write has stored, and the number of the rows behind the file.
func Clear(ctx context.Context, client *db.Client, jobID int) error {
	if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_seens WHERE job_id = ?", jobID); err != nil {
		return err
	}
	_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET seen_to = 0, missing_rows = 0 WHERE id = ?", jobID)
	return err
}

// Mark adds somebody whom a corrected row is about, in a row of the database by itself.
func Mark(ctx context.Context, client *db.Client, now time.Time, job *db.BulkJob, id int) error {
	if id == 0 || id > job.SeenTo {
		return nil
	}
	s := NewSeen()
	s.mark(id, present)
	return s.insert(ctx, client, now, job.ID)
}

// Removes reports whether another row of a job, behind those of its file or of somebody who
// has left, removes the student whom a corrected row is about.
func Removes(ctx context.Context, client *db.Client, job *db.BulkJob, r *sheet.Row) (bool, error) {
	if r.About == 0 || OfMissing(job) == Ignore && OfLeavers(job) == Ignore {
		return false, nil
	}
	rows, err := client.BulkJobRow.Query().
		Where(bulkjobrow.JobID(job.ID), bulkjobrow.TargetID(r.About), bulkjobrow.RowNEQ(r.Number)).
		All(viewer.AsSystem(ctx, "whom the rows of a job are about"))
	for _, other := range rows {
		p, err := row.ReadPlan(other.Plan)
		if err != nil {
			return false, err
		}
		// A row of the file that changes groups may be that of somebody who leaves them.
		if other.Row > FileRows(job) || p.Do == row.Delete || OfLeavers(job) == LeaveGroups {
			return true, nil
		}
	}
	return false, err
}
