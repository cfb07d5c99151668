package usage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Recount brings the sums of students up to date in the schools whose school
// year begins on another day than the one from which their sums are counted:
// dates were changed, a new year has begun, or the school is new. It returns how
// many schools it recounted, and goes on after a school that fails. It is called
// when a server starts and from time to time after that; several servers may do
// so at once.
//
// A school is recounted in one transaction, so that its students, its
// usage_counted_from and the report agree at every moment. Recordings of its
// students wait meanwhile.
func (s *Service) Recount(ctx context.Context) (int, error) {
	ctx = viewer.AsSystem(ctx, "sums of usage since the start of the school year")
	const page = 500
	recounted, after := 0, 0
	var failed []error
	for {
		schools, err := s.db.Client(ctx).Organization.Query().
			Where(organization.TypeEQ(organization.TypeSCHOOL), organization.IDGT(after)).
			Order(organization.ByID()).Limit(page).All(ctx)
		if err != nil {
			return recounted, errors.Join(append(failed, err)...)
		}
		settings, err := s.settings(ctx, schools)
		if err != nil {
			return recounted, errors.Join(append(failed, err)...)
		}
		for _, school := range schools {
			after = school.ID
			if settings[school.ID].Year.StartsOn == school.UsageCountedFrom {
				continue
			}
			done, err := s.recountSchool(ctx, school.ID)
			switch {
			case ctx.Err() != nil:
				return recounted, ctx.Err()
			case err != nil:
				failed = append(failed, fmt.Errorf("recount school %d: %w", school.ID, err))
			case done:
				recounted++
			}
		}
		if len(schools) < page {
			return recounted, errors.Join(failed...)
		}
	}
}

// recountSchool returns false where another server was faster.
func (s *Service) recountSchool(ctx context.Context, id int) (done bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		done = false
		q := client.Organization.Query().Where(organization.ID(id))
		q.Modify(exclusive)
		school, err := q.Only(ctx)
		if err != nil {
			return err
		}
		settings, err := s.settingsOfOne(ctx, school)
		if err != nil {
			return err
		}
		from := settings.Year.StartsOn
		if from == school.UsageCountedFrom {
			return nil
		}
		if err := client.Organization.UpdateOneID(id).SetUsageCountedFrom(from).Exec(ctx); err != nil {
			return err
		}
		// The deleted ones as well: a student who comes back is counted right.
		ids, err := client.Student.Query().Where(student.OrganizationID(id)).IDs(ctx)
		if err != nil {
			return err
		}
		if err := RecountStudents(ctx, client, ids); err != nil {
			return err
		}
		s.log.InfoContext(ctx, "usage recounted", "school", id, "students", len(ids),
			"before", school.UsageCountedFrom.String(), "from", from.String())
		done = true
		return nil
	})
	return done, err
}

const recountSeconds = `UPDATE students SET seconds_this_year = (
	SELECT COALESCE(SUM(u.seconds), 0) FROM usage_days u WHERE u.student_id = students.id AND u.day >= (
		SELECT o.usage_counted_from FROM organizations o WHERE o.id = students.organization_id))
WHERE id IN `

const recountActive = `UPDATE students SET active = CASE WHEN seconds_this_year >= ? THEN 1 ELSE 0 END WHERE id IN `

// RecountStudents computes seconds_this_year and active of students anew, from
// the day from which their schools count. It belongs in the transaction that
// moves students to another school, after the move, with that transaction's
// client.
func RecountStudents(ctx context.Context, client *db.Client, studentIDs []int) error {
	ctx = viewer.AsSystem(ctx, "sums of usage since the start of the school year")
	for chunk := range slices.Chunk(sortedIDs(studentIDs), rowsAStatement) {
		// A recording of these students has either committed or waits.
		students := client.Student.Query().Where(student.IDIn(chunk...)).Order(student.ByID())
		students.Modify(exclusive)
		locked, err := students.Select(student.FieldID, student.FieldOrganizationID).All(ctx)
		if err != nil {
			return err
		}
		schoolIDs := make([]int, len(locked))
		for i, st := range locked {
			schoolIDs[i] = st.OrganizationID
		}
		schools := client.Organization.Query().Where(organization.IDIn(sortedIDs(schoolIDs)...)).Order(organization.ByID())
		schools.Modify(share)
		if _, err := schools.IDs(ctx); err != nil {
			return err
		}
		ids := make([]any, len(chunk))
		for i, id := range chunk {
			ids[i] = id
		}
		if _, err := client.ExecContext(ctx, recountSeconds+tuples(len(ids), 1), ids...); err != nil {
			return err
		}
		if _, err := client.ExecContext(ctx, recountActive+tuples(len(ids), 1),
			append([]any{ActiveSeconds}, ids...)...); err != nil {
			return err
		}
	}
	return nil
}
