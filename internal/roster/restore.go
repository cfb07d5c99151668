package roster

import (
	"context"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/formerenrollment"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// KeepFormer records the enrollments that students lose when they are deleted, so that
// RestoreStudents can bring them back. Call it in the transaction of the deletion.
func KeepFormer(ctx context.Context, client *db.Client, pairs []Pair) error {
	for chunk := range slices.Chunk(pairs, statementRows) {
		args := make([]any, 0, 3*len(chunk))
		now := timestamp()
		for _, p := range chunk {
			args = append(args, now, p.StudentID, p.GroupID)
		}
		if _, err := client.ExecContext(ctx, "INSERT INTO former_enrollments (created_at, student_id, group_id) VALUES "+
			places(len(chunk), "(?, ?, ?)"), args...); err != nil {
			return err
		}
	}
	return nil
}

// ForgetFormer removes what KeepFormer has recorded. Code that revives students calls it
// in the same transaction.
func ForgetFormer(ctx context.Context, client *db.Client, studentIDs []int) error {
	for chunk := range slices.Chunk(studentIDs, statementRows) {
		args := make([]any, len(chunk))
		for i, id := range chunk {
			args[i] = id
		}
		if _, err := client.ExecContext(ctx,
			"DELETE FROM former_enrollments WHERE student_id IN ("+places(len(chunk), "?")+")", args...); err != nil {
			return err
		}
	}
	return nil
}

// Restored is the result of RestoreStudents.
type Restored struct {
	Students []*db.Student
	// Rejoined counts the enrollments that came back. Lost counts those that did not,
	// because the group is gone, synced, or now at another school.
	Rejoined, Lost int
}

// RestoreStudents brings deleted students back as they were, and back into those of their
// groups that still exist at the student's school and are not synced. Only administrators
// of the school may do so, and only until the personal data may be erased. For everybody
// else the students do not exist. A refusal changes nothing.
func (s *Service) RestoreStudents(ctx context.Context, ids []int) (restored Restored, err error) {
	switch {
	case len(ids) == 0:
		return Restored{}, fault.Invalidf("choose at least one student").WithCode("REQUIRED").At("studentIds")
	case len(ids) > MaxSelection:
		return Restored{}, fault.Invalidf("choose at most %d students at once; you chose %d", MaxSelection, len(ids)).
			WithCode("TOO_MANY").At("studentIds")
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		restored = Restored{}
		system := viewer.AsSystem(ctx, "deleted students of schools that the viewer administers")
		students, err := LockStudents(system, client, s.locks(), ids)
		if err != nil {
			return err
		}
		// From here on, a student of another organization does not exist, not even for the
		// look-ups below.
		v := viewer.FromContext(ctx)
		students = slices.DeleteFunc(students, func(st *db.Student) bool {
			return !v.Administers(st.OrganizationID, st.DistrictID)
		})
		if err := s.refuseToRestore(ctx, client, ids, students); err != nil {
			return err
		}
		keys := make([]int, len(students))
		for i, st := range students {
			keys[i] = st.ID
		}
		pairs, lost, err := s.former(system, client, students)
		if err != nil {
			return err
		}
		restored.Lost = lost
		if err := s.noteReturn(ctx, client, students); err != nil {
			return err
		}
		n, err := client.Student.Update().Where(student.IDIn(keys...)).ClearDeletedAt().AddVersion(1).Save(system)
		if err != nil {
			return err
		}
		if n != len(students) {
			return fault.Conflictf("somebody is changing these students at the moment; try again").At("studentIds")
		}
		if _, err := Enroll(ctx, client, pairs); err != nil {
			return err
		}
		if err := ForgetFormer(ctx, client, keys); err != nil {
			return err
		}
		if err := hold.Restored(ctx, client, keys); err != nil {
			return err
		}
		// A new school year may have begun meanwhile.
		if err := s.recount(ctx, client, keys); err != nil {
			return err
		}
		recordRestoration(ctx, students, pairs)
		restored.Rejoined = len(pairs)
		restored.Students, err = LockStudents(ctx, client, false, keys)
		return err
	})
	return restored, err
}

// noteReturn records, before students are restored, which of them were away for so long
// that the holds do not count them for a while.
func (s *Service) noteReturn(ctx context.Context, client *db.Client, students []*db.Student) error {
	var ids []any
	for _, st := range students {
		if hold.Returns(s.now(), st.DeletedAt) {
			ids = append(ids, st.ID)
		}
	}
	for chunk := range slices.Chunk(ids, statementRows) {
		_, err := client.ExecContext(ctx, "UPDATE students SET returned_at = ?, gone_at = deleted_at WHERE id IN ("+
			places(len(chunk), "?")+")", append([]any{database.Instant(s.now())}, chunk...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// refuseToRestore refuses students who were not found, who are not deleted, or who can no
// longer be restored.
func (s *Service) refuseToRestore(ctx context.Context, client *db.Client, ids []int, students []*db.Student) error {
	var schools []int
	for _, st := range students {
		schools = append(schools, st.OrganizationID)
	}
	settings, err := setting.ByID(ctx, client, s.now(), schools...)
	if err != nil {
		return err
	}
	visible, err := LockStudents(ctx, client, false, ids)
	if err != nil {
		return err
	}
	byID := map[int]*db.Student{}
	for _, st := range students {
		byID[st.ID] = st
	}
	var refusals Refusals
	for i, id := range ids {
		st := byID[id]
		refuse := func(err *fault.Error) { refusals = append(refusals, err.At("studentIds", i)) }
		switch {
		case slices.ContainsFunc(visible, func(other *db.Student) bool { return other.ID == id }):
			refuse(fault.Conflictf("the student is not deleted").WithCode("NOT_DELETED"))
		case st == nil, st.DeletedAt == nil, !settings[st.OrganizationID].Reserves(*st.DeletedAt, s.now()):
			refuse(ErrNoStudent)
		case st.Synced == 1:
			refuse(syncedStudent(st))
		}
	}
	return refusals.orNil()
}

// former locks the groups of deleted students. It returns the enrollments that come back,
// and the number of those that do not.
func (s *Service) former(system context.Context, client *db.Client, students []*db.Student) (pairs []Pair,
	lost int, err error) {
	schools := make(map[int]int, len(students))
	for _, st := range students {
		schools[st.ID] = st.OrganizationID
	}
	rows, err := client.FormerEnrollment.Query().Where(formerenrollment.StudentIDIn(slices.Sorted(maps.Keys(schools))...)).
		Order(db.Asc(formerenrollment.FieldStudentID, formerenrollment.FieldGroupID)).All(system)
	if err != nil {
		return nil, 0, err
	}
	var ids []int
	for _, r := range rows {
		ids = append(ids, r.GroupID)
	}
	slices.Sort(ids)
	open := map[int]int{} // The school of each.
	for chunk := range slices.Chunk(slices.Compact(ids), statementRows) {
		groups, err := LockGroups(system, client, s.locks(), chunk)
		if err != nil {
			return nil, 0, err
		}
		for _, g := range groups {
			if g.Synced == 0 {
				open[g.ID] = g.OrganizationID
			}
		}
	}
	for _, r := range rows {
		if open[r.GroupID] == schools[r.StudentID] {
			pairs = append(pairs, Pair{StudentID: r.StudentID, GroupID: r.GroupID})
		} else {
			lost++
		}
	}
	return pairs, lost, nil
}
