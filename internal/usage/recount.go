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

// Recount updates the sums of students in schools whose school year starts on another day
// than the one from which the sums count: the dates were changed, a new year has begun, or
// the school is new. It returns the number of recounted schools, and goes on after a
// school that fails. A server calls it when it starts and then from time to time; several
// servers may do so at once.
//
// Each school is one transaction, so that its students, its usage_counted_from and the
// report always agree. Recordings for its students wait meanwhile.
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

// recountSchool returns false if another server was faster.
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
		// Deleted students too: one who is restored must have the right sums.
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

// RecountStudents computes seconds_this_year and active of students anew, from the first
// day that counts for their schools. Call it in the transaction that moves students to
// another school, after the move, with the client of that transaction.
func RecountStudents(ctx context.Context, client *db.Client, studentIDs []int) error {
	ctx = viewer.AsSystem(ctx, "sums of usage since the start of the school year")
	for chunk := range slices.Chunk(sortedIDs(studentIDs), rowsAStatement) {
		// Any recording for these students has committed or is waiting.
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
