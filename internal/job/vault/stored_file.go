package vault

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

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// chunkBytes is the size of a piece of a stored file before encryption. Only the last
// piece of a file is shorter, and it may be empty, so a missing end of a file is
// noticed.
const chunkBytes = 256 << 10

// whole is a reader that does not say of a file which was cut off what io.ReadFull
// says of the end of one.
type whole struct{ io.Reader }

var errCutOff = errors.New("the file was cut off")

// Read implements io.Reader.
func (w whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCutOff
	}
	return n, err
}

// PrintsOf reads a file that is not stored, and returns its prints.
func (t *Vault) PrintsOf(file io.Reader) ([]string, error) {
	return t.Pieces(file, func([]byte) error { return nil })
}

// Pieces reads a file to its end, passes it on piece by piece, and returns its print with
// the secret key, and then those with the old keys. Prints are digests for comparing two
// files; without the key they reveal nothing about either.
func (t *Vault) Pieces(file io.Reader, each func([]byte) error) ([]string, error) {
	var prints []hash.Hash
	for _, secret := range slices.Concat([][]byte{t.key}, t.oldKeys) {
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
			return nil, ErrIncomplete.Because(err)
		}
		if total += int64(n); total > t.most {
			return nil, fault.TooLargef(
				"the file is larger than %d MB; split it into several files, each with the same first row", t.most>>20).At("file")
		}
		for _, contentPrint := range prints {
			contentPrint.Write(piece[:n])
		}
		if err := each(piece[:n]); err != nil {
			return nil, err
		}
		if last {
			texts := make([]string, len(prints))
			for i, contentPrint := range prints {
				texts[i] = hex.EncodeToString(contentPrint.Sum(nil))
			}
			return texts, nil
		}
	}
}

// storedFile reads the stored file of a job from its beginning, in constant
// memory.
type storedFile struct {
	ctx    context.Context
	client *db.Client
	sealed *row.Seal
	seq    int
	piece  bytes.Reader
	last   bool
}

// File returns a reader of the stored file of a job.
func (t *Vault) File(ctx context.Context, jobID int) (io.Reader, error) {
	sealed, err := t.SealOf(jobID, ForFile)
	return &storedFile{ctx: ctx, client: t.DB.Client(ctx), sealed: sealed}, err
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
	data, err := readBytes(f.ctx, f.client, "SELECT data FROM bulk_job_chunks WHERE job_id = ? AND seq = ?",
		f.sealed.JobID, f.seq)
	if err != nil {
		return err
	}
	plain, err := f.sealed.Open(f.seq, data)
	if err != nil {
		return err
	}
	f.piece.Reset(plain)
	f.seq++
	f.last = len(plain) < chunkBytes
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

// ErrIncomplete is returned if a file ends too early.
var ErrIncomplete = fault.Invalidf("the file arrived incompletely; upload it again").
	WithCode("UPLOAD_INCOMPLETE").At("file")

// Uploading is the owner of a job whose file is still arriving. Nobody can claim such
// a job, and no list shows it. The lease is renewed with every piece. If it runs out,
// the upload was cut off, and job and pieces are removed.
const Uploading = "uploading"

// IsWhole keeps the jobs whose files have arrived.
func IsWhole() predicate.BulkJob { return bulkjob.LeaseOwnerNEQ(Uploading) }
