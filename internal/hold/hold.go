// Package hold counts what is deleted and changed in a district without a second
// administrator, and decides who can be the second administrator.
//
// A loss is a student, a group, an account or a school that somebody has deleted or
// changed. Joining a group, being created and being restored are not losses. Losses are
// written in the transaction of the change. A bulk job writes its losses when it starts,
// so two jobs that start at the same moment count each other. What a second administrator
// has approved, and what the operator does, is not recorded. A loss expires after Window.
// Students who were deleted count longer; see Month. They count at each school that they
// have left within the window as well; see Moved.
//
// A hand is somebody who could sign in to another person's account, because they created
// it or set its password or address; see hand.go.
package hold

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/formerschool"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/losshead"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Window is how long a loss counts.
const Window = 24 * time.Hour

// Few is how many students, groups, accounts or schools one person can always delete or
// change in a window, however small the organization is and whatever others have done.
const Few = 10

// Thing is a kind of object that can be lost.
type Thing = loss.Thing

// Verb is how it is lost.
type Verb = loss.Verb

// Loss is a number of things that one change deletes or changes.
type Loss struct {
	DistrictID, OrganizationID int
	Thing                      Thing
	Verb                       Verb
	// Subjects are the keys of the things. A bulk job has only a Number; its rows have the
	// keys.
	Subjects []int
	Number   int
	// Left is when each of the Subjects had left the school, if they are students of another
	// school by now. For a Number it is one instant that is not too early. Such a loss counts
	// at the school alone, because the district has the other one.
	Left []time.Time
}

// In reports whether a loss counts in an organization.
func (l Loss) In(organizationID int) bool {
	return organizationID == l.OrganizationID || organizationID == l.DistrictID && len(l.Left) == 0
}

// Job is the bulk job, or its undo, that losses belong to. The zero value is no job.
type Job struct {
	ID   int
	Undo bool
	// Corrected are rows that have just been corrected and are not stored yet.
	Corrected int
}

// Lock keeps others from adding up the losses of a district until the transaction ends. It
// writes a row, so it also works between the nodes of a cluster, where one of two
// transactions starts again.
func Lock(ctx context.Context, client *db.Client, districtID int) error {
	system := viewer.AsSystem(ctx, "add up the losses of a district")
	grow := func() (int, error) {
		return client.LossHead.Update().Where(losshead.DistrictID(districtID)).AddVersion(1).Save(system)
	}
	if n, err := grow(); err != nil || n > 0 {
		return err
	}
	err := client.LossHead.Create().SetDistrictID(districtID).
		OnConflict(sql.ConflictColumns(losshead.FieldDistrictID), sql.ResolveWithIgnore()).Exec(system)
	if err != nil {
		return err
	}
	_, err = grow()
	return err
}

// Write records losses that the viewer causes.
func Write(ctx context.Context, client *db.Client, now time.Time, job Job, losses []Loss) error {
	now = database.Instant(now)
	actor := viewer.FromContext(ctx).SubmitterID()
	undo := 0
	if job.Undo {
		undo = 1
	}
	var rows [][]any
	for _, l := range losses {
		row := func(subject, number, i int) {
			var left any
			if i < len(l.Left) {
				left = database.Instant(l.Left[i])
			}
			rows = append(rows, []any{now, l.DistrictID, l.OrganizationID, actor, job.ID, undo, string(l.Thing), string(l.Verb),
				subject, number, left})
		}
		if l.Number > 0 {
			row(0, l.Number, 0)
		}
		for i, subject := range l.Subjects {
			row(subject, 1, i)
		}
	}
	for chunk := range slices.Chunk(rows, 500) {
		args := make([]any, 0, 11*len(chunk))
		for _, row := range chunk {
			args = append(args, row...)
		}
		_, err := client.ExecContext(ctx,
			"INSERT INTO losses (created_at, district_id, organization_id, actor_id, job_id, `undo`, thing, verb, "+
				"subject_id, number, left_at) VALUES "+
				places(len(chunk), "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"), args...)
		if err != nil {
			return fmt.Errorf("write losses: %w", err)
		}
	}
	return nil
}

// Forget removes the losses of a bulk job that was not carried out or was undone.
func Forget(ctx context.Context, client *db.Client, job Job) error {
	undo := int8(0)
	if job.Undo {
		undo = 1
	}
	_, err := client.Loss.Delete().Where(loss.JobID(job.ID), loss.Undo(undo)).
		Exec(viewer.AsSystem(ctx, "losses that have not come to pass"))
	return err
}

// Restored removes the losses of students who are back.
func Restored(ctx context.Context, client *db.Client, studentIDs []int) error {
	for chunk := range slices.Chunk(studentIDs, 500) {
		_, err := client.Loss.Delete().
			Where(loss.SubjectIDIn(chunk...), loss.ThingEQ(loss.ThingSTUDENT), loss.VerbEQ(loss.VerbDELETED)).
			Exec(viewer.AsSystem(ctx, "losses of students who are there again"))
		if err != nil {
			return err
		}
	}
	return nil
}

// Purge removes expired losses, and schools that students left long ago. Usually there are
// none, and then it writes nothing.
func Purge(ctx context.Context, d *database.DB, now time.Time) error {
	system := viewer.AsSystem(ctx, "losses that count no more")
	old := loss.Or(loss.CreatedAtLT(sinceMonth(now)),
		loss.And(loss.CreatedAtLT(since(now)), loss.Or(loss.ThingNEQ(loss.ThingSTUDENT), loss.VerbNEQ(loss.VerbDELETED))))
	left := formerschool.CreatedAtLT(sinceMonth(now))
	there, err := d.Client(system).Loss.Query().Where(old).Exist(system)
	if err == nil && !there {
		there, err = d.Client(system).FormerSchool.Query().Where(left).Exist(system)
	}
	if err != nil || !there {
		return err
	}
	return d.InTx(system, func(ctx context.Context, client *db.Client) error {
		if _, err := client.FormerSchool.Delete().Where(left).Exec(ctx); err != nil {
			return err
		}
		_, err := client.Loss.Delete().Where(old).Exec(ctx)
		return err
	})
}

func places(n int, place string) string {
	return strings.TrimSuffix(strings.Repeat(place+", ", n), ", ")
}
