package importer

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/ent/db/student"
	"homeroom/ent/rule"
	"homeroom/internal/roster"
	"homeroom/internal/setting"
)

// refuseStaleStudents refuses the rows whose students are not as they were when
// the preview was made, or may not be changed by everybody who has a hand in the job.
func (k *studentKind) refuseStaleStudents(ctx context.Context, client *db.Client, b *batch, students map[int]*db.Student, ids []int) error {
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
	reserved, err := k.stillReserved(ctx, client, b, students)
	if err != nil {
		return err
	}
	for _, r := range b.rows {
		st := students[r.TargetID]
		p := r.plan
		switch {
		case p.SchoolID != 0 && !b.v.Administers(p.SchoolID, b.job.DistrictID) && (p.Do != doCreate || !b.v.WorksAt(p.SchoolID, b.job.DistrictID)):
			r.gone("The school")
		case p.Do == doCreate:
		case p.Do == doRevive:
			if st == nil || st.Version != r.TargetVersion || !reserved[st.ID] || !b.v.Administers(st.OrganizationID, st.DistrictID) {
				r.stale("The student cannot be brought back any more.")
			}
		case st == nil, !visible[st.ID]:
			r.gone("The student")
		case st.Version != r.TargetVersion:
			r.stale("Somebody has changed the student since the file was checked.")
		case !editable[st.ID] && (len(p.Set) > 0 || r.hash != ""), p.SchoolID != 0 && !b.v.Administers(st.OrganizationID, st.DistrictID):
			r.refuse(problemf(Forbidden, "Ask an administrator of the district.", "Somebody who has a hand in the upload may not make this change."))
		}
	}
	return nil
}

// stillReserved are the students of rows that bring somebody back who can come
// back, by the settings of the moment.
func (k *studentKind) stillReserved(ctx context.Context, client *db.Client, b *batch, students map[int]*db.Student) (map[int]bool, error) {
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
	settings, err := setting.ByID(ctx, client, k.now(), schools...)
	reserved := map[int]bool{}
	for _, st := range deleted {
		reserved[st.ID] = settings[st.OrganizationID].Reserves(*st.DeletedAt, k.now())
	}
	return reserved, err
}

// refuseTaken refuses the rows whose Student ID or username somebody has taken
// since the file was checked.
func (k *studentKind) refuseTaken(system context.Context, client *db.Client, b *batch) error {
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

// refuseStaleGroups locks the groups that students join and leave, and those that
// the preview lists beside them, after the students as everywhere, and refuses the rows for which one is not as it was. A
// group's version is no help: it grows with each student who comes or goes.
func (k *studentKind) refuseStaleGroups(ctx context.Context, client *db.Client, b *batch) error {
	ids := grouped(b.open(), func(r *plannedRow) []int { return r.plan.groups() })
	there := map[int]*db.Group{}
	for chunk := range slices.Chunk(ids, statementRows) {
		groups, err := roster.LockGroups(ctx, client, k.locks(), chunk)
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
				r.gone("A class or group of this row")
			case g.Synced == 1:
				r.refuse(syncedGroup(g))
			}
		}
	}
	// The submitter may not see any more what the student merely stays in.
	stay := slices.DeleteFunc(grouped(b.open(), func(r *plannedRow) []int { return r.plan.Keep }), func(id int) bool { return there[id] != nil })
	for chunk := range slices.Chunk(stay, statementRows) {
		groups, err := client.Group.Query().Where(group.IDIn(chunk...)).All(systemFor(ctx))
		if err != nil {
			return err
		}
		for _, g := range groups {
			there[g.ID] = g
		}
	}
	refuseRenamedGroups(b, there)
	return nil
}
