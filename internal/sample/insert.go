package sample

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
)

// rowsInStatement is how many rows one INSERT holds. More rows make the statements larger
// and nothing faster.
const rowsInStatement = 1000

// insert collects the rows of one table as INSERT statements. Numbers are written into the
// statement, because the databases read them faster than placeholders; texts are always
// placeholders.
type insert struct {
	head, now  string
	statements []statement
}

type statement struct {
	text []byte
	args []any
	rows int
}

// into begins an insert; every row has created_at in addition to the columns.
func (w *writer) into(table string, columns ...string) *insert {
	return &insert{
		head: "INSERT INTO `" + table + "` (`created_at`, `" + strings.Join(columns, "`, `") + "`) VALUES ",
		now:  w.now,
	}
}

// add appends a row of ints, strings and nils.
func (in *insert) add(values ...any) {
	if n := len(in.statements); n == 0 || in.statements[n-1].rows == rowsInStatement {
		in.statements = append(in.statements, statement{text: []byte(in.head)})
	}
	s := &in.statements[len(in.statements)-1]
	if s.rows > 0 {
		s.text = append(s.text, ',')
	}
	s.rows++
	s.text = append(s.text, '(', '\'')
	s.text = append(s.text, in.now...)
	s.text = append(s.text, '\'')
	for _, v := range values {
		s.text = append(s.text, ',')
		switch v := v.(type) {
		case int:
			s.text = strconv.AppendInt(s.text, int64(v), 10)
		case nil:
			s.text = append(s.text, "NULL"...)
		default:
			s.text = append(s.text, '?')
			s.args = append(s.args, v)
		}
	}
	s.text = append(s.text, ')')
}

// store sends the statements.
func (in *insert) store(ctx context.Context, client *db.Client) error {
	for _, s := range in.statements {
		if _, err := client.ExecContext(ctx, string(s.text), s.args...); err != nil {
			return err
		}
	}
	return nil
}

// readBack returns the keys of rows by their external ids, in the given order. The
// condition must select all of them, and may select more.
func readBack(ctx context.Context, client *db.Client, table, condition string, args []any,
	externalIDs []string) (_ []int, err error) {
	rows, err := client.QueryContext(ctx, "SELECT `id`, `external_id` FROM `"+table+"` WHERE "+condition, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	byExternalID := make(map[string]int, len(externalIDs))
	for rows.Next() {
		var id int
		var externalID string
		if err := rows.Scan(&id, &externalID); err != nil {
			return nil, err
		}
		byExternalID[externalID] = id
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	ids := make([]int, len(externalIDs))
	for i, e := range externalIDs {
		if ids[i] = byExternalID[e]; ids[i] == 0 {
			return nil, fmt.Errorf("the row %s of %s has not come back", e, table)
		}
	}
	return ids, nil
}

// instant formats a time as the driver of the database does.
func instant(kind database.Kind, t time.Time) string {
	if kind == database.MySQL {
		return t.UTC().Format("2006-01-02 15:04:05.000000")
	}
	return t.UTC().Format("2006-01-02 15:04:05.999999999-07:00")
}
