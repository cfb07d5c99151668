package student

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// lookup is what a batch of rows needs to know about students.
type lookup struct {
	// Students whom the submitter sees.
	byID       map[int]*db.Student
	byExternal map[string]*db.Student
	// editable are the students whose fields the submitter may change; nil means all.
	editable map[int]bool

	// taken are all students of the district with one of the Student IDs of the
	// batch, the deleted and those outside of the purview too. Nothing of theirs
	// is ever shown.
	taken map[string]*db.Student
	// usernames are the keys of the students who have one of the usernames of the batch,
	// in the same way.
	usernames map[string]int
	// first are the rows of the batch that were the first about their student.
	first map[int]*studentRow
	// givers are the rows of the batch that give their student another username.
	givers map[int]*studentRow
	// foreign are those of them whom the submitter does not administer.
	foreign map[int]bool
	// shape is that of the IDs on record, and near are students in the purview whose IDs
	// look like unknown ones of the batch.
	shape reach.Shape
	near  map[string][]*db.Student

	// groups are the groups of a student that the submitter sees.
	groups map[int][]*db.Group
	finder *reach.GroupFinder
}

func (c *checker) findStudents(ctx context.Context, rows []*studentRow) (*lookup, error) {
	found := &lookup{first: map[int]*studentRow{}, byID: map[int]*db.Student{}, byExternal: map[string]*db.Student{},
		taken: map[string]*db.Student{}, usernames: map[string]int{}, foreign: map[int]bool{}, groups: map[int][]*db.Group{}}
	var ids []int
	var externalIDs []string
	for _, r := range rows {
		if r.id != 0 {
			ids = append(ids, r.id)
		}
		if r.externalID != "" {
			externalIDs = append(externalIDs, r.externalID)
		}
		if r.written != "" {
			externalIDs = append(externalIDs, r.written)
		}
	}
	client := c.DB.Client(ctx)
	system := viewer.AsSystem(ctx, "whether a Student ID or username is taken; the purview is checked beside it")
	district := student.DistrictID(c.Job.DistrictID)

	taken, err := c.withExternalIDs(ctx, externalIDs)
	if err != nil {
		return nil, err
	}
	for _, st := range taken {
		found.taken[st.ExternalID] = st
	}
	for _, r := range rows {
		if r.written != "" && found.taken[r.written] != nil {
			r.externalID = r.written // As it came into the roster before marks were taken off.
		}
	}
	// Administrators see everybody of theirs who is not deleted; only others have to
	// be asked for.
	for _, st := range taken {
		if st.DeletedAt == nil && c.Viewer.Administers(st.OrganizationID, st.DistrictID) {
			found.see(st)
		} else {
			ids = append(ids, st.ID)
		}
	}
	if keys := newUsernames(rows, found); len(keys) > 0 {
		owners, err := client.Student.Query().Where(district, student.UsernameKeyIn(keys...)).
			Select(student.FieldID, student.FieldUsernameKey, student.FieldOrganizationID, student.FieldDistrictID).All(system)
		if err != nil {
			return nil, err
		}
		for _, st := range owners {
			found.usernames[st.UsernameKey] = st.ID
			found.foreign[st.ID] = !c.Viewer.Administers(st.OrganizationID, st.DistrictID)
			ids = append(ids, st.ID)
		}
	}
	if err := c.seeOthers(ctx, found, ids); err != nil {
		return nil, err
	}
	if err := c.findNear(ctx, rows, found); err != nil {
		return nil, err
	}
	return found, c.findEditable(ctx, found)
}

// withExternalIDs reads the students of the district with some Student IDs, in the
// purview or not; of a password only whether there is one.
func (c *checker) withExternalIDs(ctx context.Context, externalIDs []string) ([]*db.Student, error) {
	if len(externalIDs) == 0 {
		return nil, nil
	}
	list, args, err := bulk.In(c.DB.Kind(), externalIDs)
	if err != nil {
		return nil, err
	}
	const synced, hasPassword, deleted = 1, 2, 4
	own := []string{"id", "organization_id",
		"synced + CASE WHEN password_hash IS NULL OR password_hash = '' THEN 0 ELSE 2 END + CASE WHEN deleted_at IS " +
			"NULL THEN 0 ELSE 4 END", "version"}
	var gone []int
	students := make([]*db.Student, 0, len(externalIDs))
	err = bulk.EachText(ctx, c.DB, append(own, columnsAsTexts()...),
		"FROM students WHERE district_id = ? AND external_id IN ("+list+")",
		append([]any{c.Job.DistrictID}, args...), func(texts []string) error {
			n, err := integers(texts[:len(own)]...)
			if err != nil {
				return err
			}
			if n[2]&deleted != 0 {
				gone = append(gone, n[0])
				return nil
			}
			st := &db.Student{
				ID:             n[0],
				DistrictID:     c.Job.DistrictID,
				OrganizationID: n[1],
				Synced:         int8(n[2] & synced),
				Version:        n[3],
			}
			if n[2]&hasPassword != 0 {
				st.PasswordHash = "set"
			}
			for i, f := range values {
				if err := f.Load(st, texts[len(own)+i]); err != nil {
					return err
				}
			}
			students = append(students, st)
			return nil
		})
	if err != nil || len(gone) == 0 {
		return students, err
	}
	// The databases format the time of deletion differently; few students are deleted.
	dead, err := c.DB.Client(ctx).Student.Query().Where(student.DistrictID(c.Job.DistrictID), student.IDIn(gone...)).
		Select(checkedColumns...).
		All(viewer.AsSystem(ctx, "whether a Student ID is taken by a deleted student; the purview is checked beside it"))
	return append(students, dead...), err
}

// membersOf reads the groups of students, in the purview or not.
func (c *checker) membersOf(ctx context.Context, studentIDs []int) (pairs []roster.Pair, err error) {
	if len(studentIDs) == 0 {
		return nil, nil
	}
	list, args, err := bulk.In(c.DB.Kind(), studentIDs)
	if err != nil {
		return nil, err
	}
	pairs = make([]roster.Pair, 0, len(studentIDs))
	err = bulk.EachText(ctx, c.DB, []string{"student_id", "group_id"}, "FROM enrollments WHERE student_id IN ("+list+")",
		args, func(values []string) error {
			n, err := integers(values...)
			pairs = append(pairs, roster.Pair{StudentID: n[0], GroupID: n[1]})
			return err
		})
	return pairs, err
}

// columnsAsTexts are the columns of the values of a student; none of them is NULL.
func columnsAsTexts() []string {
	columns := values.DB()
	for i, f := range values {
		if f.Optional {
			columns[i] = "COALESCE(" + f.DB + ", '')"
		}
	}
	return columns
}

// integers reads numbers that a database has written.
func integers(texts ...string) (n [4]int, err error) {
	for i, t := range texts {
		if n[i], err = strconv.Atoi(t); err != nil {
			return n, err
		}
	}
	return n, nil
}

// checkedColumns are the columns of students that a check looks at.
var checkedColumns = append(values.DB(), student.FieldID, student.FieldDistrictID, student.FieldOrganizationID,
	student.FieldPasswordHash, student.FieldSynced, student.FieldDeletedAt, student.FieldVersion)

// see adds a student whom the submitter sees.
func (l *lookup) see(st *db.Student) {
	l.byID[st.ID] = st
	l.byExternal[st.ExternalID] = st
}

// newUsernames returns the keys of the usernames in rows, except those that the student of
// the row already has.
func newUsernames(rows []*studentRow, found *lookup) []string {
	var keys []string
	for _, r := range rows {
		username := roster.Clean(r.Text(field.ColUsername))
		if username == "" {
			continue
		}
		// Most students have exactly the username that is in the file.
		st := found.taken[r.externalID]
		same := st != nil && (r.id == 0 || r.id == st.ID)
		if same && st.Username == username {
			continue
		}
		if key := fold.Key(username); !same || fold.Key(st.Username) != key {
			keys = append(keys, key)
		}
	}
	return keys
}

// seeOthers reads the students with some keys whom the submitter sees and who have not
// been found yet.
func (c *checker) seeOthers(ctx context.Context, found *lookup, ids []int) error {
	ids = slices.DeleteFunc(ids, func(id int) bool { return found.byID[id] != nil })
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	students, err := c.DB.Client(ctx).Student.Query().
		Where(student.DistrictID(c.Job.DistrictID), student.IDIn(slices.Compact(ids)...)).
		Select(checkedColumns...).All(ctx)
	for _, st := range students {
		found.see(st)
	}
	return err
}

// findEditable finds out whose fields the submitter may change. Administrators may
// change everybody they see.
func (c *checker) findEditable(ctx context.Context, found *lookup) error {
	if !c.Viewer.IsTeacher() {
		return nil
	}
	var err error
	found.editable, err = bulk.IDSet(c.DB.Client(ctx).Student.Query().
		Where(student.IDIn(slices.Sorted(maps.Keys(found.byID))...), rule.StudentsEdited(c.Viewer)).IDs(ctx))
	return err
}

// mayEdit reports whether the submitter may change the fields of a student who is
// seen.
func (l *lookup) mayEdit(st *db.Student) bool {
	return l.editable == nil || l.editable[st.ID]
}

// findGroupsOf reads the groups of which the students of the rows are members, and those
// that the rows name.
func (c *checker) findGroupsOf(ctx context.Context, rows []*studentRow, found *lookup) error {
	var ids []int
	var wishes []reach.GroupWish
	for _, r := range rows {
		if r.school == nil {
			continue
		}
		if r.st != nil {
			ids = append(ids, r.st.ID)
		}
		for _, line := range append([]*studentRow{r}, r.more...) {
			for i, text := range line.tokens {
				wishes = append(wishes, reach.GroupWish{Text: text, Schools: []int{r.school.ID}, Parts: true, Raw: line.raw[i]})
			}
		}
	}
	client := c.DB.Client(ctx)
	// People who see a group see its members, and the groups are read in the purview.
	memberships, err := c.membersOf(ctx, ids)
	if err != nil {
		return err
	}
	if found.finder, err = c.FindGroups(ctx, wishes); err != nil {
		return err
	}
	groups := found.finder.ByID
	missing := map[int]bool{}
	for _, e := range memberships {
		if groups[e.GroupID] == nil && !found.finder.AskedIDs[e.GroupID] {
			missing[e.GroupID] = true
			found.finder.AskedIDs[e.GroupID] = true
		}
	}
	for list := range reach.Chunks(missing) {
		if err := found.finder.Keep(ctx, client.Group.Query().Where(group.IDIn(list...)), found.finder.AddID); err != nil {
			return err
		}
	}
	for _, e := range memberships {
		if g := groups[e.GroupID]; g != nil {
			found.groups[e.StudentID] = append(found.groups[e.StudentID], g)
		}
	}
	for _, groups := range found.groups {
		if len(groups) > 1 {
			slices.SortFunc(groups, reach.ByName)
		}
	}
	return nil
}
