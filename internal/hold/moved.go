package hold

import (
	"context"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/formerschool"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Move is a student who goes from one school to another. CameAt is when the student had
// come to the first one, from Student.moved_at.
type Move struct {
	StudentID, From, To int
	CameAt              *time.Time
}

// Moved must be called in every transaction that gives students another school, also if
// they are brought back there after a deletion. For a Month, a deletion of such a student
// counts at each school that the student has left. Otherwise, whoever administers two
// schools could move the students of the small one to the large one and delete them there.
//
// Moved returns the new moved_at of the students: now, or, for a school that the student
// left within the Month, when the student had come to it before. So nobody is new at a
// school after going to another one and back. The students are locked by the caller.
func Moved(ctx context.Context, client *db.Client, now time.Time, moves ...Move) (map[int]*time.Time, error) {
	system := viewer.AsSystem(ctx, "which schools students have left")
	now = database.Instant(now)
	came := make(map[int]*time.Time, len(moves))
	for chunk := range slices.Chunk(moves, 500) {
		ids, to := make([]int, len(chunk)), make(map[int]int, len(chunk))
		for i, m := range chunk {
			ids[i], to[m.StudentID], came[m.StudentID] = m.StudentID, m.To, &now
		}
		former, err := client.FormerSchool.Query().Where(formerschool.StudentIDIn(ids...)).All(system)
		if err != nil {
			return nil, err
		}
		var back []int
		for _, f := range former {
			if to[f.StudentID] != f.OrganizationID {
				continue
			}
			back = append(back, f.ID)
			if f.CreatedAt.After(sinceMonth(now)) {
				came[f.StudentID] = f.CameAt
			}
		}
		if len(back) > 0 {
			if _, err := client.FormerSchool.Delete().Where(formerschool.IDIn(back...)).Exec(system); err != nil {
				return nil, err
			}
		}
		left := make([]*db.FormerSchoolCreate, len(chunk))
		for i, m := range chunk {
			left[i] = client.FormerSchool.Create().SetCreatedAt(now).SetStudentID(m.StudentID).SetOrganizationID(m.From).
				SetNillableCameAt(m.CameAt)
		}
		err = client.FormerSchool.CreateBulk(left...).
			OnConflict(sql.ConflictColumns(formerschool.FieldStudentID, formerschool.FieldOrganizationID),
				sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded(formerschool.FieldCreatedAt) })).Exec(system)
		if err != nil {
			return nil, err
		}
	}
	return came, nil
}

// alsoElsewhere adds, to losses of students who are deleted, those at the schools that the
// students have left within a Month.
func alsoElsewhere(ctx context.Context, client *db.Client, now time.Time, losses []Loss) ([]Loss, error) {
	system := viewer.AsSystem(ctx, "which schools deleted students have left")
	at := map[int]*Loss{}
	for _, l := range losses {
		if l.Thing != loss.ThingSTUDENT || l.Verb != loss.VerbDELETED {
			continue
		}
		for chunk := range slices.Chunk(l.Subjects, 500) {
			former, err := client.FormerSchool.Query().
				Where(formerschool.StudentIDIn(chunk...), formerschool.CreatedAtGT(sinceMonth(now))).All(system)
			if err != nil {
				return nil, err
			}
			for _, f := range former {
				also := at[f.OrganizationID]
				if also == nil {
					also = &Loss{DistrictID: l.DistrictID, OrganizationID: f.OrganizationID, Thing: l.Thing, Verb: l.Verb}
					at[f.OrganizationID] = also
				}
				also.Subjects, also.Left = append(also.Subjects, f.StudentID), append(also.Left, f.CreatedAt)
			}
		}
	}
	all := slices.Clone(losses)
	for _, id := range slices.Sorted(maps.Keys(at)) {
		all = append(all, *at[id])
	}
	return all, nil
}

// wasAt is a condition for deleted students who are at a school, or have left it within
// the window of q.
func (q lostStudents) wasAt() (condition string, args []any) {
	if !q.left {
		return "s." + scope(q.o) + " = ?", []any{q.o.ID}
	}
	return "(s.organization_id = ? OR EXISTS (SELECT 1 FROM former_schools f WHERE f.student_id = s.id AND " +
		"f.organization_id = ? AND f.created_at > ?))", []any{q.o.ID, q.o.ID, q.since}
}

// findLeft notes whether students have left the school within the window.
func (q *lostStudents) findLeft(ctx context.Context) error {
	if !q.deletes() || q.o.Type != organization.TypeSCHOOL {
		return nil
	}
	there, err := q.client.FormerSchool.Query().
		Where(formerschool.OrganizationID(q.o.ID), formerschool.CreatedAtGT(q.since)).
		Exist(viewer.AsSystem(ctx, "whether students have left a school"))
	q.left = there
	return err
}
