package student

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// schoolAfter returns the school of a row's student after the row was written.
func schoolAfter(r *row.Planned, students map[int]*db.Student) int {
	if school, moves := r.Plan.Set[student.FieldOrganizationID].(int); moves {
		return school
	}
	if st := students[r.TargetID]; st != nil {
		return st.OrganizationID
	}
	return 0
}

// alsoLeft returns enrollments of students who move to another school that the plans do
// not end: those in groups that the submitter does not see. There are none unless an
// earlier version has left some.
func (k *shared) alsoLeft(ctx context.Context, client *db.Client, b *row.Batch) (also []roster.Pair, err error) {
	to, byStudent := map[int]int{}, map[int]*row.Planned{}
	for _, r := range b.Open() {
		if school, moves := r.Plan.Set[student.FieldOrganizationID].(int); moves && r.Plan.Do == row.Update {
			to[r.TargetID], byStudent[r.TargetID] = school, r
		}
	}
	if len(to) == 0 {
		return nil, nil
	}
	left, groups, err := roster.Leaving(ctx, client, k.Locks(), to)
	if err != nil {
		return nil, err
	}
	for _, p := range left {
		r := byStudent[p.StudentID]
		switch {
		case slices.Contains(r.Plan.Leave, p.GroupID):
		case groups[p.GroupID].Synced == 1:
			r.Refuse(row.Problemf(row.SyncedGroup, "Have the student leave it in the school's information system.",
				"The student is in a class or group that the school's information system keeps."))
		default:
			also = append(also, p)
		}
	}
	return also, nil
}

// schoolBefore returns the school of a row's student after the row was undone.
func schoolBefore(r *row.Applied, students map[int]*db.Student) int {
	if school, moves := r.Before.Set[student.FieldOrganizationID].(int); moves {
		return school
	}
	return students[r.TargetID].OrganizationID
}

// leftBack returns the enrollments that end when students go back to the school from which
// a job has taken them.
func (k *shared) leftBack(ctx context.Context, client *db.Client, b *row.UndoBatch) ([]roster.Pair, error) {
	to, byStudent := map[int]int{}, map[int]*row.Applied{}
	for _, r := range b.Open() {
		if school, moves := r.Before.Set[student.FieldOrganizationID].(int); moves && r.Plan.Do == row.Update {
			to[r.TargetID], byStudent[r.TargetID] = school, r
		}
	}
	if len(to) == 0 {
		return nil, nil
	}
	left, groups, err := roster.Leaving(ctx, client, k.Locks(), to)
	for _, p := range left {
		if groups[p.GroupID].Synced == 1 {
			byStudent[p.StudentID].Keep(row.ChangedSince, "Make the change in the school's information system.",
				"The school's information system keeps a class or group of the student by now.")
		}
	}
	return left, err
}
