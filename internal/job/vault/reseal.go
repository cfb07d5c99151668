package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// resealedRows is how many rows are encrypted again in one transaction, and
	// resealedChunks how many pieces of a file.
	resealedRows   = 200
	resealedChunks = 8
)

// Reseal encrypts data that old keys have encrypted again with the secret key, piece by
// piece, and returns how many jobs it has finished. A job that a server is working on is
// left for the next time. Stopping in the middle loses nothing: a piece is changed in one
// transaction, and carries the print of its key. alive is called after every piece to ask
// whether to continue.
func (t *Vault) Reseal(ctx context.Context, alive func(context.Context) error) (done int, err error) {
	if len(t.oldKeys) == 0 {
		return 0, nil
	}
	system := viewer.AsSystem(ctx, "encrypt with a new secret key")
	for after := 0; ; {
		jobs, err := t.DB.Client(system).BulkJob.Query().
			Where(bulkjob.KeyPrintNotIn("", t.Print), bulkjob.IDGT(after), IsWhole()).
			Order(db.Asc(bulkjob.FieldID)).Limit(100).All(system)
		if err != nil || len(jobs) == 0 {
			return done, err
		}
		for _, job := range jobs {
			after = job.ID
			if !t.Reads(job) {
				continue
			}
			switch err := t.resealJob(system, job, alive); {
			case errors.Is(err, bulk.ErrLost): // Somebody works on it.
			case err != nil:
				return done, err
			default:
				done++
			}
		}
	}
}

// resealJob encrypts everything of a job with the secret key. What another server has
// begun with another key is brought to its end first.
func (t *Vault) resealJob(system context.Context, job *db.BulkJob, alive func(context.Context) error) error {
	written, needed := split(job.KeyPrint)
	if needed != "" && written != t.Print {
		if err := t.resealTo(system, job, written, alive); err != nil {
			return err
		}
	}
	return t.resealTo(system, job, t.Print, alive)
}

// resealTo encrypts everything of a job with one key.
func (t *Vault) resealTo(system context.Context, job *db.BulkJob, keyPrint string,
	alive func(context.Context) error) error {
	if written, needed := split(job.KeyPrint); needed == "" {
		// From now on only servers with both keys work on the job. A correction in progress
		// with the old key finds another fence.
		err := t.DB.InTx(system, func(ctx context.Context, client *db.Client) error {
			return bulk.MustHitOne(client.ExecContext(ctx,
				"UPDATE bulk_jobs SET key_print = ?, fence = fence + 1 WHERE id = ? AND key_print = ? AND fence = ? AND "+isFree,
				keyPrint+written, job.ID, job.KeyPrint, job.Fence, t.Instant()))
		})
		if err != nil {
			return err
		}
		job.KeyPrint, job.Fence = keyPrint+written, job.Fence+1
	}
	for _, p := range sealedParts {
		for after := -1; after < maxPlace; {
			next := after
			err := t.DB.InTx(system, func(ctx context.Context, client *db.Client) (err error) {
				// The job is free, and nobody claims it before this piece is done.
				if err := bulk.MustHitOne(
					client.ExecContext(ctx, "UPDATE bulk_jobs SET key_print = key_print WHERE id = ? AND key_print = ? AND "+isFree,
						job.ID, job.KeyPrint, t.Instant())); err != nil {
					return err
				}
				next, err = t.resealPiece(ctx, client, job.ID, p, t.keys[keyPrint], after)
				return err
			})
			if err != nil {
				return err
			}
			after = next
			if err := alive(system); err != nil {
				return err
			}
		}
	}
	return t.DB.InTx(system, func(ctx context.Context, client *db.Client) error {
		// The print of the file was made with the old key; nothing compares with it any more.
		err := bulk.MustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET key_print = ?, content_print = '' WHERE id = ? AND key_print = ? AND "+isFree,
			keyPrint, job.ID, job.KeyPrint, t.Instant()))
		if err == nil {
			job.KeyPrint = keyPrint
		}
		return err
	})
}

// isFree keeps a job on which no server is working at a moment.
const isFree = "(lease_until IS NULL OR lease_until <= ?)"

// maxPlace is beyond every place; it ends the pieces of a part.
const maxPlace = math.MaxInt

// sealedPart is one kind of thing of a job that is encrypted.
type sealedPart struct {
	table, place, column, purpose string
	where                         string
	limit                         int
	// inPlan is true if the text is in the plan of a row.
	inPlan bool
}

var sealedParts = []sealedPart{
	{table: "bulk_job_chunks", place: "seq", column: "data", purpose: ForFile, limit: resealedChunks},
	{table: "bulk_job_refused_rows", place: "`row`", column: "cells", purpose: ForRows, limit: resealedRows},
	{table: "bulk_job_refused_rows", place: "`row`", column: "password", purpose: ForPasswords, limit: resealedRows},
	{
		table:   "bulk_job_rows",
		place:   "`row`",
		column:  "plan",
		purpose: ForPasswords,
		where:   " AND state = 0",
		limit:   resealedRows,
		inPlan:  true,
	},
	// Several problems may be about one row, so that these are read by their ids.
	{table: "bulk_job_problems", place: "id", column: "sealed", purpose: forProblems, limit: resealedRows},
}

// resealPiece encrypts the next things of one kind with a key, and returns the place of
// the last one, or maxPlace if there are no more.
func (t *Vault) resealPiece(ctx context.Context, client *db.Client, jobID int, p sealedPart, key []byte,
	after int) (int, error) {
	target, err := sealBy(key, jobID, p.purpose)
	if err != nil {
		return after, err
	}
	known, err := t.SealOf(jobID, p.purpose)
	if err != nil {
		return after, err
	}
	things, err := readSealed(ctx, client, jobID, p, after)
	if err != nil {
		return after, err
	}
	for _, x := range things {
		after = x.at
		sealed, err := resealed(target, known, p, x)
		if err != nil {
			return after, err
		}
		if sealed == nil {
			continue
		}
		if _, err := client.ExecContext(ctx, "UPDATE "+p.table+" SET "+p.column+" = ? WHERE id = ? AND "+p.column+" = ?",
			sealed, x.id, x.sealed); err != nil {
			return after, err
		}
	}
	if len(things) < p.limit {
		return maxPlace, nil
	}
	return after, nil
}

// sealedThing is one encrypted thing: at is where reading continues, and place is the
// place for which it was encrypted.
type sealedThing struct {
	id, at, place int
	sealed        []byte
}

func readSealed(ctx context.Context, client *db.Client, jobID int, p sealedPart,
	after int) (things []sealedThing, err error) {
	place := p.place
	if place == "id" {
		place = "`row`"
	}
	rows, err := client.QueryContext(ctx, "SELECT id, "+p.place+", "+place+", "+p.column+" FROM "+p.table+
		" WHERE job_id = ? AND "+p.place+" > ?"+p.where+" ORDER BY "+p.place+" LIMIT ?", jobID, after, p.limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x sealedThing
		if err := rows.Scan(&x.id, &x.at, &x.place, &x.sealed); err != nil {
			return nil, err
		}
		things = append(things, x)
	}
	return things, rows.Err()
}

// resealed returns a thing encrypted with the key of target, or nil if it stays as it
// is: it already has that key, is empty, or cannot be opened.
func resealed(target, known *row.Seal, p sealedPart, x sealedThing) ([]byte, error) {
	sealed := x.sealed
	var plan *row.Plan
	if p.inPlan {
		if !bytes.Contains(sealed, []byte(`"password"`)) {
			return nil, nil
		}
		read, err := row.ReadPlan(sealed)
		if err != nil {
			return nil, err
		}
		plan, sealed = read, read.Password
	}
	if len(sealed) == 0 {
		return nil, nil
	}
	if _, err := target.Open(x.place, sealed); err == nil {
		return nil, nil
	}
	plain, err := known.Open(x.place, sealed)
	if err != nil {
		return nil, nil //nolint:nilerr // of a key that is not here any more, as before
	}
	again := target.Close(x.place, plain)
	if plan == nil {
		return again, nil
	}
	plan.Password = again
	return json.Marshal(plan)
}

// KeyUse is how many jobs need which keys.
type KeyUse struct {
	// Own is the print of the secret key.
	Own string
	// Needed counts jobs by the prints of the old keys that they need; Missing counts them
	// by the prints of keys that are not here.
	Needed, Missing map[string]int
}

// KeyUse says which old keys are still needed.
func (t *Vault) KeyUse(system context.Context) (KeyUse, error) {
	u := KeyUse{Own: t.Print, Needed: map[string]int{}, Missing: map[string]int{}}
	var counts []struct {
		KeyPrint string `json:"key_print"`
		Count    int    `json:"count"`
	}
	err := t.DB.Client(system).BulkJob.Query().Where(bulkjob.KeyPrintNotIn("", t.Print)).
		GroupBy(bulkjob.FieldKeyPrint).Aggregate(db.Count()).Scan(system, &counts)
	for _, c := range counts {
		written, needed := split(c.KeyPrint)
		for _, keyPrint := range []string{written, needed} {
			switch {
			case keyPrint == "" || keyPrint == t.Print:
			case t.keys[keyPrint] == nil:
				u.Missing[keyPrint] += c.Count
			default:
				u.Needed[keyPrint] += c.Count
			}
		}
	}
	return u, err
}

// PrintOf returns the print by which KeyUse names a key.
func PrintOf(key []byte) string { return keyPrint(key) }
