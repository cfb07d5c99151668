package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func (r mutationResolver) AssignStudentsToGroups(ctx context.Context,
	in model.AssignStudentsToGroupsInput) (*model.AssignStudentsToGroupsPayload, error) {
	done, err := changeEnrollments(ctx, in.StudentIds, in.GroupIds, r.Roster.AssignStudents)
	refusals, err := userErrors(ctx, err)
	return &model.AssignStudentsToGroupsPayload{
		EnrollmentsAdded: done.Changed, AlreadyEnrolled: done.Already,
		Students: all(done.Students, toStudent), Groups: all(done.Groups, toGroup), UserErrors: refusals,
	}, err
}

func (r mutationResolver) RemoveStudentsFromGroups(ctx context.Context,
	in model.RemoveStudentsFromGroupsInput) (*model.RemoveStudentsFromGroupsPayload, error) {
	done, err := changeEnrollments(ctx, in.StudentIds, in.GroupIds, r.Roster.RemoveStudents)
	refusals, err := userErrors(ctx, err)
	return &model.RemoveStudentsFromGroupsPayload{
		EnrollmentsRemoved: done.Changed,
		Students:           all(done.Students, toStudent), Groups: all(done.Groups, toGroup), UserErrors: refusals,
	}, err
}

func changeEnrollments(ctx context.Context, studentIDs, groupIDs []string,
	change func(context.Context, []int, []int) (roster.Assigned, error)) (roster.Assigned, error) {
	students, err := keys(globalid.Student, studentIDs, "studentIds")
	if err != nil {
		return roster.Assigned{}, err
	}
	groups, err := keys(globalid.Group, groupIDs, "groupIds")
	if err != nil {
		return roster.Assigned{}, err
	}
	done, err := change(ctx, students, groups)
	if err != nil {
		return roster.Assigned{}, err
	}
	// The audit entry of the change does not name students who stayed where they were, but
	// the answer shows them.
	if done.Changed < len(done.Students)*len(done.Groups) && selection.Has(ctx, "students") {
		trail.NoteRead(ctx, trail.Reading{List: "payload", Students: len(done.Students)})
	}
	if err := primeStudents(ctx, done.Students, "students"); err != nil {
		return done, err
	}
	return done, primeGroups(ctx, done.Groups, "groups")
}
