package job_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// subject is what one row of a job is about: somebody or something of its own.
type subject struct {
	st *db.Student
	g  *db.Group
	e  *db.Educator
	o  *db.Organization
	// row is the row of the file; empty for a selection.
	row string
	// stands says how much of the row is in the roster: all, part, none, or gone if its
	// target does not exist.
	stands func() string
}

// allOf says how much of a row is in the roster, given for each part whether it is.
func allOf(parts ...bool) string {
	n := 0
	for _, stands := range parts {
		if stands {
			n++
		}
	}
	switch n {
	case 0:
		return "none"
	case len(parts):
		return "all"
	default:
		return "part"
	}
}

// between is a kind of job of the table.
type between struct {
	name   string
	kind   bulkjob.Kind
	header string
	// leavers is what happens to those whose row says that they have left.
	leavers bulkjob.Leavers
	// submits is the role of the submitter; the starter has the same.
	submits viewer.Role
	// subject makes the n-th subject. shared is a group for all rows of an edit, and by is
	// the person who must see everything.
	subject func(b *bench, n int, shared *db.Group, by *db.Educator) subject
	// changes are the changes for each subject, and together those for the whole job.
	changes, together []string
}

// club is a group of North that a person teaches.
func (b *bench) club(n int, by *db.Educator) *db.Group {
	g := b.Group(b.t, b.North, fmt.Sprintf("Club %d", n))
	b.Teach(b.t, by, g)
	return g
}

func (b *bench) isIn(st *db.Student, g *db.Group) bool {
	return b.number("SELECT COUNT(*) FROM enrollments WHERE student_id = ? AND group_id = ?", st.ID, g.ID) == 1
}

func (b *bench) teaches(e *db.Educator, g *db.Group) bool {
	return b.number("SELECT COUNT(*) FROM group_educators WHERE educator_id = ? AND group_id = ?", e.ID, g.ID) == 1
}

// now returns a student from the database, or nil.
func (b *bench) now(st *db.Student) *db.Student {
	now, err := b.Client().Student.Query().Where(student.ID(st.ID)).Only(fixture.System())
	if err != nil && !db.IsNotFound(err) {
		b.t.Error(err)
	}
	return now
}

var (
	ofStudents = []string{"the student is moved", "the student is deleted", "the student is renamed",
		"the student becomes synced"}
	// An erasure makes a job that is being checked begin again, so it happens alone.
	erasure  = []string{"the student is erased"}
	ofGroups = []string{"the group is deleted", "the group is renamed", "the group becomes synced",
		"the group goes to another school"}
	// These matter to a district, which sees both schools.
	betweenSchools = []string{"the student is moved", "the group goes to another school"}
	ofTeachers     = []string{"the educator is renamed", "the educator goes to another school", "the educator is disabled"}
)

var betweens = []between{
	{
		name:     "students",
		kind:     students,
		header:   header,
		submits:  viewer.SchoolAdmin,
		changes:  slices.Concat(ofStudents, ofGroups),
		together: erasure,
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			at := b.club(n, by)
			s := subject{g: b.club(n+5000, by), st: b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0, at)}
			s.row = stu(s.st) + ",,,,,,9,," + grp(s.g)
			s.stands = func() string {
				now := b.now(s.st)
				if now == nil || now.DeletedAt != nil {
					return "gone"
				}
				return allOf(now.Grade == 9, b.isIn(s.st, s.g))
			}
			return s
		},
	},
	{name: "new students", kind: students, header: header, submits: viewer.SchoolAdmin,
		changes:  slices.Concat([]string{"the ID is taken", "the username is taken"}, ofGroups),
		together: []string{"the school is renamed", "passwords get longer"},
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by)}
			s.row = fmt.Sprintf(",N%d,New,Student%d,new%d,abcd,7,North School,%s", n, n, n, grp(s.g))
			s.stands = func() string {
				return allOf(b.number("SELECT COUNT(*) FROM students WHERE external_id = ? AND username = ? AND deleted_at IS NULL",
					fmt.Sprint("N", n), fmt.Sprint("new", n)) == 1)
			}
			s.st = &db.Student{ExternalID: fmt.Sprint("N", n), Username: fmt.Sprint("new", n)}
			return s
		}},
	{
		name:     "an edit",
		kind:     bulkjob.KindEDIT_STUDENTS,
		submits:  viewer.SchoolAdmin,
		changes:  ofStudents,
		together: slices.Concat(erasure, ofGroups),
		subject: func(b *bench, n int, shared *db.Group, by *db.Educator) subject {
			s := subject{g: shared, st: b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0, b.club(n, by))}
			s.stands = func() string {
				now := b.now(s.st)
				if now == nil || now.DeletedAt != nil {
					return "gone"
				}
				return allOf(now.Grade == 9, b.isIn(s.st, s.g))
			}
			return s
		},
	},
	{
		name:     "a deletion",
		kind:     bulkjob.KindDELETE_STUDENTS,
		submits:  viewer.SchoolAdmin,
		changes:  slices.Concat(ofStudents, ofGroups),
		together: erasure,
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by)}
			s.st = b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0, s.g)
			s.stands = func() string {
				now := b.now(s.st)
				switch {
				case now == nil, now.DeletedAt != nil && !now.DeletedAt.Equal(fixture.Today):
					return "gone"
				default:
					return allOf(now.DeletedAt != nil)
				}
			}
			return s
		},
	},
	{
		name:     "leavers",
		kind:     students,
		header:   "Database ID,Grade,Status\n",
		leavers:  bulkjob.LeaversDELETE,
		submits:  viewer.SchoolAdmin,
		changes:  slices.Concat(ofStudents, ofGroups),
		together: erasure,
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by)}
			s.st = b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0, s.g)
			s.row = stu(s.st) + ",9,Inactive"
			s.stands = func() string {
				now := b.now(s.st)
				switch {
				case now == nil, now.DeletedAt != nil && !now.DeletedAt.Equal(fixture.Today):
					return "gone"
				default:
					return allOf(now.DeletedAt != nil)
				}
			}
			return s
		},
	},
	{
		name:     "leavers of groups",
		kind:     students,
		header:   "Database ID,Grade,Status\n",
		leavers:  bulkjob.LeaversLEAVE_GROUPS,
		submits:  viewer.SchoolAdmin,
		changes:  slices.Concat(ofStudents, ofGroups),
		together: erasure,
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by)}
			other := b.club(n+5000, by)
			s.st = b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0, s.g, other)
			s.row = stu(s.st) + ",9,Inactive"
			s.stands = func() string {
				now := b.now(s.st)
				if now == nil || now.DeletedAt != nil || now.OrganizationID != b.North.ID {
					return "gone"
				}
				return allOf(!b.isIn(s.st, other))
			}
			return s
		},
	},
	{
		name:     "enrollments",
		kind:     enrollments,
		header:   "Class,Person ID\n",
		submits:  viewer.SchoolAdmin,
		changes:  slices.Concat(ofStudents, ofGroups),
		together: erasure,
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by), st: b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0)}
			s.row = grp(s.g) + "," + stu(s.st)
			s.stands = func() string { return allOf(b.isIn(s.st, s.g)) }
			return s
		},
	},
	{
		name:    "enrollments of the district",
		kind:    enrollments,
		header:  "Class,Person ID\n",
		submits: viewer.DistrictAdmin,
		changes: betweenSchools,
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by), st: b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0)}
			s.row = grp(s.g) + "," + stu(s.st)
			s.stands = func() string { return allOf(b.isIn(s.st, s.g)) }
			return s
		},
	},
	{
		name:    "new students of the district",
		kind:    students,
		header:  header,
		submits: viewer.DistrictAdmin,
		changes: betweenSchools[1:],
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by)}
			s.row = fmt.Sprintf(",D%d,New,Student%d,district%d,abcd,7,North School,%s", n, n, n, grp(s.g))
			s.stands = func() string {
				return allOf(b.number("SELECT COUNT(*) FROM students WHERE external_id = ? AND deleted_at IS NULL",
					fmt.Sprint("D", n)) == 1)
			}
			return s
		},
	},
	{
		name:    "moves",
		kind:    students,
		header:  header,
		submits: viewer.DistrictAdmin,
		changes: append([]string{"the group becomes synced"}, betweenSchools...),
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{g: b.club(n, by)}
			s.st = b.Student(b.t, b.North, "Stu", fmt.Sprintf("Dent%05d", n), 0, s.g)
			s.row = stu(s.st) + ",,,,,,9,S,"
			s.stands = func() string {
				now := b.now(s.st)
				if now == nil || now.DeletedAt != nil {
					return "gone"
				}
				return allOf(now.Grade == 9 && now.OrganizationID == b.South.ID && !b.isIn(s.st, s.g))
			}
			return s
		},
	},
	{
		name:    "teaching",
		kind:    enrollments,
		header:  "Class,Person ID\n",
		submits: viewer.SchoolAdmin,
		changes: slices.Concat(ofTeachers, ofGroups),
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{
				g: b.club(n, by),
				e: b.Educator(b.t, b.Alpha, fmt.Sprintf("Teacher%d Ofclub", n), viewer.Teacher, b.North),
			}
			s.row = grp(s.g) + "," + edu(s.e)
			s.stands = func() string { return allOf(b.teaches(s.e, s.g)) }
			return s
		},
	},
	{
		name:    "groups",
		kind:    groups,
		header:  "Database ID,Name,Educators\n",
		submits: viewer.SchoolAdmin,
		changes: slices.Concat(ofTeachers, ofGroups),
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{
				g: b.club(n, by),
				e: b.Educator(b.t, b.Alpha, fmt.Sprintf("Teacher%d Ofclub", n), viewer.Teacher, b.North),
			}
			name := fmt.Sprint("Another club ", n)
			s.row = grp(s.g) + "," + name + "," + edu(s.e)
			s.stands = func() string {
				return allOf(b.Client().Group.Query().Where(group.ID(s.g.ID), group.Name(name)).ExistX(fixture.System()),
					b.teaches(s.e, s.g))
			}
			return s
		},
	},
	{name: "educators", kind: educators, header: "Database ID,First Name,Password\n", submits: viewer.SchoolAdmin,
		changes: slices.Concat(ofTeachers, []string{"the educator gets a role elsewhere"}),
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{e: b.Educator(b.t, b.Alpha, fmt.Sprintf("Teacher%d Ofclub", n), viewer.Teacher, b.North)}
			name := fmt.Sprint("Other", n)
			s.row = edu(s.e) + "," + name + ",a new password"
			s.stands = func() string {
				now := b.Client().Educator.Query().Where(educator.ID(s.e.ID)).OnlyX(fixture.System())
				return allOf(now.FirstName == name, now.PasswordHash != "")
			}
			return s
		}},
	{name: "schools", kind: schools, header: "Database ID,Name\n", submits: viewer.DistrictAdmin, changes: []string{"the school is renamed"},
		subject: func(b *bench, n int, _ *db.Group, by *db.Educator) subject {
			s := subject{o: b.School(b.t, b.Alpha, fmt.Sprint("School ", n), fmt.Sprint("X", n))}
			name := fmt.Sprint("Another school ", n)
			s.row = globalid.Encode(globalid.Organization, s.o.ID) + "," + name
			s.stands = func() string {
				return allOf(b.Client().Organization.Query().Where(organization.ID(s.o.ID), organization.Name(name)).
					ExistX(fixture.System()))
			}
			return s
		}},
}

// left takes a student out of all groups as a move or a deletion does.
func (b *bench) left(st *db.Student) {
	b.exec("UPDATE `groups` SET student_count = student_count - 1 WHERE id IN (SELECT group_id "+
		"FROM enrollments WHERE student_id = ?)", st.ID)
	b.exec("DELETE FROM enrollments WHERE student_id = ?", st.ID)
	b.exec("UPDATE students SET group_count = 0, ungrouped = 1 WHERE id = ?", st.ID)
}

// happen makes a change of the table to some subjects, as the rest of the program would.
func (b *bench) happen(what string, list ...subject) {
	b.t.Helper()
	switch what {
	case "the student is erased":
		b.erased(list)
		return
	case "the school is renamed":
		if list[0].o == nil {
			b.exec("UPDATE organizations SET name = 'Renamed School', name_key = 'renamed school' WHERE id = ?", b.North.ID)
			return
		}
	case "passwords get longer":
		b.exec("UPDATE organizations SET password_min_length = 12 WHERE id = ?", b.Alpha.ID)
		return
	}
	for i, s := range list {
		switch what {
		case "the student is moved":
			b.left(s.st)
			b.exec("UPDATE students SET organization_id = ?, version = version + 1 WHERE id = ?", b.South.ID, s.st.ID)
		case "the student is deleted":
			b.left(s.st)
			b.exec("UPDATE students SET deleted_at = ?, version = version + 1 WHERE id = ?",
				fixture.Today.Add(-time.Hour), s.st.ID)
		case "the student is renamed":
			b.exec("UPDATE students SET first_name = 'Renamed', version = version + 1 WHERE id = ?", s.st.ID)
		case "the student becomes synced":
			b.exec("UPDATE students SET synced = 1, version = version + 1 WHERE id = ?", s.st.ID)
		case "the ID is taken":
			if b.number("SELECT COUNT(*) FROM students WHERE external_id = ?", s.st.ExternalID) > 0 {
				continue // By the student whom the row has created.
			}
			b.Student(b.t, b.South, "Has", "Taken", 0).Update().SetExternalID(s.st.ExternalID).ExecX(fixture.System())
		case "the username is taken":
			if b.number("SELECT COUNT(*) FROM students WHERE username = ?", s.st.Username) > 0 {
				continue
			}
			b.Student(b.t, b.South, "Has", "Taken", 0).Update().SetUsername(s.st.Username).SetUsernameKey(s.st.Username).
				ExecX(fixture.System())
		case "the group is deleted":
			b.exec("UPDATE students SET group_count = group_count - 1, version = version + 1 WHERE id IN (SELECT student_id "+
				"FROM enrollments WHERE group_id = ?)", s.g.ID)
			b.exec("UPDATE students SET ungrouped = 1 WHERE group_count = 0")
			b.exec("DELETE FROM enrollments WHERE group_id = ?", s.g.ID)
			b.exec("DELETE FROM former_enrollments WHERE group_id = ?", s.g.ID)
			b.exec("DELETE FROM group_educators WHERE group_id = ?", s.g.ID)
			b.exec("DELETE FROM `groups` WHERE id = ?", s.g.ID)
		case "the group is renamed":
			b.exec("UPDATE `groups` SET name = ?, name_key = ?, version = version + 1 WHERE id = ?", fmt.Sprint("Renamed ", i),
				fmt.Sprint("renamed ", i), s.g.ID)
		case "the group becomes synced":
			b.exec("UPDATE `groups` SET synced = 1, version = version + 1 WHERE id = ?", s.g.ID)
		case "the group goes to another school":
			b.exec("UPDATE `groups` SET organization_id = ?, version = version + 1 WHERE id = ?", b.South.ID, s.g.ID)
		case "the educator is renamed":
			b.exec("UPDATE educators SET first_name = 'Renamed' WHERE id = ?", s.e.ID)
		case "the educator goes to another school":
			b.demoted(s.e, viewer.Teacher, b.South)
		case "the educator gets a role elsewhere":
			b.gets(s.e, viewer.Teacher, b.South)
		case "the educator is disabled":
			b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", s.e.ID)
		case "the school is renamed":
			name := fmt.Sprint("Renamed school ", s.o.ID)
			b.exec("UPDATE organizations SET name = ?, name_key = ? WHERE id = ?", name, strings.ToLower(name), s.o.ID)
		default:
			b.t.Fatalf("nobody knows what happens when %s", what)
		}
	}
}

// erased erases the students of subjects on request.
func (b *bench) erased(list []subject) {
	b.t.Helper()
	now := func() time.Time { return fixture.Today }
	service := privacy.New(b.DB,
		privacy.Options{Importer: benchOn(b.t, b.World, nil).Service, Now: now, Log: testlog.New(b.t)})
	var wanted []privacy.Confirmed
	for _, s := range list {
		wanted = append(wanted, privacy.Confirmed{ID: s.st.ID, ExternalID: b.now(s.st).ExternalID})
	}
	if _, err := service.Erase(b.As(b.t, b.DistrictAdmin), wanted, "request", nil); err != nil {
		b.t.Error(err)
	}
}

// befalls makes a change of the table to a person.
func (b *bench) befalls(what string, e *db.Educator) {
	b.t.Helper()
	switch what {
	case "loses the role":
		b.exec("DELETE FROM role_assignments WHERE educator_id = ?", e.ID)
	case "goes to another school":
		b.demoted(e, viewer.SchoolAdmin, b.South)
	case "only teaches by now":
		b.demoted(e, viewer.Teacher, b.North)
	case "teaches here and administers elsewhere":
		b.demoted(e, viewer.Teacher, b.North)
		b.gets(e, viewer.SchoolAdmin, b.South)
	case "is disabled":
		b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", e.ID)
	case "teaches the groups no more":
		b.exec("DELETE FROM group_educators WHERE educator_id = ?", e.ID)
	default:
		b.t.Fatalf("nobody knows what happens when somebody %s", what)
	}
}

// submitsBetween submits a job about subjects.
func (b *bench) submitsBetween(k between, who *db.Educator, list []subject, shared *db.Group) *db.BulkJob {
	b.t.Helper()
	var err error
	var job *db.BulkJob
	if k.header == "" {
		sel := jobs.Selection{}
		for _, s := range list {
			sel.StudentIDs = append(sel.StudentIDs, s.st.ID)
		}
		if k.kind == bulkjob.KindDELETE_STUDENTS {
			job, err = b.SubmitDeletion(b.As(b.t, who), sel)
		} else {
			job, err = b.SubmitEdit(b.As(b.t, who), sel, kind.Edit{Grade: "9", AddTo: []int{shared.ID}})
		}
		if err != nil {
			b.t.Fatal(err)
		}
		return job
	}
	file := k.header
	for _, s := range list {
		file += s.row + "\n"
	}
	at := b.North
	if k.kind == schools {
		at = b.Alpha
	}
	return b.submitted(who, at, k.kind, file, leavers(k.leavers))
}
