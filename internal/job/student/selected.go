package student

import (
	"cmp"
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// maxSelected is how many students can be named one by one.
const maxSelected = 50_000

// selected is what the kinds of a selection of students share.
type selected struct{ env row.Env }

// Pick implements kind.Selector.
func (k selected) Pick(ctx context.Context, sel kind.Selection) (list []kind.Picked, err error) {
	if (sel.Matching == nil) == (sel.StudentIDs == nil) {
		return nil, fault.Invalidf("give either ids of students or a filter").At("selection")
	}
	// Everybody who matches at one moment.
	ctx, end := k.env.DB.Snapshot(ctx)
	defer end()
	at := "selection.matching"
	if sel.Matching != nil {
		err = sel.Matching.Each(ctx, func(students []*db.Student) error {
			for _, st := range students {
				list = append(list, kind.Picked{ID: st.ID, School: st.OrganizationID})
			}
			return nil
		})
	} else {
		at = "selection.studentIds"
		list, err = k.pickByID(ctx, sel.StudentIDs)
	}
	if err == nil && len(list) == 0 {
		err = fault.Invalidf("the selection holds no students").WithCode(row.Required).At(at)
	}
	return list, err
}

func (k selected) pickByID(ctx context.Context, ids []int) ([]kind.Picked, error) {
	const at = "selection.studentIds"
	if len(ids) > maxSelected {
		return nil, fault.Invalidf("name at most %d students one by one; to select more, use a filter",
			maxSelected).WithCode(row.TooMany).At(at)
	}
	found := map[int]*db.Student{}
	for chunk := range slices.Chunk(ids, bulk.StatementRows) {
		students, err := k.env.DB.Client(ctx).Student.Query().Where(student.IDIn(chunk...)).
			Select(student.FieldID, student.FieldOrganizationID, student.FieldSortName).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, st := range students {
			found[st.ID] = st
		}
	}
	var refusals roster.Refusals
	for i, id := range ids {
		if found[id] == nil && len(refusals) < roster.MaxSelection {
			refusals = append(refusals, roster.ErrNoStudent.At(at, i))
		}
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	students := make([]*db.Student, 0, len(found))
	for _, st := range found {
		students = append(students, st)
	}
	slices.SortFunc(students, func(a, b *db.Student) int {
		return cmp.Or(cmp.Compare(a.SortName, b.SortName), cmp.Compare(a.ID, b.ID))
	})
	list := make([]kind.Picked, len(students))
	for i, st := range students {
		list[i] = kind.Picked{ID: st.ID, School: st.OrganizationID}
	}
	return list, nil
}

// shown are the columns that show a selected student: those of an export, except the ones
// that an import ignores.
var shown = roster.StudentFields.Where(func(f *field.Field[db.Student]) bool { return !f.File.Exported })

// Header implements kind.Selector.
func (selected) Header() []string { return shown.Names() }

// Cells implements kind.Selector.
func (k selected) Cells(ctx context.Context, keys []int) (map[int][]string, error) {
	client := k.env.DB.Client(ctx)
	students, err := client.Student.Query().Where(student.IDIn(keys...)).WithOrganization().All(ctx)
	if err != nil {
		return nil, err
	}
	memberships, err := client.Enrollment.Query().Where(enrollment.StudentIDIn(keys...)).WithGroup().All(ctx)
	if err != nil {
		return nil, err
	}
	groups := map[int][]*db.Group{}
	for _, e := range memberships {
		if g := e.Edges.Group; g != nil {
			groups[e.StudentID] = append(groups[e.StudentID], g)
		}
	}
	cells := make(map[int][]string, len(students))
	for _, st := range students {
		slices.SortFunc(groups[st.ID], reach.ByName)
		others := map[string]string{
			field.ColDatabaseID: globalid.Encode(globalid.Student, st.ID),
			field.ColGroups:     reach.Listed(groups[st.ID]),
		}
		if st.Edges.Organization != nil {
			others[field.ColSchool] = st.Edges.Organization.Name
		}
		cells[st.ID] = shown.Cells(st, others)
	}
	return cells, nil
}
