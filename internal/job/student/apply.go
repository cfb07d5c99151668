package student

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Apply writes a batch of rows of students: it locks their targets, refuses rows whose
// target has changed since the preview, and writes the rest.
func (k written) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	system, students, err := k.lockFresh(ctx, client, b)
	if err != nil {
		return err
	}
	if b.Careful {
		if err := k.refuseTaken(system, client, b); err != nil {
			return err
		}
	}
	made, err := newgroup.Load(ctx, client, b)
	if err != nil {
		return err
	}
	if err := k.refuseStaleGroups(ctx, client, b, students); err != nil {
		return err
	}
	also, err := k.alsoLeft(ctx, client, b)
	if err != nil {
		return err
	}
	if err := vacateFor(ctx, client, b, students); err != nil {
		return err
	}
	if err := made.Create(ctx, client, b, k.Instant()); err != nil {
		return err
	}
	added, err := k.insertStudents(ctx, client, b)
	if err != nil {
		return err
	}
	renamed, err := k.updateStudents(ctx, client, b, students)
	if err != nil {
		return err
	}
	if err := roster.WriteWords(ctx, client, added, true); err != nil {
		return err
	}
	if err := roster.WriteWords(ctx, client, renamed, false); err != nil {
		return err
	}
	if err := k.enroll(ctx, client, b.Open(), also); err != nil {
		return err
	}
	revived := row.IDs(b.Open(), func(r *row.Planned) []int {
		if r.Plan.Do != row.Revive {
			return nil
		}
		return []int{r.TargetID}
	})
	if err := roster.ForgetFormer(ctx, client, revived); err != nil {
		return err
	}
	return k.recountMoved(ctx, client, b)
}

// Apply writes a batch of rows of a file, which may delete students who are not in it.
func (k importKind) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	gone, others := *b, *b
	gone.Rows, others.Rows = nil, nil
	for _, r := range b.Rows {
		if r.Plan.Do == row.Delete {
			gone.Rows = append(gone.Rows, r)
		} else {
			others.Rows = append(others.Rows, r)
		}
	}
	if len(gone.Rows) == 0 {
		return k.written.Apply(ctx, client, b)
	}
	if err := k.lockAll(ctx, client, b); err != nil {
		return err
	}
	if len(others.Rows) > 0 {
		if err := k.written.Apply(ctx, client, &others); err != nil {
			return err
		}
	}
	return deletionKind{shared: k.shared}.Apply(ctx, client, &gone)
}

// lockAll locks all students of a batch and then all groups that its rows are about. The two
// parts of the batch would lock students, groups and students again, and wait for somebody who
// moves one of the latter from one of these groups.
func (k *shared) lockAll(ctx context.Context, client *db.Client, b *row.Batch) error {
	system := viewer.AsSystem(ctx, "lock what checked rows are about; the purview is checked beside it")
	ids := row.IDs(b.Rows, func(r *row.Planned) []int { return []int{r.TargetID} })
	if _, err := k.LockStudents(system, client, ids); err != nil {
		return err
	}
	pairs, err := roster.Enrolled(ctx, client, ids)
	if err != nil {
		return err
	}
	groups := row.IDs(b.Rows, func(r *row.Planned) []int { return r.Plan.Groups() })
	for _, p := range pairs {
		groups = append(groups, p.GroupID)
	}
	_, err = k.LockGroups(system, client, groups)
	return err
}

// lockFresh locks the students of a batch, and refuses the rows whose students have
// changed since the preview. It returns the students by their keys, and the context
// for the writes that this allows.
func (k *shared) lockFresh(ctx context.Context, client *db.Client, b *row.Batch) (system context.Context,
	students map[int]*db.Student, err error) {
	system = viewer.AsSystem(ctx, "lock what a checked row is about; the purview is checked beside it")
	ids := row.IDs(b.Rows, func(r *row.Planned) []int { return []int{r.TargetID} })
	if students, err = k.LockStudents(system, client, ids); err != nil {
		return nil, nil, err
	}
	return system, students, k.refuseStaleStudents(ctx, client, b, students, ids)
}

// created are the fields of a student whom a plan creates. A password is written
// separately, because only its hash is stored.
var created = roster.StudentFields.Stored().Where(func(f *field.Field[db.Student]) bool { return !f.File.Secret })

func (k *shared) insertStudents(ctx context.Context, client *db.Client, b *row.Batch) ([]*db.Student, error) {
	var rows [][]any
	var externalIDs []string
	byExternal := map[string]*row.Planned{}
	now := k.Instant()
	for _, r := range b.Open() {
		if r.Plan.Do != row.Create {
			continue
		}
		// A student who is created with groups is written as already enrolled: see
		// roster.EnrollNew.
		ungrouped, version := 1, 1
		joins := len(r.Joins())
		if joins > 0 {
			ungrouped, version = 0, 2
		}
		line := []any{now, b.Job.DistrictID, bulk.Nullable(r.Hash), 0, joins, ungrouped, 0, 0, version}
		for _, f := range created {
			value, sets := r.Plan.Set[f.DB]
			if !sets {
				value = f.Empty()
			}
			line = append(line, value)
		}
		rows = append(rows, line)
		r.Version, r.Before.Password = version, row.HashPrint(r.Hash)
		externalID := r.Plan.Set[student.FieldExternalID].(string)
		externalIDs = append(externalIDs, externalID)
		byExternal[externalID] = r
	}
	if len(rows) == 0 {
		return nil, nil
	}
	columns := "created_at, district_id, password_hash, synced, group_count, ungrouped, " +
		"seconds_this_year, active, version, " +
		strings.Join(created.DB(), ", ")
	if err := bulk.Insert(ctx, client, student.Table, columns, rows); err != nil {
		return nil, err
	}
	// The keys are read back, and not counted on from the first: servers of a
	// cluster give keys with gaps.
	students := make([]*db.Student, 0, len(rows))
	for chunk := range slices.Chunk(externalIDs, bulk.StatementRows) {
		found, err := client.Student.Query().Where(student.DistrictID(b.Job.DistrictID), student.ExternalIDIn(chunk...)).
			Select(student.FieldID, student.FieldExternalID).
			All(viewer.AsSystem(ctx, "keys of students who have just been created"))
		if err != nil {
			return nil, err
		}
		for _, st := range found {
			r := byExternal[st.ExternalID]
			r.CreatedID = st.ID
			st.DistrictID = b.Job.DistrictID
			overwrite(st, r.Plan.Set)
			students = append(students, st)
		}
	}
	if len(students) != len(rows) {
		return nil, fmt.Errorf("%d of %d new students were found again", len(students), len(rows))
	}
	return students, nil
}

// updateStudents writes the changed fields. It returns, with their new values, the
// students whose search words change.
func (k *shared) updateStudents(ctx context.Context, client *db.Client, b *row.Batch,
	students map[int]*db.Student) (renamed []*db.Student, err error) {
	var updates []bulk.Change
	came, err := k.moved(ctx, client, b.Open(), students)
	if err != nil {
		return nil, err
	}
	for _, r := range b.Open() {
		if r.Plan.Do == row.Create {
			continue
		}
		set := map[string]any{}
		maps.Copy(set, r.Plan.Set)
		if r.Hash != "" {
			set[student.FieldPasswordHash] = r.Hash
			r.Before.Password = row.HashPrint(r.Hash)
		}
		if r.Plan.Do == row.Revive {
			set[student.FieldDeletedAt] = nil
		}
		if len(set) == 0 {
			continue
		}
		st := students[r.TargetID]
		keepStudent(r, st, set)
		k.noteArrival(st, set, came)
		updates = append(updates, bulk.Change{ID: r.TargetID, Set: set})
		if overwrite(st, set) {
			renamed = append(renamed, st)
		}
	}
	return renamed, bulk.Update(ctx, client, student.Table, "version = version + 1", updates)
}

// moved records which students the rows move, and returns when these have come to their
// new schools; see hold.Moved.
func (k *shared) moved(ctx context.Context, client *db.Client, rows []*row.Planned,
	students map[int]*db.Student) (map[int]*time.Time, error) {
	var moves []hold.Move
	for _, r := range rows {
		if to, goes := r.Plan.Set[student.FieldOrganizationID].(int); goes && r.Plan.Do != row.Create {
			moves = append(moves, moveOf(students[r.TargetID], to))
		}
	}
	return hold.Moved(ctx, client, k.Now(), moves...)
}

func moveOf(st *db.Student, to int) hold.Move {
	return hold.Move{StudentID: st.ID, From: st.OrganizationID, To: to, CameAt: st.MovedAt}
}

// noteArrival adds the time of arrival to the new values of a student, if these bring the
// student back or to another school; see hold.Share. came has the latter.
func (k *shared) noteArrival(st *db.Student, set map[string]any, came map[int]*time.Time) {
	if at, sets := set[student.FieldDeletedAt]; sets && at == nil && hold.Returns(k.Now(), st.DeletedAt) {
		set[student.FieldReturnedAt], set[student.FieldGoneAt] = k.Instant(), *st.DeletedAt
	}
	if _, moves := set[student.FieldOrganizationID]; moves {
		if set[student.FieldMovedAt] = nil; came[st.ID] != nil {
			set[student.FieldMovedAt] = *came[st.ID]
		}
	}
}

// searched are the fields that a search finds words of.
var searched = roster.StudentFields.Where(func(f *field.Field[db.Student]) bool { return f.Searched })

// overwrite sets the new values of searched fields in a student and reports whether there
// were any.
func overwrite(st *db.Student, set map[string]any) (changes bool) {
	for _, f := range searched {
		if v, ok := set[f.DB].(string); ok {
			*f.At(st), changes = v, true
		}
	}
	return changes
}

// enroll carries out the groups of rows and counts the enrollments that were really added
// and removed. also are enrollments that end in addition to those of the plans.
func (k *shared) enroll(ctx context.Context, client *db.Client, rows []*row.Planned, also []roster.Pair) error {
	var join, first []roster.Pair
	leave := also
	byStudent := map[int]*row.Planned{}
	for _, r := range rows {
		id := r.TargetID + r.CreatedID
		byStudent[id] = r
		for _, g := range r.Joins() {
			if r.CreatedID != 0 {
				first = append(first, roster.Pair{StudentID: id, GroupID: g})
				r.Joined = append(r.Joined, g)
				continue
			}
			join = append(join, roster.Pair{StudentID: id, GroupID: g})
		}
		for _, g := range r.Plan.Leave {
			leave = append(leave, roster.Pair{StudentID: id, GroupID: g})
		}
	}
	leave = slices.DeleteFunc(leave, func(p roster.Pair) bool { return byStudent[p.StudentID] == nil })
	if len(leave) > 0 {
		removed, err := roster.Unenroll(ctx, client, leave)
		if err != nil {
			return err
		}
		for _, p := range removed {
			r := byStudent[p.StudentID]
			r.Left = append(r.Left, p.GroupID)
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
			r.Joined = append(r.Joined, p.GroupID)
		}
	}
	return nil
}

// recountMoved recomputes the usage sums of students whose school, and perhaps school
// year, has changed.
func (k *shared) recountMoved(ctx context.Context, client *db.Client, b *row.Batch) error {
	moved := row.IDs(b.Open(), func(r *row.Planned) []int {
		if r.Plan.Do == row.Revive || r.Plan.Do == row.Update && r.Plan.SchoolID != 0 {
			return []int{r.TargetID}
		}
		return nil
	})
	if len(moved) == 0 || k.recount == nil {
		return nil
	}
	return k.recount(ctx, client, moved)
}
