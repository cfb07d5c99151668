package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// editableStudents finds the students whom the viewer may edit.
func editableStudents(d *database.DB) func(context.Context, []int) (map[int]bool, error) {
	return func(ctx context.Context, ids []int) (map[int]bool, error) {
		found, err := d.Client(ctx).Student.Query().
			Where(student.IDIn(ids...), rule.StudentsEdited(viewer.FromContext(ctx))).IDs(ctx)
		editable := make(map[int]bool, len(found))
		for _, id := range found {
			editable[id] = true
		}
		return editable, err
	}
}
