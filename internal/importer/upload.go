package importer

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/predicate"
	"homeroom/internal/audit"
	"homeroom/internal/fault"
	"homeroom/internal/viewer"
)

// chunkBytes is the size of a piece of a stored file before it is encrypted. The
// last piece of a file, and only it, is shorter, if need be empty; so a file
// whose end is missing is noticed.
const chunkBytes = 256 << 10

// uploading is the owner of a job whose file is still arriving. Nobody can claim
// such a job, and no list shows it. The lease is renewed with every piece; when
// it runs out the upload was cut off, and job and pieces are removed.
const uploading = "uploading"

// uploadPatience is how long the next piece of a file may take.
const uploadPatience = 15 * time.Minute

// isWhole keeps the jobs whose files have arrived.
func isWhole() predicate.BulkJob { return bulkjob.LeaseOwnerNEQ(uploading) }

// upload stores the file and only then makes the job one that can be claimed. No
// transaction is open while the file arrives, which may take minutes.
//
// The idempotency key is given to the job at the very end, too: an upload that
// was cut off must not keep its key from the next attempt, and of two at once
// the one that ends first is the job of both.
func (s *Service) upload(ctx context.Context, v *viewer.Viewer, o *db.Organization, in Submission) (*db.BulkJob, error) {
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
		return nil, errIncomplete
	}
	if err := s.checkResubmission(there, o, in, prints); err != nil {
		return nil, err
	}
	return there, nil
}

// begin makes the job of an upload, if the quotas allow it, before anything of the
// file is stored. What was said of its size counts from here on.
func (s *Service) begin(ctx context.Context, v *viewer.Viewer, o *db.Organization, in Submission) (job *db.BulkJob, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := s.takesTurns(ctx, client, o.DistrictID); err != nil {
			return err
		}
		if err := s.withinQuotas(ctx, client, v, o.DistrictID, 0, max(in.Size, 1)); err != nil {
			return err
		}
		job, err = s.create(ctx, client, v, o, in)
		return err
	})
	return job, err
}

func (s *Service) create(ctx context.Context, client *db.Client, v *viewer.Viewer, o *db.Organization, in Submission) (*db.BulkJob, error) {
	create := client.BulkJob.Create().
		SetDistrictID(o.DistrictID).SetOrganizationID(o.ID).SetSubmittedBy(v.SubmitterID()).
		SetKind(in.Kind).SetGroupsMode(in.GroupsMode).SetCommitMode(in.CommitMode).SetFileName(in.FileName).
		SetCreatedAt(s.instant()).SetKeyPrint(s.print).SetFileBytes(in.Size).
		SetLeaseOwner(uploading).SetLeaseUntil(s.instant().Add(uploadPatience))
	if s.bySelection(in.Kind) {
		create.SetSchools(in.schools)
	}
	if in.edit != nil {
		create.SetEdit(in.edit)
	}
	return create.Save(ctx)
}

var errIncomplete = fault.Invalidf("the file did not arrive completely; upload it again").WithCode("UPLOAD_INCOMPLETE").At("file")

// store writes the file in encrypted pieces, each in a transaction of its own, and
// returns its prints and its size. Where it becomes larger than was said, the quotas
// are asked again on the way.
func (s *Service) store(ctx context.Context, v *viewer.Viewer, job *db.BulkJob, file io.Reader) (prints []string, size int64, err error) {
	sealed, err := s.sealOf(job.ID, forFile)
	if err != nil {
		return nil, 0, err
	}
	seq, asked := 0, job.FileBytes
	prints, err = s.pieces(file, func(piece []byte) error {
		defer func() { seq++ }()
		if size += int64(len(piece)); size > asked {
			asked = size + askEvery
			if err := s.withinQuotas(ctx, s.db.Client(ctx), v, job.DistrictID, job.ID, size); err != nil {
				return err
			}
		}
		return s.writeChunk(ctx, job.ID, seq, sealed.close(seq, piece), size)
	})
	return prints, size, err
}

// askEvery is how much more of a file is stored before the quotas are asked again.
const askEvery = 4 << 20

// whole is a reader that does not say of a file which was cut off what io.ReadFull
// says of the end of one.
type whole struct{ io.Reader }

var errCutOff = errors.New("the file was cut off")

func (w whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCutOff
	}
	return n, err
}

// printsOf reads a file that is not stored, and returns its prints.
func (s *Service) printsOf(file io.Reader) ([]string, error) {
	return s.pieces(file, func([]byte) error { return nil })
}

// pieces reads a file to its end, hands it on piece by piece, and returns its print
// with the secret key, and then those with the old keys: digests by which two files are
// compared, and nothing of either found without the key.
func (s *Service) pieces(file io.Reader, each func([]byte) error) ([]string, error) {
	var prints []hash.Hash
	for _, secret := range slices.Concat([][]byte{s.key}, s.oldKeys) {
		key, err := hkdf.Key(sha256.New, secret, nil, "homeroom bulk job content print", 32)
		if err != nil {
			return nil, err
		}
		prints = append(prints, hmac.New(sha256.New, key))
	}
	file = whole{file}
	piece := make([]byte, chunkBytes)
	for total := int64(0); ; {
		n, err := io.ReadFull(file, piece)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return nil, errIncomplete.Because(err)
		}
		if total += int64(n); total > s.limits.Bytes {
			return nil, fault.TooLargef("the file is larger than %d MB; split it into several files, each with the same first row", s.limits.Bytes>>20).At("file")
		}
		for _, print := range prints {
			print.Write(piece[:n])
		}
		if err := each(piece[:n]); err != nil {
			return nil, err
		}
		if last {
			texts := make([]string, len(prints))
			for i, print := range prints {
				texts[i] = hex.EncodeToString(print.Sum(nil))
			}
			return texts, nil
		}
	}
}

// writeChunk writes a piece, with which size bytes of the file are there.
func (s *Service) writeChunk(ctx context.Context, jobID, seq int, data []byte, size int64) error {
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		err := mustHitOne(client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_until = ?, file_bytes = CASE WHEN file_bytes < ? THEN ? ELSE file_bytes END WHERE id = ? AND lease_owner = ?",
			s.instant().Add(uploadPatience), size, size, jobID, uploading))
		if err != nil {
			return err
		}
		_, err = client.ExecContext(ctx, "INSERT INTO bulk_job_chunks (created_at, job_id, seq, data) VALUES (?, ?, ?, ?)",
			s.instant(), jobID, seq, data)
		return err
	})
}

// completeUpload makes the job one that can be claimed.
func (s *Service) completeUpload(ctx context.Context, v *viewer.Viewer, job *db.BulkJob, key, print string, size int64) error {
	var idempotencyKey *string
	if key == "" {
		print = ""
	} else {
		idempotencyKey = &key
	}
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if size > job.FileBytes {
			if err := s.takesTurns(ctx, client, job.DistrictID); err != nil {
				return err
			}
			if err := s.withinQuotas(ctx, client, v, job.DistrictID, job.ID, size); err != nil {
				return err
			}
		}
		record(ctx, audit.JobSubmitted, job, audit.Facts{"kind": string(job.Kind), "groupsMode": string(job.GroupsMode), "commitMode": string(job.CommitMode)})
		return mustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET lease_owner = '', lease_until = NULL, idempotency_key = ?, content_print = ?, file_bytes = ? WHERE id = ? AND lease_owner = ?",
			idempotencyKey, print, size, job.ID, uploading))
	})
}

// removeUpload removes a job whose file did not arrive, even if the person has
// gone. What cannot be removed now is removed by sweep.
func (s *Service) removeUpload(ctx context.Context, jobID int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		err := mustHitOne(client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_until = ? WHERE id = ? AND lease_owner = ?",
			s.instant(), jobID, uploading))
		if err != nil {
			return err
		}
		if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_chunks WHERE job_id = ?", jobID); err != nil {
			return err
		}
		_, err = client.ExecContext(ctx, "DELETE FROM bulk_jobs WHERE id = ?", jobID)
		return err
	})
	if err != nil && !errors.Is(err, errLost) {
		s.log.WarnContext(ctx, "an upload that was cut off is removed later", "job", jobID, "error", err)
	}
}

// storedFile reads the stored file of a job from its beginning, in constant
// memory.
type storedFile struct {
	ctx    context.Context
	client *db.Client
	sealed *jobSeal
	seq    int
	piece  bytes.Reader
	last   bool
}

// file returns a reader of the stored file of a job.
func (s *Service) file(ctx context.Context, jobID int) (io.Reader, error) {
	sealed, err := s.sealOf(jobID, forFile)
	return &storedFile{ctx: ctx, client: s.db.Client(ctx), sealed: sealed}, err
}

// Read implements io.Reader.
func (f *storedFile) Read(p []byte) (int, error) {
	for f.piece.Len() == 0 {
		if f.last {
			return 0, io.EOF
		}
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	return f.piece.Read(p)
}

func (f *storedFile) next() error {
	data, err := readBytes(f.ctx, f.client, "SELECT data FROM bulk_job_chunks WHERE job_id = ? AND seq = ?", f.sealed.jobID, f.seq)
	if err != nil {
		return err
	}
	clear, err := f.sealed.open(f.seq, data)
	if err != nil {
		return err
	}
	f.piece.Reset(clear)
	f.seq++
	f.last = len(clear) < chunkBytes
	return nil
}

// readBytes reads one value of one row.
func readBytes(ctx context.Context, client *db.Client, query string, args ...any) (value []byte, err error) {
	rows, err := client.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if end := rows.Close(); err == nil {
			err = end
		}
	}()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: a stored value is missing", sql.ErrNoRows)
	}
	err = rows.Scan(&value)
	return value, err
}
