package job

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// uploadPatience is how long the next piece of a file may take.
const uploadPatience = 15 * time.Minute

// upload stores the file and only then makes the job one that can be claimed. No
// transaction is open while the file arrives, which may take minutes.
//
// The idempotency key is given to the job at the very end, too: an upload that
// was cut off must not keep its key from the next attempt, and of two at once
// the one that ends first is the job of both.
func (s submitting) upload(ctx context.Context, v *viewer.Viewer, o *db.Organization,
	in Submission) (*db.BulkJob, error) {
	job, err := s.begin(ctx, v, o, in)
	if err != nil {
		return nil, err
	}
	prints, size, err := s.store(ctx, v, job, in.File)
	if err == nil {
		err = s.completeUpload(ctx, v, job, in.IdempotencyKey, prints[0], size)
	}
	if err == nil {
		return s.db.Client(ctx).BulkJob.Get(ctx, job.ID)
	}
	s.removeUpload(ctx, job.ID)
	if !isDuplicate(err) {
		return nil, err
	}
	there, err := s.byKey(ctx, v.SubmitterID(), in.IdempotencyKey)
	switch {
	case err != nil:
		return nil, err
	case there == nil: // It has been removed in this moment.
		return nil, vault.ErrIncomplete
	}
	if err := s.checkResubmission(there, o, in, prints); err != nil {
		return nil, err
	}
	return there, nil
}

// begin creates the job of an upload, if the quotas allow it, before anything of the file
// is stored. The announced size counts from here on.
func (s submitting) begin(ctx context.Context, v *viewer.Viewer, o *db.Organization,
	in Submission) (job *db.BulkJob, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := s.limiter.TakesTurns(ctx, client, o.DistrictID); err != nil {
			return err
		}
		if err := s.limiter.WithinQuotas(ctx, client, v, o.DistrictID, 0, max(in.Size, 1)); err != nil {
			return err
		}
		job, err = s.create(ctx, client, v, o, in)
		return err
	})
	return job, err
}

func (s submitting) create(ctx context.Context, client *db.Client, v *viewer.Viewer, o *db.Organization,
	in Submission) (*db.BulkJob, error) {
	create := client.BulkJob.Create().
		SetDistrictID(o.DistrictID).SetOrganizationID(o.ID).SetSubmittedBy(v.SubmitterID()).
		SetKind(in.Kind).SetGroupsMode(in.GroupsMode).SetCommitMode(in.CommitMode).
		SetMissing(cmp.Or(in.Missing, bulkjob.MissingIGNORE)).SetLeavers(cmp.Or(in.Leavers, bulkjob.LeaversIGNORE)).
		SetCreateMissingGroups(in.CreateMissingGroups).SetFileName(in.FileName).
		SetCreatedAt(s.instant()).SetKeyPrint(s.vault.Print).SetFileBytes(in.Size).
		SetLeaseOwner(vault.Uploading).SetLeaseUntil(s.instant().Add(uploadPatience))
	if s.kinds.BySelection(in.Kind) {
		create.SetSchools(in.schools)
	}
	if by := slices.DeleteFunc(slices.Clone(in.by), func(id int) bool {
		return id == 0 || id == v.SubmitterID()
	}); len(by) > 0 {
		create.SetCorrectedBy(by)
	}
	if in.edit != nil {
		create.SetEdit(in.edit)
	}
	if in.Columns != nil {
		choices, err := columns.Encode(&sheet.Choices{List: in.Columns, Again: in.again,
			Shared: v.Administers(o.ID, o.DistrictID)})
		if err != nil {
			return nil, err
		}
		create.SetChoices(choices)
	}
	return create.Save(ctx)
}

// store writes the file in encrypted pieces, each in its own transaction, and returns
// its fingerprints and its size. If the file becomes larger than announced, the quotas
// are checked again on the way.
func (s submitting) store(ctx context.Context, v *viewer.Viewer, job *db.BulkJob, file io.Reader) (prints []string,
	size int64, err error) {
	sealed, err := s.vault.SealOf(job.ID, vault.ForFile)
	if err != nil {
		return nil, 0, err
	}
	seq, asked := 0, job.FileBytes
	prints, err = s.vault.Pieces(file, func(piece []byte) error {
		defer func() { seq++ }()
		if size += int64(len(piece)); size > asked {
			asked = size + askEvery
			if err := s.limiter.WithinQuotas(ctx, s.db.Client(ctx), v, job.DistrictID, job.ID, size); err != nil {
				return err
			}
		}
		return s.writeChunk(ctx, job.ID, seq, sealed.Close(seq, piece), size)
	})
	return prints, size, err
}

// askEvery is how much more of a file is stored before the quotas are asked again.
const askEvery = 4 << 20

// writeChunk writes a piece, with which size bytes of the file are there.
func (s submitting) writeChunk(ctx context.Context, jobID, seq int, data []byte, size int64) error {
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		err := bulk.MustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET lease_until = ?, file_bytes = CASE WHEN file_bytes < ? THEN ? ELSE file_bytes END "+
				"WHERE id = ? AND lease_owner = ?", s.instant().Add(uploadPatience), size, size, jobID, vault.Uploading))
		if err != nil {
			return err
		}
		_, err = client.ExecContext(ctx, "INSERT INTO bulk_job_chunks (created_at, job_id, seq, data) VALUES (?, ?, ?, ?)",
			s.instant(), jobID, seq, data)
		return err
	})
}

// completeUpload makes the job one that can be claimed.
func (s submitting) completeUpload(ctx context.Context, v *viewer.Viewer, job *db.BulkJob, key, keyPrint string,
	size int64) error {
	var idempotencyKey *string
	if key == "" {
		keyPrint = ""
	} else {
		idempotencyKey = &key
	}
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if size > job.FileBytes {
			if err := s.limiter.TakesTurns(ctx, client, job.DistrictID); err != nil {
				return err
			}
			if err := s.limiter.WithinQuotas(ctx, client, v, job.DistrictID, job.ID, size); err != nil {
				return err
			}
		}
		record(ctx, audit.JobSubmitted, job,
			audit.Facts{"kind": string(job.Kind), "groupsMode": string(job.GroupsMode), "commitMode": string(job.CommitMode)})
		return bulk.MustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET lease_owner = '', lease_until = NULL, idempotency_key = ?, content_print = ?, file_bytes = ? "+
				"WHERE id = ? AND lease_owner = ?",
			idempotencyKey, keyPrint, size, job.ID, vault.Uploading))
	})
}

// removeUpload removes a job whose file did not arrive, even if the person has
// disconnected. What cannot be removed now is removed by Sweep.
func (s submitting) removeUpload(ctx context.Context, jobID int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	uploading := func(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error {
		return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
			err := bulk.MustHitOne(
				client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_until = ? WHERE id = ? AND lease_owner = ?",
					s.instant(), jobID, vault.Uploading))
			if err != nil {
				return err
			}
			return fn(ctx, client)
		})
	}
	err := s.vault.RemoveChunks(ctx, jobID, uploading)
	if err == nil {
		err = uploading(ctx, func(ctx context.Context, client *db.Client) error {
			if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_chunks WHERE job_id = ?", jobID); err != nil {
				return err
			}
			_, err := client.ExecContext(ctx, "DELETE FROM bulk_jobs WHERE id = ?", jobID)
			return err
		})
	}
	if err != nil && !errors.Is(err, bulk.ErrLost) {
		s.log.WarnContext(ctx, "an upload that was cut off is removed later", "job", jobID, "error", err)
	}
}
