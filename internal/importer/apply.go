package importer

import (
	"context"
	"errors"
	"fmt"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/database"
	"homeroom/internal/viewer"
)

// largeImport is how many rows make it worth while to look at the tables anew, so
// that the planner knows what has come in.
const largeImport = 5000

// apply carries out the plans of a job that has been started.
func (s writing) apply(ctx context.Context, h *held) error {
	run := s.applyBatches
	if h.job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
		run = s.applyAtOnce
	}
	done, err := run(ctx, h)
	if err != nil || !done {
		return err
	}
	if h.job.TotalRows >= largeImport {
		// The job is done; a server that stops meanwhile leaves it at that.
		if err := s.db.Optimize(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the statistics of the tables could not be refreshed", "error", err)
		}
	}
	return nil
}

// applyBatches writes the rows batch by batch. Whoever goes on after a crash
// finds in processed_rows where.
func (s writing) applyBatches(ctx context.Context, h *held) (done bool, err error) {
	file := s.rowsOf(h.job)
	first := h.job.ProcessedRows == 0
	for b, err := range s.batches(ctx, h.job) {
		if err != nil {
			return false, err
		}
		b.file, b.alone = file, s.isLastTry(h.job.ID)
		if err := s.hashPasswords(ctx, h.job, b.rows); err != nil {
			return false, err
		}
		failed := false
		err := s.inTurn(ctx, func() error {
			// Hashing takes minutes, and so may the wait for a turn, in which somebody can
			// have lost a role.
			hands, err := s.actors.handsOf(ctx, h.job)
			if err != nil {
				return err
			}
			b.v, b.why, b.lost = hands.v, hands.why, hands.lost
			if failed = b.v == nil && first; failed {
				return s.failRows(ctx, h, []*problem{b.why})
			}
			return s.writeBatch(ctx, h, b)
		})
		if err != nil {
			return false, fmt.Errorf("write the rows from %d on: %w", b.rows[0].Row, err)
		}
		if failed {
			return false, nil
		}
		first = false
	}
	return true, s.queue.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		return s.complete(ctx, client, h.job.ID)
	})
}

// writeBatch writes a batch in a transaction. Where a unique index says that an id
// has been taken since the file was checked, the batch is written again with a
// look before, which refuses that row alone. Where somebody takes one between the
// look and the write, again and again, because students are created all the time,
// smaller batches leave less time for it, down to a single row, for which the
// answer of the unique index is the reason itself. At the last try the same is done
// with every other error of a row, so that one row does not hold up a district. A
// batch that is too large for the database is split as well, and none of its rows is
// refused for that.
func (s writing) writeBatch(ctx context.Context, h *held, b *attempt) error {
	const tries = 3
	write := func() error {
		carryOut := func(ctx context.Context, client *db.Client) error { return s.carryOut(ctx, client, b) }
		err := s.queue.inFence(ctx, h, carryOut)
		if !errors.Is(err, errWantsCells) {
			return err
		}
		// The file is read when no transaction is open.
		if b.cells, err = b.file.between(ctx, b.rows[0].Row, b.last().Row); err != nil {
			return err
		}
		return s.queue.inFence(ctx, h, carryOut)
	}
	err := write()
	for try := 1; isDuplicate(err) && try < tries; try++ {
		b.careful = true
		err = write()
	}
	switch half := len(b.rows) / 2; {
	case !isDuplicate(err) && !isTooLarge(err) && !(b.alone && isOfRows(ctx, err)):
		return err
	case half == 0 && isTooLarge(err):
		return err
	case half > 0:
		first, second := *b, *b
		first.rows, second.rows = b.rows[:half], b.rows[half:]
		if err := s.writeBatch(ctx, h, &first); err != nil {
			return err
		}
		return s.writeBatch(ctx, h, &second)
	default:
		b.v, b.why = nil, s.whyAlone(ctx, h.job, b.rows[0].Row, err)
		return write()
	}
}

// isOfRows reports whether an error may be due to what is written, and not to the
// end of the work or to a trouble of the database, which would refuse any row.
func isOfRows(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, errLost) && database.TroubleOf(err) == database.None
}

// isTooLarge reports whether the database accepts fewer rows in one transaction.
func isTooLarge(err error) bool { return database.TroubleOf(err) == database.TooLarge }

// tooLarge is why a job fails whose changes do not fit into one transaction.
func tooLarge() *problem {
	return problemf(TransactionTooLarge,
		"Upload the file again without \"all or nothing\", or split it into smaller files; whoever runs the database can also raise its limit for one transaction.",
		"The database does not accept so many changes at once. Nothing was written.")
}

// whyAlone is why a row is refused that cannot be written even by itself.
func (s *Service) whyAlone(ctx context.Context, job *db.BulkJob, number int, err error) *problem {
	if isDuplicate(err) {
		return taken(err)
	}
	s.log.ErrorContext(ctx, "a row of a bulk job cannot be written", "job", job.ID, "row", number, "error", err)
	return problemf(Internal, "Upload the row again later. If it happens again, tell whoever runs the server.",
		"Something went wrong on the server with this row; it stays as it was.")
}

// taken says which unique index has refused a row.
func taken(err error) *problem {
	const hint = "Upload the row again to see what it would change now."
	switch {
	case database.Violates(err, "username_key"):
		return problemf(UsernameTaken, hint, "Somebody has taken the username since the file was checked.")
	case database.Violates(err, "email_key"):
		return problemf(EmailTaken, hint, "Somebody has taken the address since the file was checked.")
	default:
		return problemf(ExternalIDTaken, hint, "Somebody has taken the ID since the file was checked.")
	}
}

// applyAtOnce writes all rows in one transaction, and none if one is refused. The
// passwords are hashed before it begins, because that takes long.
func (s writing) applyAtOnce(ctx context.Context, h *held) (done bool, err error) {
	hands, err := s.actors.handsOf(ctx, h.job)
	if err != nil {
		return false, err
	}
	if hands.v == nil {
		return false, s.failRows(ctx, h, []*problem{hands.why})
	}
	if err := s.meter.placeMark(ctx, h); err != nil {
		return false, err
	}
	hashes, err := s.allHashes(ctx, h)
	if err != nil {
		return false, err
	}
	// That may have taken minutes, in which somebody has lost a role.
	if hands, err = s.actors.handsOf(ctx, h.job); err != nil {
		return false, err
	}
	if hands.v == nil {
		return false, s.failRows(ctx, h, []*problem{hands.why})
	}
	outside := ctx
	var refused []*problem
	careful := false
	write := func() error {
		return s.queue.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
			refused = nil
			// A row can have been withdrawn since the check, because its student was erased.
			withdrawn, err := client.BulkJob.Query().Where(bulkjob.ID(h.job.ID)).Select(bulkjob.FieldErrors).Int(viewer.AsSystem(ctx, "refused rows of a job that is all or nothing"))
			if err != nil {
				return err
			}
			if withdrawn > 0 {
				refused = []*problem{problemf(Erased, "Upload the file again without the rows.", "Rows have been refused since the file was checked, because their students were erased, and the upload is all or nothing.")}
				return errRefused
			}
			for behind := 0; ; {
				b, err := s.nextBatch(ctx, h.job, behind)
				if err != nil {
					return err
				}
				if len(b.rows) == 0 {
					return s.complete(ctx, client, h.job.ID)
				}
				b.v, b.lost, b.careful = hands.v, hands.lost, careful
				for _, r := range b.rows {
					r.hash = hashes[r.Row]
				}
				if err := s.carryOut(ctx, client, b); err != nil {
					return err
				}
				if refused = b.refusals(); len(refused) > 0 {
					return errRefused
				}
				behind = b.last().Row
				s.meter.mark(outside, h, b.last().plan.N)
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
		return false, s.failRows(ctx, h, []*problem{tooLarge()})
	case errors.Is(err, errRefused):
		return false, s.failRows(ctx, h, refused)
	case isDuplicate(err):
		// No look finds the row; nothing is written all the same.
		return false, s.failRows(ctx, h, []*problem{taken(err)})
	}
	return err == nil, err
}

var errRefused = errors.New("importer: a row of a job that is all or nothing was refused")

// carryOut writes a batch, and in the same transaction what became of each row.
func (s writing) carryOut(ctx context.Context, client *db.Client, b *attempt) error {
	b.reset()
	if b.v != nil {
		ctx := viewer.NewContext(ctx, b.v)
		b.refuseLost()
		if err := refuseRenamedSchools(ctx, client, &b.batch); err != nil {
			return err
		}
		if err := s.kinds[b.job.Kind].apply(ctx, client, &b.batch); err != nil {
			return err
		}
	}
	if s.kinds.bySelection(b.job.Kind) {
		for _, p := range b.refusals() {
			reword(p)
		}
	}
	if b.file != nil && b.cells == nil && len(b.refusals()) > 0 {
		return errWantsCells
	}
	if err := s.noteVersions(ctx, client, b); err != nil {
		return err
	}
	return s.settle(ctx, client, b)
}
