package importer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/internal/viewer"
)

// batch is some rows that are written in one transaction.
type batch struct {
	job *db.BulkJob
	// v is everybody who has a hand in the job, with the roles of this moment; nil
	// where nothing may be done for one of them any more, and then why says so.
	v   *viewer.Viewer
	why *problem
	// lost are correctors for whom nothing may be done any more.
	lost []int
	rows []*plannedRow
	// careful has the batch look whether ids have been taken before it writes them.
	// Without it the unique indexes are trusted to tell, as they hardly ever do.
	careful bool

	// alone has a row that cannot be written, for whatever reason, found out and
	// refused. That is for a job that has been tried often enough.
	alone bool

	// file is where the rows stand, nil where refusing one writes nothing at all.
	file *rowsOfFile
	// cells are the rows as they stand there, once one of them has been refused.
	cells map[int]*refusedRow
}

// plannedRow is a row on its way into the roster.
type plannedRow struct {
	*db.BulkJobRow
	plan *plan
	hash string // Of the new password.

	// What has become of the row. A transaction that is tried again begins with
	// none of it.
	refusal      *problem
	createdID    int
	joined, left []int // Groups.
	before       before
	version      int // Of the target, afterwards.
	// already is set where somebody else has done just this in between.
	already bool
}

func (b *batch) reset() {
	for _, r := range b.rows {
		r.refusal, r.createdID, r.joined, r.left, r.before, r.version, r.already = nil, 0, nil, nil, before{}, 0, false
		if b.v == nil {
			p := *b.why
			r.refuse(&p)
		}
	}
}

// open are the rows that nothing has been found against yet.
func (b *batch) open() []*plannedRow {
	return slices.DeleteFunc(slices.Clone(b.rows), func(r *plannedRow) bool { return r.refusal != nil })
}

func (r *plannedRow) refuse(p *problem) {
	p.Row, p.outside = r.Row, r.Outside == 1
	r.refusal = p
}

func (r *plannedRow) stale(format string, args ...any) {
	r.refuse(&problem{Code: Stale, Message: fmt.Sprintf(format, args...),
		Hint: "Upload the row again to see what it would change now."})
}

// gone refuses a row about something that is not there, or not for one of those who
// have a hand in the job: nobody is told which of the two.
func (r *plannedRow) gone(what string) {
	r.stale("%s is no longer there, or no longer in the purview of everybody who has a hand in the upload.", what)
}

// applyRows is how many rows are written in one transaction, unless passwords are
// among them. With more rows fewer pages of the indexes are written twice, but
// others who want to write wait longer.
const applyRows = 1000

func (b *batch) last() *plannedRow { return b.rows[len(b.rows)-1] }

// batches reads the batches of a job, each while the one before it is being
// written: what is planned behind a row does not depend on the rows before it.
func (s *Service) batches(ctx context.Context, job *db.BulkJob) iter.Seq2[*batch, error] {
	return ahead(ctx, func(ctx context.Context, put func(*batch) bool) error {
		for behind := job.ProcessedRows; ; {
			var b *batch
			err := s.inTurn(ctx, func() (err error) {
				b, err = s.nextBatch(ctx, job, behind)
				return err
			})
			if err != nil || len(b.rows) == 0 || !put(b) {
				return err
			}
			behind = b.last().Row
		}
	})
}

// nextBatch reads the next plans behind a row. The number of a row is never
// smaller than that among the rows that are not blank, so processed_rows will do.
func (s *Service) nextBatch(ctx context.Context, job *db.BulkJob, behind int) (*batch, error) {
	rows, err := s.db.Client(ctx).BulkJobRow.Query().
		Where(bulkjobrow.JobID(job.ID), bulkjobrow.State(statePlanned), bulkjobrow.RowGT(behind)).
		Order(db.Asc(bulkjobrow.FieldRow)).Limit(s.rowsAtOnce(applyRows)).All(viewer.AsSystem(ctx, "plans of a job that was started"))
	b := &batch{job: job, rows: make([]*plannedRow, len(rows))}
	passwords := false
	for i, row := range rows {
		p, err := readPlan(row.Plan)
		if err != nil {
			return nil, fmt.Errorf("plan of row %d: %w", row.Row, err)
		}
		b.rows[i] = &plannedRow{BulkJobRow: row, plan: p}
		passwords = passwords || len(p.Password) > 0
	}
	if passwords {
		// Hashing takes long, and whoever watches wants to see it go on.
		b.rows = b.rows[:min(len(b.rows), s.rowsAtOnce(batchRows))]
	}
	return b, err
}

// errWantsCells ends a transaction in which a row was refused whose cells have not
// been read yet. It is rare that a plan does not hold, so they are read only then.
var errWantsCells = errors.New("importer: the cells of a refused row are wanted")

// kept are the refused rows as they stand in the file.
func (b *batch) kept() []*refusedRow {
	var kept []*refusedRow
	for _, r := range b.rows {
		if r.refusal != nil && b.cells[r.Row] != nil {
			b.cells[r.Row].outside = r.Outside == 1
			kept = append(kept, b.cells[r.Row])
		}
	}
	return kept
}

func (b *batch) refusals() []*problem {
	var refused []*problem
	for _, r := range b.rows {
		if r.refusal != nil {
			refused = append(refused, r.refusal)
		}
	}
	return refused
}

// grouped collects the ids that rows name, sorted and each once.
func grouped(rows []*plannedRow, ids func(*plannedRow) []int) []int {
	set := map[int]bool{}
	for _, r := range rows {
		for _, id := range ids(r) {
			if id != 0 {
				set[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}
