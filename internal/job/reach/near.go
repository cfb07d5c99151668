package reach

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// shapeSample is how many of the first and of the last IDs on record show what they look
// like.
const shapeSample = 50

// ShapeOfStudentIDs looks at the Student IDs of the district.
func (c *Check) ShapeOfStudentIDs(ctx context.Context) (Shape, error) {
	return c.shapeOf("students", func(way sql.OrderTermOption) ([]string, error) {
		return c.DB.Client(ctx).Student.Query().Where(student.DistrictID(c.Job.DistrictID)).
			Order(student.ByExternalID(way)).Limit(shapeSample).Select(student.FieldExternalID).
			Strings(viewer.AsSystem(ctx, "what the Student IDs of the district look like; none of them is shown"))
	})
}

// ShapeOfGroupIDs looks at the external IDs of the groups of the district.
func (c *Check) ShapeOfGroupIDs(ctx context.Context) (Shape, error) {
	return c.shapeOf("groups", func(way sql.OrderTermOption) ([]string, error) {
		return c.DB.Client(ctx).Group.Query().Where(group.DistrictID(c.Job.DistrictID), group.ExternalIDNotNil()).
			Order(group.ByExternalID(way)).Limit(shapeSample).Select(group.FieldExternalID).
			Strings(viewer.AsSystem(ctx, "what the IDs of groups look like; none of them is shown"))
	})
}

// ShapeOfEducatorIDs looks at the external IDs of the educators of the district.
func (c *Check) ShapeOfEducatorIDs(ctx context.Context) (Shape, error) {
	return c.shapeOf("educators", func(way sql.OrderTermOption) ([]string, error) {
		return c.DB.Client(ctx).Educator.Query().Where(educator.DistrictID(c.Job.DistrictID), educator.ExternalIDNotNil()).
			Order(educator.ByExternalID(way)).Limit(shapeSample).Select(educator.FieldExternalID).
			Strings(viewer.AsSystem(ctx, "what the IDs of educators look like; none of them is shown"))
	})
}

// shapeOf looks once for each job.
func (c *Check) shapeOf(what string, read func(sql.OrderTermOption) ([]string, error)) (Shape, error) {
	if s, known := c.shapes[what]; known {
		return s, nil
	}
	var ids []string
	for _, way := range []sql.OrderTermOption{sql.OrderAsc(), sql.OrderDesc()} {
		some, err := read(way)
		if err != nil {
			return Shape{}, err
		}
		ids = append(ids, some...)
	}
	if c.shapes == nil {
		c.shapes = map[string]Shape{}
	}
	c.shapes[what] = ShapeOf(ids)
	return c.shapes[what], nil
}

// NearStudents reads the students whom the submitter sees and who have one of some IDs. wanted
// says for each of these IDs which IDs of the file it looks like; so does the answer.
func (c *Check) NearStudents(ctx context.Context, wanted map[string][]string) (map[string][]*db.Student, error) {
	near := map[string][]*db.Student{}
	for list := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), 2*bulk.StatementRows) {
		some, err := c.DB.Client(ctx).Student.Query().
			Where(student.DistrictID(c.Job.DistrictID), student.DeletedAtIsNil(), student.ExternalIDIn(list...)).
			Select(student.FieldID, student.FieldOrganizationID, student.FieldExternalID, student.FieldFirstName,
				student.FieldLastName).Order(student.ByID()).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, st := range some {
			for _, id := range wanted[st.ExternalID] {
				if c.Reaches(st.OrganizationID) {
					near[id] = append(near[id], st)
				}
			}
		}
	}
	return near, nil
}

// DidYouMean is the question for whom somebody means by an unknown ID, or "".
func DidYouMean(list []*db.Student) string {
	if len(list) == 0 {
		return ""
	}
	return "Did you mean " + NamesOf(list, func(st *db.Student) string {
		return st.ExternalID + ", " + st.FirstName + " " + st.LastName
	}) + "? "
}

// Twice is the warning that a row would create something that is there already. what names
// the kind of thing, and why what is the same; there are those on record, and where says
// what to write.
func Twice(what, why, there, write string) *row.Problem {
	return row.Problemf(row.PossibleDuplicate,
		"If the row means that one, write its "+write+"; otherwise you need not do anything.",
		"There is already %s with %s: %s.", what, why, there)
}

// SameID is what IDs have in common that Skeleton takes for one.
const SameID = "an ID that looks the same"

// LooksLikeEarlier returns the first row of the file that creates something with another ID
// that looks like a new one, or 0. Only what looks otherwise than its skeleton is noted,
// so that plain numbers take no room. kind is that of the claims of the IDs themselves.
func (c *Check) LooksLikeEarlier(kind, scope, id string, number int) int {
	key := Skeleton(id)
	switch key {
	case "":
		return 0
	case id:
		return c.Seen.First("looks "+kind, scope+key)
	}
	// The IDs of a batch are claimed before any of its rows is looked at here.
	if first := c.Seen.First(kind, scope+key); first != 0 && first < number {
		return first
	}
	if first := c.Seen.Claim("looks "+kind, scope+key, number); first != number {
		return first
	}
	return 0
}
