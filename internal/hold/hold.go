// Package hold counts what is deleted and changed in a district without a second
// administrator, and knows who is a second administrator.
//
// A loss is something that somebody has deleted or changed: a student, a group, an
// account, a school. Joining a group, being created and being brought back are none.
// Losses are written in the transaction of the change; those of a bulk job when it
// is started, so that two jobs that are started at the same moment count each other.
// What a second administrator has approved, and what the operator does, is not
// written down. After Window a loss counts no more, but for students who were deleted;
// see Month.
//
// A hand is somebody who could sign in with another's account, because of having
// made it, given it a role, or set its password or address; see hand.go.
package hold

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/losshead"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Window is how long a loss counts.
const Window = 24 * time.Hour

// Few is how much a person can do in a window, however small the organization is and
// whatever others have done there: so many students, groups, accounts or schools.
const Few = 10

// Thing is what can be lost.
type Thing = loss.Thing

// Verb is how it is lost.
type Verb = loss.Verb

// Loss is a number of things that somebody loses by one change.
type Loss struct {
	DistrictID, OrganizationID int
	Thing                      Thing
	Verb                       Verb
	// Subjects are the keys of the things. A bulk job has a Number instead, and its
	// rows know the keys.
	Subjects []int
	Number   int
}

// Job is the bulk job, or its undo, that losses belong to; the zero value is none.
type Job struct {
	ID   int
	Undo bool
}

// Lock keeps others from adding up the losses of a district until the transaction
// ends. It writes a row, so that it also holds between the nodes of a cluster, of
// which one then begins again.
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

// Write writes losses of the viewer down.
func Write(ctx context.Context, client *db.Client, now time.Time, job Job, losses []Loss) error {
	now = database.Instant(now)
	actor := viewer.FromContext(ctx).SubmitterID()
	undo := 0
	if job.Undo {
		undo = 1
	}
	var rows [][]any
	for _, l := range losses {
		row := func(subject, number int) {
			rows = append(rows,
				[]any{now, l.DistrictID, l.OrganizationID, actor, job.ID, undo, string(l.Thing), string(l.Verb), subject, number})
		}
		if l.Number > 0 {
			row(0, l.Number)
		}
		for _, subject := range l.Subjects {
			row(subject, 1)
		}
	}
	for chunk := range slices.Chunk(rows, 500) {
		args := make([]any, 0, 10*len(chunk))
		for _, row := range chunk {
			args = append(args, row...)
		}
		_, err := client.ExecContext(ctx,
			"INSERT INTO losses (created_at, district_id, organization_id, actor_id, job_id, `undo`, thing, verb, "+
				"subject_id, number) VALUES "+
				places(len(chunk), "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"), args...)
		if err != nil {
			return fmt.Errorf("write losses: %w", err)
		}
	}
	return nil
}

// Forget removes the losses of a bulk job that has not come to pass, or has been put
// back.
func Forget(ctx context.Context, client *db.Client, job Job) error {
	undo := int8(0)
	if job.Undo {
		undo = 1
	}
	_, err := client.Loss.Delete().Where(loss.JobID(job.ID), loss.Undo(undo)).
		Exec(viewer.AsSystem(ctx, "losses that have not come to pass"))
	return err
}

// Restored removes the losses of students who are there again.
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

// Purge removes the losses that count no more. Mostly there are none, and then it
// writes nothing.
func Purge(ctx context.Context, d *database.DB, now time.Time) error {
	system := viewer.AsSystem(ctx, "losses that count no more")
	old := loss.Or(loss.CreatedAtLT(sinceMonth(now)),
		loss.And(loss.CreatedAtLT(since(now)), loss.Or(loss.ThingNEQ(loss.ThingSTUDENT), loss.VerbNEQ(loss.VerbDELETED))))
	there, err := d.Client(system).Loss.Query().Where(old).Exist(system)
	if err != nil || !there {
		return err
	}
	return d.InTx(system, func(ctx context.Context, client *db.Client) error {
		_, err := client.Loss.Delete().Where(old).Exec(ctx)
		return err
	})
}

func places(n int, place string) string {
	return strings.TrimSuffix(strings.Repeat(place+", ", n), ", ")
}
