package roster

import (
	"context"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
)

// Erase removes students from the roster for good: the rows, the search words, and all
// enrollments, former ones too. Their Student IDs and usernames are free afterwards. The
// caller holds the locks of the students and has removed their usage. Erase returns the
// number of enrollments that it removed.
func Erase(ctx context.Context, client *db.Client, students []*db.Student) (enrollments int, err error) {
	ids := make([]int, len(students))
	for i, st := range students {
		ids[i] = st.ID
	}
	pairs, err := Enrolled(ctx, client, ids)
	if err != nil {
		return 0, err
	}
	removed, err := Unenroll(ctx, client, pairs)
	if err != nil {
		return 0, err
	}
	for chunk := range slices.Chunk(ids, statementRows) {
		args := make([]any, len(chunk))
		for i, id := range chunk {
			args[i] = id
		}
		for _, table := range []string{"former_enrollments", "former_schools", "student_words"} {
			if _, err := client.ExecContext(ctx, "DELETE FROM "+table+" WHERE student_id IN ("+places(len(args), "?")+")",
				args...); err != nil {
				return 0, err
			}
		}
		result, err := client.ExecContext(ctx, "DELETE FROM students WHERE id IN ("+places(len(args), "?")+")", args...)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err == nil && int(n) != len(chunk) {
			err = fmt.Errorf("removed %d of %d students", n, len(chunk))
		}
		if err != nil {
			return 0, err
		}
	}
	return len(removed), nil
}
