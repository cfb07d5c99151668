package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// counted is a district in which random things happen to students who are somewhere, and
// what everybody counts and lists is compared.
type counted struct {
	*bench
	random *rand.Rand
	roster *roster.Service
	notify *notify.Service

	schools  []*db.Organization
	groups   []*db.Group
	students []*db.Student
	callers  []*db.Educator
	jobs     []*db.BulkJob
}

// TestWhatIsCountedIsListed lets people move, assign, import, undo, delete and restore at
// random. After each step, for each caller: the count of a group equals its list of
// students, the notice equals the list of students without a group, and that list contains
// everybody in no group.
func TestWhatIsCountedIsListed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := newBench(t, d)
		for _, seed := range []uint64{1, rand.Uint64()} {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				c := newCounted(t, w, seed)
				for range 30 {
					did := c.step()
					if c.compare(); t.Failed() {
						t.Fatalf("seed %d, after: %s", seed, did)
					}
				}
				c.consistent()
			})
		}
	})
}

func newCounted(t *testing.T, b *bench, seed uint64) *counted {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	c := &counted{bench: b.on(t), random: rand.New(rand.NewPCG(seed, 15))}
	c.roster = roster.New(b.DB, roster.Options{
		Hash:    func(context.Context, string) (string, error) { return "hash", nil },
		Recount: func(context.Context, *db.Client, []int) error { return nil },
		Now:     func() time.Time { return fixture.Today }, Log: log,
	})
	c.notify = notify.New(b.DB, usage.New(b.DB, func() time.Time { return fixture.Today }, log), log)
	c.schools = []*db.Organization{b.North, b.South}
	c.groups = []*db.Group{b.Algebra, b.Biology, b.Chemistry, b.Group(t, b.South, fmt.Sprint("Algebra ", seed))}
	both := b.Educator(t, b.Alpha, fmt.Sprintf("Bo%d Both", seed), viewer.Teacher, b.North)
	b.gets(both, viewer.Teacher, b.South)
	b.Teach(t, both, b.Biology)
	b.Teach(t, both, b.Chemistry)
	c.callers = []*db.Educator{b.DistrictAdmin, b.NorthAdmin, b.SouthAdmin, b.NorthTeacher, b.SouthTeacher, both}
	for i := range 12 {
		school := c.random.IntN(2)
		st := b.Student(t, c.schools[school], "Sam", fmt.Sprint("Ple", i), 90*(i%3), c.groups[2*school:2*school+c.random.IntN(3)]...)
		c.students = append(c.students, st)
	}
	return c
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func (c *counted) some() (list []*db.Student) {
	for range 1 + c.random.IntN(4) {
		list = append(list, pick(c.random, c.students))
	}
	return list
}

// step does one thing and says what. That somebody may not, or that a student is not
// there, is a part of it.
func (c *counted) step() string {
	c.t.Helper()
	who := pick(c.random, c.callers)
	ctx, st, g, school := c.As(c.t, who), pick(c.random, c.students), pick(c.random, c.groups), pick(c.random, c.schools)
	var ids []int
	for _, s := range c.some() {
		ids = append(ids, s.ID)
	}
	switch c.random.IntN(11) {
	case 0:
		_, err := c.roster.UpdateStudent(ctx, roster.StudentChange{ID: st.ID, OrganizationID: &school.ID})
		return c.refusal("a move to "+school.Name, err)
	case 1:
		_, err := c.roster.AssignStudents(ctx, ids, []int{g.ID, pick(c.random, c.groups).ID})
		return c.refusal("an assignment", err)
	case 2:
		_, err := c.roster.RemoveStudents(ctx, ids, []int{g.ID})
		return c.refusal("a removal", err)
	case 3:
		return c.refusal("a deletion", c.roster.DeleteStudents(ctx, ids[:1]))
	case 4:
		_, err := c.roster.RestoreStudents(ctx, ids[:1])
		return c.refusal("a restoration", err)
	case 5:
		now := c.Client().Student.GetX(fixture.System(), st.ID)
		_, err := c.roster.CreateStudent(ctx, roster.NewStudent{OrganizationID: school.ID, ExternalID: st.ExternalID,
			FirstName: "Re", LastName: "Vived", Username: now.Username, Grade: "7", GroupIDs: []int{g.ID}})
		return c.refusal("a student who comes back", err)
	case 6, 7:
		return c.imports(who)
	case 8:
		job, err := c.SubmitEdit(ctx, these(c.some()...), kind.Edit{AddTo: []int{g.ID}})
		if err == nil {
			c.start(who, c.drained(job.ID))
		}
		return c.refusal("an edit", err)
	case 9:
		job, err := c.SubmitDeletion(ctx, these(c.some()...))
		if err == nil {
			c.start(who, c.drained(job.ID))
		}
		return c.refusal("a deletion of several", err)
	default:
		if len(c.jobs) == 0 {
			return "nothing"
		}
		job := pick(c.random, c.jobs)
		_, err := c.Undo(c.As(c.t, c.DistrictAdmin), job.ID)
		if err == nil {
			c.drained(job.ID)
		}
		return c.refusal(fmt.Sprint("an undo of job ", job.ID), err)
	}
}

func (c *counted) refusal(what string, err error) string {
	c.t.Helper()
	if err != nil && fault.From(err) == nil && !errors.As(err, new(roster.Refusals)) {
		c.t.Errorf("%s: %v", what, err)
	}
	return fmt.Sprintf("%s (%v)", what, err)
}

// imports uploads a file about some students, which moves them or not, or a list of
// enrollments.
func (c *counted) imports(who *db.Educator) string {
	c.t.Helper()
	var file strings.Builder
	of := students
	if c.random.IntN(3) == 0 {
		of = enrollments
		file.WriteString("Class,Person ID\n")
	} else {
		file.WriteString(header)
	}
	for _, st := range c.some() {
		g := pick(c.random, c.groups)
		if of == enrollments {
			fmt.Fprintf(&file, "%s,%s\n", grp(g), stu(st))
			continue
		}
		cell := pick(c.random, []string{"", "", grp(g), g.Name, "[clear]"})
		fmt.Fprintf(&file, "%s,,,,,,%d,%s,%s\n", stu(st), 1+c.random.IntN(12), pick(c.random, []string{"", "N", "S"}), cell)
	}
	at := c.Alpha
	if who != c.DistrictAdmin {
		at = pick(c.random, c.schools)
	}
	job, err := c.Submit(c.As(c.t, who), jobs.Submission{OrganizationID: at.ID, Kind: of, FileName: "file.csv",
		File: strings.NewReader(file.String()), GroupsMode: pick(c.random,
			[]bulkjob.GroupsMode{bulkjob.GroupsModeADD, bulkjob.GroupsModeREPLACE, bulkjob.GroupsModeREMOVE})})
	if err == nil {
		c.start(who, c.drained(job.ID))
	}
	return c.refusal("an upload of\n"+file.String(), err)
}

func (c *counted) start(who *db.Educator, job *db.BulkJob) {
	c.t.Helper()
	if job.Status != ready || job.Created+job.Updated+job.Deleted == 0 {
		return
	}
	if _, err := c.Start(c.As(c.t, who), job.ID); err != nil {
		c.refusal("a start", err)
		return
	}
	c.jobs = append(c.jobs, c.drained(job.ID))
}

// compare compares what each caller counts and lists.
func (c *counted) compare() {
	c.t.Helper()
	for _, who := range c.callers {
		ctx := c.As(c.t, who)
		groups, err := c.roster.Groups(ctx, 0, roster.GroupFilter{})
		if err != nil {
			c.t.Fatal(err)
		}
		all := 100
		list, err := groups.Page(ctx, page.Args{First: &all}, "NAME", false)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, g := range list.Items {
			in := c.listed(ctx, roster.StudentFilter{GroupIDs: []int{g.ID}})
			if g.StudentCount != len(in) {
				c.t.Errorf("for %s, %s counts %d and lists %d", who.FirstName, g.Name, g.StudentCount, len(in))
			}
			if n, err := c.roster.StudentsOfGroup(g.ID).Count(ctx); err != nil || n != g.StudentCount {
				c.t.Errorf("for %s, %s counts %d and has %d students, %v", who.FirstName, g.Name, g.StudentCount, n, err)
			}
		}
		c.compareUngrouped(ctx, who)
	}
}

// compareUngrouped compares the list of students without a group with their groups and
// with the notices.
func (c *counted) compareUngrouped(ctx context.Context, who *db.Educator) {
	c.t.Helper()
	without := c.listed(ctx, roster.StudentFilter{NoGroups: true})
	for id := range c.listed(ctx, roster.StudentFilter{}) {
		n := c.Client().Enrollment.Query().Where(enrollment.StudentID(id)).CountX(ctx)
		if without[id] != (n == 0) {
			c.t.Errorf("for %s, student %d is in %d groups, and in the list of those in none: %t", who.FirstName, id, n, without[id])
		}
	}
	for _, o := range append([]*db.Organization{c.Alpha}, c.schools...) {
		told, err := c.notify.Unassigned(ctx, o.ID)
		if fault.From(err) != nil || err == nil && len(told) == 0 {
			continue // The caller does not see the organization, or only teaches there.
		}
		if err != nil {
			c.t.Fatal(err)
		}
		yes := true
		active := c.listedAt(ctx, o.ID, roster.StudentFilter{NoGroups: true, Active: &yes})
		if told[0].Count != len(active) {
			c.t.Errorf("for %s, the notice of %s counts %d and the list has %d", who.FirstName, o.Name, told[0].Count,
				len(active))
		}
	}
}

// listed returns the keys of all students whom a filter lists; the filter must count as
// many.
func (c *counted) listed(ctx context.Context, f roster.StudentFilter) map[int]bool {
	c.t.Helper()
	return c.listedAt(ctx, 0, f)
}

// listedAt is listed for one organization.
func (c *counted) listedAt(ctx context.Context, organization int, f roster.StudentFilter) map[int]bool {
	c.t.Helper()
	list, err := c.roster.Students(ctx, organization, f)
	if err != nil {
		c.t.Fatal(err)
	}
	all := 100
	rows, err := list.Page(ctx, page.Args{First: &all}, "NAME", false)
	if err != nil {
		c.t.Fatal(err)
	}
	n, err := list.Count(ctx)
	if err != nil || n != len(rows.Items) {
		c.t.Errorf("%d are counted, %d listed, %v", n, len(rows.Items), err)
	}
	ids := map[int]bool{}
	for _, st := range rows.Items {
		ids[st.ID] = true
	}
	return ids
}
