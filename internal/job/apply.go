package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// largeImport is the number of rows from which the table statistics are refreshed, so
// that the planner knows about the new rows.
const largeImport = 5000

// apply carries out the plans of a job that has been started.
func (s writing) apply(ctx context.Context, h *queue.Lease) error {
	if queue.HashesFirst(h.Job) {
		return s.hashAhead(ctx, h)
	}
	run := s.applyBatches
	if h.Job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
		run = s.applyAtOnce
	}
	done, err := run(ctx, h)
	if err != nil || !done {
		return err
	}
	if err := s.vault.ForgetFile(ctx, h.Job.ID); err != nil {
		return err
	}
	if h.Job.TotalRows >= largeImport {
		// The job is done; a server that stops meanwhile leaves it at that.
		if err := s.db.Optimize(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the table statistics could not be refreshed", "error", err)
		}
	}
	return nil
}

// applyBatches writes the rows batch by batch. After a crash, the next server
// continues at processed_rows.
func (s writing) applyBatches(ctx context.Context, h *queue.Lease) (done bool, err error) {
	file := s.files.Of(h.Job)
	first := h.Job.ProcessedRows == 0
	for b, err := range s.batches(ctx, h.Job) {
		if err != nil {
			return false, err
		}
		b.file, b.alone = file, s.isLastTry(h.Job.ID)
		if err := s.hashPasswords(ctx, h.Job, b.Rows); err != nil {
			return false, err
		}
		failed := false
		err := s.inTurn(ctx, func() error {
			// Hashing takes minutes, and so may the wait for a turn, in which somebody can
			// have lost a role.
			hands, err := s.actors.HandsOf(ctx, h.Job)
			if err != nil {
				return err
			}
			b.Viewer, b.Why, b.lost = hands.Viewer, hands.Why, hands.Lost
			if failed = b.Viewer == nil && first; failed {
				return s.failRows(ctx, h, []*row.Problem{b.Why})
			}
			return s.writeBatch(ctx, h, b)
		})
		if err != nil {
			return false, fmt.Errorf("write the rows from %d on: %w", b.Rows[0].Row, err)
		}
		if failed {
			return false, nil
		}
		first = false
	}
	return true, s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		return s.complete(ctx, client, h.Job.ID)
	})
}

// writeBatch writes a batch in a transaction. If a unique index says that an id was
// taken after the file was checked, the batch is written again after a lookup, which
// refuses only that row.
//
// If students are created all the time, somebody may again and again take an id
// between the lookup and the write. Smaller batches leave less time for that, down to
// a single row, which is refused for the reason that the unique index gives. At the
// last try every other error of a row is treated in the same way, so that one row does
// not hold up a district. A batch that is too large for the database is also split,
// and none of its rows is refused for that.
func (s writing) writeBatch(ctx context.Context, h *queue.Lease, b *attempt) error {
	const tries = 3
	write := func() error {
		carryOut := func(ctx context.Context, client *db.Client) error { return s.carryOut(ctx, client, b) }
		err := s.queue.InFence(ctx, h, carryOut)
		if !errors.Is(err, errWantsCells) {
			return err
		}
		// The file is read when no transaction is open.
		if b.cells, err = b.file.Between(ctx, b.Rows[0].Row, b.Last().Row); err != nil {
			return err
		}
		return s.queue.InFence(ctx, h, carryOut)
	}
	err := write()
	for try := 1; isDuplicate(err) && try < tries; try++ {
		b.Careful = true
		err = write()
	}
	return inHalves(ctx, err, b.alone, b.Rows, func(rows []*row.Planned) error {
		part := *b
		part.Rows = rows
		return s.writeBatch(ctx, h, &part)
	}, func() error {
		b.Viewer, b.Why = nil, s.whyAlone(ctx, h.Job, b.Rows[0].Row, err)
		return write()
	})
}

// inHalves continues with a batch that could not be written because of err: with each half
// of it if a row may be the cause, and with the row if only one is left. If a single row
// is too large for the database, no other row is the cause.
func inHalves[R any](ctx context.Context, err error, alone bool, rows []R, half func(rows []R) error,
	single func() error) error {
	switch middle := len(rows) / 2; {
	case !isDuplicate(err) && !isTooLarge(err) && !(alone && isOfRows(ctx, err)):
		return err
	case middle == 0 && isTooLarge(err):
		return err
	case middle == 0:
		return single()
	default:
		if err := half(rows[:middle]); err != nil {
			return err
		}
		return half(rows[middle:])
	}
}

// isOfRows reports whether an error may be caused by the rows that are written. The end of
// the work, and a problem of the database, would stop any row.
func isOfRows(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, bulk.ErrLost) && database.TroubleOf(err) == database.None
}

// isTooLarge reports whether the database accepts fewer rows in one transaction.
func isTooLarge(err error) bool { return database.TroubleOf(err) == database.TooLarge }

// tooLarge is why a job fails whose changes do not fit into one transaction.
func tooLarge() *row.Problem {
	return row.Problemf(row.TransactionTooLarge,
		"Upload the file again without \"all or nothing\", or split it into smaller files; "+
			"the person who runs the database can also raise its limit for one transaction.",
		"The file changes more at once than the database accepts. Nothing was written.")
}

// whyAlone is why a row is refused that cannot be written even by itself.
func (s *Service) whyAlone(ctx context.Context, job *db.BulkJob, number int, err error) *row.Problem {
	if isDuplicate(err) {
		return taken(err)
	}
	s.log.ErrorContext(ctx, "a row of a bulk job cannot be written", "job", job.ID, "row", number, "error", err)
	return row.Problemf(row.Internal, "Upload the row again later. If it happens again, tell the person who runs the "+
		"server.",
		"The server failed on this row; nothing was changed.")
}

// taken says which unique index has refused a row.
func taken(err error) *row.Problem {
	const hint = "Upload the row again to see what it would change now."
	switch {
	case database.Violates(err, "username_key"):
		return row.Problemf(row.UsernameTaken, hint, "Somebody else got this username after the file was checked.")
	case database.Violates(err, "email_key"):
		return row.Problemf(row.EmailTaken, hint, "Somebody else got this address after the file was checked.")
	default:
		return row.Problemf(row.ExternalIDTaken, hint, "Somebody else got this ID after the file was checked.")
	}
}

// applyAtOnce writes all rows in one transaction, and none if one is refused. The
// passwords are hashed before it begins, because that takes long.
func (s writing) applyAtOnce(ctx context.Context, h *queue.Lease) (done bool, err error) {
	hands, err := s.actors.HandsOf(ctx, h.Job)
	if err != nil {
		return false, err
	}
	if hands.Viewer == nil {
		return false, s.failRows(ctx, h, []*row.Problem{hands.Why})
	}
	if err := s.meter.PlaceMark(ctx, h); err != nil {
		return false, err
	}
	hashes, err := s.allHashes(ctx, h)
	if err != nil {
		return false, err
	}
	// That may have taken minutes, in which somebody has lost a role.
	if hands, err = s.actors.HandsOf(ctx, h.Job); err != nil {
		return false, err
	}
	if hands.Viewer == nil {
		return false, s.failRows(ctx, h, []*row.Problem{hands.Why})
	}
	outside := ctx
	var refused []*row.Problem
	careful := false
	write := func() error {
		return s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
			refused = nil
			// A row can have been withdrawn since the check, because its student was erased.
			withdrawn, err := client.BulkJob.Query().Where(bulkjob.ID(h.Job.ID)).Select(bulkjob.FieldErrors).
				Int(viewer.AsSystem(ctx, "refused rows of a job that is all or nothing"))
			if err != nil {
				return err
			}
			if withdrawn > 0 {
				refused = []*row.Problem{row.Problemf(row.Erased, "Upload the file again without the rows.",
					"Rows were refused after the file was checked, because their students were erased, "+
						"and the upload is all or nothing.")}
				return errRefused
			}
			for behind := 0; ; {
				b, err := s.nextBatch(ctx, h.Job, behind)
				if err != nil {
					return err
				}
				if len(b.Rows) == 0 {
					return s.complete(ctx, client, h.Job.ID)
				}
				b.Viewer, b.lost, b.Careful = hands.Viewer, hands.Lost, careful
				for _, r := range b.Rows {
					r.Hash = hashes[r.Row]
				}
				if err := s.carryOut(ctx, client, b); err != nil {
					return err
				}
				if refused = b.Refusals(); len(refused) > 0 {
					return errRefused
				}
				behind = b.Last().Row
				s.meter.Mark(outside, h, b.Last().Plan.N)
			}
		})
	}
	// A look before the write sees the id that somebody took, and refuses the row.
	err = write()
	for try := 1; isDuplicate(err) && try < maxTries; try++ {
		careful = true
		err = write()
	}
	if isTooLarge(err) {
		// Group replication says the same of a node that is leaving, once.
		err = write()
	}
	switch {
	case isTooLarge(err):
		return false, s.failRows(ctx, h, []*row.Problem{tooLarge()})
	case errors.Is(err, errRefused):
		return false, s.failRows(ctx, h, refused)
	case isDuplicate(err):
		// No look finds the row; nothing is written all the same.
		return false, s.failRows(ctx, h, []*row.Problem{taken(err)})
	}
	return err == nil, err
}

var errRefused = errors.New("job: a row of a job that is all or nothing was refused")

// carryOut writes a batch, and in the same transaction what became of each row.
func (s writing) carryOut(ctx context.Context, client *db.Client, b *attempt) error {
	b.Reset()
	if b.Viewer != nil {
		ctx := viewer.NewContext(ctx, b.Viewer)
		b.refuseLost()
		if err := reach.RefuseRenamedSchools(ctx, client, &b.Batch); err != nil {
			return err
		}
		if err := s.kinds[b.Job.Kind].Apply(ctx, client, &b.Batch); err != nil {
			return err
		}
	}
	if s.kinds.BySelection(b.Job.Kind) {
		for _, p := range b.Refusals() {
			reword(p)
		}
	}
	if b.file != nil && b.cells == nil && len(b.Refusals()) > 0 {
		return errWantsCells
	}
	if err := s.noteVersions(ctx, client, b); err != nil {
		return err
	}
	return s.settle(ctx, client, b)
}
