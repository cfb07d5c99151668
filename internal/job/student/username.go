package student

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// In one file usernames may pass from one student to another, to and fro or in a ring. A
// row that takes one counts on another row that gives it up: before it, or in the same
// batch. Both are written, and put back, in one transaction.

// gaveUp is what a row claims that gives a username up.
const gaveUp = "username given up"

// giversOf are the rows of a batch that give a student another username, by the student.
func giversOf(rows []*studentRow) map[int]*studentRow {
	givers := map[int]*studentRow{}
	for _, r := range rows {
		text := roster.Clean(r.Text(field.ColUsername))
		if r.st != nil && !r.Refused && r.unites == nil && text != "" && fold.Key(text) != fold.Key(r.st.Username) {
			givers[r.st.ID] = r
		}
	}
	return givers
}

// settleUsernames refuses the rows that take a username from a row which does not give it
// up after all, and those that take one from them. The others are kept together.
func (c *checker) settleUsernames(rows []*studentRow) {
	for again := true; again; {
		again = false
		for _, r := range rows {
			g := r.takesFrom
			if g == nil || r.Refused || g.Plan != nil && g.Plan.Set[student.FieldUsernameKey] != nil {
				continue
			}
			// The problem tells of the other row.
			r.Outside = r.Outside || g.Outside
			r.Fail(field.ColUsername, row.Problemf(row.UsernameTaken,
				fmt.Sprintf("Correct row %d, and upload both rows again.", g.Number),
				"Another student has this username. Row %d gives it up, but that row is refused.", g.Number))
			r.Row.Plan, again = nil, true
		}
	}
	for _, r := range rows {
		if g := r.takesFrom; g != nil && !r.Refused {
			first, last := r, g
			if last.Number < first.Number {
				first, last = last, first
			}
			first.Plan.Until = max(first.Plan.Until, last.Number)
			if last.Plan.Since == 0 || first.Number < last.Plan.Since {
				last.Plan.Since = first.Number
			}
		}
	}
	for _, r := range rows {
		if r.st != nil && r.Plan != nil && r.Plan.Set[student.FieldUsernameKey] != nil {
			c.Seen.Claim(gaveUp, fold.Key(r.st.Username), r.Number)
		}
	}
}

// vacate frees the usernames that other rows of a batch take: nobody has the same one even
// for a moment. wanted are the keys that students get, and now are the students on record.
func vacate(ctx context.Context, client *db.Client, jobID int, wanted map[int]string, created []string,
	now map[int]*db.Student) error {
	takers := map[string]bool{}
	for _, key := range wanted {
		takers[key] = true
	}
	for _, key := range created {
		takers[key] = true
	}
	var updates []bulk.Change
	for id, key := range wanted {
		if st := now[id]; st != nil && st.UsernameKey != key && takers[st.UsernameKey] {
			updates = append(updates, bulk.Change{ID: id,
				Set: map[string]any{student.FieldUsernameKey: fmt.Sprintf("\x01job %d student %d", jobID, id)}})
		}
	}
	if len(updates) == 0 {
		return nil
	}
	return bulk.Update(ctx, client, student.Table, "", updates)
}

// vacateFor is vacate for rows that are written.
func vacateFor(ctx context.Context, client *db.Client, b *row.Batch, students map[int]*db.Student) error {
	wanted, created := map[int]string{}, []string(nil)
	for _, r := range b.Open() {
		switch key := r.Plan.Text(student.FieldUsernameKey); {
		case key == "":
		case r.Plan.Do == row.Create:
			created = append(created, key)
		default:
			wanted[r.TargetID] = key
		}
	}
	return vacate(ctx, client, b.Job.ID, wanted, created, students)
}
