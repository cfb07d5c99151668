package importer

import (
	"context"
	"fmt"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/student"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// applyStudents writes a batch of rows of students: it locks what they are about,
// refuses what has changed since the preview, and writes the rest.
func (k *studentKind) applyStudents(ctx context.Context, client *db.Client, b *batch) error {
	system := viewer.AsSystem(ctx, "lock what a checked row is about; the purview is checked beside it")
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	students := map[int]*db.Student{}
	for chunk := range slices.Chunk(ids, statementRows) {
		locked, err := roster.LockStudents(system, client, k.locks(), chunk)
		if err != nil {
			return err
		}
		for _, st := range locked {
			students[st.ID] = st
		}
	}
	if err := k.refuseStaleStudents(ctx, client, b, students, ids); err != nil {
		return err
	}
	if b.careful {
		if err := k.refuseTaken(system, client, b); err != nil {
			return err
		}
	}
	if err := k.refuseStaleGroups(ctx, client, b); err != nil {
		return err
	}
	created, err := k.insertStudents(ctx, client, b)
	if err != nil {
		return err
	}
	renamed, err := k.updateStudents(ctx, client, b, students)
	if err != nil {
		return err
	}
	if err := roster.WriteWords(ctx, client, created, true); err != nil {
		return err
	}
	if err := roster.WriteWords(ctx, client, renamed, false); err != nil {
		return err
	}
	if err := k.enroll(ctx, client, b.open()); err != nil {
		return err
	}
	revived := grouped(b.open(), func(r *plannedRow) []int {
		if r.plan.Do != doRevive {
			return nil
		}
		return []int{r.TargetID}
	})
	if err := roster.ForgetFormer(ctx, client, revived); err != nil {
		return err
	}
	return k.recountMoved(ctx, client, b)
}

// studentColumns are the columns of a student whom a plan creates.
var studentColumns = []string{student.FieldOrganizationID, student.FieldExternalID, student.FieldUsername, student.FieldUsernameKey,
	student.FieldFirstName, student.FieldLastName, student.FieldSortName, student.FieldGrade}

func (k *studentKind) insertStudents(ctx context.Context, client *db.Client, b *batch) ([]*db.Student, error) {
	var rows [][]any
	var externalIDs []string
	byExternal := map[string]*plannedRow{}
	now := k.instant()
	for _, r := range b.open() {
		if r.plan.Do != doCreate {
			continue
		}
		// A student who comes with groups is written as one who has been enrolled
		// already: see roster.EnrollNew.
		ungrouped, version := 1, 1
		if len(r.plan.Join) > 0 {
			ungrouped, version = 0, 2
		}
		line := []any{now, b.job.DistrictID, nullable(r.hash), 0, len(r.plan.Join), ungrouped, 0, 0, version}
		for _, column := range studentColumns {
			line = append(line, r.plan.Set[column])
		}
		rows = append(rows, line)
		r.version, r.before.Password = version, hashPrint(r.hash)
		externalID := r.plan.Set[student.FieldExternalID].(string)
		externalIDs = append(externalIDs, externalID)
		byExternal[externalID] = r
	}
	if len(rows) == 0 {
		return nil, nil
	}
	columns := "created_at, district_id, password_hash, synced, group_count, ungrouped, seconds_this_year, active, version"
	for _, column := range studentColumns {
		columns += ", " + column
	}
	if err := insertRows(ctx, client, student.Table, columns, rows); err != nil {
		return nil, err
	}
	// The keys are read back, and not counted on from the first: servers of a
	// cluster give keys with gaps.
	created := make([]*db.Student, 0, len(rows))
	for chunk := range slices.Chunk(externalIDs, statementRows) {
		found, err := client.Student.Query().Where(student.DistrictID(b.job.DistrictID), student.ExternalIDIn(chunk...)).
			Select(student.FieldID, student.FieldExternalID).All(viewer.AsSystem(ctx, "keys of students who have just been created"))
		if err != nil {
			return nil, err
		}
		for _, st := range found {
			r := byExternal[st.ExternalID]
			r.createdID = st.ID
			st.DistrictID = b.job.DistrictID
			overwrite(st, r.plan.Set)
			created = append(created, st)
		}
	}
	if len(created) != len(rows) {
		return nil, fmt.Errorf("%d of %d new students were found again", len(created), len(rows))
	}
	return created, nil
}

// updateStudents writes the fields that change and returns the students whose
// search words do, as they are now.
func (k *studentKind) updateStudents(ctx context.Context, client *db.Client, b *batch, students map[int]*db.Student) (renamed []*db.Student, err error) {
	var updates []changed
	for _, r := range b.open() {
		if r.plan.Do == doCreate {
			continue
		}
		set := map[string]any{}
		for column, value := range r.plan.Set {
			set[column] = value
		}
		if r.hash != "" {
			set[student.FieldPasswordHash] = r.hash
			r.before.Password = hashPrint(r.hash)
		}
		if r.plan.Do == doRevive {
			set[student.FieldDeletedAt] = nil
		}
		if len(set) == 0 {
			continue
		}
		updates = append(updates, changed{r.TargetID, set})
		st := students[r.TargetID]
		keepStudent(r, st, set)
		if overwrite(st, set) {
			renamed = append(renamed, st)
		}
	}
	return renamed, updateRows(ctx, client, student.Table, "version = version + 1", updates)
}

// overwrite puts new names and ids into a student and reports whether there were
// any.
func overwrite(st *db.Student, set map[string]any) (any bool) {
	for column, field := range map[string]*string{
		student.FieldFirstName: &st.FirstName, student.FieldLastName: &st.LastName,
		student.FieldUsername: &st.Username, student.FieldExternalID: &st.ExternalID,
	} {
		if v, ok := set[column].(string); ok {
			*field, any = v, true
		}
	}
	return any
}

// enroll carries out the groups of rows and counts what really came and went.
func (k *studentKind) enroll(ctx context.Context, client *db.Client, rows []*plannedRow) error {
	var join, first, leave []roster.Pair
	byStudent := map[int]*plannedRow{}
	for _, r := range rows {
		id := r.TargetID + r.createdID
		byStudent[id] = r
		for _, g := range r.plan.Join {
			if r.createdID != 0 {
				first = append(first, roster.Pair{StudentID: id, GroupID: g})
				r.joined = append(r.joined, g)
				continue
			}
			join = append(join, roster.Pair{StudentID: id, GroupID: g})
		}
		for _, g := range r.plan.Leave {
			leave = append(leave, roster.Pair{StudentID: id, GroupID: g})
		}
	}
	if len(leave) > 0 {
		removed, err := roster.Unenroll(ctx, client, leave)
		if err != nil {
			return err
		}
		for _, p := range removed {
			r := byStudent[p.StudentID]
			r.left = append(r.left, p.GroupID)
		}
	}
	if len(first) > 0 {
		if err := roster.EnrollNew(ctx, client, first); err != nil {
			return err
		}
	}
	if len(join) > 0 {
		added, err := roster.Enroll(ctx, client, join)
		if err != nil {
			return err
		}
		for _, p := range added {
			r := byStudent[p.StudentID]
			r.joined = append(r.joined, p.GroupID)
		}
	}
	return nil
}

// recountMoved has the usage sums computed of students whose school, and with it
// the school year, may be another one now.
func (k *studentKind) recountMoved(ctx context.Context, client *db.Client, b *batch) error {
	moved := grouped(b.open(), func(r *plannedRow) []int {
		if r.plan.Do == doRevive || r.plan.Do == doUpdate && r.plan.SchoolID != 0 {
			return []int{r.TargetID}
		}
		return nil
	})
	if len(moved) == 0 || k.recount == nil {
		return nil
	}
	return k.recount(ctx, client, moved)
}
