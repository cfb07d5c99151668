package importer

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"homeroom/ent/db"
	"homeroom/ent/db/student"
	"homeroom/ent/rule"
	"homeroom/internal/roster"
	"homeroom/internal/setting"
	"homeroom/internal/viewer"
)

// applyStudents writes a batch of rows of students: it locks what they are about,
// refuses what has changed since the preview, and writes the rest.
func (s *Service) applyStudents(ctx context.Context, client *db.Client, b *batch) error {
	system := viewer.AsSystem(ctx, "lock what a checked row is about; the purview is checked beside it")
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	students := map[int]*db.Student{}
	for chunk := range slices.Chunk(ids, statementRows) {
		locked, err := roster.LockStudents(system, client, s.locks(), chunk)
		if err != nil {
			return err
		}
		for _, st := range locked {
			students[st.ID] = st
		}
	}
	if err := s.refuseStaleStudents(ctx, client, b, students, ids); err != nil {
		return err
	}
	if b.careful {
		if err := s.refuseTaken(system, client, b); err != nil {
			return err
		}
	}
	if err := s.refuseStaleGroups(ctx, client, b); err != nil {
		return err
	}
	created, err := s.insertStudents(ctx, client, b)
	if err != nil {
		return err
	}
	renamed, err := s.updateStudents(ctx, client, b, students)
	if err != nil {
		return err
	}
	if err := roster.WriteWords(ctx, client, created, true); err != nil {
		return err
	}
	if err := roster.WriteWords(ctx, client, renamed, false); err != nil {
		return err
	}
	if err := s.enroll(ctx, client, b.open()); err != nil {
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
	return s.recountMoved(ctx, client, b)
}

// refuseStaleStudents refuses the rows whose students are not as they were when
// the preview was made, or may not be changed by the submitter any more.
func (s *Service) refuseStaleStudents(ctx context.Context, client *db.Client, b *batch, students map[int]*db.Student, ids []int) error {
	visible := map[int]bool{}
	editable := visible
	if b.v.IsTeacher() {
		editable = map[int]bool{}
	}
	for chunk := range slices.Chunk(ids, statementRows) {
		if err := addIDs(visible)(client.Student.Query().Where(student.IDIn(chunk...)).IDs(ctx)); err != nil {
			return err
		}
		if b.v.IsTeacher() {
			if err := addIDs(editable)(client.Student.Query().Where(student.IDIn(chunk...), rule.StudentsEdited(b.v)).IDs(ctx)); err != nil {
				return err
			}
		}
	}
	reserved, err := s.stillReserved(ctx, client, b, students)
	if err != nil {
		return err
	}
	for _, r := range b.rows {
		st := students[r.TargetID]
		p := r.plan
		switch {
		case p.SchoolID != 0 && !b.v.Administers(p.SchoolID, b.job.DistrictID) && (p.Do != doCreate || !b.v.TeachesAt(p.SchoolID)):
			r.stale("The school is no longer in the purview of the person who uploaded the file.")
		case p.Do == doCreate:
		case st == nil || st.Version != r.TargetVersion:
			r.stale("Somebody has changed the student since the file was checked.")
		case p.Do == doRevive:
			if !reserved[st.ID] || !b.v.Administers(st.OrganizationID, st.DistrictID) {
				r.stale("The student cannot be brought back any more.")
			}
		case !visible[st.ID], !editable[st.ID] && (len(p.Set) > 0 || r.hash != ""):
			r.stale("The student is no longer in the purview of the person who uploaded the file.")
		case p.SchoolID != 0 && !b.v.Administers(st.OrganizationID, st.DistrictID):
			r.stale("The student's school is no longer in the purview of the person who uploaded the file.")
		}
	}
	return nil
}

// stillReserved are the students of rows that bring somebody back who can come
// back, by the settings of the moment.
func (s *Service) stillReserved(ctx context.Context, client *db.Client, b *batch, students map[int]*db.Student) (map[int]bool, error) {
	var deleted []*db.Student
	var schools []int
	for _, r := range b.rows {
		if st := students[r.TargetID]; st != nil && st.DeletedAt != nil && r.plan.Do == doRevive {
			deleted = append(deleted, st)
			schools = append(schools, st.OrganizationID)
		}
	}
	if len(deleted) == 0 {
		return nil, nil
	}
	settings, err := setting.ByID(ctx, client, s.now(), schools...)
	reserved := map[int]bool{}
	for _, st := range deleted {
		reserved[st.ID] = settings[st.OrganizationID].Reserves(*st.DeletedAt, s.now())
	}
	return reserved, err
}

func idSet(ids []int, err error) (map[int]bool, error) {
	set := make(map[int]bool, len(ids))
	return set, addIDs(set)(ids, err)
}

// addIDs returns what adds the result of a query to a set.
func addIDs(set map[int]bool) func([]int, error) error {
	return func(ids []int, err error) error {
		for _, id := range ids {
			set[id] = true
		}
		return err
	}
}

// refuseTaken refuses the rows whose Student ID or username somebody has taken
// since the file was checked.
func (s *Service) refuseTaken(system context.Context, client *db.Client, b *batch) error {
	var externalIDs, keys []string
	for _, r := range b.open() {
		if v, ok := r.plan.Set[student.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
		if v, ok := r.plan.Set[student.FieldUsernameKey].(string); ok {
			keys = append(keys, v)
		}
	}
	owner := map[string]int{}
	read := func(field string, values []string) error {
		for chunk := range slices.Chunk(values, statementRows) {
			found, err := client.Student.Query().Where(student.DistrictID(b.job.DistrictID)).
				Where(func(sel *sql.Selector) { sel.Where(sql.In(sel.C(field), anys(chunk)...)) }).
				Select(student.FieldID, field).All(system)
			if err != nil {
				return err
			}
			for _, st := range found {
				owner[field+" "+st.ExternalID+st.UsernameKey] = st.ID
			}
		}
		return nil
	}
	if err := read(student.FieldExternalID, externalIDs); err != nil {
		return err
	}
	if err := read(student.FieldUsernameKey, keys); err != nil {
		return err
	}
	taken := func(r *plannedRow, field string) bool {
		v, _ := r.plan.Set[field].(string)
		id := owner[field+" "+v]
		return v != "" && id != 0 && id != r.TargetID
	}
	for _, r := range b.open() {
		switch {
		case taken(r, student.FieldExternalID):
			r.refuse(problemf(ExternalIDTaken, "Upload the row again to see what it would change now.",
				"Somebody has taken the Student ID since the file was checked."))
		case taken(r, student.FieldUsernameKey):
			r.refuse(problemf(UsernameTaken, "Choose another one and upload the row again.",
				"Somebody has taken the username since the file was checked."))
		}
	}
	return nil
}

// refuseStaleGroups locks the groups that students join and leave, after the
// students as everywhere, and refuses the rows for which one is not as it was. A
// group's version is no help: it grows with each student who comes or goes.
func (s *Service) refuseStaleGroups(ctx context.Context, client *db.Client, b *batch) error {
	ids := grouped(b.open(), func(r *plannedRow) []int { return append(append([]int(nil), r.plan.Join...), r.plan.Leave...) })
	there := map[int]*db.Group{}
	for chunk := range slices.Chunk(ids, statementRows) {
		groups, err := roster.LockGroups(ctx, client, s.locks(), chunk)
		if err != nil {
			return err
		}
		for _, g := range groups {
			there[g.ID] = g
		}
	}
	for _, r := range b.open() {
		for _, id := range append(append([]int(nil), r.plan.Join...), r.plan.Leave...) {
			switch g := there[id]; {
			case g == nil:
				r.stale("A class or group of this row no longer exists, or is no longer in the purview of the person who uploaded the file.")
			case g.Synced == 1:
				r.refuse(syncedGroup(g))
			}
		}
	}
	return nil
}

// studentColumns are the columns of a student whom a plan creates.
var studentColumns = []string{student.FieldOrganizationID, student.FieldExternalID, student.FieldUsername, student.FieldUsernameKey,
	student.FieldFirstName, student.FieldLastName, student.FieldSortName, student.FieldGrade}

func (s *Service) insertStudents(ctx context.Context, client *db.Client, b *batch) ([]*db.Student, error) {
	var rows [][]any
	var externalIDs []string
	byExternal := map[string]*plannedRow{}
	now := s.instant()
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
		row := []any{now, b.job.DistrictID, nullable(r.hash), 0, len(r.plan.Join), ungrouped, 0, 0, version}
		for _, column := range studentColumns {
			row = append(row, r.plan.Set[column])
		}
		rows = append(rows, row)
		r.version = version
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
func (s *Service) updateStudents(ctx context.Context, client *db.Client, b *batch, students map[int]*db.Student) (renamed []*db.Student, err error) {
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
		}
		if r.plan.Do == doRevive {
			set[student.FieldDeletedAt] = nil
		}
		if len(set) == 0 {
			continue
		}
		updates = append(updates, changed{r.TargetID, set})
		st := students[r.TargetID]
		r.keepStudent(st, set)
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
func (s *Service) enroll(ctx context.Context, client *db.Client, rows []*plannedRow) error {
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
func (s *Service) recountMoved(ctx context.Context, client *db.Client, b *batch) error {
	moved := grouped(b.open(), func(r *plannedRow) []int {
		if r.plan.Do == doRevive || r.plan.Do == doUpdate && r.plan.SchoolID != 0 {
			return []int{r.TargetID}
		}
		return nil
	})
	if len(moved) == 0 || s.recount == nil {
		return nil
	}
	return s.recount(ctx, client, moved)
}

// nullable turns an empty text into NULL.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}
