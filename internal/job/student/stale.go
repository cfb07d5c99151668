package student

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
)

// refuseStaleStudents refuses the rows whose students have changed since the preview,
// or may not be changed by everybody with a hand in the job.
func (k *shared) refuseStaleStudents(ctx context.Context, client *db.Client, b *row.Batch, students map[int]*db.Student,
	ids []int) error {
	visible := map[int]bool{}
	editable := visible
	if b.Viewer.IsTeacher() {
		editable = map[int]bool{}
	}
	for chunk := range slices.Chunk(ids, bulk.StatementRows) {
		if err := bulk.AddIDs(visible)(client.Student.Query().Where(student.IDIn(chunk...)).IDs(ctx)); err != nil {
			return err
		}
		if b.Viewer.IsTeacher() {
			if err := bulk.AddIDs(editable)(client.Student.Query().Where(student.IDIn(chunk...), rule.StudentsEdited(b.Viewer)).
				IDs(ctx)); err != nil {
				return err
			}
		}
	}
	reserved, err := k.stillReserved(ctx, client, b, students)
	if err != nil {
		return err
	}
	for _, r := range b.Rows {
		st := students[r.TargetID]
		p := r.Plan
		switch {
		case p.SchoolID != 0 && !b.Viewer.Administers(p.SchoolID, b.Job.DistrictID) &&
			(p.Do != row.Create || !b.Viewer.WorksAt(p.SchoolID, b.Job.DistrictID)):
			r.Gone("The school")
		case p.Do == row.Create:
		case p.Do == row.Revive:
			if st == nil || st.Version != r.TargetVersion || !reserved[st.ID] ||
				!b.Viewer.Administers(st.OrganizationID, st.DistrictID) {
				r.Stale("The student can no longer be brought back.")
			}
		case st == nil, !visible[st.ID]:
			r.Gone("The student")
		case st.Version != r.TargetVersion:
			r.Stale("Somebody changed the student after the file was checked.")
		case !editable[st.ID] && (len(p.Set) > 0 || r.Hash != ""),
			p.SchoolID != 0 && !b.Viewer.Administers(st.OrganizationID, st.DistrictID):
			r.Refuse(row.Problemf(row.Forbidden, "Ask an administrator of the district.",
				"Somebody who took part in the upload may not make this change."))
		}
	}
	return nil
}

// stillReserved returns the students of rows that bring somebody back who can still come
// back, by the current settings.
func (k *shared) stillReserved(ctx context.Context, client *db.Client, b *row.Batch,
	students map[int]*db.Student) (map[int]bool, error) {
	var deleted []*db.Student
	var schools []int
	for _, r := range b.Rows {
		if st := students[r.TargetID]; st != nil && st.DeletedAt != nil && r.Plan.Do == row.Revive {
			deleted = append(deleted, st)
			schools = append(schools, st.OrganizationID)
		}
	}
	if len(deleted) == 0 {
		return nil, nil
	}
	settings, err := setting.ByID(ctx, client, k.Now(), schools...)
	reserved := map[int]bool{}
	for _, st := range deleted {
		reserved[st.ID] = settings[st.OrganizationID].Reserves(*st.DeletedAt, k.Now())
	}
	return reserved, err
}

// unique are the fields in which no two students of a district have the same value.
var unique = roster.StudentFields.Where(func(f *field.Field[db.Student]) bool { return f.Taken != "" })

// refuseTaken refuses the rows whose Student ID or username somebody else got after
// the check.
func (k *shared) refuseTaken(system context.Context, client *db.Client, b *row.Batch) error {
	for _, f := range unique {
		var wanted []string
		for _, r := range b.Open() {
			if text := r.Plan.Text(f.DB); text != "" {
				wanted = append(wanted, text)
			}
		}
		owners, err := ownersOf(system, client, b.Job.DistrictID, f, wanted)
		if err != nil {
			return err
		}
		gives := map[int]bool{}
		for _, r := range b.Open() {
			if f.DB == student.FieldUsernameKey && r.TargetID != 0 && r.Plan.Text(f.DB) != "" {
				gives[r.TargetID] = true
			}
		}
		for _, r := range b.Open() {
			if id := owners[r.Plan.Text(f.DB)]; id != 0 && id != r.TargetID && !gives[id] {
				r.Refuse(row.Problemf(f.Taken, "Upload the row again to see what it would change now.",
					"Somebody else got this %s after the file was checked.", f.Is))
			}
		}
	}
	return nil
}

// ownersOf are the students of a district who have one of some values, by the values.
func ownersOf(system context.Context, client *db.Client, districtID int, f *field.Field[db.Student],
	texts []string) (map[string]int, error) {
	owners := map[string]int{}
	for chunk := range slices.Chunk(texts, bulk.StatementRows) {
		found, err := client.Student.Query().Where(student.DistrictID(districtID)).
			Where(func(sel *sql.Selector) { sel.Where(sql.In(sel.C(f.DB), bulk.Args(chunk)...)) }).
			Select(student.FieldID, f.DB).All(system)
		if err != nil {
			return nil, err
		}
		for _, st := range found {
			owners[f.Text(st)] = st.ID
		}
	}
	return owners, nil
}

// refuseStaleGroups locks the groups that students join and leave, and the others that
// the preview lists, after the students as everywhere. It refuses the rows for which a
// group has changed. A group's version does not help, because it grows with each
// student who joins or leaves.
func (k *shared) refuseStaleGroups(ctx context.Context, client *db.Client, b *row.Batch,
	students map[int]*db.Student) error {
	ids := row.IDs(b.Open(), func(r *row.Planned) []int { return slices.Concat(r.Plan.Groups(), r.NewIDs) })
	there, err := k.LockGroups(ctx, client, ids)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		for _, id := range slices.Concat(r.Joins(), r.Plan.Leave) {
			switch g := there[id]; {
			case id == 0: // A new group that the row creates.
			case g == nil:
				r.Gone("A class or group of this row")
			case g.Synced == 1:
				r.Refuse(reach.SyncedGroup(g))
			case g.OrganizationID != schoolAfter(r, students) && slices.Contains(r.Joins(), id):
				r.Refuse(reach.OtherSchoolByNow(g))
			}
		}
	}
	// The submitter may not see any more what the student merely stays in.
	stay := slices.DeleteFunc(row.IDs(b.Open(), func(r *row.Planned) []int { return r.Plan.Keep }), func(id int) bool {
		return there[id] != nil
	})
	for chunk := range slices.Chunk(stay, bulk.StatementRows) {
		groups, err := client.Group.Query().Where(group.IDIn(chunk...)).All(row.SystemFor(ctx))
		if err != nil {
			return err
		}
		for _, g := range groups {
			there[g.ID] = g
		}
	}
	reach.RefuseRenamedGroups(b, there)
	return nil
}
