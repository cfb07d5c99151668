package roster

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fold"
)

// maxWord is the longest search word in the database, in characters.
const maxWord = 64

// Words returns the search words of a student, folded and cut to maxWord, each once.
func Words(texts ...string) []string {
	words := fold.Words(strings.Join(texts, " "))
	for i, w := range words {
		if r := []rune(w); len(r) > maxWord {
			words[i] = string(r[:maxWord])
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// StudentWords returns the search words of a student row.
func StudentWords(s *db.Student) []string {
	texts := make([]string, len(searched))
	for i, f := range searched {
		texts[i] = f.Text(s)
	}
	return Words(texts...)
}

// WriteWords replaces the search words of students. For new students there is nothing to
// remove first.
func WriteWords(ctx context.Context, client *db.Client, students []*db.Student, areNew bool) error {
	if !areNew {
		for chunk := range slices.Chunk(students, statementRows) {
			ids := make([]any, len(chunk))
			for i, s := range chunk {
				ids[i] = s.ID
			}
			if _, err := client.ExecContext(ctx, "DELETE FROM student_words WHERE student_id IN ("+places(len(ids), "?")+")",
				ids...); err != nil {
				return err
			}
		}
	}
	now := timestamp()
	var args []any
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		_, err := client.ExecContext(ctx, "INSERT INTO student_words (created_at, student_id, district_id, word) VALUES "+
			places(len(args)/4, "(?, ?, ?, ?)"), args...)
		args = args[:0]
		return err
	}
	for _, s := range students {
		for _, word := range StudentWords(s) {
			args = append(args, now, s.ID, s.DistrictID, word)
		}
		if len(args) >= 4*statementRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// timestamp is the creation time of rows that are written without ent.
func timestamp() time.Time { return database.Instant(time.Now()) }
