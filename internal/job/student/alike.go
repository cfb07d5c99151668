package student

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// namesake is what makes a new student look like one who is there.
type namesake struct {
	school   int
	sortName string
	grade    int
}

// maxNamesakes is how many students are read for the namesakes of one batch, so
// that a school full of them does not make each batch as long as the school.
const maxNamesakes = 20_000

// warnOfAlike warns of rows that would create a student with the name and grade of
// one who is at the school already, under another Student ID, and offers the
// match. It takes one statement for a batch.
func (c *checker) warnOfAlike(ctx context.Context, rows []*studentRow) error {
	alike := map[namesake][]*studentRow{}
	schools, names := map[int]bool{}, map[string]bool{}
	for _, r := range rows {
		if r.Plan == nil || r.Plan.Do != row.Create {
			continue
		}
		peopled, err := c.isPeopled(ctx, r.school.ID)
		if err != nil {
			return err
		}
		if !peopled {
			continue
		}
		n := namesake{r.school.ID, r.Plan.Set[student.FieldSortName].(string), r.Plan.Set[student.FieldGrade].(int)}
		alike[n] = append(alike[n], r)
		schools[n.school], names[n.sortName] = true, true
	}
	if len(alike) == 0 {
		return nil
	}
	in := student.OrganizationIDIn(slices.Sorted(maps.Keys(schools))...)
	if len(schools) > 1 {
		// One range of the index for each name, and not one for each name at each school.
		in = student.DistrictID(c.Job.DistrictID)
	}
	// Whom an administrator of the school sees is known without the policy.
	as := ctx
	if !slices.ContainsFunc(slices.Collect(maps.Keys(schools)), func(id int) bool {
		return !c.Viewer.Administers(id, c.Job.DistrictID)
	}) {
		as = viewer.AsSystem(ctx, "namesakes at schools that the submitter administers")
	}
	found, err := c.DB.Client(ctx).Student.Query().
		Where(in, student.DeletedAtIsNil(), student.SortNameIn(slices.Sorted(maps.Keys(names))...)).
		Select(student.FieldID, student.FieldOrganizationID, student.FieldSortName, student.FieldGrade,
			student.FieldExternalID, student.FieldFirstName, student.FieldLastName).Order(student.ByID()).
		Limit(maxNamesakes).All(as)
	if err != nil {
		return err
	}
	candidates := map[namesake][]*db.Student{}
	for _, st := range found {
		n := namesake{st.OrganizationID, st.SortName, int(st.Grade)}
		if alike[n] != nil {
			candidates[n] = append(candidates[n], st)
		}
	}
	for n, list := range candidates {
		slices.SortFunc(list, func(a, b *db.Student) int { return a.ID - b.ID })
		for _, r := range alike[n] {
			r.Warn("", looksLike(list))
		}
	}
	return nil
}

// isPeopled reports whether a school has students. Most of the longest files fill
// empty schools, in which there are no namesakes.
func (c *checker) isPeopled(ctx context.Context, schoolID int) (bool, error) {
	if is, known := c.Peopled[schoolID]; known {
		return is, nil
	}
	is, err := c.DB.Client(ctx).Student.Query().Where(student.OrganizationID(schoolID), student.DeletedAtIsNil()).
		Exist(viewer.AsSystem(ctx, "whether a school is empty"))
	if c.Peopled == nil {
		c.Peopled = map[int]bool{}
	}
	c.Peopled[schoolID] = is
	return is, err
}

// looksLike offers students whom a row may mean.
func looksLike(list []*db.Student) *row.Problem {
	names := reach.NamesOf(list, func(st *db.Student) string {
		return fmt.Sprintf("%s (Database ID %s)", reach.Label(st.FirstName, st.LastName, st.ExternalID),
			globalid.Encode(globalid.Student, st.ID))
	})
	p := row.Problemf(row.PossibleDuplicate,
		"If the row means that student, add the Database ID; otherwise you need not do anything.",
		"The school has a student with this name in this grade already: %s.", names)
	for _, st := range list[:min(len(list), reach.MaxCandidates)] {
		p.Candidates = append(p.Candidates, st.ID)
	}
	return p
}
