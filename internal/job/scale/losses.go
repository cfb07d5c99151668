package scale

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/formerschool"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Scale weighs what jobs delete and change.
type Scale struct {
	row.Env
	kinds kind.Table
}

// NewScale returns the scale of a database.
func NewScale(e row.Env, kinds kind.Table) *Scale { return &Scale{Env: e, kinds: kinds} }

// Losses returns what the rows of a job in a state lose, or what their undo loses:
// students by the school where they are now, and deleted ones also by the schools that
// they have left; everything else at the organization of
// the job. For enrollments these are the groups that educators leave. A corrected row is
// passed in, and replaces its old plan.
func (z *Scale) Losses(ctx context.Context, job *db.BulkJob, undo bool, state int8,
	corrected *sheet.Row) ([]hold.Loss, error) {
	system := viewer.AsSystem(ctx, "what a job deletes and changes")
	client := z.DB.Client(ctx)
	// Rows of an earlier version have no note; then the kind decides what such rows lose.
	loses, otherwise := "r.loses", row.LosesValue
	if z.kinds.About(job.Kind).Deletes {
		otherwise = row.LosesAll
	}
	unknown := "?"
	if undo {
		loses = "r.undo_loses"
		if otherwise = row.LosesValue; z.kinds.About(job.Kind).Deletes {
			otherwise = row.LosesNothing
		} else {
			unknown = "CASE WHEN r.`before` IS NULL THEN 3 ELSE ? END"
		}
	}
	loses = "CASE WHEN " + loses + " >= 0 THEN " + loses + " ELSE " + unknown + " END"
	// A student has one line of enrollments for each group to leave.
	count := "COUNT(*)"
	if z.kinds.About(job.Kind).OneByOne {
		count = "COUNT(DISTINCT target_id)"
	}
	but := 0
	if corrected != nil {
		but = corrected.Number
	}
	ofRows := "SELECT r.target_id, " + loses +
		" AS loses FROM bulk_job_rows r WHERE r.job_id = ? AND r.state = ? AND r.`row` <> ?"
	query := "SELECT ?, loses, " + count + " FROM (" + ofRows + ") lost WHERE loses > 0 GROUP BY loses"
	args := []any{job.OrganizationID, otherwise, job.ID, state, but}
	var all []hold.Loss
	counts := func(thing hold.Thing, query string, args []any) error {
		return bulk.Each(system, client, query, args, func(r *sql.Rows) error {
			var organization, n int
			var what int8
			err := r.Scan(&organization, &what, &n)
			all = append(all,
				hold.Loss{DistrictID: job.DistrictID, OrganizationID: organization, Thing: thing, Verb: verbOf(what), Number: n})
			return err
		})
	}
	// Deleted students count at the schools that they have left as well; see hold.Moved.
	elsewhere := func(ofRows string, args []any) error {
		since := database.Instant(z.Now().Add(-hold.Month))
		moved, err := client.FormerSchool.Query().Where(formerschool.CreatedAtGT(since)).Exist(system)
		if err != nil || !moved {
			return err
		}
		query := "SELECT f.organization_id, COUNT(DISTINCT f.student_id) FROM (" + ofRows + ") lost " +
			"JOIN former_schools f ON f.student_id = lost.target_id WHERE loses = 3 AND f.created_at > ? " +
			"GROUP BY f.organization_id"
		return bulk.Each(system, client, query, append(slices.Clone(args), since), func(r *sql.Rows) error {
			l := hold.Loss{DistrictID: job.DistrictID, Thing: loss.ThingSTUDENT, Verb: loss.VerbDELETED,
				Left: []time.Time{z.Now()}}
			err := r.Scan(&l.OrganizationID, &l.Number)
			all = append(all, l)
			return err
		})
	}
	thing := z.kinds.About(job.Kind).Thing
	if z.kinds.About(job.Kind).OneByOne {
		if err := counts(loss.ThingGROUP, strings.Replace(query, "loses > 0", "loses = 4", 1), args); err != nil {
			return nil, err
		}
	}
	if thing == loss.ThingSTUDENT {
		query = "SELECT s.organization_id, loses, " + count + " FROM (" + ofRows +
			") lost JOIN students s ON s.id = lost.target_id " +
			"WHERE loses BETWEEN 1 AND 3 GROUP BY s.organization_id, loses"
		args = args[1:]
		if err := elsewhere(ofRows, args); err != nil {
			return nil, err
		}
	}
	err := counts(thing, query, args)
	if err != nil || corrected == nil || corrected.Refused || corrected.Plan == nil {
		return all, err
	}
	what, at := corrected.Plan.Loses(), job.OrganizationID
	switch {
	case what == row.LosesNothing:
		return all, nil
	case what == row.LosesTeacher:
		thing = loss.ThingGROUP
	case thing == loss.ThingSTUDENT:
		st, err := client.Student.Query().Where(student.ID(corrected.TargetID)).
			Select(student.FieldOrganizationID).Only(system)
		if db.IsNotFound(err) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		at = st.OrganizationID
	}
	return append(all,
		hold.Loss{DistrictID: job.DistrictID, OrganizationID: at, Thing: thing, Verb: verbOf(what), Number: 1}), nil
}

func verbOf(what int8) hold.Verb {
	switch what {
	case row.LosesAll:
		return loss.VerbDELETED
	case row.LosesStudent:
		return loss.VerbLEFT
	default:
		return loss.VerbCHANGED
	}
}

// LessLost reduces the losses of a job that was ended during writing to what it has
// written. If students have moved to other schools, their former school can no longer
// be found; there all losses of the job count, up to as many as were planned.
func (z *Scale) LessLost(ctx context.Context, jobID int) error {
	system := viewer.AsSystem(ctx, "what a job that was canceled has deleted and changed")
	return z.DB.InTx(system, func(ctx context.Context, client *db.Client) error {
		counted, err := client.Loss.Query().Where(loss.JobID(jobID), loss.UndoEQ(0)).All(ctx)
		if err != nil || len(counted) == 0 {
			return err
		}
		job, err := client.BulkJob.Get(ctx, jobID)
		if err != nil {
			return err
		}
		written, err := z.Losses(ctx, job, false, row.StateApplied, nil)
		if err != nil {
			return err
		}
		for _, l := range counted {
			n := 0
			for _, w := range written {
				if w.Thing == l.Thing && w.Verb == l.Verb && (len(w.Left) > 0) == (l.LeftAt != nil) &&
					(w.OrganizationID == l.OrganizationID || w.Verb == loss.VerbLEFT) {
					n += w.Number
				}
			}
			if err := client.Loss.UpdateOne(l).SetNumber(min(n, l.Number)).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetUndone removes the losses of a job that was put back as a whole. If it started
// within the window, its undo has changed nothing compared with the state before. What
// the job had created and its undo has deleted stays counted.
func (z *Scale) ForgetUndone(ctx context.Context, client *db.Client, jobID int) error {
	system := viewer.AsSystem(ctx, "how an undo has ended")
	job, err := client.BulkJob.Get(system, jobID)
	if err != nil || job.Status != bulkjob.StatusUNDONE {
		return err
	}
	if err := hold.Forget(ctx, client, hold.Job{ID: jobID}); err != nil {
		return err
	}
	if job.StartedAt == nil || job.StartedAt.Before(z.Now().Add(-hold.Window)) {
		return nil
	}
	_, err = client.Loss.Delete().Where(loss.JobID(jobID), loss.VerbNEQ(loss.VerbDELETED)).Exec(system)
	return err
}
