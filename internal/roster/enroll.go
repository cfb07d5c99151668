package roster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Pair is one student in one group.
type Pair struct{ StudentID, GroupID int }

// statementRows is how many rows one statement inserts or names.
const statementRows = 500

// Enroll adds the enrollments that are missing and returns the added ones. In the same
// transaction it updates the counts of students and groups.
//
// The caller has checked that the viewer may do this, and holds the locks of the students
// (see LockStudents). Every change of an enrollment needs these locks, so an enrollment
// that is missing now is still missing when it is inserted.
func Enroll(ctx context.Context, client *db.Client, pairs []Pair) ([]Pair, error) {
	there, err := existing(ctx, client, pairs)
	if err != nil {
		return nil, err
	}
	var added []Pair
	for _, p := range pairs {
		if !there[p] {
			there[p] = true
			added = append(added, p)
		}
	}
	if err := insert(ctx, client, added); err != nil {
		return nil, err
	}
	return added, count(ctx, client, added, +1)
}

// EnrollNew adds the first enrollments of students who were created in the same
// transaction. Their rows have the right counts already, so the indexes that separate
// students without a group are written only once. The counts of the groups are updated
// here. A pair must not occur twice.
func EnrollNew(ctx context.Context, client *db.Client, pairs []Pair) error {
	if err := insert(ctx, client, pairs); err != nil {
		return err
	}
	return countGroups(ctx, client, pairs, +1)
}

func insert(ctx context.Context, client *db.Client, pairs []Pair) error {
	for chunk := range slices.Chunk(pairs, statementRows) {
		args := make([]any, 0, 3*len(chunk))
		now := timestamp()
		for _, p := range chunk {
			args = append(args, now, p.StudentID, p.GroupID)
		}
		query := "INSERT INTO enrollments (created_at, student_id, group_id) VALUES " + places(len(chunk), "(?, ?, ?)")
		if _, err := client.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// Unenroll removes enrollments and returns those that were there; see Enroll.
func Unenroll(ctx context.Context, client *db.Client, pairs []Pair) ([]Pair, error) {
	there, err := existing(ctx, client, pairs)
	if err != nil {
		return nil, err
	}
	removed := slices.SortedFunc(maps.Keys(there), func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.StudentID, b.StudentID), cmp.Compare(a.GroupID, b.GroupID))
	})
	for chunk := range slices.Chunk(removed, statementRows) {
		args := make([]any, 0, 2*len(chunk))
		for _, p := range chunk {
			args = append(args, p.StudentID, p.GroupID)
		}
		query := "DELETE FROM enrollments WHERE " +
			strings.TrimSuffix(strings.Repeat("student_id = ? AND group_id = ? OR ", len(chunk)), " OR ")
		if _, err := client.ExecContext(ctx, query, args...); err != nil {
			return nil, err
		}
	}
	return removed, count(ctx, client, removed, -1)
}

// Enrolled returns the enrollments of students as they are now.
func Enrolled(ctx context.Context, client *db.Client, studentIDs []int) ([]Pair, error) {
	var pairs []Pair
	for chunk := range slices.Chunk(studentIDs, statementRows) {
		rows, err := client.Enrollment.Query().Where(enrollment.StudentIDIn(chunk...)).
			Select(enrollment.FieldStudentID, enrollment.FieldGroupID).All(viewer.AsSystem(ctx, "enrollment counts"))
		if err != nil {
			return nil, err
		}
		for _, e := range rows {
			pairs = append(pairs, Pair{e.StudentID, e.GroupID})
		}
	}
	return pairs, nil
}

func existing(ctx context.Context, client *db.Client, pairs []Pair) (map[Pair]bool, error) {
	wanted := make(map[Pair]bool, len(pairs))
	students := make(map[int]bool, len(pairs))
	for _, p := range pairs {
		wanted[p] = true
		students[p.StudentID] = true
	}
	all, err := Enrolled(ctx, client, slices.Sorted(maps.Keys(students)))
	if err != nil {
		return nil, err
	}
	there := make(map[Pair]bool)
	for _, p := range all {
		if wanted[p] {
			there[p] = true
		}
	}
	return there, nil
}

// count adds the number of pairs, times sign, to the counts of their students and groups.
// In one UPDATE, SQLite reads the old value of a column and MySQL the value that was just
// assigned; the expressions give the same result either way.
func count(ctx context.Context, client *db.Client, pairs []Pair, sign int) error {
	perStudent := map[int]int{}
	for _, p := range pairs {
		perStudent[p.StudentID] += sign
	}
	const students = "UPDATE students SET ungrouped = CASE WHEN group_count + (%d) = 0 THEN 1 ELSE 0 END, " +
		"group_count = group_count + (%d), version = version + 1 WHERE id IN (%s)"
	if err := addByNumber(ctx, client, students, perStudent); err != nil {
		return err
	}
	return countGroups(ctx, client, pairs, sign)
}

func countGroups(ctx context.Context, client *db.Client, pairs []Pair, sign int) error {
	perGroup := map[int]int{}
	for _, p := range pairs {
		perGroup[p.GroupID] += sign
	}
	const groups = "UPDATE `groups` SET student_count = student_count + (%[2]d), version = version + 1 WHERE id IN (%[3]s)"
	return addByNumber(ctx, client, groups, perGroup)
}

// addByNumber runs one statement for all rows that get the same number.
func addByNumber(ctx context.Context, client *db.Client, query string, numbers map[int]int) error {
	ids := map[int][]int{}
	for id, n := range numbers {
		ids[n] = append(ids[n], id)
	}
	for _, n := range slices.Sorted(maps.Keys(ids)) {
		slices.Sort(ids[n])
		for chunk := range slices.Chunk(ids[n], statementRows) {
			args := make([]any, len(chunk))
			for i, id := range chunk {
				args[i] = id
			}
			if _, err := client.ExecContext(ctx, fmt.Sprintf(query, n, n, places(len(chunk), "?")), args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// places returns n placeholders, separated by commas.
func places(n int, place string) string {
	return strings.TrimSuffix(strings.Repeat(place+", ", n), ", ")
}

// LockStudents reads students whom the viewer sees, in the order of their keys, and locks
// them until the transaction ends. Every change of a student or an enrollment takes these
// locks first and the locks of groups after them. The fixed order prevents deadlocks.
func LockStudents(ctx context.Context, client *db.Client, lock bool, ids []int) ([]*db.Student, error) {
	q := client.Student.Query().Where(student.IDIn(ids...)).Order(db.Asc(student.FieldID))
	if lock {
		q.ForUpdate()
	}
	return q.All(ctx)
}

// LockGroups does the same for groups.
func LockGroups(ctx context.Context, client *db.Client, lock bool, ids []int) ([]*db.Group, error) {
	q := client.Group.Query().Where(group.IDIn(ids...)).Order(db.Asc(group.FieldID))
	if lock {
		q.ForUpdate()
	}
	return q.All(ctx)
}
