package job_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// bench is a fixture world with an importer on it.
type bench struct {
	*fixture.World
	*jobs.Service
	t testing.TB
	// recounted are the students whose usage the engine wanted to recount.
	recounted *recounted
}

type recounted struct {
	mu  sync.Mutex
	ids []int
}

// add records students whose usage must be recounted.
func (r *recounted) add(_ context.Context, _ *db.Client, ids []int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids = append(r.ids, ids...)
	return nil
}

// clock is a clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) Add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

var key = []byte("0123456789abcdef0123456789abcdef")

func newBench(t testing.TB, d *database.DB) *bench {
	t.Helper()
	w := fixture.New(t, d)
	// The schools have so few students that most files change most of them.
	w.Client().Organization.Update().Where(organization.TypeEQ(organization.TypeDISTRICT)).
		SetHoldDeletedPercent(100).SetHoldChangedPercent(100).ExecX(fixture.System())
	return benchOn(t, w, nil)
}

// holds makes the districts put jobs on hold as they do by default.
func (b *bench) holds() {
	b.t.Helper()
	b.exec("UPDATE organizations SET hold_deleted_percent = NULL, hold_changed_percent = NULL")
}

// unheld does something that would be put on hold otherwise.
func (b *bench) unheld(do func()) {
	b.t.Helper()
	b.exec("UPDATE organizations SET hold_deleted_percent = 100, hold_changed_percent = 100 WHERE type = 'DISTRICT'")
	do()
	b.holds()
}

// benchOn gives a world a further importer, as another server would have it.
func benchOn(t testing.TB, w *fixture.World, change func(*jobs.Options)) *bench {
	t.Helper()
	hasher := passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1})
	log := testlog.New(t)
	now := func() time.Time { return fixture.Today }
	b := &bench{World: w, t: t, recounted: &recounted{}}
	o := jobs.Options{
		Key: key, Hash: hasher.Hash, Now: now, Log: log,
		Viewer: identity.New(w.DB, identity.Options{Hasher: hasher, Now: now, Log: log}).Viewer,
	}
	if change != nil {
		change(&o)
	}
	if o.Kinds == nil {
		o.Kinds = catalog.Kinds(w.DB, catalog.Needs{Now: o.Now, Recount: b.recounted.add})
	}
	hash := o.Hash
	o.Hash = func(ctx context.Context, password string) (string, error) {
		return hash(ctx, testlog.Secret(password))
	}
	b.Service = jobs.New(w.DB, o)
	return b
}

// with changes a submission.
type with func(*jobs.Submission)

func mode(m bulkjob.GroupsMode) with { return func(s *jobs.Submission) { s.GroupsMode = m } }

func allOrNothing(s *jobs.Submission) { s.CommitMode = bulkjob.CommitModeALL_OR_NOTHING }

// verified submits a file and checks it.
func (b *bench) verified(who *db.Educator, at *db.Organization, kind bulkjob.Kind, file string,
	changes ...with) *db.BulkJob {
	b.t.Helper()
	return b.drained(b.submitted(who, at, kind, file, changes...).ID)
}

func (b *bench) submitted(who *db.Educator, at *db.Organization, kind bulkjob.Kind, file string,
	changes ...with) *db.BulkJob {
	b.t.Helper()
	in := jobs.Submission{OrganizationID: at.ID, Kind: kind, FileName: "file.csv", File: strings.NewReader(file)}
	for _, change := range changes {
		change(&in)
	}
	job, err := b.Submit(b.As(b.t, who), in)
	if err != nil {
		b.t.Fatal(err)
	}
	return job
}

func (b *bench) drained(jobID int) *db.BulkJob {
	b.t.Helper()
	if err := b.Drain(context.Background()); err != nil {
		b.t.Fatal(err)
	}
	return b.job(jobID)
}

func (b *bench) job(id int) *db.BulkJob {
	b.t.Helper()
	return b.Client().BulkJob.GetX(fixture.System(), id)
}

// applied starts a job that is READY and carries it out.
func (b *bench) applied(who *db.Educator, job *db.BulkJob) *db.BulkJob {
	b.t.Helper()
	if _, err := b.Start(b.As(b.t, who), job.ID); err != nil {
		b.t.Fatalf("start: %v; problems: %s", err, b.problems(job))
	}
	return b.drained(job.ID)
}

// imported does everything from the upload to the last row.
func (b *bench) imported(who *db.Educator, at *db.Organization, kind bulkjob.Kind, file string,
	changes ...with) *db.BulkJob {
	b.t.Helper()
	return b.applied(who, b.verified(who, at, kind, file, changes...))
}

// problems lists what is wrong: "row 2 Grade UNKNOWN_GRADE "Z": message hint".
func (b *bench) problems(job *db.BulkJob) string {
	b.t.Helper()
	var lines []string
	for _, p := range b.allProblems(job.ID) {
		warning := ""
		if p.Severity == bulkjobproblem.SeverityWARNING {
			warning = "warning "
		}
		lines = append(lines, fmt.Sprintf("row %d %s%s %s %q", p.Row, warning, p.Column, p.Code, p.Value))
	}
	return strings.Join(lines, "\n")
}

// hint returns message and hint of the only problem with a code.
func (b *bench) hint(job *db.BulkJob, code string) string {
	b.t.Helper()
	found := slices.DeleteFunc(b.allProblems(job.ID), func(p *db.BulkJobProblem) bool { return p.Code != code })
	if len(found) != 1 {
		b.t.Fatalf("%d problems %s; there are: %s", len(found), code, b.problems(job))
	}
	return found[0].Message + " " + found[0].Hint
}

// allProblems reads the problems of a job, page by page.
func (b *bench) allProblems(jobID int) (all []*db.BulkJobProblem) {
	b.t.Helper()
	most := 500
	var after *string
	for {
		page, err := b.Problems(fixture.System(), jobID, &most, after, nil)
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, page.Items...)
		if !page.HasNextPage {
			return all
		}
		after = &page.Cursors[len(page.Cursors)-1]
	}
}

// changes lists what a job changes: "1 Ada Lovelace (00001) Grade: 7 → 8".
func (b *bench) changes(who *db.Educator, job *db.BulkJob) []string {
	b.t.Helper()
	all := 500
	page, err := b.Changes(b.As(b.t, who), job.ID, &all, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for _, c := range page.Items {
		lines = append(lines, fmt.Sprintf("%d %s %s: %s → %s", c.Row, c.Label, c.Field, text(c.Before), text(c.After)))
	}
	return lines
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// want checks the counts of a job, and the invariant that every row is in one.
func (b *bench) want(job *db.BulkJob, status bulkjob.Status, created, updated, unchanged, errors int) {
	b.t.Helper()
	got := fmt.Sprintf("%s: %d created, %d updated, %d unchanged, %d errors", job.Status, job.Created, job.Updated,
		job.Unchanged, job.Errors)
	want := fmt.Sprintf("%s: %d created, %d updated, %d unchanged, %d errors", status, created, updated, unchanged, errors)
	if got != want {
		b.t.Errorf("got  %s\nwant %s\nproblems:\n%s", got, want, b.problems(job))
	}
	b.balanced(job)
}

func (b *bench) balanced(job *db.BulkJob) {
	b.t.Helper()
	if sum := job.Created + job.Updated + job.Deleted + job.Unchanged + job.Errors; sum != job.TotalRows {
		b.t.Errorf("%d rows, but created+updated+deleted+unchanged+errors = %d", job.TotalRows, sum)
	}
}

func (b *bench) wantProblems(job *db.BulkJob, want ...string) {
	b.t.Helper()
	if got := b.problems(job); got != strings.Join(want, "\n") {
		b.t.Errorf("problems:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func (b *bench) wantChanges(who *db.Educator, job *db.BulkJob, want ...string) {
	b.t.Helper()
	if got := b.changes(who, job); !slices.Equal(got, want) {
		b.t.Errorf("changes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// student returns the student with a Student ID from the database.
func (b *bench) student(externalID string) *db.Student {
	b.t.Helper()
	st, err := b.Client().Student.Query().Where(student.DistrictID(b.Alpha.ID), student.ExternalID(externalID)).
		WithSearchWords().Only(fixture.System())
	if err != nil {
		b.t.Fatalf("student %s: %v", externalID, err)
	}
	return st
}

// groupsOf returns the names of the groups of a student.
func (b *bench) groupsOf(st *db.Student) string {
	b.t.Helper()
	var names []string
	for _, e := range b.Client().Enrollment.Query().Where(enrollment.StudentID(st.ID)).WithGroup().AllX(fixture.System()) {
		names = append(names, e.Edges.Group.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// consistent checks that all counts that are kept are what they count.
func (b *bench) consistent() {
	b.t.Helper()
	for _, query := range []string{
		"SELECT COUNT(*) FROM students s WHERE group_count <> (SELECT COUNT(*) FROM enrollments e WHERE e.student_id = s.id)",
		"SELECT COUNT(*) FROM students WHERE ungrouped <> CASE WHEN group_count = 0 THEN 1 ELSE 0 END",
		"SELECT COUNT(*) FROM `groups` g WHERE student_count <> (SELECT COUNT(*) FROM enrollments e WHERE e.group_id = g.id)",
		"SELECT COUNT(*) FROM bulk_job_chunks c JOIN bulk_jobs j ON j.id = c.job_id WHERE j.status NOT IN ('VERIFYING', " +
			"'READY', 'HELD', 'PROCESSING')",
		"SELECT COUNT(*) FROM bulk_job_refused_rows r JOIN bulk_jobs j ON j.id = r.job_id WHERE r.password IS NOT NULL " +
			"AND j.status NOT IN ('VERIFYING', 'READY', 'HELD', 'PROCESSING')",
	} {
		if n := b.number(query); n != 0 {
			b.t.Errorf("%d rows of %s", n, query)
		}
	}
}

func (b *bench) number(query string, args ...any) (n int) {
	b.t.Helper()
	rows, err := b.DB.Query(context.Background(), query, args...)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) exec(query string, args ...any) {
	b.t.Helper()
	err := b.DB.InTx(viewer.AsSystem(context.Background(), "test"), func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// header is that of an export.
const header = "Database ID,Student ID,First Name,Last Name,Username,Password,Grade,School,Classes/Groups\n"

const (
	students    = bulkjob.KindIMPORT_STUDENTS
	groups      = bulkjob.KindIMPORT_GROUPS
	educators   = bulkjob.KindIMPORT_EDUCATORS
	schools     = bulkjob.KindIMPORT_ORGANIZATIONS
	enrollments = bulkjob.KindIMPORT_ENROLLMENTS

	verifying  = bulkjob.StatusVERIFYING
	ready      = bulkjob.StatusREADY
	processing = bulkjob.StatusPROCESSING
	completed  = bulkjob.StatusCOMPLETED
	withErrors = bulkjob.StatusCOMPLETED_WITH_ERRORS
	failed     = bulkjob.StatusFAILED
)

// clean makes room for a further world in the same database.
func (b *bench) clean() {
	b.t.Helper()
	for _, table := range []string{"bulk_job_marks", "bulk_job_seens", "bulk_job_refused_rows", "bulk_job_rows",
		"bulk_job_problems", "bulk_job_chunks", "bulk_jobs", "former_enrollments", "student_words", "enrollments",
		"group_educators", "groups", "role_assignments", "students", "educators"} {
		b.exec("DELETE FROM `" + table + "`")
	}
	b.exec("DELETE FROM organizations WHERE type = 'SCHOOL'")
	b.exec("DELETE FROM organizations")
}
