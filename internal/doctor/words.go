package doctor

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// findWords compares the search words of students with their names, usernames
// and Student IDs.
func findWords(ctx context.Context, client *db.Client, from, to int) ([]Finding, error) {
	students, err := client.Student.Query().Where(student.IDGT(from), student.IDLTE(to)).
		Order(db.Asc(student.FieldID)).WithSearchWords().All(ctx)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, s := range students {
		has := make([]string, len(s.Edges.SearchWords))
		for i, w := range s.Edges.SearchWords {
			has[i] = w.Word
		}
		if h, w := list(has), list(roster.StudentWords(s)); h != w {
			findings = append(findings, Finding{Table: "students", ID: s.ID, Column: "words", Has: h, Wants: w})
		}
	}
	return findings, nil
}

func repairWords(ctx context.Context, client *db.Client, id int) error {
	s, err := client.Student.Get(ctx, id)
	if err != nil {
		return err
	}
	return roster.WriteWords(ctx, client, []*db.Student{s}, false)
}
