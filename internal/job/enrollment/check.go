package enrollment

import (
	"context"
	"maps"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// enrollmentCheck makes plans of the rows of a file with one line for each person
// of a group, students and educators alike.
type enrollmentCheck struct{ *reach.Check }

// enrollmentRow is one row and what it means.
type enrollmentRow struct {
	*sheet.Row
	group  string
	person string
	role   string // "student", "teacher", or empty.

	st      *db.Student
	e       *db.Educator
	schools []int // The schools of the person.
}

// personLookup holds the people that a batch of rows may mean, as far as the submitter
// sees them, and the groups that they are already in.
type personLookup struct {
	// near are students whose IDs look like those that nobody has.
	near      map[string][]*db.Student
	students  map[string]*db.Student
	educators map[string]*db.Educator
	setBy     *reach.SetBy
	// elsewhere are the texts that mean educators who are not of the school for which
	// the file was uploaded.
	elsewhere map[string]bool
	// at are the schools at which an educator holds a role.
	at       map[int][]int
	enrolled map[roster.Pair]bool
	// teaching has educators in the place of students.
	teaching map[roster.Pair]bool
}

// CheckRows implements kind.Checker.
func (c *enrollmentCheck) CheckRows(ctx context.Context, rows []*sheet.Row) error {
	var all []*enrollmentRow
	for _, r := range rows {
		if r.Refused {
			continue
		}
		line := &enrollmentRow{
			Row:    r,
			group:  roster.Clean(r.Text(field.ColGroups)),
			person: r.ID(field.ColPerson),
		}
		r.CannotClear(field.ColGroups, field.ColPerson)
		if line.role = roleOf(r.Text(field.ColRole)); line.role == unknownRole {
			r.Fail(field.ColRole,
				row.Problemf(row.UnknownRole, "Write Student or Teacher.", "This is not a role in a class or group."))
		}
		if line.group == "" && !r.Refused {
			r.Needs(field.ColGroups, "Each line puts one person into one class or group.")
		}
		if line.person == "" && !r.Refused {
			r.Needs(field.ColPerson, "Each line puts one person into one class or group.")
		}
		if !r.Refused {
			all = append(all, line)
		}
	}
	found, err := c.findPersons(ctx, all)
	if err != nil {
		return err
	}
	if err := c.findNear(ctx, all, found); err != nil {
		return err
	}
	var wishes []reach.GroupWish
	for _, r := range all {
		if c.person(r, found); !r.Refused {
			wishes = append(wishes, reach.GroupWish{Text: r.group, Schools: r.schools, Parts: true,
				Raw: r.Text(field.ColGroups)})
		}
	}
	finder, err := c.FindGroups(ctx, wishes)
	if err != nil {
		return err
	}
	if err := c.findMemberships(ctx, all, found); err != nil {
		return err
	}
	for _, r := range all {
		if !r.Refused {
			c.planRow(r, found, finder)
		}
	}
	return nil
}

// unknownRole is a role that nobody has in a group.
const unknownRole = "?"

// roleOf returns the role that a cell gives, if any.
func roleOf(cell string) string {
	switch role := sheet.HeaderKey(cell); role {
	case "", "student", "teacher":
		return role
	case "educator":
		return "teacher"
	default:
		return unknownRole
	}
}

// areTogether reports whether the person of a row is in a group.
func (l *personLookup) areTogether(r *enrollmentRow, group int) bool {
	if r.st != nil {
		return l.enrolled[roster.Pair{StudentID: r.st.ID, GroupID: group}]
	}
	return l.teaching[roster.Pair{StudentID: r.e.ID, GroupID: group}]
}

// findPersons reads everybody whom the rows may mean, by their own IDs and by Database ID.
func (c *enrollmentCheck) findPersons(ctx context.Context, rows []*enrollmentRow) (*personLookup, error) {
	found := &personLookup{
		students:  map[string]*db.Student{},
		near:      map[string][]*db.Student{},
		educators: map[string]*db.Educator{},
		elsewhere: map[string]bool{},
		at:        map[int][]int{},
		enrolled:  map[roster.Pair]bool{},
		teaching:  map[roster.Pair]bool{},
	}
	var texts []string
	var studentIDs, educatorIDs []int
	for _, r := range rows {
		texts = append(texts, r.person)
		if id, ok := globalid.Key(globalid.Student, r.person); ok {
			studentIDs = append(studentIDs, id)
		}
		if id, ok := globalid.Key(globalid.Educator, r.person); ok {
			educatorIDs = append(educatorIDs, id)
		}
	}
	client := c.DB.Client(ctx)
	students, err := client.Student.Query().
		Where(student.DistrictID(c.Job.DistrictID), student.ExternalIDIn(texts...)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, st := range students {
		found.students[st.ExternalID] = st
	}
	if students, err = client.Student.Query().Where(student.DistrictID(c.Job.DistrictID), student.IDIn(studentIDs...)).
		All(ctx); err != nil {
		return nil, err
	}
	for _, st := range students {
		found.students[globalid.Encode(globalid.Student, st.ID)] = st
	}
	educators, err := client.Educator.Query().
		Where(educator.DistrictID(c.Job.DistrictID), educator.ExternalIDIn(texts...), educator.Service(0)).
		All(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range educators {
		found.educators[*e.ExternalID] = e
	}
	if educators, err = client.Educator.Query().
		Where(educator.DistrictID(c.Job.DistrictID), educator.IDIn(educatorIDs...), educator.Service(0)).
		All(ctx); err != nil {
		return nil, err
	}
	for _, e := range educators {
		found.educators[globalid.Encode(globalid.Educator, e.ID)] = e
	}
	var ids []int
	for _, e := range found.educators {
		ids = append(ids, e.ID)
	}
	local, err := c.Local(ctx, ids)
	if err != nil {
		return nil, err
	}
	for text, e := range found.educators {
		if !local[e.ID] {
			delete(found.educators, text)
			found.elsewhere[text] = true
		}
	}
	ctx = c.Here(ctx)
	named := map[int]bool{}
	for _, e := range found.educators {
		named[e.ID] = true
	}
	if found.setBy, err = c.FindSetters(ctx, named); err != nil {
		return nil, err
	}
	held, err := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...)).All(ctx)
	for _, r := range held {
		found.at[r.EducatorID] = append(found.at[r.EducatorID], r.OrganizationID)
	}
	return found, err
}

// findNear reads students whose IDs look like those that nobody has.
func (c *enrollmentCheck) findNear(ctx context.Context, rows []*enrollmentRow, found *personLookup) (err error) {
	wanted := map[string][]string{}
	for _, r := range rows {
		if r.role == "teacher" || found.students[r.person] != nil || found.educators[r.person] != nil ||
			found.near[r.person] != nil {
			continue
		}
		found.near[r.person] = []*db.Student{}
		for _, other := range reach.SimilarIDs(r.person) {
			wanted[other] = append(wanted[other], r.person)
		}
	}
	near, err := c.NearStudents(ctx, wanted)
	maps.Copy(found.near, near)
	return err
}

// person finds the one person whom a row means. Lists of students and of teachers look the
// same in many systems, so without a role it searches both.
func (c *enrollmentCheck) person(r *enrollmentRow, found *personLookup) {
	if r.role != "teacher" {
		r.st = found.students[r.person]
	}
	if r.role != "student" {
		r.e = found.educators[r.person]
		r.Outside = r.Outside || found.elsewhere[r.person]
	}
	switch {
	case r.st != nil && r.e != nil:
		r.Fail(field.ColPerson,
			row.Problemf(row.AmbiguousPerson, "Add a column Role with Student or Teacher, or write the Database ID.",
				"The ID belongs to a student and to an educator."))
	case r.st != nil:
		r.Outside = r.Outside || !c.Reaches(r.st.OrganizationID)
		r.schools = []int{r.st.OrganizationID}
		r.Label = reach.Label(r.st.FirstName, r.st.LastName, r.st.ExternalID)
	case r.e != nil:
		r.schools = found.at[r.e.ID]
		r.Label = reach.Label(r.e.FirstName, r.e.LastName, row.Deref(r.e.ExternalID))
	default:
		r.Fail(field.ColPerson,
			row.Problemf(row.UnknownPerson, reach.DidYouMean(found.near[r.person])+"Check the ID, or import the person first.",
				"Nobody whom you may see has this ID."))
	}
}

// findMemberships reads in which groups the persons are.
func (c *enrollmentCheck) findMemberships(ctx context.Context, rows []*enrollmentRow, found *personLookup) error {
	students, educators := map[int]bool{}, map[int]bool{}
	for _, r := range rows {
		switch {
		case r.Refused:
		case r.st != nil:
			students[r.st.ID] = true
		case r.e != nil:
			educators[r.e.ID] = true
		}
	}
	client := c.DB.Client(ctx)
	for list := range reach.Chunks(students) {
		some, err := client.Enrollment.Query().Where(enrollment.StudentIDIn(list...)).All(ctx)
		if err != nil {
			return err
		}
		for _, e := range some {
			found.enrolled[roster.Pair{StudentID: e.StudentID, GroupID: e.GroupID}] = true
		}
	}
	for list := range reach.Chunks(educators) {
		some, err := client.GroupEducator.Query().Where(groupeducator.EducatorIDIn(list...)).All(ctx)
		if err != nil {
			return err
		}
		for _, t := range some {
			found.teaching[roster.Pair{StudentID: t.EducatorID, GroupID: t.GroupID}] = true
		}
	}
	return nil
}

// adds reports whether the file puts people into groups, and does not take them out.
func (c *enrollmentCheck) adds() bool { return c.Job.GroupsMode != bulkjob.GroupsModeREMOVE }

func (c *enrollmentCheck) planRow(r *enrollmentRow, found *personLookup, finder *reach.GroupFinder) {
	g, problem := c.groupOf(r, finder)
	if problem != nil {
		r.Fail(field.ColGroups, problem)
		return
	}
	if !c.Reaches(g.OrganizationID) || r.st != nil && !c.Reaches(r.st.OrganizationID) {
		c.RefuseOtherSchool(r.Row, "")
		return
	}
	p := &row.Plan{Do: row.Create}
	adds := c.adds()
	if !adds {
		p.Do = row.Update
	}
	there := found.areTogether(r, g.ID)
	var pair string
	if r.st != nil {
		p.Student = 1
		pair = reach.KeyAt(r.st.ID, "student in "+strconv.Itoa(g.ID))
	} else {
		pair = reach.KeyAt(r.e.ID, "teacher of "+strconv.Itoa(g.ID))
	}
	if first := c.Seen.First("enrollment", pair); first != 0 {
		r.Warn("", row.Problemf(row.DuplicateInFile, "Delete it; it changes nothing.",
			"This row repeats row %d.", first))
		return
	}
	c.Seen.Claim("enrollment", pair, r.Number)
	if there == adds {
		return
	}
	if r.st != nil && adds && g.OrganizationID != r.st.OrganizationID {
		r.Fail(field.ColGroups, c.OtherSchool(g, r.st.OrganizationID))
		return
	}
	if g.Synced == 1 {
		r.Fail(field.ColGroups, reach.SyncedGroup(g))
		return
	}
	r.planPair(p, g, adds, found.setBy)
}

// planPair plans that one person joins or leaves one group.
func (r *enrollmentRow) planPair(p *row.Plan, g *db.Group, adds bool, setBy *reach.SetBy) {
	r.Plan = p
	switch {
	case r.st != nil && adds:
		r.TargetID, r.Version, p.Join = r.st.ID, r.st.Version, []int{g.ID}
		p.Show(field.ColGroups, "", g.Name)
	case r.st != nil:
		r.TargetID, r.Version, p.Leave = r.st.ID, r.st.Version, []int{g.ID}
		p.Show(field.ColGroups, g.Name, "")
	default:
		name := r.e.FirstName + " " + r.e.LastName
		r.TargetID, r.Version, r.Label = g.ID, g.Version, reach.GroupLabel(g.Name, row.Deref(g.ExternalID))
		if adds {
			setBy.WarnOfClass(r.Row, r.e, g.OrganizationID, g.DistrictID)
			p.Teach = []int{r.e.ID}
			p.Show(field.ColEducators, "", name)
		} else {
			p.Untaught = []int{r.e.ID}
			p.Show(field.ColEducators, name, "")
		}
	}
}

// groupOf finds the group of a row. IDs of classes may repeat in other schools,
// so the one at the person's school goes first; an external id that exists only
// once in the purview is clear wherever it is. A student joins none of another school.
func (c *enrollmentCheck) groupOf(r *enrollmentRow, finder *reach.GroupFinder) (*db.Group, *row.Problem) {
	if r.st != nil && c.adds() {
		return finder.FindOwn(r.group, r.st.OrganizationID, nil)
	}
	g, problem := finder.Find(r.group, r.schools, nil)
	if problem == nil || problem.Code != row.UnknownGroup {
		return g, problem
	}
	switch elsewhere := finder.ElsewhereByExternal[r.group]; len(elsewhere) {
	case 0:
		return nil, problem
	case 1:
		return elsewhere[0], nil
	default:
		return nil, finder.Ambiguous(r.group, elsewhere)
	}
}
