package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// stray is an enrollment in a group of another school than the student's. Earlier versions
// created them: a student who moved stayed in the old school's groups.
type stray = roster.Pair

// straysAtOnce is how many enrollments one transaction ends.
const straysAtOnce = 500

// findStrays returns the enrollments across schools of students in a range of keys.
func findStrays(ctx context.Context, client *db.Client, from, to int) (strays []stray, err error) {
	rows, err := client.QueryContext(ctx, "SELECT e.student_id, e.group_id FROM students s "+
		"JOIN enrollments e ON e.student_id = s.id JOIN `groups` g ON g.id = e.group_id WHERE s.id > ? AND s.id <= ? AND "+
		"g.organization_id <> s.organization_id ORDER BY e.student_id, e.group_id", from, to)
	if err != nil {
		return nil, fmt.Errorf("check enrollments: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s stray
		if err := rows.Scan(&s.StudentID, &s.GroupID); err != nil {
			return nil, err
		}
		strays = append(strays, s)
	}
	return strays, rows.Err()
}

// treatStrays reports the enrollments across schools in a range, and ends them, several in
// a transaction. The counts of students and groups are updated.
func (d *Doctor) treatStrays(ctx context.Context, from, to int, repair bool, report func(Finding) error) error {
	strays, err := findStrays(ctx, d.db.Client(ctx), from, to)
	if err != nil {
		return err
	}
	for _, s := range strays {
		if err := report(Finding{Table: "students", ID: s.StudentID, Column: "enrollment",
			Has: fmt.Sprintf("in group %d of another school", s.GroupID), Wants: "ended"}); err != nil {
			return err
		}
	}
	if !repair {
		return nil
	}
	for some := range slices.Chunk(strays, straysAtOnce) {
		err := d.db.InTx(ctx, func(ctx context.Context, client *db.Client) error { return d.endStrays(ctx, client, some) })
		if err != nil {
			return fmt.Errorf("end enrollments in groups of other schools: %w", err)
		}
	}
	return nil
}

// endStrays ends those of the given enrollments that still join a student and a group of
// different schools.
func (d *Doctor) endStrays(ctx context.Context, client *db.Client, strays []stray) error {
	var ids []int
	for _, s := range strays {
		ids = append(ids, s.StudentID)
	}
	students, err := roster.LockStudents(ctx, client, d.db.RowLocks(), slices.Compact(ids))
	if err != nil {
		return err
	}
	schools := map[int]int{}
	for _, st := range students {
		schools[st.ID] = st.OrganizationID
	}
	left, _, err := roster.Leaving(ctx, client, d.db.RowLocks(), schools)
	if err != nil {
		return err
	}
	ended, err := roster.Unenroll(ctx, client, left)
	if err == nil {
		recordEnded(ctx, students, ended)
	}
	return err
}

// recordEnded records which enrollments were ended, in an entry for each school.
func recordEnded(ctx context.Context, students []*db.Student, ended []roster.Pair) {
	groups := map[int][]int{}
	for _, p := range ended {
		groups[p.StudentID] = append(groups[p.StudentID], p.GroupID)
	}
	students = slices.DeleteFunc(students, func(st *db.Student) bool { return len(groups[st.ID]) == 0 })
	for _, part := range audit.BySchool(students, func(st *db.Student) int { return st.OrganizationID }) {
		e := audit.Event{Action: audit.StudentsRemoved, DistrictID: part[0].DistrictID,
			OrganizationID: part[0].OrganizationID}
		enrollments := 0
		for _, st := range part {
			var c audit.Changes
			c.Gone("groups", audit.IDs(globalid.Group, groups[st.ID]...))
			enrollments += len(groups[st.ID])
			e.Others = append(e.Others, audit.Detail{Subject: audit.On(globalid.Student, st.ID), Changes: c})
		}
		e.Facts = audit.Facts{"students": len(part), "enrollments": enrollments}
		audit.Record(ctx, e)
	}
}
