package roster

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// DeleteStudents hides students and takes them out of their groups. Only administrators
// delete. A refusal changes nothing. A deletion that needs a second administrator is
// refused here; a bulk job can wait for one.
func (s *Service) DeleteStudents(ctx context.Context, ids []int) error {
	if len(ids) == 0 {
		return fault.Invalidf("choose at least one student").WithCode("REQUIRED").At("studentIds")
	}
	if len(ids) > MaxSelection {
		return fault.Invalidf("choose at most %d students at once; you chose %d", MaxSelection, len(ids)).
			WithCode("TOO_MANY").At("studentIds")
	}
	v := viewer.FromContext(ctx)
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		students, err := LockStudents(ctx, client, s.locks(), ids)
		if err != nil {
			return err
		}
		refusals := Refusals(missing(ids, students, func(st *db.Student) int { return st.ID }, ErrNoStudent, "studentIds"))
		position := map[int]int{}
		for i, id := range ids {
			position[id] = i
		}
		for _, st := range students {
			switch {
			case !v.Administers(st.OrganizationID, st.DistrictID):
				refusals = append(refusals,
					fault.Forbiddenf("only administrators can delete students").At("studentIds", position[st.ID]))
			case st.Synced == 1:
				refusals = append(refusals, syncedStudent(st).At("studentIds", position[st.ID]))
			}
		}
		if len(refusals) > 0 {
			return refusals
		}
		pairs, err := Enrolled(ctx, client, ids)
		if err != nil {
			return err
		}
		if _, err := Unenroll(ctx, client, pairs); err != nil {
			return err
		}
		if err := KeepFormer(ctx, client, pairs); err != nil {
			return err
		}
		n, err := client.Student.Update().Where(student.IDIn(ids...)).
			SetDeletedAt(database.Instant(s.now())).AddVersion(1).Save(ctx)
		if err == nil && n != len(students) {
			err = fmt.Errorf("hid %d of %d students", n, len(students))
		}
		if err == nil {
			recordDeletion(ctx, students, pairs)
			err = s.hold(ctx, client, Lost(students, loss.VerbDELETED)...)
		}
		return err
	})
}
