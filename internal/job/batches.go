package job

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/ahead"
	"github.com/openhomeroom/homeroom/internal/job/actor"
	"github.com/openhomeroom/homeroom/internal/job/original"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// attempt is a batch on its way into the roster.
type attempt struct {
	row.Batch
	// lost are correctors for whom the job can no longer act.
	lost []int
	// alone finds the row that cannot be written, whatever the reason, and refuses it. It
	// is for a job that has been tried often enough.
	alone bool
	// file holds the rows as the file has them; nil if refusing one means that nothing at
	// all is written.
	file *original.Rows
	// cells are those rows, once one of them has been refused.
	cells map[int]*sheet.Kept
}

// batches reads the batches of a job, each while the previous one is being written. A
// plan does not depend on the rows before it.
func (s writing) batches(ctx context.Context, job *db.BulkJob) iter.Seq2[*attempt, error] {
	return ahead.Run(ctx, func(ctx context.Context, put func(*attempt) bool) error {
		for behind := job.ProcessedRows; ; {
			var b *attempt
			err := s.inTurn(ctx, func() (err error) {
				b, err = s.nextBatch(ctx, job, behind)
				return err
			})
			if err != nil || len(b.Rows) == 0 || !put(b) {
				return err
			}
			behind = b.Last().Row
		}
	})
}

// nextBatch reads the next plans after a row. The number of a row is never smaller
// than its position among the rows that are not blank, so processed_rows can serve as
// the start.
func (s writing) nextBatch(ctx context.Context, job *db.BulkJob, behind int) (*attempt, error) {
	query := s.db.Client(ctx).BulkJobRow.Query().
		Where(bulkjobrow.JobID(job.ID), bulkjobrow.State(row.StatePlanned)).Order(db.Asc(bulkjobrow.FieldRow))
	system := viewer.AsSystem(ctx, "plans of a job that was started")
	b := &attempt{Batch: row.Batch{Job: job}}
	passwords := false
	add := func(rows []*db.BulkJobRow, err error) error {
		for _, stored := range rows {
			p, wrong := row.ReadPlanned(stored)
			if wrong != nil {
				return wrong
			}
			b.Rows = append(b.Rows, p)
			passwords = passwords || len(p.Plan.Password) > 0
		}
		return err
	}
	if err := add(query.Clone().Where(bulkjobrow.RowGT(behind)).Limit(s.rowsAtOnce(applyRows)).All(system)); err != nil {
		return b, err
	}
	if passwords {
		// Hashing takes long, and people who watch want to see progress.
		b.Rows = b.Rows[:min(len(b.Rows), s.rowsAtOnce(sheet.BatchRows))]
	}
	// Rows that are written at once stay together.
	for len(b.Rows) > 0 {
		last, until := b.Last().Row, 0
		for _, r := range b.Rows {
			until = max(until, r.Plan.Until)
		}
		if until <= last {
			break
		}
		n := len(b.Rows)
		if err := add(query.Clone().Where(bulkjobrow.RowGT(last), bulkjobrow.RowLTE(until)).All(system)); err != nil {
			return b, err
		}
		if len(b.Rows) == n {
			break
		}
	}
	return b, nil
}

// applyRows is how many rows are written in one transaction, unless passwords are
// among them. With more rows fewer pages of the indexes are written twice, but
// others who want to write wait longer.
const applyRows = 1000

// errWantsCells ends a transaction in which a row was refused before its cells were
// read. Plans rarely fail, so cells are read only then.
var errWantsCells = errors.New("job: the cells of a refused row are wanted")

// kept are the refused rows as the file has them.
func (b *attempt) kept() []*sheet.Kept {
	var kept []*sheet.Kept
	for _, r := range b.Rows {
		if r.Refusal != nil && b.cells[r.Row] != nil {
			b.cells[r.Row].Outside = r.Outside
			kept = append(kept, b.cells[r.Row])
		}
	}
	return kept
}

// refuseLost refuses the rows that were corrected by somebody for whom the job can no
// longer act.
func (b *attempt) refuseLost() {
	for _, r := range b.Open() {
		if slices.ContainsFunc(r.Plan.By, func(id int) bool { return slices.Contains(b.lost, id) }) {
			r.Refuse(actor.CorrectorLost())
		}
	}
}
