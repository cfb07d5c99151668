package importer

import (
	"context"
	"encoding/json"
	"homeroom/ent/db"
)

func (t *vault) writeProblems(ctx context.Context, client *db.Client, jobID int, problems []*problem) error {
	now := t.instant()
	sealer, err := t.sealOf(jobID, forProblems)
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
		text, sealed := wording{shorten(p.Value, maxValue), shorten(p.Message, maxMessage), shorten(p.Hint, maxMessage)}, []byte(nil)
		if p.Row > 0 {
			clear, _ := json.Marshal(text) // texts never fail
			text, sealed = wording{}, sealer.close(p.Row, clear)
		}
		rows[i] = []any{now, jobID, p.Row, shorten(p.Column, maxValue), string(p.severity()), p.Code, sealed,
			text.Value, text.Message, text.Hint, candidates, flag(p.outside)}
	}
	return insertRows(ctx, client, "bulk_job_problems",
		"created_at, job_id, `row`, `column`, severity, code, sealed, value, message, hint, candidates, outside", rows)
}

// wording is what a problem says of a row. It quotes cells, and where these have
// slipped, one of them may be a password.
type wording struct {
	Value   string `json:"v,omitempty"`
	Message string `json:"m"`
	Hint    string `json:"h,omitempty"`
}

// readProblems reads problems of one job, which is the only way to read what they
// say: their wording is encrypted. Those that this server cannot open, because they
// were encrypted with another secret key, say so, and stay sealed.
func (t *vault) readProblems(ctx context.Context, jobID int, q *db.BulkJobProblemQuery) ([]*db.BulkJobProblem, error) {
	problems, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	sealer, err := t.sealOf(jobID, forProblems)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		if len(p.Sealed) == 0 {
			continue
		}
		var text wording
		clear, err := sealer.open(p.Row, p.Sealed)
		if err != nil || json.Unmarshal(clear, &text) != nil {
			p.Message, p.Hint = "What is wrong is encrypted with the secret key of another server.", "Look at it on a server that has the key."
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
