package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// WriteProblems stores problems of a job. Their wording is encrypted if they quote a
// row.
func (t *Vault) WriteProblems(ctx context.Context, client *db.Client, jobID int, problems []*row.Problem) error {
	now := t.Instant()
	sealer, err := t.SealOf(jobID, forProblems)
	if err != nil {
		return err
	}
	cause, err := t.causes(jobID)
	if err != nil {
		return err
	}
	rows := make([][]any, len(problems))
	for i, p := range problems {
		var candidates any
		if len(p.Candidates) > 0 {
			list, _ := json.Marshal(p.Candidates) // a list of numbers never fails
			// MySQL takes no JSON from bytes that are not said to be text.
			candidates = json.RawMessage(list)
		}
		text, sealed := wording{row.Shorten(p.Value, maxValue), row.Shorten(p.Message, maxMessage),
			row.Shorten(p.Hint, maxMessage)}, []byte(nil)
		if p.Row > 0 {
			plain, _ := json.Marshal(text) // texts never fail
			text, sealed = wording{}, sealer.Close(p.Row, plain)
		}
		rows[i] = []any{now, jobID, p.Row, row.Shorten(p.Column, maxValue), string(p.Severity()), p.Code, sealed,
			text.Value, text.Message, text.Hint, candidates, cause(p.Value), bulk.Flag(p.Outside)}
	}
	return bulk.Insert(ctx, client, "bulk_job_problems",
		"created_at, job_id, `row`, `column`, severity, code, sealed, value, message, hint, candidates, cause, outside", rows)
}

// ErasedCause is the cause of problems whose wording was erased.
const ErasedCause = "erased"

// EraseProblems begins the statement that empties the wording of problems and writes
// another message.
const EraseProblems = "UPDATE bulk_job_problems SET sealed = NULL, value = '', hint = '', cause = '" + ErasedCause +
	"', candidates = NULL, message = ?"

// causes returns a function that makes the same short text of the same value, from which
// the value cannot be found. Problems are grouped by it, because their values are
// encrypted. Each job has a key of its own, so that two jobs cannot be compared.
func (t *Vault) causes(jobID int) (func(value string) string, error) {
	key, err := hkdf.Key(sha256.New, t.key, nil, cipherOf(jobID, "causes"), sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	return func(value string) string {
		if value == "" {
			return ""
		}
		mac.Reset()
		mac.Write([]byte(value)) // a hash takes everything
		return hex.EncodeToString(mac.Sum(nil)[:8])
	}, nil
}

// wording is what a problem says about a row. It quotes cells, and in a shifted row
// one of them may be a password.
type wording struct {
	Value   string `json:"v,omitempty"`
	Message string `json:"m"`
	Hint    string `json:"h,omitempty"`
}

// ReadProblems reads problems of one job, which is the only way to read what they
// say: their wording is encrypted. Those that this server cannot open, because they
// were encrypted with another secret key, say so, and stay sealed.
func (t *Vault) ReadProblems(ctx context.Context, jobID int, q *db.BulkJobProblemQuery) ([]*db.BulkJobProblem, error) {
	problems, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	sealer, err := t.SealOf(jobID, forProblems)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		if len(p.Sealed) == 0 {
			continue
		}
		var text wording
		plain, err := sealer.Open(p.Row, p.Sealed)
		if err != nil || json.Unmarshal(plain, &text) != nil {
			p.Message, p.Hint = "The reason is encrypted with the secret key of another server.",
				"Open this upload on a server that has the key."
			continue
		}
		p.Value, p.Message, p.Hint, p.Sealed = text.Value, text.Message, text.Hint, nil
	}
	return problems, nil
}

// The widths of the columns, in characters.
const (
	maxValue   = 255
	maxMessage = 1000
)
